//! What a document says without its layout, so that two texts can be compared.

use std::ops::Range;

use super::super::{Node, Value};
use super::New;
use super::write::is_ambiguous;
use crate::text::Source;

/// The one difference that an edit is meant to make.
pub(super) enum Intent<'new> {
    /// The scalar at this place becomes this text.
    Replace(Range<usize>, &'new str),
    /// The null at this place becomes this value.
    Fill(Range<usize>, &'new New),
    /// The mapping at this place gets this key.
    Add(Range<usize>, &'new str, &'new New),
    /// The sequence at this place gets this item.
    Push(Range<usize>, &'new New),
}

/// A document without its layout.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shape {
    /// Text; `typed` when it could be read as something else than a string.
    Scalar { text: String, typed: bool, tag: Option<String>, anchor: Option<String> },
    /// Items in order.
    Sequence { items: Vec<Shape>, tag: Option<String>, anchor: Option<String> },
    /// Entries sorted: their order means nothing.
    Mapping { entries: Vec<(Shape, Shape)>, tag: Option<String>, anchor: Option<String> },
    /// An alias by its text.
    Alias(String),
}

impl Shape {
    /// The shape of a node, as it is to be once the intent is fulfilled.
    pub(super) fn of(source: &Source, node: &Node, intent: Option<&Intent<'_>>) -> Self {
        if node.aliased {
            return Self::Alias(source.text().get(node.whole.clone()).unwrap_or("").to_owned());
        }
        let tag = node.tag().map(str::to_owned);
        let anchor = node.anchor.as_deref().map(str::to_owned);
        match (&node.value, intent) {
            (Value::Scalar(_), Some(Intent::Replace(place, text))) if *place == node.whole => {
                let typed = is_typed(node) && is_ambiguous(text);
                Self::Scalar { text: (*text).to_owned(), typed, tag, anchor }
            }
            (Value::Scalar(_), Some(Intent::Fill(place, new))) if *place == node.whole && node.is_null() => {
                Self::new(new)
            }
            (Value::Scalar(scalar), _) => {
                Self::Scalar { text: scalar.text.to_string(), typed: is_typed(node), tag, anchor }
            }
            (Value::Sequence(items, _), _) => {
                let mut items: Vec<_> = items.iter().map(|item| Self::of(source, item, intent)).collect();
                if let Some(Intent::Push(place, new)) = intent
                    && *place == node.whole
                {
                    items.push(Self::new(new));
                }
                Self::Sequence { items, tag, anchor }
            }
            (Value::Mapping(entries, _), _) => {
                let added = match intent {
                    Some(Intent::Add(place, key, new)) if *place == node.whole => Some((*key, *new)),
                    _ => None,
                };
                let kept = entries.iter().filter(|entry| added.is_none_or(|(key, _)| entry.name() != Some(key)));
                let mut entries: Vec<_> = kept
                    .map(|entry| (Self::of(source, &entry.key, intent), Self::of(source, &entry.value, intent)))
                    .collect();
                entries.extend(added.map(|(key, new)| (Self::text(key), Self::new(new))));
                entries.sort();
                Self::Mapping { entries, tag, anchor }
            }
        }
    }

    fn text(text: &str) -> Self {
        Self::Scalar { text: text.to_owned(), typed: false, tag: None, anchor: None }
    }

    fn new(new: &New) -> Self {
        match new {
            New::Text(text) => Self::text(text),
            New::Sequence(items) => {
                Self::Sequence { items: items.iter().map(Self::new).collect(), tag: None, anchor: None }
            }
            New::Mapping(entries) => {
                let mut entries: Vec<_> =
                    entries.iter().map(|(key, value)| (Self::text(key), Self::new(value))).collect();
                entries.sort();
                Self::Mapping { entries, tag: None, anchor: None }
            }
        }
    }
}

fn is_typed(node: &Node) -> bool {
    node.plain().is_some_and(is_ambiguous)
}
