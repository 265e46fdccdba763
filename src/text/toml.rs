//! TOML with the bytes of every value: a thin layer over `toml_edit`.

pub mod hooks;

use std::ops::Range;

use toml_edit::{Document, Item, Value};

use super::SyntaxError;

/// How deep arrays and tables may lie in each other before a file is refused.
const MAX_DEPTH: usize = 80;

/// A parsed TOML file.
#[derive(Clone, Debug)]
pub struct Toml {
    document: Document<String>,
}

/// A string of a TOML file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// What it means, unescaped.
    pub value: String,
    /// Its bytes, quotes excluded.
    pub range: Range<usize>,
}

/// Reads a TOML file.
///
/// # Errors
/// Where the parser gives up.
pub fn parse(text: &str) -> Result<Toml, SyntaxError> {
    if let Some(offset) = too_deep(text) {
        return Err(SyntaxError::new(offset, "brackets lie in each other too deeply"));
    }
    match Document::parse(text.to_owned()) {
        Ok(document) => Ok(Toml { document }),
        Err(error) => {
            let offset = error.span().map_or(0, |span| span.start).min(text.len());
            let message = error.message().lines().next().unwrap_or("cannot be read").to_owned();
            Err(SyntaxError::new(offset, message))
        }
    }
}

/// Where brackets lie deeper in each other than any person writes; brackets in strings count too, which no real file feels.
fn too_deep(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    text.bytes().enumerate().find_map(|(offset, byte)| {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'\n' if depth > MAX_DEPTH => return Some(offset),
            _ => {}
        }
        (depth > MAX_DEPTH * 4).then_some(offset)
    })
}

impl Toml {
    /// The item at a path of keys.
    fn item(&self, path: &[&str]) -> Option<&Item> {
        path.iter().try_fold(self.document.as_item(), |item, key| item.get(key))
    }

    /// Whether there is something at a path of keys.
    pub fn has(&self, path: &[&str]) -> bool {
        self.item(path).is_some()
    }

    /// The keys of the table at a path.
    pub fn keys(&self, path: &[&str]) -> Vec<String> {
        let table = self.item(path).and_then(Item::as_table_like);
        table.map(|table| table.iter().map(|(key, _)| key.to_owned()).collect()).unwrap_or_default()
    }

    /// The whole number at a path of keys.
    pub fn number(&self, path: &[&str]) -> Option<usize> {
        self.item(path).and_then(Item::as_integer).and_then(|number| usize::try_from(number).ok())
    }

    /// Whether `true` stands at a path of keys.
    pub fn flag(&self, path: &[&str]) -> bool {
        self.item(path).and_then(Item::as_bool).unwrap_or(false)
    }

    /// The string at a path of keys.
    pub fn text(&self, path: &[&str]) -> Option<Text> {
        self.string(self.item(path)?.as_value()?)
    }

    /// All strings of the array at a path of keys.
    pub fn texts(&self, path: &[&str]) -> Vec<Text> {
        let Some(array) = self.item(path).and_then(Item::as_array) else {
            return vec![];
        };
        array.iter().filter_map(|value| self.string(value)).collect()
    }

    /// All strings below a path of keys, each with the keys that lead to it from there; a place in an array is its number.
    pub fn texts_below(&self, path: &[&str]) -> Vec<(Vec<String>, Text)> {
        let mut found = vec![];
        if let Some(item) = self.item(path) {
            self.collect(item, &mut vec![], &mut found);
        }
        found
    }

    fn collect(&self, item: &Item, keys: &mut Vec<String>, found: &mut Vec<(Vec<String>, Text)>) {
        if let Some(table) = item.as_table_like() {
            for (key, inner) in table.iter() {
                keys.push(key.to_owned());
                self.collect(inner, keys, found);
                keys.pop();
            }
        } else if let Some(tables) = item.as_array_of_tables() {
            for (index, table) in tables.iter().enumerate() {
                keys.push(index.to_string());
                for (key, inner) in table.iter() {
                    keys.push(key.to_owned());
                    self.collect(inner, keys, found);
                    keys.pop();
                }
                keys.pop();
            }
        } else if let Some(value) = item.as_value() {
            self.collect_value(value, keys, found);
        }
    }

    fn collect_value(&self, value: &Value, keys: &mut Vec<String>, found: &mut Vec<(Vec<String>, Text)>) {
        let mut inner = |key: String, value: &Value| {
            keys.push(key);
            self.collect_value(value, keys, found);
            keys.pop();
        };
        match value {
            Value::Array(array) => array.iter().enumerate().for_each(|(index, value)| inner(index.to_string(), value)),
            Value::InlineTable(table) => table.iter().for_each(|(key, value)| inner(key.to_owned(), value)),
            value => found.extend(self.string(value).map(|text| (keys.clone(), text))),
        }
    }

    fn string(&self, value: &Value) -> Option<Text> {
        let text = value.as_str()?;
        let span = value.span()?;
        let written = self.document.raw().get(span.clone())?;
        let quotes =
            if written.len() >= 6 && (written.starts_with("\"\"\"") || written.starts_with("'''")) { 3 } else { 1 };
        let range = (span.start + quotes).min(span.end)..span.end.saturating_sub(quotes).max(span.start + quotes);
        Some(Text { value: text.to_owned(), range })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_keep_their_places() {
        let text = "# é\n[tool.alembic]\nscript_location = \"%(here)s/é\"\nx = ['a', \"b\\\"\"]\n[tool.alembic.deep]\n";
        let toml = parse(text).unwrap();
        let found = toml.text(&["tool", "alembic", "script_location"]).unwrap();
        assert_eq!((found.value.as_str(), &text[found.range]), ("%(here)s/é", "%(here)s/é"));
        let strings = toml.texts(&["tool", "alembic", "x"]);
        assert_eq!((strings[1].value.as_str(), &text[strings[1].range.clone()]), ("b\"", "b\\\""));
        assert_eq!(toml.keys(&["tool", "alembic"]), ["script_location", "x", "deep"]);
    }

    #[test]
    fn errors_have_a_place() {
        let error = parse("a = 1\nb = \n").unwrap_err();
        assert_eq!(error.offset, 10, "{error:?}");
    }

    #[test]
    fn any_text_is_read_or_refused() {
        let whole = "\u{feff}[a]\r\nb = \"\"\"é\"\"\"\r\nc = [{d = 1}, 'x']\r\n";
        for end in (0..=whole.len()).filter(|end| whole.is_char_boundary(*end)) {
            let _ = parse(&whole[..end]);
        }
        for text in [
            "a = ".to_owned() + &"[".repeat(1_000_000),
            "[".repeat(100),
            "a.".repeat(100_000) + "b = 1",
            "a = {b = ".repeat(70),
        ] {
            let _ = parse(&text);
        }
        assert!(parse(&"# x\n".repeat(250_000)).is_ok());
    }
}
