//! Whether a database has run a revision.

use crate::facts::{Database, Facts};
use crate::project::alembic::Alembic;
use crate::project::alembic::revisions::{Graph, Revision};

/// Whether a database has run this revision; `None` when some database was not seen.
pub(super) fn applied(facts: &Facts, environment: &Alembic, graph: &Graph<'_>, revision: &Revision) -> Option<bool> {
    let databases = &facts.postgres.as_ref().ok()?.databases;
    if databases.is_empty() || environment.revisions.environment.other_version_table {
        return None;
    }
    let after = graph.descendants(revision);
    let has = |database: &Database| {
        let at = database.answered()?.alembic_versions.as_ref()?;
        // What no file has may have come after it.
        Some(at.iter().any(|id| {
            *id == revision.id.value || after.iter().any(|one| one.id.value == *id) || graph.get(id).is_none()
        }))
    };
    let answers: Option<Vec<bool>> = databases.iter().map(has).collect();
    answers.map(|answers| answers.contains(&true))
}
