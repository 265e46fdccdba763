//! What is run when `env.py` is: the graph of imports from it, what of it cannot be told, and the imports it hangs on.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::modules::{File, Modules};
use super::names::bound;
use crate::text::python::{Call, ImportStatement, Value};
use crate::text::{Span, Spanned};

/// What the imports of a file lead to.
#[derive(Default)]
struct Edges {
    files: Vec<String>,
    /// Modules of the project that are named and are not there.
    missing: Vec<Spanned<String>>,
    /// The first import whose module is only known when it runs.
    dynamic: Option<Span>,
}

/// The graph of imports, as far as it was walked.
#[derive(Default)]
pub(super) struct Graph {
    edges: BTreeMap<String, Rc<Edges>>,
}

/// What is run from a file on.
#[derive(Default)]
pub(super) struct Reach {
    /// Every file, the first one included.
    pub files: BTreeSet<String>,
    /// Names of modules that are not there.
    pub missing: Vec<Spanned<String>>,
    /// An import whose module is only known when it runs.
    pub dynamic: Option<Span>,
}

/// An import that only runs another module: nothing uses what it binds.
pub(super) struct SideImport {
    /// The statement.
    pub statement: ImportStatement,
    /// Which of its names.
    pub index: usize,
    /// The files that it runs first.
    pub files: Vec<String>,
}

/// Whether a call runs a module that is only known then.
fn is_dynamic(call: &Call) -> bool {
    matches!(
        call.function(),
        "walk_packages"
            | "iter_modules"
            | "import_module"
            | "__import__"
            | "spec_from_file_location"
            | "import_string"
            | "exec_module"
            | "run_path"
            | "run_module"
            | "find_modules"
            | "load_entry_point"
    ) || matches!(call.callee.as_str(), "exec" | "eval")
}

impl Graph {
    fn edges(&mut self, modules: &mut Modules<'_>, path: &str) -> Rc<Edges> {
        if let Some(known) = self.edges.get(path) {
            return Rc::clone(known);
        }
        let edges = Rc::new(modules.file(path).map(|file| read(modules, &file)).unwrap_or_default());
        self.edges.insert(path.to_owned(), Rc::clone(&edges));
        edges
    }

    /// The files that the imports of a file run.
    pub fn imported(&mut self, modules: &mut Modules<'_>, path: &str) -> Vec<String> {
        self.edges(modules, path).files.clone()
    }

    /// Everything that is run when these files are.
    pub fn reach(&mut self, modules: &mut Modules<'_>, from: &[String]) -> Reach {
        let mut reach = Reach::default();
        let mut open: Vec<String> = from.to_vec();
        while let Some(path) = open.pop() {
            if !reach.files.insert(path.clone()) {
                continue;
            }
            let edges = self.edges(modules, &path);
            open.extend(edges.files.iter().filter(|file| !reach.files.contains(*file)).cloned());
            reach.missing.extend(edges.missing.iter().cloned());
            reach.dynamic = reach.dynamic.take().or_else(|| edges.dynamic.clone());
        }
        reach
    }
}

fn read(modules: &mut Modules<'_>, file: &Rc<File>) -> Edges {
    let mut edges = Edges::default();
    for import in file.structure.imports.iter().filter(|import| !import.place.type_checking) {
        for target in modules.targets(&file.path, import) {
            edges.files.extend(target.files);
            let span = file.source.span(import.range.clone());
            edges.missing.extend(target.missing.map(|name| Spanned::new(name, span)));
        }
    }
    for call in file.module.calls.iter().filter(|call| is_dynamic(call)) {
        let literal = match call.positional(0) {
            Some(Value::Text(text)) if matches!(call.function(), "import_module" | "__import__") => Some(&text.value),
            _ => None,
        };
        match literal.filter(|name| !name.starts_with('.')).map(|name| modules.resolve(&file.path, name)) {
            Some(found) => edges.files.extend(found.into_iter().flat_map(|found| found.files)),
            None => edges.dynamic = edges.dynamic.take().or_else(|| Some(file.source.span(call.range.clone()))),
        }
    }
    // What stands behind the place where a file breaks off is not known.
    if edges.dynamic.is_none() && !file.module.errors.is_empty() {
        edges.dynamic = Some(file.source.span(0..0));
    }
    edges.files.dedup();
    edges
}

/// The imports of a file whose names nothing uses, and that somebody who tidies up would remove.
pub(super) fn side_imports(modules: &mut Modules<'_>, file: &File) -> Vec<SideImport> {
    let mut found = vec![];
    for statement in &file.structure.imports {
        let place = &statement.place;
        if place.type_checking || place.guarded || place.class || statement.from == "__future__" {
            continue;
        }
        for target in modules.targets(&file.path, statement) {
            let Some(imported) = statement.names.get(target.index) else { continue };
            let name = bound(statement, imported);
            let redundant = imported.rename.as_ref() == Some(&imported.name);
            let used = file.structure.loaded.contains(&name) || file.structure.exported.contains(&name);
            if imported.name == "*" || redundant || used || target.files.is_empty() {
                continue;
            }
            found.push(SideImport { statement: statement.clone(), index: target.index, files: target.files });
        }
    }
    found
}
