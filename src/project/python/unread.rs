//! The project's own Python files that could not be read or understood, though what they say may decide something.
//!
//! One that the kernel keeps back, or that is too large, may hold anything: it always counts. One that can be looked at counts
//! where its bytes are those of models. Of these, what was never meant for this project's Python does not: a template with
//! marks of its own, code for Python 2, and what lies in folders for vendored code, templates and fixtures. A project keeps such
//! files for years without anything being wrong, and would lose the checks of its models to them.

use std::sync::LazyLock;

use regex::Regex;

use super::modules::{File, Modules};
use crate::project::files::{Files, ReadError};
use crate::project::{Format, Unreadable};
use crate::text::{Span, pattern};

/// What is unknown without such a file.
pub const UNSEEN: &str = "its models and its imports";

/// Statements that only Python 2 takes.
static PYTHON_2: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"^\s*(?:print\s+["'\w%]|exec\s+["'\w]|raise\s+[\w.]+\s*,|except\s+[\w.]+\s*,\s*\w+\s*:)"#)
});

/// Notes a file whose bytes could not even be looked at.
pub(super) fn refused(path: &str, error: &ReadError, unread: &mut Vec<Unreadable>) {
    note(path, None, error.to_string(), unread);
}

/// Notes a file that is worth reading, where it could not be, or not to its end.
pub(super) fn misunderstood(files: &dyn Files, path: &str, file: Option<&File>, unread: &mut Vec<Unreadable>) {
    if is_for_others(path) || is_of_protobuf(path) {
        return;
    }
    let Some(file) = file else {
        if let Err(error) = files.read(path) {
            refused(path, &error, unread);
        }
        return;
    };
    let Some(error) = file.module.errors.first() else { return };
    let at = error.offset.min(file.source.text().len());
    let line = file.source.line(file.source.position(at).line).and_then(|range| file.source.text().get(range));
    let line = line.unwrap_or_default();
    let is_no_python = ["{{", "{%"].iter().any(|mark| line.contains(mark)) || PYTHON_2.is_match(line);
    if file.module.unread || !is_no_python {
        let whole = file.module.unread && error.offset == 0;
        let span = (!whole).then(|| file.source.span(at..at + 1));
        note(path, span, error.message.clone(), unread);
    }
}

/// The first of these files that was not read, so that nobody knows what it imports; it is noted, whatever it is for.
pub(super) fn first_of<'a>(
    modules: &mut Modules<'_>,
    files: &dyn Files,
    paths: impl IntoIterator<Item = &'a String>,
    unread: &mut Vec<Unreadable>,
) -> Option<String> {
    for path in paths {
        if is_of_protobuf(path) {
            continue;
        }
        match modules.file(path) {
            Some(file) if !file.module.unread => continue,
            Some(file) => {
                let message = file.module.errors.first().map(|error| error.message.clone()).unwrap_or_default();
                note(path, None, message, unread);
            }
            None => match files.read(path) {
                // It is gone since, or comes back.
                Ok(_) | Err(ReadError::NotFound) => continue,
                Err(error) => refused(path, &error, unread),
            },
        }
        return Some(path.clone());
    }
    None
}

fn note(path: &str, span: Option<Span>, message: String, unread: &mut Vec<Unreadable>) {
    let (path, unseen) = (path.to_owned(), UNSEEN.to_owned());
    let entry = Unreadable { path, format: Format::Python, span, message, unseen };
    let is_known = unread.iter().any(|known| known.path == entry.path);
    // Where only time was missing, that is said of the whole project. What is gone was never there.
    if !is_known && !entry.is_late() && entry.message != ReadError::NotFound.to_string() {
        unread.push(entry);
    }
}

/// Whether protoc wrote a file: messages as bytes, full of brackets, and imports of such files alone.
fn is_of_protobuf(path: &str) -> bool {
    ["_pb2.py", "_pb2_grpc.py"].iter().any(|end| path.ends_with(end))
}

/// Whether a file lies where Python is kept that this project does not run as its own.
fn is_for_others(path: &str) -> bool {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders.split('/').any(|folder| {
        let folder = folder.trim_start_matches(['_', '.']).to_ascii_lowercase();
        let starts = ["vendor", "third_party", "third-party", "thirdparty", "extern"];
        let kinds = ["fixture", "template", "example", "sample", "skeleton", "cookiecutter", "testdata", "{{"];
        starts.iter().chain(&kinds).any(|start| folder.starts_with(start))
    })
}
