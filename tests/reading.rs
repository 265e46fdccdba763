//! A project under bad conditions: what is no file, paths that no person would choose, more than there is time for.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, makes the files that they look at, and fails by panicking"
)]

mod support;

use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use support::person::Person;
use support::project::Project;

const COMPOSE: &str = "services:\n  api:\n    build: .\n    env_file: settings.env\n    volumes:\n      - .:/app\n";

/// A project with one file of each well-known name but `without`.
fn project(without: &str) -> Project {
    let project = Project::empty(Person::Tester);
    for (path, text) in [
        ("settings.env", "A=1\n"),
        ("compose.yaml", COMPOSE),
        ("Makefile", "a:\n\ttrue\n"),
        ("pyproject.toml", "[project]\nname = \"shop\"\n"),
        ("Dockerfile", "FROM python:3.12\nUSER 1000\n"),
    ] {
        if path != without {
            project.write(path, text);
        }
    }
    project
}

/// What lies where a file should be, and what is said of it.
const NO_FILES: [(&str, &str); 8] = [
    ("pipe", "is not a regular file"),
    ("socket", "is not a regular file"),
    ("directory", "is not a regular file"),
    ("device", "is not a regular file"),
    ("dangling", "is a link that leads nowhere"),
    ("circle", "too many levels of symbolic links"),
    ("huge", "is larger than 4 MB"),
    ("binary", "is a binary file"),
];

fn put(kind: &str, path: &Path) {
    match kind {
        "pipe" => nix::unistd::mkfifo(path, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap(),
        "socket" => drop(UnixListener::bind(path).unwrap()),
        "directory" => std::fs::create_dir(path).unwrap(),
        "device" => symlink("/dev/zero", path).unwrap(),
        "dangling" => symlink("nowhere", path).unwrap(),
        "circle" => symlink(path.file_name().unwrap(), path).unwrap(),
        "huge" => std::fs::write(path, "# 23456789\n".repeat(1_000_000)).unwrap(),
        "binary" => std::fs::write(path, b"\xff\xfe\0\0").unwrap(),
        other => panic!("nobody knows how to make a {other}"),
    }
}

#[test]
fn what_is_no_file_is_named_once_and_keeps_nobody_waiting() {
    for name in ["compose.yaml", ".env", "Makefile", "alembic.ini", "pyproject.toml", "package.json", "Dockerfile"] {
        for (kind, said) in NO_FILES {
            // An environment of Python's.
            if (name, kind) == (".env", "directory") {
                continue;
            }
            let project = project(name);
            put(kind, &project.root.join(name));
            let begin = Instant::now();
            let report = project.devdoctor(&["check", "--offline", "--format", "json"]).ends_with(1).report();
            assert!(begin.elapsed() < Duration::from_secs(5), "{kind} as {name}: it took {:?}", begin.elapsed());
            assert!(report.with_outcome("crashed").is_empty(), "{kind} as {name}: {:#}", report.0);
            let about = ["compose-unreadable", "files-unreadable"].map(|id| report.of(id)).concat();
            let messages: Vec<&str> = about.iter().map(|finding| finding["message"].as_str().unwrap()).collect();
            let start = format!("`{name}` cannot be read: {said}; not judged: ");
            assert!(messages.len() == 1 && messages[0].starts_with(&start), "{kind} as {name}: {messages:?}");
        }
    }
}

#[test]
fn what_is_no_configuration_ends_the_run_with_a_line() {
    for (kind, said) in NO_FILES {
        let project = project("");
        put(kind, &project.root.join("devdoctor.yaml"));
        let answer = project.devdoctor(&["check", "--offline"]).ends_with(2);
        assert_eq!(answer.err, format!("error: `devdoctor.yaml` cannot be used: {said}\n"), "{kind}");
    }
}

#[test]
fn a_git_that_is_no_repository_changes_nothing() {
    for (kind, _) in NO_FILES {
        let project = project("");
        put(kind, &project.root.join(".git"));
        let report = project.devdoctor(&["check", "--offline", "--format", "json"]).report();
        assert!(report.with_outcome("crashed").is_empty(), "{kind}: {:#}", report.0);
        assert_eq!(report.outcome("files-unreadable"), "clean", "{kind}: {:#}", report.0);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_may_not_be_read_is_named_once() {
    for name in ["compose.yaml", ".env", "Makefile", "alembic.ini", "pyproject.toml", "package.json", "Dockerfile"] {
        let project = Project::empty(Person::Outsider);
        project.write("Dockerfile", "FROM python:3.12\nUSER 1000\n");
        project.write("compose.yaml", "services:\n  api:\n    build: .\n");
        project.write(name, "secret");
        project.shell(&format!("chmod 000 {name}")).ends_with(0);
        let report = project.devdoctor(&["check", "--offline", "--format", "json"]).ends_with(1).report();
        let about = ["compose-unreadable", "files-unreadable"].map(|id| report.of(id)).concat();
        let messages: Vec<&str> = about.iter().map(|finding| finding["message"].as_str().unwrap()).collect();
        let start = format!("`{name}` cannot be read: permission denied; not judged: ");
        assert!(messages.len() == 1 && messages[0].starts_with(&start), "{name}: {messages:?}");
    }
}

#[test]
fn more_files_than_there_is_time_for_are_not_waited_for_and_not_called_clean() {
    let project = Project::empty(Person::Tester);
    project.write("compose.yaml", "services: [\n");
    let functions: String =
        (0..40).map(|number| format!("def f{number}(a):\n    return [a, {{'k': {number}}}]\n")).collect();
    for number in 0..10_000 {
        let path = format!("src/p{}/m{number}.py", number / 500);
        project.write(path, format!("{functions}SQL = 'ALTER TABLE a ADD COLUMN b vec' 'tor(3)'  # pgvector\n"));
    }
    let limit = Duration::from_millis(1500);
    let begin = Instant::now();
    let report =
        project.devdoctor(&["check", "--offline", "--format", "json", "--timeout", "1.5"]).ends_with(1).report();
    assert!(begin.elapsed() < limit + Duration::from_secs(1), "it took {:?}", begin.elapsed());
    // What was read is judged.
    report.assert_places("compose-unreadable", &["compose.yaml:1:11"]);
    let said = report.of("files-unreadable")[0]["message"].as_str().unwrap().to_owned();
    assert!(said.contains("the time limit was used up"), "{said}");
    assert_eq!(report.with_outcome("clean"), [""; 0], "{:#}", report.0);
    for id in ["exec-as-root", "url-placeholder", "ownership-foreign-files"] {
        let reason = report.reason(id);
        assert!(reason.starts_with("not every file was read: the time limit was used up"), "{id}: {reason}");
    }
}

#[test]
fn a_project_in_a_folder_that_a_repository_of_dotfiles_ignores_is_read() {
    let home = Project::empty(Person::Tester);
    home.write(".git/HEAD", "ref: refs/heads/main\n");
    home.write(".gitignore", "*\n!.bashrc\n");
    home.write("Makefile", "dotfiles:\n\ttrue\n");
    home.write("code/shop/pyproject.toml", "[project]\nname = \"shop\"\n");
    home.write("code/shop/deploy/prod.alembic.ini", "");
    home.write("code/shop/db/alembic.ini", "[alembic\n");
    for start in ["code/shop", "code/shop/db"] {
        let mut command = home.doctor(Person::Tester, &["check", "--offline", "--format", "json"]);
        command.current_dir(home.root.join(start));
        let report = support::project::answer(start, &mut command).ends_with(1).report();
        let places = report.places("files-unreadable");
        assert!(places.len() == 1 && places[0].contains("alembic.ini"), "{start}: {:#}", report.0);
    }
}

#[test]
fn what_a_variable_gives_is_at_no_path() {
    let project = project("").with("DATABASE_URL", "postgresql://me:p@ss@db/x");
    let report = project.devdoctor(&["check", "--offline", "--format", "json", "--only", "url"]).report();
    let findings = report.findings();
    assert!(!findings.is_empty() && findings.iter().all(|finding| finding["location"].is_null()), "{findings:#?}");
}
