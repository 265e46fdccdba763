//! Fixes as data: what would be changed, how daring that is, and how it is taken back.

pub mod apply;
pub mod diff;
pub mod journal;
pub mod place;
pub mod plan;
pub mod show;
pub(crate) mod spare;
pub mod withhold;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::facts::{Owner, SeenPath};
use crate::text::{Span, Spanned};

pub use place::ChownPlace;

/// How daring a fix is. Ordered, so that "may I?" is one comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Applicability {
    /// Words only.
    Manual,
    /// Needs a person's yes: restarts something, changes how others run, or can fail half-way.
    Unsafe,
    /// Reversible, touches only what the finding named, no data, no behaviour beyond the cure.
    Safe,
}

impl fmt::Display for Applicability {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Manual => "manual",
            Self::Unsafe => "unsafe",
            Self::Safe => "safe",
        })
    }
}

/// Whose power a fix needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Privilege {
    /// The person's own files.
    None,
    /// Done through the Docker engine.
    Engine,
    /// Done in the database.
    Database,
    /// Needs root on this machine.
    Root,
}

/// The cure of a finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fix {
    /// What it does, starting with a verb, such as `give 4 files back to 1000:1000`.
    pub title: String,
    /// How daring it is.
    pub applicability: Applicability,
    /// What it changes, in order.
    pub steps: Vec<Step>,
    /// What the person has to do afterwards for it to take effect, starting with a verb, such as ``recreate `api`: docker compose up -d api``.
    pub afterwards: Vec<String>,
    /// Names whose uses it takes away, each with the import statement: what nothing uses any more goes too.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub last_uses: Vec<Spanned<String>>,
}

impl Fix {
    /// A fix that can be taken back and changes nothing beyond the cure.
    pub fn safe(title: impl Into<String>, steps: Vec<Step>) -> Self {
        Self { title: title.into(), applicability: Applicability::Safe, steps, afterwards: vec![], last_uses: vec![] }
    }

    /// A fix that a person must say yes to.
    pub fn risky(title: impl Into<String>, steps: Vec<Step>) -> Self {
        Self { title: title.into(), applicability: Applicability::Unsafe, steps, afterwards: vec![], last_uses: vec![] }
    }

    /// Words only.
    pub fn manual(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            applicability: Applicability::Manual,
            steps: vec![],
            afterwards: vec![],
            last_uses: vec![],
        }
    }

    /// Says what has to be done afterwards.
    #[must_use]
    pub fn afterwards(mut self, words: impl Into<String>) -> Self {
        self.afterwards.push(words.into());
        self
    }

    /// The greatest power that one of its steps needs.
    pub fn privilege(&self) -> Privilege {
        self.steps.iter().map(Step::privilege).max().unwrap_or(Privilege::None)
    }

    /// Whether `devdoctor undo` takes it back.
    pub fn undoable(&self) -> bool {
        !self.steps.is_empty() && self.steps.iter().all(Step::undoable)
    }
}

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Replaces bytes of a file.
    Edit(Edit),
    /// Gives paths to an owner.
    Chown(Chown),
    /// Makes or removes a path of the project, or changes its mode.
    Path(PathStep),
    /// Runs a statement in a database.
    Sql(Sql),
}

/// Makes or removes one path of the project, or changes its mode, by the person's own power.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathStep {
    /// Path relative to the project's root.
    pub path: SeenPath,
    /// What is done with it.
    pub change: PathChange,
}

/// What is done with a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PathChange {
    /// A folder is made, mode 0755; taken back while it is empty.
    MakeFolder {
        /// Whom it is to belong to.
        owner: Owner,
    },
    /// A folder is removed that holds nothing, never with what is in it.
    RemoveFolder {
        /// Whom it belongs to.
        owner: Owner,
        /// Its mode.
        mode: u32,
    },
    /// A file is made where there is none; taken back while it holds this text.
    NewFile {
        /// What it holds.
        text: String,
        /// Whom it is to belong to.
        owner: Owner,
    },
    /// A file gets another mode.
    Mode {
        /// The mode it has.
        from: u32,
        /// The mode it gets.
        to: u32,
    },
}

/// Replaces a range of bytes of a file of the project by a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// The bytes that go, in the file as it was read; empty for an insertion.
    pub span: Span,
    /// The text that comes.
    pub text: String,
}

/// Gives named paths to an owner, no symlink followed, never recursively.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chown {
    /// Where the paths are.
    pub place: ChownPlace,
    /// Each path with the owner it has now, sorted: on the host relative to the project's root, in a container absolute.
    pub paths: Vec<(SeenPath, Owner)>,
    /// The owner they get, as numbered there.
    pub to: Owner,
    /// Whether the person may do it without the engine. On the host only root may give files away.
    pub direct: bool,
}

/// A statement in a database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sql {
    /// Index into `Project::urls` of the URL that leads there.
    pub url: usize,
    /// Database, for people, such as `app at db (127.0.0.1:5432)`.
    pub database: String,
    /// The statement.
    pub statement: String,
    /// The statement that takes it back, if there is one.
    pub reverse: Option<String>,
}

impl Step {
    /// Whose power it needs.
    pub fn privilege(&self) -> Privilege {
        match self {
            Self::Edit(_) | Self::Path(_) => Privilege::None,
            Self::Chown(chown) if chown.direct => Privilege::None,
            Self::Chown(_) => Privilege::Engine,
            Self::Sql(_) => Privilege::Database,
        }
    }

    /// Whether it can be taken back.
    pub fn undoable(&self) -> bool {
        match self {
            Self::Edit(_) | Self::Chown(_) | Self::Path(_) => true,
            Self::Sql(sql) => sql.reverse.is_some(),
        }
    }
}
