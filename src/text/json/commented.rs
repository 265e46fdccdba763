//! JSON as editors take it: with comments, and with a comma behind the last value.

use std::ops::Range;

use super::{Scanner, syntax_error};
use crate::text::{Mapped, Source, Span, SyntaxError};

/// A value of a JSON file.
#[derive(Clone, Debug)]
pub enum Value {
    /// A string, every byte with its place.
    String(Mapped),
    /// A list.
    Array(Vec<Value>),
    /// Names with values, in order.
    Object(Vec<(String, Value)>),
    /// A truth value.
    Truth(bool, Span),
    /// A number, null, and what lies too deep to matter.
    Other,
}

/// How deep values are read.
const DEEPEST: usize = 40;

/// Reads a whole file.
///
/// # Errors
/// When the text is no JSON, even without its comments.
pub fn commented(source: &Source) -> Result<Value, SyntaxError> {
    let start = if source.text().starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let text = bare(source.text(), start);
    let body = text.get(start..).unwrap_or("");
    serde_json::from_str::<serde::de::IgnoredAny>(body).map_err(|error| syntax_error(body, start, &error))?;
    Ok(Scanner { source, text: &text, at: start }.value(0))
}

/// The text with blanks for comments and for commas behind the last value, so that every other byte stays at its place.
fn bare(text: &str, start: usize) -> String {
    let bytes = text.as_bytes();
    let mut blank: Vec<Range<usize>> = vec![];
    let mut comma: Option<usize> = None;
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        let rest = text.get(at + 1..);
        let length = match byte {
            b'"' => {
                let mut end = at + 1;
                while !matches!(bytes.get(end), None | Some(b'"')) {
                    end += if bytes.get(end) == Some(&b'\\') { 2 } else { 1 };
                }
                comma = None;
                end + 1 - at
            }
            b'/' if bytes.get(at + 1) == Some(&b'/') => {
                let length = rest.and_then(|rest| rest.find('\n')).map_or(text.len() - at, |found| found + 1);
                blank.push(at..at + length);
                length
            }
            b'/' if bytes.get(at + 1) == Some(&b'*') => {
                let length =
                    text.get(at + 2..).and_then(|rest| rest.find("*/")).map_or(text.len() - at, |found| found + 4);
                blank.push(at..at + length);
                length
            }
            b']' | b'}' => {
                blank.extend(comma.take().map(|comma| comma..comma + 1));
                1
            }
            b',' => {
                comma = Some(at);
                1
            }
            byte if byte.is_ascii_whitespace() => 1,
            _ => {
                comma = None;
                1
            }
        };
        at += length;
    }
    blank.sort_by_key(|range| range.start);
    let (mut made, mut kept) = (String::with_capacity(text.len()), 0);
    for range in blank {
        made.push_str(text.get(kept..range.start).unwrap_or(""));
        // Line ends stay, for the places of errors.
        let bytes = text.get(range.clone()).unwrap_or("").bytes();
        made.extend(bytes.map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
        kept = range.end;
    }
    made.push_str(text.get(kept..).unwrap_or(""));
    made
}

impl Scanner<'_> {
    /// The value that starts here.
    fn value(&mut self, depth: usize) -> Value {
        self.blanks();
        match self.peek() {
            Some(b'"') => self.string().map_or(Value::Other, Value::String),
            Some(b'{') if depth < DEEPEST => {
                let mut entries = vec![];
                for (name, range) in self.entries().unwrap_or_default() {
                    let after = std::mem::replace(&mut self.at, range.start);
                    entries.push((name.text().to_owned(), self.value(depth + 1)));
                    self.at = after;
                }
                Value::Object(entries)
            }
            Some(b'[') if depth < DEEPEST => {
                let mut items = vec![];
                self.at += 1;
                loop {
                    self.blanks();
                    match self.peek() {
                        None => break,
                        Some(b']') => {
                            self.at += 1;
                            break;
                        }
                        Some(b',') => self.at += 1,
                        Some(_) => {
                            let start = self.at;
                            self.skip_value();
                            let after = std::mem::replace(&mut self.at, start);
                            items.push(self.value(depth + 1));
                            self.at = after;
                        }
                    }
                }
                Value::Array(items)
            }
            _ => {
                let start = self.at;
                self.skip_value();
                let place = |length: usize| self.source.span(start..start + length);
                match self.text.get(start..).unwrap_or("") {
                    rest if rest.starts_with("true") => Value::Truth(true, place(4)),
                    rest if rest.starts_with("false") => Value::Truth(false, place(5)),
                    _ => Value::Other,
                }
            }
        }
    }
}

impl Value {
    /// The value of a name; the last one, as programs take it.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.entries().iter().rev().find(|(own, _)| own == name).map(|(_, value)| value)
    }

    /// The entries of an object; none for anything else.
    pub fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Object(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; none for anything else.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }

    /// The string.
    pub fn string(&self) -> Option<&Mapped> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Value, SyntaxError> {
        commented(&Source::new("a.json", text))
    }

    #[test]
    fn comments_and_last_commas_are_no_part_of_it() {
        let text = "\u{feff}// é\r\n{ /* \" */ \"a\": [1, \"x // y\\\" , ]\", {\"b\": null,},], // ]\n  \"c\": \"é\", /* , */ }\n";
        let source = Source::new("a.json", text);
        let value = commented(&source).unwrap();
        let items = value.get("a").unwrap().items();
        assert_eq!(items[1].string().unwrap().text(), "x // y\" , ]");
        assert_eq!((items.len(), items[2].entries().len()), (3, 1));
        let found = value.get("c").unwrap().string().unwrap();
        assert_eq!((found.text(), source.slice(&found.place(0..2).unwrap())), ("é", "é"));
        assert!(read("{\"a\": 1,, }").is_err() && read("").is_err());
        assert_eq!(read("{ // é\n  \"a\": x }").unwrap_err().offset, 15);
    }

    #[test]
    fn what_is_deep_or_cut_is_read_or_refused() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(&deep).is_ok());
        let whole = "{\"é\": [1, /* é */ {\"x\": \"\\u00e9\\\\\",},], // é\n}";
        for (at, _) in whole.char_indices() {
            let _ = (read(&whole[..at]), read(&whole[at..]));
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text in "([ab]|é|\\{|\\}|\\[|\\]|\"|:|,|\\\\|/|\\*|\n| |1){0,60}") {
            let _ = read(&text);
        }

        #[test]
        fn without_comments_it_is_what_it_is(text in "(\"(a|é|/|\\*|,|\\\\n)*\"[,:]|[\\[\\]{}1 \n])*") {
            let plain = serde_json::from_str::<serde_json::Value>(&text);
            if plain.is_ok() {
                proptest::prop_assert_eq!(bare(&text, 0), text);
            }
        }
    }
}
