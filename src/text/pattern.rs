//! Regular expressions for names, options and statements: the short classes are ASCII's, so that an expression stays small.

use std::borrow::Cow;

use regex::{Regex, bytes};

/// Compiles a constant expression in which `\b`, `\d` and `\s` mean ASCII's, and `\w` ASCII's or any character beyond it.
///
/// That is how Postgres reads names, and near enough to Python's. Unicode's own tables make tens of kilobytes of each `\w`,
/// which is most of what a check of an ordinary project would take in memory. `\w` is not for use within `(?-u:…)`, where it is
/// none, nor where case is ignored: looking for both cases of all there is beyond ASCII takes ten times as long as all else
/// ([`bytes_pattern`] does not look).
///
/// # Panics
/// When `text` is no regular expression: only constants are given, and the tests compile them.
#[expect(clippy::expect_used, reason = "the patterns are constants and are compiled in the tests")]
pub fn pattern(text: &str) -> Regex {
    debug_assert!(!(text.contains("(?i") && text.contains(r"\w")), "{text}");
    Regex::new(&ascii(text, r"[A-Za-z0-9_\x{80}-\x{10FFFF}]")).expect("a constant pattern compiles")
}

/// The same for texts that may not be UTF-8: nothing in it means more than one byte.
///
/// # Panics
/// As [`pattern`].
#[expect(clippy::expect_used, reason = "the patterns are constants and are compiled in the tests")]
pub fn bytes_pattern(text: &str) -> bytes::Regex {
    bytes::Regex::new(&format!("(?-u){}", ascii(text, r"[A-Za-z0-9_\x80-\xFF]"))).expect("a constant pattern compiles")
}

/// `text` with the short classes written out, of which `\w` is `word`.
fn ascii(text: &str, word: &str) -> String {
    let mut parts = text.split('\\').map(Cow::Borrowed);
    let mut written = parts.next().unwrap_or_default().into_owned();
    while let Some(part) = parts.next() {
        let class = match part.chars().next() {
            // Space as an escape: it would be nothing where `x` lets patterns be laid out.
            Some('w') => word,
            Some('d') => "[0-9]",
            Some('s') => r"[\x20\t-\r]",
            Some('S') => r"[^\x20\t-\r]",
            Some('b') => r"(?-u:\b)",
            other => {
                written.push('\\');
                written.push_str(&part);
                if other.is_none() {
                    // A backslash of its own: what follows the second one is no class.
                    written.push('\\');
                    written.push_str(&parts.next().unwrap_or_default());
                }
                continue;
            }
        };
        written.push_str(class);
        written.push_str(part.get(1..).unwrap_or_default());
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_classes_are_written_out_and_all_else_stays() {
        for (written, expected) in [
            (r"a\db", "a[0-9]b"),
            (r"[\s,]+", r"[[\x20\t-\r],]+"),
            (r"\\d\\\d", r"\\d\\[0-9]"),
            (r"\.\n\[\x41", r"\.\n\[\x41"),
            (r"\bas\b", r"(?-u:\b)as(?-u:\b)"),
        ] {
            assert_eq!(ascii(written, "w"), expected, "{written}");
        }
    }

    #[test]
    fn names_may_hold_any_letter_and_layout_is_no_space() {
        assert_eq!(pattern(r"\w+").find("größe = 1").map(|found| found.as_str()), Some("größe"));
        assert!(pattern(r"(?x) a \s b").is_match("a b"));
        assert!(pattern(r"^[^\s]\S$").is_match("ab") && !pattern(r"\S").is_match(" \u{b}"));
        assert!(bytes_pattern(r"(\w+)\(").is_match(b"\xff select("));
    }
}
