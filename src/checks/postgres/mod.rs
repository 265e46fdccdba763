//! Checks of the family `postgres`.

mod unreachable;
mod vector_not_available;
mod vector_not_created;

use super::{Check, check};
use crate::facts::{Database, Facts, Missing, Need, Server};
use crate::project::urls::{DatabaseUrl, is_loopback};

/// The checks of this family, sorted by path.
pub(super) static TABLE: [Check; 3] = [
    check!("postgres/unreachable", unreachable::check),
    check!("postgres/vector-not-available", vector_not_available::check),
    check!("postgres/vector-not-created", vector_not_created::check),
];

/// The databases of the project.
///
/// # Errors
/// When none of them was asked: what nobody looked at is not fine.
fn asked(facts: &Facts) -> Result<&[Database], Missing> {
    let databases = facts.postgres()?.databases.as_slice();
    let missing = databases.iter().find_map(|database| database.server.as_ref().err());
    match missing {
        Some(missing) if databases.iter().all(|database| database.server.is_err()) => Err(missing.clone()),
        _ => Ok(databases),
    }
}

/// The servers that let us in, when the project wants pgvector.
///
/// # Errors
/// When it wants it and no server could be asked for it.
fn with_vector_wanted(facts: &Facts) -> Result<Vec<(&Database, &Server)>, Missing> {
    let postgres = facts.postgres()?;
    if facts.project.wants_vector.is_empty() {
        return Ok(vec![]);
    }
    if postgres.databases.is_empty() {
        return Err(Missing::new(Need::Postgres, "the project names no database by a URL"));
    }
    let answered: Vec<(&Database, &Server)> =
        asked(facts)?.iter().filter_map(|database| Some((database, database.answered()?))).collect();
    if answered.is_empty() {
        return Err(Missing::new(Need::Postgres, "no Postgres let devdoctor in"));
    }
    Ok(answered)
}

/// The first URL that names a database.
fn url_of<'facts>(facts: &'facts Facts, database: &Database) -> Option<&'facts DatabaseUrl> {
    facts.project.urls.get(*database.urls.first()?)
}

/// A database for people: `app at db:5432`, with the place it was contacted at when that is another.
fn shown(database: &Database) -> String {
    if database.contacted.is_empty() || database.contacted == database.named {
        format!("{} at {}", database.name, database.named)
    } else {
        format!("{} at {} ({})", database.name, database.named, database.contacted)
    }
}

/// Whether the role may create the extension.
fn can_create(server: &Server) -> bool {
    server.superuser || server.vector.trusted && server.owns_database
}

/// Whether the database is on this machine or in a container of its engine.
fn is_local(database: &Database) -> bool {
    let host = database.contacted.rsplit_once(':').map_or(database.contacted.as_str(), |(host, _)| host);
    database.service.is_some() || database.contacted.starts_with('/') || is_loopback(host)
}

/// The statements that put a schema behind those that a role looks into: for this role in this database, since that setting
/// comes before those of the role and of the database.
fn look_into(database: &Database, server: &Server, schema: &str) -> String {
    let quoted = |name: &str| format!("\"{}\"", name.replace('"', "\"\""));
    let own = |name: &&String| !name.starts_with("pg_") && **name != schema && **name != database.role;
    let kept = server.search_path.iter().filter(own).map(|name| quoted(name));
    let path: Vec<String> = std::iter::once(quoted("$user")).chain(kept).chain([quoted(schema)]).collect();
    let (role, name, schema) = (quoted(&database.role), quoted(&database.name), quoted(schema));
    format!(
        "GRANT USAGE ON SCHEMA {schema} TO {role}; ALTER ROLE {role} IN DATABASE {name} SET search_path = {}",
        path.join(", ")
    )
}
