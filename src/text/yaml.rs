//! YAML as a tree that keeps the place of every value: aliases and merge keys resolved, tags and styles kept, budgets on
//! depth and expansion.

mod build;
pub mod edit;
mod mapped;
mod merge;
#[cfg(test)]
mod tests;

pub use mapped::{mapped, mapped_at};

use std::ops::Range;
use std::sync::Arc;

use super::{Source, Span, Spanned, SyntaxError};

/// One value of a YAML document.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Its text. Scalars without quotes; block collections from the first key or dash to the end of the last value; where an
    /// alias stands, the anchored value.
    pub span: Span,
    /// Everything that belongs to it at this place: quotes, tag, anchor and block scalar header, or the `*alias` itself.
    pub whole: Range<usize>,
    /// Its tag as written, such as `!reset` or `!!str`.
    pub tag: Option<Box<Spanned<String>>>,
    /// Name of the anchor that is set on it.
    pub anchor: Option<Arc<str>>,
    /// Whether it was reached by an alias that stands here.
    pub aliased: bool,
    /// Whether it lies in an anchored value that some alias uses, so that an edit would change other places too.
    pub shared: bool,
    weight: u32,
}

/// What a node is.
#[derive(Clone, Debug)]
pub enum Value {
    /// A single value.
    Scalar(Scalar),
    /// A list.
    Sequence(Arc<[Node]>, Style),
    /// Keys with values, in order, those of merge keys after the written ones.
    Mapping(Arc<[Entry]>, Style),
}

/// A single value with the style that decides its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The text, unquoted and unescaped.
    pub text: Arc<str>,
    /// How it is written.
    pub style: ScalarStyle,
}

/// One key with its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: Node,
    /// The value.
    pub value: Node,
    /// Whether it came by a merge key (`<<`).
    pub merged: bool,
}

/// How a collection is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Lines of `key: value` or `- item`.
    Block,
    /// `{…}` or `[…]`.
    Flow,
}

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalarStyle {
    /// Without quotes.
    Plain,
    /// `'…'`.
    Single,
    /// `"…"`.
    Double,
    /// `|` or `>`.
    Block,
}

/// The first document of a source; a null scalar when there is none.
///
/// # Errors
/// When the text is no YAML, repeats a key, nests too deep, or expands aliases beyond reason.
pub fn parse(source: &Source) -> Result<Node, SyntaxError> {
    let documents = parse_all(source)?;
    Ok(documents.into_iter().next().unwrap_or_else(|| Node::null(source.span(0..0))))
}

/// All documents of a source.
///
/// # Errors
/// As [`parse`].
pub fn parse_all(source: &Source) -> Result<Vec<Node>, SyntaxError> {
    build::documents(source)
}

impl Node {
    /// The null that stands where nothing is written.
    pub fn null(span: Span) -> Self {
        let scalar = Scalar { text: "".into(), style: ScalarStyle::Plain };
        let whole = span.range();
        Self::new(Value::Scalar(scalar), span, whole)
    }

    fn new(value: Value, span: Span, whole: Range<usize>) -> Self {
        Self { value, span, whole, tag: None, anchor: None, aliased: false, shared: false, weight: 1 }
    }

    /// The scalar, null included.
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            _ => None,
        }
    }

    /// The text of a scalar that is not null, as written: `017` stays `017`.
    pub fn as_str(&self) -> Option<&str> {
        self.scalar().filter(|_| !self.is_null()).map(|scalar| &*scalar.text)
    }

    /// The text of a scalar that is not null with its place.
    pub fn spanned(&self) -> Option<Spanned<String>> {
        self.as_str().map(|text| Spanned::new(text.to_owned(), self.span.clone()))
    }

    /// A boolean, as YAML 1.2 writes it.
    pub fn as_bool(&self) -> Option<bool> {
        match self.plain()? {
            "true" | "True" | "TRUE" => Some(true),
            "false" | "False" | "FALSE" => Some(false),
            _ => None,
        }
    }

    /// Whether it is null: nothing, `~` or `null` without quotes and without a string tag.
    pub fn is_null(&self) -> bool {
        self.plain().is_some_and(|text| matches!(text, "" | "~" | "null" | "Null" | "NULL"))
    }

    /// The text of a scalar without quotes and without the tag `!!str`: one that may mean something else than a string.
    pub fn plain(&self) -> Option<&str> {
        let scalar = self.scalar().filter(|scalar| scalar.style == ScalarStyle::Plain)?;
        (self.tag() != Some("!!str") && self.tag() != Some("!")).then_some(&*scalar.text)
    }

    /// The tag as written.
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_ref().map(|tag| tag.value.as_str())
    }

    /// The value of a key of a mapping, those of merge keys included.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of a key of a mapping, those of merge keys included.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.name() == Some(key))
    }

    /// The value at a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The entries of a mapping; none for anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Mapping(entries, _) => entries,
            _ => &[],
        }
    }

    /// The items of a sequence; none for anything else.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::Sequence(items, _) => items,
            _ => &[],
        }
    }

    /// Whether it is a mapping.
    pub fn is_mapping(&self) -> bool {
        matches!(self.value, Value::Mapping(..))
    }

    /// Whether it is a sequence.
    pub fn is_sequence(&self) -> bool {
        matches!(self.value, Value::Sequence(..))
    }

    /// How the collection is written; `None` for a scalar.
    pub fn style(&self) -> Option<Style> {
        match &self.value {
            Value::Scalar(_) => None,
            Value::Sequence(_, style) | Value::Mapping(_, style) => Some(*style),
        }
    }

    /// What it is, for messages: `a mapping`, `a sequence`, `null`, `a string`.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            Value::Mapping(..) => "a mapping",
            Value::Sequence(..) => "a sequence",
            Value::Scalar(_) if self.is_null() => "null",
            Value::Scalar(_) if self.as_bool().is_some() => "a boolean",
            Value::Scalar(_) if self.plain().is_some_and(|text| text.parse::<f64>().is_ok()) => "a number",
            Value::Scalar(_) => "a string",
        }
    }

    /// Whether an edit here changes this place only: no alias, no anchor that others use.
    pub fn is_editable(&self) -> bool {
        !self.aliased && !self.shared
    }
}

impl Entry {
    /// The key as text; `None` for a key that is a collection.
    pub fn name(&self) -> Option<&str> {
        self.key.scalar().map(|scalar| &*scalar.text)
    }
}
