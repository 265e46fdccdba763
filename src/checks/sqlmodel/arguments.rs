//! Takes arguments out of a call and puts others in, comments and line breaks kept.

use std::ops::Range;

use crate::project::python::{CallArgument, CallSite, PythonProject, ShapeImport};
use crate::text::{Source, Span};

/// What is done to the arguments of one or more calls of a file.
#[derive(Default)]
pub(super) struct Changes {
    edits: Vec<(Range<usize>, String)>,
}

impl Changes {
    /// Takes arguments out, each with the comma that becomes too much; comments between them stay.
    pub fn remove(&mut self, source: &Source, call: &CallSite, gone: &[&CallArgument]) {
        let text = source.text();
        let all = &call.arguments;
        let has_comment = |range: Range<usize>| text.get(range).is_some_and(|between| between.contains('#'));
        let joined = |one: &CallArgument, two: &CallArgument| !has_comment(one.whole.end..two.whole.start);
        let mut at = 0;
        while let Some(first) = all.get(at) {
            at += 1;
            if !gone.contains(&first) {
                continue;
            }
            let (begin, mut last) = (at - 1, first);
            while let Some(next) = all.get(at).filter(|next| gone.contains(next) && joined(last, next)) {
                (last, at) = (next, at + 1);
            }
            let before = begin.checked_sub(1).and_then(|before| all.get(before)).filter(|it| !gone.contains(it));
            let next = all.get(at).filter(|next| joined(last, next));
            let range = match (before.filter(|before| joined(before, first)), next) {
                (Some(before), _) => before.whole.end..last.whole.end,
                (None, Some(next)) => first.whole.start..next.whole.start,
                (None, None) => with_comma(text, first.whole.start..last.whole.end),
            };
            self.edits.push((range, String::new()));
        }
    }

    /// Puts positional arguments behind the last positional one.
    pub fn put_positional(&mut self, source: &Source, call: &CallSite, arguments: &[String]) {
        match call.positional().last() {
            Some(last) => {
                self.put(last.whole.end, behind(source, last, arguments));
            }
            None => {
                let open = call.span.start + call.callee.len();
                let open = source
                    .text()
                    .get(open..call.span.end)
                    .and_then(|rest| rest.find('('))
                    .map_or(open, |at| open + at + 1);
                let comma = if call.arguments.is_empty() { "" } else { ", " };
                self.put(open, format!("{}{comma}", arguments.join(", ")));
            }
        }
    }

    /// Puts arguments with keywords behind the last argument.
    pub fn put_keywords(&mut self, source: &Source, call: &CallSite, arguments: &[String], positional: bool) {
        match call.arguments.last() {
            Some(last) => self.put(last.whole.end, behind(source, last, arguments)),
            None => {
                let close = call.span.end.saturating_sub(1);
                let comma = if positional { ", " } else { "" };
                if source.text().get(close..call.span.end) == Some(")") {
                    self.put(close, format!("{comma}{}", arguments.join(", ")));
                }
            }
        }
    }

    /// Puts a text at an offset.
    pub fn put(&mut self, at: usize, text: String) {
        if !text.is_empty() {
            self.edits.push((at..at, text));
        }
    }

    /// Replaces a range.
    pub fn replace(&mut self, range: Range<usize>, text: String) {
        self.edits.push((range, text));
    }

    /// The edits, those that meet made one.
    pub fn edits(mut self, of: &Span) -> Vec<crate::fix::Step> {
        self.edits.sort_by_key(|(range, _)| (range.start, range.end));
        let mut joined: Vec<(Range<usize>, String)> = vec![];
        for (range, text) in self.edits {
            match joined.last_mut() {
                Some((last, before)) if range.start <= last.end => {
                    last.end = last.end.max(range.end);
                    before.push_str(&text);
                }
                _ => joined.push((range, text)),
            }
        }
        let place = |range: &Range<usize>| Span { path: of.path.clone(), start: range.start, end: range.end };
        joined.into_iter().map(|(range, text)| crate::checks::python_fix::edit(&place(&range), text)).collect()
    }
}

/// How `name` of SQLAlchemy is written where `callee` is: `sa.Column` makes `sa.ForeignKey`; and the import that
/// must name it too, when it does not yet.
pub(super) fn beside<'a>(
    python: &'a PythonProject,
    callee: &str,
    path: &str,
    name: &str,
) -> Option<(String, Option<&'a ShapeImport>)> {
    if let Some((package, _)) = callee.rsplit_once('.') {
        return Some((format!("{package}.{name}"), None));
    }
    let shape = python.shapes.get(path)?;
    let known = |package: &str| matches!(package.split('.').next(), Some("sqlalchemy" | "sqlmodel"));
    if let Some(import) = shape.imports.iter().find(|import| import.name == name && known(&import.from)) {
        return Some((import.bound.clone(), None));
    }
    if shape.bound.iter().any(|bound| bound == name) {
        return None;
    }
    let import = shape.imports.iter().find(|import| import.bound == callee && known(&import.from))?;
    Some((name.to_owned(), Some(import)))
}

/// Arguments as they are written behind another one.
fn behind(source: &Source, last: &CallArgument, arguments: &[String]) -> String {
    let between = between(source, last.whole.start);
    arguments.iter().map(|argument| format!("{between}{argument}")).collect()
}

/// What stands between two arguments: where the one at an offset begins its line, so do the others.
pub(super) fn between(source: &Source, start: usize) -> String {
    let line = source.text().get(..start).and_then(|before| before.rsplit('\n').next()).unwrap_or("");
    let own = !line.is_empty() && line.trim().is_empty();
    if own { format!(",{}{line}", source.line_end()) } else { ", ".to_owned() }
}

/// A range with the comma behind it, and the line when nothing else stands in it.
fn with_comma(text: &str, range: Range<usize>) -> Range<usize> {
    let blank = |rest: &str| rest.len() - rest.trim_start_matches([' ', '\t']).len();
    let rest = text.get(range.end..).unwrap_or("");
    let comma = blank(rest);
    let end = if rest[comma..].starts_with(',') { range.end + comma + 1 } else { range.end };
    let start = text.get(..range.start).map_or(range.start, |before| before.trim_end_matches([' ', '\t']).len());
    let rest = text.get(end..).unwrap_or("");
    let rest = &rest[blank(rest)..];
    let fills = text.get(..start).is_some_and(|before| before.ends_with('\n')) && rest.starts_with(['\r', '\n']);
    match rest.find('\n') {
        Some(line_end) if fills => start..text.len() - rest.len() + line_end + 1,
        _ => range.start..end,
    }
}
