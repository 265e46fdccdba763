//! Secrets in code: the strings that are given to a name which says that they are secret.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::named::SECRET_NAME;
use super::pattern;

/// A whole name that says its value is secret.
static NAME: LazyLock<Regex> = LazyLock::new(|| pattern(&format!("^(?:{})$", *SECRET_NAME)));

/// What a text of code is made of, as far as it matters here.
enum Piece<'text> {
    Name(&'text str),
    Text(Range<usize>),
    Mark(char),
}

/// The pieces of code, with the byte each starts at; and the bytes of its strings and comments.
pub(super) struct Code<'text> {
    pieces: Vec<Piece<'text>>,
    quoted: Vec<Range<usize>>,
}

impl<'text> Code<'text> {
    /// Reads a text as code of Python or of JavaScript.
    pub fn read(text: &'text str, script: bool) -> Self {
        let mut code = Self { pieces: vec![], quoted: vec![] };
        let is_name = |character: char| character.is_alphanumeric() || character == '_' || character == '.';
        let mut at = 0;
        while let Some(character) = text[at..].chars().next() {
            let rest = &text[at..];
            let line = rest.find('\n').unwrap_or(rest.len());
            let comment = if script { rest.starts_with("//") } else { character == '#' };
            if comment {
                code.quoted.push(at..at + line);
                at += line;
            } else if matches!(character, '"' | '\'') || character == '`' && script {
                let (inner, end) = quoted(text, at, character);
                code.quoted.push(inner.clone());
                code.pieces.push(Piece::Text(inner));
                at = end;
            } else if is_name(character) {
                let length = rest.find(|character| !is_name(character)).unwrap_or(rest.len());
                // `b"…"`, `f'…'`: the letters belong to the string.
                if length > 2 || !rest[length..].starts_with(['"', '\'']) {
                    code.pieces.push(Piece::Name(&rest[..length]));
                }
                at += length;
            } else {
                // A line that goes on is one line.
                if !rest.starts_with("\\\n") && !rest.starts_with("\\\r") && !matches!(character, ' ' | '\t' | '\r') {
                    code.pieces.push(Piece::Mark(character));
                }
                at += if rest.starts_with("\\\n") { 2 } else { character.len_utf8() };
            }
        }
        code
    }

    /// Whether a byte stands in a string or a comment.
    pub fn is_quoted(&self, at: usize) -> bool {
        let after = self.quoted.partition_point(|range| range.start <= at);
        after.checked_sub(1).and_then(|index| self.quoted.get(index)).is_some_and(|range| at < range.end)
    }

    /// The strings that are values of secrets.
    pub fn secrets(&self, text: &str) -> Vec<Range<usize>> {
        let mut found = vec![];
        for (index, piece) in self.pieces.iter().enumerate() {
            let name = match piece {
                Piece::Name(name) => *name,
                Piece::Text(range) => &text[range.clone()],
                Piece::Mark(_) => continue,
            };
            if name.len() > 100 || !NAME.is_match(name) {
                continue;
            }
            let mut next = index + 1;
            if matches!(self.pieces.get(next), Some(Piece::Mark(']'))) {
                next += 1;
            }
            let in_quotes = matches!(piece, Piece::Text(_));
            match self.pieces.get(next) {
                Some(Piece::Mark(':' | '=')) => {}
                // `add("--token", help="…")` names an option.
                Some(Piece::Mark(',')) if in_quotes && !name.starts_with('-') => {}
                _ => continue,
            }
            self.values(next + 1, text, &mut found);
        }
        found
    }

    /// The strings from a piece to the end of the expression it starts.
    fn values(&self, from: usize, text: &str, found: &mut Vec<Range<usize>>) {
        let mut depth = 0_usize;
        // No expression that holds one secret is longer.
        for piece in self.pieces.iter().skip(from).take(400) {
            match piece {
                Piece::Mark('(' | '[' | '{') => depth += 1,
                Piece::Mark(')' | ']' | '}') if depth == 0 => return,
                Piece::Mark(')' | ']' | '}') => depth -= 1,
                Piece::Mark(',' | '\n' | ';') if depth == 0 => return,
                // A URL is masked by its password alone.
                Piece::Text(range) if !text[range.clone()].contains("://") => found.push(range.clone()),
                _ => {}
            }
        }
    }
}

/// The bytes between the quotes that start at `at`, and the byte behind them. A string that has no end goes to the end of its
/// line, and one in three quotes, or in backticks, to that of the text.
fn quoted(text: &str, at: usize, quote: char) -> (Range<usize>, usize) {
    let triple: String = [quote; 3].iter().collect();
    let (mark, over_lines) = match &text[at..] {
        rest if rest.starts_with(&triple) => (triple, true),
        _ => (quote.to_string(), quote == '`'),
    };
    let start = at + mark.len();
    let mut escaped = false;
    for (offset, character) in text[start..].char_indices() {
        let here = start + offset;
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if text[here..].starts_with(&mark) {
            return (start..here, here + mark.len());
        } else if character == '\n' && !over_lines {
            return (start..here, here);
        }
    }
    (start..text.len(), text.len())
}
