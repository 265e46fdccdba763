//! The words of a check, as they stand in `checks/<family>/<name>.yaml`.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::IntoDeserializer;
use serde::{Deserialize, Serialize};

use crate::facts::Need;

/// How much a finding matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Will bite.
    Warning,
    /// Broken now, or certain to break.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// The most daring kind of fix a check offers, as its words declare it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FixKind {
    /// A fix that is taken by `fix --yes`.
    Safe,
    /// Fixes that need a person's yes.
    Unsafe,
    /// Words only.
    Manual,
}

impl FixKind {
    /// For people, in lists.
    pub fn shown(self) -> &'static str {
        match self {
            Self::Safe => "safe fix",
            Self::Unsafe => "unsafe fix",
            Self::Manual => "by hand",
        }
    }
}

/// The words of one check.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Words {
    /// `<family>-<name>`; names the defect, never the remedy.
    pub id: String,
    /// One line, starting with a capital letter, no full stop.
    pub title: String,
    /// Severity of every finding of this check.
    pub severity: Severity,
    /// What it needs; `[files]` alone means that it runs in the hook.
    pub needs: Vec<Need>,
    /// The best fix it may offer: `safe` checks may fall back to unsafe or manual, never the reverse.
    pub fix: FixKind,
    /// Regular expressions over what the user sees when this bites.
    pub symptoms: Vec<String>,
    /// Why it is so, for somebody who meets it for the first time.
    pub why: String,
    /// Commands that show it without devdoctor.
    pub see_by_hand: String,
    /// Commands or edits that cure it without devdoctor.
    pub fix_by_hand: String,
    /// Cases that are run as tests: at least one that reports and one that does not.
    pub examples: Vec<Example>,
}

/// One example: a project in a few lines, what the machine answers, and what is reported.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Example {
    /// What the case is.
    pub name: String,
    /// Files by path.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// What the probes answer; see `tests/support/given.rs` for the vocabulary.
    #[serde(default)]
    pub given: serde_yaml::Value,
    /// What is reported, a line each: `path:line - text under the underline` (or `path - message start`); empty: nothing.
    #[serde(default)]
    pub reports: Vec<String>,
}

/// What every run asks of every check. Its words are more than fifty times as long, and reading all of them as YAML takes longer
/// than reading a project does, so these two lines are read by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub severity: Severity,
    pub needs: Vec<Need>,
}

impl Head {
    /// Reads the two lines where they are written as in every file: at the top, plain, each on one line.
    pub fn read(yaml: &str) -> Option<Self> {
        let value = |key: &str| {
            let line = yaml.lines().find(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')))?;
            line.get(key.len() + 1..).map(str::trim)
        };
        let needs = value("needs")?.strip_prefix('[')?.strip_suffix(']')?;
        let needs = needs.split(',').map(|need| named(need.trim())).collect::<Option<_>>()?;
        Some(Self { severity: named(value("severity")?)?, needs })
    }
}

/// A word as serde means it.
fn named<'word, T: Deserialize<'word>>(word: &'word str) -> Option<T> {
    let word: serde::de::value::StrDeserializer<'word, serde::de::value::Error> = word.into_deserializer();
    T::deserialize(word).ok()
}

impl From<&Words> for Head {
    fn from(words: &Words) -> Self {
        Self { severity: words.severity, needs: words.needs.clone() }
    }
}

/// Parses the embedded words of a check.
pub(super) fn embedded(path: &str, yaml: &str) -> Words {
    match serde_yaml::from_str(yaml) {
        Ok(words) => words,
        // The tests parse every file; an installed binary never comes here.
        Err(error) => Words {
            id: path.replace('/', "-"),
            title: format!("The words of this check cannot be read: {error}"),
            severity: Severity::Warning,
            needs: vec![],
            fix: FixKind::Manual,
            symptoms: vec![],
            why: String::new(),
            see_by_hand: String::new(),
            fix_by_hand: String::new(),
            examples: vec![],
        },
    }
}
