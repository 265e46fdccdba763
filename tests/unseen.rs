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
/// A model file with a class that SQLModel refuses to make.
const MODELS: &str = "from sqlalchemy import Column, String\nfrom sqlmodel import Field, SQLModel\nclass Hero(SQLModel, \
     table=True):\n    id: int | None = Field(default=None, primary_key=True)\n    name: str = Field(sa_column=Column(String), \
     nullable=False)\n";

/// What `check --offline` reports to a person who is not root about a project with migrations and these files.
fn report_of_migrations(files: &[(&str, &[u8])], closed: Option<&str>) -> Value {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::process::CommandExt;
    let around = tempfile::tempdir().unwrap();
    let shop = around.path().join("shop");
    let env_py = "from alembic import context\nfrom sqlmodel import SQLModel\nimport app.models\ntarget_metadata = \
                  SQLModel.metadata\ncontext.configure(connection=None, target_metadata=target_metadata)\n";
    let usual: [(&str, &[u8]); 5] = [
        (".git/HEAD", b"ref: refs/heads/main\n"),
        ("alembic.ini", b"[alembic]\nscript_location = migrations\nprepend_sys_path = .\n"),
        ("migrations/env.py", env_py.as_bytes()),
        ("migrations/versions/.keep", b""),
        ("app/__init__.py", b""),
    ];
    for (path, bytes) in usual.iter().chain(files) {
        let path = shop.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
    }
    assert!(Command::new("chown").args(["-R", "4242:4242"]).arg(around.path()).status().unwrap().success());
    if let Some(closed) = closed {
        std::fs::set_permissions(shop.join(closed), std::fs::Permissions::from_mode(0o000)).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_devdoctor"));
    command.args(["check", "--offline", "--format", "json"]).current_dir(&shop).env_clear().uid(4242).gid(4242);
    let output = command.env("HOME", around.path()).stdin(Stdio::null()).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn latin_1(text: &str) -> Vec<u8> {
    text.chars().map(|character| u8::try_from(u32::from(character)).unwrap()).collect()
}

#[test]
fn a_model_file_that_cannot_be_read_is_named_once_and_its_models_are_not_called_clean() {
    let brackets = format!("{MODELS}x = {}{}\n", "(".repeat(3000), ")".repeat(3000));
    let cases: [(Vec<u8>, bool, &str); 7] = [
        (MODELS.into(), true, "permission denied"),
        (latin_1(&format!("# café\n{MODELS}")), false, "is not UTF-8: byte 5"),
        (latin_1(&format!("# coding: koi8-r\n# é\n{MODELS}")), false, "is in the encoding `koi8-r`, which is not read"),
        (format!("{MODELS}{}", "# x\n".repeat(1_000_000)).into(), false, "is larger than 4 MB"),
        (
            format!("{MODELS}{}", "# x\n".repeat(500_000)).into(),
            false,
            "is larger than the 2 MB of Python that are read",
        ),
        (format!("{MODELS}\0").into(), false, "is a binary file"),
        (brackets.into(), false, "is nested too deeply"),
    ];
    for (bytes, closed, reason) in cases {
        let path = "app/models.py";
        let report = report_of_migrations(&[(path, &bytes)], closed.then_some(path));
        for id in ["sqlmodel-arguments-beside-column", "alembic-models-not-imported", "alembic-target-metadata-missing"]
        {
            assert_eq!(outcome(&report, id), format!("skipped: `{path}` cannot be read: {reason}"), "{id}");
        }
        let found = report["findings"].as_array().unwrap();
        let named = found.iter().filter(|finding| finding["id"] == "files-unreadable").count();
        assert_eq!(named, 1, "{reason}: {found:#?}");
        // What reads no models is judged all the same.
        assert_eq!(outcome(&report, "alembic-heads-diverge"), "clean", "{reason}");
        assert_eq!(outcome(&report, "exec-as-root"), "clean", "{reason}");
    }
}

#[test]
fn python_in_the_encoding_that_it_declares_is_judged_and_left_as_it_is() {
    let models = latin_1(&format!("# -*- coding: latin-1 -*-\n# café\n{MODELS}"));
    let report = report_of_migrations(&[("app/models.py", &models)], None);
    assert_eq!(outcome(&report, "files-unreadable"), "clean");
    assert_eq!(outcome(&report, "sqlmodel-arguments-beside-column"), "found");
    let found = report["findings"].as_array().unwrap();
    let found = found.iter().find(|finding| finding["id"] == "sqlmodel-arguments-beside-column").unwrap();
    assert_eq!(
        (&found["location"]["line"], &found["fix"]["applicability"]),
        (&7.into(), &"manual".into()),
        "{found:#}"
    );
    assert!(found["fix"]["title"].as_str().unwrap().ends_with("`app/models.py` is not written in UTF-8"), "{found:#}");
}

#[test]
fn what_a_registry_imports_that_is_not_read_is_not_missing() {
    let hero = MODELS.replace(", nullable=False", "");
    let with = |registry: &str| {
        report_of_migrations(
            &[("app/models/hero.py", hero.as_bytes()), ("app/models/__init__.py", &latin_1(registry))],
            None,
        )
    };
    let report = with("# coding: latin-1\n# é\nfrom .hero import Hero\n");
    assert_eq!(outcome(&report, "alembic-models-not-imported"), "clean");
    assert_eq!(outcome(&with("# coding: latin-1\n# é\n"), "alembic-models-not-imported"), "found");
    let report = with("# coding: cp1251\n# é\nfrom .hero import Hero\n");
    let reason = "skipped: `app/models/__init__.py` cannot be read: is in the encoding `cp1251`, which is not read";
    assert_eq!(outcome(&report, "alembic-models-not-imported"), reason);
    assert_eq!(outcome(&report, "files-unreadable"), "found");
}

#[test]
fn a_revision_that_is_not_read_is_no_broken_one_and_no_absent_one() {
    let revision = "revision = 'a1'\ndown_revision = None\nfrom alembic import op\nimport sqlalchemy as sa\ndef upgrade():\n    \
                    op.create_table('t', sa.Column('v', pgvector.sqlalchemy.Vector(3)))\n    op.execute('CREATE EXTENSION \
                    vector')\n";
    let next = "revision = 'b2'\ndown_revision = 'a1'\ndef upgrade():\n    pass\n";
    let with = |bytes: &[u8]| {
        let files = [("migrations/versions/a1.py", bytes), ("migrations/versions/b2.py", next.as_bytes())];
        report_of_migrations(&files, None)
    };
    let judged = ["alembic-revision-name-unbound", "alembic-vector-before-extension"];
    let all = ["alembic-chain-broken", "alembic-heads-diverge", judged[0], judged[1]];
    let large = format!("{revision}{}", "# x\n".repeat(540_000));
    for (bytes, reason) in [
        (large.into_bytes(), "is larger than the 2 MB of Python that are read"),
        (latin_1(&format!("# é\n{revision}")), "is not UTF-8: byte 2"),
    ] {
        let report = with(&bytes);
        for id in all {
            let skipped = format!("skipped: `migrations/versions/a1.py` cannot be read: {reason}");
            assert_eq!(outcome(&report, id), skipped, "{id}");
        }
        assert_eq!(outcome(&report, "files-unreadable"), "found");
    }
    let report = with(&latin_1(&format!("# coding: iso-8859-1\n# é\n{revision}")));
    assert_eq!(judged.map(|id| outcome(&report, id)), ["found", "found"]);
    assert_eq!(outcome(&report, "alembic-chain-broken"), "clean");
    // Python itself refuses this one, and so does Alembic.
    let report = with(format!("{revision}def x(:\n").as_bytes());
    assert_eq!(outcome(&report, "alembic-chain-broken"), "found");
    let unclear = "skipped: which revision `migrations/versions/a1.py` is cannot be told without running it";
    assert_eq!(outcome(&report, "alembic-vector-before-extension"), unclear);
}

#[test]
fn messages_that_protoc_wrote_are_no_models_however_full_of_brackets() {
    let messages =
        format!("import sqlmodel\nclass Hero(sqlmodel.SQLModel):\n    pass\nDESCRIPTOR = b'{}'\n", "{".repeat(5_000));
    for (path, expected) in [("app/hero_pb2.py", "clean"), ("app/hero.py", "found")] {
        let report = report_of_migrations(&[(path, messages.as_bytes())], None);
        assert_eq!(outcome(&report, "files-unreadable"), expected, "{path}");
    }
}
