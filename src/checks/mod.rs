//! The table of checks: each line joins a plain function to its words.

mod own_numbers;
pub mod reads;
pub mod symptoms;
mod words;

use std::sync::{LazyLock, OnceLock};

use crate::facts::{Facts, Need};
use crate::finding::Checked;

use words::Head;
pub use words::{Example, FixKind, Severity, Words};

pub mod alembic;
pub mod cache;
pub mod compose;
pub mod engine;
pub mod exec;
pub mod files;
pub mod ownership;
pub mod postgres;
mod python_fix;
mod recreate;
pub mod sqlmodel;
pub mod url;
pub mod wsl;

/// One check: a plain function over facts, and its words.
pub struct Check {
    /// Path of the words below `checks/`, without `.yaml`.
    pub path: &'static str,
    /// The words as they stand in the file.
    pub yaml: &'static str,
    /// The function.
    pub run: fn(&Facts) -> Checked,
    words: LazyLock<Words>,
    head: OnceLock<Head>,
}

impl Check {
    /// The id: the path with dashes.
    pub fn id(&self) -> String {
        self.path.replace('/', "-")
    }

    /// The family: the first part of the id.
    pub fn family(&self) -> &'static str {
        self.path.split('/').next().unwrap_or(self.path)
    }

    /// How much its findings matter.
    pub fn severity(&self) -> Severity {
        self.head().severity
    }

    /// What it needs.
    pub fn needs(&self) -> &[Need] {
        &self.head().needs
    }

    fn head(&self) -> &Head {
        self.head.get_or_init(|| Head::read(self.yaml).unwrap_or_else(|| self.words().into()))
    }

    /// The words, parsed at first use.
    pub fn words(&self) -> &Words {
        &self.words
    }
}

/// Makes a line of the table: `check!("ownership/foreign-files", foreign_files::check)`. A YAML that is missing does not compile.
macro_rules! check {
    ($path:literal, $run:path) => {
        $crate::checks::Check {
            path: $path,
            yaml: include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/checks/", $path, ".yaml")),
            run: |facts| $crate::checks::python_fix::proven(facts, $run(facts)),
            head: std::sync::OnceLock::new(),
            words: std::sync::LazyLock::new(|| {
                $crate::checks::words::embedded(
                    $path,
                    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/checks/", $path, ".yaml")),
                )
            }),
        }
    };
}
use check;

/// A check that never ends, on a quick machine as on a slow one.
#[cfg(test)]
pub(crate) static ENDLESS: Check = {
    fn endless(_: &Facts) -> Checked {
        loop {
            std::thread::park();
        }
    }
    check!("engine/unreachable", endless)
};

/// All checks, by family in the order of causes: engine, WSL, Compose, files, containers, database, migrations, models; sorted within a family.
pub fn all() -> impl Iterator<Item = &'static Check> {
    [
        engine::TABLE.as_slice(),
        wsl::TABLE.as_slice(),
        compose::TABLE.as_slice(),
        files::TABLE.as_slice(),
        ownership::TABLE.as_slice(),
        exec::TABLE.as_slice(),
        cache::TABLE.as_slice(),
        url::TABLE.as_slice(),
        postgres::TABLE.as_slice(),
        alembic::TABLE.as_slice(),
        sqlmodel::TABLE.as_slice(),
    ]
    .into_iter()
    .flatten()
}

/// The check of an id.
pub fn by_id(id: &str) -> Option<&'static Check> {
    all().find(|check| check.id() == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_every_run_asks_of_a_check_is_read_without_its_words() {
        for check in all() {
            assert_eq!(Head::read(check.yaml), Some(check.words().into()), "{}", check.path);
        }
        for other in ["", "severity: error", "severity: fatal\nneeds: [files]", "severity: error\nneeds: [files, x]"] {
            assert_eq!(Head::read(other), None, "{other}");
        }
    }
}
