//! Justfiles: variables and recipes with their bytes, and `{{…}}` put in as far as it is plain.

use std::collections::BTreeMap;
use std::ops::Range;

use super::{Mapped, Source};

/// One justfile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Justfile {
    /// `name := expression`, in order: the name and the expression's bytes.
    pub variables: Vec<(String, Range<usize>)>,
    /// Recipes in order.
    pub recipes: Vec<Recipe>,
    /// `set shell := […]`, as written.
    pub shell: Option<Range<usize>>,
}

/// One recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// Its name.
    pub name: String,
    /// Parameters with the bytes of their default.
    pub parameters: Vec<(String, Option<Range<usize>>)>,
    /// What a shell gets: each line by itself, or the whole body when it starts with `#!`.
    pub scripts: Vec<Range<usize>>,
    /// The `#!` line, when there is one.
    pub interpreter: Option<Range<usize>>,
}

/// Reads a justfile. It never fails: a line that is not understood is stepped over.
pub fn parse(text: &str) -> Justfile {
    let mut file = Justfile::default();
    let mut at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut open = false; // whether indented lines belong to the last recipe
    while at < text.len() {
        let (line, next) = line_at(text, at);
        let content = text.get(line.clone()).unwrap_or("");
        if content.starts_with([' ', '\t']) && !content.trim().is_empty() {
            if let Some(recipe) = file.recipes.last_mut().filter(|_| open) {
                body_line(text, recipe, line);
            }
        } else if !content.trim().is_empty() && !content.starts_with(['#', '[']) {
            open = statement(text, &mut file, line);
        }
        at = next;
    }
    file
}

/// The line at `at` with its continuations, without its line end; and where the next one starts.
fn line_at(text: &str, at: usize) -> (Range<usize>, usize) {
    let mut from = at;
    loop {
        let Some(newline) = text.get(from..).and_then(|rest| rest.find('\n')) else {
            return (at..text.len(), text.len());
        };
        let line = text.get(at..from + newline).unwrap_or("").trim_end_matches('\r');
        if !line.ends_with('\\') {
            return (at..at + line.len(), from + newline + 1);
        }
        from += newline + 1;
    }
}

fn body_line(text: &str, recipe: &mut Recipe, line: Range<usize>) {
    let content = text.get(line.clone()).unwrap_or("");
    let trimmed = content.trim_start();
    let start = line.end - trimmed.len();
    if trimmed.starts_with("#!") && recipe.scripts.is_empty() {
        recipe.interpreter = Some(start..line.end);
        recipe.scripts.push(line.end..line.end);
    } else if let Some(script) = recipe.scripts.first_mut().filter(|_| recipe.interpreter.is_some()) {
        script.end = line.end;
    } else {
        let command = trimmed.trim_start_matches(['@', '-', ' ']);
        recipe.scripts.push(line.end - command.len()..line.end);
    }
}

/// A line that starts in the first column. Whether it opens a recipe.
fn statement(text: &str, file: &mut Justfile, line: Range<usize>) -> bool {
    let content = text.get(line.clone()).unwrap_or("");
    let Some(colon) = outside_quotes(content).find(|(_, byte)| *byte == b':').map(|(at, _)| at) else { return false };
    let head = content.get(..colon).unwrap_or("");
    if content.get(colon..).is_some_and(|rest| rest.starts_with(":=")) {
        let value = content.get(colon + 2..).unwrap_or("");
        let value_end = outside_quotes(value).find(|(_, byte)| *byte == b'#').map_or(value.len(), |(at, _)| at);
        let trimmed = value.get(..value_end).unwrap_or("").trim();
        let start = line.start + colon + 2 + value.find(trimmed).unwrap_or(0);
        let range = start..start + trimmed.len();
        let mut words = head.split_whitespace();
        match (words.next(), words.next()) {
            (Some("set"), Some("shell")) => file.shell = Some(range),
            (Some("set" | "alias"), _) | (None, _) => {}
            (Some("export"), Some(name)) | (Some(name), _) => file.variables.push((name.to_owned(), range)),
        }
        return false;
    }
    let mut recipe = Recipe { name: String::new(), parameters: vec![], scripts: vec![], interpreter: None };
    for word in words_of(head) {
        let written = head.get(word.clone()).unwrap_or("");
        if recipe.name.is_empty() {
            recipe.name = written.trim_start_matches('@').to_owned();
            continue;
        }
        let (name, default) = match written.find('=') {
            Some(equals) => (&written[..equals], Some(line.start + word.start + equals + 1..line.start + word.end)),
            None => (written, None),
        };
        recipe.parameters.push((name.trim_start_matches(['$', '*', '+']).to_owned(), default));
    }
    file.recipes.push(recipe);
    true
}

/// The bytes of a text that are in no quotes or backticks, with their places.
fn outside_quotes(text: &str) -> impl Iterator<Item = (usize, u8)> + '_ {
    let mut open: Option<u8> = None;
    text.bytes().enumerate().filter(move |(_, byte)| match open {
        Some(quote) => {
            if *byte == quote {
                open = None;
            }
            false
        }
        None => {
            if matches!(byte, b'\'' | b'"' | b'`') {
                open = Some(*byte);
            }
            open.is_none()
        }
    })
}

fn words_of(text: &str) -> Vec<Range<usize>> {
    let blanks: Vec<usize> =
        outside_quotes(text).filter(|(_, byte)| byte.is_ascii_whitespace()).map(|(at, _)| at).collect();
    let mut words = vec![];
    let mut start = 0;
    for blank in blanks.into_iter().chain([text.len()]) {
        if blank > start {
            words.push(start..blank);
        }
        start = blank + 1;
    }
    words
}

/// The variables of a justfile that are plain text or a command in backticks.
#[derive(Clone, Debug, Default)]
pub struct Values<'base> {
    /// The values; `None` for a name whose value nothing here tells.
    own: BTreeMap<String, Option<Mapped>>,
    /// The variables of the file, below the parameters of a recipe.
    base: Option<&'base Values<'base>>,
}

/// Longest value that is kept, so that variables which double each other do not fill the memory.
const LONGEST: usize = 10_000;

impl<'base> Values<'base> {
    /// The variables of a file, in order.
    pub fn of(source: &Source, file: &Justfile) -> Self {
        let mut values = Self::default();
        for (name, expression) in &file.variables {
            values.learn(source, name, expression);
        }
        values
    }

    /// The variables together with the defaults of a recipe's parameters.
    #[must_use]
    pub fn with(&'base self, source: &Source, recipe: &Recipe) -> Self {
        let mut values = Self { own: BTreeMap::new(), base: Some(self) };
        for (name, default) in &recipe.parameters {
            values.own.insert(name.clone(), None);
            if let Some(default) = default {
                values.learn(source, name, default);
            }
        }
        values
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&Mapped> {
        match self.own.get(name) {
            Some(own) => own.as_ref(),
            None => self.base?.get(name),
        }
    }

    fn learn(&mut self, source: &Source, name: &str, expression: &Range<usize>) {
        let value = self.value(source, expression).filter(|value| value.text().len() <= LONGEST);
        self.own.insert(name.to_owned(), value);
    }

    /// Strings, names and backticks, joined by `+`. `None` for anything else.
    fn value(&self, source: &Source, expression: &Range<usize>) -> Option<Mapped> {
        let text = source.text().get(expression.clone())?;
        let mut made = Mapped::default();
        let mut start = 0;
        let joints: Vec<usize> = outside_quotes(text).filter(|(_, byte)| *byte == b'+').map(|(at, _)| at).collect();
        for end in joints.into_iter().chain([text.len()]) {
            let term = text.get(start..end)?.trim();
            let at = expression.start + start + text.get(start..end)?.find(term)?;
            start = end + 1;
            let inner = term.get(1..term.len().checked_sub(1)?);
            let place = source.span(at + 1..at + term.len() - 1);
            match (term.as_bytes().first()?, inner) {
                (b'\'', Some(inner)) if term.ends_with('\'') => made.push_literal(inner, place),
                (b'"', Some(inner)) if term.ends_with('"') && !inner.contains('\\') => made.push_literal(inner, place),
                (b'`', Some(inner)) if term.ends_with('`') => {
                    made.push_decoded("$(", place.part(0..0));
                    made.push_literal(inner, place.clone());
                    made.push_decoded(")", place.part(inner.len()..inner.len()));
                }
                _ => made.push_part(self.get(term)?, 0..self.get(term)?.text().len(), None),
            }
        }
        Some(made)
    }

    /// A script with its `{{…}}` put in; those that are not known stay, without blanks, so that they are one word.
    pub fn expand(&self, script: &Mapped) -> Mapped {
        let mut made = Mapped::default();
        let text = script.text();
        let mut kept = 0;
        while let Some(open) = text.get(kept..).and_then(|rest| rest.find("{{")).map(|found| kept + found) {
            let Some(close) = text.get(open..).and_then(|rest| rest.find("}}")).map(|found| open + found) else {
                break;
            };
            made.push_part(script, kept..open, None);
            let name = text.get(open + 2..close).unwrap_or("").trim();
            let place = script.place(open..close + 2);
            match (self.get(name), place) {
                (Some(value), place) => made.push_part(value, 0..value.text().len(), place.as_ref()),
                (None, Some(place)) => {
                    let plain: String =
                        name.chars().filter(|character| character.is_alphanumeric() || *character == '_').collect();
                    made.push_decoded(&format!("{{{{{plain}}}}}"), place);
                }
                (None, None) => {}
            }
            kept = close + 2;
        }
        made.push_part(script, kept..text.len(), None);
        made
    }
}

#[cfg(test)]
mod tests;
