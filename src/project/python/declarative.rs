//! What makes a base of plain SQLAlchemy without a class of SQLAlchemy's above it.

use std::ops::Range;

use super::modules::{File, Modules};
use super::names::{Meaning, meaning};
use crate::text::python::{self, Call, Value};

fn is_sqlalchemys(modules: &mut Modules<'_>, file: &File, written: &str, name: &str) -> bool {
    let Meaning::Outside(callee) = meaning(modules, file, written) else { return false };
    callee.starts_with("sqlalchemy.") && callee.rsplit('.').next() == Some(name)
}

/// Whether a decorator makes the class a base; not where it is told of other metadata.
pub(super) fn is_declared(modules: &mut Modules<'_>, file: &File, class: &python::Class) -> bool {
    let before = file.source.text().get(class.range.start..class.name_range.start).unwrap_or("");
    !before.contains("metadata")
        && class.decorators.iter().any(|written| is_sqlalchemys(modules, file, written, "as_declarative"))
}

/// Whether a call makes a base: `declarative_base()`, or `generate_base()` of a registry with metadata of its own.
pub(super) fn makes_base(modules: &mut Modules<'_>, file: &File, call: &Call, range: &Range<usize>) -> bool {
    if call.keyword("cls").is_some() {
        return false;
    }
    let Some(registry) = call.callee.strip_suffix(".generate_base") else {
        return is_sqlalchemys(modules, file, &call.callee, "declarative_base");
    };
    if registry.is_empty() {
        // `registry().generate_base()`
        let written = file.source.text().get(range.clone()).and_then(|written| written.split_once("().generate_base"));
        return written.is_some_and(|(maker, _)| is_sqlalchemys(modules, file, maker, "registry"));
    }
    let Meaning::Object(path, name) = meaning(modules, file, registry) else { return false };
    let Some(file) = modules.file(&path) else { return false };
    let Some(made) = file.structure.assigned.iter().find(|it| it.name == name) else { return false };
    match &made.value {
        Some((Value::Call(call), _)) if call.keyword("metadata").is_none() => {
            is_sqlalchemys(modules, &file, &call.callee, "registry")
        }
        _ => false,
    }
}
