//! Where a text has names that say that their value is secret, found without a regular expression. Most texts have none, and
//! those that have one are not of every kind that is looked for: to make a pattern for nothing costs more than to read a project.
//!
//! Nothing here decides what a secret is. Each question may be answered with yes too often, and never with no where the pattern
//! behind it would match; a test compares both.

use std::ops::Range;

/// The names of a text that may be those of secrets.
pub(super) struct Names<'text> {
    /// The text in lower case.
    lower: &'text str,
    /// From the word that tells to the end of its name.
    found: Vec<Range<usize>>,
}

/// Parts of words that tell, of which each needs something around it.
const ANCHORS: [&str; 7] = ["pass", "secret", "token", "credential", "key", "auth", "_p"];

/// What stands before the `key` of a secret.
const KEYS: [&str; 9] = ["api", "access", "private", "encrypt", "encryption", "signing", "fernet", "master", "jwt"];

/// Characters of names.
fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

/// A blank on the same line.
fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t')
}

fn is_quote(character: char) -> bool {
    matches!(character, '"' | '\'')
}

/// A part of the sign between a name and its value.
fn is_sign(character: char) -> bool {
    matches!(character, '?' | ':' | '+' | '!' | '=')
}

impl<'text> Names<'text> {
    /// Finds the names of a text, given in lower case.
    pub fn of(lower: &'text str) -> Self {
        let mut found = vec![];
        for anchor in ANCHORS {
            for (at, _) in lower.match_indices(anchor) {
                let behind = lower.get(at + anchor.len()..).unwrap_or_default();
                let length = behind.bytes().take_while(|byte| is_name(*byte)).count();
                let before = lower.get(..at).unwrap_or_default();
                let rest = behind.get(..length).unwrap_or_default();
                if tells(anchor, before, rest) {
                    found.push(at..at + anchor.len() + length);
                }
            }
        }
        Self { lower, found }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    fn behind(&self, name: &Range<usize>) -> &'text str {
        self.lower.get(name.end..).unwrap_or_default()
    }

    /// Whether one stands before what may be a value of it: `KEY=`, `"key":`, `["key"] =`, `KEY "`.
    pub fn is_given_a_value(&self) -> bool {
        self.found.iter().any(|name| {
            let rest = self.behind(name);
            let value = rest.trim_start_matches(['\\', '"', '\'', ']', ' ', '\t']);
            let skipped = rest.get(..rest.len() - value.len()).unwrap_or_default();
            value.starts_with(is_sign) || skipped.contains(" \"") || skipped.contains(" '")
        })
    }

    /// Whether what is given to one begins with a quote or a bracket.
    pub fn is_opened(&self) -> bool {
        self.found.iter().any(|name| {
            let rest = self.behind(name).trim_start_matches(['"', '\'', ']', ' ', '\t']);
            let value = rest.trim_start_matches(is_sign);
            value.len() < rest.len() && value.trim_start().starts_with(['"', '\'', '[', '{', '$'])
        })
    }

    /// Whether one is a key in a flow: `{key: `, `, key: `.
    pub fn is_in_flow(&self) -> bool {
        self.found.iter().any(|name| {
            let key = self.behind(name).trim_start_matches(is_quote).trim_start_matches(is_blank);
            let start = self.start(name);
            let before = self.lower.get(..start).unwrap_or_default();
            let before = before.trim_end_matches(|character: char| is_quote(character) || character.is_whitespace());
            key.strip_prefix(':').is_some_and(|value| value.starts_with(is_blank)) && before.ends_with(['{', ','])
        })
    }

    /// Whether one is an option: a dash stands before the word that tells.
    pub fn is_option(&self) -> bool {
        let before = |name: &Range<usize>| self.lower.get(self.start(name)..name.start).unwrap_or_default();
        self.found.iter().any(|name| before(name).contains('-'))
    }

    /// Whether a blank stands right behind one.
    pub fn is_before_blank(&self) -> bool {
        self.found.iter().any(|name| self.behind(name).starts_with(is_blank))
    }

    /// Whether one is the first half of `name: KEY`, `value: x`.
    pub fn is_paired(&self) -> bool {
        let between = |character: char| is_quote(character) || character == ',' || character.is_whitespace();
        self.found.iter().any(|name| self.behind(name).trim_start_matches(between).starts_with("value"))
    }

    /// Where a whole name begins.
    fn start(&self, name: &Range<usize>) -> usize {
        let before = self.lower.as_bytes().get(..name.start).unwrap_or_default();
        name.start - before.iter().rev().take_while(|byte| is_name(**byte)).count()
    }
}

/// Whether an anchor between these is part of a word that tells. `rest` goes to the end of the name.
fn tells(anchor: &str, before: &str, rest: &str) -> bool {
    match anchor {
        "pass" => {
            let word = ["wd", "word", "phrase", "code"].iter().any(|word| rest.starts_with(word));
            word || rest.is_empty() || before.ends_with("require") || before.ends_with("pg")
        }
        "key" => {
            let before = before.strip_suffix(['_', '-']).unwrap_or(before);
            KEYS.iter().any(|word| before.ends_with(word))
        }
        "auth" => {
            let word = ["orization", "config", "_config"].iter().any(|word| rest.starts_with(word));
            word || ["master", "basic", "basic_", "basic-", "rediscli_"].iter().any(|word| before.ends_with(word))
        }
        "_p" => rest.starts_with("wd") || matches!(rest, "w" | "sw" | "at"),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{lines, named, programs};
    use super::*;

    const BEFORE: [&str; 10] = ["", "{", "{ \"", ", '", "a: 1\n- ", "? ", "  ", "export ", "x --", "name: "];

    const NAMES: [&str; 18] = [
        "PASSWORD",
        "db_pass",
        "pass",
        "x-token",
        "--api-key",
        "API_KEY",
        "access_key",
        "basic-auth",
        "authorization",
        "author",
        "MY_PWD",
        "my_pw",
        "x_pat",
        "compass",
        "requirepassx",
        "JWT-KEY",
        "primary_key",
        "a.secret",
    ];

    const BEHIND: [&str; 14] = [
        "=",
        ": ",
        "\": \"",
        "' = '",
        ":=\"",
        " ",
        "\n: ",
        ": *a",
        ": {",
        ":\n  [",
        "\"] = $(",
        " is ",
        "\",\n \"value\": \"",
        "\t'",
    ];

    #[test]
    fn no_question_is_denied_where_its_pattern_matches() {
        let texts = BEFORE.iter().flat_map(|before| {
            NAMES.iter().flat_map(move |name| BEHIND.iter().map(move |behind| format!("{before}{name}{behind}x1 '\n")))
        });
        let mut matched = [0; 8];
        for text in texts {
            let lower = text.to_ascii_lowercase();
            let names = Names::of(&lower);
            let answers = [
                (named::NAMED_VALUE.is_match(&text), names.is_given_a_value(), "a value"),
                (lines::SETTING.is_match(&text), names.is_given_a_value(), "a setting"),
                (lines::OPENED.is_match(&text), names.is_opened(), "something opened"),
                (lines::FLOW.is_match(&text), names.is_in_flow(), "a flow"),
                (named::OPTION_VALUE.is_match(&text), names.is_option(), "an option"),
                (lines::ALIAS.is_match(&text), !names.is_empty(), "an alias"),
                (lines::COMPLEX.is_match(&text), !names.is_empty(), "a complex key"),
            ];
            for (at, (matches, yes, what)) in answers.into_iter().enumerate() {
                matched[at] += usize::from(matches);
                assert!(yes || !matches, "{what}: {text:?}");
            }
            for told in programs::TABLE.iter() {
                let matches = told.pattern.captures(&text).is_some();
                matched[7] += usize::from(matches);
                assert!((told.needs)(&lower, &names) || !matches, "{}: {text:?}", told.pattern.as_str());
            }
        }
        assert!(matched.iter().all(|count| *count > 0), "each was put to the test: {matched:?}");
    }
}
