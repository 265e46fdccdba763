//! Calls of `create_all`, which makes every table of a metadata past the revisions, and which databases they tell apart.

use serde::{Deserialize, Serialize};

use super::classes::Collector;
use super::modules::{File, Modules};
use super::names::{Meaning, meaning};
use super::tables::Metadata;
use super::target::metadata;
use super::{Environment, PythonProject};
use crate::project::whose::is_of_tests;
use crate::text::Span;

/// What makes all tables of a metadata.
const METHOD: &str = ".create_all";

/// A place that makes every table of a metadata.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableMaker {
    /// The call, or the name that is handed on: `run_sync(SQLModel.metadata.create_all)`.
    pub span: Span,
    /// The metadata.
    pub metadata: Metadata,
    /// The database: the file and the name of the engine or connection, of the engine's own file where an import leads there.
    pub database: String,
}

/// The places of a file; whose metadata they make is told by [`tell`].
pub(super) fn of_file(file: &File) -> Vec<(String, TableMaker)> {
    let text = file.source.text();
    let named = file.module.names.iter().filter_map(|(name, range)| Some((name.strip_suffix(METHOD)?, range)));
    let found = named.map(|(name, range)| {
        let call =
            file.module.calls.iter().find(|call| call.range.start == range.start && call.callee.ends_with(METHOD));
        let bind = |keyword: Option<&str>| keyword.is_none_or(|keyword| keyword == "bind");
        let given = call.and_then(|call| call.arguments.iter().find(|one| bind(one.keyword.as_deref())));
        let database = given.and_then(|given| text.get(given.range.clone())).unwrap_or("").to_owned();
        let span = file.source.span(call.map_or(range, |call| &call.range).clone());
        (name.to_owned(), TableMaker { span, metadata: Metadata::Unknown, database })
    });
    found.collect()
}

/// Says whose metadata each place makes. A name that is none of a metadata, as far as can be told, is left out.
pub(super) fn tell(
    modules: &mut Modules<'_>,
    collector: &mut Collector,
    found: Vec<(String, TableMaker)>,
) -> Vec<TableMaker> {
    let mut makers = vec![];
    for (name, mut maker) in found {
        let Some(file) = modules.file(&maker.span.path) else { continue };
        maker.metadata = metadata(modules, collector, &file, &name);
        maker.database = match meaning(modules, &file, &maker.database) {
            Meaning::Object(path, name) => format!("{path}: {name}"),
            _ => format!("{}: {}", file.path, maker.database),
        };
        if maker.metadata != Metadata::Unknown || name.ends_with("metadata") {
            makers.push(maker);
        }
    }
    makers
}

/// The metadata that environments hand over; `None` where that of one cannot be told.
pub(super) fn handed(environments: &[Environment]) -> Option<Vec<Metadata>> {
    let is_known = environments.iter().all(|it| !it.target.unknown);
    is_known.then(|| environments.iter().flat_map(|it| it.target.metadata.iter().cloned()).collect())
}

/// Whether the project makes the tables of a metadata itself, in a database where it does not make those that are handed over.
pub(super) fn makes_apart(project: &PythonProject, metadata: &Metadata, handed: &[Metadata]) -> bool {
    let makers = || project.table_makers.iter().filter(|maker| !is_of_tests(&maker.span.path));
    let beside = |database: &str| {
        makers().any(|other| {
            other.database == database && (handed.contains(&other.metadata) || other.metadata == Metadata::Unknown)
        })
    };
    makers().any(|maker| maker.metadata == *metadata && !beside(&maker.database))
}
