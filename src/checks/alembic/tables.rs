//! The tables of an Alembic environment's part of the project, and what its revisions do to tables.

mod making;

use crate::facts::Facts;
use crate::project::alembic::Alembic;
use crate::project::alembic::revisions::{Operation, Revision};
use crate::project::python::{Class, Environment};
use crate::text::Spanned;

/// What the `env.py` of an environment sees of the project.
pub(super) fn seen<'facts>(facts: &'facts Facts, environment: &Alembic) -> Option<&'facts Environment> {
    let env_py = environment.env_py.as_ref()?;
    facts.project.python.environments.iter().find(|seen| seen.env_py == *env_py)
}

/// The tables whose names can be told, with their classes.
pub(super) fn named<'facts>(facts: &'facts Facts, environment: &Alembic) -> Vec<(&'facts str, &'facts Class)> {
    let python = &facts.project.python;
    let Some(seen) = seen(facts, environment) else { return vec![] };
    let own = python.tables.iter().filter(|table| seen.tables.contains(&table.class));
    let mut found: Vec<_> =
        own.filter_map(|table| Some((table.name.as_deref()?, python.classes.get(table.class)?))).collect();
    found.sort_by(|one, other| one.0.cmp(other.0));
    found
}

/// What a revision does, in order.
pub(super) fn operations(revision: &Revision) -> &[Spanned<Operation>] {
    revision.upgrade.as_ref().map(|upgrade| upgrade.operations.as_slice()).unwrap_or_default()
}

/// Whether an operation makes a table, or may: what is no literal cannot be told.
fn may_make(operation: &Operation, table: &str) -> bool {
    match operation {
        Operation::CreateTable(made) | Operation::EnsureTable(made) | Operation::RenameTable(_, made) => {
            made == table || made.is_empty()
        }
        Operation::Other(called) => called.ends_with("create_all") || called.ends_with("__table__.create"),
        _ => false,
    }
}

/// Whether an operation makes a table, or is anything that is not known to make none.
pub(super) fn might_make(operation: &Operation, table: &str) -> bool {
    let bare = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
    may_make(operation, table)
        || match operation {
            // `ALTER TABLE staging.hero_new RENAME TO hero` says no schema of the new name.
            Operation::RenameTable(_, made) => bare(made) == bare(table),
            Operation::Execute(statement) => statement.is_empty(),
            Operation::Other(called) => !making::makes_none(called),
            _ => false,
        }
}
