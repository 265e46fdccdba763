//! Which version of SQLModel makes a table.

use crate::facts::Facts;
use crate::text::Version;

/// Since this version a `datetime` is stored with its zone.
const SINCE: Version = Version::new(0, 0, 45);

/// The versions of SQLModel that the environments of a table run with.
pub(super) fn versions(facts: &Facts, table: usize) -> Vec<Option<&str>> {
    let environments = facts.project.python.environments.iter().filter(|it| it.tables.contains(&table));
    let alembic = |env_py: &str| facts.project.alembic.iter().find(|alembic| alembic.env_py.as_deref() == Some(env_py));
    environments.map(|it| alembic(&it.env_py)?.revisions.packages.sqlmodel.as_deref()).collect()
}

/// Whether a version stores zones. One that cannot be read is taken for an old one, of which nothing is said.
pub(super) fn is_new(version: &str) -> bool {
    Version::parse(version).is_some_and(|version| version >= SINCE)
}
