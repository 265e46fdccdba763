//! Reads one word of a shell text: its quotes, and the commands in its substitutions.

use std::ops::Range;

use super::{DEEPEST, Reader};

impl Reader<'_> {
    /// Reads one word with all its quotes and substitutions.
    pub(super) fn span_of_word(&mut self) -> Range<usize> {
        let start = self.at;
        while let Some(byte) = self.peek(0) {
            match byte {
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b')' => break,
                b'\r' if self.line_end(0) > 0 => break,
                b'<' | b'>' if self.peek(1) == Some(b'(') && self.at == start => {
                    self.at += 2;
                    self.nested();
                }
                b'(' | b'<' | b'>' => break,
                b'\\' if self.line_end(1) > 0 => self.at += 1 + self.line_end(1),
                b'\\' => self.at += 2,
                b'\'' => self.single_quoted(),
                b'"' => self.double_quoted(),
                b'$' => self.dollar(),
                b'`' => self.backticks(),
                _ => self.at += 1,
            }
        }
        self.at = self.at.min(self.end);
        // An escape at the very end may have stepped into a character.
        while !self.text.is_char_boundary(self.at) {
            self.at += 1;
        }
        start..self.at
    }

    fn single_quoted(&mut self) {
        self.at += 1;
        let rest = self.bytes.get(self.at..self.end).unwrap_or_default();
        let length = rest.iter().position(|byte| *byte == b'\'').map_or(rest.len(), |quote| quote + 1);
        self.at += length;
    }

    fn double_quoted(&mut self) {
        self.at += 1;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'"' => {
                    self.at += 1;
                    return;
                }
                b'\\' => self.at += 2,
                b'$' => self.dollar(),
                b'`' => self.backticks(),
                _ => self.at += 1,
            }
        }
    }

    pub(super) fn dollar(&mut self) {
        match (self.peek(1), self.peek(2)) {
            (Some(b'('), third) => match (third == Some(b'(')).then(|| self.arithmetic_end()).flatten() {
                Some(end) => self.at = end,
                None => {
                    self.at += 2;
                    self.nested();
                }
            },
            (Some(b'{'), _) => {
                self.at += 2;
                self.braces();
            }
            (Some(b'\''), _) => {
                self.at += 2;
                while let Some(byte) = self.peek(0) {
                    self.at += if byte == b'\\' { 2 } else { 1 };
                    if byte == b'\'' {
                        return;
                    }
                }
            }
            _ => self.at += 1,
        }
    }

    fn nested(&mut self) {
        if self.depth < DEEPEST {
            self.depth += 1;
            self.list(Some(b')'));
            self.depth -= 1;
        }
    }

    /// Past `$((…))` in this line, if it is closed.
    fn arithmetic_end(&mut self) -> Option<usize> {
        let start = self.at.max(self.not_closed_before);
        let near = self.bytes.get(start..self.end.min(self.at + 1000))?;
        let line = near.split(|byte| *byte == b'\n').next()?;
        let close = line.windows(2).position(|pair| pair == b"))");
        if close.is_none() {
            self.not_closed_before = start + line.len().saturating_sub(1);
        }
        close.map(|close| start + close + 2)
    }

    fn braces(&mut self) {
        if self.depth >= DEEPEST {
            return;
        }
        self.depth += 1;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'}' => {
                    self.at += 1;
                    break;
                }
                b'\\' => self.at += 2,
                b'"' => self.double_quoted(),
                b'$' => self.dollar(),
                b'`' => self.backticks(),
                b'\n' => break, // unclosed: it must not swallow the rest of the file
                _ => self.at += 1,
            }
        }
        self.depth -= 1;
    }

    pub(super) fn backticks(&mut self) {
        let start = self.at + 1;
        let mut close = start;
        while close < self.end && self.bytes.get(close) != Some(&b'`') {
            close += if self.bytes.get(close) == Some(&b'\\') { 2 } else { 1 };
        }
        let close = close.min(self.end);
        if !self.in_backticks && self.depth < DEEPEST {
            let mut inner = Reader::new(self.text, start..close);
            (inner.depth, inner.in_backticks) = (self.depth + 1, true);
            inner.list(None);
            self.found.append(&mut inner.found);
        }
        self.at = close + 1;
    }
}
