//! Edits of Python that both families of checks make, and the proof that what comes out can be read.

use crate::facts::Facts;
use crate::finding::Finding;
use crate::fix::plan::file_changes;
use crate::fix::{Edit, Fix, Step};
use crate::project::python::Shape;
use crate::text::{Source, Span, python};

/// Replaces the bytes of a span.
pub(super) fn edit(span: &Span, text: impl Into<String>) -> Step {
    Step::Edit(Edit { span: span.clone(), text: text.into() })
}

/// The bytes from `start` to `end` in the file of a span.
pub(super) fn range(of: &Span, start: usize, end: usize) -> Span {
    Span { path: of.path.clone(), start, end: end.max(start) }
}

/// Puts lines of imports into a file, where its other imports end.
pub(super) fn import(source: &Source, shape: &Shape, lines: &[String]) -> Step {
    let end = source.line_end();
    let text: String = if shape.before {
        lines.iter().map(|line| format!("{line}{end}")).collect()
    } else {
        lines.iter().map(|line| format!("{end}{line}")).collect()
    };
    edit(&shape.imports_at, text)
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
