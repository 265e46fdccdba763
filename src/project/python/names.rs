//! What a name in a module leads to: a class or an object of the project, or something from outside.

use super::modules::{File, Modules};
use crate::text::python::{ImportStatement, Imported, MemberKind, Value, is_builtin_class};

/// How many hops from name to name are followed.
const MAX_HOPS: usize = 12;

/// The attribute of a base class that is followed too.
const METADATA: &str = "metadata";

/// What a name leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The class of a name in a file of the project.
    Class(String, String),
    /// What is assigned to a name at the top level of a file of the project; with `.metadata` behind it, that of a class.
    Object(String, String),
    /// A file of the project, as a module.
    Module(String),
    /// A dotted name from outside the project; builtins have no dot.
    Outside(String),
    /// It cannot be told.
    Unknown,
}

/// The name an import binds.
pub(super) fn bound(import: &ImportStatement, imported: &Imported) -> String {
    match &imported.rename {
        Some(rename) => rename.clone(),
        None if import.is_from => imported.name.clone(),
        None => imported.name.split('.').next().unwrap_or_default().to_owned(),
    }
}

fn appended(name: &str, rest: &str) -> String {
    if rest.is_empty() { name.to_owned() } else { format!("{name}.{rest}") }
}

/// The dotted name that what an import binds stands for.
fn written(import: &ImportStatement, imported: &Imported) -> String {
    let dot = if import.from.ends_with('.') { "" } else { "." };
    match (import.is_from, &imported.rename) {
        (true, _) => format!("{}{dot}{}", import.from, imported.name),
        (false, Some(_)) => imported.name.clone(),
        (false, None) => bound(import, imported),
    }
}

/// What one name of an import leads to.
pub(super) fn imported(
    modules: &mut Modules<'_>,
    file: &File,
    import: &ImportStatement,
    imported: &Imported,
) -> Meaning {
    imported_name(modules, file, &written(import, imported), 0)
}

/// What `name` means at the top level of `file`.
pub(super) fn meaning(modules: &mut Modules<'_>, file: &File, name: &str) -> Meaning {
    follow(modules, file, name, 0)
}

fn follow(modules: &mut Modules<'_>, file: &File, name: &str, hops: usize) -> Meaning {
    let (first, rest) = name.split_once('.').unwrap_or((name, ""));
    if hops > MAX_HOPS || first.is_empty() {
        return Meaning::Unknown;
    }
    let structure = &file.structure;
    match file.classes_named(first).count() {
        0 => {}
        1 if rest.is_empty() => return Meaning::Class(file.path.clone(), first.to_owned()),
        1 if rest == METADATA => return Meaning::Object(file.path.clone(), name.to_owned()),
        // Of several, or of what a class holds, nothing can be told.
        _ => return Meaning::Unknown,
    }
    let mut assigned = structure.assigned.iter().filter(|member| member.name == first);
    if let Some(member) = assigned.next() {
        if assigned.next().is_some() {
            return Meaning::Unknown;
        }
        if let (Some((Value::Name(other), _)), MemberKind::Assigned) = (&member.value, &member.kind) {
            return if other == first {
                Meaning::Unknown
            } else {
                follow(modules, file, &appended(other, rest), hops + 1)
            };
        }
        let object = Meaning::Object(file.path.clone(), first.to_owned());
        return match rest {
            "" => object,
            METADATA => Meaning::Object(file.path.clone(), name.to_owned()),
            _ => Meaning::Unknown,
        };
    }
    for import in structure.imports.iter().rev().filter(|it| !it.place.function && !it.place.class) {
        if let Some(imported) =
            import.names.iter().find(|imported| imported.name != "*" && bound(import, imported) == first)
        {
            let whole = appended(&written(import, imported), rest);
            return imported_name(modules, file, &whole, hops);
        }
    }
    if structure.functions.iter().any(|function| function == first) {
        return Meaning::Unknown;
    }
    let stars: Vec<&ImportStatement> =
        structure.imports.iter().filter(|it| it.is_from && it.names.iter().any(|name| name.name == "*")).collect();
    for import in stars {
        let dot = if import.from.ends_with('.') { "" } else { "." };
        match imported_name(modules, file, &format!("{}{dot}{name}", import.from), hops) {
            Meaning::Unknown => {}
            Meaning::Outside(found) if is_builtin_class(first) => drop(found),
            found => return found,
        }
    }
    if is_builtin_class(first) && rest.is_empty() { Meaning::Outside(first.to_owned()) } else { Meaning::Unknown }
}

/// What a dotted name means that begins with a module.
fn imported_name(modules: &mut Modules<'_>, file: &File, name: &str, hops: usize) -> Meaning {
    let Some(found) = modules.resolve(&file.path, name) else {
        return if name.starts_with('.') { Meaning::Unknown } else { Meaning::Outside(name.to_owned()) };
    };
    let parts: Vec<&str> = name.trim_start_matches('.').split('.').filter(|part| !part.is_empty()).collect();
    let Some(path) = found.files.last() else { return Meaning::Unknown };
    let rest = parts.get(found.parts..).unwrap_or_default().join(".");
    if rest.is_empty() {
        return Meaning::Module(path.clone());
    }
    if *path == file.path && hops > 0 {
        return Meaning::Unknown;
    }
    match modules.file(path) {
        Some(other) => follow(modules, &other, &rest, hops + 1),
        None => Meaning::Unknown,
    }
}
