//! What devdoctor did not read it does not call clean: stacks under other names, files that are broken.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

mod support;

use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;
use support::person::Person;
use support::project::Project;

/// A stack whose only service looks for its database in its own container.
const STACK: &str = "services:\n  app:\n    image: python:3.12\n    command: uvicorn app\n    environment:\n      \
     DATABASE_URL: postgresql://app:pw@localhost:5432/app\n  db:\n    image: postgres:16\n";

/// What `check --offline` reports about a repository of these files.
fn report(files: &[(&str, &str)]) -> Value {
    timed_report(files, &[]).0
}

/// The same with further arguments, and how many seconds it took.
fn timed_report(files: &[(&str, &str)], arguments: &[&str]) -> (Value, f64) {
    let around = tempfile::tempdir().unwrap();
    let shop = around.path().join("shop");
    for (path, text) in [(".git/HEAD", "ref: refs/heads/main\n")].iter().chain(files) {
        let path = shop.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    // In root's own project nothing of root's is foreign.
    assert!(Command::new("chown").args(["-R", "4242:4242"]).arg(&shop).status().unwrap().success());
    let mut command = Command::new(env!("CARGO_BIN_EXE_devdoctor"));
    command.args(["check", "--offline", "--format", "json"]).args(arguments).current_dir(&shop).env_clear();
    let started = Instant::now();
    let output = command.env("HOME", around.path()).stdin(Stdio::null()).output().unwrap();
    let took = started.elapsed().as_secs_f64();
    (serde_json::from_slice(&output.stdout).unwrap(), took)
}

/// The outcome of a check, with its reason where it could not look.
fn outcome(report: &Value, id: &str) -> String {
    let checks = report["checks"].as_array().unwrap();
    let check = checks.iter().find(|check| check["id"] == id).unwrap();
    let reason = check["reason"].as_str().map(|reason| format!(": {reason}")).unwrap_or_default();
    format!("{}{reason}", check["outcome"].as_str().unwrap())
}

#[test]
fn several_stacks_are_not_called_clean() {
    let report = report(&[("a/compose.yaml", STACK), ("b/compose.yaml", STACK)]);
    for id in ["ownership-service-writes-as-root", "exec-as-root", "cache-venv-hidden-by-bind", "url-placeholder"] {
        let reason = "skipped: several Compose files, and nothing says which is meant: `a/compose.yaml`, `b/compose.yaml`; \
                      name one: devdoctor check a";
        assert_eq!(outcome(&report, id), reason, "{id}");
    }
    assert_eq!(outcome(&report, "files-unreadable"), "clean");
}

#[test]
fn the_files_that_the_projects_own_commands_name_are_the_projects() {
    let stack = ("docker-compose.dev.yml", STACK);
    for lines in [
        ("Makefile", "DC := docker compose -f docker-compose.dev.yml\nup:\n\t$(DC) up -d\nlogs:\n\t$(DC) logs\n"),
        ("scripts/dev.sh", "#!/bin/sh\ndocker-compose --file docker-compose.dev.yml up\n"),
        ("package.json", "{\"scripts\": {\"dev\": \"docker compose -f ./docker-compose.dev.yml up\"}}"),
    ] {
        let report = report(&[stack, lines]);
        assert_eq!(outcome(&report, "url-localhost-in-container"), "found", "{lines:?}");
    }
    // What a document tells decides nothing, nor do lines that do not agree.
    let document = ("README.md", "```sh\ndocker compose -f docker-compose.dev.yml up\n```\n");
    let reason = "skipped: Compose does not find this file by itself: `docker-compose.dev.yml`; name one: \
                  COMPOSE_FILE=docker-compose.dev.yml devdoctor check";
    assert_eq!(outcome(&report(&[stack, document]), "ownership-service-writes-as-root"), reason);
    let both = "a:\n\tdocker compose -f docker-compose.dev.yml up\nb:\n\tdocker compose -f docker-compose.ci.yml up\n";
    let report = report(&[stack, ("docker-compose.ci.yml", STACK), ("Makefile", both)]);
    assert!(outcome(&report, "ownership-service-writes-as-root").starts_with("skipped: several Compose files"));
}

#[test]
fn a_line_that_adds_another_compose_file_is_judged_by_all_of_them() {
    let stack = "services:\n  app:\n    image: python:3.12\n    user: 4242:4242\n    command: uvicorn app\n    volumes: [\".:/app\"]\n";
    let line = "x:\n\tdocker compose -f compose.yaml -f compose.prod.yaml exec app alembic upgrade head\n";
    let over = "services:\n  app:\n    user: root\n";
    let judged = |over: &[(&str, &str)]| {
        let files: Vec<_> = [("compose.yaml", stack), ("Makefile", line)].iter().chain(over).copied().collect();
        outcome(&report(&files), "exec-as-root")
    };
    assert_eq!(judged(&[("compose.prod.yaml", over)]), "found");
    assert_eq!(judged(&[("compose.prod.yaml", "services:\n  app:\n    user: \"4243\"\n")]), "clean");
    let reason = "skipped: `Makefile:2` adds `compose.prod.yaml`, which is no Compose file that could be read";
    assert_eq!(judged(&[]), reason);
    assert_eq!(judged(&[("compose.prod.yaml", "services: [\n")]), reason);
}

#[test]
fn nothing_that_stands_on_a_broken_compose_file_is_clean() {
    let report = report(&[("compose.yaml", &STACK.replace("    command", "   command"))]);
    assert_eq!(outcome(&report, "compose-unreadable"), "found");
    for id in
        ["ownership-service-writes-as-root", "exec-as-root", "url-localhost-in-container", "cache-venv-hidden-by-bind"]
    {
        assert!(outcome(&report, id).starts_with("skipped: `compose.yaml` cannot be read: "), "{id}");
    }
}

#[test]
fn a_dockerfile_in_the_compose_file_is_read_where_it_stands() {
    let with = |user: &str| {
        let stack = format!(
            "services:\n  app:\n    build:\n      context: .\n      dockerfile_inline: |\n        FROM python:3.12\n        \
             RUN <<END\n          id\n        END\n        USER {user}\n    command: uvicorn app\n    volumes: [\".:/app\"]\n"
        );
        report(&[("compose.yaml", &stack)])
    };
    let report = with("4242");
    assert_eq!(outcome(&report, "ownership-service-writes-as-root"), "clean");
    assert_eq!(outcome(&report, "files-unreadable"), "clean");
    assert!(
        outcome(&report, "cache-venv-hidden-by-bind").starts_with("skipped: the Dockerfile of `app` stands in the ")
    );
}

#[test]
fn a_dockerfile_that_is_written_otherwise_or_wrong_is_said_to_be_in_the_compose_file() {
    let with = |inline: &str| {
        let stack = format!(
            "services:\n  app:\n    build: {{dockerfile_inline: {inline}}}\n    command: x\n    volumes: [\".:/app\"]\n"
        );
        report(&[("compose.yaml", &stack)])
    };
    assert_eq!(outcome(&with("\"FROM python:3.12\\nUSER 4242\\n\""), "ownership-service-writes-as-root"), "clean");
    let wrong = with("\"FROM python:3.12\\nFROG x\\n\"");
    assert_eq!(outcome(&wrong, "files-unreadable"), "found");
    assert_eq!(wrong["findings"][0]["location"]["path"], "compose.yaml");
    assert!(outcome(&wrong, "ownership-service-writes-as-root").starts_with("skipped"));
}

#[test]
fn a_package_json_that_breaks_off_is_reported_and_its_scripts_are_not_judged() {
    let report = report(&[("compose.yaml", STACK), ("package.json", "{\"scripts\": {")]);
    assert_eq!(outcome(&report, "files-unreadable"), "found");
    assert!(outcome(&report, "exec-tty-in-hook").starts_with("skipped: `package.json` cannot be read: "));
}

#[test]
fn folders_that_cannot_be_listed_are_named_once_and_counted() {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let around = tempfile::tempdir().unwrap();
    let shop = around.path().join("shop");
    let stack = "services:\n  app:\n    image: python:3.12\n    user: 4242:4242\n    volumes: [\"./app:/app\"]\n  db:\n    \
                 image: postgres:16\n    volumes: [\"./data:/var/lib/postgresql/data\"]\n";
    for folder in [".git", "one", "two", "three", "four", "data"] {
        std::fs::create_dir_all(shop.join(folder)).unwrap();
    }
    std::fs::write(shop.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    std::fs::write(shop.join("compose.yaml"), stack).unwrap();
    assert!(Command::new("chown").args(["-R", "4242:4242"]).arg(around.path()).status().unwrap().success());
    let report = |closed: &[&str]| -> Value {
        for folder in closed {
            std::fs::set_permissions(shop.join(folder), std::fs::Permissions::from_mode(0o000)).unwrap();
        }
        let mut command = Command::new(env!("CARGO_BIN_EXE_devdoctor"));
        command.args(["check", "--offline", "--format", "json"]).current_dir(&shop).env_clear().uid(4242).gid(4242);
        let output = command.env("HOME", around.path()).stdin(Stdio::null()).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    // What a database keeps for itself holds no files of the project.
    assert_eq!(outcome(&report(&["data"]), "exec-as-root"), "clean");
    let reason = "skipped: not every file was read: could not look into `four` (permission denied), `one` (permission \
                  denied), `three` (permission denied) and 1 more";
    assert_eq!(outcome(&report(&["one", "two", "three", "four"]), "exec-as-root"), reason);
}

#[test]
fn a_file_that_takes_too_long_is_named_and_the_rest_is_judged_in_time() {
    let many = |line: &dyn Fn(usize) -> String| (0..60_000).map(line).collect::<String>();
    let services = many(&|row| format!("  s{row}:\n    image: python:3.12\n    volumes: [\".:/app\"]\n"));
    let stack = "services:\n  app:\n    image: python:3.12\n    volumes: [\".:/app\"]\n";
    let slow = "takes longer to understand than the time limit leaves for one file";
    for (path, text) in [
        ("compose.yaml", format!("services:\n{services}")),
        ("Makefile", many(&|row| format!("a{row}:\n\tdocker compose exec app x\n"))),
        ("Makefile", many(&|row| format!("UID{row} := $(UID{})\n", row + 1)) + "a:\n\tdocker exec -u $(UID0) c x\n"),
    ] {
        let mut files = vec![(path, text.as_str()), ("alembic.ini", "[alembic]\n = x\n")];
        if path != "compose.yaml" {
            files.push(("compose.yaml", stack));
        }
        let (report, took) = timed_report(&files, &["--timeout", "1"]);
        assert!(took < 2.5, "{path}: {took} s");
        let reason = outcome(&report, "exec-as-root");
        assert!(reason.ends_with(&format!("`{path}` cannot be read: {slow}")), "{path}: {reason}");
        let found = report["findings"].as_array().unwrap();
        let named = |finding: &&Value| finding["id"] == "files-unreadable" && finding["location"]["path"] == path;
        let named = found.iter().find(named).unwrap_or_else(|| panic!("{path}: {found:#?}"));
        // It is not to be corrected.
        assert!(named["severity"] == "warning" && named.to_string().contains("--timeout"), "{named:#}");
        // What else is wrong is told all the same.
        assert!(found.iter().any(|finding| finding["location"]["path"] == "alembic.ini"), "{path}");
    }
}

/// Neither a database without its container nor one that sends everybody away is clean for a check that asks databases.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn nothing_is_clean_of_a_database_that_did_not_let_devdoctor_in() {
    let asks = |id: &str| {
        let check = devdoctor::checks::all().find(|check| check.id() == id).unwrap();
        check.words().needs.contains(&devdoctor::facts::Need::Postgres)
    };
    let fixture = Project::from_fixture("stories/day", Person::User).with_images("DEVDOCTOR_TEST_IMAGE_POSTGRES");
    let refused = Project::from_fixture("stories/day", Person::User).with_images("DEVDOCTOR_TEST_IMAGE_POSTGRES");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    refused.write(".env", format!("DATABASE_URL=postgresql+psycopg://app:pw@127.0.0.1:{nobody}/app\n"));
    for (project, expected) in [(&fixture, "has no container"), (&refused, "no Postgres let devdoctor in")] {
        let report = project.devdoctor(&["check", "--format", "json"]).report();
        let checks = report.0["checks"].as_array().unwrap();
        let asking: Vec<_> = checks.iter().filter(|check| asks(check["id"].as_str().unwrap())).collect();
        assert!(asking.len() >= 6, "{:#}", report.0);
        assert!(asking.iter().all(|check| check["outcome"] != "clean"), "{asking:#?}");
        assert!(
            asking.iter().any(|check| check["reason"].as_str().is_some_and(|it| it.contains(expected))),
            "{asking:#?}"
        );
    }
}
