//! Always an answer, soon: engines and databases that hang, stop in the middle or talk nonsense cost their own checks and no more.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use support::answer::Report;
use support::person::Person;
use support::project::Project;

/// How a server fails whoever connects to it.
#[derive(Clone, Copy, Debug)]
enum Manner {
    /// Accepts and never answers.
    Silent,
    /// Never even accepts: the kernel does, and nobody looks.
    Absent,
    /// Closes at once.
    Closing,
    /// Sends this, and then nothing, keeping the connection.
    Stuck(&'static [u8]),
    /// Sends this and closes.
    Breaking(&'static [u8]),
    /// Sends this, and then one byte every now and then, for ever.
    Dripping(&'static [u8]),
}

fn serve(manner: Manner, mut stream: impl Read + Write) {
    let mut request = [0; 4096];
    match manner {
        Manner::Closing => return,
        Manner::Silent | Manner::Absent => {}
        Manner::Stuck(text) | Manner::Breaking(text) | Manner::Dripping(text) => {
            let _ = stream.read(&mut request);
            let _ = stream.write_all(text);
        }
    }
    loop {
        match manner {
            Manner::Breaking(_) | Manner::Closing => return,
            Manner::Dripping(_) => {
                std::thread::sleep(Duration::from_millis(50));
                if stream.write_all(b" ").is_err() {
                    return;
                }
            }
            _ => std::thread::sleep(Duration::from_secs(60)),
        }
    }
}

/// Takes every connection in the manner, until the test ends.
fn serve_all<S: Read + Write + Send + 'static>(manner: Manner, accept: impl Fn() -> S + Send + 'static) {
    std::thread::spawn(move || {
        if matches!(manner, Manner::Absent) {
            std::thread::sleep(Duration::from_secs(3600));
        }
        loop {
            let stream = accept();
            std::thread::spawn(move || serve(manner, stream));
        }
    });
}

/// An engine in the manner, in the project's home.
fn engine(project: &Project, manner: Manner) -> String {
    engine_at(project.home.join("engine.sock"), manner)
}

fn engine_at(path: PathBuf, manner: Manner) -> String {
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    serve_all(manner, move || listener.accept().unwrap().0);
    format!("unix://{}", path.display())
}

fn database(manner: Manner) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    serve_all(manner, move || listener.accept().unwrap().0);
    port
}

/// Runs `check` and fails when it takes longer than its time limit and a second.
fn checked_in_time(project: &Project, engine: &str, manner: &str) -> Report {
    let begin = Instant::now();
    let answer = project.devdoctor(&["check", "--format", "json", "--timeout", "2", "--docker-host", engine]);
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(3), "{manner}: it took {took:?}: {answer}");
    let report = answer.ends_with(1).report();
    assert!(report.with_outcome("crashed").is_empty(), "{manner}: {:#}", report.0);
    // The files are judged all the same.
    report.assert_places("url-placeholder", &["alembic.ini:3:18"]);
    for id in report.with_outcome("skipped") {
        assert!(!report.reason(&id).is_empty(), "{manner}: `{id}` does not say why it could not look");
    }
    report
}

const MODELS: &str = "from pgvector.sqlalchemy import Vector\nfrom sqlmodel import Field, SQLModel\n\n
class Product(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    embedding: list[float] | None = Field(default=None, sa_type=Vector(3))
";

fn project(port: u16) -> Project {
    let project = Project::empty(Person::Tester);
    project.write("compose.yaml", "services:\n  api:\n    image: shop\n    volumes:\n      - .:/app\n");
    for file in ["alembic.ini", "migrations/env.py"] {
        project.write(file, std::fs::read(support::fixtures().join("stories/url-placeholder").join(file)).unwrap());
    }
    project.write("app/models.py", MODELS);
    project.write("pyproject.toml", "[project]\nname = \"shop\"\nversion = \"1\"\ndependencies = [\"pgvector\"]\n");
    project.write(".env", format!("DATABASE_URL=postgresql+psycopg://shop:lilac-Bridge-88@127.0.0.1:{port}/shop\n"));
    project
}

const JSON: &str = "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\n";

#[test]
fn an_engine_that_does_not_answer_is_the_only_thing_that_is_not_judged() {
    let half: &'static [u8] =
        Box::leak(format!("{JSON}Content-Length: 900\r\n\r\n{{\"Version\": \"28").into_boxed_str()).as_bytes();
    let chunked: &'static [u8] =
        Box::leak(format!("{JSON}Transfer-Encoding: chunked\r\n\r\nfffffff\r\n{{\"Version\": \"").into_boxed_str())
            .as_bytes();
    let other: &'static [u8] = Box::leak(format!("{JSON}Content-Length: 2\r\n\r\n[]").into_boxed_str()).as_bytes();
    for manner in [
        Manner::Silent,
        Manner::Absent,
        Manner::Closing,
        Manner::Stuck(half),
        Manner::Breaking(half),
        Manner::Dripping(chunked),
        Manner::Breaking(other),
        Manner::Breaking(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n"),
        Manner::Breaking(b"\x00\xff\xfenot http at all\r\n\r\n\x1b[31m"),
        Manner::Stuck(b"HTTP/1.1 200 O"),
    ] {
        let project = project(support::free_port());
        let report = checked_in_time(&project, &engine(&project, manner), &format!("{manner:?}"));
        assert_eq!(report.outcome("engine-unreachable"), "found", "{manner:?}: {:#}", report.0);
        assert_eq!(report.outcome("cache-not-writable"), "skipped", "{manner:?}: {:#}", report.0);
    }
}

#[test]
fn a_database_that_does_not_answer_is_the_only_thing_that_is_not_judged() {
    for manner in [
        Manner::Silent,
        Manner::Absent,
        Manner::Closing,
        // No TLS, and then nothing.
        Manner::Stuck(b"N"),
        // A password is asked for in a message that never ends.
        Manner::Dripping(b"R\x00\x00\xff\xff\x00\x00\x00\x0aSCRAM-SHA-256\x00"),
        Manner::Breaking(b"R\x00\x00\x00"),
        Manner::Breaking(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        Manner::Breaking(b"\xff\xff\xff\xff\xff\xff\xff\xff"),
    ] {
        let project = project(database(manner));
        let nobody = format!("unix://{}", project.home.join("nobody.sock").display());
        let report = checked_in_time(&project, &nobody, &format!("{manner:?}"));
        assert_eq!(report.outcome("postgres-unreachable"), "found", "{manner:?}: {:#}", report.0);
        assert_eq!(report.outcome("postgres-vector-not-created"), "skipped", "{manner:?}: {:#}", report.0);
    }
}

#[test]
fn both_at_once_take_no_longer_than_one() {
    let project = project(database(Manner::Silent));
    let report = checked_in_time(&project, &engine(&project, Manner::Silent), "both silent");
    assert_eq!(report.outcome("engine-unreachable"), "found", "{:#}", report.0);
}

#[test]
fn under_strict_what_was_not_seen_fails_the_run() {
    let project = project(support::free_port());
    let engine = engine(&project, Manner::Silent);
    let arguments = ["check", "--strict", "--timeout", "2", "--docker-host", &engine];
    project.devdoctor(&arguments).ends_with(2);
}

#[test]
fn an_engine_that_answers_is_not_called_mute_because_another_one_took_the_time() {
    let version = "{\"Version\": \"28.0.1\", \"ApiVersion\": \"1.48\", \"MinAPIVersion\": \"1.24\"}";
    let answer = format!("{JSON}Content-Length: {}\r\n\r\n{version}", version.len());
    let project = project(support::free_port());
    // The place of a rootless engine.
    let runtime = project.home.display().to_string();
    engine_at(project.home.join("docker.sock"), Manner::Breaking(Box::leak(answer.into_boxed_str()).as_bytes()));
    let project = project.with("XDG_RUNTIME_DIR", &runtime);
    let report = checked_in_time(&project, &engine(&project, Manner::Silent), "silent, with a lively neighbour");
    let evidence = report.of("engine-unreachable")[0]["evidence"].as_array().unwrap().clone();
    let about = |end: &str| -> Vec<String> {
        let of = evidence.iter().filter(|piece| piece["subject"].as_str().unwrap().ends_with(end));
        of.map(|piece| piece["value"].as_str().unwrap().to_owned()).collect()
    };
    assert!(about("engine.sock")[0].contains("does not answer"), "{evidence:#?}");
    for value in about("/docker.sock") {
        assert!(!value.contains("does not answer"), "nobody waited for its answer: {evidence:#?}");
    }
}

#[test]
fn time_that_devdoctor_used_up_itself_is_blamed_on_nobody() {
    let project = project(database(Manner::Silent));
    let engine = engine(&project, Manner::Silent);
    for limit in ["0.001", "0.1"] {
        let answer = project.devdoctor(&["check", "--format", "json", "--timeout", limit, "--docker-host", &engine]);
        let report = answer.ends_with(1).report();
        for id in ["engine-unreachable", "postgres-unreachable"] {
            assert_eq!(report.outcome(id), "skipped", "{limit}: {:#}", report.0);
            assert!(report.reason(id).contains("time limit was used up"), "{limit}: {:#}", report.0);
        }
    }
}
