//! Which Compose files make up the project, from where, and under which name and variables.

use std::collections::BTreeMap;

use crate::project::discover::is_compose_name;
use crate::project::files::Files;
use crate::text::interpolate::interpolate;

use super::load::Reader;
use super::paths;

/// Names of the first file in the order of Compose.
pub(super) const NAMES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// Names of the file that is laid over it.
pub(super) const OVERRIDES: [&str; 4] =
    ["compose.override.yml", "compose.override.yaml", "docker-compose.override.yml", "docker-compose.override.yaml"];

/// Folders whose Compose files are not those of the development environment.
const NOT_OURS: [&str; 10] =
    ["doc", "docs", "example", "examples", "fixtures", "node_modules", "sample", "samples", "tests", "vendor"];

/// Where the project is.
#[derive(Debug)]
pub(super) struct Location {
    /// The files to merge, in order, relative to the root.
    pub files: Vec<String>,
    /// The project directory relative to the root.
    pub directory: String,
    /// Variables for interpolation: the process's own, then those of `.env`.
    pub environment: BTreeMap<String, String>,
}

impl Reader<'_> {
    /// Finds the project's files: those that `COMPOSE_FILE` names (in the environment or in `.env`), else those with a usual
    /// name in the root, else those that the project's own command lines all name, else those in the one folder directly below
    /// that has some.
    pub(super) fn locate(&mut self, process: &BTreeMap<String, String>, named: &[Vec<String>]) -> Option<Location> {
        let mut environment = process.clone();
        let list: Vec<String> = match process.get("COMPOSE_ENV_FILES").filter(|list| !list.is_empty()) {
            Some(list) => list.split(',').map(|file| self.resolve("", file)).collect(),
            None => vec![],
        };
        let disabled = process.get("COMPOSE_DISABLE_ENV_FILE").is_some_and(|value| value == "true" || value == "1");
        if list.is_empty() && !disabled {
            self.read_dotenv(".env", &mut environment);
        }
        let mut known = BTreeMap::new();
        for file in &list {
            self.dotenv(file, None, process, &mut known);
        }
        known.into_iter().for_each(|(name, value)| {
            environment.entry(name).or_insert(value);
        });
        let files = self.file_list(&environment, named)?;
        let directory = paths::parent(files.first()?);
        if list.is_empty() && !disabled && !directory.is_empty() {
            self.read_dotenv(&paths::join(&directory, ".env"), &mut environment);
        }
        Some(Location { files, directory, environment })
    }

    /// Adds what a `.env` file says to variables that go before it, when it is there.
    pub(super) fn read_dotenv(&mut self, path: &str, environment: &mut BTreeMap<String, String>) {
        let mut known = BTreeMap::new();
        // Compose passes over a directory of this name, and waits for a pipe.
        if self.files.exists(path) && !self.files.is_directory(path) {
            self.dotenv(path, None, environment, &mut known);
        }
        for (name, value) in known {
            environment.entry(name).or_insert(value);
        }
    }

    /// The files that `COMPOSE_FILE` names, as seen from `start`.
    pub(super) fn of_variable(&self, start: &str, environment: &BTreeMap<String, String>) -> Option<Vec<String>> {
        let list = environment.get("COMPOSE_FILE").filter(|list| !list.is_empty())?;
        let separator = environment.get("COMPOSE_PATH_SEPARATOR").filter(|text| !text.is_empty());
        let separator = separator.map_or(":", String::as_str);
        let files = list.split(separator).filter(|file| !file.is_empty() && *file != "-");
        Some(files.map(|file| self.resolve(start, file)).collect())
    }

    fn file_list(&mut self, environment: &BTreeMap<String, String>, named: &[Vec<String>]) -> Option<Vec<String>> {
        if let Some(files) = self.of_variable("", environment) {
            return Some(files);
        }
        let folders = sub_folders(self.files);
        let mut below = folders.iter().filter(|folder| first(self.files, folder).is_some());
        let directory = match (first(self.files, ""), named, below.next(), below.next()) {
            (Some(_), ..) => "",
            (None, [set], ..) => return Some(set.clone()),
            (None, [], Some(folder), None) => folder,
            _ => {
                self.unchosen = candidates(self.files);
                return None;
            }
        };
        let base = first(self.files, directory)?;
        let over = OVERRIDES.iter().map(|name| paths::join(directory, name)).find(|path| self.files.exists(path));
        Some([Some(base), over].into_iter().flatten().collect())
    }

    /// The project's name: `COMPOSE_PROJECT_NAME`, else the last `name:` of the files, else the directory's.
    pub(super) fn project_name(&mut self, location: &Location) -> String {
        if let Some(name) = location.environment.get("COMPOSE_PROJECT_NAME").filter(|name| !name.is_empty()) {
            if normal_name(name) != *name {
                let message = format!(
                    "invalid project name `{}` in COMPOSE_PROJECT_NAME: only lower case letters, digits, `-` and `_` may stand in it",
                    name.escape_debug()
                );
                self.unreadable.push(crate::project::Unreadable {
                    path: location.files.first().cloned().unwrap_or_default(),
                    format: crate::project::Format::Compose,
                    span: None,
                    message,
                    unseen: "the project's name on the engine".to_owned(),
                });
            }
            return normal_name(name);
        }
        let lookup = |name: &str| location.environment.get(name).cloned();
        let written = location.files.iter().rev().find_map(|path| {
            let source = self.source(path).ok()?;
            let documents = self.nodes(&source).ok()?;
            let name = documents.iter().rev().find_map(|document| document.get("name")?.as_str().map(str::to_owned))?;
            interpolate(&name, &lookup).ok().map(|name| normal_name(&name.text)).filter(|name| !name.is_empty())
        });
        let directory = paths::absolute(self.root, &location.directory);
        written.unwrap_or_else(|| normal_name(directory.rsplit('/').next().unwrap_or("")))
    }
}

/// The first Compose file of a usual name in a directory.
fn first(files: &dyn Files, directory: &str) -> Option<String> {
    NAMES.iter().map(|name| paths::join(directory, name)).find(|path| files.exists(path))
}

/// All files that may be Compose files of the project by their names; those that Compose finds by itself in their folder first.
fn candidates(files: &dyn Files) -> Vec<String> {
    let ours = |path: &&String| !path.split('/').any(|part| NOT_OURS.contains(&part) || part.starts_with('.'));
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let listed = files.list().iter().filter(|path| is_compose_name(&name(path))).filter(ours);
    let mut found: Vec<String> = listed.cloned().collect();
    found.sort_by_key(|path| (!NAMES.contains(&name(path).as_str()), path.clone()));
    found
}

/// The folders directly below the root that may hold the project's Compose files.
fn sub_folders(files: &dyn Files) -> Vec<String> {
    let mut folders: Vec<String> = files
        .list()
        .iter()
        .filter_map(|path| path.split_once('/'))
        .filter(|(folder, rest)| !rest.contains('/') && !NOT_OURS.contains(folder))
        .map(|(folder, _)| folder.to_owned())
        .collect();
    folders.sort();
    folders.dedup();
    folders
}

/// A name as Compose allows it.
pub(super) fn normal_name(name: &str) -> String {
    let allowed =
        |character: &char| character.is_ascii_lowercase() || character.is_ascii_digit() || "-_".contains(*character);
    let kept: String = name.to_lowercase().chars().filter(allowed).collect();
    kept.trim_start_matches(['-', '_']).to_owned()
}
