//! A file of the project is there but cannot be understood, so that nothing in it is judged.

use crate::checks::compose::unreadable::is_compose;
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::project::{Format, Unreadable};

pub(crate) fn check(facts: &Facts) -> Checked {
    let others = facts.project.unreadable.iter().filter(|entry| !is_compose(facts, entry));
    Ok(others.map(|entry| finding(entry).help(remedy(entry))).collect())
}

fn remedy(entry: &Unreadable) -> String {
    match entry.format {
        _ if entry.is_late() => "give it more time with `--timeout`, or see why it takes so long".to_owned(),
        Format::Folder => {
            "give it more time with `--timeout`, let git ignore what is no part of the project, or name its own folder"
                .to_owned()
        }
        _ => format!("correct `{}` so that it can be read", shown(entry)),
    }
}

/// What is unreadable, where, and what nobody can say because of it.
pub(crate) fn finding(entry: &Unreadable) -> Finding {
    let path = shown(entry);
    let trouble = if entry.format == Format::Folder { "was not read to the end" } else { "cannot be read" };
    let message = format!("`{path}` {trouble}: {}; not judged: {}", entry.message, entry.unseen);
    let finding = match &entry.span {
        Some(span) => Finding::at(span, path.clone(), message).label(entry.message.clone()),
        None => Finding::at_path(path.clone(), path.clone(), message),
    };
    finding.seen("parse", path, &entry.message)
}

/// The path for people.
fn shown(entry: &Unreadable) -> String {
    entry.path.escape_debug().to_string()
}
