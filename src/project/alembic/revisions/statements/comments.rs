//! Takes the comments out of SQL.

/// A text with a space in the place of each comment; what stands in quotes is no comment.
pub(super) fn without(text: &str) -> String {
    let mut found = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("--") {
            found.push(' ');
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            found.push(' ');
            block(rest)
        } else {
            let length = match first {
                '\'' | '"' => rest.get(1..).and_then(|inner| inner.find(first)).map_or(1, |end| end + 2),
                _ => first.len_utf8(),
            };
            found.push_str(rest.get(..length).unwrap_or(""));
            length
        };
        rest = rest.get(length..).unwrap_or("");
    }
    found
}

/// The length of a block comment, which may hold others.
fn block(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        if rest.starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if rest.starts_with("*/") {
            (depth, at) = (depth.saturating_sub(1), at + 2);
            if depth == 0 {
                break;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_go_and_quoted_text_stays() {
        for (text, expected) in [
            ("-- a\nx", " \nx"),
            ("/* a /* b */ ü */x", " x"),
            ("/* open", " "),
            ("'--' \"/*\" x--y", "'--' \"/*\" x "),
            ("it's -- ü", "it's  "),
            ("", ""),
        ] {
            assert_eq!(without(text), expected, "{text}");
        }
    }
}
