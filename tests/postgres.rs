//! Real Postgres servers, looked at by the real probe.

#![expect(clippy::unwrap_used, reason = "a test that cannot ask has failed")]
#![expect(clippy::disallowed_methods, reason = "this test starts the real servers")]

#[path = "postgres/cluster.rs"]
mod cluster;

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::time::Duration;

use cluster::{Cluster, free_port};
use devdoctor::facts::{Database, Postgres, TroubleKind};
use devdoctor::fix::Sql;
use devdoctor::fix::apply::sql::{self, SqlError};
use devdoctor::fix::journal::DatabaseIdentity;
use devdoctor::probe::postgres::session::{self, Access};
use devdoctor::probe::postgres::{PostgresOptions, look, way_to};
use devdoctor::project::Project;
use devdoctor::project::files::MemoryFiles;
use devdoctor::project::urls::{self, Given};
use tokio::time::Instant;

fn project(urls: &[String]) -> Project {
    let lines: String = urls.iter().enumerate().map(|(index, url)| format!("URL_{index}='{url}'\n")).collect();
    let mut sources = BTreeMap::new();
    let files = MemoryFiles::new([(".env", lines)]);
    let urls = urls::read(&files, &mut sources, &mut vec![], None, &[], Given::default());
    Project { sources, urls, ..Project::default() }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn looked(urls: &[String], allow_remote: bool) -> Postgres {
    let project = project(urls);
    assert_eq!(project.urls.len(), urls.len());
    run(async {
        let options = PostgresOptions { allow_remote };
        look(&project, None, &options, Instant::now() + Duration::from_secs(8)).await.unwrap()
    })
}

fn trouble(database: &Database) -> Option<TroubleKind> {
    database.server.as_ref().unwrap().as_ref().err().map(|trouble| trouble.kind)
}

/// A listener that does `answer` with everyone who comes.
fn listener(answer: fn(std::net::TcpStream)) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().flatten().for_each(answer));
    port
}

fn silent() -> u16 {
    listener(|stream| {
        std::thread::spawn(move || {
            std::thread::sleep(Duration::from_secs(60));
            drop(stream);
        });
    })
}

fn web_server() -> u16 {
    listener(|mut stream| {
        let _ = stream.read(&mut [0; 8]);
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    })
}

const ROLES: &str = "create role app login password 'p@ss/w%d'; create role limited login password 'secret42' connection limit 0;\
    create database app owner app; create database trusted; create database forbidden; create database tls_only; alter role boss password 'boss-secret'";

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn every_trouble_is_told_apart() {
    let cluster = Cluster::start("DEVDOCTOR_TEST_PG_BIN", "max_connections = 20");
    for statement in ROLES.split(';') {
        cluster.sql("postgres", statement);
    }
    let port = cluster.port;
    let socket = cluster.path().display();
    let cases = [
        (format!("postgresql://app:p@ss/w%25d@localhost:{port}/app"), None),
        (format!("postgresql+asyncpg://app:p%40ss%2Fw%25d@127.0.0.1:{port}/app"), None),
        (format!("postgresql://app@/app?host={socket}&port={port}"), None),
        (format!("postgresql://app:wrong-one@127.0.0.1:{port}/app"), Some(TroubleKind::WrongPassword)),
        (format!("postgresql://app@127.0.0.1:{port}/app"), Some(TroubleKind::WrongPassword)),
        (format!("postgresql://nobody@127.0.0.1:{port}/trusted"), Some(TroubleKind::NoSuchRole)),
        (format!("postgresql://app:p%40ss%2Fw%25d@127.0.0.1:{port}/absent"), Some(TroubleKind::NoSuchDatabase)),
        (format!("postgresql://app:p%40ss%2Fw%25d@127.0.0.1:{port}/forbidden"), Some(TroubleKind::NotAllowed)),
        (format!("postgresql://limited:secret42@127.0.0.1:{port}/app"), Some(TroubleKind::TooManyClients)),
        (
            format!("postgresql://app:p%40ss%2Fw%25d@127.0.0.1:{port}/app?sslmode=require"),
            Some(TroubleKind::TlsRefused),
        ),
        (format!("postgresql://app@127.0.0.1:{}/app", free_port()), Some(TroubleKind::Refused)),
        (format!("postgresql://app@/app?host={socket}&port=1"), Some(TroubleKind::NoSocket)),
        (format!("postgresql://app@127.0.0.1:{}/app", silent()), Some(TroubleKind::TimedOut)),
        (format!("postgresql://app@127.0.0.1:{}/app", web_server()), Some(TroubleKind::NotPostgres)),
        (format!("postgresql://app@127.0.0.1:{}/app?sslmode=disable", web_server()), Some(TroubleKind::NotPostgres)),
        ("postgresql://app@nowhere.invalid/app".to_owned(), Some(TroubleKind::Unresolved)),
    ];
    let urls: Vec<String> = cases.iter().map(|(url, _)| url.clone()).collect();
    let started = std::time::Instant::now();
    let postgres = looked(&urls, true);
    assert!(started.elapsed() < Duration::from_secs(7), "{:?}", started.elapsed());
    for (index, (url, expected)) in cases.iter().enumerate() {
        let database = postgres.databases.iter().find(|database| database.urls.contains(&index)).unwrap();
        assert_eq!(trouble(database), *expected, "{url}: {database:?}");
    }
    // The first two are one database with one login.
    assert_eq!(postgres.databases[0].urls, [0, 1]);
    let recorded = serde_json::to_string(&postgres).unwrap();
    for secret in ["p@ss", "p%40ss", "w%d", "wrong-one", "secret42"] {
        assert!(!recorded.contains(secret), "{secret}: {recorded}");
    }
    assert!(!cluster.log().contains("create table"), "the session only reads");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn tls_that_is_wanted_or_refused_is_told_apart() {
    let cluster = Cluster::start("DEVDOCTOR_TEST_PG_BIN_PLAIN", "ssl = on");
    for statement in ROLES.split(';') {
        cluster.sql("postgres", statement);
    }
    let port = cluster.port;
    let urls = ["disable", "require", "prefer", "allow", "verify-full"]
        .map(|mode| format!("postgresql://app@127.0.0.1:{port}/tls_only?sslmode={mode}"));
    let kinds: Vec<Option<TroubleKind>> = looked(&urls, false).databases.iter().map(trouble).collect();
    assert_eq!(kinds, [Some(TroubleKind::TlsWanted), None, None, None, None]);
    let plain = looked(&[format!("postgresql://app@127.0.0.1:{port}/forbidden?sslmode=disable")], false);
    assert_eq!(trouble(&plain.databases[0]), Some(TroubleKind::NotAllowed));
    // This server has no pgvector.
    let server = looked(&[format!("postgresql://boss@127.0.0.1:{port}/trusted")], false).databases.remove(0);
    let server = server.answered().unwrap().clone();
    assert!(server.version.starts_with("15.") && server.vector.available.is_none() && server.superuser, "{server:?}");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_server_that_takes_nobody_yet_is_starting_up() {
    let cluster = Cluster::start("DEVDOCTOR_TEST_PG_BIN_PLAIN", "hot_standby = off # standby.signal");
    let postgres = looked(&[format!("postgresql://boss@127.0.0.1:{}/trusted", cluster.port)], false);
    assert_eq!(trouble(&postgres.databases[0]), Some(TroubleKind::StartingUp), "{postgres:?}");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_session_that_looks_cannot_write() {
    let cluster = Cluster::start("DEVDOCTOR_TEST_PG_BIN", "");
    cluster.sql("postgres", "create database trusted");
    let project = project(&[format!("postgresql://boss@127.0.0.1:{}/trusted", cluster.port)]);
    let (contact, login) = way_to(&project, None, &project.urls[0], &PostgresOptions::default()).unwrap();
    run(async {
        let deadline = Instant::now() + Duration::from_secs(5);
        let mut open = session::open(&login, &contact, Access::ReadOnly, deadline).await.ok().unwrap();
        let error = sqlx::Executor::execute(&mut open.connection, "create table x ()").await.unwrap_err();
        assert_eq!(error.as_database_error().and_then(|error| error.code()).as_deref(), Some("25006"), "{error}");
        let error = sqlx::Executor::execute(&mut open.connection, "select pg_sleep(60)").await.unwrap_err();
        assert_eq!(error.as_database_error().and_then(|error| error.code()).as_deref(), Some("57014"), "{error}");
        session::close(open, deadline).await;
    });
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn the_extension_is_seen_created_and_taken_back() {
    for binaries in ["DEVDOCTOR_TEST_PG_BIN", "DEVDOCTOR_TEST_PG_BIN_18"] {
        let cluster = Cluster::start(binaries, "");
        for statement in ROLES.split(';') {
            cluster.sql("postgres", statement);
        }
        cluster.sql("postgres", "create database other");
        cluster.sql("postgres", "create database hidden owner app");
        cluster.sql("other", "create extension vector");
        cluster.sql("hidden", "create schema extensions");
        cluster.sql("hidden", "create extension vector schema extensions");
        let port = cluster.port;
        let urls = [
            format!("postgresql://boss:boss-secret@127.0.0.1:{port}/app"),
            format!("postgresql://app:p%40ss%2Fw%25d@127.0.0.1:{port}/app"),
            format!("postgresql://app:p%40ss%2Fw%25d@127.0.0.1:{port}/hidden"),
            format!("postgresql://boss:boss-secret@127.0.0.1:{port}/other"),
        ];
        let postgres = looked(&urls, false);
        let server = |index: usize| postgres.databases[index].answered().unwrap();
        assert!(server(0).superuser && !server(0).vector.usable && server(0).vector.available.is_some());
        assert_eq!(server(0).vector.elsewhere, ["hidden", "other"]);
        assert_eq!(server(0).address.as_deref(), Some(format!("127.0.0.1:{port}").as_str()));
        assert!(!server(1).superuser && server(1).owns_database && !server(1).vector.trusted);
        assert_eq!(server(2).vector.created.as_ref().map(|(_, schema)| schema.as_str()), Some("extensions"));
        assert!(!server(2).vector.usable && server(2).search_path.contains(&"public".to_owned()));
        assert!(server(3).vector.usable);

        let project = project(&urls);
        let options = PostgresOptions::default();
        let step = |url| Sql {
            url,
            database: "app".into(),
            statement: "CREATE EXTENSION vector".into(),
            reverse: Some("DROP EXTENSION vector".into()),
        };
        let back = Sql { statement: "DROP EXTENSION vector".into(), ..step(0) };
        let identity = run(sql::identity(&project, None, &step(0), &options)).unwrap();
        let other = DatabaseIdentity { number: "1".into(), ..identity.clone() };
        let elsewhere = run(sql::run(&project, None, &step(0), &other, &options)).unwrap_err();
        assert!(matches!(elsewhere, SqlError::Elsewhere(_)), "{elsewhere:?}");
        let refused = run(sql::run(&project, None, &step(1), &identity, &options)).unwrap_err();
        let SqlError::Refused { trouble, .. } = &refused else { panic!("{refused:?}") };
        assert_eq!(trouble.sqlstate.as_deref(), Some("42501"));
        assert!(refused.to_string().contains("Must be superuser"), "{refused}");
        run(sql::run(&project, None, &step(0), &identity, &options)).unwrap();
        assert!(looked(&urls, false).databases[1].answered().unwrap().vector.usable);
        // As long as nothing uses it, it is taken back; then it is not.
        run(sql::run(&project, None, &back, &identity, &options)).unwrap();
        run(sql::run(&project, None, &step(0), &identity, &options)).unwrap();
        cluster.sql("app", "create table items (embedding vector(3))");
        let used = run(sql::run(&project, None, &back, &identity, &options)).unwrap_err();
        assert!(
            matches!(&used, SqlError::Refused { trouble, .. } if trouble.sqlstate.as_deref() == Some("2BP01")),
            "{used:?}"
        );
        assert_eq!(cluster.sql("app", "select count(*) from pg_extension where extname = 'vector'"), "1");
        for said in [refused.to_string(), used.to_string(), format!("{used:?}{refused:?}")] {
            assert!(!said.contains("boss-secret") && !said.contains("p@ss"), "{said}");
        }
    }
}

/// A container that is removed with the test.
struct Container(String);

impl Drop for Container {
    fn drop(&mut self) {
        let _ = std::process::Command::new("docker").args(["rm", "-fv", &self.0]).output();
    }
}

fn docker(arguments: &[&str]) -> String {
    let output = std::process::Command::new("docker").args(arguments).output().unwrap();
    assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn the_server_in_the_container_is_proved_to_be_it() {
    let label = format!("devdoctor.test={}", cluster::variable("DEVDOCTOR_TEST_RUN"));
    let image = cluster::variable("DEVDOCTOR_TEST_IMAGE_POSTGRES");
    let host = free_port();
    let publish = format!("127.0.0.1:{host}:5432");
    let arguments = ["run", "-d", "--label", &label, "-p", &publish, "-e", "POSTGRES_PASSWORD=pl@nted", &image];
    let container = Container(docker(&arguments));
    let address = docker(&["inspect", "-f", "{{.NetworkSettings.IPAddress}}", &container.0]);
    let engine = engine(&container.0, &address, host);
    // From the host by the published port, and by the address of the container.
    let urls = [
        format!("postgresql://postgres:pl@nted@localhost:{host}/postgres"),
        format!("postgresql://postgres:pl@nted@{address}/postgres"),
    ];
    let project = project(&urls);
    let look = || {
        run(async {
            look(&project, Some(&engine), &PostgresOptions::default(), Instant::now() + Duration::from_secs(8))
                .await
                .unwrap()
        })
    };
    let end = std::time::Instant::now() + Duration::from_secs(60);
    let mut postgres = look();
    while postgres.databases.iter().any(|database| database.answered().is_none()) {
        assert!(std::time::Instant::now() < end, "{postgres:?}");
        std::thread::sleep(Duration::from_millis(500));
        postgres = look();
    }
    for database in &postgres.databases {
        let server = database.answered().unwrap();
        assert_eq!((database.service.as_deref(), server.is_the_service), (Some("db"), Some(true)), "{database:?}");
        assert!(server.version.starts_with("16.") && server.superuser, "{server:?}");
    }
    assert_eq!(postgres.databases[0].contacted, format!("127.0.0.1:{host}"));
}

/// What the engine says about one container, as far as it matters here.
fn engine(id: &str, address: &str, host: u16) -> devdoctor::facts::Docker {
    serde_json::from_value(serde_json::json!({
        "endpoint": "unix:///var/run/docker.sock", "version": "20", "api_version": "1.41", "operating_system": "", "kind": "rootful",
        "uid_map": {"Ok": []}, "gid_map": {"Ok": []}, "local": true, "images": {},
        "containers": [{
            "id": id, "name": "db-1", "service": "db", "one_off": false, "running": true, "image": "", "image_id": "", "user": "",
            "group_add": [], "environment": {}, "working_dir": "", "command": [], "mounts": [], "read_only": false, "userns_mode": "",
            "network_mode": "default", "addresses": [address], "ports": [{"container": 5432, "address": "127.0.0.1", "host": host}],
            "started_at": null, "passwd": {"Ok": []}, "groups": {"Ok": []}, "paths": {}, "listings": {}
        }]
    }))
    .unwrap()
}
