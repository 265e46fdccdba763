//! `.env` files by Compose's rules: quotes, escapes, `export`, comments, interpolation, values over several lines.

use std::collections::BTreeMap;
use std::ops::Range;

use super::interpolate::interpolate;
use super::{Source, Spanned, SyntaxError};

/// What a `.env` file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dotenv {
    /// The variables in order; of those with the same name the last one counts.
    pub variables: Vec<Variable>,
    /// Where reading ended early, and why. Compose refuses the whole file then.
    pub error: Option<SyntaxError>,
}

/// One variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub key: Spanned<String>,
    /// Its value, unquoted and interpolated; the span is the text between the quotes. `None` for a name alone, which takes
    /// the value of the environment.
    pub value: Option<Spanned<String>>,
    /// How the value is quoted.
    pub quote: Quote,
    /// Variables that the value names and that are set nowhere.
    pub unset: Vec<String>,
}

/// How a value is quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quote {
    /// Without quotes: ends at the line's end or at ` #`.
    None,
    /// `'…'`: no interpolation.
    Single,
    /// `"…"`: with escapes.
    Double,
}

impl Dotenv {
    /// The variable of a name that counts.
    pub fn get(&self, name: &str) -> Option<&Variable> {
        self.variables.iter().rev().find(|variable| variable.key.value == name)
    }
}

/// Reads a `.env` file. `environment` answers what variables of its values mean, before those of the file itself.
pub fn parse(source: &Source, environment: &dyn Fn(&str) -> Option<String>) -> Dotenv {
    parse_after(source, environment, &BTreeMap::new())
}

/// Reads a `.env` file after others: its values may name the variables that `earlier` files have set.
pub fn parse_after(
    source: &Source,
    environment: &dyn Fn(&str) -> Option<String>,
    earlier: &BTreeMap<String, String>,
) -> Dotenv {
    let text = source.text();
    let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut reader = Reader { source, text, at, known: earlier.clone(), environment };
    let mut read = Dotenv::default();
    loop {
        match reader.variable() {
            Ok(Some(variable)) => read.variables.extend(variable),
            Ok(None) => return read,
            Err(error) => {
                read.error = Some(error);
                return read;
            }
        }
    }
}

struct Reader<'text> {
    source: &'text Source,
    text: &'text str,
    at: usize,
    /// What the file has said so far.
    known: BTreeMap<String, String>,
    environment: &'text dyn Fn(&str) -> Option<String>,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// The next statement: `None` at the end of the file, `Some(None)` for one that sets nothing.
    fn variable(&mut self) -> Result<Option<Option<Variable>>, SyntaxError> {
        self.skip(char::is_whitespace);
        while self.rest().starts_with('#') {
            self.skip(|character| character != '\n');
            self.skip(char::is_whitespace);
        }
        if self.rest().is_empty() {
            return Ok(None);
        }
        if self.rest().strip_prefix("export").is_some_and(|rest| rest.starts_with(char::is_whitespace)) {
            self.at += "export".len();
            self.skip(is_blank);
        }
        let (name, end) = self.name()?;
        self.skip(is_blank);
        let Some(end) = end else {
            // A last word without a line end: Compose gives it to the variable without a name.
            self.at = self.text.len();
            return Ok(Some(None));
        };
        let key = Spanned::new(self.source.span(name.clone()), self.source.span(name.clone()));
        let key = key.map(|_| self.text.get(name.clone()).unwrap_or("").to_owned());
        if key.value.is_empty() && end == '\n' {
            return Ok(Some(None));
        }
        if key.value.contains(' ') {
            return Err(SyntaxError::new(name.start, "a key cannot contain a space"));
        }
        if end == '\n' {
            if let Some(value) = (self.environment)(&key.value) {
                self.known.insert(key.value.clone(), value);
            }
            return Ok(Some(Some(Variable { key, value: None, quote: Quote::None, unset: vec![] })));
        }
        let (value, quote, unset) = self.value()?;
        self.known.insert(key.value.clone(), value.value.clone());
        let variable = Variable { key, value: Some(value), quote, unset };
        Ok(Some(Some(variable).filter(|variable| !variable.key.value.is_empty())))
    }

    fn skip(&mut self, wanted: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.at += rest.find(|character| !wanted(character)).unwrap_or(rest.len());
    }

    /// The range of the name, and the character that ended it.
    fn name(&mut self) -> Result<(Range<usize>, Option<char>), SyntaxError> {
        let start = self.at;
        for (offset, character) in self.rest().char_indices() {
            match character {
                '=' | ':' | '\n' => {
                    let name = self.text.get(start..start + offset).unwrap_or("").trim_end();
                    self.at = start + offset + 1;
                    return Ok((start..start + name.len(), Some(character)));
                }
                '_' | '.' | '-' | '[' | ']' => {}
                _ if is_blank(character) || character.is_alphanumeric() => {}
                _ => {
                    let message = format!("unexpected character `{}` in a variable name", character.escape_debug());
                    return Err(SyntaxError::new(start + offset, message));
                }
            }
        }
        Ok((start..self.text.len(), None))
    }

    fn value(&mut self) -> Result<(Spanned<String>, Quote, Vec<String>), SyntaxError> {
        let quote = match self.rest().chars().next() {
            Some('\'') => Quote::Single,
            Some('"') => Quote::Double,
            _ => Quote::None,
        };
        if quote == Quote::None {
            let line = self.rest().split('\n').next().unwrap_or("");
            let value = line.split(" #").next().unwrap_or("").trim_end();
            let range = self.at..self.at + value.len();
            let (value, unset) = self.interpolated(value, &range)?;
            self.at = (self.at + line.len() + 1).min(self.text.len());
            return Ok((Spanned::new(value, self.source.span(range)), quote, unset));
        }
        let mark = if quote == Quote::Single { '\'' } else { '"' };
        let start = self.at + 1;
        let mut value = String::new();
        let mut escaped = false;
        for (offset, character) in self.text.get(start..).unwrap_or("").char_indices() {
            match character {
                _ if character == mark && !escaped => {
                    let range = start..start + offset;
                    self.at = range.end + 1;
                    let (value, unset) = match quote {
                        Quote::Double => self.interpolated(&unescaped(&value), &range)?,
                        _ => (value, vec![]),
                    };
                    return Ok((Spanned::new(value, self.source.span(range)), quote, unset));
                }
                '\\' if !escaped => escaped = true,
                _ => {
                    if escaped && character != mark {
                        value.push('\\');
                    }
                    escaped = false;
                    value.push(character);
                }
            }
        }
        Err(SyntaxError::new(self.at, "unterminated quoted value"))
    }

    fn interpolated(&self, value: &str, range: &Range<usize>) -> Result<(String, Vec<String>), SyntaxError> {
        let lookup = |name: &str| (self.environment)(name).or_else(|| self.known.get(name).cloned());
        match interpolate(value, &lookup) {
            Ok(result) => Ok((result.text, result.unset.into_iter().map(|(name, _)| name).collect())),
            Err(error) => {
                let raw = self.text.get(range.clone()) == Some(value);
                let offset = if raw { error.range.start } else { 0 };
                Err(SyntaxError::new(range.start + offset, error.message))
            }
        }
    }
}

/// White space that ends no line.
fn is_blank(character: char) -> bool {
    matches!(character, '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}')
}

/// Replaces the escapes that Compose knows between double quotes: `\a \b \c \f \n \r \t \v \\ \" \$` and octal ones.
fn unescaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(found) = rest.find('\\') {
        result.push_str(&rest[..found]);
        let behind = &rest[found + 1..];
        let (new, length) = match behind.chars().next() {
            Some('a') => ("\u{7}".to_owned(), 1),
            Some('b') => ("\u{8}".to_owned(), 1),
            Some('f') => ("\u{c}".to_owned(), 1),
            Some('n') => ("\n".to_owned(), 1),
            Some('r') => ("\r".to_owned(), 1),
            Some('t') => ("\t".to_owned(), 1),
            Some('v') => ("\u{b}".to_owned(), 1),
            Some('"') => ("\"".to_owned(), 1),
            Some('\\') => ("\\".to_owned(), 1),
            // The interpolation that follows makes one dollar of two.
            Some('$') => ("$$".to_owned(), 1),
            Some('0') => octal(behind),
            _ => ("\\".to_owned(), 0),
        };
        result.push_str(&new);
        rest = &behind[length..];
    }
    result.push_str(rest);
    result
}

/// An octal escape: `0` and exactly three digits, as in `\0101`. Of others Compose takes the `0` away.
fn octal(text: &str) -> (String, usize) {
    let digits = text.bytes().skip(1).take(3).take_while(u8::is_ascii_digit).count();
    let digits = text.get(1..=digits).unwrap_or("");
    let code = u8::from_str_radix(digits, 8).ok().filter(|_| digits.len() == 3);
    (code.map_or_else(|| format!("\\{digits}"), |code| char::from(code).to_string()), digits.len() + 1)
}

#[cfg(test)]
mod tests;
