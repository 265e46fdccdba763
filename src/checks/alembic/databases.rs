//! Which databases belong to an Alembic environment, and which revisions they are at.

use std::collections::BTreeSet;

use crate::facts::{Database, Facts, Missing, Need};
use crate::project::alembic::Alembic;

/// A database of an environment with the revisions that it is at.
#[derive(Clone, Copy)]
pub(super) struct At<'facts> {
    pub database: &'facts Database,
    pub versions: &'facts [String],
}

impl At<'_> {
    /// The database for people.
    pub fn name(&self) -> String {
        format!("{} at {}", self.database.name, self.database.named)
    }
}

/// The databases that an environment migrates and that told what they are at, each once.
///
/// # Errors
/// When databases were not looked at, or none of the environment's let devdoctor in.
pub(super) fn of<'facts>(facts: &'facts Facts, environment: &Alembic) -> Result<Vec<At<'facts>>, Missing> {
    let postgres = facts.postgres()?;
    if environment.revisions.environment.other_version_table {
        return Ok(vec![]);
    }
    let reads = |database: &&Database| {
        let urls = database.urls.iter().filter_map(|index| facts.project.urls.get(*index));
        urls.filter(|url| url.overridden_by.is_none()).any(|url| {
            let configured = environment.ini.as_deref() == Some(&*url.span.path);
            let named = environment.variables_read.iter().any(|name| name.value.eq_ignore_ascii_case(&url.key));
            configured && environment.url_override.is_none() || named
        })
    };
    let mut databases: Vec<&Database> = postgres.databases.iter().filter(reads).collect();
    if let ([database], [_], true) =
        (postgres.databases.as_slice(), facts.project.alembic.as_slice(), databases.is_empty())
    {
        databases.push(database);
    }
    let mut seen = BTreeSet::new();
    databases.retain(|database| seen.insert((&database.contacted, &database.name)));
    if !databases.is_empty() && databases.iter().all(|database| database.answered().is_none()) {
        let unasked = databases.iter().find_map(|database| database.server.as_ref().err());
        return Err(unasked.cloned().unwrap_or_else(|| Missing::new(Need::Postgres, "no Postgres let devdoctor in")));
    }
    let answered = databases
        .into_iter()
        .filter_map(|database| Some(At { database, versions: database.answered()?.alembic_versions.as_deref()? }));
    Ok(answered.collect())
}

/// A revision that a database is at and that no file of its environment has.
pub struct Unknown<'facts> {
    pub(super) at: At<'facts>,
    /// The environment.
    pub environment: &'facts Alembic,
    /// The revision.
    pub id: &'facts str,
}

/// The revisions that databases are at and that no file has.
///
/// # Errors
/// When databases were not looked at.
pub fn unknown(facts: &Facts) -> Result<Vec<Unknown<'_>>, Missing> {
    facts.postgres()?;
    let mut found = vec![];
    for environment in &facts.project.alembic {
        let graph = environment.revisions.graph();
        if environment.revisions.uncertain || environment.version_directories.is_empty() {
            continue;
        }
        for at in of(facts, environment)? {
            let lost = at.versions.iter().filter(|id| graph.get(id).is_none());
            found.extend(lost.map(|id| Unknown { at, environment, id }));
        }
    }
    Ok(found)
}
