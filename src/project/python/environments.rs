//! What each migration environment sees of the project's tables, and which of its imports Ruff would take away.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::PythonProject;
use super::classes::Collector;
use super::filters::Filter;
use super::importable::Unfound;
use super::makers::{handed, makes_apart};
use super::modules::{File, Modules};
use super::names::bound;
use super::noqa;
use super::reach::{Graph, Reach, side_imports};
use super::ruff::Ruff;
use super::tables::{Metadata, Table};
use super::target::{self, Target};
use super::twice::{self, Twice};
use crate::project::alembic::Alembic;
use crate::project::files::Files;
use crate::text::{Span, Spanned};

/// What a migration environment sees.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Environment {
    /// Its `env.py`.
    pub env_py: String,
    /// The folder of its configuration.
    pub folder: String,
    /// Every file that is run when `env.py` is.
    pub reached: BTreeSet<String>,
    /// An import whose module is only known when it runs: what is reached cannot be told.
    pub dynamic: Option<Span>,
    /// A file that is run and that could not be read: what it imports is not known.
    #[serde(default)]
    pub unread: Option<String>,
    /// Imports of modules of the project that are not there.
    pub missing: Vec<Spanned<String>>,
    /// What it hands to Alembic.
    pub target: Target,
    /// The file that only imports models, when `env.py` runs one.
    pub registry: Option<String>,
    /// The tables that it does not reach though they are of its part of the project, by their place among the classes,
    /// with the names of their modules.
    pub unreached: Vec<(usize, String)>,
    /// The tables of its part of the project, those that it reaches too.
    pub tables: Vec<usize>,
    /// The collections that these are written down in, each with the name of the module that binds it.
    pub owners: Vec<(Metadata, String)>,
    /// Files with tables that are run under two names.
    #[serde(default)]
    pub twice: Vec<Twice>,
    /// The imports that tables hang on, and that Ruff would remove.
    pub unprotected: Vec<Unprotected>,
    /// The functions that leave tables of the models out.
    #[serde(default)]
    pub filters: Vec<Filter>,
    /// The variables that it cannot do without when it is run with a database, and that nothing which it runs may set: each where
    /// it is read first.
    #[serde(default)]
    pub required: Vec<Spanned<String>>,
    /// The modules of the project that it imports and that the command `alembic` does not find.
    #[serde(default)]
    pub unfound: Option<Unfound>,
}

/// An import that Ruff would remove though tables hang on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unprotected {
    /// What is imported, as it is written.
    pub name: Spanned<String>,
    /// The tables that hang on it, by their place among the classes.
    pub tables: Vec<usize>,
    /// What shows that Ruff is used, and where.
    pub ruff: Spanned<String>,
    /// The bytes to replace so that Ruff keeps it, and by what.
    pub cure: Spanned<String>,
}

impl Environment {
    /// The files that something may be said about.
    pub(super) fn mentioned(&self) -> Vec<String> {
        let ruff = self.unprotected.iter().map(|import| import.ruff.span.path.to_string());
        let files = self.unprotected.iter().map(|import| import.name.span.path.to_string());
        let missing = self.missing.iter().map(|name| name.span.path.to_string());
        let twice = self.twice.iter().flat_map(|twice| &twice.names).map(|name| name.module.span.path.to_string());
        [self.env_py.clone()]
            .into_iter()
            .chain(self.registry.clone())
            .chain(ruff)
            .chain(files)
            .chain(missing)
            .chain(twice)
            .collect()
    }
}

/// Reads what every environment runs and hands over.
pub(super) fn read(modules: &mut Modules<'_>, collector: &mut Collector, alembic: &[Alembic]) -> Vec<Environment> {
    let mut graph = Graph::default();
    let mut found: Vec<Environment> = vec![];
    for environment in alembic {
        let Some(env_py) = &environment.env_py else { continue };
        let Some(file) = modules.file(env_py) else { continue };
        if !file.module.errors.is_empty() || found.iter().any(|known| known.env_py == *env_py) {
            continue;
        }
        let Reach { files, missing, dynamic } = graph.reach(modules, std::slice::from_ref(env_py));
        let folder = environment.configuration.rsplit_once('/').map_or("", |(folder, _)| folder);
        found.push(Environment {
            env_py: env_py.clone(),
            folder: folder.to_owned(),
            reached: files,
            dynamic,
            missing,
            target: target::target(modules, collector, &file),
            ..Environment::default()
        });
    }
    found
}

/// Folders that a project of its own lies in.
pub(super) fn projects(files: &dyn Files) -> BTreeSet<String> {
    let marks = ["pyproject.toml", "setup.py", "setup.cfg", "alembic.ini", "requirements.txt", "Pipfile"];
    let split =
        |path: &String| path.rsplit_once('/').map_or((String::new(), path.clone()), |(a, b)| (a.into(), b.into()));
    let found = files.list().iter().map(split).filter(|(_, name)| marks.contains(&name.as_str()));
    found.map(|(folder, _)| folder).collect()
}

/// The nearest folder above a path that a project lies in.
pub(super) fn project_of(projects: &BTreeSet<String>, path: &str) -> String {
    let mut folder = path;
    while let Some((above, _)) = folder.rsplit_once('/') {
        if projects.contains(above) {
            return above.to_owned();
        }
        folder = above;
    }
    String::new()
}

/// The first folders of the packages that lie in these files.
fn packages(files: &BTreeSet<String>, except: &str) -> BTreeSet<String> {
    let folder = |path: &String| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    files.iter().filter(|path| *path != except).filter_map(folder).collect()
}

/// Says which tables each environment misses, and which of its imports Ruff would remove.
pub(super) fn judge(modules: &mut Modules<'_>, project: &mut PythonProject, files: &dyn Files) {
    if project.tables.is_empty() {
        return;
    }
    let path_of = |class: usize| project.classes.get(class).map(|class| class.name.span.path.to_string());
    let tables: Vec<(usize, String)> =
        project.tables.iter().filter_map(|table| Some((table.class, path_of(table.class)?))).collect();
    let holders: BTreeSet<String> = tables.iter().map(|(_, path)| path.clone()).collect();
    let (projects, ruff) = (projects(files), Ruff::read(files));
    let all: BTreeSet<String> = project.environments.iter().flat_map(|it| it.reached.iter().cloned()).collect();
    let mut graph = Graph::default();
    let all_handed = handed(&project.environments);
    let mut environments = std::mem::take(&mut project.environments);
    for environment in &mut environments {
        let Some(env) = modules.file(&environment.env_py) else { continue };
        environment.registry = registry(modules, &env, &holders);
        environment.twice = twice::twice(modules, &environment.env_py, &environment.reached, &holders);
        let near = packages(&environment.reached, &environment.env_py);
        let used = roots(modules, &env);
        let home = project_of(&projects, &format!("{}/x", environment.folder));
        for (class, path) in &tables {
            if environment.reached.contains(path) {
                environment.tables.push(*class);
                continue;
            }
            if all.contains(path) {
                continue;
            }
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let beside = !folder.is_empty()
                && near.iter().any(|near| {
                    near.split('/').next() == folder.split('/').next()
                        && project_of(&projects, path) == project_of(&projects, &format!("{near}/x"))
                });
            if (beside || project_of(&projects, path) == home)
                && let Some(name) = modules.name_of(path, &environment.env_py, &used)
            {
                environment.tables.push(*class);
                environment.unreached.push((*class, name));
            }
        }
        leave_apart(project, environment, all_handed.as_deref());
        let collections = project.tables.iter().filter(|table| environment.tables.contains(&table.class));
        let mut collections: Vec<&Metadata> = collections.map(|table| &table.metadata).collect();
        collections.sort();
        collections.dedup();
        for metadata in collections {
            let module = match metadata {
                Metadata::Sqlmodel => Some("sqlmodel".to_owned()),
                Metadata::Class(class) => path_of(*class).and_then(|path| modules.name_of(&path, &env.path, &used)),
                Metadata::Object(path, _) => modules.name_of(path, &env.path, &used),
                Metadata::Unknown => None,
            };
            environment.owners.extend(module.map(|module| (metadata.clone(), module)));
        }
        let registry = environment.registry.clone().filter(|path| !path.ends_with("__init__.py"));
        let wanted = to_be_handed(project, environment);
        for (path, wanted) in [(Some(environment.env_py.clone()), wanted), (registry, vec![])] {
            let Some(file) = path.and_then(|path| modules.file(&path)) else { continue };
            let found = unprotected(modules, &mut graph, &ruff, &file, &tables, &wanted);
            environment.unprotected.extend(found);
        }
    }
    project.environments = environments;
}

/// Takes out of what an environment misses what it would not see if it imported it: tables in metadata that nobody hands over;
/// and out of its tables those that the project makes itself in another database. Where none of the tables is in what is handed
/// over, that is the mistake, and says nothing of the tables.
fn leave_apart(project: &PythonProject, environment: &mut Environment, handed: Option<&[Metadata]>) {
    let Some(handed) = handed else { return };
    let metadata = |class: usize| project.table(class).map_or(&Metadata::Unknown, |table| &table.metadata);
    let is_held = |class: &usize| handed.contains(metadata(*class));
    if !environment.tables.iter().any(is_held) {
        return;
    }
    let may_be_seen = |class: usize| *metadata(class) == Metadata::Unknown || handed.contains(metadata(class));
    environment.unreached.retain(|(class, _)| may_be_seen(*class));
    environment.tables.retain(|class| may_be_seen(*class) || !makes_apart(project, metadata(*class), handed));
}

/// Takes out of the tables of each environment those that are told a second time in another metadata, such as by a migration
/// of data that keeps them as they were: of all that is handed over none is missing. Needs the names of the tables.
pub(super) fn leave_copies(project: &mut PythonProject) {
    let Some(handed) = handed(&project.environments) else { return };
    let is_held = |table: &&Table| handed.contains(&table.metadata);
    let held: Vec<&Table> = project.tables.iter().filter(is_held).collect();
    let names: BTreeSet<&str> = held.iter().filter_map(|table| table.name.as_deref()).collect();
    let class = |table: &Table| project.classes.get(table.class).map(|class| class.name.value.as_str());
    let classes: BTreeSet<&str> = held.iter().filter_map(|table| class(table)).collect();
    // Where a schema is put before all of them, their names are not known.
    let is_held_too = |table: &Table| {
        table.name.as_deref().is_some_and(|name| names.contains(name))
            || class(table).is_some_and(|it| classes.contains(it))
    };
    let others = project.tables.iter().filter(|table| !is_held(table));
    let is_own = |table: &&Table| table.metadata == Metadata::Unknown || !is_held_too(table);
    let own: BTreeSet<&Metadata> = others.clone().filter(is_own).map(|table| &table.metadata).collect();
    let left: BTreeSet<usize> = others.filter(|it| !own.contains(&it.metadata)).map(|table| table.class).collect();
    for environment in &mut project.environments {
        environment.tables.retain(|class| !left.contains(class));
    }
}

/// The folders that the imports of a file were found in.
fn roots(modules: &Modules<'_>, file: &File) -> Vec<String> {
    let mut found = vec![];
    for import in &file.structure.imports {
        let names = import.names.iter().map(|imported| if import.is_from { &import.from } else { &imported.name });
        found.extend(names.filter(|name| !name.starts_with('.')).filter_map(|name| modules.resolve(&file.path, name)));
    }
    found.into_iter().filter(|it| !it.files.is_empty()).map(|it| it.root).collect()
}

/// The file that only imports models, among those that `env.py` imports.
fn registry(modules: &mut Modules<'_>, env: &File, holders: &BTreeSet<String>) -> Option<String> {
    let mut direct: Vec<String> = vec![];
    for import in env.structure.imports.iter().filter(|import| !import.place.type_checking) {
        direct.extend(modules.targets(&env.path, import).into_iter().flat_map(|target| target.files));
    }
    // Where `env.py` names modules of tables itself, an empty package above them is no list of models.
    let names_itself = direct.iter().any(|path| holders.contains(path));
    direct.into_iter().rev().find(|path| {
        let Some(file) = modules.file(path).filter(|_| !holders.contains(path)) else { return false };
        let only_imports = file.structure.functions.is_empty() && file.structure.classes.is_empty();
        let imports = file.structure.imports.iter().filter(|import| import.place.is_top());
        let mut files: Vec<String> = vec![];
        for import in imports {
            files.extend(modules.targets(path, import).into_iter().flat_map(|target| target.files));
        }
        let named = !names_itself && (path.ends_with("models.py") || path.ends_with("models/__init__.py"));
        only_imports && (files.iter().any(|file| holders.contains(file)) || named)
    })
}

/// The names that `env.py` has to use as soon as it hands over the metadata of its tables, which it does not yet.
fn to_be_handed(project: &PythonProject, environment: &Environment) -> Vec<String> {
    if environment.target.unknown {
        return vec![];
    }
    let left = environment.owners.iter().filter(|(metadata, _)| !environment.target.metadata.contains(metadata));
    let name = |metadata: &Metadata| match metadata {
        Metadata::Sqlmodel => Some("SQLModel".to_owned()),
        Metadata::Class(class) => project.classes.get(*class).map(|class| class.name.value.clone()),
        Metadata::Object(_, name) => Some(name.clone()),
        Metadata::Unknown => None,
    };
    left.filter_map(|(metadata, _)| name(metadata)).collect()
}

/// The imports of a file that Ruff would remove, but for those that bind one of the names that `wanted` says.
fn unprotected(
    modules: &mut Modules<'_>,
    graph: &mut Graph,
    ruff: &Ruff,
    file: &File,
    tables: &[(usize, String)],
    wanted: &[String],
) -> Vec<Unprotected> {
    let mut found = vec![];
    let Some((proof, place)) = &ruff.evidence else { return found };
    if noqa::keeps_file(file) {
        return found;
    }
    for import in side_imports(modules, file) {
        let Some(imported) = import.statement.names.get(import.index) else { continue };
        let dot = if import.statement.from.is_empty() || import.statement.from.ends_with('.') { "" } else { "." };
        let module = format!("{}{dot}{}", import.statement.from, imported.name);
        let kept = noqa::keeps(file, &import.statement, &imported.range, ruff.forms())
            || wanted.contains(&bound(&import.statement, imported));
        if kept || !ruff.removes(&file.path, &[&module, &import.statement.from]) {
            continue;
        }
        let reached = graph.reach(modules, &import.files).files;
        let tables: Vec<usize> =
            tables.iter().filter(|(_, path)| reached.contains(path)).map(|(class, _)| *class).collect();
        if tables.is_empty() {
            continue;
        }
        let (range, text) = noqa::cure(file, &import.statement);
        found.push(Unprotected {
            name: Spanned::new(module, file.source.span(imported.range.clone())),
            tables,
            ruff: Spanned::new(proof.clone(), place.clone()),
            cure: Spanned::new(text, file.source.span(range)),
        });
    }
    found
}
