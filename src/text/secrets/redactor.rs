//! Takes known secrets out of any text.

use std::borrow::Cow;

use regex::Regex;

use super::{MASK, percent_encoded, ranges};
use crate::text::Source;

/// Takes known secrets out of any text: the last guard before output, for the ways that the masks above do not see (the
/// text of an error from another program, say).
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Vec<String>,
    /// Those of several words, which may come back with other blanks between them: wrapped, or joined from lines.
    phrases: Vec<Regex>,
}

/// Length (bytes) beyond which a secret of several words is only looked for by its lines.
const LONGEST_PHRASE: usize = 1_000;

/// Words that stand in for passwords on so many machines that hiding them would only hide ordinary words.
const ORDINARY: [&str; 8] =
    ["postgres", "password", "changeme", "changethis", "secret", "example", "localhost", "devdoctor"];

impl Redactor {
    /// Learns the secrets of a source.
    pub fn learn(&mut self, source: &Source) {
        for range in source.secrets() {
            self.learn_secret(&source.text()[range.clone()]);
        }
    }

    /// Learns the secrets of one setting, such as a variable of a container.
    pub fn learn_setting(&mut self, key: &str, value: &str) {
        let line = format!("{key}={value}");
        for range in ranges("", &line) {
            self.learn_secret(&line[range]);
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
        if secret.chars().count() < 6 || ORDINARY.contains(&secret) || self.secrets.iter().any(|known| known == secret)
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
    pub fn redact<'text>(&self, text: &'text str) -> Cow<'text, str> {
        let mut clean = Cow::Borrowed(text);
        for phrase in &self.phrases {
            if phrase.is_match(&clean) {
                clean = Cow::Owned(phrase.replace_all(&clean, MASK).into_owned());
            }
        }
        for secret in &self.secrets {
            if clean.contains(secret.as_str()) {
                clean = Cow::Owned(clean.replace(secret.as_str(), MASK));
            }
        }
        clean
    }
}
