//! Takes the quotes off a shell word, variables and substitutions left as written.

use std::ops::Range;

use super::past_substitution;
use crate::text::Mapped;

/// Name and value of an assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigned<'text> {
    /// The name.
    pub name: &'text str,
    /// Whether the value is added to the former one (`+=`).
    pub appends: bool,
    /// Where the value starts in the word.
    pub value_at: usize,
}

/// Reads `NAME=value` and `NAME+=value`.
pub fn assignment(word: &str) -> Option<Assigned<'_>> {
    let equals = word.find('=')?;
    let (name, appends) = match word.get(..equals)?.strip_suffix('+') {
        Some(name) => (name, true),
        None => (word.get(..equals)?, false),
    };
    let named = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.bytes().next().is_some_and(|first| !first.is_ascii_digit());
    named.then_some(Assigned { name, appends, value_at: equals + 1 })
}

/// The word as the command gets it: quotes and escapes taken off, `$NAME`, `$(…)` and the like left as they stand.
pub fn unquoted(text: &Mapped, word: Range<usize>) -> Mapped {
    let mut plain = Mapped::default();
    let mut reader = Unquoter { text, at: word.start, end: word.end, kept: word.start };
    reader.run(&mut plain);
    plain
}

/// Whether quotes or a backslash take the meaning from a `$` or a backtick in a word as written.
pub fn has_literal_dollar(word: &str) -> bool {
    let (mut double, mut single) = (false, false);
    let mut bytes = word.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\'' if !double => single = !single,
            b'"' if !single => double = !double,
            b'$' | b'`' if single => return true,
            b'\\' if !single && matches!(bytes.next(), Some(b'$' | b'`')) => return true,
            _ => {}
        }
    }
    false
}

struct Unquoter<'text> {
    text: &'text Mapped,
    at: usize,
    end: usize,
    /// Bytes from here on belong to the word and are not copied yet.
    kept: usize,
}

impl Unquoter<'_> {
    fn byte(&self, at: usize) -> Option<u8> {
        self.text.text().as_bytes().get(at).copied().filter(|_| at < self.end)
    }

    /// Copies what is kept up to `at` and goes on at `next`.
    fn copy(&mut self, plain: &mut Mapped, at: usize, next: usize) {
        plain.push_part(self.text, self.kept..at.min(self.end), None);
        (self.at, self.kept) = (next, next);
    }

    fn run(&mut self, plain: &mut Mapped) {
        let mut double = false;
        while let Some(byte) = self.byte(self.at) {
            let at = self.at;
            match byte {
                b'"' => {
                    double = !double;
                    self.copy(plain, at, at + 1);
                }
                b'\'' if !double => {
                    self.copy(plain, at, at + 1);
                    while self.byte(self.at).is_some_and(|inner| inner != b'\'') {
                        self.at += 1;
                    }
                    self.copy(plain, self.at, self.at + 1);
                }
                b'\\' => match self.byte(at + 1) {
                    Some(b'\n') => self.copy(plain, at, at + 2),
                    Some(b'\r') if self.byte(at + 2) == Some(b'\n') => self.copy(plain, at, at + 3),
                    Some(b'"' | b'\\' | b'$' | b'`') => {
                        self.copy(plain, at, at + 1);
                        self.at = at + 2;
                    }
                    Some(_) if !double => {
                        self.copy(plain, at, at + 1);
                        self.at = at + 2;
                    }
                    _ => self.at += 1,
                },
                b'$' if !double && self.byte(at + 1) == Some(b'\'') => self.copy(plain, at, at + 1),
                b'$' | b'`' => self.at = past_substitution(self.text.text(), at..self.end),
                _ => self.at += 1,
            }
        }
        let end = self.end;
        self.copy(plain, end, end);
    }
}
