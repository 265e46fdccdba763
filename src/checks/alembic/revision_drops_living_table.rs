//! A revision drops a table that a model of the project still is.

use super::tables::{might_make, named, operations, seen};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::alembic::Alembic;
use crate::project::alembic::revisions::{Operation, Revision};
use crate::project::python::Class;
use crate::text::Spanned;

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for environment in facts.project.alembic.iter().filter(|it| !it.revisions.uncertain) {
        let tables = named(facts, environment);
        let graph = environment.revisions.graph();
        for revision in &environment.revisions.files {
            for (place, operation) in operations(revision).iter().enumerate() {
                let Operation::DropTable(dropped) = &operation.value else { continue };
                let Some((_, class)) = tables.iter().find(|(name, _)| name == dropped) else { continue };
                let after = operations(revision).get(place..).unwrap_or_default();
                let before = graph.ancestors(revision);
                let others = environment.revisions.files.iter().filter(|other| {
                    !std::ptr::eq(*other, revision) && !before.iter().any(|one| std::ptr::eq(*one, *other))
                });
                let made_again =
                    after.iter().chain(others.flat_map(operations)).any(|one| might_make(&one.value, dropped));
                if !made_again {
                    findings.push(finding(facts, environment, revision, operation, (dropped, class)));
                }
            }
        }
    }
    Ok(findings)
}

fn finding(
    facts: &Facts,
    environment: &Alembic,
    revision: &Revision,
    operation: &Spanned<Operation>,
    (table, class): (&str, &Class),
) -> Finding {
    let message =
        format!("revision `{}` drops table `{table}`, which `{}` still is", revision.id.value, class.name.value);
    let mut finding = Finding::at(&operation.span, format!("{}: {table}", revision.path), message)
        .label("`alembic upgrade head` takes the table and all its rows away")
        .related(&class.name.span, format!("`{}` is `{table}`", class.name.value))
        .seen("revisions", &revision.path, format!("no revision that may come after it makes `{table}` again"));
    let path: &str = &class.name.span.path;
    let env_py = environment.env_py.as_deref().unwrap_or("env.py");
    let unreached = seen(facts, environment).is_some_and(|seen| !seen.reached.contains(path));
    if unreached {
        finding = finding.seen(
            "imports",
            env_py,
            format!("does not reach {path}: autogenerate takes the table for one that nobody wants"),
        );
    }
    finding.fix(Fix::manual(format!(
        "take `drop_table` out of `{}`, or delete the revision where no database has run it",
        revision.path
    )))
}
