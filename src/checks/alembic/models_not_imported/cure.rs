//! Imports the modules of the tables that `env.py` does not reach, in the manner of the imports that are there.

use crate::checks::python_fix::import;
use crate::facts::Facts;
use crate::fix::Fix;
use crate::project::python::{Environment, Shape};
use crate::text::Span;

/// The imports that are missing, written where the metadata is put together.
pub(super) fn cure(facts: &Facts, environment: &Environment) -> Option<Fix> {
    let python = &facts.project.python;
    let holder = environment.registry.as_ref().unwrap_or(&environment.env_py);
    let (source, shape) = (facts.source(holder)?, python.shapes.get(holder)?);
    let mut lines: Vec<String> = vec![];
    for (class, module) in &environment.unreached {
        let name = &python.classes.get(*class)?.name;
        let package = module.split('.').next().unwrap_or(module);
        let folder = holder.rsplit_once('/').map_or("", |(folder, _)| folder);
        let line = if let Some(sibling) = relative(shape, folder, &name.span) {
            format!("from {sibling} import {}  # noqa: F401", name.value)
        } else if shape.binds_otherwise(package) || module == package && module != &name.value {
            format!("from {module} import {}  # noqa: F401", name.value)
        } else {
            format!("import {module}  # noqa: F401")
        };
        // One class is enough to run its module.
        let same = |other: &String| {
            other.rsplit_once(" import ").map(|it| it.0) == line.rsplit_once(" import ").map(|it| it.0)
        };
        if !lines.iter().any(|other| *other == line || line.starts_with("from ") && same(other)) {
            lines.push(line);
        }
    }
    lines.sort();
    let what = match (lines.as_slice(), environment.unreached.as_slice()) {
        ([_], [(class, _)]) => format!("the module of `{}`", python.classes.get(*class)?.name.value),
        ([_], _) => "the module of these tables".to_owned(),
        _ => "the modules of these tables".to_owned(),
    };
    Some(Fix::safe(format!("import {what} in `{holder}`"), import(facts, source, shape, &lines)))
}

/// The module of a file beside this one, where the others are imported by a dot too.
fn relative(shape: &Shape, folder: &str, of: &Span) -> Option<String> {
    let dots = shape.imports.iter().rev().find(|import| !import.from.is_empty())?.from.starts_with('.');
    let inner = of.path.strip_prefix(folder)?.strip_prefix('/')?.strip_suffix(".py")?;
    let inner = inner.strip_suffix("/__init__").unwrap_or(inner);
    dots.then(|| format!(".{}", inner.replace('/', ".")))
}
