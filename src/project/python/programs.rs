//! Which tables one program can import together: services of one repository make their tables in processes of their own.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::environments::{project_of, projects};
use super::fields::CallSite;
use super::modules::Modules;
use super::reach::Graph;
use super::{Files, PythonProject, is_own};
use crate::project::whose::is_installed;

/// The programs that files with tables can be of; without any, all can be of one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Programs {
    of: BTreeMap<String, BTreeSet<usize>>,
}

impl Programs {
    /// For each of these files, whether one program can run it together with another one of them.
    pub fn together(&self, paths: &[&str]) -> Vec<bool> {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        for program in paths.iter().filter_map(|path| self.of.get(*path)).flatten() {
            *counts.entry(*program).or_default() += 1;
        }
        let met = |program: &usize| counts.get(program).is_some_and(|count| *count > 1);
        let is_met = |path: &&str| self.of.get(*path).is_none_or(|programs| programs.iter().any(met));
        paths.iter().map(is_met).collect()
    }
}

/// Whether a call hands on what only one table can have.
fn is_shareable(call: &CallSite) -> bool {
    let gives = |name: &str| call.keyword(name).is_some();
    ["Column", "ForeignKey", "Index"].iter().any(|name| call.is(name))
        || call.is_field() && (gives("sa_column") || gives("sa_column_args"))
}

/// The files of the tables that would share something, for each place that hands it on.
fn shared(project: &PythonProject) -> Vec<BTreeSet<&str>> {
    let path_of = |class: usize| project.classes.get(class).map(|class| &*class.name.span.path);
    let mut by_class: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    let mut by_object: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    for table in &project.tables {
        let Some(path) = path_of(table.class) else { continue };
        for (at, class) in
            project.classes.line(table.class).filter(|(at, _)| !project.is_table(*at) || *at == table.class)
        {
            if at != table.class && class.body.iter().flat_map(|member| &member.calls).any(is_shareable) {
                by_class.entry(at).or_default().insert(path);
            }
            for (file, name) in class.body.iter().flat_map(|member| &member.objects) {
                if project.object(file, name).is_some_and(|object| object.calls.iter().any(is_shareable)) {
                    by_object.entry((file, name)).or_default().insert(path);
                }
            }
        }
    }
    by_class.into_values().chain(by_object.into_values()).collect()
}

/// The programs of each file with tables, by the folder of its project and the environments that reach it.
fn by_folder(project: &PythonProject, files: &dyn Files) -> Programs {
    let projects = projects(files);
    let classes = project.tables.iter().filter_map(|table| project.classes.get(table.class));
    let paths: BTreeSet<String> = classes.map(|class| class.name.span.path.to_string()).collect();
    let mut numbers: BTreeMap<(String, Option<usize>), usize> = BTreeMap::new();
    let mut programs = Programs::default();
    let mut anywhere: Vec<(String, String)> = vec![];
    for path in paths {
        let home = project_of(&projects, &path);
        let reaching = project.environments.iter().enumerate().filter(|(_, it)| it.reached.contains(&path));
        let reaching: Vec<usize> = reaching.map(|(at, _)| at).collect();
        if reaching.is_empty() {
            let number = numbers.len();
            numbers.entry((home.clone(), None)).or_insert(number);
            anywhere.push((path, home));
            continue;
        }
        let mut own = BTreeSet::new();
        for environment in reaching {
            let number = numbers.len();
            own.insert(*numbers.entry((home.clone(), Some(environment))).or_insert(number));
        }
        programs.of.insert(path, own);
    }
    // What no environment reaches may be of each program of its project.
    for (path, home) in anywhere {
        let own = numbers.iter().filter(|((folder, _), _)| *folder == home).map(|(_, number)| *number).collect();
        programs.of.insert(path, own);
    }
    programs
}

/// Tells which tables are in one program; looks at what imports what only where that decides something.
pub(super) fn tell<'a>(modules: &mut Modules<'a>, project: &mut PythonProject, files: &'a dyn Files) {
    let mut programs = by_folder(project, files);
    let is_apart = |paths: &&BTreeSet<&str>| {
        let kinds: BTreeSet<&BTreeSet<usize>> = paths.iter().filter_map(|path| programs.of.get(*path)).collect();
        kinds.iter().any(|one| kinds.iter().any(|other| one.is_disjoint(other)))
    };
    let sets = shared(project);
    let concerned: BTreeSet<String> = sets.iter().filter(is_apart).flatten().map(|path| (*path).to_owned()).collect();
    if concerned.is_empty() {
        return;
    }
    let mut importers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut graph = Graph::default();
    // What only a test reads says nothing about the rest of the project.
    let mut of_tests = Modules::new(files);
    for path in files.list().iter().filter(|path| path.ends_with(".py") && !is_installed(path)) {
        for imported in graph.imported(if is_own(path) { modules } else { &mut of_tests }, path) {
            importers.entry(imported).or_default().push(path.clone());
        }
    }
    // For each file, which of the tables' files are run when it is.
    let mut running: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for path in &concerned {
        let (mut seen, mut open) = (BTreeSet::new(), vec![path.as_str()]);
        while let Some(at) = open.pop() {
            if seen.insert(at) {
                running.entry(at).or_default().push(path);
                open.extend(importers.get(at).into_iter().flatten().map(String::as_str));
            }
        }
    }
    let together: BTreeSet<Vec<&str>> = running.into_values().filter(|paths| paths.len() > 1).collect();
    let next = programs.of.values().flatten().max().map_or(0, |last| last + 1);
    for (number, paths) in together.into_iter().enumerate() {
        for path in paths {
            programs.of.entry(path.to_owned()).or_default().insert(next + number);
        }
    }
    project.programs = programs;
}
