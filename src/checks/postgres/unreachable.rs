//! A database that a URL names does not let us in; every kind of trouble has its own cure.

use super::{asked, shown, url_of};
use crate::facts::{Database, Facts, Trouble, TroubleKind};
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::compose::Service;
use crate::project::urls::{container_port, postgres_services};

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for database in asked(facts)? {
        let (Ok(Err(trouble)), Some(url)) = (&database.server, url_of(facts, database)) else { continue };
        let mut finding = Finding::at(&url.span, shown(database), message(database, trouble))
            .label(format!("`{}` leads to `{}`", url.key, database.contacted));
        for other in database.urls.iter().skip(1).filter_map(|index| facts.project.urls.get(*index)) {
            finding = finding.related(&other.span, format!("`{}` leads there too", other.key));
        }
        let said = match &trouble.sqlstate {
            Some(code) => format!("{} (SQLSTATE {code})", trouble.message),
            None => trouble.message.clone(),
        };
        finding = finding.seen("connect", &database.contacted, said);
        if let Some(service) = &database.service {
            finding = finding.service(service);
        }
        for (index, service) in url.services().enumerate() {
            finding = if index < 8 { finding.service(service) } else { finding };
        }
        findings.push(finding.fix(Fix::manual(cure(facts, database, trouble))));
    }
    Ok(findings)
}

fn message(database: &Database, trouble: &Trouble) -> String {
    let (at, role, name) = (&database.contacted, &database.role, &database.name);
    match trouble.kind {
        TroubleKind::Refused => format!("nobody listens at `{at}`"),
        TroubleKind::NoSocket => format!("there is no socket `{at}`"),
        TroubleKind::TimedOut => format!("`{at}` does not answer"),
        TroubleKind::Unresolved => format!("the host of `{}` cannot be found", database.named),
        TroubleKind::WrongPassword => format!("the server at `{at}` refuses the password of the role `{role}`"),
        TroubleKind::NoSuchRole => format!("the server at `{at}` has no role `{role}`"),
        TroubleKind::NotAllowed => format!("`pg_hba.conf` of the server at `{at}` does not let `{role}` into `{name}`"),
        TroubleKind::NoSuchDatabase => format!("the server at `{at}` has no database `{name}`"),
        TroubleKind::TooManyClients => format!("the server at `{at}` takes no more connections"),
        TroubleKind::StartingUp => format!("the server at `{at}` takes no connections yet, or no longer"),
        TroubleKind::TlsRefused => format!("the server at `{at}` has no TLS, which the URL wants"),
        TroubleKind::TlsWanted => format!("the server at `{at}` wants TLS, which the URL forbids"),
        TroubleKind::NotPostgres => format!("what answers at `{at}` is no Postgres"),
        TroubleKind::Other => format!("`{at}` gives no session: {}", trouble.message),
    }
}

/// What to do, starting with a verb.
fn cure(facts: &Facts, database: &Database, trouble: &Trouble) -> String {
    let (role, name) = (&database.role, &database.name);
    let service = database.service.as_deref().and_then(|name| facts.project.service(name));
    let psql = match service {
        Some(service) => format!("docker compose exec {} psql -U {}", service.name.value, superuser(service)),
        None => "psql -U postgres".to_owned(),
    };
    match trouble.kind {
        TroubleKind::Refused => match service {
            Some(service) if wrong_port(facts, database, service) => {
                format!(
                    "name port {} in the URL: there `{}` listens for other services",
                    container_port(service),
                    service.name.value
                )
            }
            Some(service) => format!("look why `{0}` does not listen: docker compose logs {0}", service.name.value),
            None => match publisher(facts, database) {
                Some(name) => format!("start `{name}`, which publishes this port: docker compose up -d {name}"),
                None => "start Postgres there, or correct host and port in the URL".to_owned(),
            },
        },
        TroubleKind::NoSocket => {
            "start Postgres, or name the directory of its socket (`show unix_socket_directories`)".to_owned()
        }
        TroubleKind::TimedOut => "look what listens there: ss -ltnp".to_owned(),
        TroubleKind::Unresolved => "correct the host in the URL".to_owned(),
        TroubleKind::WrongPassword => format!(
            "give the role the URL's password, since `POSTGRES_PASSWORD` counts only while the data directory is empty: {psql} -c '\\password {role}'"
        ),
        TroubleKind::NoSuchRole => {
            format!(
                "create the role, since `POSTGRES_USER` counts only while the data directory is empty: {psql} -c 'CREATE ROLE \"{role}\" LOGIN'"
            )
        }
        TroubleKind::NotAllowed => format!(
            "let the role in by a line of `pg_hba.conf` (`show hba_file`), then reload: {psql} -c 'SELECT pg_reload_conf()'"
        ),
        TroubleKind::NoSuchDatabase => format!(
            "create the database, since `POSTGRES_DB` counts only while the data directory is empty: {psql} -c 'CREATE DATABASE \"{name}\" OWNER \"{role}\"'"
        ),
        TroubleKind::TooManyClients => format!(
            "look who is connected: {psql} -c 'SELECT usename, application_name, count(*) FROM pg_stat_activity GROUP BY 1, 2'"
        ),
        TroubleKind::StartingUp => "wait until it is up, and look again".to_owned(),
        TroubleKind::TlsRefused => "take `sslmode` (or `ssl`) out of the URL".to_owned(),
        TroubleKind::TlsWanted => "write `sslmode=require` in the URL".to_owned(),
        TroubleKind::NotPostgres | TroubleKind::Other => {
            "correct host and port in the URL, or look at the server's log".to_owned()
        }
    }
}

/// The Postgres service that would listen at this address of the host, if it ran.
fn publisher<'facts>(facts: &'facts Facts, database: &Database) -> Option<&'facts str> {
    let port: u16 = database.contacted.rsplit_once(':')?.1.parse().ok()?;
    let publishes = |service: &&Service| service.ports.iter().any(|published| published.host == Some(port));
    postgres_services(&facts.project).into_iter().find(publishes).map(|service| service.name.value.as_str())
}

/// The superuser that the image of a service makes.
pub(super) fn superuser(service: &Service) -> String {
    let user = service.environment.get("POSTGRES_USER").and_then(|user| user.value.clone());
    user.filter(|user| !user.is_empty()).unwrap_or_else(|| "postgres".to_owned())
}

/// Whether the URL names another port of the service than the one it listens at in its network.
fn wrong_port(facts: &Facts, database: &Database, service: &Service) -> bool {
    url_of(facts, database).is_some_and(|url| url.host() == service.name.value && url.port() != container_port(service))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Environment;
    use crate::project::{files::MemoryFiles, read};

    #[test]
    fn a_service_that_would_listen_there_is_to_be_started() {
        let compose = "services:\n  cache:\n    image: redis:7\n    ports: ['5433:5432']\n  db:\n    image: postgres:16\n    ports: ['5433:5432']\n";
        let files = MemoryFiles::new([("compose.yaml", compose)]);
        let facts = Facts { project: read::project(&files, &Environment::default(), None), ..Facts::default() };
        for (contacted, cure_of) in [
            ("127.0.0.1:5433", "start `db`, which publishes this port: docker compose up -d db"),
            ("[::1]:5433", "start `db`, which publishes this port: docker compose up -d db"),
            ("127.0.0.1:5432", "start Postgres there, or correct host and port in the URL"),
            ("/run/.s.PGSQL.5433", "start Postgres there, or correct host and port in the URL"),
        ] {
            let trouble = Trouble { kind: TroubleKind::Refused, sqlstate: None, message: "connection refused".into() };
            let database = Database {
                urls: vec![],
                role: "app".into(),
                name: "app".into(),
                named: contacted.into(),
                contacted: contacted.into(),
                service: None,
                server: Ok(Err(trouble.clone())),
            };
            assert_eq!(cure(&facts, &database, &trouble), cure_of, "{contacted}");
        }
    }
}
