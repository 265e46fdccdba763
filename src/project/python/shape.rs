//! Where a Python file takes another import, and what it binds already.

use serde::{Deserialize, Serialize};

use super::classes::{Ancestor, Collector};
use super::modules::{File, Modules};
use super::names::{bound, imported};
use crate::text::Span;
use crate::text::python::{ImportStatement, Imported, MemberKind};

/// What must be known of a file to put an import into it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Where a new import goes: the end of a line, or the start of one when `before`.
    pub imports_at: Span,
    /// Whether the new import stands before what is there.
    pub before: bool,
    /// Whether that is the end of the line of the last import.
    pub among: bool,
    /// Every name that imports, classes, functions and assignments of the top level bind.
    pub bound: Vec<String>,
    /// The imports of the top level: each name with what it binds.
    pub imports: Vec<ShapeImport>,
    /// The names that only an import under `if TYPE_CHECKING:` binds, so that nothing does when the module runs.
    #[serde(default)]
    pub checked_only: Vec<String>,
}

/// A name of an import of the top level.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShapeImport {
    /// The module after `from`; empty for a plain `import`.
    pub from: String,
    /// The name, or the module of a plain `import`.
    pub name: String,
    /// What it binds.
    pub bound: String,
    /// The bytes of the name.
    pub span: Span,
    /// What it leads to; of what no annotation names, only what is of outside by the import itself.
    pub leads_to: Ancestor,
}

impl Shape {
    /// Whether a name is bound by something else than the import of this module's first part.
    pub fn binds_otherwise(&self, name: &str) -> bool {
        let plain =
            |import: &&ShapeImport| import.from.is_empty() && import.bound == name && import.name != import.bound;
        let imports = self.imports.iter().filter(|import| import.bound == name);
        let packages = imports.clone().filter(plain).count();
        self.bound.iter().filter(|bound| *bound == name).count() > packages
    }
}

/// The end of the line that an offset lies in, before its line end.
pub(super) fn line_end(text: &str, offset: usize) -> usize {
    let rest = text.get(offset..).unwrap_or("");
    let line = rest.find('\n').map_or(rest, |end| &rest[..end]);
    offset + line.trim_end_matches('\r').len()
}

/// The names that only an import under `if TYPE_CHECKING:` binds.
fn checked_only(file: &File, bound_at_top: &[String]) -> Vec<String> {
    let imports = &file.structure.imports;
    let names = |checking: bool| {
        let wanted = imports.iter().filter(move |import| import.place.type_checking == checking);
        wanted.flat_map(|import| import.names.iter().map(|imported| bound(import, imported)))
    };
    let otherwise: Vec<String> = names(false).collect();
    let assigned = |name: &String| file.module.assignments.iter().any(|assignment| assignment.target == *name);
    let class = |name: &String| file.structure.classes.iter().any(|class| class.name == *name);
    let mut found: Vec<String> = names(true)
        .filter(|name| !otherwise.contains(name) && !otherwise.iter().any(|other| other == "*"))
        .filter(|name| !bound_at_top.contains(name) && !assigned(name) && !class(name))
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Whether an annotation in a class names what an import binds: only then its module is read too.
fn is_annotated(file: &File, name: &str) -> bool {
    file.structure.classes.iter().flat_map(|class| &class.body).any(|member| match &member.kind {
        MemberKind::Annotated { annotation, .. } => {
            file.source.text().get(annotation.clone()).is_some_and(|written| written.contains(name))
        }
        _ => false,
    })
}

/// What an import leads to.
fn leads_to(
    (modules, collector): (&mut Modules<'_>, &mut Collector),
    file: &File,
    import: &ImportStatement,
    name: &Imported,
) -> Ancestor {
    let module = if import.is_from { &import.from } else { &name.name };
    let is_own = module.starts_with('.') || modules.resolve(&file.path, module).is_some();
    if name.name == "*" || is_own && !is_annotated(file, &bound(import, name)) {
        return Ancestor::Unknown;
    }
    let meaning = imported(modules, file, import, name);
    collector.leads_to(modules, meaning)
}

/// Reads the shape of a file.
pub(super) fn shape(modules: &mut Modules<'_>, collector: &mut Collector, file: &File) -> Shape {
    let (text, structure) = (file.source.text(), &file.structure);
    let top = structure.imports.iter().filter(|import| import.place.is_top());
    let last_import = top.clone().map(|import| import.range.end).max();
    let mut after = last_import.unwrap_or(0).max(structure.prologue);
    // Behind `sys.path.append(…)`, which may be what lets an import find its module.
    for call in file.module.calls.iter().filter(|call| call.callee.starts_with("sys.path.")) {
        let holder = structure.statements.iter().find(|it| it.start <= call.range.start && call.range.end <= it.end);
        if let Some(holder) = holder.filter(|_| call.context.function.is_none() && call.context.class.is_none()) {
            after = after.max(holder.end);
        }
    }
    let before = after == 0;
    let among = last_import == Some(after);
    let at = match structure.statements.first() {
        _ if !before => line_end(text, after),
        Some(first) => first.start,
        None => text.len(),
    };
    let mut imports = vec![];
    for import in top {
        for imported in &import.names {
            imports.push(ShapeImport {
                from: import.from.clone(),
                name: imported.name.clone(),
                bound: bound(import, imported),
                span: file.source.span(imported.range.clone()),
                leads_to: leads_to((&mut *modules, &mut *collector), file, import, imported),
            });
        }
    }
    let others = structure.assigned.iter().map(|member| member.name.clone());
    let classes = structure.classes.iter().filter(|it| !it.place.function && !it.place.class);
    let others = others.chain(classes.map(|class| class.name.clone())).chain(structure.functions.iter().cloned());
    let bound: Vec<String> = imports.iter().map(|import| import.bound.clone()).chain(others).collect();
    let checked_only = checked_only(file, &bound);
    Shape { imports_at: file.source.span(at..at), before, among, bound, imports, checked_only }
}
