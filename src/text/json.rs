//! JSON: the strings of an object with the place of every byte, escapes included; and whole files that people comment.

mod commented;

pub use commented::{Value, commented};

use std::ops::Range;

use super::{Mapped, Source, SyntaxError};

/// The entries of the object at `key` of the top object whose values are strings, in order: the name and the value.
///
/// # Errors
/// When the text is no JSON.
pub fn strings_of(source: &Source, key: &str) -> Result<Vec<(String, Mapped)>, SyntaxError> {
    let text = source.text();
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let body = text.get(start..).unwrap_or("");
    serde_json::from_str::<serde::de::IgnoredAny>(body).map_err(|error| syntax_error(body, start, &error))?;
    // From here on the text is known to be well formed, so that scanning needs no second grammar.
    let mut scanner = Scanner { source, text, at: start };
    let mut found = vec![];
    let Some(object) = scanner
        .entries()
        .and_then(|entries| entries.into_iter().rev().find(|(name, _)| name.text() == key).map(|(_, value)| value))
    else {
        return Ok(found);
    };
    scanner.at = object.start;
    for (name, value) in scanner.entries().unwrap_or_default() {
        scanner.at = value.start;
        if let Some(text) = scanner.string() {
            found.push((name.text().to_owned(), text));
        }
    }
    Ok(found)
}

fn syntax_error(body: &str, start: usize, error: &serde_json::Error) -> SyntaxError {
    let line_start: usize = body.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let mut offset = (line_start + error.column().saturating_sub(1)).min(body.len());
    while !body.is_char_boundary(offset) {
        offset -= 1;
    }
    let message = error.to_string();
    let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(message, _)| message);
    SyntaxError::new(start + offset, message.to_owned())
}

struct Scanner<'source> {
    source: &'source Source,
    /// The text to go by: the source's, byte for byte, but for what is no JSON.
    text: &'source str,
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    /// The entries of the object that starts here: each key and the bytes of its value.
    fn entries(&mut self) -> Option<Vec<(Mapped, Range<usize>)>> {
        self.blanks();
        if self.peek() != Some(b'{') {
            return None;
        }
        self.at += 1;
        let mut entries = vec![];
        loop {
            self.blanks();
            match self.peek()? {
                b'}' => return Some(entries),
                b',' => self.at += 1,
                _ => {
                    let key = self.string()?;
                    self.blanks();
                    self.at += 1; // the colon
                    self.blanks();
                    let start = self.at;
                    self.skip_value();
                    entries.push((key, start..self.at));
                }
            }
        }
    }

    /// Steps over a value: up to the comma or bracket that ends it.
    fn skip_value(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.skip_string();
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' if depth == 0 => return,
                b'}' | b']' => depth -= 1,
                b',' if depth == 0 => return,
                _ => {}
            }
            self.at += 1;
        }
    }

    fn skip_string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.peek() {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                return;
            }
        }
    }

    /// The string that starts here, unescaped.
    fn string(&mut self) -> Option<Mapped> {
        if self.peek() != Some(b'"') {
            return None;
        }
        let start = self.at + 1;
        self.skip_string();
        let end = self.at.saturating_sub(1);
        let text = self.text;
        let mut made = Mapped::default();
        let mut at = start;
        while at < end {
            let rest = text.get(at..end)?;
            let plain = rest.find('\\').unwrap_or(rest.len());
            made.push_literal(rest.get(..plain)?, self.source.span(at..at + plain));
            at += plain;
            if at < end {
                let mut length = if text.get(at + 1..at + 2) == Some("u") { 6 } else { 2 };
                if length == 6 && text.get(at + 6..at + 8) == Some("\\u") {
                    let pair = text.get(at..at + 12).and_then(unescaped);
                    length = if pair.is_some() { 12 } else { 6 };
                }
                let escape = text.get(at..(at + length).min(end)).unwrap_or("");
                let decoded = unescaped(escape).unwrap_or_else(|| "\u{fffd}".to_owned());
                // Two escapes of single characters were taken at once: each byte still stands for both.
                made.push_decoded(&decoded, self.source.span(at..at + length));
                at += length;
            }
        }
        Some(made)
    }
}

/// The string that stands between quotes at `range`, unescaped, every byte with its place.
pub fn unquoted(source: &Source, range: Range<usize>) -> Option<Mapped> {
    let text = source.text().get(..range.end + 1)?;
    Scanner { source, text, at: range.start.checked_sub(1)? }.string()
}

/// What an escape stands for.
fn unescaped(escape: &str) -> Option<String> {
    serde_json::from_str(&format!("\"{escape}\"")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scripts(text: &str) -> Vec<(String, String)> {
        let found = strings_of(&Source::new("package.json", text), "scripts").unwrap_or_default();
        found.into_iter().map(|(name, value)| (name, value.text().to_owned())).collect()
    }

    #[test]
    fn strings_are_unescaped_and_every_byte_keeps_its_place() {
        let text = "\u{feff}{\r\n \"x\": [{\"scripts\": {\"no\": \"no\"}}],\r\n \"scripts\": {\"a\": \"b \\\"c\\\" \\u00e9\\ud83d\\ude00 d\", \"e\": 1}}";
        let source = Source::new("package.json", text);
        let found = strings_of(&source, "scripts").unwrap();
        assert_eq!(found.len(), 1);
        let value = &found[0].1;
        assert_eq!(value.text(), "b \"c\" é😀 d");
        let at = value.text().find('d').unwrap();
        assert_eq!(value.place(at..at + 1).map(|place| place.start), text.find(" d\"").map(|found| found + 1));
        assert_eq!(value.place(2..5).map(|place| source.slice(&place).to_owned()).as_deref(), Some("\\\"c\\\""));
    }

    #[test]
    fn other_shapes_have_no_scripts() {
        for text in ["[]", "{}", "1", "\"scripts\"", "{\"scripts\": []}", "{\"scripts\": {\"a\": {}}}"] {
            assert_eq!(scripts(text), []);
        }
        assert_eq!(scripts("{\"scripts\": {}, \"scripts\": {\"a\": \"b\"}}"), [("a".to_owned(), "b".to_owned())]);
    }

    #[test]
    fn errors_tell_their_place() {
        let error = strings_of(&Source::new("package.json", "{\n  \"a\": é\n}"), "scripts").unwrap_err();
        assert_eq!((error.offset, error.message.as_str()), (9, "expected value"));
    }

    #[test]
    fn bad_json_of_any_kind_is_an_error_and_no_panic() {
        let whole = "{\"é\": [1, {\"x\": \"\\u00e9\\\\\"}], \"scripts\": {\"a\": \"docker \\\"é\\\" \\ud83d\\ude00\"}}";
        for (at, _) in whole.char_indices() {
            let _ = (scripts(&whole[..at]), scripts(&whole[at..]));
        }
        let _ = scripts(&"[".repeat(1_000_000));
        let _ = scripts(&format!(
            "{{\"scripts\": {{{}\"z\": \"\"}}}}",
            "\"a\": \"docker \\\"exec\\\" a\",\n".repeat(30_000)
        ));
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "([ab]|é|\\{|\\}|\\[|\\]|\"|\"scripts\"|:|,|\\\\|\\\\u00e9|\\\\ud83d| |1){0,60}") {
            let _ = scripts(&text);
        }
    }
}
