//! Modules with tables that one process imports under two names: Python runs such a file twice.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::modules::{File, Modules};
use crate::text::python::{ImportStatement, Module};
use crate::text::{Span, Spanned};

/// How many modules are walked.
const MOST: usize = 20_000;

/// A file that is imported under several names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Twice {
    /// The file.
    pub path: String,
    /// Its names, each with the import that was met first, the nearest to `env.py` first.
    pub names: Vec<ImportedAs>,
}

/// A name of a module in a process, and the imports that give it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedAs {
    /// The name that the module has in the process, with the import that was met first.
    pub module: Spanned<String>,
    /// For each import the bytes of the module's name, when they are all of it and nothing uses what they bind.
    pub written: Vec<Option<Span>>,
}

/// An import of a file under a name.
struct Step {
    path: String,
    module: String,
    span: Span,
    written: Option<Span>,
}

/// The files with tables that are imported under several names when `env.py` runs.
pub(super) fn twice(
    modules: &mut Modules<'_>,
    env_py: &str,
    reached: &BTreeSet<String>,
    holders: &BTreeSet<String>,
) -> Vec<Twice> {
    let holders: BTreeSet<&String> = holders.intersection(reached).collect();
    if holders.is_empty() || changes_modules(modules, reached) || !has_nested_roots(modules, reached) {
        return vec![];
    }
    let mut names: BTreeMap<String, Vec<ImportedAs>> = BTreeMap::new();
    let mut open: Vec<(String, Option<String>)> = vec![(env_py.to_owned(), None)];
    let mut at = 0;
    while let Some((path, module)) = open.get(at).cloned().filter(|_| at < MOST) {
        at += 1;
        let Some(file) = modules.file(&path) else { continue };
        // What a block or a function imports may never be.
        for import in file.structure.imports.iter().filter(|import| import.place.is_top()) {
            for step in steps(modules, &file, module.as_deref(), import) {
                let known = names.entry(step.path.clone()).or_default();
                if let Some(known) = known.iter_mut().find(|known| known.module.value == step.module) {
                    if !known.written.contains(&step.written) {
                        known.written.push(step.written);
                    }
                    continue;
                }
                let module = Spanned::new(step.module.clone(), step.span);
                known.push(ImportedAs { module, written: vec![step.written] });
                open.push((step.path, Some(step.module)));
            }
        }
    }
    names
        .into_iter()
        .filter(|(path, names)| names.len() > 1 && holders.contains(path))
        .map(|(path, names)| Twice { path, names })
        .collect()
}

/// Whether something that is run says itself which modules or tables there are.
fn changes_modules(modules: &mut Modules<'_>, reached: &BTreeSet<String>) -> bool {
    reached.iter().any(|path| modules.file(path).is_some_and(|file| says_modules(&file.module)))
}

fn says_modules(module: &Module) -> bool {
    let is_mapping = |name: &str| name == "sys.modules" || name.starts_with("sys.modules.");
    module.names.iter().any(|(name, _)| is_mapping(name))
        || module.reads.iter().any(|(name, _)| is_mapping(name))
        || module.assignments.iter().any(|assignment| is_mapping(&assignment.target))
        || module.calls.iter().any(|call| is_mapping(&call.callee) || call.callee.ends_with("metadata.clear"))
        || module.imports.iter().any(|it| it.module == "sys" && it.names.iter().any(|name| name == "modules"))
}

/// Whether imports are found from a folder and from one within it, without which no file has two names.
fn has_nested_roots(modules: &mut Modules<'_>, reached: &BTreeSet<String>) -> bool {
    let mut roots: BTreeSet<String> = BTreeSet::new();
    let mut asked: BTreeSet<(String, String)> = BTreeSet::new();
    for path in reached {
        let Some(file) = modules.file(path) else { continue };
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        for import in file.structure.imports.iter().filter(|import| import.place.is_top()) {
            let plain = import.names.iter().map(|imported| imported.name.as_str()).filter(|_| !import.is_from);
            for name in
                plain.chain(Some(import.from.as_str()).filter(|from| !from.is_empty() && !from.starts_with('.')))
            {
                let first = name.split('.').next().unwrap_or_default();
                if asked.insert((folder.to_owned(), first.to_owned())) {
                    roots.extend(modules.resolve(path, first).map(|found| found.root));
                }
            }
        }
    }
    let is_within = |inner: &String, outer: &String| {
        inner != outer && (outer.is_empty() || inner.strip_prefix(outer.as_str()).is_some_and(|it| it.starts_with('/')))
    };
    roots.iter().any(|outer| roots.iter().any(|inner| is_within(inner, outer)))
}

/// The modules that an import statement of a module runs, under the names they get.
fn steps(modules: &Modules<'_>, file: &File, module: Option<&str>, import: &ImportStatement) -> Vec<Step> {
    let mut found = vec![];
    let span = file.source.span(import.range.clone());
    let is_used = |name: &str| file.structure.loaded.contains(name) || file.structure.exported.contains(name);
    for imported in &import.names {
        if !import.is_from {
            let first = imported.name.split('.').next().unwrap_or_default();
            let end = imported.range.start + imported.name.len();
            let written = file.source.span(imported.range.start..end);
            let free = imported.rename.is_some() || !is_used(first);
            found.extend(below(modules, &file.path, "", &imported.name, &span, Some(written).filter(|_| free)));
            continue;
        }
        let dots = import.from.len() - import.from.trim_start_matches('.').len();
        let rest = import.from.get(dots..).unwrap_or_default();
        let package = if dots == 0 { Some(String::new()) } else { package(file, module, dots) };
        let Some(package) = package else { continue };
        let written = (dots == 0).then(|| written(file, import)).flatten();
        let dot = if import.from.ends_with('.') { "" } else { "." };
        found.extend(below(modules, &file.path, &package, &import.from, &span, written.clone()));
        if imported.name != "*" {
            let name = format!("{}{dot}{}", import.from, imported.name);
            let count = rest.split('.').filter(|part| !part.is_empty()).count() + 1;
            let mut inner = below(modules, &file.path, &package, &name, &span, None);
            inner.retain(|step| {
                step.module.split('.').count() == count + package.split('.').filter(|it| !it.is_empty()).count()
            });
            found.extend(inner.into_iter().map(|step| Step { written: written.clone(), ..step }));
        }
    }
    found
}

/// The bytes of the module's name behind `from`.
fn written(file: &File, import: &ImportStatement) -> Option<Span> {
    let text = file.source.text().get(import.range.clone())?;
    let at =
        text.find(import.from.as_str()).filter(|at| text.get(..*at).is_some_and(|before| before.trim() == "from"))?;
    let start = import.range.start + at;
    Some(file.source.span(start..start + import.from.len()))
}

/// The package that `dots` of an import in a module mean.
fn package(file: &File, module: Option<&str>, dots: usize) -> Option<String> {
    let mut parts: Vec<&str> = module?.split('.').collect();
    let own = usize::from(!file.path.ends_with("/__init__.py"));
    parts.truncate(parts.len().checked_sub(dots - 1 + own)?);
    (!parts.is_empty()).then(|| parts.join("."))
}

/// The modules on the way down a dotted name: those that are files.
fn below(
    modules: &Modules<'_>,
    from: &str,
    package: &str,
    name: &str,
    span: &Span,
    written: Option<Span>,
) -> Vec<Step> {
    let dots = name.len() - name.trim_start_matches('.').len();
    let (leading, rest) = name.split_at(dots);
    let parts: Vec<&str> = rest.split('.').filter(|part| !part.is_empty()).collect();
    let mut found = vec![];
    for count in 1..=parts.len() {
        let inner = parts.get(..count).unwrap_or_default().join(".");
        let Some(there) = modules.resolve(from, &format!("{leading}{inner}")) else { break };
        if there.parts < count {
            break;
        }
        let Some(path) = there.files.last().filter(|path| names_file(path, parts.get(count - 1).copied())) else {
            continue;
        };
        let module = if package.is_empty() { inner } else { format!("{package}.{inner}") };
        let written = written.clone().filter(|_| count == parts.len());
        found.push(Step { path: path.clone(), module, span: span.clone(), written });
    }
    found
}

/// Whether a file is the one of a module's last name, not that of a package above.
fn names_file(path: &str, last: Option<&str>) -> bool {
    let module = path.trim_end_matches(".py").trim_end_matches("/__init__");
    module.rsplit('/').next() == last
}
