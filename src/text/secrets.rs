//! Finds passwords in texts, so that nothing devdoctor prints or records can hold one.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

mod code;
mod lines;
mod named;
mod names;
mod programs;
mod redactor;
mod templates;
mod urls;

use super::pattern;
use names::Names;
pub use redactor::Redactor;
use urls::url_passwords;

/// What stands where a secret stood in messages.
pub const MASK: &str = "***";

/// A value that is only a reference to another one is no secret: `${X}`, `$(X)`, `$X`, `%(X)s`, `{x}`.
static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:\$\{[A-Za-z0-9_]+\}|\$\([A-Za-z0-9_]+\)|\$\$?[A-Za-z0-9_]+|%\([A-Za-z0-9_]+\)s|\{[A-Za-z0-9_.]*\}|\*+)$",
    )
});

/// How a text is read, as far as secrets are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    /// Python and the like: `script` is JavaScript's kind.
    Code { script: bool },
    /// YAML, where values go on over lines by their indent.
    Yaml,
    /// One setting a line, as in `.env`.
    Settings,
    /// As settings, but an indented line goes on.
    Ini,
    /// As settings, but recipes are commands.
    Make,
    /// Words with blanks between them: shells, Dockerfiles, JSON, TOML, and texts of which nothing is known.
    Words,
}

impl Format {
    fn of(path: &str) -> Self {
        let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        match (name.as_str(), ending) {
            ("makefile" | "gnumakefile", _) | (_, "mk" | "make") => Self::Make,
            (".envrc", _) => Self::Words,
            (name, _) if name.starts_with(".env") => Self::Settings,
            (_, "py" | "pyi" | "mako") => Self::Code { script: false },
            (_, "js" | "ts" | "jsx" | "tsx" | "mjs" | "cjs") => Self::Code { script: true },
            (_, "yaml" | "yml") => Self::Yaml,
            (_, "ini" | "cfg" | "conf") => Self::Ini,
            (_, "env" | "properties" | "txt") => Self::Settings,
            _ => Self::Words,
        }
    }
}

/// The byte ranges of `text` that hold secrets, sorted, without overlap. `path` tells code from settings: in Python only
/// quoted values count, since `password = settings.password` holds none.
pub(super) fn ranges(path: &str, text: &str) -> Vec<Range<usize>> {
    let mut found = ranges_between_ascii_spaces(path, text);
    if let Some(spaced) = with_ascii_spaces(text) {
        found.extend(ranges_between_ascii_spaces(path, &spaced).into_iter().map(|range| {
            let start = (0..=range.start).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            let end = (range.end..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
            start..end
        }));
    }
    merged(found)
}

/// `text` with ASCII's spaces, as many as it has bytes, instead of every other kind of space: what is copied from a page often
/// has one that does not break. `None` when there is none.
fn with_ascii_spaces(text: &str) -> Option<String> {
    let is_other = |character: char| !character.is_ascii() && character.is_whitespace();
    if text.is_ascii() || !text.contains(is_other) {
        return None;
    }
    let mut spaced = String::with_capacity(text.len());
    for character in text.chars() {
        if is_other(character) {
            spaced.extend(std::iter::repeat_n(' ', character.len_utf8()));
        } else {
            spaced.push(character);
        }
    }
    Some(spaced)
}

fn ranges_between_ascii_spaces(path: &str, text: &str) -> Vec<Range<usize>> {
    let format = Format::of(path);
    let mut found = url_passwords(text);
    let lower = text.to_ascii_lowercase();
    let names = Names::of(&lower);
    let in_code = matches!(format, Format::Code { .. });
    found.extend(programs::secrets(text, &lower, &names, in_code));
    if format == Format::Ini && text.contains('%') {
        found.extend(templates::secrets(text));
    }
    if let Format::Code { script } = format {
        if !names.is_empty() {
            let code = code::Code::read(text, script);
            found.extend(code.secrets(text));
            found.extend(named::values(text, &names, true, &|at| code.is_quoted(at)));
        }
    } else {
        found.extend(named::values(text, &names, false, &|_| false));
        found.extend(lines::secrets(text, &names, format));
    }
    found.retain(|range| !range.is_empty() && !REFERENCE.is_match(&text[range.clone()]));
    found
}

fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = vec![];
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// `text` with the bytes of `ranges` replaced by `*`, line ends kept, so that offsets and lines stay as they are.
pub(super) fn mask_ranges(text: &str, ranges: &[Range<usize>]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    for range in ranges {
        masked.push_str(&text[done..range.start]);
        masked.extend(text[range.clone()].bytes().map(
            |byte| {
                if matches!(byte, b'\n' | b'\r') { byte as char } else { '*' }
            },
        ));
        done = range.end;
    }
    masked.push_str(&text[done..]);
    masked
}

/// A text for people with the password of every URL in it replaced by `***`.
pub fn mask_url(text: &str) -> String {
    let mut masked = text.to_owned();
    url_passwords(text).into_iter().rev().for_each(|password| masked.replace_range(password, MASK));
    masked
}

/// A text for people with every secret in it replaced by `***`.
pub fn mask_text(text: &str) -> String {
    let mut masked = text.to_owned();
    ranges("", text).into_iter().rev().for_each(|secret| masked.replace_range(secret, MASK));
    masked
}

/// The word of a command line as it may be shown, by the word before it.
pub fn mask_word(before: &str, word: &str) -> String {
    if named::is_secret_option(before) && !word.starts_with('-') && !REFERENCE.is_match(word) {
        return MASK.to_owned();
    }
    mask_text(word)
}

/// The value of a setting as it may be shown: `***` when its key says that it is secret, and without the secrets in it.
pub fn mask_setting(key: &str, value: &str) -> String {
    let line = format!("{key}={value}");
    let start = key.len() + 1;
    let mut hidden = ranges("", &line);
    if hidden.first().is_some_and(|first| first.start == start) {
        return MASK.to_owned();
    }
    // What the key says of the value, and what the value says of itself.
    hidden.retain(|range| range.start > start);
    hidden.extend(ranges("", value).into_iter().map(|range| range.start + start..range.end + start));
    let mut masked = line;
    merged(hidden).into_iter().rev().for_each(|secret| masked.replace_range(secret, MASK));
    masked.split_off(start)
}

/// `text` with everything but unreserved characters (RFC 3986, 2.3) percent-encoded, as `urllib.parse.quote(safe="")`.
pub fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(byte as char);
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod leaks;
#[cfg(test)]
mod tests;
