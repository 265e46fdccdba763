//! Which version of SQLModel makes a table.

use crate::facts::Facts;

/// Since this version a `datetime` is stored with its zone.
const SINCE: [u32; 3] = [0, 0, 45];

/// The versions of SQLModel that the environments of a table run with.
pub(super) fn versions(facts: &Facts, table: usize) -> Vec<Option<&str>> {
    let environments = facts.project.python.environments.iter().filter(|it| it.tables.contains(&table));
    let alembic = |env_py: &str| facts.project.alembic.iter().find(|alembic| alembic.env_py.as_deref() == Some(env_py));
    environments.map(|it| alembic(&it.env_py)?.revisions.packages.sqlmodel.as_deref()).collect()
}

pub(super) fn is_new(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let parts = [parts.next().unwrap_or(0), parts.next().unwrap_or(0), parts.next().unwrap_or(0)];
    parts >= SINCE
}
