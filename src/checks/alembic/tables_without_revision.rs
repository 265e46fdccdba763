//! A database has the project's tables though it has run no revision: something else makes them, such as `create_all`.

use std::collections::BTreeSet;

use super::databases::{self, At};
use super::tables::{named, operations, seen};
use crate::checks::python_fix::listed;
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::alembic::Alembic;
use crate::project::alembic::revisions::Operation;
use crate::project::python::{Metadata, TableMaker};
use crate::project::whose::is_of_tests;
use crate::text::counted;

pub(super) fn check(facts: &Facts) -> Checked {
    facts.postgres()?;
    let mut findings = vec![];
    for environment in facts.project.alembic.iter().filter(|it| !it.revisions.uncertain) {
        for at in databases::of(facts, environment)?.iter().filter(|at| at.versions.is_empty()) {
            findings.extend(finding(facts, environment, at));
        }
    }
    Ok(findings)
}

fn finding(facts: &Facts, environment: &Alembic, at: &At<'_>) -> Option<Finding> {
    let there: BTreeSet<&str> = at.database.answered()?.tables.as_ref()?.iter().map(String::as_str).collect();
    let revisions = &environment.revisions;
    let made = revisions.files.iter().flat_map(operations).filter(|one| match &one.value {
        Operation::CreateTable(table) => there.contains(table.as_str()),
        _ => false,
    });
    let first = made.into_iter().next();
    // What is only made where it is absent goes well, and autogenerate comes after it.
    let ensured = revisions.files.iter().flat_map(operations).any(|one| match &one.value {
        Operation::EnsureTable(table) => there.contains(table.as_str()) || table.is_empty(),
        _ => false,
    });
    if first.is_none() && ensured {
        return None;
    }
    let models = named(facts, environment);
    let models: Vec<_> = models.into_iter().filter(|(table, _)| there.contains(table)).collect();
    let names: Vec<&str> = models.iter().map(|(table, _)| *table).collect();
    let name = &at.database.name;
    let mut finding = match (first, names.as_slice()) {
        (Some(operation), _) => {
            let Operation::CreateTable(table) = &operation.value else { return None };
            let message = format!("database `{name}` has table `{table}` already, though it has run no revision");
            Finding::at(&operation.span, format!("{}: {}", at.name(), environment.configuration), message)
                .label(format!("`alembic upgrade head` ends here: relation \"{table}\" already exists"))
        }
        // Without any revision that makes tables, autogenerate is what goes wrong.
        (None, [_, ..]) => {
            let message = format!(
                "database `{name}` has {} though it has run no revision: autogenerate finds nothing to write",
                listed(&names)
            );
            let place = models.first().map(|(_, class)| class.name.span.clone())?;
            Finding::at(&place, format!("{}: {}", at.name(), environment.configuration), message)
                .label("its table was not made by a revision")
        }
        (None, []) => return None,
    };
    // What makes other tables than those that `env.py` hands over may make them elsewhere.
    let handed = seen(facts, environment).map_or(&[][..], |seen| &seen.target.metadata);
    let is_of_these = |maker: &&TableMaker| {
        !is_of_tests(&maker.span.path)
            && (maker.metadata == Metadata::Unknown || handed.is_empty() || handed.contains(&maker.metadata))
    };
    for maker in facts.project.python.table_makers.iter().filter(is_of_these).take(2) {
        finding = finding.related(&maker.span, "makes every table by itself, past the revisions");
    }
    if let Some(service) = &at.database.service {
        finding = finding.service(service.clone());
    }
    if let Some(env_py) = &environment.env_py {
        finding = finding.seen(
            "env.py",
            env_py,
            counted(names.len(), "of its tables is there already", "of its tables are there already"),
        );
    }
    let shown: Vec<&str> = there.iter().copied().take(8).collect();
    finding = finding
        .seen("select version_num from alembic_version", at.name(), "nothing")
        .seen("pg_class", at.name(), format!("tables {}", shown.join(", ")))
        .help("take `create_all` out of the program's start: where revisions make tables, nothing else may");
    Some(finding.fix(Fix::manual(
        "make the database anew and let `alembic upgrade head` fill it, or, where its tables are just as the first revisions make them, stamp it with that revision",
    )))
}
