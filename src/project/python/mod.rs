//! The project's Python: its modules, its classes, its tables, and what the migration environments see of them.

mod body;
mod classes;
mod declarative;
mod environments;
mod fields;
mod filters;
mod import_orders;
mod importable;
mod lent;
mod lineage;
mod makers;
mod mapping;
mod modules;
mod names;
mod noqa;
mod programs;
mod reach;
mod required;
mod ruff;
mod shape;
mod table_names;
mod tables;
mod target;
mod twice;
pub mod unread;
mod uses;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use memchr::memmem;
use regex::bytes::Regex;
use serde::{Deserialize, Serialize};

use super::Unreadable;
use super::alembic::Alembic;
use super::files::Files;
use super::whose::is_own;
use crate::text::{Source, Spanned, bytes_pattern};

pub use classes::{Ancestor, Base, Class, Classes, DECLARATIVE, Member, MemberSort, PYDANTIC, SQLMODEL};
pub use environments::{Environment, Unprotected};
pub use fields::{CallArgument, CallSite, Mapping};
pub use filters::{Filter, Hides};
pub use import_orders::ImportOrders;
pub use importable::Unfound;
pub use lent::Lent;
pub use lineage::Disorder;
pub use makers::TableMaker;
pub use programs::Programs;
pub use shape::{Shape, ShapeImport};
pub use tables::{Metadata, Table};
pub use target::Target;
pub use twice::{ImportedAs, Twice};

use classes::Collector;
use modules::Modules;

/// Only files with one of these are parsed: what brings models along, what makes a table, and bases of the project's own.
static WORTH_PARSING: LazyLock<Regex> = LazyLock::new(|| {
    bytes_pattern(
        r"sqlmodel|SQLModel|pydantic|sqlalchemy|__tablename__|create_all|table\s*=\s*True|class\s+\w+\([^)]*(?:Base|Model|Mixin)",
    )
});

/// What the project's Python says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PythonProject {
    /// Its classes, as far as they can be models, with all they inherit from.
    pub classes: Classes,
    /// Those that are tables, in the same order.
    pub tables: Vec<Table>,
    /// The names of classes that are handed to a database session, each with the first file where they are.
    #[serde(default)]
    pub uses: BTreeMap<String, String>,
    /// The files that listen to what SQLAlchemy does with rows, and so may change them before they are written.
    #[serde(default)]
    pub listeners: BTreeSet<String>,
    /// Objects of modules that classes use: path and name, with what is called in them.
    pub objects: BTreeMap<String, BTreeMap<String, Object>>,
    /// Calls of SQLModel's `Field` that are given a column.
    pub column_fields: Vec<CallSite>,
    /// Calls of SQLAlchemy's `Index` that name an access method.
    #[serde(default)]
    pub indexes: Vec<CallSite>,
    /// Calls of `create_all`, which makes every table of a metadata.
    #[serde(default)]
    pub table_makers: Vec<TableMaker>,
    /// What others may take of a file's imports.
    #[serde(default)]
    pub lent: Lent,
    /// What each migration environment sees.
    pub environments: Vec<Environment>,
    /// Which tables one program can import together.
    #[serde(default)]
    pub programs: Programs,
    /// How imports are ordered below each folder that Ruff is configured in, and in the whole project.
    #[serde(default)]
    pub import_orders: ImportOrders,
    /// Where the files take imports, by path.
    pub shapes: BTreeMap<String, Shape>,
    /// The files that could not be read or understood, and that may hold what decides something of all this.
    #[serde(default)]
    pub unread: Vec<Unreadable>,
}

/// What is assigned to a name at the top level of a module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Object {
    /// The name.
    pub name: Spanned<String>,
    /// The outermost calls in it.
    pub calls: Vec<CallSite>,
}

impl PythonProject {
    /// The object of a name.
    pub fn object(&self, path: &str, name: &str) -> Option<&Object> {
        self.objects.get(path)?.get(name)
    }

    /// The table that a class is.
    pub fn table(&self, class: usize) -> Option<&Table> {
        let at = self.tables.binary_search_by_key(&class, |table| table.class).ok()?;
        self.tables.get(at)
    }

    /// Whether an `env.py` cannot do without some variable.
    pub fn requires_variables(&self) -> bool {
        self.environments.iter().any(|environment| !environment.required.is_empty())
    }

    /// Whether a class is a table.
    pub fn is_table(&self, class: usize) -> bool {
        self.table(class).is_some()
    }
}

/// Reads the project's Python. Sources of files that something is said about are kept in `sources`.
pub fn read(files: &dyn Files, sources: &mut BTreeMap<String, Source>, alembic: &[Alembic]) -> PythonProject {
    let mut modules = Modules::new(files);
    let mut collector = Collector::default();
    let mut project = PythonProject::default();
    let mut makers = vec![];
    let is_revision = |path: &str| {
        alembic
            .iter()
            .flat_map(|it| &it.version_directories)
            .any(|folder| path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/')))
    };
    for path in files.list().iter().filter(|path| path.ends_with(".py") && is_own(path) && !is_revision(path)) {
        let bytes = match files.bytes(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                unread::refused(path, &error, &mut project.unread);
                continue;
            }
        };
        uses::take(path, &bytes, &mut project.uses);
        if uses::may_listen(&bytes) && modules.file(path).is_some_and(|file| uses::listens(&mut modules, &file)) {
            project.listeners.insert(path.clone());
        }
        if !WORTH_PARSING.is_match(&bytes) {
            continue;
        }
        let file = modules.file(path);
        unread::misunderstood(files, path, file.as_deref(), &mut project.unread);
        let Some(file) = file else { continue };
        collector.take(&mut modules, &file);
        if memmem::find(&bytes, b"postgresql_using").is_some() {
            let calls = file.module.calls.iter().filter(|call| call.keyword("postgresql_using").is_some());
            project.indexes.extend(calls.map(|call| fields::call_site(&mut modules, &file, call)));
        }
        if memmem::find(&bytes, b"create_all").is_some() {
            makers.extend(makers::of_file(&file));
        }
        if memmem::find(&bytes, b"sa_column").is_some() {
            for call in file.module.calls.iter().filter(|call| call.keyword("sa_column").is_some()) {
                let call = fields::call_site(&mut modules, &file, call);
                if call.is_field() {
                    project.column_fields.push(call);
                }
            }
        }
    }
    project.indexes.retain(|call| call.is("Index"));
    project.table_makers = makers::tell(&mut modules, &mut collector, makers);
    project.environments = environments::read(&mut modules, &mut collector, alembic);
    for environment in &mut project.environments {
        environment.unread = unread::first_of(&mut modules, files, &environment.reached, &mut project.unread);
    }
    for path in project.unread.iter().filter(|entry| entry.span.is_some()).map(|entry| &entry.path) {
        if let Some(file) = modules.file(path) {
            sources.entry(path.clone()).or_insert_with(|| file.source.clone());
        }
    }
    project.classes = std::mem::take(&mut collector.classes).into();
    project.tables = tables::tables(&project.classes);
    environments::judge(&mut modules, &mut project, files);
    objects(&mut modules, &mut project);
    programs::tell(&mut modules, &mut project, files);
    keep(files, (&mut modules, &mut collector), &mut project, sources);
    if !project.shapes.is_empty() {
        project.import_orders = import_orders::read(files);
    }
    project.lent = lent::tell(&project, files);
    table_names::tell(&mut project, sources);
    environments::leave_copies(&mut project);
    filters::judge(&mut modules, &mut project);
    importable::judge(&mut modules, files, &mut project.environments, alembic);
    importable::keep(files, &project.environments, sources);
    required::tell(&mut modules, &mut project.environments);
    for path in project.environments.iter().flat_map(|it| &it.filters).map(|filter| filter.function.path.to_string()) {
        if let Some(file) = modules.file(&path) {
            sources.entry(path).or_insert_with(|| file.source.clone());
        }
    }
    project
}

/// Reads the objects that classes name.
fn objects(modules: &mut Modules<'_>, project: &mut PythonProject) {
    let named = project.classes.iter().flat_map(|class| &class.body).flat_map(|member| &member.objects);
    let named: Vec<(String, String)> = named.cloned().collect();
    for (path, name) in named {
        let Some(file) = modules.file(&path) else { continue };
        let Some(member) = file.structure.assigned.iter().find(|member| member.name == name) else { continue };
        let Some((_, range)) = &member.value else { continue };
        let calls = fields::calls_in(modules, &file, range);
        let object = Object { name: Spanned::new(name.clone(), file.source.span(member.name_range.clone())), calls };
        project.objects.entry(path).or_default().insert(name, object);
    }
}

/// Keeps the sources and the shapes of the files that something may be said about.
fn keep(
    files: &dyn Files,
    (modules, collector): (&mut Modules<'_>, &mut Collector),
    project: &mut PythonProject,
    sources: &mut BTreeMap<String, Source>,
) {
    let models = (0..project.classes.len()).filter(|class| {
        let above = project.classes.ancestors(*class).nth(2);
        project.classes.is_model(*class) || project.is_table(*class) || above.is_some()
    });
    let mut paths: Vec<String> = models
        .filter_map(|class| project.classes.get(class))
        .map(|class| class.name.span.path.to_string())
        .chain(project.column_fields.iter().chain(&project.indexes).map(|call| call.span.path.to_string()))
        .chain(project.environments.iter().flat_map(|it| it.mentioned()))
        .chain(project.table_makers.iter().map(|maker| maker.span.path.to_string()))
        .chain(project.objects.keys().cloned())
        .collect();
    paths.sort();
    paths.dedup();
    // What annotations name may be classes that are not among them yet; their places come behind those of all others.
    collector.classes = std::mem::take(&mut project.classes).into();
    for path in paths {
        if !path.ends_with(".py") {
            // What shows that Ruff is used.
            if let Ok(source) = files.read(&path) {
                sources.entry(path).or_insert(source);
            }
            continue;
        }
        let Some(file) = modules.file(&path) else { continue };
        project.shapes.insert(path.clone(), shape::shape(modules, collector, &file));
        sources.entry(path).or_insert_with(|| file.source.clone());
    }
    project.classes = std::mem::take(&mut collector.classes).into();
}

#[cfg(test)]
mod tests;
