//! `env.py` does not import the modules of all tables: for autogenerate the others do not exist.

mod cure;
mod uncertain;

use super::databases;
use crate::checks::python_fix::{listed, with_fix};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::project::python::Environment;
use crate::text::counted;

use cure::cure;
use uncertain::uncertain;

pub(super) fn check(facts: &Facts) -> Checked {
    let environments = facts.project.python.environments.iter();
    // What a file imports that could not be read is not known; that it could not is told of the file.
    let told = environments.filter(|it| !it.target.unknown && !it.unreached.is_empty() && it.unread.is_none());
    Ok(told
        .filter_map(|environment| match &environment.dynamic {
            None => Some(finding(facts, environment)),
            Some(call) => uncertain(facts, environment, call),
        })
        .collect())
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
    finding = finding.seen(
        "imports",
        env_py,
        counted(environment.reached.len() - 1, "file of the project is reached", "files of the project are reached"),
    );
    finding = match living {
        Some((_, at, tables)) => finding
            .seen("pg_class", at, format!("has {}", tables.join(", ")))
            .help("write no revision before this is repaired: it would hold `op.drop_table` for these tables"),
        None => finding.help("look for `op.drop_table` in the revisions made so far: where the database has these tables, autogenerate drops them"),
    };
    with_fix(finding, cure(facts, environment), "import the modules of these tables in `env.py`")
}
