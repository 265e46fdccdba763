//! The project wants pgvector, its server has it, and this database does not.

use super::unreachable::superuser;
use super::{can_create, is_local, look_into, shown, url_of, with_vector_wanted};
use crate::facts::{Database, Facts, Server};
use crate::finding::{Checked, Finding};
use crate::fix::{Fix, Sql, Step};
use crate::project::vector::CREATES;

pub(super) fn check(facts: &Facts) -> Checked {
    let answered = with_vector_wanted(facts)?;
    let mut findings = vec![];
    for (index, (database, server)) in answered.iter().enumerate() {
        let vector = &server.vector;
        let (false, Some(available), Some(url)) = (vector.usable, &vector.available, url_of(facts, database)) else {
            continue;
        };
        let same =
            |(other, _): &&(&Database, &Server)| other.contacted == database.contacted && other.name == database.name;
        // One database is one finding: that of the role that can cure it.
        let able = answered.iter().find(|entry| same(entry) && can_create(entry.1));
        if able.is_some_and(|entry| entry.0 != *database)
            || able.is_none() && answered[..index].iter().any(|entry| same(&entry))
        {
            continue;
        }
        // A migration that creates it, by a role that may, is only waiting to be run.
        let places = &facts.project.wants_vector;
        let told: Vec<_> = facts.project.alembic.iter().map(|one| one.revisions.create_vector()).collect();
        let migrated = places.iter().any(|place| place.value == CREATES && is_migration(facts, &place.span.path))
            || told.contains(&Some(true));
        let waits = vector.created.is_none() && can_create(server);
        if waits && migrated {
            continue;
        }
        let wanted = places.iter().find(|place| place.value != CREATES).or(places.first());
        let place = wanted.map_or(&url.span, |place| &place.span);
        let name = &database.name;
        let mut finding = match &vector.created {
            Some((_, schema)) => Finding::at(
                place,
                shown(database),
                format!(
                    "the type `vector` is in schema `{schema}` of `{name}`, where `{}` does not look",
                    database.role
                ),
            )
            .seen("current_schemas", shown(database), server.search_path.join(", ")),
            None => Finding::at(
                place,
                shown(database),
                format!("the extension `vector` is not created in the database `{name}`"),
            )
            .seen("pg_extension", shown(database), "no `vector`"),
        };
        finding = finding
            .label(wanted.map_or_else(|| "wants pgvector".to_owned(), |place| place.value.clone()))
            .related(&url.span, format!("`{}` leads to this database", url.key))
            .seen("pg_available_extensions", shown(database), format!("vector {available}"));
        if !vector.elsewhere.is_empty() {
            finding = finding.seen(
                "pg_extension",
                vector.elsewhere.join(", "),
                "`vector`, which counts only in its own database",
            );
        }
        if let Some(service) = &database.service {
            finding = finding.service(service);
        }
        if waits && told.contains(&None) {
            finding = finding.seen("revisions", shown(database), "one of them may create it").only_info();
        }
        findings.push(finding.fix(cure(facts, database, server)));
    }
    Ok(findings)
}

fn is_migration(facts: &Facts, path: &str) -> bool {
    let mut directories = facts.project.alembic.iter().flat_map(|environment| &environment.version_directories);
    directories.any(|directory| path.starts_with(directory.as_str()))
}

fn cure(facts: &Facts, database: &Database, server: &Server) -> Fix {
    let name = &database.name;
    if let Some((_, schema)) = &server.vector.created {
        return Fix::manual(format!(
            "let new sessions of `{}` look into `{schema}`: {}",
            database.role,
            look_into(database, server, schema)
        ));
    }
    if can_create(server) {
        let title = format!("create the extension `vector` in {}", shown(database));
        let step = Step::Sql(Sql {
            url: database.urls.first().copied().unwrap_or_default(),
            database: shown(database),
            statement: "CREATE EXTENSION vector".to_owned(),
            // Without CASCADE: as soon as a column uses it, it stays.
            reverse: Some("DROP EXTENSION vector".to_owned()),
        });
        let sure = is_local(database) && server.is_the_service != Some(false);
        return if sure { Fix::safe(title, vec![step]) } else { Fix::risky(title, vec![step]) };
    }
    let command = "CREATE EXTENSION vector";
    match database.service.as_deref().and_then(|service| facts.project.service(service)) {
        Some(service) => Fix::manual(format!(
            "create it as a superuser, which `{}` is not: docker compose exec {} psql -U {} -d {name} -c '{command}'",
            database.role,
            service.name.value,
            superuser(service)
        )),
        None => Fix::manual(format!(
            "create it as a superuser, which `{}` is not: psql -d {name} -c '{command}'",
            database.role
        )),
    }
}
