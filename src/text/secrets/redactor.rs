//! Takes known secrets out of any text.

use std::borrow::Cow;
use std::collections::HashSet;

use regex::Regex;

use super::urls::is_token;
use super::{MASK, percent_encoded, ranges};
use crate::text::Source;

/// Takes known secrets out of any text: the last guard before output, for the ways that the masks above do not see (the
/// text of an error from another program, say).
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Vec<String>,
    /// Those of several words, which may come back with other blanks between them: wrapped, or joined from lines.
    phrases: Vec<Regex>,
    /// Names that people see everywhere, such as those of the project, its services, its folders and its classes.
    names: HashSet<String>,
    /// Texts whose words are everyday words here: those that devdoctor itself is written in.
    vocabulary: Vec<&'static str>,
    /// What is only looked into when something is said: most hooks say nothing.
    unread: Vec<Source>,
    settings: Vec<String>,
}

/// Length (bytes) beyond which a secret of several words is only looked for by its lines.
const LONGEST_PHRASE: usize = 1_000;

/// Words that stand in for passwords on so many machines that hiding them would only hide ordinary words.
const ORDINARY: [&str; 8] =
    ["postgres", "password", "changeme", "changethis", "secret", "example", "localhost", "devdoctor"];

impl Redactor {
    /// Leaves a name alone that is a password as well (`POSTGRES_PASSWORD: ledger` of the project `ledger`): where it stands
    /// as a password the masks hide it, and everywhere else it says nothing that the name does not.
    pub fn spare(&mut self, name: &str) {
        self.names.insert(name.to_owned());
    }

    /// Leaves the words of a text alone: a UI's text `"password": "cannot be empty"` would else take `cannot` out of every message.
    pub fn spare_words(&mut self, text: &'static str) {
        self.vocabulary.push(text);
    }

    /// Learns the secrets of a source, before anything is said. The parts of its path are no secrets.
    pub fn learn(&mut self, source: &Source) {
        self.unread.push(source.clone());
    }

    /// Learns the secrets of one setting, such as a variable of a container, before anything is said.
    pub fn learn_setting(&mut self, key: &str, value: &str) {
        self.settings.push(format!("{key}={value}"));
    }

    /// Looks into what is to be learned.
    fn read(&mut self) {
        if self.unread.is_empty() && self.settings.is_empty() {
            return;
        }
        for text in std::mem::take(&mut self.vocabulary) {
            let words = text.split(|letter: char| !letter.is_ascii_alphanumeric() && !matches!(letter, '_' | '-'));
            let is_plain = |word: &&str| word.bytes().all(|letter| letter.is_ascii_lowercase());
            self.names.extend(words.filter(is_plain).map(str::to_owned));
        }
        for source in &self.unread {
            self.names.extend(source.path().split(['/', '.']).map(str::to_owned));
        }
        for source in std::mem::take(&mut self.unread) {
            for range in source.secrets() {
                self.learn_secret(&source.text()[range.clone()]);
            }
        }
        for line in std::mem::take(&mut self.settings) {
            for range in ranges("", &line) {
                self.learn_secret(&line[range]);
            }
        }
    }

    /// Learns one secret. Too short ones and everyday words are left to the masks: taking them out of every text would
    /// tear other words apart.
    pub fn learn_secret(&mut self, secret: &str) {
        let words: Vec<String> = secret.split_whitespace().map(regex::escape).collect();
        if words.len() > 1 {
            let phrase = Some(words.join(r"\s+")).filter(|_| (8..LONGEST_PHRASE).contains(&secret.len()));
            let known = |phrase: &str| self.phrases.iter().any(|regex| regex.as_str() == phrase);
            let new = phrase.filter(|phrase| !known(phrase)).and_then(|phrase| Regex::new(&phrase).ok());
            self.phrases.extend(new);
            secret.lines().for_each(|line| self.learn_line(line.trim()));
        }
        // What stands around a reference comes back beside its value.
        if secret.contains("${") {
            secret.split("${").for_each(|part| self.learn_line(part.split_once('}').map_or(part, |(_, rest)| rest)));
        }
        self.learn_line(secret);
    }

    fn learn_line(&mut self, secret: &str) {
        let is_name = !is_token(secret) && self.names.contains(secret);
        if is_name
            || secret.chars().count() < 6
            || ORDINARY.contains(&secret)
            || self.secrets.iter().any(|known| known == secret)
        {
            return;
        }
        let escaped = serde_json::to_string(secret).unwrap_or_default();
        let escaped = escaped.trim_matches('"').to_owned();
        for form in [secret.to_owned(), percent_encoded(secret), escaped] {
            if !self.secrets.contains(&form) {
                self.secrets.push(form);
            }
        }
        // Longest first, so that a secret that contains another is taken out whole.
        self.secrets.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
    }

    /// `text` without any known secret.
    pub fn redact<'text>(&mut self, text: &'text str) -> Cow<'text, str> {
        self.read();
        let mut clean = Cow::Borrowed(text);
        for phrase in &self.phrases {
            if phrase.is_match(&clean) {
                clean = Cow::Owned(phrase.replace_all(&clean, MASK).into_owned());
            }
        }
        for secret in &self.secrets {
            if clean.contains(secret.as_str()) {
                clean = Cow::Owned(self.without(secret, &clean));
            }
        }
        clean
    }

    /// `text` without one secret, but for where this is a piece of a longer name that people see everywhere.
    fn without(&self, secret: &str, text: &str) -> String {
        let (mut clean, mut copied) = (String::with_capacity(text.len()), 0);
        for (at, _) in text.match_indices(secret) {
            let end = at + secret.len();
            if is_token(secret) || !self.names.contains(word_around(text, at, end)) {
                clean.push_str(&text[copied..at]);
                clean.push_str(MASK);
                copied = end;
            }
        }
        clean.push_str(&text[copied..]);
        clean
    }
}

/// The whole word that a part of a text belongs to.
fn word_around(text: &str, start: usize, end: usize) -> &str {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let before = text[..start].trim_end_matches(is_part).len();
    let behind = text.len() - text[end..].trim_start_matches(is_part).len();
    &text[before..behind]
}
