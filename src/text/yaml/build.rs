//! Builds the tree from the parser's events.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Options, Parser, ScanError, StructureStyle, Tag};

use super::super::{Source, Spanned, SyntaxError};
use super::merge::merged;
use super::{Entry, Node, Scalar, ScalarStyle, Style, Value};

/// Values that aliases may add to a document. An honest file stays far below; each alias bomb goes above.
const ALIAS_BUDGET: u32 = 100_000;

/// Values in one source: more than any person writes, few enough for memory.
const VALUE_BUDGET: usize = 1_000_000;

type Events<'text> = std::iter::Peekable<Parser<'text, granit_parser::StrInput<'text>>>;

/// All documents of `source`.
pub(super) fn documents(source: &Source) -> Result<Vec<Node>, SyntaxError> {
    documents_within(source, VALUE_BUDGET)
}

/// All documents of `source`, when they hold no more than so many values.
pub(super) fn documents_within(source: &Source, budget: usize) -> Result<Vec<Node>, SyntaxError> {
    let text = source.text();
    let used = if text.contains('*') { used_anchors(text)? } else { HashSet::new() };
    let mut builder = Builder {
        source,
        used,
        anchors: HashMap::new(),
        open: vec![],
        documents: vec![],
        floor: 0,
        shared_depth: 0,
        expanded: 0,
        values: 0,
        budget,
    };
    let mut events = events(text);
    while let Some(event) = events.next() {
        let (event, span) = event.map_err(|error| scan_error(text, &error))?;
        let range = span.byte_range().unwrap_or_default();
        let tag = span.tag_span().and_then(|span| span.byte_range());
        builder.take(event, range, tag, &mut events)?;
    }
    Ok(builder.documents)
}

fn events(text: &str) -> Events<'_> {
    let mut options = Options::default();
    options.emit_anchor_events = true;
    options.emit_unresolved_aliases = true;
    options.set_emit_comments(false);
    Parser::new_from_str_with_options(text, options).peekable()
}

/// The anchors that at least one alias names.
fn used_anchors(text: &str) -> Result<HashSet<usize>, SyntaxError> {
    let mut used = HashSet::new();
    for event in events(text) {
        if let (Event::Alias(id), _) = event.map_err(|error| scan_error(text, &error))? {
            used.insert(id);
        }
    }
    Ok(used)
}

fn scan_error(text: &str, error: &ScanError) -> SyntaxError {
    let offset = error.marker().byte_offset().unwrap_or(text.len()).min(text.len());
    let message = match error.kind() {
        ErrorKind::RecursionLimitExceeded => "is nested too deep".to_owned(),
        _ => error.info().to_owned(),
    };
    SyntaxError::new(offset, message)
}

/// A collection whose end has not come yet.
struct Open {
    anchor: Option<(usize, Arc<str>)>,
    tag: Option<Spanned<String>>,
    whole_start: usize,
    /// Start of the collection's own text; for block collections that of its first entry, once it is known.
    start: Option<usize>,
    style: Style,
    shared: bool,
    items: Items,
}

enum Items {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, key: Option<Node> },
}

struct Builder<'source> {
    source: &'source Source,
    used: HashSet<usize>,
    anchors: HashMap<usize, Option<Node>>,
    open: Vec<Open>,
    documents: Vec<Node>,
    /// Up to here the text has been accounted for.
    floor: usize,
    /// How many of the open collections carry an anchor that an alias uses.
    shared_depth: usize,
    /// How many values aliases have added to this document.
    expanded: u32,
    values: usize,
    /// How many values there may be.
    budget: usize,
}

impl Builder<'_> {
    fn take(
        &mut self,
        event: Event<'_>,
        range: Range<usize>,
        tag: Option<Range<usize>>,
        events: &mut Events<'_>,
    ) -> Result<(), SyntaxError> {
        match event {
            Event::DocumentStart(..) => {
                self.anchors.clear();
                self.expanded = 0;
                self.floor = range.end;
            }
            Event::Scalar(text, style, _, written) => {
                self.enter_item();
                let properties = self.properties(written, tag, events);
                let range = self.behind_colon(range, &properties);
                let node = self.scalar(text, style, range, properties);
                self.add(node)?;
            }
            Event::SequenceStart(style, _, written) => {
                self.begin(style, range, written, tag, events, Items::Sequence(vec![]));
            }
            Event::MappingStart(style, _, written) => {
                self.begin(style, range, written, tag, events, Items::Mapping { entries: vec![], key: None });
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(range)?,
            Event::Alias(id) => {
                self.enter_item();
                self.floor = range.end;
                self.alias(id, range)?;
            }
            Event::UnresolvedAlias(name) => {
                return Err(SyntaxError::new(range.start, format!("unknown anchor `{name}` is referenced")));
            }
            _ => {}
        }
        Ok(())
    }

    /// The tag and the anchor of the node whose event has just come.
    fn properties(
        &mut self,
        written: Option<Cow<'_, Tag>>,
        tag: Option<Range<usize>>,
        events: &mut Events<'_>,
    ) -> Properties {
        let mut properties = Properties { anchor: None, tag: None, start: None };
        if let (Some(written), Some(range)) = (written, tag) {
            self.floor = self.floor.max(range.end);
            properties.start = Some(range.start);
            properties.tag = Some(Spanned::new(written.original(), self.source.span(range)));
        }
        if let Some(Ok((Event::Anchor(..), _))) = events.peek()
            && let Some(Ok((Event::Anchor(id, name), span))) = events.next()
        {
            let range = span.byte_range().unwrap_or_default();
            self.floor = self.floor.max(range.end);
            properties.start = Some(properties.start.map_or(range.start, |start| start.min(range.start)));
            properties.anchor = Some((id, name.as_ref().into()));
        }
        properties
    }

    /// Notes the dash of an item of a block sequence: the parser does not say where it is.
    fn enter_item(&mut self) {
        let text = self.source.text();
        if let Some(open) = self.open.last_mut()
            && matches!(open.items, Items::Sequence(_))
            && open.style == Style::Block
            && let Some(dash) = find_indicator(text, self.floor, &['-'])
        {
            open.start.get_or_insert(dash);
            self.floor = dash + 1;
        }
    }

    /// The place of a value that is not written: the parser puts it at its key, before the colon.
    fn behind_colon(&self, range: Range<usize>, properties: &Properties) -> Range<usize> {
        let in_value = matches!(self.open.last(), Some(Open { items: Items::Mapping { key: Some(_), .. }, .. }));
        match find_indicator(self.source.text(), self.floor, &[':']) {
            Some(colon) if in_value && range.is_empty() && properties.start.is_none() => colon + 1..colon + 1,
            _ => range,
        }
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: granit_parser::ScalarStyle,
        range: Range<usize>,
        properties: Properties,
    ) -> Node {
        let source = self.source.text();
        let mut whole = range.clone();
        let mut inner = range.clone();
        let style = match style {
            granit_parser::ScalarStyle::Plain => ScalarStyle::Plain,
            granit_parser::ScalarStyle::SingleQuoted => ScalarStyle::Single,
            granit_parser::ScalarStyle::DoubleQuoted => ScalarStyle::Double,
            granit_parser::ScalarStyle::Literal | granit_parser::ScalarStyle::Folded => ScalarStyle::Block,
        };
        match style {
            ScalarStyle::Plain => {}
            ScalarStyle::Single | ScalarStyle::Double => {
                inner = range.start + 1..range.end.saturating_sub(1).max(range.start + 1);
            }
            ScalarStyle::Block => {
                // The parser lets the text run up to the next token.
                let content = source.get(range.clone()).unwrap_or("");
                whole.end = range.start + content.trim_end_matches([' ', '\t', '\n', '\r']).len();
                if let Some(header) = find_indicator(source, self.floor, &['|', '>']).filter(|at| *at <= range.start) {
                    whole.start = header;
                    if whole.end == range.start {
                        let line = source.get(header..).unwrap_or("");
                        let line = line.split('\n').next().unwrap_or("").trim_end();
                        whole.end = header + line.len();
                    }
                }
                inner = range.start.min(whole.end)..whole.end;
            }
        }
        self.floor = self.floor.max(range.end);
        whole.start = properties.start.map_or(whole.start, |start| start.min(whole.start));
        let written = if range.is_empty() && style == ScalarStyle::Plain { "" } else { text.as_ref() };
        let value = Value::Scalar(Scalar { text: written.into(), style });
        let mut node = Node::new(value, self.source.span(inner), whole);
        node.shared = self.shared_depth > 0;
        self.finish(&mut node, properties.tag, properties.anchor);
        node
    }

    fn begin(
        &mut self,
        style: StructureStyle,
        range: Range<usize>,
        written: Option<Cow<'_, Tag>>,
        tag: Option<Range<usize>>,
        events: &mut Events<'_>,
        items: Items,
    ) {
        self.enter_item();
        let properties = self.properties(written, tag, events);
        let shared = properties.anchor.as_ref().is_some_and(|(id, _)| self.used.contains(id));
        self.shared_depth += usize::from(shared);
        let (style, start) = match style {
            // A pair in brackets (`[a: b]`) is a flow mapping without braces; it starts at its key.
            StructureStyle::Flow => (Style::Flow, Some(range.start)),
            StructureStyle::Block => (Style::Block, None),
        };
        if let Some((id, _)) = &properties.anchor {
            self.anchors.insert(*id, None);
        }
        if style == Style::Flow {
            // The event of a block collection stands somewhere behind its first indicator, so it accounts for nothing.
            self.floor = self.floor.max(range.end);
        }
        let whole_start = properties.start.unwrap_or(range.start);
        let Properties { anchor, tag, .. } = properties;
        self.open.push(Open { anchor, tag, whole_start, start, style, shared, items });
    }

    fn end(&mut self, range: Range<usize>) -> Result<(), SyntaxError> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let flow = open.style == Style::Flow;
        let (value, weight, last) = match open.items {
            Items::Sequence(items) => {
                let weight = items.iter().map(|item| item.weight).fold(0, u32::saturating_add);
                let last = items.last().map(|item| item.whole.end);
                (Value::Sequence(items.into(), open.style), weight, last)
            }
            Items::Mapping { entries, .. } => {
                let last = entries.last().map(|entry| entry.value.whole.end.max(entry.key.whole.end));
                let entries = merged(self.source, entries)?;
                let weight = entries
                    .iter()
                    .map(|entry| entry.key.weight.saturating_add(entry.value.weight))
                    .fold(0, u32::saturating_add);
                (Value::Mapping(entries.into(), open.style), weight, last)
            }
        };
        let start = open.start.unwrap_or(range.start);
        let end = if flow { range.end } else { last.unwrap_or(start).max(start) };
        if flow {
            self.floor = self.floor.max(range.end);
        }
        let whole = open.whole_start.min(start)..end;
        let mut node = Node::new(value, self.source.span(start..end), whole);
        node.weight = weight.saturating_add(1);
        node.shared = self.shared_depth > 0;
        self.shared_depth -= usize::from(open.shared);
        self.finish(&mut node, open.tag, open.anchor);
        self.add(node)
    }

    fn finish(&mut self, node: &mut Node, tag: Option<Spanned<String>>, anchor: Option<(usize, Arc<str>)>) {
        node.tag = tag.map(Box::new);
        if let Some((id, name)) = anchor {
            node.anchor = Some(name);
            node.shared |= self.used.contains(&id);
            self.anchors.insert(id, Some(node.clone()));
        }
    }

    fn alias(&mut self, id: usize, range: Range<usize>) -> Result<(), SyntaxError> {
        let mut node = match self.anchors.get(&id) {
            Some(Some(node)) => node.clone(),
            Some(None) => return Err(SyntaxError::new(range.start, "an anchored value contains itself")),
            None => return Err(SyntaxError::new(range.start, "an unknown anchor is referenced")),
        };
        self.expanded = self.expanded.saturating_add(node.weight);
        if self.expanded > ALIAS_BUDGET {
            return Err(SyntaxError::new(
                range.start,
                "aliases expand to too much: the document contains excessive aliasing",
            ));
        }
        node.aliased = true;
        node.shared = true;
        node.anchor = None;
        node.whole = range;
        self.add(node)
    }

    fn add(&mut self, node: Node) -> Result<(), SyntaxError> {
        self.values += 1;
        if self.values > self.budget {
            return Err(SyntaxError::new(node.span.start, format!("has more than {} values", self.budget)));
        }
        let Some(open) = self.open.last_mut() else {
            self.documents.push(node);
            return Ok(());
        };
        match &mut open.items {
            Items::Sequence(items) => items.push(node),
            Items::Mapping { entries, key } => match key.take() {
                None => {
                    open.start.get_or_insert(node.whole.start);
                    *key = Some(node);
                }
                Some(key) => entries.push(Entry { key, value: node, merged: false }),
            },
        }
        Ok(())
    }
}

struct Properties {
    anchor: Option<(usize, Arc<str>)>,
    tag: Option<Spanned<String>>,
    start: Option<usize>,
}

/// The next of `indicators` at or behind `from`, where only white space, comments and the indicators of keys are between.
fn find_indicator(text: &str, from: usize, indicators: &[char]) -> Option<usize> {
    let mut rest = text.get(from..)?;
    loop {
        let at = text.len() - rest.len();
        let first = rest.chars().next()?;
        if indicators.contains(&first) {
            return Some(at);
        }
        rest = match first {
            '#' => &rest[rest.find('\n')?..],
            ' ' | '\t' | '\r' | '\n' | ':' | '?' | '\u{feff}' => &rest[first.len_utf8()..],
            _ => return None,
        };
    }
}
