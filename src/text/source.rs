//! One file's text with byte ranges into it, and the only place where bytes become lines and columns.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};

use super::python::{self, Module, Structure};
use super::shell::{self, Command};
use super::{cookie, secrets};

/// Why the bytes of a file are not a text that can be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Encoding {
    /// There is a NUL byte, as in no text format that is read here.
    #[error("is a binary file")]
    Binary,
    /// The bytes are not UTF-8; the offset is that of the first wrong byte.
    #[error("is not UTF-8: byte {0}")]
    NotUtf8(usize),
    /// It is Python that declares another encoding, which is none of those that are read.
    #[error("is in the encoding `{0}`, which is not read")]
    Declared(String),
}

/// One file's text, from disk or from git's index.
///
/// The path is relative to the project's root, with `/` between its parts; a file outside the root
/// has `../` in front or is absolute.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "Recorded", into = "Recorded")]
pub struct Source {
    path: Arc<str>,
    text: Arc<str>,
    /// Whether the text is not byte for byte what the file holds.
    is_decoded: bool,
    /// Found at first use: most files are read and never shown.
    secrets: OnceLock<Vec<Range<usize>>>,
    /// Where the lines after the first begin, found at first use: a long file may be pointed at thousands of times.
    line_starts: OnceLock<Vec<usize>>,
    /// What it says as Python, found at first use: every fix in it asks.
    python: OnceLock<Arc<(Module, Structure)>>,
    /// Its commands as a shell text, found at first use: many services may start with the same script.
    commands: OnceLock<Arc<[Command]>>,
}

/// What of a source is written into recorded facts: secrets are masked there, byte for byte, so that
/// all spans still hold.
#[derive(Serialize, Deserialize)]
struct Recorded {
    path: Arc<str>,
    text: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_decoded: bool,
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Source").field("path", &self.path).field("bytes", &self.text.len()).finish()
    }
}

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path && self.text == other.text
    }
}

impl Eq for Source {}

impl From<Source> for Recorded {
    fn from(source: Source) -> Self {
        Self { text: source.masked(), is_decoded: source.is_decoded, path: source.path }
    }
}

impl From<Recorded> for Source {
    fn from(recorded: Recorded) -> Self {
        Self { is_decoded: recorded.is_decoded, ..Self::new(&recorded.path, &recorded.text) }
    }
}

impl Source {
    /// A source of `text` at `path`.
    pub fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
            is_decoded: false,
            secrets: OnceLock::new(),
            line_starts: OnceLock::new(),
            python: OnceLock::new(),
            commands: OnceLock::new(),
        }
    }

    /// A source of the bytes of a file.
    ///
    /// # Errors
    /// When the bytes are no UTF-8 text, nor Python in an encoding that it declares and that is read.
    pub fn from_bytes(path: &str, bytes: Vec<u8>) -> Result<Self, Encoding> {
        if let Some(_nul) = bytes.iter().position(|byte| *byte == 0) {
            return Err(Encoding::Binary);
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Self::new(path, &text)),
            Err(error) => {
                let not_utf8 = Encoding::NotUtf8(error.utf8_error().valid_up_to());
                if !path.ends_with(".py") {
                    return Err(not_utf8);
                }
                let text = cookie::decoded(error.as_bytes()).map_err(Encoding::Declared)?.ok_or(not_utf8)?;
                Ok(Self { is_decoded: true, ..Self::new(path, &text) })
            }
        }
    }

    /// The path, relative to the project's root.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The whole text, as it stands in the file (a byte order mark and CRLF included).
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the file holds other bytes than this text, since it declares an encoding of its own: it cannot be edited by the
    /// places in this text.
    pub fn is_decoded(&self) -> bool {
        self.is_decoded
    }

    /// What it says as a file of Python, and how it is built.
    pub fn python(&self) -> &(Module, Structure) {
        self.python.get_or_init(|| Arc::new(python::parse_structured(&self.text)))
    }

    /// Its commands as a text for a shell.
    pub fn shell_commands(&self) -> &[Command] {
        self.commands.get_or_init(|| shell::commands(&self.text).into())
    }

    /// The byte ranges that hold secrets, sorted, without overlap.
    pub fn secrets(&self) -> &[Range<usize>] {
        self.secrets.get_or_init(|| secrets::ranges(&self.path, &self.text))
    }

    /// The text with every byte of a secret replaced by `*`: same length, same lines.
    pub fn masked(&self) -> String {
        secrets::mask_ranges(&self.text, self.secrets())
    }

    /// The same of a part of the text; nothing where that begins or ends inside a character or beyond the text.
    pub fn masked_part(&self, part: Range<usize>) -> String {
        let Some(text) = self.text.get(part.clone()) else { return String::new() };
        let inside = self.secrets().iter().filter(|secret| secret.start < part.end && part.start < secret.end);
        let moved: Vec<Range<usize>> = inside
            .map(|secret| secret.start.max(part.start) - part.start..secret.end.min(part.end) - part.start)
            .collect();
        secrets::mask_ranges(text, &moved)
    }

    /// A span of this source. Ends beyond the text and inside a character are moved to a boundary.
    pub fn span(&self, range: Range<usize>) -> Span {
        let start = floor_boundary(&self.text, range.start);
        let end = floor_boundary(&self.text, range.end.max(range.start));
        Span { path: self.path.clone(), start, end: end.max(start) }
    }

    /// The text under a span of this source.
    pub fn slice(&self, span: &Span) -> &str {
        self.text.get(span.range()).unwrap_or("")
    }

    /// Line and column of a byte offset, both counted from 1, columns in characters.
    pub fn position(&self, offset: usize) -> Position {
        let offset = floor_boundary(&self.text, offset);
        let starts = self.line_starts.get_or_init(|| {
            let newlines = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            newlines.map(|(at, _)| at + 1).collect()
        });
        let lines_before = starts.partition_point(|start| *start <= offset);
        let line_start = lines_before.checked_sub(1).and_then(|last| starts.get(last)).copied().unwrap_or(0);
        let line = lines_before + 1;
        let before = &self.text[line_start..offset];
        let mut column = before.chars().count() + 1;
        if line_start == 0 && before.starts_with('\u{feff}') {
            column -= 1; // editors do not count a byte order mark
        }
        Position { line, column }
    }

    /// The byte range of a line (counted from 1) without its line end.
    pub fn line(&self, line: usize) -> Option<Range<usize>> {
        let mut start = 0;
        for _ in 1..line {
            start += self.text.get(start..)?.find('\n')? + 1;
        }
        let rest = self.text.get(start..)?;
        let end = rest.find('\n').unwrap_or(rest.len());
        Some(start..start + rest[..end].trim_end_matches('\r').len())
    }

    /// The line end this file uses: that of its first line, `\n` where it has none.
    pub fn line_end(&self) -> &'static str {
        match self.text.find('\n') {
            Some(at) if self.text[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        }
    }
}

/// A byte range in one file of the project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// Path of the source, as in [`Source::path`].
    pub path: Arc<str>,
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The range alone.
    pub fn range(&self) -> Range<usize> {
        self.start..self.end
    }

    /// A part of this span, `range` counted from its start, kept within it.
    pub fn part(&self, range: Range<usize>) -> Self {
        let start = (self.start + range.start).min(self.end);
        let end = (self.start + range.end).clamp(start, self.end);
        Self { path: self.path.clone(), start, end }
    }
}

/// A line and a column, both counted from 1; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

/// A value and the bytes it was read from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spanned<T> {
    /// The value as its format means it (unquoted, unescaped, interpolated).
    pub value: T,
    /// Where it stands, quotes excluded.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value read from `span`.
    pub fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }

    /// The same place with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned { value: change(self.value), span: self.span }
    }
}

impl<T> Deref for Spanned<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// The nearest character boundary at or before `offset`.
fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    offset
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_skip_a_byte_order_mark() {
        let source = Source::new("a", "\u{feff}é: x\r\n\ty: z\r\n");
        assert_eq!(source.position(3), Position { line: 1, column: 1 });
        assert_eq!(source.position(source.text().find('x').unwrap()), Position { line: 1, column: 4 });
        assert_eq!(source.position(source.text().find('y').unwrap()), Position { line: 2, column: 2 });
        assert_eq!(source.line_end(), "\r\n");
    }

    #[test]
    fn lines_end_before_their_line_end() {
        let source = Source::new("a", "one\r\ntwo\nthree");
        let lines: Vec<_> =
            (1..=4).map(|line| source.line(line).map(|range| source.text()[range].to_owned())).collect();
        assert_eq!(lines, [Some("one".into()), Some("two".into()), Some("three".into()), None]);
    }

    #[test]
    fn spans_never_cut_a_character() {
        let source = Source::new("a", "aéb");
        assert_eq!(source.slice(&source.span(0..2)), "a");
        assert_eq!(source.slice(&source.span(1..99)), "éb");
    }

    #[test]
    fn binary_and_other_encodings_are_refused() {
        assert_eq!(Source::from_bytes("a", b"a\0b".to_vec()), Err(Encoding::Binary));
        assert_eq!(Source::from_bytes("a", b"caf\xe9".to_vec()), Err(Encoding::NotUtf8(3)));
        assert_eq!(Source::from_bytes("a.py", b"caf\xe9".to_vec()), Err(Encoding::NotUtf8(3)));
        let declared = b"# coding: latin-1\n# caf\xe9\n";
        assert_eq!(Source::from_bytes("a", declared.to_vec()), Err(Encoding::NotUtf8(23)));
        let decoded = Source::from_bytes("a.py", declared.to_vec()).unwrap();
        assert_eq!((decoded.text(), decoded.is_decoded()), ("# coding: latin-1\n# café\n", true));
        let back: Source = serde_json::from_str(&serde_json::to_string(&decoded).unwrap()).unwrap();
        assert!(back.is_decoded());
    }

    #[test]
    fn recorded_sources_hold_no_secret_and_keep_every_span() {
        let source = Source::new(".env", "URL=postgresql://app:s3cr€t@db/app\nX=1\n");
        let recorded = serde_json::to_string(&source).unwrap();
        assert!(!recorded.contains("s3cr"), "{recorded}");
        let back: Source = serde_json::from_str(&recorded).unwrap();
        assert_eq!(back.text().len(), source.text().len());
        assert_eq!(back.text().find("X=1"), source.text().find("X=1"));
    }

    #[test]
    fn a_part_is_masked_as_the_whole_is() {
        let source = Source::new(".env", "A=1\nURL=postgres://a:hunter2@h/d\nPASSWORD=hunter3\nB=é\n");
        let whole = source.masked();
        assert!(!whole.contains("hunter"), "{whole}");
        for start in 0..whole.len() + 2 {
            for end in start..whole.len() + 2 {
                assert_eq!(source.masked_part(start..end), whole.get(start..end).unwrap_or_default(), "{start}..{end}");
            }
        }
    }
}
