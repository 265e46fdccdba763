//! The raw Compose tree: YAML with variables replaced, before it is merged and understood.

use std::sync::Arc;

use crate::text::yaml::{self, Node, Value};
use crate::text::{Source, Span, Spanned};

use super::paths;
use super::{Block, BlockStyle};

/// One value of a Compose file.
#[derive(Clone, Debug)]
pub(super) struct Tree {
    pub data: Data,
    /// Where it stands, quotes excluded.
    pub span: Span,
    /// `!reset` or `!override`.
    pub mark: Option<Mark>,
    /// Where entries can be added, for collections.
    pub block: Option<Block>,
    /// Where relative paths in it start, relative to the root.
    pub directory: Arc<str>,
}

#[derive(Clone, Debug)]
pub(super) enum Data {
    Null,
    /// A text; `typed` when YAML reads it as a number, a boolean or a date.
    Text {
        text: String,
        typed: bool,
    },
    Sequence(Vec<Tree>),
    Mapping(Vec<(Spanned<String>, Tree)>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    Reset,
    Override,
}

/// Replaces the variables of one scalar, and notes what goes wrong.
pub(super) type Interpolate<'run> = &'run mut dyn FnMut(&Node, &str) -> Option<String>;

impl Tree {
    /// The tree of a YAML node. Values that cannot be interpolated become null; `interpolate` has noted them.
    pub(super) fn new(source: &Source, node: &Node, directory: &Arc<str>, interpolate: Interpolate<'_>) -> Self {
        let data = match &node.value {
            Value::Scalar(_) if node.is_null() => Data::Null,
            Value::Scalar(scalar) => match interpolate(node, &scalar.text) {
                Some(text) => {
                    let plain = node.plain().is_some_and(|plain| is_typed(plain) && !plain.contains('$'));
                    Data::Text {
                        text,
                        typed: plain || node.tag().is_some_and(|tag| tag.starts_with("!!") && tag != "!!str"),
                    }
                }
                None => Data::Null,
            },
            Value::Sequence(items, _) => {
                Data::Sequence(items.iter().map(|item| Self::new(source, item, directory, interpolate)).collect())
            }
            Value::Mapping(entries, _) => Data::Mapping(
                entries
                    .iter()
                    .filter_map(|entry| {
                        let key = Spanned::new(entry.name()?.to_owned(), entry.key.span.clone());
                        Some((key, Self::new(source, &entry.value, directory, interpolate)))
                    })
                    .collect(),
            ),
        };
        let mark = match node.tag() {
            Some("!reset") => Some(Mark::Reset),
            Some("!override") => Some(Mark::Override),
            _ => None,
        };
        Self { data, span: node.span.clone(), mark, block: block(source, node), directory: directory.clone() }
    }

    /// A null at a place.
    pub(super) fn null(span: Span, directory: Arc<str>) -> Self {
        Self { data: Data::Null, span, mark: None, block: None, directory }
    }

    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        self.entries().iter().find(|(name, _)| name.value == key).map(|(_, value)| value)
    }

    /// The value of a key, unless it is null.
    pub(super) fn present(&self, key: &str) -> Option<&Self> {
        self.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn entries(&self) -> &[(Spanned<String>, Self)] {
        match &self.data {
            Data::Mapping(entries) => entries,
            _ => &[],
        }
    }

    pub(super) fn items(&self) -> &[Self] {
        match &self.data {
            Data::Sequence(items) => items,
            _ => &[],
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Text { text, .. } => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_null(&self) -> bool {
        matches!(self.data, Data::Null)
    }

    pub(super) fn is_mapping(&self) -> bool {
        matches!(self.data, Data::Mapping(_))
    }

    /// Whether two trees hold the same values, wherever they stand.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        match (&self.data, &other.data) {
            (Data::Null, Data::Null) => true,
            (Data::Text { text, .. }, Data::Text { text: other, .. }) => text == other,
            (Data::Sequence(one), Data::Sequence(two)) => {
                one.len() == two.len() && one.iter().zip(two).all(|(one, two)| one.says_the_same(two))
            }
            (Data::Mapping(one), Data::Mapping(two)) => {
                let same =
                    |(key, value): &(Spanned<String>, Self)| other.get(key).is_some_and(|it| it.says_the_same(value));
                one.len() == two.len() && one.iter().all(same)
            }
            _ => false,
        }
    }

    /// Forbids edits in it: it is used from elsewhere.
    pub(super) fn forbid_edits(&mut self) {
        if let Some(block) = &mut self.block {
            block.editable = false;
        }
        match &mut self.data {
            Data::Sequence(items) => items.iter_mut().for_each(Self::forbid_edits),
            Data::Mapping(entries) => entries.iter_mut().for_each(|(_, value)| value.forbid_edits()),
            _ => {}
        }
    }

    /// Takes out what `!reset` removes.
    pub(super) fn without_resets(mut self) -> Self {
        match &mut self.data {
            Data::Sequence(items) => {
                let kept = std::mem::take(items).into_iter().filter(|item| item.mark != Some(Mark::Reset));
                *items = kept.map(Self::without_resets).collect();
            }
            Data::Mapping(entries) => {
                let kept = std::mem::take(entries).into_iter().filter(|(_, value)| value.mark != Some(Mark::Reset));
                *entries = kept.map(|(key, value)| (key, value.without_resets())).collect();
            }
            _ => {}
        }
        self
    }
}

/// Whether YAML reads a plain scalar as something else than a text, as go-yaml decides it.
fn is_typed(plain: &str) -> bool {
    super::scalars::plain_text(plain).is_none_or(|text| text != plain)
        || matches!(plain, "true" | "false")
        || plain.parse::<i64>().is_ok()
        || (plain.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first))
            && plain.parse::<f64>().is_ok())
}

/// Where entries can be added to a collection: for flow collections what is between the brackets.
fn block(source: &Source, node: &Node) -> Option<Block> {
    let style = match (node.style()?, node.is_mapping()) {
        (yaml::Style::Flow, _) => BlockStyle::Flow,
        (yaml::Style::Block, true) => BlockStyle::BlockMapping,
        (yaml::Style::Block, false) => BlockStyle::BlockSequence,
    };
    let span = match style {
        BlockStyle::Flow => {
            let written = node.entries().iter().filter(|entry| !entry.merged);
            let entries = written.map(|entry| entry.key.whole.start..entry.value.whole.end.max(entry.key.whole.end));
            let inside: Vec<_> = node.items().iter().map(|item| item.whole.clone()).chain(entries).collect();
            let behind_bracket = node.span.start + 1;
            let start = inside.first().map_or(behind_bracket, |first| first.start);
            source.span(start..inside.last().map_or(start, |last| last.end))
        }
        _ => node.span.clone(),
    };
    Some(Block {
        indent: column(source.text(), node.span.start),
        span,
        style,
        editable: node.is_editable() && !paths::is_outside(source.path()),
    })
}

/// Characters between the start of the line and `offset`.
fn column(text: &str, offset: usize) -> usize {
    let before = text.get(..offset).unwrap_or("");
    let line = &before[before.rfind('\n').map_or(0, |end| end + 1)..];
    line.trim_start_matches('\u{feff}').chars().count()
}
