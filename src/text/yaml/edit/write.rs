//! Writes new values as YAML: quoting, indents, flow style.

use super::super::ScalarStyle;
use super::New;

/// Where a scalar is to stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In lines.
    Block,
    /// Between brackets, where commas and brackets end a plain scalar.
    Flow,
}

/// The ways to write `text`, the one nearest to `style` first.
pub(super) fn scalars(text: &str, style: ScalarStyle, place: Place) -> Vec<String> {
    let printable = !text.chars().any(char::is_control);
    let single = || format!("'{}'", text.replace('\'', "''"));
    match style {
        ScalarStyle::Plain if is_tame(text, place) => vec![text.to_owned(), double(text)],
        // A plain number stays a plain number; whether that is right is for the comparison to say.
        ScalarStyle::Plain if is_ambiguous(text) && !text.is_empty() && printable => {
            vec![text.to_owned(), double(text)]
        }
        ScalarStyle::Single if printable => vec![single(), double(text)],
        _ => vec![double(text)],
    }
}

fn scalar(text: &str, place: Place) -> String {
    if is_tame(text, place) { text.to_owned() } else { double(text) }
}

/// Whether a plain scalar of this text is a string for every reader, and reads well without quotes.
fn is_tame(text: &str, place: Place) -> bool {
    let first = text.chars().next().is_some_and(|first| first.is_alphanumeric() || "/._$".contains(first));
    let wild = |character: char| character.is_control() || matches!(character, '\u{feff}' | '\u{2028}' | '\u{2029}');
    first
        && !text.contains(wild)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains(" #")
        && !is_ambiguous(text)
        && !(text.contains(['{', '}', '[', ']', ',', '"']) && (place == Place::Flow || text.contains(':')))
}

/// Whether some YAML reader takes this plain text for a number, a boolean, null or a date.
pub(super) fn is_ambiguous(text: &str) -> bool {
    const WORDS: [&str; 10] = ["", "~", "null", "true", "false", "yes", "no", "on", "off", "<<"];
    let lower = text.to_ascii_lowercase();
    let starts = lower.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
    let digits = lower.contains(|character: char| character.is_ascii_digit())
        && lower.chars().all(|character| character.is_ascii_hexdigit() || "xo_:.+-tz ".contains(character));
    let number = starts && (digits || matches!(lower.trim_start_matches(['+', '-']), ".inf" | ".nan"));
    let single_letter = matches!(lower.as_str(), "y" | "n");
    number || single_letter || WORDS.contains(&lower.as_str()) || text == "="
}

fn double(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{feff}' | '\u{2028}' | '\u{2029}' => quoted.push_str(&format!("\\u{:04X}", u32::from(character))),
            _ if character.is_control() => quoted.push_str(&format!("\\x{:02X}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// The lines of `key: value` at an indent.
pub(super) fn entry_lines(key: &str, value: &New, indent: usize, step: usize) -> Vec<String> {
    let head = format!("{}{}:", " ".repeat(indent), scalar(key, Place::Block));
    match value {
        New::Text(text) => vec![format!("{head} {}", scalar(text, Place::Block))],
        New::Mapping(entries) if entries.is_empty() => vec![format!("{head} {{}}")],
        New::Sequence(items) if items.is_empty() => vec![format!("{head} []")],
        _ => {
            let mut all = vec![head];
            all.extend(lines(value, indent + step, step));
            all
        }
    }
}

/// The lines of `- item` at an indent.
pub(super) fn item_lines(value: &New, indent: usize, step: usize) -> Vec<String> {
    let mut inner = lines(value, indent + 2, step);
    if let Some(first) = inner.first_mut() {
        *first = format!("{}- {}", " ".repeat(indent), first.trim_start());
    }
    inner
}

/// The lines of a value at an indent.
pub(super) fn lines(value: &New, indent: usize, step: usize) -> Vec<String> {
    match value {
        New::Text(text) => vec![format!("{}{}", " ".repeat(indent), scalar(text, Place::Block))],
        New::Mapping(entries) if !entries.is_empty() => {
            entries.iter().flat_map(|(key, value)| entry_lines(key, value, indent, step)).collect()
        }
        New::Sequence(items) if !items.is_empty() => {
            items.iter().flat_map(|item| item_lines(item, indent, step)).collect()
        }
        _ => vec![format!("{}{}", " ".repeat(indent), flow(value))],
    }
}

/// A value between brackets.
pub(super) fn flow(value: &New) -> String {
    match value {
        New::Text(text) => scalar(text, Place::Flow),
        New::Mapping(entries) => {
            let entries = entries.iter().map(|(key, value)| format!("{}: {}", scalar(key, Place::Flow), flow(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
        New::Sequence(items) => format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", ")),
    }
}
