//! Shell command texts: the simple commands in them with their words, as far as they can be told without running anything.
//!
//! It never fails: what it does not know (an unclosed quote, a strange nesting) stays unknown, and what comes before it is
//! still there. `$(…)`, backticks, subshells and the bodies of `if`, `for` and functions are looked into; here-documents
//! and arithmetic are stepped over.

mod unquote;
mod words;

#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

pub use unquote::{Assigned, assignment, has_literal_dollar, unquoted};

/// One simple command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// `NAME=value` words in front of it.
    pub assignments: Vec<Range<usize>>,
    /// Its words as they stand, quotes included. Empty for a line of assignments.
    pub words: Vec<Range<usize>>,
    /// Its redirections: operator and target.
    pub redirections: Vec<(Range<usize>, Range<usize>)>,
    /// Whether it stands between backticks, where quotes mean something else.
    pub in_backticks: bool,
    /// The name of the function whose body it opens.
    pub function: Option<Range<usize>>,
    /// The shells around it that it cannot change, by a number each, the outermost first: `(…)`, `$(…)`, backticks.
    pub subshells: Arc<[usize]>,
}

impl Command {
    /// From its first byte to its last.
    pub fn range(&self) -> Range<usize> {
        let all = || self.assignments.iter().chain(&self.words);
        let start = all().map(|word| word.start).min().unwrap_or(0);
        start..all().map(|word| word.end).max().unwrap_or(start)
    }
}

/// Whether the first word of a command is a shell, by its name or with its folder.
pub fn is_shell(word: &str) -> bool {
    matches!(word.rsplit('/').next(), Some("sh" | "bash" | "zsh" | "ash" | "dash"))
}

/// How deep substitutions and subshells are looked into; what lies deeper is taken as text.
const DEEPEST: usize = 60;

/// Words that open or close something and are followed by a command.
const KEYWORDS: [&str; 13] =
    ["if", "then", "elif", "else", "fi", "while", "until", "do", "done", "esac", "{", "}", "!"];

/// All simple commands of `text`, in the order in which they end.
pub fn commands(text: &str) -> Vec<Command> {
    let mut reader = Reader::new(text, 0..text.len());
    reader.list(None);
    reader.found
}

/// Past a substitution that starts with `$` or a backtick at the start of `range`, kept within it; just past the character
/// when it is none.
fn past_substitution(text: &str, range: Range<usize>) -> usize {
    let mut reader = Reader::new(text, range.clone());
    match text.as_bytes().get(range.start) {
        Some(b'$') => reader.dollar(),
        Some(b'`') => reader.backticks(),
        _ => reader.at += 1,
    }
    reader.at.clamp(range.start + 1, range.end.max(range.start + 1))
}

struct Reader<'text> {
    text: &'text str,
    bytes: &'text [u8],
    at: usize,
    end: usize,
    depth: usize,
    in_backticks: bool,
    /// No `))` starts before this byte, so that looking for one costs nothing again.
    not_closed_before: usize,
    /// Here-documents whose bodies start at the next line: their delimiters, and whether leading tabs go.
    pending: Vec<(String, bool)>,
    /// The name of a function whose body comes next.
    function: Option<Range<usize>>,
    found: Vec<Command>,
    /// The subshells that are open: where each starts.
    subshells: Arc<[usize]>,
}

impl<'text> Reader<'text> {
    fn new(text: &'text str, range: Range<usize>) -> Self {
        let bytes = text.as_bytes();
        let mut reader = Self {
            text,
            bytes,
            at: range.start,
            end: range.end,
            depth: 0,
            in_backticks: false,
            not_closed_before: 0,
            pending: vec![],
            function: None,
            found: vec![],
            subshells: Arc::default(),
        };
        if range.start == 0 && text.starts_with('\u{feff}') {
            reader.at = '\u{feff}'.len_utf8();
        }
        reader
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.bytes.get(self.at + ahead).copied().filter(|_| self.at + ahead < self.end)
    }

    fn slice(&self, range: &Range<usize>) -> &'text str {
        self.text.get(range.clone()).unwrap_or("")
    }

    /// Length of a line end at `ahead`, 0 when there is none.
    fn line_end(&self, ahead: usize) -> usize {
        match (self.peek(ahead), self.peek(ahead + 1)) {
            (Some(b'\n'), _) => 1,
            (Some(b'\r'), Some(b'\n')) => 2,
            _ => 0,
        }
    }

    /// Reads commands up to `closing` or the end.
    fn list(&mut self, closing: Option<u8>) {
        let mut command = Command::default();
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' if self.line_end(1) > 0 => self.at += 1 + self.line_end(1),
                b'\n' => {
                    self.finish(&mut command);
                    self.at += 1;
                    self.here_documents();
                }
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'#' => self.at = self.line_limit(),
                b'&' if self.peek(1) == Some(b'>') => self.redirection(&mut command, self.at),
                b';' | b'&' | b'|' => {
                    self.finish(&mut command);
                    self.at += 1;
                }
                b'(' => self.parenthesis(&mut command),
                b')' => {
                    self.at += 1;
                    if closing == Some(b')') {
                        self.finish(&mut command);
                        return;
                    }
                    command = Command::default(); // the pattern of a `case`
                }
                b'<' | b'>' if self.peek(1) == Some(b'(') => self.word(&mut command),
                b'<' | b'>' => self.redirection(&mut command, self.at),
                _ => self.word(&mut command),
            }
        }
        self.finish(&mut command);
    }

    fn finish(&mut self, command: &mut Command) {
        let mut done = std::mem::take(command);
        let first = done.words.first().map(|word| self.slice(word));
        if matches!(first, Some("for" | "case" | "select" | "function" | "[[")) {
            return;
        }
        if !done.words.is_empty() || !done.assignments.is_empty() {
            done.in_backticks = self.in_backticks;
            done.function = self.function.take();
            done.subshells = Arc::clone(&self.subshells);
            self.found.push(done);
        }
    }

    /// `(` where no word is: a subshell, the parentheses of a function, or those of an array.
    fn parenthesis(&mut self, command: &mut Command) {
        self.at += 1;
        if !command.words.is_empty() {
            self.function = command.words.last().cloned(); // `name()`
            *command = Command::default();
            return;
        }
        if self.depth < DEEPEST {
            self.finish(command);
            self.subshell();
        }
    }

    /// Commands up to `)`, in a shell of their own.
    fn subshell(&mut self) {
        let around = Arc::clone(&self.subshells);
        self.subshells = self.with_subshell();
        self.depth += 1;
        self.list(Some(b')'));
        self.depth -= 1;
        self.subshells = around;
    }

    /// The open subshells and the one that starts here.
    fn with_subshell(&self) -> Arc<[usize]> {
        self.subshells.iter().copied().chain([self.at]).collect()
    }

    fn redirection(&mut self, command: &mut Command, start: usize) {
        while matches!(self.peek(0), Some(b'<' | b'>' | b'&' | b'|')) && self.at - start < 4 {
            self.at += 1;
        }
        let operator = start..self.at;
        let here = self.slice(&operator).trim_start_matches(|digit: char| digit.is_ascii_digit()) == "<<";
        let tabs = here && self.peek(0) == Some(b'-');
        if tabs {
            self.at += 1;
        }
        while matches!(self.peek(0), Some(b' ' | b'\t')) {
            self.at += 1;
        }
        let target = self.span_of_word();
        if here {
            let delimiter: String =
                self.slice(&target).chars().filter(|quote| !matches!(quote, '\'' | '"' | '\\')).collect();
            self.pending.push((delimiter, tabs));
        }
        command.redirections.push((operator, target));
    }

    /// Steps over the bodies of here-documents that start here.
    fn here_documents(&mut self) {
        for (delimiter, tabs) in std::mem::take(&mut self.pending) {
            while self.at < self.end {
                let limit = self.line_limit();
                let line = self.slice(&(self.at..limit)).trim_end_matches('\r');
                let line = if tabs { line.trim_start_matches('\t') } else { line };
                let over = line == delimiter;
                self.at = (limit + 1).min(self.end);
                if over {
                    break;
                }
            }
        }
    }

    fn line_limit(&self) -> usize {
        let rest = self.bytes.get(self.at..self.end).unwrap_or_default();
        rest.iter().position(|byte| *byte == b'\n').map_or(self.end, |newline| self.at + newline)
    }

    fn word(&mut self, command: &mut Command) {
        let word = self.span_of_word();
        if word.is_empty() {
            self.at += 1; // whatever it is, it must not stop the reading
            return;
        }
        let text = self.slice(&word);
        if matches!(self.peek(0), Some(b'<' | b'>')) && text.bytes().all(|digit| digit.is_ascii_digit()) {
            return self.redirection(command, word.start);
        }
        if command.words.is_empty() {
            if KEYWORDS.contains(&text) && command.assignments.is_empty() {
                return;
            }
            if assignment(text).is_some() {
                if text.ends_with('=') && self.peek(0) == Some(b'(') {
                    return self.array();
                }
                command.assignments.push(word);
                return;
            }
        }
        if text == "{" && command.words.first().is_some_and(|first| self.slice(first) == "function") {
            self.function = command.words.last().cloned();
            *command = Command::default();
            return;
        }
        command.words.push(word);
    }

    /// `NAME=(…)`: its words are no commands.
    fn array(&mut self) {
        self.at += 1;
        while !matches!(self.peek(0), None | Some(b')')) {
            if self.span_of_word().is_empty() {
                self.at += 1;
            }
        }
        self.at = (self.at + 1).min(self.end);
    }
}
