//! What a check returns: findings that point at a place, prove themselves, and may bring a fix.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::facts::{Missing, SeenPath};
use crate::fix::Fix;
use crate::text::{Span, mask_text};

/// What a check returns: findings (none: clean), or why it could not look.
pub type Checked = Result<Vec<Finding>, Missing>;

/// Where something is: a range of a text, or a file as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// A range of bytes in a file that was read.
    Span(Span),
    /// A file or directory as a whole, relative to the root, for people (control characters escaped).
    Path(String),
}

impl From<&Span> for Place {
    fn from(span: &Span) -> Self {
        Self::Span(span.clone())
    }
}

/// Another place that belongs to a finding, with its own words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Related {
    /// Where.
    pub place: Place,
    /// What is there, lower case, such as `` `api` runs as root: nothing sets `user:` ``.
    pub message: String,
}

/// What was seen: by which probe, about what, which value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The probe, such as `lstat`, `GET /containers/api/json`, `pg_available_extensions`.
    pub source: String,
    /// What was looked at.
    pub subject: String,
    /// What was seen, never a secret.
    pub value: String,
}

/// One thing that hurts this project.
///
/// Id and severity are not here: they belong to the check's words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// The object that suffers, such as `migrations/versions` or `api`. Part of the fingerprint.
    pub subject: String,
    /// What is, lower case, no full stop, objects in backticks.
    pub message: String,
    /// What the place itself says under its underline; the message stands there when this is empty.
    pub label: String,
    /// The primary place; `None` only when no file is concerned.
    pub place: Option<Place>,
    /// Other places that belong to it, in the order they are to be read.
    pub related: Vec<Related>,
    /// The proof.
    pub evidence: Vec<Evidence>,
    /// What to do, for the part no fix does; each starts with a verb.
    pub help: Vec<String>,
    /// The cure, when there is one.
    pub fix: Option<Fix>,
    /// The line of help for where the cure turns out to spoil a file.
    #[serde(skip)]
    pub instead: String,
    /// Paths of the project that it is about and that the cure leaves as they are, each with the reason. With the paths of the
    /// cure they are all that it is about.
    #[serde(default)]
    pub untouched: Vec<(SeenPath, String)>,
    /// Whether it is only worth knowing: it counts as info, whatever the severity of its check.
    #[serde(default)]
    pub only_info: bool,
    /// Services whose behaviour this finding is about. A finding of a service's root processes is the cause of the findings
    /// about what they left behind: see `run::stories`.
    pub services: Vec<String>,
}

impl Finding {
    /// A finding about `subject` at `place`.
    pub fn at(place: impl Into<Place>, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: Some(place.into()), ..Self::nowhere(subject, message) }
    }

    /// A finding about a file or a directory as a whole.
    pub fn at_path(path: impl Into<String>, subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self { place: Some(Place::Path(path.into())), ..Self::nowhere(subject, message) }
    }

    /// A finding that no file is concerned with.
    pub fn nowhere(subject: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            subject: subject.into(),
            message: message.into(),
            label: String::new(),
            place: None,
            related: vec![],
            evidence: vec![],
            help: vec![],
            fix: None,
            instead: String::new(),
            untouched: vec![],
            only_info: false,
            services: vec![],
        }
    }

    /// Says something else under the underline than the message.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// Adds another place with its words.
    #[must_use]
    pub fn related(mut self, place: impl Into<Place>, message: impl Into<String>) -> Self {
        self.related.push(Related { place: place.into(), message: message.into() });
        self
    }

    /// Adds a piece of evidence. Whatever a probe saw, a secret in it is hidden.
    #[must_use]
    pub fn seen(mut self, source: impl Into<String>, subject: impl Into<String>, value: impl fmt::Display) -> Self {
        self.evidence.push(Evidence {
            source: source.into(),
            subject: subject.into(),
            value: mask_text(&value.to_string()),
        });
        self
    }

    /// Adds a line of help; it starts with a verb.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Brings a fix.
    #[must_use]
    pub fn fix(mut self, fix: Fix) -> Self {
        self.fix = Some(fix);
        self
    }

    /// Says what to do where the fix turns out to spoil a file.
    #[must_use]
    pub fn instead(mut self, help: impl Into<String>) -> Self {
        self.instead = help.into();
        self
    }

    /// Names a path that the cure leaves as it is, and why.
    #[must_use]
    pub fn untouched(mut self, path: SeenPath, reason: impl Into<String>) -> Self {
        self.untouched.push((path, reason.into()));
        self
    }

    /// Makes it info, whatever the severity of its check: it hurts nobody as it is.
    #[must_use]
    pub fn only_info(mut self) -> Self {
        self.only_info = true;
        self
    }

    /// Names a service that this is about.
    #[must_use]
    pub fn service(mut self, service: impl Into<String>) -> Self {
        self.services.push(service.into());
        self
    }
}
