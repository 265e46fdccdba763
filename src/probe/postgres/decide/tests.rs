//! Where databases are contacted, and where not.

use std::collections::BTreeMap;

use super::*;
use crate::facts::{Fact, Missing, Need, PublishedPort};
use crate::project::compose::{Block, BlockStyle, Compose, Service};
use crate::project::files::MemoryFiles;
use crate::project::urls::{self, Given};
use crate::text::{Source, Spanned};

fn service(name: &str, image: &str) -> Service {
    let span = Source::new("compose.yaml", "").span(0..0);
    let text = |text: &str| Spanned::new(text.to_owned(), span.clone());
    let block = Block { span: span.clone(), indent: 0, style: BlockStyle::BlockMapping, editable: true };
    Service { image: Some(text(image)), ..Service::new(text(name), block) }
}

fn container(service: &str, address: &str, ports: &[(u16, &str, u16)]) -> Container {
    Container {
        id: "c".into(),
        service: Some(service.into()),
        running: true,
        network_mode: "shop_default".into(),
        addresses: vec![address.into()],
        ports: ports
            .iter()
            .map(|(container, address, host)| PublishedPort {
                container: *container,
                address: (*address).into(),
                host: *host,
            })
            .collect(),
        ..Container::new(format!("shop-{service}-1"))
    }
}

fn docker(kind: EngineKind, local: bool, containers: Vec<Container>) -> Docker {
    let map = || -> Fact<_> { Err(Missing::new(Need::Docker, "not looked at")) };
    Docker {
        endpoint: "unix:///var/run/docker.sock".into(),
        version: "28".into(),
        api_version: "1.41".into(),
        operating_system: String::new(),
        kind,
        uid_map: map(),
        gid_map: map(),
        local,
        containers,
        images: BTreeMap::new(),
    }
}

fn project(url: &str, reader: Reader, services: Vec<Service>) -> (Project, DatabaseUrl) {
    let files = MemoryFiles::new([(".env", format!("DATABASE_URL={url}\n"))]);
    let mut sources = BTreeMap::new();
    let mut url = urls::read(&files, &mut sources, &mut vec![], None, &[], Given::default()).remove(0);
    url.readers = vec![reader];
    let services = services.into_iter().map(|service| (service.name.value.clone(), service)).collect();
    let compose = Compose { services, ..Compose::default() };
    (Project { sources, compose: Some(compose), ..Project::default() }, url)
}

fn shown(url: &str, reader: Reader, docker: Option<&Docker>, allow_remote: bool) -> String {
    let (project, url) =
        project(url, reader, vec![service("app", "python:3.12"), service("db", "pgvector/pgvector:pg16")]);
    match contact(&project, docker, &url, allow_remote) {
        Contact::Nowhere(reason) => reason,
        contact => format!("{} {}", contact.shown(), contact.service().unwrap_or("-")),
    }
}

#[test]
fn this_machine_and_containers_of_its_engine_are_contacted() {
    let app = || Reader::Service("app".into());
    let published = docker(EngineKind::Rootful, true, vec![container("db", "172.18.0.2", &[(5432, "0.0.0.0", 15432)])]);
    let hidden = docker(EngineKind::Rootful, true, vec![container("db", "172.18.0.2", &[])]);
    for (url, reader, engine, expected) in [
        ("postgresql://u@localhost/a", Reader::Host, None, "127.0.0.1:5432 -"),
        ("postgresql://u@localhost:15432/a", Reader::Host, Some(&published), "127.0.0.1:15432 db"),
        ("postgresql://u@[::1]/a", Reader::Host, None, "[::1]:5432 -"),
        ("postgresql://u@/a?host=/tmp", Reader::Host, None, "/tmp/.s.PGSQL.5432 -"),
        ("postgresql:///a", Reader::Host, None, "/var/run/postgresql/.s.PGSQL.5432 -"),
        ("postgresql://u@db/a", app(), Some(&published), "127.0.0.1:15432 db"),
        ("postgresql://u@db/a", app(), Some(&hidden), "172.18.0.2:5432 db"),
        ("postgresql://u@db:5433/a", app(), Some(&published), "172.18.0.2:5433 db"),
        ("postgresql://u@shop-db-1/a", app(), Some(&hidden), "172.18.0.2:5432 db"),
        ("postgresql://u@172.18.0.2/a", Reader::Host, Some(&hidden), "172.18.0.2:5432 db"),
        ("postgresql://u@localhost/a", app(), Some(&hidden), "172.18.0.2:5432 db"),
        ("postgresql://u:p@ss@localhost/a", app(), Some(&hidden), "172.18.0.2:5432 db"),
        ("postgresql://u@host.docker.internal/a", app(), Some(&hidden), "127.0.0.1:5432 -"),
    ] {
        assert_eq!(shown(url, reader, engine, false), expected, "{url}");
    }
}

#[test]
fn nothing_else_is_contacted_unless_allowed() {
    let remote = docker(EngineKind::Rootful, false, vec![container("db", "172.18.0.2", &[(5432, "0.0.0.0", 15432)])]);
    let rootless = docker(EngineKind::Rootless, true, vec![container("db", "172.18.0.2", &[])]);
    let mut stopped = container("db", "", &[]);
    stopped.running = false;
    let stopped = docker(EngineKind::Rootful, true, vec![stopped]);
    for (url, engine, expected) in [
        ("postgresql://u@db.example.com/a", None, "is neither this machine nor a container of its engine"),
        (
            "postgresql://u@localhost/a?hostaddr=192.0.2.1",
            None,
            "is neither this machine nor a container of its engine",
        ),
        ("postgresql://u@192.168.1.5/a", None, "is neither this machine nor a container of its engine"),
        ("postgresql://u@db/a", None, "no engine answered"),
        ("postgresql://u@db/a", Some(&remote), "is on the engine's machine"),
        ("postgresql://u@db/a", Some(&rootless), "is not published"),
        ("postgresql://u@db/a", Some(&stopped), "the container of `db` is stopped; start it: docker compose up -d db"),
        ("postgresql://u@app/a", Some(&stopped), "`app` has no container; start it: docker compose up -d app"),
        ("postgresql://u@shop-db-1/a", Some(&stopped), "is stopped; start it: docker compose up -d db"),
        ("postgresql://u@a,b/a", None, "several hosts"),
    ] {
        let said = shown(url, Reader::Host, engine, false);
        assert!(said.contains(expected), "{url}: {said}");
    }
    assert_eq!(shown("postgresql://u@db.example.com/a", Reader::Host, None, true), "db.example.com:5432 -");
}

#[test]
fn a_container_that_ended_with_an_error_is_told_from_one_that_was_stopped() {
    let url = "postgresql://u@db/a";
    let (project, url) =
        project(url, Reader::Service("app".into()), vec![service("app", "x"), service("db", "postgres")]);
    for (running, restarting, status, app_runs, expected) in [
        (false, false, Some(1), true, Some("`db` has ended with status 1")),
        (true, true, Some(1), true, Some("`db` ends with status 1 again and again")),
        (false, false, Some(1), false, None),
        (false, false, Some(0), true, None),
        (false, false, Some(137), true, None),
        (true, false, None, true, None),
    ] {
        let db = Container { running, restarting, ended: status, ..container("db", "", &[]) };
        let app = Container { running: app_runs, ..container("app", "172.18.0.3", &[]) };
        let docker = docker(EngineKind::Rootful, true, vec![app, db]);
        let found = ended(&project, Some(&docker), &url);
        assert_eq!(
            found.map(|(service, trouble)| (service, trouble.message)),
            expected.map(|words| ("db".to_owned(), words.to_owned()))
        );
    }
}
