//! `env.py` does not import the modules of all tables: for autogenerate the others do not exist.

use crate::checks::python_fix::{import, listed, with_fix};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::python::Environment;
use crate::text::Span;

pub(super) fn check(facts: &Facts) -> Checked {
    // What is imported only when it runs, or made by a function, cannot be told from here.
    let environments = &facts.project.python.environments;
    let told = environments.iter().filter(|it| it.dynamic.is_none() && !it.target.unknown && !it.unreached.is_empty());
    Ok(told.map(|environment| finding(facts, environment)).collect())
}

fn finding(facts: &Facts, environment: &Environment) -> Finding {
    let python = &facts.project.python;
    let classes: Vec<_> =
        environment.unreached.iter().filter_map(|(class, _)| python.classes.get(*class)).map(|it| &it.name).collect();
    let names: Vec<&str> = classes.iter().map(|name| name.value.as_str()).collect();
    let env_py = &environment.env_py;
    let message = format!("`{env_py}` does not import {}: autogenerate sees no such table", listed(&names));
    let subject = format!("{env_py}: {}", names.join(" "));
    let place = environment.target.span.clone().or_else(|| Some(facts.source(env_py)?.span(0..0)));
    let mut finding = match place {
        Some(place) => {
            Finding::at(&place, subject, message).label("holds only the tables of modules that are imported")
        }
        None => Finding::at_path(env_py, subject, message),
    };
    for name in &classes {
        finding = finding.related(&name.span, format!("`{}` is a table", name.value));
    }
    for missing in &environment.missing {
        finding = finding.related(&missing.span, format!("there is no module `{}`", missing.value));
    }
    finding = finding
        .seen("imports", env_py, format!("{} files of the project are reached", environment.reached.len() - 1))
        .help("expect no `op.drop_table` in a revision made so far: where the database has these tables, autogenerate drops them");
    with_fix(facts, finding, fix(facts, environment), "import the modules of these tables in `env.py`")
}

fn fix(facts: &Facts, environment: &Environment) -> Option<Fix> {
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
    Some(Fix::safe(format!("import their modules in `{holder}`"), vec![import(source, shape, &lines)]))
}

/// The module of a file beside this one, where the others are imported by a dot too.
fn relative(shape: &crate::project::python::Shape, folder: &str, of: &Span) -> Option<String> {
    let dots = shape.imports.iter().rev().find(|import| !import.from.is_empty())?.from.starts_with('.');
    let inner = of.path.strip_prefix(folder)?.strip_prefix('/')?.strip_suffix(".py")?;
    let inner = inner.strip_suffix("/__init__").unwrap_or(inner);
    dots.then(|| format!(".{}", inner.replace('/', ".")))
}
