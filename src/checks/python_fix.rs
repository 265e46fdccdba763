//! Edits of Python that both families of checks make, and the proof that what comes out can be read.

use std::collections::BTreeSet;

use crate::facts::Facts;
use crate::finding::Finding;
use crate::fix::plan::file_changes;
use crate::fix::{Edit, Fix, Step};
use crate::project::python::Shape;
use crate::text::python::imports::{self, ImportOrder};
use crate::text::{Source, Span, python};

/// Replaces the bytes of a span.
pub(super) fn edit(span: &Span, text: impl Into<String>) -> Step {
    Step::Edit(Edit { span: span.clone(), text: text.into() })
}

/// The bytes from `start` to `end` in the file of a span.
pub(super) fn range(of: &Span, start: usize, end: usize) -> Span {
    Span { path: of.path.clone(), start, end: end.max(start) }
}

/// Puts lines of imports, and of what else stands at the top, into a file: imports where isort would when those that are
/// there stand in its order, all else where they end.
pub(super) fn import(facts: &Facts, source: &Source, shape: &Shape, lines: &[String]) -> Vec<Step> {
    let (end, at) = (source.line_end(), shape.imports_at.start);
    let is_import = |line: &&String| line.starts_with("import ") || line.starts_with("from ");
    let (wanted, others): (Vec<&String>, Vec<&String>) = lines.iter().partition(is_import);
    let wanted: Vec<String> = wanted.into_iter().cloned().collect();
    let placed = if shape.among { placed(facts, source, &wanted) } else { None };
    let here = |text: String| Edit { span: range(&shape.imports_at, at, at), text };
    let mut edits = placed.unwrap_or_else(|| vec![here(beside(source, shape, &wanted))]);
    if !others.is_empty() {
        let text: String = others.iter().map(|line| format!("{end}{line}")).collect();
        let text = if shape.before { format!("{}{end}", text.trim_start()) } else { format!("{end}{text}") };
        match edits.iter_mut().find(|edit| edit.span.start == at) {
            Some(known) => known.text.push_str(&text),
            None => edits.push(here(text)),
        }
    }
    edits.into_iter().map(Step::Edit).collect()
}

/// Imports where isort would put them; `None` where the file's own are not in its order.
pub(super) fn placed(facts: &Facts, source: &Source, lines: &[String]) -> Option<Vec<Edit>> {
    let placed = imports::place(source.text(), source.line_end(), &orders(facts, source.path()), lines)?;
    Some(placed.into_iter().map(|it| Edit { span: source.span(it.at..it.at), text: it.text }).collect())
}

/// The text of imports at the place that a file without order takes them, with the blank lines around it.
fn beside(source: &Source, shape: &Shape, lines: &[String]) -> String {
    let end = source.line_end();
    let rest = source.text().get(shape.imports_at.start..).unwrap_or("");
    let there = rest.lines().skip(1).take_while(|line| line.trim().is_empty()).count();
    // Two before a class or a function.
    let blank = match rest.split_whitespace().next() {
        _ if lines.is_empty() => 0,
        None => 0,
        Some(word) if word.starts_with('@') || matches!(word, "async" | "class" | "def") => 2,
        Some(_) => 1,
    };
    if shape.before {
        lines.iter().map(|line| format!("{line}{end}")).chain([end.repeat(blank)]).collect()
    } else if shape.imports.is_empty() && !lines.is_empty() {
        // Behind the docstring.
        let lines = lines.iter().map(|line| format!("{end}{line}"));
        std::iter::once(end.to_owned()).chain(lines).chain([end.repeat(usize::saturating_sub(blank, there))]).collect()
    } else {
        lines.iter().map(|line| format!("{end}{line}")).collect()
    }
}

/// The orders that the imports of a file may have, the likeliest first: that of the configuration which is nearest to it,
/// then with the modules of every part of the project as its own, then with none.
fn orders(facts: &Facts, path: &str) -> Vec<ImportOrder> {
    let orders = &facts.project.python.import_orders;
    let holds =
        |folder: &&String| folder.is_empty() || path.strip_prefix(*folder).is_some_and(|it| it.starts_with('/'));
    let nearest = orders.keys().filter(holds).max_by_key(|folder| folder.len()).and_then(|folder| orders.get(folder));
    let nearest = nearest.cloned().unwrap_or_default();
    let ImportOrder { own, mixed, .. } = nearest.clone();
    let all = orders.values().flat_map(|order| order.own.iter().cloned()).collect();
    let modules = [own, all, BTreeSet::new()].into_iter();
    modules
        .flat_map(|own| [mixed, !mixed].map(|mixed| ImportOrder { own: own.clone(), mixed, ..nearest.clone() }))
        .collect()
}

/// Whether every Python file that these steps change can be read afterwards as well as before.
pub(super) fn can_be_read(facts: &Facts, steps: &[Step]) -> bool {
    let edits = steps.iter().filter_map(|step| match step {
        Step::Edit(edit) => Some(edit),
        _ => None,
    });
    let Ok(changes) = file_changes(edits, &facts.project.sources) else { return false };
    let errors = |text: &str| python::parse(text).errors.len();
    changes
        .iter()
        .filter(|change| change.path.ends_with(".py"))
        .all(|change| errors(&change.after) <= errors(&change.before))
}

/// Brings a fix when what it makes can be read, else a line of help.
pub(super) fn with_fix(facts: &Facts, finding: Finding, fix: Option<Fix>, help: &str) -> Finding {
    match fix.filter(|fix| can_be_read(facts, &fix.steps)) {
        Some(fix) => finding.fix(fix),
        None => finding.help(help),
    }
}

/// The text under a span.
pub(super) fn text<'facts>(facts: &'facts Facts, span: &Span) -> &'facts str {
    facts.source(&span.path).map_or("", |source| source.slice(span))
}

/// `a`, `b` and `c`, of many the first ones.
pub(super) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().take(4).map(|name| format!("`{name}`")).collect();
    match (quoted.split_last(), names.len()) {
        (None, _) => String::new(),
        (Some(_), count) if count > 4 => format!("{} and {} more", quoted.join(", "), count - 4),
        (Some((last, [])), _) => last.clone(),
        (Some((last, first)), _) => format!("{} and {last}", first.join(", ")),
    }
}
