//! A value with the bytes of the file that each of its characters came from.

use std::ops::Range;

use crate::text::ini;

/// A value as its format means it, and the pieces it was put together from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mapped {
    /// The value.
    pub value: String,
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Piece {
    /// Bytes of the value.
    value: Range<usize>,
    /// Bytes of the raw text.
    raw: Range<usize>,
    /// The variable that the text of this piece came from.
    variable: Option<String>,
}

/// A token of a text with references to variables.
enum Token {
    Text(Range<usize>),
    Dollar(Range<usize>),
    Reference { range: Range<usize>, name: String, default: Option<Range<usize>> },
}

impl Mapped {
    fn push(&mut self, text: &str, raw: Range<usize>, variable: Option<String>) {
        let start = self.value.len();
        self.value.push_str(text);
        self.pieces.push(Piece { value: start..self.value.len(), raw, variable });
    }

    /// A text that stands for itself.
    pub fn plain(raw: &str) -> Self {
        let mut mapped = Self::default();
        mapped.push(raw, 0..raw.len(), None);
        mapped
    }

    /// A raw value of an ini file. References are put in with `resolve`; those it does not know, and a `%` that has no
    /// meaning, stay as they are.
    pub fn ini(raw: &str, resolve: impl Fn(&str) -> Option<String>) -> Self {
        let mut mapped = Self::default();
        for piece in ini::pieces(raw) {
            match piece {
                ini::Piece::Text(range) | ini::Piece::Wrong(range) => mapped.push(&raw[range.clone()], range, None),
                ini::Piece::Percent(range) => mapped.push("%", range, None),
                ini::Piece::Reference(range, name) => match resolve(&name) {
                    Some(value) => mapped.push(&value, range, Some(name.into_owned())),
                    None => mapped.push(&raw[range.clone()], range, None),
                },
            }
        }
        mapped
    }

    /// A raw text with `$NAME`, `${NAME}` and `$$`, and the value that came of it. Where they cannot be brought together,
    /// every character comes from the whole.
    pub fn interpolated(raw: &str, value: &str) -> Self {
        if raw == value {
            return Self::plain(raw);
        }
        Self::aligned(raw, value).unwrap_or_else(|| {
            let mut mapped = Self::default();
            mapped.push(value, 0..raw.len(), None);
            mapped
        })
    }

    /// A raw text whose references are hidden behind letters, so that what it says itself can be judged alone.
    pub fn opaque(raw: &str) -> Self {
        let mut mapped = Self::default();
        for token in tokens(raw) {
            match token {
                Token::Text(range) => mapped.push(&raw[range.clone()], range, None),
                Token::Dollar(range) => mapped.push("$", range, None),
                Token::Reference { range, name, .. } => mapped.push(&"x".repeat(range.len()), range, Some(name)),
            }
        }
        mapped
    }

    fn aligned(raw: &str, value: &str) -> Option<Self> {
        let tokens: Vec<Token> = tokens(raw).collect();
        // What stands behind the credentials is looked for from the end, since a password may hold any character.
        let holds_at = |token: &Token| matches!(token, Token::Text(range) if raw[range.clone()].contains('@'));
        let from_end = tokens.iter().rposition(holds_at).unwrap_or(tokens.len());
        let mut places: Vec<Option<Range<usize>>> = vec![None; tokens.len()];
        let literal = |token: &Token| match token {
            Token::Text(range) => Some(raw[range.clone()].to_owned()),
            Token::Dollar(_) => Some("$".to_owned()),
            Token::Reference { .. } => None,
        };
        let last = tokens.len().checked_sub(1)?;
        let mut end = value.len();
        for index in (from_end..tokens.len()).rev() {
            if let Some(text) = literal(&tokens[index]) {
                let at = if index == last {
                    value.len().checked_sub(text.len())?
                } else {
                    value.get(..end)?.rfind(&text)?
                };
                (value.get(at..at + text.len()) == Some(text.as_str())).then_some(())?;
                places[index] = Some(at..at + text.len());
                end = at;
            }
        }
        let mut start = 0;
        for index in 0..from_end.min(tokens.len()) {
            if let Some(text) = literal(&tokens[index]) {
                let at = match index {
                    0 => 0,
                    index if index == last => value.len().checked_sub(text.len())?,
                    _ => start + value.get(start..end)?.find(&text)?,
                };
                (value.get(at..at + text.len()) == Some(text.as_str())).then_some(())?;
                places[index] = Some(at..at + text.len());
                start = at + text.len();
            }
        }
        let mut mapped = Self::default();
        for (index, token) in tokens.iter().enumerate() {
            let place = match &places[index] {
                Some(place) => place.clone(),
                None => {
                    let next = places[index + 1..].iter().flatten().next();
                    // Of two references beside each other the first takes all.
                    mapped.value.len()..next.map_or(value.len(), |next| next.start)
                }
            };
            (place.start == mapped.value.len()).then_some(())?;
            let text = value.get(place)?;
            match token {
                Token::Text(range) | Token::Dollar(range) => mapped.push(text, range.clone(), None),
                Token::Reference { default: Some(default), .. } if raw[default.clone()] == *text => {
                    mapped.push(text, default.clone(), None);
                }
                Token::Reference { range, name, .. } => mapped.push(text, range.clone(), Some(name.clone())),
            }
        }
        (mapped.value == value).then_some(mapped)
    }

    /// The bytes of the raw text that a part of the value came from.
    pub fn place(&self, range: &Range<usize>) -> Range<usize> {
        let start = self.piece(range.start).map_or(0, |piece| piece.at(range.start));
        let last = range.end.saturating_sub(1).max(range.start);
        let end = match self.piece(last) {
            Some(piece) if range.is_empty() => piece.at(range.end),
            Some(piece) if piece.is_literal() => piece.raw.start + (range.end - piece.value.start),
            Some(piece) => piece.raw.end,
            None => self.pieces.last().map_or(0, |piece| piece.raw.end),
        };
        start.min(end)..end
    }

    /// The variable that a byte of the value came from.
    pub fn variable(&self, offset: usize) -> Option<&str> {
        self.piece(offset)?.variable.as_deref()
    }

    fn piece(&self, offset: usize) -> Option<&Piece> {
        self.pieces.iter().find(|piece| piece.value.contains(&offset))
    }
}

impl Piece {
    fn is_literal(&self) -> bool {
        self.variable.is_none() && self.value.len() == self.raw.len()
    }

    fn at(&self, offset: usize) -> usize {
        if self.is_literal() { self.raw.start + (offset - self.value.start) } else { self.raw.start }
    }
}

/// The name of the one variable that a raw text consists of.
pub(super) fn only_reference(raw: &str) -> Option<String> {
    let mut tokens = tokens(raw);
    match (tokens.next(), tokens.next()) {
        (Some(Token::Reference { name, .. }), None) => Some(name),
        _ => None,
    }
}

/// Splits a text at `$NAME`, `${NAME…}` and `$$`.
fn tokens(raw: &str) -> impl Iterator<Item = Token> + '_ {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = raw.get(at..).filter(|rest| !rest.is_empty())?;
        let start = at;
        let special = |from: usize| {
            let rest = &raw[from..];
            rest.starts_with("$$") || reference(rest).is_some()
        };
        let text_end = rest.match_indices('$').map(|(offset, _)| at + offset).find(|offset| special(*offset));
        match text_end {
            Some(end) if end == start => {}
            end => {
                at = end.unwrap_or(raw.len());
                return Some(Token::Text(start..at));
            }
        }
        if rest.starts_with("$$") {
            at += 2;
            return Some(Token::Dollar(start..at));
        }
        let (length, name, default) = reference(rest)?;
        at += length;
        let default = default.map(|range| start + range.start..start + range.end);
        Some(Token::Reference { range: start..at, name, default })
    })
}

/// A reference at the start of a text: its length, its name, and the bytes of its default.
fn reference(text: &str) -> Option<(usize, String, Option<Range<usize>>)> {
    let is_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
    let after = text.strip_prefix('$')?;
    let Some(inner) = after.strip_prefix('{') else {
        let name = &after[..after.find(|character| !is_name(character)).unwrap_or(after.len())];
        let named = name.starts_with(|character: char| character.is_ascii_alphabetic() || character == '_');
        return named.then(|| (1 + name.len(), name.to_owned(), None));
    };
    let name = &inner[..inner.find(|character| !is_name(character)).unwrap_or(inner.len())];
    let mut depth = 1;
    let end = inner.char_indices().find_map(|(offset, character)| {
        match character {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(offset)
    })?;
    let behind = inner.get(name.len()..end)?;
    let operator = if behind.starts_with(":-") { 2 } else { usize::from(behind.starts_with('-')) };
    let default = (operator > 0).then(|| 2 + name.len() + operator..2 + end);
    (!name.is_empty()).then(|| (2 + end + 1, name.to_owned(), default))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_of_a_variable_are_told_from_those_of_the_text() {
        let raw = "postgresql://${U}:${P}@db:5432/$D?a=$$b";
        let mapped = Mapped::interpolated(raw, "postgresql://me:p@s:s@db:5432/app?a=$b");
        let at = mapped.value.find("@s").unwrap();
        assert_eq!((mapped.variable(at), &raw[mapped.place(&(at..at + 1))]), (Some("P"), "${P}"));
        let host = mapped.value.find("db").unwrap();
        assert_eq!((mapped.variable(host), &raw[mapped.place(&(host..host + 2))]), (None, "db"));
        let database = mapped.value.find("app").unwrap();
        assert_eq!(mapped.variable(database), Some("D"));
    }

    #[test]
    fn a_default_in_use_is_text_of_the_file() {
        let raw = "${X:-postgresql://u:p@localhost/a}";
        let mapped = Mapped::interpolated(raw, "postgresql://u:p@localhost/a");
        let host = mapped.value.find("localhost").unwrap();
        assert_eq!(&raw[mapped.place(&(host..host + 9))], "localhost");
        assert_eq!(only_reference(raw).as_deref(), Some("X"));
    }

    #[test]
    fn doubled_percent_signs_keep_their_places() {
        let raw = "a%%40b%zz";
        let mapped = Mapped::ini(raw, |_| None);
        assert_eq!(mapped.value, "a%40b%zz");
        assert_eq!((mapped.place(&(1..4)), mapped.place(&(5..6))), (1..5, 6..7));
    }

    #[test]
    fn any_pair_of_texts_is_brought_together_somehow() {
        for raw in
            ["", "$", "${", "${}", "${A", "$$$", "${A}${B}", "a${A}b", "${A:-${B:-x}}", "é${é}", "@", "${A}@${B}@"]
        {
            for value in ["", "a", "ab", "é", "@@", "x@y@"] {
                let mapped = Mapped::interpolated(raw, value);
                assert_eq!(mapped.value, value);
                for offset in 0..=value.len() {
                    assert!(mapped.place(&(offset..value.len())).end <= raw.len());
                }
            }
        }
    }
}
