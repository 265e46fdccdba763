//! Values whose name says that they are secret: `KEY=value`, `key: value`, `--key value`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::{Names, REFERENCE, pattern};

/// What a name holds that says its value is secret.
pub(super) const SECRET_WORD: &str = "passw(?:or)?d|passphrase|passcode|requirepass|masterauth|pgpass|secret|token|api[_-]?key|access_?key|private_?key|encrypt(?:ion)?_?key|signing_?key|fernet_?key|master_?key|jwt_?key|credential|basic[_-]?auth|rediscli_auth|auth_?config|authorization";

/// A whole name that says its value is secret.
pub(super) static SECRET_NAME: LazyLock<String> = LazyLock::new(|| {
    format!(
        r"(?i-u:[a-z0-9_.-]*(?:{SECRET_WORD})[a-z0-9_.-]*|[a-z0-9.-]+[a-z0-9_.-]*_pwd|(?:[a-z0-9_.-]*[_.-])?pass|[a-z0-9_.-]+_(?:pw|psw|pat))"
    )
});

/// A value whose key says that it is secret: `KEY=value`, `key: value`, `"key": "value"`, `KEY ?= value`, `--key=value`.
pub(super) static NAMED_VALUE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r#"(?-u:\b)(?P<key>{})\\?["']?\]?[ \t]*(?:[?:+!]{{0,3}}=|:|[ ]["'])(?:[ \t]*(?:\r?\n[ \t]*["'])?){VALUE}"#,
        *SECRET_NAME
    ))
});

/// The word after an option whose name says that it is secret: `--token x`, `"--password", "x"`, and one item below the other.
pub(super) static OPTION_VALUE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r#"(?P<key>(?i-u:--?[a-z0-9_-]*(?:{SECRET_WORD})[a-z0-9_-]*))\\?["']?(?:[ \t]*,\s*|[ \t]*\r?\n[ \t]*-[ \t]+|[ \t]+){VALUE}"#
    ))
});

/// A value: in double quotes, in single ones, in quotes that were escaped, behind a quote that is never closed, or a word,
/// which may begin with a reference.
const VALUE: &str = r#"(?:"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)'|\\+["']([^"'\\\n]*)|["']([^\n]+)|((?:\$\{[^}\n]*\}|\$\([^)\n]*\)|`[^`\n]*`|\\.|[^\s"',;#\]})])(?:\\.|[^\s"'])*))"#;

/// Endings of names that say where a secret is, or how it comes, and not what it is.
const NO_SECRET: [&str; 6] = ["-stdin", "-file", "-path", "-url", "-name", "-id"];

/// The values of a text. In code only quoted values count, since `password = settings.password` holds none, and what stands
/// in a string or a comment.
pub(super) fn values(
    text: &str,
    names: &Names<'_>,
    quoted_only: bool,
    in_string: &dyn Fn(usize) -> bool,
) -> Vec<Range<usize>> {
    let mut found = vec![];
    if names.is_given_a_value() {
        found.extend(given(text, quoted_only, in_string));
    }
    if names.is_option() {
        let options = OPTION_VALUE.captures_iter(text).filter(|captures| is_secret_option(&captures["key"]));
        for captures in options {
            let value = value_of(&captures, text, quoted_only, quoted_only);
            found.extend(value.filter(|value| !text[value.clone()].starts_with('-')));
        }
    }
    found
}

/// The values of `KEY=value` and its like.
fn given(text: &str, quoted_only: bool, in_string: &dyn Fn(usize) -> bool) -> Vec<Range<usize>> {
    let mut found = vec![];
    let mut at = 0;
    while let Some(captures) = NAMED_VALUE.captures_at(text, at) {
        let (Some(whole), Some(key)) = (captures.get(0), captures.name("key")) else { break };
        let code = quoted_only && !in_string(key.start());
        match value_of(&captures, text, code, quoted_only) {
            Some(value) if is_place(&captures["key"], &text[value.clone()]) => at = value.end.max(key.end()),
            Some(value) => {
                at = value.end.max(whole.start() + 1);
                found.push(value);
            }
            // What is no value may hold one: the query of a URL, the default of a parameter.
            None => at = key.end(),
        }
        while !text.is_char_boundary(at) {
            at += 1;
        }
    }
    found
}

/// The value of a match of `VALUE`. `code`: where bare words are names of something.
fn value_of(captures: &Captures<'_>, text: &str, code: bool, in_code: bool) -> Option<Range<usize>> {
    let group = (2..=6).find_map(|index| captures.get(index).map(|group| (index, group)));
    let (index, group) = group.filter(|(index, _)| *index < 6 || !code)?;
    // A URL in a secret-looking variable is masked by its password alone: the rest is needed to understand it.
    if group.as_str().contains("://") {
        return None;
    }
    let word = group.as_str();
    // Brackets and marks of a block are followed to their end elsewhere.
    if index == 6 && matches!(word, "[" | "{" | "|" | ">" | "|-" | ">-" | "|+" | ">+" | "==" | "=") {
        return None;
    }
    let mut range = group.range();
    let separators = [',', ';', ']', '}', ')'];
    if index == 6 {
        let reference = reference_length(word);
        if word[reference..].trim_start_matches(separators).is_empty() && reference > 0 {
            range.end = range.start + reference;
        } else {
            let first = word.split(separators).next().unwrap_or("");
            let whole = REFERENCE.is_match(first) && !word.starts_with("${") && !word.starts_with("$(");
            // In a query or a connection string the next part is no secret.
            let shown = if whole {
                first
            } else if let Some((value, _)) = word.split_once('&').filter(|_| in_query(text, range.start)) {
                value
            } else if let Some((value, _)) = word.split_once(';').filter(|(_, rest)| rest.contains('=')) {
                value
            } else {
                word.trim_end_matches(separators)
            };
            range.end = range.start + shown.len();
        }
        // A quote around name and value ends both: `"KEY=two words"`.
        if let Some(quote) = quote_before(text, captures.name("key")?.start()) {
            let rest = &text[range.end..];
            let line = rest.find(['\n', '\r']).unwrap_or(rest.len());
            if let Some(end) = rest[..line].find(quote).filter(|_| word.len() == shown_length(&range)) {
                range.end += end;
                return Some(range);
            }
        }
    }
    // A quote that opens or ends in the midst of a word is broken quoting: then the rest of the line is hidden. What comes
    // behind a well-formed value is a blank, a bracket, a comma or the next command.
    let after = &text[captures.get(0)?.end()..];
    let quote = (index == 6).then(|| after.chars().next()).flatten().filter(|quote| "'\"".contains(*quote));
    let next = if quote.is_some() { after.chars().nth(1) } else { after.chars().next() };
    let doubled = quote.is_none() && (index == 2 && next == Some('"') || index == 3 && next == Some('\''));
    if !in_code && (index <= 3 || quote.is_some()) && next.is_some_and(|next| doubled || goes_on(next)) {
        range.end += text[range.end..].find(['\n', '\r']).unwrap_or(text.len() - range.end);
    }
    Some(range)
}

fn shown_length(range: &Range<usize>) -> usize {
    range.end - range.start
}

/// The length of the reference a word starts with: `${…}`, `$(…)`.
fn reference_length(word: &str) -> usize {
    let close = match word.get(..2) {
        Some("${") => '}',
        Some("$(") => ')',
        _ => return 0,
    };
    word.find(close).map_or(0, |end| end + 1)
}

/// Whether a byte stands in the query of a URL.
fn in_query(text: &str, at: usize) -> bool {
    let word = text[..at].rsplit(|character: char| character.is_whitespace() || "'\"`".contains(character)).next();
    word.is_some_and(|word| word.contains('?'))
}

/// The quote that stands directly before a name.
fn quote_before(text: &str, at: usize) -> Option<char> {
    text[..at].chars().next_back().filter(|character| "'\"".contains(*character))
}

/// Whether a character behind a quote belongs to the same word.
fn goes_on(character: char) -> bool {
    !(character.is_whitespace() || ",;:]})#\"'&|<>\\`".contains(character))
}

/// Whether a value is only the place of a secret: `*_FILE`, and `*_PWD` where it means a working directory. `MYSQL_PWD` never
/// does.
pub(super) fn is_place(key: &str, value: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let path = || ["/", "./", "../", "~/"].iter().any(|start| value.starts_with(start));
    if key.ends_with("_file") || key.ends_with("-file") || key.ends_with("_path") {
        return path();
    }
    key.ends_with("_pwd") && !key.ends_with("mysql_pwd") && (value == "." || value.starts_with("$(") || path())
}

/// Whether the word after an option is a secret: `--token` and `--password`, not `--password-stdin`.
pub(super) fn is_secret_option(word: &str) -> bool {
    static OPTION: LazyLock<Regex> =
        LazyLock::new(|| pattern(&format!(r"(?i-u)^--?[a-z0-9_-]*(?:{SECRET_WORD})[a-z0-9_-]*$")));
    let word = word.to_ascii_lowercase();
    OPTION.is_match(&word) && !NO_SECRET.iter().any(|ending| word.ends_with(ending))
}
