//! Edits of Python that both families of checks make, and the proof that what comes out can be read.

mod last_uses;

use std::collections::BTreeMap;

use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::plan::file_changes;
use crate::fix::{Edit, Fix, Step};
use crate::project::python::{Shape, ShapeImport};
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
    let placed = facts.project.python.import_orders.group(source)?.place(source, lines)?;
    Some(placed.into_iter().map(|it| Edit { span: source.span(it.at..it.end), text: it.text }).collect())
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

/// Another name out of a module that something is imported from already: where isort would put it, else behind the known one.
pub(super) fn import_too(facts: &Facts, source: &Source, known: &ShapeImport, name: &str) -> Vec<Step> {
    let line = format!("from {} import {name}", known.from);
    match placed(facts, source, &[line]) {
        Some(edits) => edits.into_iter().map(Step::Edit).collect(),
        None => vec![edit(&range(&known.span, known.span.end, known.span.end), format!(", {name}"))],
    }
}

/// Brings a fix, which is offered as long as what it makes can be read, else a line of help.
pub(super) fn with_fix(finding: Finding, fix: Option<Fix>, help: &str) -> Finding {
    match fix {
        Some(fix) => finding.fix(fix).instead(help),
        None => finding.help(help),
    }
}

/// The findings of a check, without the fixes after which a Python file could not be read as well as before. Every file is read
/// once with all its fixes carried out, and only where that fails with fewer of them.
pub(super) fn proven(facts: &Facts, checked: Checked) -> Checked {
    let mut findings = checked?;
    for fix in findings.iter_mut().filter_map(|finding| finding.fix.as_mut()) {
        fix.last_uses = last_uses::last_uses(facts, fix);
    }
    let mut by_file: BTreeMap<String, Vec<(usize, Vec<Edit>)>> = BTreeMap::new();
    for (at, finding) in findings.iter().enumerate() {
        for step in finding.fix.iter().flat_map(|fix| &fix.steps) {
            let Step::Edit(edit) = step else { continue };
            if !edit.span.path.ends_with(".py") {
                continue;
            }
            let fixes = by_file.entry(edit.span.path.to_string()).or_default();
            match fixes.last_mut() {
                Some((last, edits)) if *last == at => edits.push(edit.clone()),
                _ => fixes.push((at, vec![edit.clone()])),
            }
        }
    }
    let spoiling: Vec<usize> = by_file.values().flat_map(|fixes| unreadable(facts, fixes)).collect();
    for at in spoiling {
        let Some(finding) = findings.get_mut(at) else { continue };
        if finding.fix.take().is_some() && !finding.instead.is_empty() {
            finding.help.push(finding.instead.clone());
        }
    }
    Ok(findings)
}

/// Those of some fixes of one file that spoil it.
fn unreadable(facts: &Facts, fixes: &[(usize, Vec<Edit>)]) -> Vec<usize> {
    match fixes {
        _ if can_be_read(facts, &mut fixes.iter().flat_map(|(_, edits)| edits)) => vec![],
        [(one, _)] => vec![*one],
        _ => {
            let (first, second) = fixes.split_at(fixes.len() / 2);
            [unreadable(facts, first), unreadable(facts, second)].concat()
        }
    }
}

/// Whether every file that these edits change can be read afterwards as well as before.
fn can_be_read(facts: &Facts, edits: &mut dyn Iterator<Item = &Edit>) -> bool {
    let Ok(changes) = file_changes(edits, &facts.project.sources) else { return false };
    changes.iter().all(|change| {
        let before = facts.source(&change.path).map_or(0, |source| source.python().0.errors.len());
        python::parse(&change.after).errors.len() <= before
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is offered of fixes that each replace the bytes of a word.
    fn offered(text: &str, fixes: &[(&str, &str)]) -> Vec<bool> {
        let mut facts = Facts::default();
        let source = Source::new("a.py", text);
        let fix = |(word, with): &(&str, &str)| {
            let at = text.find(word).unwrap();
            Fix::safe("try it", vec![edit(&source.span(at..at + word.len()), *with)])
        };
        let findings = fixes.iter().map(|it| with_fix(Finding::nowhere("a", "b"), Some(fix(it)), "do it"));
        let findings: Vec<Finding> = findings.collect();
        facts.project.sources.insert("a.py".to_owned(), source.clone());
        let proven = proven(&facts, Ok(findings)).unwrap();
        for finding in &proven {
            assert_eq!(finding.help.is_empty(), finding.fix.is_some(), "{finding:?}");
        }
        proven.iter().map(|finding| finding.fix.is_some()).collect()
    }

    #[test]
    fn a_fix_whose_result_would_not_be_python_is_not_offered_and_its_neighbours_are() {
        assert_eq!(offered("x = one\n", &[("one", "two")]), [true]);
        assert_eq!(offered("x = one\n", &[("one", "(")]), [false]);
        let text = "a = one\nb = two\nc = three\nd = four\ne = five\n";
        let fixes = [("one", "1"), ("two", "2)"), ("three", "3"), ("four", "4"), ("five", "5")];
        assert_eq!(offered(text, &fixes), [true, false, true, true, true]);
        // Two that touch the same bytes are looked at one by one.
        assert_eq!(offered("x = one\n", &[("one", "1"), ("one", "2"), ("= one", "= ]")]), [true, true, false]);
    }

    #[test]
    fn what_was_broken_before_may_stay_so_and_get_no_worse() {
        assert_eq!(offered("x = one\ny = (\n", &[("one", "two")]), [true]);
        assert_eq!(offered("x = one\ny = )\n", &[("one", "]")]), [false]);
    }
}
