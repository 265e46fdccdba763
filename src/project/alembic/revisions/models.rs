//! The packages whose types the models of an environment use: its own models, where a project has several environments.

use std::collections::BTreeMap;

use regex::bytes::Regex;

use super::template::ROOTS;
use crate::project::alembic::Alembic;
use crate::project::files::{Files, source};
use crate::project::python::{Environment, Metadata, PythonProject};
use crate::project::whose::is_own;
use crate::text::python::{Import, Module, parse};
use crate::text::{Source, Span};

/// For each package of types, the place of a model that imports it.
pub type ModelTypes = BTreeMap<String, Span>;

/// Reads the models' packages, where something is said about them.
pub fn read(
    files: &dyn Files,
    sources: &mut BTreeMap<String, Source>,
    alembic: &mut [Alembic],
    python: &PythonProject,
) {
    for at in 0..alembic.len() {
        let Some(environment) = alembic.get(at) else { continue };
        let revisions = &environment.revisions;
        let incomplete = revisions.template.as_ref().is_some_and(|template| template.binds.len() < ROOTS.len());
        if !incomplete && !revisions.all_empty() {
            continue;
        }
        let seen = python.environments.iter().find(|one| Some(&one.env_py) == environment.env_py.as_ref());
        let is_seen = |path: &str| seen.is_none_or(|seen| is_seen(path, seen, python));
        let found = models(files, sources, &|path| is_of(path, environment, alembic, python) && is_seen(path));
        if let Some(environment) = alembic.get_mut(at) {
            environment.revisions.models = found;
        }
    }
}

/// The folder of an environment's configuration.
fn folder(environment: &Alembic) -> &str {
    environment.configuration.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether a file may hold models of an environment. Of several, it is that which runs the file, and where none is known to,
/// the one whose configuration lies nearest above it.
fn is_of(path: &str, environment: &Alembic, all: &[Alembic], python: &PythonProject) -> bool {
    let is_below = |folder: &str| folder.is_empty() || path.strip_prefix(folder).is_some_and(|it| it.starts_with('/'));
    if all.iter().flat_map(|it| &it.version_directories).any(|directory| is_below(directory)) {
        return false;
    }
    let runs = |one: &Environment| one.reached.contains(path);
    let is_run = || python.environments.iter().filter(|one| runs(one));
    if is_run().next().is_some() {
        return is_run().any(|one| Some(&one.env_py) == environment.env_py.as_ref()) || all.len() == 1;
    }
    let nearest = all.iter().map(folder).filter(|folder| is_below(folder)).max_by_key(|folder| folder.len());
    nearest == Some(folder(environment)) || all.iter().all(|it| folder(it) == folder(environment))
}

/// Whether autogenerate may write types of a file: one that `env.py` runs, or one with tables that it should run; not where
/// all tables of the file are in another metadata than those that are handed over.
fn is_seen(path: &str, environment: &Environment, python: &PythonProject) -> bool {
    let (target, is_run) = (&environment.target, environment.reached.contains(path));
    // None at all is a mistake of its own, which is cured as well.
    if target.unknown || target.is_none {
        return true;
    }
    let may_run = is_run || environment.dynamic.is_some() || environment.unread.is_some();
    let handed = |metadata: &Metadata| *metadata == Metadata::Unknown || target.metadata.contains(metadata);
    let is_in = |class: usize| python.classes.get(class).is_some_and(|class| *class.name.span.path == *path);
    let mut tables =
        python.tables.iter().filter(|table| is_in(table.class)).map(|table| handed(&table.metadata)).peekable();
    if tables.peek().is_none() { may_run } else { tables.any(|is_handed| is_handed) }
}

/// Whether an import brings types of columns, and not only sessions or queries.
fn brings_types(root: &str, import: &Import) -> bool {
    if import.module.split('.').next() != Some(root) {
        return false;
    }
    let named = |wanted: &dyn Fn(&str) -> bool| import.names.is_empty() || import.names.iter().any(|name| wanted(name));
    match root {
        "sqlmodel" => named(&|name| matches!(name, "SQLModel" | "Field" | "*")),
        "pgvector" => import.module.starts_with("pgvector.sqlalchemy"),
        "sqlalchemy_utils" => named(&|name| name.ends_with("Type")),
        _ => named(&|name| matches!(name, "Geometry" | "Geography" | "Raster")),
    }
}

/// Looks for models by their imports, until each package was met.
fn models(files: &dyn Files, sources: &mut BTreeMap<String, Source>, is_of: &dyn Fn(&str) -> bool) -> ModelTypes {
    let mut found = ModelTypes::new();
    let mut waiting: Vec<(&str, Regex)> =
        ROOTS.iter().filter_map(|root| Some((*root, Regex::new(root).ok()?))).collect();
    for path in files.list().iter().filter(|path| path.ends_with(".py") && is_own(path)) {
        if waiting.is_empty() {
            break;
        }
        let Ok(bytes) = files.bytes(path) else { continue };
        if !waiting.iter().any(|(_, word)| word.is_match(&bytes)) || !is_of(path) {
            continue;
        }
        let known = sources.contains_key(path);
        let Ok(file) = source(files, sources, path) else { continue };
        let module: Module = parse(file.text());
        let before = found.len();
        waiting.retain(|(root, _)| match module.imports.iter().find(|import| brings_types(root, import)) {
            Some(import) => {
                found.insert((*root).to_owned(), file.span(import.range.clone()));
                false
            }
            None => true,
        });
        if found.len() == before && !known {
            sources.remove(path);
        }
    }
    found
}
