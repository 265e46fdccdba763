//! What the value of a user option becomes: whose numbers it names, and which of its variables nothing sets.

use serde::{Deserialize, Serialize};

use crate::text::{Mapped, Span, Spanned};

/// The user option of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserOption {
    /// The value as written, such as `$(UID):$(GID)`.
    pub written: Spanned<String>,
    /// What it becomes: variables that the file sets are put in, `$(shell id -u)` and `$(id -u)` stand as `<uid>`, the
    /// same with `-g` as `<gid>`, and what only running it could tell as `<unknown>`.
    /// Variables that nothing sets are empty, as the language makes them.
    pub resolved: String,
    /// Variables in it that nothing sets, so that the language makes them empty.
    pub blank: Vec<Blank>,
    /// Where the whole value stands, when it can be replaced there.
    pub stands: Option<Span>,
}

/// A variable that nothing sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blank {
    /// Its name.
    pub value: String,
    /// Where the line shows it, or the variable that names it.
    pub span: Span,
    /// The bytes that name it (or bring in the text that does), when they can be replaced.
    pub stands: Option<Span>,
}

/// The person's own user number, as `id -u` tells it when the line runs.
pub const PERSON_UID: &str = "<uid>";
/// The person's own group number.
pub const PERSON_GID: &str = "<gid>";
/// Something that only running the line could tell.
const UNKNOWN: &str = "<unknown>";

/// What a language makes of a variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It is set to this text, which may name others.
    Set(String),
    /// Nothing sets it, and the language makes it empty.
    Blank,
    /// It may come from elsewhere.
    Unknown,
}

/// How a reference is written: Make's `$(NAME)`, or a shell's `$NAME` and `${NAME}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// `$(NAME)`.
    Parenthesis,
    /// `${NAME}`: both Make and shells write it.
    Brace,
    /// `$NAME`.
    Bare,
}

/// Tells what variables are.
pub type Variables<'a> = dyn Fn(&str, Reference) -> Lookup + 'a;

/// How deep variables are followed.
const DEEPEST: usize = 8;
/// How many are followed for one value. Variables that name each other twice would fill the memory.
const MOST: usize = 40;

/// Reads the value of a user option.
pub fn option(value: &Mapped, variables: &Variables) -> Option<UserOption> {
    let text = value.text();
    let mut resolver = Resolver { variables, resolved: String::new(), blank: vec![], followed: 0 };
    resolver.read(text, 0, None);
    let place = value.place(0..text.len())?;
    let blank = resolver
        .blank
        .into_iter()
        .map(|(name, range)| Blank {
            value: name,
            span: value.place(range.clone()).unwrap_or_else(|| place.clone()),
            stands: value.stands(range),
        })
        .collect();
    let stands = value.stands(0..text.len());
    Some(UserOption { written: Spanned::new(text.to_owned(), place), resolved: resolver.resolved, blank, stands })
}

/// Whether a name says that it holds a user or group number, which no environment sets by itself.
pub fn names_a_number(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    ["UID", "GID", "USER_ID", "GROUP_ID", "USERID", "GROUPID"].iter().any(|part| name.contains(part))
}

/// Whether a name stands for the group and not for the user.
pub fn names_a_group(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    name.contains("GID") || name.contains("GROUP")
}

struct Resolver<'a> {
    variables: &'a Variables<'a>,
    resolved: String,
    blank: Vec<(String, std::ops::Range<usize>)>,
    followed: usize,
}

impl Resolver<'_> {
    /// Reads `text`. What a variable brought in stands at the reference in the line, `within`.
    fn read(&mut self, text: &str, depth: usize, within: Option<&std::ops::Range<usize>>) {
        let mut at = 0;
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let Some(special) = rest.find(['$', '`', '{']) else {
                self.resolved.push_str(rest);
                return;
            };
            self.resolved.push_str(&rest[..special]);
            at += special;
            let rest = &rest[special..];
            let place = |length: usize| within.cloned().unwrap_or(at..at + length);
            if let Some(inner) = enclosed(rest, "$(", ')') {
                let length = inner.len() + 3;
                self.command_or_name(inner, place(length), depth);
                at += length;
            } else if let Some(inner) = enclosed(rest, "`", '`') {
                self.resolved.push_str(number_of(inner).unwrap_or(UNKNOWN));
                at += inner.len() + 2;
            } else if let Some(inner) = enclosed(rest, "${", '}') {
                let length = inner.len() + 3;
                self.braces(inner, place(length), depth);
                at += length;
            } else if rest.starts_with("{{") {
                self.resolved.push_str(UNKNOWN);
                at += rest.find("}}").map_or(rest.len(), |close| close + 2);
            } else if let Some(name) = rest.strip_prefix('$').map(leading_name).filter(|name| !name.is_empty()) {
                let length = name.len() + 1;
                self.variable(name, Reference::Bare, None, place(length), depth);
                at += length;
            } else {
                self.resolved.push_str(&rest[..1]);
                at += 1;
            }
        }
    }

    fn command_or_name(&mut self, inner: &str, place: std::ops::Range<usize>, depth: usize) {
        if let Some(number) = number_of(inner) {
            self.resolved.push_str(number);
        } else if leading_name(inner) == inner && !inner.is_empty() {
            self.variable(inner, Reference::Parenthesis, None, place, depth);
        } else {
            self.resolved.push_str(UNKNOWN);
        }
    }

    fn braces(&mut self, inner: &str, place: std::ops::Range<usize>, depth: usize) {
        let name = leading_name(inner);
        let rest = inner.get(name.len()..).unwrap_or("");
        let default = [":-", "-", ":=", "="].iter().find_map(|operator| rest.strip_prefix(operator));
        if name.is_empty() || (default.is_none() && !rest.is_empty()) {
            self.resolved.push_str(UNKNOWN);
        } else {
            self.variable(name, Reference::Brace, default, place, depth);
        }
    }

    fn variable(
        &mut self,
        name: &str,
        reference: Reference,
        default: Option<&str>,
        place: std::ops::Range<usize>,
        depth: usize,
    ) {
        match ((self.variables)(name, reference), default) {
            _ if depth >= DEEPEST || self.followed >= MOST => self.resolved.push_str(UNKNOWN),
            (Lookup::Set(value), _) => {
                self.followed += 1;
                self.read(&value, depth + 1, Some(&place));
            }
            (Lookup::Unknown, _) => self.resolved.push_str(UNKNOWN),
            (Lookup::Blank, Some(default)) => self.read(default, depth + 1, Some(&place)),
            (Lookup::Blank, None) => self.blank.push((name.to_owned(), place)),
        }
    }
}

/// The text between `open` at the start and the `close` that belongs to it.
fn enclosed<'text>(text: &'text str, open: &str, close: char) -> Option<&'text str> {
    let inner = text.strip_prefix(open)?;
    let opening = open.chars().next_back().filter(|opening| *opening != close);
    let mut depth = 0_usize;
    for (at, character) in inner.char_indices() {
        if Some(character) == opening {
            depth += 1;
        } else if character == close {
            if depth == 0 {
                return inner.get(..at);
            }
            depth -= 1;
        }
    }
    None
}

fn leading_name(text: &str) -> &str {
    let end = text.find(|character: char| !character.is_ascii_alphanumeric() && character != '_').unwrap_or(text.len());
    text.get(..end).filter(|name| !name.starts_with(|first: char| first.is_ascii_digit())).unwrap_or("")
}

/// The person's number that a command prints: `id -u`, `shell id -g`, `id --user "$USER"`.
fn number_of(command: &str) -> Option<&'static str> {
    let mut words = command.split_whitespace().filter(|word| !matches!(*word, "shell" | "command"));
    if !words.next()?.ends_with("id") {
        return None;
    }
    match words.next()? {
        "-u" | "--user" | "-ru" => Some(PERSON_UID),
        "-g" | "--group" | "-rg" => Some(PERSON_GID),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    #[test]
    fn values_are_followed_to_the_persons_numbers() {
        let variables = |name: &str, _: Reference| match name {
            "ME" => Lookup::Set("$(id -u):${ALSO}".into()),
            "ALSO" => Lookup::Set("`id -g`".into()),
            "LOOP" => Lookup::Set("$LOOP".into()),
            "OTHER" | "whoami" => Lookup::Unknown,
            _ => Lookup::Blank,
        };
        for (text, resolved, blank) in [
            ("1000:1000", "1000:1000", vec![]),
            ("$(shell id -u):$(shell id -g)", "<uid>:<gid>", vec![]),
            ("$(id -u \"$USER\")", "<uid>", vec![]),
            ("`id -u`:`id -g`", "<uid>:<gid>", vec![]),
            ("$ME", "<uid>:<gid>", vec![]),
            ("$(UID):$(GID)", ":", vec!["$(UID)", "$(GID)"]),
            ("${UID}:$GID", ":", vec!["${UID}", "$GID"]),
            ("${UID:-1000}:${GID-1000}", "1000:1000", vec![]),
            ("${UID:?}", "<unknown>", vec![]),
            ("$OTHER:{{gid}}", "<unknown>:<unknown>", vec![]),
            ("$LOOP", "<unknown>", vec![]),
            ("$(whoami)", "<unknown>", vec![]),
            ("$(unclosed $", "$(unclosed $", vec![]),
            ("é$", "é$", vec![]),
        ] {
            let source = Source::new("a", text);
            let found = option(&Mapped::literal(text, source.span(0..text.len())), &variables).unwrap();
            let places: Vec<_> = found.blank.iter().map(|blank| source.slice(&blank.span)).collect();
            assert_eq!((found.resolved.as_str(), places), (resolved, blank), "{text}");
        }
    }
}
