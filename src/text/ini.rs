//! Ini files as Python's `configparser` reads them: sections, defaults, continuation lines and `%(name)s`, with spans.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use super::SyntaxError;

/// The section whose options every other section inherits.
pub const DEFAULT: &str = "DEFAULT";

/// How many references deep configparser follows (`MAX_INTERPOLATION_DEPTH`).
const MAX_DEPTH: usize = 10;

/// A value may not grow beyond this: ten levels that each name the next a thousand times would fill the memory.
const MAX_LENGTH: usize = 1_000_000;

/// One option of a section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The bytes of the key.
    pub key_range: Range<usize>,
    /// The value before interpolation, its lines joined by `\n`.
    pub raw: String,
    /// The bytes of the value, from the first character of its first line to the last of its last.
    pub range: Range<usize>,
    /// The bytes of each line of the value that is not blank.
    pub lines: Vec<Range<usize>>,
}

/// One section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Section {
    /// The bytes of its name; empty for defaults that no header opens.
    pub header: Range<usize>,
    /// Its own options by key in lower case.
    pub entries: BTreeMap<String, Entry>,
}

/// A parsed file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ini {
    /// The sections by name, `DEFAULT` among them when it is there.
    pub sections: BTreeMap<String, Section>,
}

/// Why a value has no meaning, told apart as configparser does. Offsets count from the start of the raw value of `option`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InterpolationError {
    /// `InterpolationMissingOptionError`: `%(name)s` names an option that is not there.
    #[error("`%({name})s` names an option that is not there")]
    MissingOption {
        /// The option in whose value it stands.
        option: String,
        /// Bytes of the reference.
        range: Range<usize>,
        /// The name in lower case.
        name: String,
    },
    /// `InterpolationSyntaxError`: a `%` that neither `%` nor `(name)s` follows.
    #[error("`%` starts an interpolation here; a plain one is written `%%`")]
    Syntax {
        /// The option in whose value it stands.
        option: String,
        /// Bytes of the `%`.
        range: Range<usize>,
    },
    /// `InterpolationDepthError`: options that name each other.
    #[error("the options name each other without end")]
    Depth,
}

/// What Python's `str.isspace` calls space.
fn is_space(character: char) -> bool {
    character.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&character)
}

/// The range of `text[range]` without the space at both ends.
fn trimmed(text: &str, range: Range<usize>) -> Range<usize> {
    let part = text.get(range.clone()).unwrap_or("");
    let start = range.start + (part.len() - part.trim_start_matches(is_space).len());
    start..start + part.trim_matches(is_space).len()
}

/// The lines of a text file as Python's universal newlines see them: `\n`, `\r\n` and `\r` end a line.
fn lines(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
        let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let line = start..start + end;
        let ending = if rest[end..].starts_with("\r\n") { 2 } else { usize::from(end < rest.len()) };
        start = line.end + ending;
        Some(line)
    })
}

/// Reads an ini file.
///
/// # Errors
/// Where configparser raises: an option before the first section, a line that is no option, a section or an option twice.
pub fn parse(text: &str) -> Result<Ini, SyntaxError> {
    let mut reader = Reader { text, ini: Ini::default(), section: None, option: None, indent: 0, bogus: None };
    for line in lines(text) {
        reader.line(line)?;
    }
    // Lines that cannot be read are reported last, as configparser does, so that a duplicate further down comes first.
    match reader.bogus {
        Some(error) => Err(error),
        None => Ok(reader.ini),
    }
}

struct Reader<'text> {
    text: &'text str,
    ini: Ini,
    section: Option<String>,
    option: Option<String>,
    indent: usize,
    bogus: Option<SyntaxError>,
}

impl Reader<'_> {
    fn line(&mut self, line: Range<usize>) -> Result<(), SyntaxError> {
        let value = trimmed(self.text, line.clone());
        let content = &self.text[value.clone()];
        if content.is_empty() {
            if let Some(entry) = self.entry() {
                entry.raw.push('\n');
            }
            return Ok(());
        }
        if content.starts_with(['#', ';']) {
            return Ok(());
        }
        let indent = self.text[line.start..value.start].chars().count();
        if indent > self.indent
            && let Some(entry) = self.entry()
        {
            entry.raw.push('\n');
            entry.raw.push_str(content);
            if entry.lines.is_empty() {
                entry.range.start = value.start;
            }
            entry.range.end = value.end;
            entry.lines.push(value);
            return Ok(());
        }
        self.indent = indent;
        if let Some(name) =
            content.strip_prefix('[').and_then(|rest| rest.get(..rest.rfind(']')?)).filter(|name| !name.is_empty())
        {
            return self.header(name, value.start + 1);
        }
        let Some(section) = self.section.clone() else {
            return Err(SyntaxError::new(value.start, "no section header stands before this line"));
        };
        let Some(delimiter) = content.find(['=', ':']) else {
            self.give_up(value.start);
            return Ok(());
        };
        let key_range = trimmed(self.text, value.start..value.start + delimiter);
        if key_range.is_empty() {
            self.give_up(value.start);
        }
        let key = self.text[key_range.clone()].to_lowercase();
        let range = trimmed(self.text, value.start + delimiter + 1..value.end);
        let raw = self.text[range.clone()].to_owned();
        let lines = if range.is_empty() { vec![] } else { vec![range.clone()] };
        let entries = &mut self.ini.sections.entry(section).or_default().entries;
        if entries.contains_key(&key) {
            return Err(SyntaxError::new(key_range.start, format!("option `{key}` stands twice in this section")));
        }
        entries.insert(key.clone(), Entry { key_range, raw, range, lines });
        self.option = Some(key);
        Ok(())
    }

    fn header(&mut self, name: &str, start: usize) -> Result<(), SyntaxError> {
        // `DEFAULT` alone may be opened again.
        if self.ini.sections.contains_key(name) && name != DEFAULT {
            return Err(SyntaxError::new(start, format!("section `{name}` stands twice")));
        }
        let section = self.ini.sections.entry(name.to_owned()).or_default();
        if section.header.is_empty() {
            section.header = start..start + name.len();
        }
        self.section = Some(name.to_owned());
        self.option = None;
        Ok(())
    }

    /// The option that a continuation line belongs to.
    fn entry(&mut self) -> Option<&mut Entry> {
        let (section, option) = (self.section.as_ref()?, self.option.as_ref()?);
        // An option without a name is falsy in Python, so nothing continues it.
        if option.is_empty() {
            return None;
        }
        self.ini.sections.get_mut(section)?.entries.get_mut(option)
    }

    fn give_up(&mut self, offset: usize) {
        if self.bogus.is_none() {
            self.bogus = Some(SyntaxError::new(offset, "neither a section header nor `option = value`"));
        }
    }
}

impl Entry {
    /// The value before interpolation without the blank lines at its end.
    pub fn raw(&self) -> &str {
        self.raw.trim_end_matches(is_space)
    }
}

impl Ini {
    /// An option of a section or of the defaults.
    pub fn entry(&self, section: &str, option: &str) -> Option<&Entry> {
        let own = self.sections.get(section)?.entries.get(option);
        own.or_else(|| self.sections.get(DEFAULT)?.entries.get(option))
    }

    /// The value of an option, interpolated. `given` are defaults from outside the file, such as Alembic's `here`.
    /// `None` when section or option are not there.
    ///
    /// # Errors
    /// When the value has no meaning.
    pub fn get(
        &self,
        section: &str,
        option: &str,
        given: &[(&str, &str)],
    ) -> Option<Result<String, InterpolationError>> {
        let raw = self.raw(section, option, given)?;
        let mut value = String::new();
        Some(self.interpolate(section, option, raw, given, &mut value, 1).map(|()| value))
    }

    /// The raw value of an option, of the defaults, or of what is given from outside.
    fn raw<'a>(&'a self, section: &str, option: &str, given: &'a [(&str, &str)]) -> Option<&'a str> {
        // Without the section there is no option either, not even an inherited one.
        self.sections.get(section)?;
        match self.entry(section, option) {
            Some(entry) => Some(entry.raw()),
            None => given.iter().find(|(name, _)| *name == option).map(|(_, value)| *value),
        }
    }

    fn interpolate(
        &self,
        section: &str,
        option: &str,
        raw: &str,
        given: &[(&str, &str)],
        value: &mut String,
        depth: usize,
    ) -> Result<(), InterpolationError> {
        if depth > MAX_DEPTH || value.len() > MAX_LENGTH {
            return Err(InterpolationError::Depth);
        }
        for piece in pieces(raw) {
            match piece {
                Piece::Text(range) => value.push_str(&raw[range]),
                Piece::Percent(_) => value.push('%'),
                Piece::Wrong(range) => return Err(InterpolationError::Syntax { option: option.to_owned(), range }),
                Piece::Reference(range, name) => {
                    let Some(inner) = self.raw(section, &name, given) else {
                        let name = name.into_owned();
                        return Err(InterpolationError::MissingOption { option: option.to_owned(), range, name });
                    };
                    if inner.contains('%') {
                        self.interpolate(section, &name, inner, given, value, depth + 1)?;
                    } else {
                        value.push_str(inner);
                    }
                }
            }
            if value.len() > MAX_LENGTH {
                return Err(InterpolationError::Depth);
            }
        }
        Ok(())
    }
}

/// A piece of a raw value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece<'raw> {
    /// Text that stands for itself.
    Text(Range<usize>),
    /// `%%`.
    Percent(Range<usize>),
    /// `%(name)s`, with the name in lower case.
    Reference(Range<usize>, Cow<'raw, str>),
    /// A `%` that begins neither.
    Wrong(Range<usize>),
}

/// Splits a raw value into its pieces, in order.
pub fn pieces(raw: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = raw.get(at..).filter(|rest| !rest.is_empty())?;
        let start = at;
        match rest.find('%') {
            Some(0) => {}
            found => {
                at += found.unwrap_or(rest.len());
                return Some(Piece::Text(start..at));
            }
        }
        if rest.starts_with("%%") {
            at += 2;
            return Some(Piece::Percent(start..at));
        }
        let name = rest.strip_prefix("%(").and_then(|inner| inner.split_once(')'));
        match name {
            Some((name, after)) if !name.is_empty() && after.starts_with('s') => {
                at += "%()s".len() + name.len();
                Some(Piece::Reference(start..at, Cow::Owned(name.to_lowercase())))
            }
            _ => {
                at += 1;
                Some(Piece::Wrong(start..at))
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_places() {
        let text = "[alembic]\r\nscript_location = %(here)s/migrations\r\nsqlalchemy.url = a%%40b\r\n  # no\r\n  second\r\n\r\n[x]\r\n";
        let ini = parse(text).unwrap();
        let url = ini.entry("alembic", "sqlalchemy.url").unwrap();
        assert_eq!((url.raw(), &text[url.lines[0].clone()]), ("a%%40b\nsecond", "a%%40b"));
        assert_eq!(ini.get("alembic", "script_location", &[("here", "/srv")]).unwrap().unwrap(), "/srv/migrations");
    }

    #[test]
    fn interpolation_errors_are_told_apart() {
        let ini = parse("[a]\nm = x%(Nope)s\ns = a%40\nb = %(name)\nd = %(d)s\n").unwrap();
        let error = |option: &str| ini.get("a", option, &[]).unwrap().unwrap_err();
        assert_eq!(
            error("m"),
            InterpolationError::MissingOption { option: "m".into(), range: 1..9, name: "nope".into() }
        );
        assert_eq!(error("s"), InterpolationError::Syntax { option: "s".into(), range: 1..2 });
        assert_eq!(error("b"), InterpolationError::Syntax { option: "b".into(), range: 0..1 });
        assert_eq!(error("d"), InterpolationError::Depth);
    }

    #[test]
    fn options_that_multiply_end_soon() {
        let mut text = String::from("[a]\n");
        for level in 0..9 {
            text.push_str(&format!("o{level} = {}\n", format!("%(o{})s", level + 1).repeat(1000)));
        }
        text.push_str("o9 = 123456789\n");
        assert_eq!(parse(&text).unwrap().get("a", "o0", &[]).unwrap(), Err(InterpolationError::Depth));
    }

    #[test]
    fn any_text_is_read_or_refused() {
        let whole = "[DEFAULT]\na=é\n[x]\n b : %(a)s\n\tc\n# d\n[DEFAULT]\nz=1\n";
        for end in (0..=whole.len()).filter(|end| whole.is_char_boundary(*end)) {
            let _ = parse(&whole[..end]);
        }
        for text in ["", "[", "[]", "]", "=", "[a]\n=", "[a]\n:", "\u{feff}[a]", "[a]\r\r=\r", "[a]\nb\n c"] {
            let _ = parse(text);
        }
        let huge = "[a]\nk\u{1c}=v\n c\n".to_owned() + &" x\n".repeat(3_000_000);
        assert!(parse(&huge).is_ok());
    }
}
