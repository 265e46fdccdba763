//! Alembic environments: their configuration and what `env.py` does with the database URL.

mod env_py;
pub mod incomplete;
pub(in crate::project) mod mentioned;
pub mod on_host;
pub mod revisions;
pub mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::text::{Source, Span, Spanned, ini, python, toml};

pub(super) use super::files::inside as join;
use super::files::{Files, ReadError, source};
use super::{Format, Unreadable};

pub(super) use env_py::looks_like_url_variable;

/// One Alembic environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Alembic {
    /// `alembic.ini` or `pyproject.toml`, relative to the root: the one that names the script location.
    pub configuration: String,
    /// Section of the ini file, `alembic` when it is not run with `-n`.
    pub section: String,
    /// The ini file that `sqlalchemy.url` is read from, when it is there. With `[tool.alembic]` both files are read.
    pub ini: Option<String>,
    /// Directory of the migration environment, relative to the root, when it could be told.
    pub script_location: Option<Spanned<String>>,
    /// `env.py`, when it is there.
    pub env_py: Option<String>,
    /// The `versions` directories, relative to the root.
    pub version_directories: Vec<String>,
    /// Where `env.py` puts a URL in force itself, so that `sqlalchemy.url` of the configuration is not read.
    pub url_override: Option<Span>,
    /// The condition around that (`if url:`, `url or config…`): without it the configuration's URL is read after all.
    pub override_condition: Option<Span>,
    /// Where `env.py` takes a connection from the program that runs Alembic, if that gives one: what the configuration says of
    /// the URL then matters on the command line alone.
    #[serde(default)]
    pub connection_taken: Option<Span>,
    /// Whether a program of the project sets the URL before it runs Alembic, where the configuration has none that could be meant.
    #[serde(default)]
    pub url_set_by_program: bool,
    /// Whether `env.py` asks `[tool.alembic]` for the URL; by itself Alembic reads it from the ini file only.
    pub reads_toml_url: bool,
    /// Environment variables that `env.py` reads by name, also as fields of a settings object.
    pub variables_read: Vec<Spanned<String>>,
    /// What `env.py` hands to `set_main_option` as the URL without doubling its percent signs.
    pub undoubled: Option<Undoubled>,
    /// Whether revisions are also looked for below the version directories.
    #[serde(default)]
    pub recursive: bool,
    /// The revision files and what decides how they are written and run.
    #[serde(default)]
    pub revisions: revisions::Revisions,
    /// `config = context.config`, behind which a line may be put that sets the URL.
    pub configuration_taken: Option<Span>,
    /// The first import of `env.py`, before which another may be put; `None` when it imports `os` already.
    pub import_os_before: Option<Span>,
}

/// An expression that configparser gets as a value: a `%` in it must be doubled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undoubled {
    /// The expression.
    pub span: Span,
    /// Whether a method call behind it needs brackets around it.
    pub needs_brackets: bool,
    /// Whether it is a URL object of SQLAlchemy, which is no text at all.
    #[serde(default)]
    pub is_object: bool,
    /// What makes it `None` where an environment variable is not set.
    #[serde(default)]
    pub optional: Option<Optional>,
}

/// `os.getenv("NAME")`, whose lack shows only where the value is used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Optional {
    /// The expression.
    pub span: Span,
    /// What says at once which variable is not set: `os.environ["NAME"]`; `None` when nothing here imports `os`.
    pub instead: Option<String>,
}

/// Reads every Alembic environment of a project.
pub fn read(
    files: &dyn Files,
    sources: &mut BTreeMap<String, Source>,
    unreadable: &mut Vec<Unreadable>,
) -> Vec<Alembic> {
    let mut directories = BTreeSet::new();
    for path in files.list() {
        let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
        if matches!(name, "alembic.ini" | "pyproject.toml") {
            directories.insert(directory.to_owned());
        }
    }
    let mut found = vec![];
    for directory in directories {
        let mut reader = Reader { files, sources, unreadable, directory: &directory };
        found.extend(reader.environments());
    }
    found
}

/// Remembers once that a file could not be understood.
pub(super) fn note(unreadable: &mut Vec<Unreadable>, entry: Unreadable) {
    if !unreadable.iter().any(|known| known.path == entry.path) {
        unreadable.push(entry);
    }
}

struct Reader<'a> {
    files: &'a dyn Files,
    sources: &'a mut BTreeMap<String, Source>,
    unreadable: &'a mut Vec<Unreadable>,
    directory: &'a str,
}

impl Reader<'_> {
    /// The file of a name in this directory, when it is there and a text.
    fn open(&mut self, path: &str, format: Format, unseen: &str) -> Option<Source> {
        let error = match source(self.files, self.sources, path) {
            Ok(source) => return Some(source),
            Err(ReadError::NotFound) => return None,
            Err(error) => error,
        };
        let entry = Unreadable {
            path: path.to_owned(),
            format,
            span: None,
            message: error.to_string(),
            unseen: unseen.to_owned(),
        };
        note(self.unreadable, entry);
        None
    }

    fn refuse(&mut self, source: &Source, format: Format, offset: usize, message: String, unseen: &str) {
        let span = Some(source.span(offset..offset + 1));
        let entry = Unreadable { path: source.path().to_owned(), format, span, message, unseen: unseen.to_owned() };
        note(self.unreadable, entry);
    }

    fn environments(&mut self) -> Vec<Alembic> {
        let ini_path = join(self.directory, "alembic.ini").unwrap_or_default();
        let toml_path = join(self.directory, "pyproject.toml").unwrap_or_default();
        let ini_source = self.open(&ini_path, Format::Ini, "the migrations and their database URL");
        let ini = ini_source.as_ref().and_then(|source| match ini::parse(source.text()) {
            Ok(ini) => Some(ini),
            Err(error) => {
                self.refuse(source, Format::Ini, error.offset, error.message, "the migrations and their database URL");
                None
            }
        });
        let mut found = vec![];
        if let (Some(source), Some(ini)) = (&ini_source, &ini) {
            // `alembic -n other` takes another section as the main one.
            for (section, entries) in &ini.sections {
                let own = entries.entries.contains_key("script_location");
                // The defaults are those of every section; the main one is meant.
                let inherited = section == "alembic" && ini.entry(section, "script_location").is_some();
                // `{alembic_dir}`, for a program to fill in: the file is no configuration but the template of one.
                let is_template = ini.entry(section, "script_location").is_some_and(|entry| entry.raw().contains('{'));
                if section != ini::DEFAULT && (own || inherited) && !is_template {
                    found.push(self.of_ini(source, ini, section));
                }
            }
        }
        if let Some(source) = self.open(&toml_path, Format::Toml, "the project's dependencies and Alembic settings") {
            match toml::parse(source.text()) {
                // The ini file comes first where both name a script location.
                Ok(toml) if found.is_empty() => {
                    let ini = ini.is_some().then_some(ini_path);
                    found.extend(self.of_toml(&source, &toml, ini));
                }
                Ok(_) => {}
                Err(error) => {
                    let unseen = "the project's dependencies and Alembic settings";
                    self.refuse(&source, Format::Toml, error.offset, error.message, unseen);
                }
            }
        }
        found
    }

    fn of_ini(&mut self, source: &Source, ini: &ini::Ini, section: &str) -> Alembic {
        let value = |option: &str| {
            let entry = ini.entry(section, option)?;
            let value = ini.get(section, option, &[("here", ".")])?.ok()?;
            Some((value, entry.range.clone()))
        };
        let path = source.path().to_owned();
        let versions = value("version_locations").map(|(value, _)| value);
        let recursive = value("recursive_version_locations").is_some_and(|(value, _)| value == "true");
        let has_none = ini.entry(section, "sqlalchemy.url").is_none_or(|entry| !entry.raw().contains("://"))
            || ini.entry(section, "sqlalchemy.url").is_some_and(|entry| entry.raw().starts_with("driver:"));
        let (ini, section) = (Some(path.clone()), section.to_owned());
        let alembic = Alembic { configuration: path, section, ini, recursive, ..Alembic::default() };
        let mut alembic = self.complete(alembic, source, value("script_location"), versions.as_deref());
        alembic.url_set_by_program = has_none
            && alembic.env_py.is_some()
            && alembic.url_override.is_none()
            && mentioned::in_a_program(self.files, &["set_main_option", "sqlalchemy.url"]);
        alembic
    }

    fn of_toml(&mut self, source: &Source, toml: &toml::Toml, ini: Option<String>) -> Option<Alembic> {
        let location = toml.text(&["tool", "alembic", "script_location"])?;
        let here = |text: &str| text.replace("%(here)s", ".").replace("%%", "%");
        let versions: Vec<String> =
            toml.texts(&["tool", "alembic", "version_locations"]).iter().map(|text| here(&text.value)).collect();
        let versions = (!versions.is_empty()).then(|| versions.join("\n"));
        let alembic = Alembic {
            configuration: source.path().to_owned(),
            section: "alembic".to_owned(),
            recursive: toml.flag(&["tool", "alembic", "recursive_version_locations"]),
            ini,
            ..Alembic::default()
        };
        Some(self.complete(alembic, source, Some((here(&location.value), location.range)), versions.as_deref()))
    }

    /// Looks at what the script location leads to.
    fn complete(
        &mut self,
        mut alembic: Alembic,
        source: &Source,
        location: Option<(String, Range<usize>)>,
        versions: Option<&str>,
    ) -> Alembic {
        let Some((location, range)) = location else {
            return alembic;
        };
        let Some(scripts) = self.place(&location) else {
            return alembic;
        };
        alembic.version_directories = match versions {
            // The separator is `os`, space, newline or comma by another option; a path holds none of them, but
            // `package:folder` has a colon too.
            Some(text) => text
                .split([' ', '\n', ',', ';'])
                .flat_map(|part| if self.is_resource(part.trim()) { vec![part] } else { part.split(':').collect() })
                .filter(|part| !part.trim().is_empty())
                .filter_map(|part| self.place(part.trim()))
                .collect(),
            None => vec![format!("{scripts}/versions")],
        };
        alembic.version_directories.retain(|directory| self.files.is_directory(directory));
        let env_py = format!("{scripts}/env.py");
        alembic.script_location = Some(Spanned::new(scripts, source.span(range)));
        if let Some(env) = self.open(&env_py, Format::Python, "which database URL the migrations use") {
            let module = python::parse(env.text());
            if let Some(error) = module.errors.first() {
                let unseen = "which database URL the migrations use";
                self.refuse(&env, Format::Python, error.offset, error.message.clone(), unseen);
            }
            env_py::understand(&env, &module, &mut alembic);
            alembic.env_py = Some(env_py);
        }
        alembic
    }

    /// Whether a text is the name of a folder in a package, such as `shop:migrations/versions`.
    fn is_resource(&self, written: &str) -> bool {
        let package = written.split_once(':').is_some_and(|(package, _)| !package.contains('/'));
        package && self.place(written).is_some_and(|place| self.files.is_directory(&place))
    }

    /// A directory as the configuration names it: relative to the directory that alembic runs in, which is that of the
    /// configuration, or the root for `alembic -c backend/alembic.ini`; or `package:directory`.
    fn place(&self, written: &str) -> Option<String> {
        let path = match written.split_once(':') {
            Some((package, inner)) => format!("{}/{inner}", package.replace('.', "/")),
            None => written.to_owned(),
        };
        let beside = join(self.directory, &path);
        let below_root = join("", &path);
        let source_folder = join(self.directory, &format!("src/{path}"));
        let exists = |candidate: &&String| self.files.is_directory(candidate);
        let existing = [&beside, &below_root, &source_folder].into_iter().flatten().find(exists).cloned();
        existing.or(beside)
    }
}

#[cfg(test)]
mod tests;
