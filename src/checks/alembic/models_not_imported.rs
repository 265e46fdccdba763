//! `env.py` does not import the modules of all tables: for autogenerate the others do not exist.

use super::databases;
use crate::checks::python_fix::{import, listed, with_fix};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::python::Environment;
use crate::text::Span;

pub(super) fn check(facts: &Facts) -> Checked {
    let environments = facts.project.python.environments.iter();
    let told = environments.filter(|it| !it.target.unknown && !it.unreached.is_empty());
    Ok(told
        .filter_map(|environment| match &environment.dynamic {
            None => Some(finding(facts, environment)),
            Some(call) => uncertain(facts, environment, call),
        })
        .collect())
}

/// What is imported only when it runs cannot be told from here; where nothing hints at a module, that is said.
fn uncertain(facts: &Facts, environment: &Environment, call: &Span) -> Option<Finding> {
    let text = facts.source(&call.path)?.text();
    let hinted = |path: &str| {
        let parts = path.strip_suffix(".py").unwrap_or(path).split('/');
        parts
            .filter(|part| part.len() > 2 && !matches!(*part, "src" | "app" | "__init__"))
            .any(|part| text.contains(part))
    };
    let classes = environment.unreached.iter().filter_map(|(class, _)| facts.project.python.classes.get(*class));
    let classes: Vec<_> = classes.map(|class| &class.name).filter(|name| !hinted(&name.span.path)).collect();
    if classes.is_empty() {
        return None;
    }
    let names: Vec<&str> = classes.iter().map(|name| name.value.as_str()).collect();
    let env_py = &environment.env_py;
    let message = format!("whether `{env_py}` imports {} cannot be told without running it", listed(&names));
    let finding = Finding::at(call, format!("{env_py}: {}", names.join(" ")), message)
        .label("which modules this imports is only known when it runs")
        .seen(
            "imports",
            env_py,
            format!("{} files of the project are reached for certain", environment.reached.len() - 1),
        );
    let finding = classes
        .iter()
        .take(4)
        .fold(finding, |finding, name| finding.related(&name.span, format!("`{}` is a table", name.value)));
    Some(finding.help("print `sorted(target_metadata.tables)` in `env.py` and run `alembic current`").only_info())
}

/// The tables of these classes that a database of the environment has, and which database that is.
fn living(facts: &Facts, environment: &Environment) -> Option<(String, String, Vec<String>)> {
    let alembic = facts.project.alembic.iter().find(|it| it.env_py.as_ref() == Some(&environment.env_py))?;
    let tables = facts.project.python.tables.iter();
    let unreached = tables.filter(|table| environment.unreached.iter().any(|(class, _)| *class == table.class));
    let names: Vec<&String> = unreached.filter_map(|table| table.name.as_ref()).collect();
    // Without databases the finding is the same, but for this.
    databases::of(facts, alembic).ok()?.iter().find_map(|at| {
        let there = at.database.answered()?.tables.as_ref()?;
        let living: Vec<String> =
            names.iter().filter(|name| there.contains(name)).map(|name| (*name).clone()).collect();
        (!living.is_empty()).then(|| (at.database.name.clone(), at.name(), living))
    })
}

fn finding(facts: &Facts, environment: &Environment) -> Finding {
    let python = &facts.project.python;
    let classes: Vec<_> =
        environment.unreached.iter().filter_map(|(class, _)| python.classes.get(*class)).map(|it| &it.name).collect();
    let names: Vec<&str> = classes.iter().map(|name| name.value.as_str()).collect();
    let env_py = &environment.env_py;
    let living = living(facts, environment);
    let message = match &living {
        None => format!("`{env_py}` does not import {}: autogenerate sees no such table", listed(&names)),
        Some((database, _, tables)) => {
            let tables: Vec<&str> = tables.iter().map(String::as_str).collect();
            let tables = listed(&tables);
            format!(
                "`{env_py}` does not import {}: autogenerate will drop {tables} of database `{database}`",
                listed(&names)
            )
        }
    };
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
    finding =
        finding.seen("imports", env_py, format!("{} files of the project are reached", environment.reached.len() - 1));
    finding = match living {
        Some((_, at, tables)) => finding
            .seen("pg_class", at, format!("has {}", tables.join(", ")))
            .help("write no revision before this is repaired: it would hold `op.drop_table` for these tables"),
        None => finding.help("expect no `op.drop_table` in a revision made so far: where the database has these tables, autogenerate drops them"),
    };
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
