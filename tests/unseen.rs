//! What devdoctor did not read it does not call clean: stacks under other names, files that are broken.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

use std::process::{Command, Stdio};

use serde_json::Value;

/// A stack whose only service looks for its database in its own container.
const STACK: &str = "services:\n  app:\n    image: python:3.12\n    command: uvicorn app\n    environment:\n      \
     DATABASE_URL: postgresql://app:pw@localhost:5432/app\n  db:\n    image: postgres:16\n";

/// What `check --offline` reports about a repository of these files.
fn report(files: &[(&str, &str)]) -> Value {
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
    command.args(["check", "--offline", "--format", "json"]).current_dir(&shop).env_clear();
    let output = command.env("HOME", around.path()).stdin(Stdio::null()).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
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
fn a_line_that_adds_another_compose_file_is_not_judged_by_the_others() {
    let stack = "services:\n  app:\n    image: python:3.12\n    user: 4242:4242\n    command: uvicorn app\n    volumes: [\".:/app\"]\n";
    let line = "x:\n\tdocker compose -f compose.yaml -f compose.prod.yaml exec app alembic upgrade head\n";
    let over = "services:\n  app:\n    user: root\n";
    let report = report(&[("compose.yaml", stack), ("compose.prod.yaml", over), ("Makefile", line)]);
    let reason = "skipped: `Makefile:2` adds `compose.prod.yaml`, which is not among the judged Compose files";
    assert_eq!(outcome(&report, "exec-as-root"), reason);
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
