//! What helps against each trouble with a database.

use super::super::url_of;
use crate::facts::{Database, Facts, Trouble, TroubleKind};
use crate::project::compose::Service;
use crate::project::urls::{container_port, postgres_services};

/// What to do, starting with a verb.
pub(super) fn cure(facts: &Facts, database: &Database, trouble: &Trouble) -> String {
    let (role, name) = (&database.role, &database.name);
    let service = database.service.as_deref().and_then(|name| facts.project.service(name));
    let psql = psql(facts, database);
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
        TroubleKind::Ended => {
            format!("look why it ended: docker compose logs {}", database.service.as_deref().unwrap_or_default())
        }
        TroubleKind::NotPostgres | TroubleKind::Other => {
            "correct host and port in the URL, or look at the server's log".to_owned()
        }
    }
}

/// How a superuser of the server is reached.
pub(super) fn psql(facts: &Facts, database: &Database) -> String {
    let container = database.service.as_deref().and_then(|service| facts.docker.as_ref().ok()?.container_of(service));
    // What the container was made with counts, whatever the file says by now.
    let made_with = container.and_then(|container| container.environment.get_nonempty("POSTGRES_USER"));
    if let Some(service) = &database.service {
        let written = facts.project.service(service).map(superuser);
        let user = made_with.map(str::to_owned).or(written).unwrap_or_else(|| "postgres".to_owned());
        return format!("docker compose exec {service} psql -U {user}");
    }
    match database.contacted.rsplit_once(':') {
        Some((host, port)) => format!("psql -h {} -p {port} -U SUPERUSER", host.trim_matches(['[', ']'])),
        None => "psql -U SUPERUSER".to_owned(),
    }
}

/// The Postgres service that would listen at this address of the host, if it ran.
fn publisher<'facts>(facts: &'facts Facts, database: &Database) -> Option<&'facts str> {
    let port: u16 = database.contacted.rsplit_once(':')?.1.parse().ok()?;
    let publishes = |service: &&Service| service.ports.iter().any(|published| published.host == Some(port));
    postgres_services(&facts.project).into_iter().find(publishes).map(|service| service.name.value.as_str())
}

/// The superuser that the image of a service makes.
pub(in crate::checks::postgres) fn superuser(service: &Service) -> String {
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
