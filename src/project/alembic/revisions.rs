//! Revision files: who follows whom, what `upgrade()` does, and which names they use without binding them.

mod extension;
mod graph;
mod heads;
mod hooks;
pub mod models;
mod one;
mod packages;
mod statements;
mod surroundings;
mod template;
mod untyped;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Alembic, join};
use crate::project::compose::Compose;
use crate::project::files::{Files, ReadError, source};
use crate::project::vector_index::{Index, VectorColumn};
use crate::project::{Format, Unreadable};
use crate::text::{Source, Span, Spanned};

pub use graph::Graph;
pub use models::ModelTypes;
pub use packages::{FORMATTERS, Packages};
pub use surroundings::{EngineKind, EnvironmentScript};
pub use template::Template;

/// What is unknown where a revision could not be read.
pub const UNSEEN: &str = "the chain of revisions and what this one does";

/// What the version directories of an environment hold, and what decides how they are written and run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Revisions {
    /// The revisions, sorted by path.
    pub files: Vec<Revision>,
    /// Python files that Alembic takes for revisions and that are none: why, at what Alembic trips over.
    pub strays: Vec<Spanned<String>>,
    /// Whether some file says its revision in a way that cannot be told without running it, or could not be read: then the
    /// graph has holes that say nothing.
    pub uncertain: bool,
    /// The first such file.
    #[serde(default)]
    pub uncertain_by: Option<String>,
    /// `script.py.mako`.
    pub template: Option<Template>,
    /// What `env.py` does besides choosing the URL.
    pub environment: EnvironmentScript,
    /// The packages whose types the project's models use.
    pub models: ModelTypes,
    /// For names of the project's own packages that a revision does not bind: the module of the project that they lie in.
    #[serde(default)]
    pub own_modules: BTreeMap<String, String>,
    /// The packages that it runs with.
    #[serde(default)]
    pub packages: Packages,
    /// Whether some Python file of the project speaks of `write_hooks`, which functions are registered in as hooks.
    #[serde(default)]
    pub registers_hooks: bool,
    /// A package or module of the project beside the configuration that `python -m alembic` finds in place of Alembic.
    #[serde(default)]
    pub shadowed_by: Option<String>,
    /// A recipe or script that runs up to all `heads`, where there are several.
    #[serde(default)]
    pub runs_all_heads: Option<String>,
    /// A recipe or script that runs up to one `head`, where there are several.
    #[serde(default)]
    pub runs_one_head: Option<String>,
    /// A script of the database's own start that creates pgvector's extension.
    pub created_at_start: Option<String>,
    /// Where a recipe or a script creates it, with `psql` or otherwise.
    #[serde(default)]
    pub created_by_recipe: Option<Span>,
}

/// One revision file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    /// Path relative to the root.
    pub path: String,
    /// `revision`.
    pub id: Spanned<String>,
    /// `down_revision`: none for a base, several for a merge.
    pub parents: Vec<Spanned<String>>,
    /// `depends_on`: identifiers or branch labels.
    pub depends_on: Vec<Spanned<String>>,
    /// `branch_labels`.
    pub labels: Vec<String>,
    /// Dotted names that it uses and does not bind.
    pub unbound: Vec<Spanned<String>>,
    /// The statement behind which an import may be put.
    pub import_after: Option<Span>,
    /// Where a module is imported whose part is used and is not imported by that: `import pgvector` for `pgvector.sqlalchemy.X`.
    pub half_imported: Option<Span>,
    /// What `upgrade()` does.
    pub upgrade: Option<Upgrade>,
    /// Whether the file creates pgvector's extension in a way whose order cannot be told.
    pub may_create_vector: bool,
    /// The name of `alembic.op` in this file.
    pub operations_name: Option<String>,
    /// Names of types that nobody recognised, where they end it: `sa.NullType`.
    #[serde(default)]
    pub untyped: Vec<Spanned<String>>,
}

/// What an `upgrade()` does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Upgrade {
    /// Its statements without the docstring.
    pub body: Span,
    /// Whether it does nothing.
    pub does_nothing: bool,
    /// What it does, in order.
    pub operations: Vec<Spanned<Operation>>,
}

/// What is done in an `upgrade()`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// `op.create_table`.
    CreateTable(String),
    /// Makes a table only where there is none: `if_not_exists=True`, `IF NOT EXISTS`, or under a condition.
    EnsureTable(String),
    /// `op.drop_table`.
    DropTable(String),
    /// `op.rename_table`: from, to.
    RenameTable(String, String),
    /// `op.add_column`: the table, when it is named.
    AddColumn(String),
    /// `op.create_index`, and `CREATE INDEX` with an access method of pgvector, as far as they are literal.
    CreateIndex(Index),
    /// Makes a column of a type of pgvector, or changes a column to what is none or cannot be told.
    VectorColumn(VectorColumn),
    /// Uses a type of pgvector.
    UsesVector(String),
    /// Creates pgvector's extension.
    CreatesVector,
    /// Runs what cannot be told and may create it.
    MayCreateVector,
    /// Drops an extension, a schema, what a role owns, or a database: which of them, in one word.
    Drop(String),
    /// A statement given as text; empty where it cannot be told what it does.
    Execute(String),
    /// Any other call, by what is called.
    Other(String),
}

/// Reads what the version directories of each environment hold.
pub fn read(
    files: &dyn Files,
    sources: &mut BTreeMap<String, Source>,
    unreadable: &mut Vec<Unreadable>,
    environments: &mut [Alembic],
    compose: Option<&Compose>,
) {
    for environment in environments {
        let mut revisions = Revisions::default();
        for path in revision_files(files, environment) {
            let read = match source(files, sources, &path) {
                Ok(file) => one::read(&file, &mut revisions),
                Err(ReadError::NotFound) => continue,
                Err(error) => Err(error.to_string()),
            };
            let is_uncertain = revisions.uncertain || read.is_err();
            if is_uncertain && revisions.uncertain_by.is_none() {
                revisions.uncertain_by = Some(path.clone());
            }
            if let Err(message) = read {
                revisions.uncertain = true;
                let (format, unseen) = (Format::Python, UNSEEN.to_owned());
                unreadable.push(Unreadable { path, format, span: None, message, unseen });
            }
        }
        let unbound = revisions.files.iter().flat_map(|revision| &revision.unbound);
        let own = unbound.filter_map(|name| Some((name.value.clone(), own_module(files, environment, name)?)));
        revisions.own_modules = own.collect();
        revisions.template = template::read(files, sources, environment);
        surroundings::read(files, sources, environment, compose, &mut revisions);
        extension::complete(files, environment, &mut revisions);
        (revisions.runs_all_heads, revisions.runs_one_head) = heads::run(files, &revisions);
        let root = revisions.environment.types_root().map(str::to_owned);
        if let (Some(template), Some(root)) = (&mut revisions.template, root) {
            template.probe(sources, &root);
        }
        environment.revisions = revisions;
    }
}

/// The revision that a file declares, when that can be told.
pub fn declared(file: &Source) -> Option<Revision> {
    let mut revisions = Revisions::default();
    one::read(file, &mut revisions).ok()?;
    revisions.files.pop()
}

/// Whether Alembic takes a file of this name for a revision.
pub fn is_script(name: &str) -> bool {
    name.ends_with(".py") && !name.starts_with("__init__") && !name.starts_with(".#")
}

/// The files that Alembic takes for revisions: those of Python right in a version directory.
fn revision_files(files: &dyn Files, environment: &Alembic) -> Vec<String> {
    let mut found = vec![];
    for directory in &environment.version_directories {
        // Alembic does not know what git ignores.
        let present = files.present(directory, environment.recursive);
        let is_revision = |path: &String| {
            is_script(path.rsplit('/').next().unwrap_or(path)) && !path.split('/').any(|part| part == "__pycache__")
        };
        found.extend(present.into_iter().filter(is_revision));
    }
    found.sort();
    found.dedup();
    found
}

/// The module of the project that a dotted name lies in: the longest part of it that is a file or a package.
fn own_module(files: &dyn Files, environment: &Alembic, name: &str) -> Option<String> {
    let (module, _) = name.rsplit_once('.')?;
    let beside = environment.configuration.rsplit_once('/').map_or("", |(directory, _)| directory);
    let candidates = std::iter::successors(Some(module), |module| Some(module.rsplit_once('.')?.0));
    let is_module = |candidate: &&str| {
        let path = candidate.replace('.', "/");
        ["", "src"].iter().flat_map(|folder| [*folder, beside].map(|start| (start, *folder))).any(|(start, folder)| {
            let place = join(start, folder).and_then(|start| join(&start, &path)).unwrap_or_default();
            files.is_file(&format!("{place}.py")) || files.is_file(&format!("{place}/__init__.py"))
        })
    };
    candidates.into_iter().find(is_module).map(str::to_owned)
}

impl Revisions {
    /// Whether there are revisions, merges aside, and none of them does anything.
    pub fn all_empty(&self) -> bool {
        let mut own = self.files.iter().filter(|revision| revision.parents.len() < 2).peekable();
        let is_empty = |revision: &Revision| revision.upgrade.as_ref().is_some_and(|upgrade| upgrade.does_nothing);
        !self.uncertain && self.strays.is_empty() && own.peek().is_some() && own.all(is_empty)
    }

    /// Whether something of these creates pgvector's extension; `None` where that cannot be told.
    pub fn create_vector(&self) -> Option<bool> {
        let upgrades = self.files.iter().filter_map(|revision| revision.upgrade.as_ref());
        let all: Vec<&Operation> = upgrades.flat_map(|one| &one.operations).map(|one| &one.value).collect();
        if self.environment.creates_vector || all.contains(&&Operation::CreatesVector) {
            return Some(true);
        }
        let may = all.contains(&&Operation::MayCreateVector)
            || self.environment.may_create_vector.is_some()
            || self.files.iter().any(|one| one.may_create_vector);
        (!may).then_some(false)
    }

    /// Who follows whom.
    pub fn graph(&self) -> Graph<'_> {
        Graph::of(&self.files)
    }
}

#[cfg(test)]
mod tests;
