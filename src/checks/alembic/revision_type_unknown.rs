//! A revision names `NullType`, which autogenerate writes for a type that it did not recognise.

use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for environment in &facts.project.alembic {
        for revision in &environment.revisions.files {
            let upgrades = revision.upgrade.as_ref().map(|upgrade| upgrade.body.range());
            for sort in &revision.untyped {
                let name = &sort.value;
                let in_upgrade = upgrades.as_ref().is_some_and(|body| body.contains(&sort.span.start));
                let command = if in_upgrade { "upgrade" } else { "downgrade" };
                let error = match name.split_once('.') {
                    Some((_, "NullType")) => "AttributeError: module 'sqlalchemy' has no attribute 'NullType'",
                    _ => "CompileError: Can't generate DDL for NullType()",
                };
                let message = format!("`{name}` stands for a type that autogenerate did not recognise");
                let finding = Finding::at(&sort.span, format!("{}: {name}", revision.path), message)
                    .label(format!("ends `alembic {command}` here"))
                    .seen("syntax tree", &revision.path, format!("so alembic says: {error}"));
                let wants_vector = !facts.project.wants_vector.is_empty();
                let import = if wants_vector { "`pgvector.sqlalchemy`" } else { "the package of the type" };
                findings.push(finding.fix(Fix::manual(format!(
                    "write the column's own type, and import {import} in `env.py`, so that autogenerate knows it the next time"
                ))));
            }
        }
    }
    Ok(findings)
}
