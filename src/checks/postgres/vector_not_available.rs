//! The project wants pgvector, and its server does not have it.

use super::{shown, url_of, with_vector_wanted};
use crate::facts::{Database, Facts, Server};
use crate::finding::{Checked, Finding};
use crate::fix::Fix;

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings: Vec<Finding> = vec![];
    let mut seen: Vec<&str> = vec![];
    for (database, server) in with_vector_wanted(facts)? {
        // One server is one finding, however many of its databases are named.
        if server.vector.available.is_some() || seen.contains(&database.contacted.as_str()) {
            continue;
        }
        seen.push(&database.contacted);
        findings.extend(of_server(facts, database, server));
    }
    Ok(findings)
}

fn of_server(facts: &Facts, database: &Database, server: &Server) -> Option<Finding> {
    let url = url_of(facts, database)?;
    let service = database.service.as_deref().and_then(|service| facts.project.service(service));
    let image = service.and_then(|service| service.image.as_ref());
    let what = match image {
        Some(image) => format!("`{}`", image.value),
        None => format!("the server at `{}`", database.contacted),
    };
    let message = match server.vector.created {
        Some(_) => format!("{what} has no pgvector, and the database `{}` was made with it", database.name),
        None => format!("{what} has no pgvector"),
    };
    let mut finding = match image {
        Some(image) => {
            Finding::at(&image.span, shown(database), message).related(&url.span, format!("`{}` leads to it", url.key))
        }
        None => Finding::at(&url.span, shown(database), message),
    };
    if let Some(wanted) = facts.project.wants_vector.first() {
        finding = finding.related(&wanted.span, wanted.value.clone());
    }
    finding = finding.seen("pg_available_extensions", shown(database), "no `vector`").seen(
        "server_version",
        &database.contacted,
        &server.version,
    );
    let major = server.version.split(['.', ' ']).next().unwrap_or("16");
    let cure = match (service, image) {
        (Some(service), Some(image)) => {
            finding = finding.service(&service.name.value);
            if image.value.contains("alpine") {
                finding = finding.help(
                    "dump the data before: from Alpine to Debian the owner of the files and the order of texts change",
                );
            }
            format!(
                "use the image `pgvector/pgvector:pg{major}` in `{}`, which reads the same data, then: docker compose up -d {}",
                service.name.value, service.name.value
            )
        }
        (Some(service), None) => {
            format!(
                "build `{}` from `pgvector/pgvector:pg{major}`, or install pgvector in its Dockerfile",
                service.name.value
            )
        }
        _ => format!(
            "install pgvector for Postgres {major} on that machine (Debian: apt install postgresql-{major}-pgvector)"
        ),
    };
    Some(finding.fix(Fix::manual(cure)))
}
