//! Splits a command line into words as Compose does: quotes and backslashes, and an end at the first shell operator.

/// The words of `line`; `None` when a quote or a bracket is left open, which Compose refuses.
pub(super) fn words(line: &str) -> Option<Vec<String>> {
    let mut words = vec![];
    let mut word = String::new();
    let mut has_word = false;
    let mut quote = Quote::None;
    let mut escaped = false;
    for character in line.chars() {
        if escaped {
            escaped = false;
            word.push(character);
            has_word = true;
            continue;
        }
        match (quote, character) {
            (Quote::Single, '\'') | (Quote::Double, '"') => quote = Quote::None,
            (Quote::Single, _) => word.push(character),
            (_, '\\') => escaped = true,
            (Quote::Double, _) => word.push(character),
            (Quote::Back, '`') | (Quote::Dollar, ')') => {
                word.push(character);
                quote = Quote::None;
            }
            (Quote::Back | Quote::Dollar, _) => word.push(character),
            (Quote::None, ' ' | '\t' | '\r' | '\n') => {
                if has_word {
                    words.push(std::mem::take(&mut word));
                    has_word = false;
                }
                continue;
            }
            (Quote::None, '\'') => quote = Quote::Single,
            (Quote::None, '"') => quote = Quote::Double,
            (Quote::None, '`') => {
                quote = Quote::Back;
                word.push(character);
            }
            (Quote::None, '(') => {
                if !word.ends_with('$') {
                    return None;
                }
                quote = Quote::Dollar;
                word.push(character);
            }
            (Quote::None, ';' | '&' | '|' | '<' | '>') => {
                // The number before a redirection (`2>`) belongs to it.
                if has_word && character == '>' && word.chars().all(|digit| digit.is_ascii_digit()) {
                    has_word = false;
                }
                break;
            }
            (Quote::None, _) => word.push(character),
        }
        has_word = true;
    }
    if quote != Quote::None || escaped {
        return None;
    }
    if has_word {
        words.push(word);
    }
    Some(words)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    None,
    Single,
    Double,
    Back,
    Dollar,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `docker compose config` shows each of them.
    #[test]
    fn lines_are_split_as_compose_does() {
        for (line, expected) in [
            ("a && b", "a"),
            ("a 2>&1 c", "a"),
            ("$(id) x", "$(id)|x"),
            ("`id` x", "`id`|x"),
            ("a $(id -u) b", "a|$(id -u)|b"),
            ("sh -c 'a && b'", "sh|-c|a && b"),
            ("a\\ b", "a b"),
            ("a\\nb", "anb"),
            ("'a'\"b\"c", "abc"),
            ("a '' b", "a||b"),
            ("a # b", "a|#|b"),
            ("a\tb\nc", "a|b|c"),
            ("\"a\\\"b\"", "a\"b"),
            ("'a\\'", "a\\"),
            ("{a,b}", "{a,b}"),
            ("", ""),
            ("\"$(id)\" q", "$(id)|q"),
            ("\"a'b\" c", "a'b|c"),
            ("a\\\nb", "a\nb"),
        ] {
            assert_eq!(words(line).map(|words| words.join("|")).as_deref(), Some(expected), "{line}");
        }
        for refused in ["a 'un", "a \"un", "a \\", "(a b)", "$(a", "a `b"] {
            assert_eq!(words(refused), None, "{refused}");
        }
    }
}
