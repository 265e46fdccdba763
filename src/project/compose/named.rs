//! A set of Compose files that a command line means, when those are not the project's own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::load::Reader;
use super::locate::{Location, NAMES, OVERRIDES, normal_name};
use super::paths;

/// What a command line says about the Compose files and the project that it means.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Named {
    /// The directory that it runs in, relative to the root.
    pub start: String,
    /// The files, relative to the root, in order; empty where Compose looks for them.
    pub files: Vec<String>,
    /// The project directory, relative to the root, where it is named.
    pub directory: Option<String>,
    /// The project's name, where it is named.
    pub project: Option<String>,
    /// The files of variables, relative to the root, where they are named.
    pub env_files: Vec<String>,
}

impl Reader<'_> {
    /// Finds the files of a set as Compose does from the directory of the line; `None` when there are none.
    pub(super) fn locate_named(&mut self, process: &BTreeMap<String, String>, named: &Named) -> Option<Location> {
        let start = named.directory.as_deref().unwrap_or(&named.start);
        let mut environment = process.clone();
        if named.env_files.is_empty() {
            let first = named.files.first().filter(|_| named.directory.is_none()).map(|file| paths::parent(file));
            self.read_dotenv(&paths::join(first.as_deref().unwrap_or(start), ".env"), &mut environment);
        }
        let mut known = BTreeMap::new();
        for file in &named.env_files {
            self.dotenv(file, None, process, &mut known);
        }
        known.into_iter().for_each(|(name, value)| {
            environment.entry(name).or_insert(value);
        });
        let files = match (named.files.as_slice(), self.of_variable(&named.start, &environment)) {
            ([], Some(files)) => files,
            ([], None) => self.nearest(start)?,
            (files, _) => files.to_vec(),
        };
        let directory = named
            .directory
            .clone()
            .unwrap_or_else(|| files.first().map(|file| paths::parent(file)).unwrap_or_default());
        if named.env_files.is_empty() {
            self.read_dotenv(&paths::join(&directory, ".env"), &mut environment);
        }
        if let Some(name) = &named.project {
            environment.insert("COMPOSE_PROJECT_NAME".to_owned(), normal_name(name));
        }
        Some(Location { files, directory, environment })
    }

    /// The files of a usual name in a directory or in the nearest above it that has some, within the project.
    fn nearest(&self, start: &str) -> Option<Vec<String>> {
        let above = std::iter::successors(Some(start.to_owned()), |below| {
            (!below.is_empty() && !below.starts_with(['/', '.'])).then(|| paths::parent(below))
        });
        above.into_iter().find_map(|directory| {
            let there = |names: &[&str]| {
                names.iter().map(|name| paths::join(&directory, name)).find(|path| self.files.exists(path))
            };
            Some([Some(there(&NAMES)?), there(&OVERRIDES)].into_iter().flatten().collect())
        })
    }
}
