//! File systems that never answer: what lies elsewhere is judged, what lies there is named, and every command ends.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, makes the files that they look at, and fails by panicking"
)]

mod support;

use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, Instant};

use support::answer::Answer;
use support::person::Person;
use support::project::{Project, answer};

const COMPOSE: &str = "services:\n  api:\n    image: python:3.12\n    volumes:\n      - .:/app\n      - ./data:/data\n";
const INI: &str = "[alembic]\nscript_location = migrations\nsqlalchemy.url = driver://user:pass@localhost/dbname\n";

/// Seconds that every command gets, and seconds that it may take besides: the machine does other things too.
const LIMIT: &str = "5";
const BESIDES: Duration = Duration::from_secs(6);

/// Commands with what they must say, whatever hangs.
struct Said {
    arguments: &'static [&'static str],
    status: i32,
    words: &'static str,
}

const fn said(arguments: &'static [&'static str], status: i32, words: &'static str) -> Said {
    Said { arguments, status, words }
}

fn project() -> Project {
    let project = Project::empty(Person::Tester);
    project.write("compose.yaml", COMPOSE);
    project.write("alembic.ini", INI);
    project.shell("git init -q && git add -A && git commit -qm all").ends_with(0);
    project
}

/// Runs devdoctor in a mount namespace of its own, where the folder `at` shows what `beside` holds and never answers. The
/// server of that file system is stopped; when it is killed at the end, the kernel lets go of everybody who waits for it.
fn where_it_hangs(project: &Project, at: &str, arguments: &[&str]) -> Answer {
    let doctor = project.doctor(Person::Tester, arguments);
    let script = r#"
        at=$1 here=$2; shift 2
        bindfs -f -o nonempty "$at" "$at" &
        server=$!
        trap 'kill -KILL $server' EXIT
        for again in $(seq 200); do mountpoint -q "$at" && break; sleep 0.05; done
        mountpoint -q "$at"
        cd "$here"
        kill -STOP $server
        timeout --signal=KILL 30 "$@" && status=0 || status=$?
        exit $status
    "#;
    let mut command = Command::new("unshare");
    command.args(["--mount", "/bin/bash", "-euc", script, "bash"]).arg(project.root.join(at)).arg(&project.root);
    command.arg(doctor.get_program()).args(doctor.get_args());
    command.env_clear().envs(doctor.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let begin = Instant::now();
    let answer = answer(&format!("devdoctor {} where `{at}` hangs", arguments.join(" ")), &mut command);
    let limit = Duration::from_secs(LIMIT.parse().unwrap()) + BESIDES;
    assert!(begin.elapsed() < limit, "it took {:?}: {answer}", begin.elapsed());
    answer
}

fn all_say(project: &Project, at: &str, all: &[Said]) {
    for Said { arguments, status, words } in all {
        let answer = where_it_hangs(project, at, arguments).ends_with(*status);
        assert!(answer.out.contains(words) || answer.err.contains(words), "{words:?} in {answer}");
    }
}

/// The commands that look at a project of which one folder hangs.
const ELSEWHERE: [Said; 8] = [
    said(&["check", "--offline", "--timeout", LIMIT], 1, "error[url-placeholder]"),
    said(&["fix", "--offline", "--dry-run", "--timeout", LIMIT], 1, ""),
    said(&["explain", "url-placeholder", "--offline", "--timeout", LIMIT], 0, "--> alembic.ini:3:18"),
    said(
        &[
            "why",
            "sqlalchemy.exc.NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:driver",
            "--offline",
            "--timeout",
            LIMIT,
        ],
        1,
        "found here",
    ),
    said(&["facts", "--offline", "--timeout", LIMIT], 0, "\"alembic.ini\""),
    said(&["hook", "--timeout", LIMIT], 1, "error[url-placeholder]"),
    said(&["exec", "--timeout", LIMIT, "--docker-host", "unix:///nowhere", "api", "true"], 125, "error: "),
    said(&["undo", "--list"], 0, "devdoctor has repaired nothing"),
];

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_folder_that_hangs_costs_only_itself() {
    let project = project();
    std::fs::create_dir(project.root.join("data")).unwrap();
    all_say(&project, "data", &ELSEWHERE);
    let report =
        where_it_hangs(&project, "data", &["check", "--offline", "--format", "json", "--timeout", LIMIT]).report();
    assert!(report.reason("exec-as-root").contains("`data` (fuse)"), "{:#}", report.0);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn links_that_lead_where_nobody_answers_cost_only_themselves() {
    let project = project();
    let hung = project.home.join("hung");
    std::fs::create_dir(&hung).unwrap();
    for name in ["data", "notes.md", "scripts.sh"] {
        symlink(hung.join(name), project.root.join(name)).unwrap();
    }
    let hung = hung.to_str().unwrap();
    all_say(&project, hung, &ELSEWHERE);
    let report =
        where_it_hangs(&project, hung, &["check", "--offline", "--format", "json", "--timeout", LIMIT]).report();
    for name in ["data", "notes.md"] {
        // The last of several readings may come too late to tell one from the other.
        let named = ["its file system does not answer", "the time limit was used up"]
            .map(|reason| report.reason("exec-as-root").contains(&format!("`{name}` ({reason})")));
        assert!(named.contains(&true), "{:#}", report.0);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_file_that_is_looked_for_by_name_and_hangs_is_named() {
    let project = project();
    let hung = project.home.join("hung");
    std::fs::create_dir(&hung).unwrap();
    symlink(hung.join("env"), project.root.join(".env")).unwrap();
    let arguments = ["check", "--offline", "--format", "json", "--timeout", LIMIT];
    let report = where_it_hangs(&project, hung.to_str().unwrap(), &arguments).ends_with(1).report();
    report.assert_places("url-placeholder", &["alembic.ini:3:18"]);
    assert!(report.reason("exec-as-root").contains("`.env` (its file system does not answer)"), "{:#}", report.0);
    let hook = where_it_hangs(&project, hung.to_str().unwrap(), &["hook", "--timeout", LIMIT]).ends_with(1);
    assert!(hook.err.contains("not looked at: `.env`: its file system does not answer"), "{hook}");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn an_override_file_that_hangs_keeps_services_from_being_judged() {
    let project = project();
    project.write("Makefile", "migrate:\n\tdocker compose exec api alembic upgrade head\n");
    let hung = project.home.join("hung");
    std::fs::create_dir(&hung).unwrap();
    symlink(hung.join("override.yaml"), project.root.join("compose.override.yaml")).unwrap();
    let arguments = ["check", "--offline", "--format", "json", "--timeout", LIMIT];
    let report = where_it_hangs(&project, hung.to_str().unwrap(), &arguments).ends_with(1).report();
    report.assert_places("url-placeholder", &["alembic.ini:3:18"]);
    assert_eq!(report.of("compose-unreadable").len(), 0, "{:#}", report.0);
    let reason = report.reason("exec-as-root");
    assert!(reason.contains("`compose.override.yaml` (its file system does not answer)"), "{:#}", report.0);
    let hook = where_it_hangs(&project, hung.to_str().unwrap(), &["hook", "--timeout", LIMIT]).ends_with(1);
    assert!(!hook.out.contains("compose-unreadable"), "{hook}");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_project_that_hangs_as_a_whole_ends_every_command_with_a_line() {
    let project = project();
    let named = project.root.display().to_string();
    let said = "cannot be looked at: its file system does not answer";
    for (arguments, status) in [
        (&["check", "--timeout", LIMIT, &named][..], 2),
        (&["fix", "--timeout", LIMIT, "--dry-run", &named], 2),
        (&["facts", "--timeout", LIMIT, &named], 2),
        (&["undo", "--timeout", LIMIT], 2),
        (&["undo", "--timeout", LIMIT, "--list"], 2),
        (&["explain", "url-placeholder", "--timeout", LIMIT, &named], 2),
        (&["hook", "--timeout", LIMIT], 2),
        (&["exec", "--timeout", LIMIT, "api", "true"], 125),
    ] {
        let answer = where_it_hangs(&project, ".", arguments).ends_with(status);
        assert!(answer.err.contains(said), "{answer}");
    }
    where_it_hangs(&project, ".", &["list"]).ends_with(0);
}
