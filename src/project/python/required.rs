//! The variables that an `env.py` cannot do without, since nothing that it runs may set them.

use std::collections::{BTreeMap, BTreeSet};

use super::environments::Environment;
use super::modules::{File, Modules};
use crate::text::Spanned;
use crate::text::python::imports::is_of_python;
use crate::text::python::variables::{Spoken, spoken_of, surely_read};

/// Packages whose functions set no variables.
const HARMLESS: [&str; 12] = [
    "alembic",
    "alembic_postgresql_enum",
    "alembic_utils",
    "geoalchemy2",
    "loguru",
    "pgvector",
    "pydantic",
    "pydantic_settings",
    "sqlalchemy",
    "sqlalchemy_utils",
    "sqlmodel",
    "structlog",
];

/// What files speak of, each read once.
#[derive(Default)]
struct Said(BTreeMap<String, Option<Spoken>>);

/// Fills in what every environment requires.
pub(super) fn tell(modules: &mut Modules<'_>, environments: &mut [Environment]) {
    let mut said = Said::default();
    for environment in environments {
        let Some(env) = modules.file(&environment.env_py) else { continue };
        let reads = surely_read(env.source.text(), &|module| is_harmless(modules, &env.path, module));
        let mut seen = BTreeSet::new();
        let reads: Vec<Spanned<String>> = reads
            .into_iter()
            .filter(|name| seen.insert(name.value.clone()))
            .map(|name| Spanned::new(name.value, env.source.span(name.range)))
            .collect();
        // What is run and cannot be seen may set whatever it wants.
        let is_seen = environment.dynamic.is_none() && environment.unread.is_none() && environment.missing.is_empty();
        if reads.is_empty() || !is_seen {
            continue;
        }
        environment.required = left(modules, &environment.reached, &mut said, reads);
    }
}

/// Whether functions of a module set no variables.
fn is_harmless(modules: &Modules<'_>, from: &str, module: &str) -> bool {
    let first = module.split('.').next().unwrap_or("");
    HARMLESS.contains(&first) || (is_of_python(first) && !is_own(modules, from, module))
}

fn is_own(modules: &Modules<'_>, from: &str, module: &str) -> bool {
    modules.resolve(from, module).is_some_and(|found| !found.files.is_empty())
}

/// The reads of variables that no file which is run may set, nor knows how to do without.
fn left(
    modules: &mut Modules<'_>,
    reached: &BTreeSet<String>,
    said: &mut Said,
    mut reads: Vec<Spanned<String>>,
) -> Vec<Spanned<String>> {
    let mut outside = BTreeSet::new();
    for path in reached {
        let Some(file) = modules.file(path) else { return vec![] };
        outside.extend(imported_elsewhere(modules, &file));
        if !may_speak(&file, &reads) {
            continue;
        }
        let spoken = said.0.entry(path.clone()).or_insert_with(|| spoken_of(file.source.text()));
        match spoken {
            Some(spoken) if !spoken.sets_any => reads.retain(|read| !spoken.names.contains(&read.value)),
            _ => return vec![],
        }
        if reads.is_empty() {
            return reads;
        }
    }
    // A module of the project that imports do not find from here is found once somebody changes Python's path.
    if outside.iter().any(|first| modules.may_hold(first)) { vec![] } else { reads }
}

/// Whether a file has words of what sets variables, or of those that are read.
fn may_speak(file: &File, reads: &[Spanned<String>]) -> bool {
    let text = file.source.text();
    let words = ["env", "decouple", "dynaconf", "confz", "honcho"];
    words.iter().any(|word| text.contains(word)) || reads.iter().any(|read| text.contains(&read.value))
}

/// The first parts of what a file imports that is neither of the project nor known.
fn imported_elsewhere(modules: &Modules<'_>, file: &File) -> BTreeSet<String> {
    let imports = file.structure.imports.iter().filter(|import| !import.place.type_checking);
    let names = imports.flat_map(|import| match import.is_from {
        true => vec![&import.from],
        false => import.names.iter().map(|imported| &imported.name).collect(),
    });
    let names = names.filter(|name| !name.starts_with('.'));
    let first = |name: &String| name.split('.').next().unwrap_or("").to_owned();
    names
        .map(|name| (name, first(name)))
        .filter(|(_, first)| !is_of_python(first) && !HARMLESS.contains(&first.as_str()))
        .filter(|(name, _)| !is_own(modules, &file.path, name))
        .map(|(_, first)| first)
        .collect()
}
