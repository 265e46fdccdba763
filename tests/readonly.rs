//! `check` changes nothing: not on the engine, not in the database, not on the disk.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use support::person::Person;
use support::postgres::Postgres;
use support::project::Project;
use support::proxy::Proxy;
use support::tree::{Compared, Tree};

/// Every command that only looks.
const LOOKING: [&[&str]; 7] = [
    &["check"],
    &["check", "--format", "json", "--timings"],
    &["check", "--strict", "-v"],
    &["fix", "--dry-run"],
    &["fix", "--dry-run", "--unsafe"],
    &["facts"],
    &["explain", "ownership-foreign-files"],
];

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn looking_asks_the_engine_with_get_and_head_alone_and_leaves_the_disk_as_it_is() {
    let project = Project::from_fixture("stories/day", Person::User).with_images("DEVDOCTOR_TEST_IMAGE_POSTGRES");
    project.up();
    project.shell("make migration m='add price'").ends_with(0);
    project.shell("docker compose exec -T api uv pip list").ends_with(0);
    project.stage_everything();
    let proxy = Proxy::start(std::path::Path::new("/var/run/docker.sock"));
    let containers =
        "docker compose ps --all --format '{{.ID}} {{.CreatedAt}}' | sort; docker compose images --quiet | sort";
    let before = (project.tree(), Tree::of(&project.home), project.shell(containers).ends_with(0).out);
    for arguments in LOOKING {
        let url = proxy.url();
        let arguments = [arguments, &["--docker-host", &url]].concat();
        let answer = project.devdoctor(&arguments);
        assert!(answer.status <= 1, "{answer}");
    }
    for arguments in [&["hook"][..], &["list"], &["check", "--offline"]] {
        project.devdoctor(arguments);
    }
    let requests = proxy.requests();
    assert!(requests.iter().any(|line| line.contains("/archive")), "no container was looked into: {requests:#?}");
    assert!(requests.iter().any(|line| line.contains("/json")), "{requests:#?}");
    let others: Vec<&String> =
        requests.iter().filter(|line| !line.starts_with("GET ") && !line.starts_with("HEAD ")).collect();
    assert!(others.is_empty(), "{others:#?}");
    before.0.assert_same(&project.tree(), Compared::Everything);
    before.1.assert_same(&Tree::of(&project.home), Compared::Everything);
    assert_eq!(project.shell(containers).out, before.2);
}

/// A port that passes everything on to a server and keeps what each session says when it begins.
struct Recorder {
    port: u16,
    sessions: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    fn start(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let recorder = Self { port: listener.local_addr().unwrap().port(), sessions: Arc::default() };
        let sessions = recorder.sessions.clone();
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let (client, sessions) = (client.unwrap(), sessions.clone());
                std::thread::spawn(move || pass(client, TcpStream::connect(("127.0.0.1", server)).unwrap(), &sessions));
            }
        });
        recorder
    }
}

fn pass(mut client: TcpStream, mut server: TcpStream, sessions: &Mutex<Vec<String>>) {
    let (mut answers, mut back) = (server.try_clone().unwrap(), client.try_clone().unwrap());
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut answers, &mut back);
        let _ = back.shutdown(Shutdown::Both);
    });
    let mut piece = [0; 65536];
    let mut begun = false;
    while let Ok(read @ 1..) = client.read(&mut piece) {
        let said = String::from_utf8_lossy(&piece[..read]);
        // The first message names the user; before it may come the question for TLS, which is eight bytes long.
        if !begun && read > 8 {
            begun = true;
            sessions.lock().unwrap().push(said.into_owned());
        }
        if server.write_all(&piece[..read]).is_err() {
            break;
        }
    }
    let _ = server.shutdown(Shutdown::Both);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn looking_reads_the_database_in_a_session_that_cannot_write() {
    let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
    // The role may do everything, and reaches for a function of its own where `pg_catalog` has one of the same name.
    server.add("shop", "indigo-Quay-19", "superuser", "shop");
    server.psql("postgres", "alter role shop set search_path = trap, pg_catalog, public").unwrap();
    for function in ["to_regtype(text)", "version()", "current_setting(text)"] {
        let trap = format!(
            "create schema if not exists trap; create or replace function trap.{function} returns text language plpgsql as \
             $$begin raise log 'sprung'; return null; end$$"
        );
        server.psql("shop", &trap).unwrap();
    }
    let project = Project::from_fixture("stories/vector-not-available", Person::User);
    let recorder = Recorder::start(server.port);
    let url = format!("postgresql+psycopg://shop:indigo-Quay-19@127.0.0.1:{}/shop", recorder.port);
    project.write(".env", format!("DATABASE_URL={url}\n"));
    let content =
        "select (select count(*) from pg_class), (select count(*) from pg_extension), (select count(*) from pg_authid)";
    let (before, logged) = (server.psql("shop", content), server.log().len());
    for arguments in LOOKING {
        let answer = project.devdoctor(arguments);
        assert!(answer.status <= 1, "{answer}");
    }
    let log = server.log()[logged..].to_owned();
    // Every statement of devdoctor's sessions, in the simple and in the extended protocol; further lines begin with a tab.
    let log = log.replace("\n\t", " ");
    let statements: Vec<&str> = log
        .lines()
        .filter(|line| line.contains(" shop@shop "))
        .filter_map(|line| {
            let (_, text) =
                line.split_once("statement: ").or_else(|| line.split_once("execute ")?.1.split_once(": "))?;
            Some(text.trim())
        })
        .collect();
    assert!(!statements.is_empty(), "devdoctor did not ask this server: {log}");
    for statement in &statements {
        let first = statement.split_whitespace().next().unwrap_or_default().to_lowercase();
        let reads = ["select", "show", "begin", "start", "set", "commit", "rollback", "with"].contains(&first.as_str());
        assert!(reads, "{statement:?} is no reading statement: {statements:#?}");
    }
    assert!(!log.contains("sprung"), "a function of the project's own was called: {log}");
    assert!(!log.contains("ERROR"), "{log}");
    let sessions = recorder.sessions.lock().unwrap();
    assert!(!sessions.is_empty());
    for session in sessions.iter() {
        for setting in ["default_transaction_read_only=on", "statement_timeout="] {
            assert!(session.contains(setting), "a session without {setting}: {session:?}");
        }
    }
    assert_eq!(server.psql("shop", content), before, "something was written");
}
