//! The words of an instruction, and the variables in them.

use super::{BUDGET, MAX_DEPTH};

/// The words of an instruction, quotes and escapes kept.
pub(super) fn words(text: &str, escape: char) -> Vec<&str> {
    let (mut words, mut start, mut quote, mut escaped) = (vec![], None, None, false);
    for (at, character) in text.char_indices() {
        if quote.is_none() && !escaped && character.is_ascii_whitespace() {
            words.extend(start.take().and_then(|start| text.get(start..at)));
            continue;
        }
        start.get_or_insert(at);
        match character {
            _ if escaped => escaped = false,
            _ if character == escape && quote != Some('\'') => escaped = true,
            _ if quote == Some(character) => quote = None,
            '"' | '\'' if quote.is_none() => quote = Some(character),
            _ => {}
        }
    }
    words.extend(start.and_then(|start| text.get(start..)));
    words
}

/// `None` for a variable that is not set, `Some(None)` for one whose value is not known.
pub(super) type Lookup<'a> = &'a dyn Fn(&str) -> Option<Option<String>>;

/// A word without quotes and escapes and with its variables put in; `None` when one of them is not known.
pub(super) fn expand(text: &str, escape: char, lookup: Lookup<'_>) -> Option<String> {
    Expansion { rest: text.chars(), escape, lookup, depth: 0 }.until(None)
}

struct Expansion<'a> {
    rest: std::str::Chars<'a>,
    escape: char,
    lookup: Lookup<'a>,
    depth: usize,
}

impl Expansion<'_> {
    /// The value up to `end`; within double quotes, when that is what ends it.
    fn until(&mut self, end: Option<char>) -> Option<String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let mut value = String::new();
        let quoted = end == Some('"');
        loop {
            match self.rest.next() {
                found if found == end => break,
                None => return None,
                Some(character) if character == self.escape => {
                    let next = self.rest.clone().next();
                    if quoted && next.is_none_or(|next| next != '"' && next != '$' && next != character) {
                        value.push(character);
                    } else {
                        value.extend(self.rest.next());
                    }
                }
                Some('\'') if !quoted => {
                    let (inside, after) = self.rest.as_str().split_once('\'')?;
                    value.push_str(inside);
                    self.rest = after.chars();
                }
                Some('"') => value.push_str(&self.until(Some('"'))?),
                Some('$') => value.push_str(&self.variable()?),
                Some(character) => value.push(character),
            }
            if value.len() > BUDGET {
                return None;
            }
        }
        self.depth -= 1;
        Some(value)
    }

    /// The value of the variable behind a `$`.
    fn variable(&mut self) -> Option<String> {
        let rest = self.rest.as_str();
        let braced = rest.strip_prefix('{');
        let from = braced.unwrap_or(rest);
        let length = from.find(|letter: char| letter != '_' && !letter.is_ascii_alphanumeric()).unwrap_or(from.len());
        let (name, after) = from.split_at(length);
        if name.is_empty() || name.starts_with(|first: char| first.is_ascii_digit()) {
            return None;
        }
        self.rest = after.chars();
        let set = (self.lookup)(name);
        if braced.is_none() {
            return set?;
        }
        let mut operator = self.rest.next()?;
        let when_empty = operator == ':';
        if when_empty {
            operator = self.rest.next()?;
        }
        if operator == '}' {
            return if when_empty { None } else { set? };
        }
        let word = self.until(Some('}'))?;
        let is_empty = when_empty && set == Some(Some(String::new()));
        match (operator, set) {
            ('-', None) => Some(word),
            ('-', Some(_)) if is_empty => Some(word),
            ('+', Some(Some(value))) => Some(if is_empty { value } else { word }),
            ('-' | '?', Some(value)) => value,
            _ => None,
        }
    }
}
