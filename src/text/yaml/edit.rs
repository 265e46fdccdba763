//! Changes to a YAML text as splices: each is parsed again, and only offered when nothing but the intended value differs.

mod shape;
mod write;

use std::ops::Range;

use super::{Node, Source, Style, parse_all};
use shape::{Intent, Shape};
use write::{Place, entry_lines, flow, item_lines, scalars};

/// The bytes that go and the text that comes.
pub type Change = (Range<usize>, String);

/// A value to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum New {
    /// A string, quoted where it would be read as something else.
    Text(String),
    /// Keys with values.
    Mapping(Vec<(String, New)>),
    /// A list.
    Sequence(Vec<New>),
}

impl From<&str> for New {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// Gives the key at the end of `path` a value: a scalar that is there is replaced, a key that is missing is added behind its
/// neighbours. The mapping that holds it must be there, or be empty.
///
/// `None` when that is not possible without touching anything else: the place is reached by an alias, its anchor is used
/// elsewhere, or the value there is a collection.
pub fn set(source: &Source, path: &[&str], value: &New) -> Option<Change> {
    let (key, parents) = path.split_last()?;
    let documents = parse_all(source).ok()?;
    let (parent, column) = find(source, &documents, parents)?;
    let written = parent.entry(key).filter(|entry| !entry.merged);
    match (written, value) {
        (Some(entry), New::Text(text)) if entry.value.scalar().is_some_and(|_| !entry.value.whole.is_empty()) => {
            replace_node(source, &documents, &entry.value, text)
        }
        (Some(entry), _) => fill(source, &documents, &entry.value, column_of(source, entry.key.whole.start), value),
        (None, _) => add(source, &documents, parent, column, key, value),
    }
}

/// Adds an item to the sequence at `path`.
///
/// `None` as for [`set`].
pub fn push(source: &Source, path: &[&str], value: &New) -> Option<Change> {
    let documents = parse_all(source).ok()?;
    let (sequence, _) = find(source, &documents, path)?;
    let intent = Intent::Push(sequence.whole.clone(), value);
    let line_end = source.line_end();
    let candidate = match sequence.style()? {
        _ if !sequence.is_sequence() => return None,
        Style::Flow => into_flow(source, sequence, &flow(value)),
        Style::Block => {
            let indent = column_of(source, sequence.span.start);
            let lines = item_lines(value, indent, 2);
            let at = end_of_line(source, sequence.span.end);
            (at..at, lines.iter().map(|line| format!("{line_end}{line}")).collect())
        }
    };
    verified(source, &documents, &intent, [candidate])
}

/// Gives a variable of an `environment:` at `path` a value, whether it is a mapping, a list of `NAME=value`, or missing.
///
/// `None` as for [`set`].
pub fn set_variable(source: &Source, path: &[&str], name: &str, value: &str) -> Option<Change> {
    let documents = parse_all(source).ok()?;
    let entry = documents.iter().find_map(|document| document.at(path));
    let Some(node) = entry else {
        return set(source, path, &New::Mapping(vec![(name.to_owned(), value.into())]));
    };
    if !node.is_sequence() {
        let mut path = path.to_vec();
        path.push(name);
        return set(source, &path, &value.into());
    }
    let assignment = format!("{name}={value}");
    let same = |item: &&Node| item.as_str().is_some_and(|text| text.split('=').next() == Some(name));
    match node.items().iter().rfind(same) {
        Some(item) => find(source, &documents, path).and_then(|_| replace_node(source, &documents, item, &assignment)),
        None => push(source, path, &New::Text(assignment)),
    }
}

/// Replaces a part of a scalar, or all of it: `range` lies in the text of one scalar, quotes excluded. The quotes change
/// where the new text needs it.
///
/// `None` when there is no such scalar, when other places share it, or when the part is written with escapes.
pub fn replace(source: &Source, range: Range<usize>, text: &str) -> Option<Change> {
    let documents = parse_all(source).ok()?;
    let node = documents.iter().find_map(|document| scalar_around(document, &range))?;
    if !node.is_editable() {
        return None;
    }
    let raw = source.slice(&node.span);
    let whole = &*node.scalar()?.text;
    if node.span.range() == range {
        return replace_node(source, &documents, node, text);
    }
    if raw != whole {
        return None;
    }
    let before = whole.get(..range.start - node.span.start)?;
    let after = whole.get(range.end - node.span.start..)?;
    let new = format!("{before}{text}{after}");
    let intent = Intent::Replace(node.whole.clone(), &new);
    verified(source, &documents, &intent, [(range, text.to_owned())])
        .or_else(|| replace_node(source, &documents, node, &new))
}

fn scalar_around<'node>(node: &'node Node, range: &Range<usize>) -> Option<&'node Node> {
    if node.aliased {
        return None;
    }
    if node.scalar().is_some() {
        return (node.span.start <= range.start && range.end <= node.span.end).then_some(node);
    }
    let entries = node.entries().iter().filter(|entry| !entry.merged);
    node.items()
        .iter()
        .chain(entries.flat_map(|entry| [&entry.key, &entry.value]))
        .find_map(|child| scalar_around(child, range))
}

/// The value at a path in the first document that has it, and the column of its key; only where an edit stays local.
fn find<'node>(source: &Source, documents: &'node [Node], path: &[&str]) -> Option<(&'node Node, usize)> {
    let mut node = documents.iter().find(|document| document.at(path).is_some())?;
    let mut column = 0;
    for key in path {
        let entry = node.entry(key).filter(|entry| !entry.merged && entry.value.is_editable())?;
        column = column_of(source, entry.key.whole.start);
        node = &entry.value;
    }
    node.is_editable().then_some((node, column))
}

fn replace_node(source: &Source, documents: &[Node], node: &Node, text: &str) -> Option<Change> {
    let scalar = node.scalar().filter(|_| node.is_editable())?;
    let start = node.tag.as_ref().map_or(node.whole.start, |tag| tag.span.end);
    if node.tag.is_some() || node.anchor.is_some() {
        // What stands before the value stays; the blank between is not in any span.
        let quote = usize::from(node.span.start > start && scalar.style != super::ScalarStyle::Plain);
        let range = node.span.start - quote..node.whole.end;
        let candidates = scalars(text, scalar.style, Place::Block).into_iter().map(|new| (range.clone(), new));
        return verified(source, documents, &Intent::Replace(node.whole.clone(), text), candidates);
    }
    let candidates = scalars(text, scalar.style, Place::Block).into_iter().map(|new| (node.whole.clone(), new));
    verified(source, documents, &Intent::Replace(node.whole.clone(), text), candidates)
}

/// Writes a value where a key has none.
fn fill(source: &Source, documents: &[Node], node: &Node, column: usize, value: &New) -> Option<Change> {
    if !node.is_null() || !node.whole.is_empty() || !node.is_editable() {
        return None;
    }
    let at = node.whole.start;
    let candidate = match value {
        New::Text(text) => {
            (at..at, format!(" {}", scalars(text, super::ScalarStyle::Plain, Place::Block).into_iter().next()?))
        }
        _ => {
            let lines = write::lines(value, column + 2, 2);
            let at = end_of_line(source, at);
            (at..at, lines.iter().map(|line| format!("{}{line}", source.line_end())).collect())
        }
    };
    verified(source, documents, &Intent::Fill(node.whole.clone(), value), [candidate])
}

fn add(source: &Source, documents: &[Node], parent: &Node, column: usize, key: &str, value: &New) -> Option<Change> {
    if parent.is_null() {
        return fill(source, documents, parent, column, &New::Mapping(vec![(key.to_owned(), value.clone())]));
    }
    if !parent.is_mapping() {
        return None;
    }
    let intent = Intent::Add(parent.whole.clone(), key, value);
    if parent.style()? == Style::Flow {
        let entry = flow(&New::Mapping(vec![(key.to_owned(), value.clone())]));
        let entry = entry.strip_prefix('{')?.strip_suffix('}')?;
        return verified(source, documents, &intent, [into_flow(source, parent, entry)]);
    }
    let line_end = source.line_end();
    let indent = column_of(source, parent.span.start);
    let step = if indent > column { indent - column } else { 2 };
    let lines = entry_lines(key, value, indent, step);
    let last = end_of_line(source, parent.span.end);
    let behind = lines.iter().map(|line| format!("{line_end}{line}")).collect();
    let first = parent.span.start;
    let mut before = lines.join(line_end).trim_start().to_owned();
    before.push_str(&format!("{line_end}{}", " ".repeat(indent)));
    verified(source, documents, &intent, [(last..last, behind), (first..first, before)])
}

/// An insertion behind the last entry of a flow collection.
fn into_flow(source: &Source, node: &Node, new: &str) -> Change {
    let ends = node.items().iter().map(|item| item.whole.end);
    let entries = node.entries().iter().filter(|entry| !entry.merged);
    let last = ends.chain(entries.map(|entry| entry.value.whole.end.max(entry.key.whole.end))).max();
    match last {
        Some(at) => (at..at, format!(", {new}")),
        None => {
            let at = node.span.start + 1;
            let close = node.span.end.saturating_sub(1).max(at);
            let blank = source.text().get(at..close).is_some_and(|inside| inside.trim().is_empty());
            (at..if blank { close } else { at }, new.to_owned())
        }
    }
}

/// The first candidate after which the text parses and differs from the original by the intent alone.
fn verified(
    source: &Source,
    documents: &[Node],
    intent: &Intent<'_>,
    candidates: impl IntoIterator<Item = Change>,
) -> Option<Change> {
    let expected: Vec<Shape> = documents.iter().map(|document| Shape::of(source, document, Some(intent))).collect();
    candidates.into_iter().find(|(range, new)| {
        let (Some(before), Some(after)) = (source.text().get(..range.start), source.text().get(range.end..)) else {
            return false;
        };
        let edited = Source::new(source.path(), &format!("{before}{new}{after}"));
        parse_all(&edited).is_ok_and(|documents| {
            documents.iter().map(|document| Shape::of(&edited, document, None)).collect::<Vec<_>>() == expected
        })
    })
}

fn end_of_line(source: &Source, offset: usize) -> usize {
    let rest = source.text().get(offset..).unwrap_or("");
    offset + rest.find('\n').map_or(rest.len(), |end| rest[..end].trim_end_matches('\r').len())
}

fn column_of(source: &Source, offset: usize) -> usize {
    source.position(offset).column - 1
}

#[cfg(test)]
mod tests;
