//! The extension of pgvector, and its type, as Alembic meets them in real servers: what it says, what devdoctor sees, the cure,
//! and the way back.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

#[path = "extensions_real/before.rs"]
mod before;
#[path = "extensions_real/created.rs"]
mod created;
mod support;

use support::alembic::{TEMPLATE, env_py};
use support::person::Person;
use support::postgres::Postgres;
use support::project::Project;
use support::sets::SETS;
use support::tree::Compared;
use support::variable;

/// A project with the database `app` of a server, and a role of its own there.
fn project(set: &str, server: &Postgres, attributes: &str) -> Project {
    server.add("app", "secret-word", attributes, "app");
    let path = format!("{}/bin:/usr/local/bin:/usr/bin:/bin", variable(set));
    let project = Project::empty(Person::User).with("PATH", &path).with("PYTHONDONTWRITEBYTECODE", "1");
    let url = format!("postgresql+psycopg://app:secret-word@127.0.0.1:{}/app", server.port);
    project.write("alembic.ini", format!("[alembic]\nscript_location = migrations\nsqlalchemy.url = {url}\n"));
    project.write("migrations/env.py", env_py(""));
    project.write("migrations/script.py.mako", TEMPLATE);
    project.write("migrations/versions/.gitkeep", "");
    project
}

/// A revision that runs a statement, and then makes a table with a vector.
fn revision(statement: &str) -> String {
    let upgrade = format!(
        "op.execute(\"{statement}\")\n    op.create_table(\"item\", sa.Column(\"e\", pgvector.sqlalchemy.Vector(3)))"
    );
    support::alembic::revision("aaa1", "None", "import pgvector.sqlalchemy\n", &upgrade, "op.drop_table(\"item\")")
}

/// Alembic ends with `error`, `why` names the check, and it sees the trouble there.
#[track_caller]
fn seen(project: &Project, command: &str, error: &str, id: &str, place: &str) -> serde_json::Value {
    let broken = project.shell(command);
    assert!(broken.status != 0 && broken.all().contains(error), "{error} is not in {broken}");
    let why = project.devdoctor(&["why", "--format", "json", &broken.all()]);
    let why: serde_json::Value = serde_json::from_str(&why.out).unwrap();
    let named = why["named"].as_array().unwrap();
    assert!(named.iter().any(|one| one["id"] == id), "{why:#}");
    let report = project.devdoctor(&["check", "--only", id, "--format", "json"]).report();
    report.assert_places(id, &[place]);
    assert!(!report.0.to_string().contains("secret-word"), "{:#}", report.0);
    report.0["findings"][0].clone()
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn an_extension_that_is_there_is_not_created_again() {
    for set in SETS {
        let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
        let project = project(set, &server, "superuser");
        let id = "alembic-extension-created-twice";
        let file = "migrations/versions/a.py";
        project.write(file, revision("CREATE EXTENSION vector"));
        // Where nobody has created it, the revision is right.
        project.devdoctor(&["check", "--only", id]).ends_with(0);
        server.psql("app", "create extension vector").unwrap();
        let before = project.tree();
        let error = "extension \"vector\" already exists";
        seen(&project, "alembic upgrade head", error, id, "migrations/versions/a.py:10:17");
        project.devdoctor(&["fix", "--yes", "--only", id]).ends_with(0);
        assert_eq!(project.read(file), revision("CREATE EXTENSION IF NOT EXISTS vector"));
        project.shell("alembic upgrade head").ends_with(0);
        project.devdoctor(&["undo"]).ends_with(0);
        before.assert_same(&project.tree(), Compared::Content);
        // Whoever has run it does not run it again.
        project.devdoctor(&["check", "--only", id]).ends_with(0);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn an_extension_that_two_revisions_create_is_seen() {
    for set in SETS {
        let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
        let project = project(set, &server, "superuser");
        let next = "from alembic import op\n\nrevision = \"bbb2\"\ndown_revision = \"aaa1\"\n\n\ndef upgrade():\n    op.execute('create extension \"vector\"')\n\n\ndef downgrade():\n    pass\n";
        project.write("migrations/versions/a.py", revision("CREATE EXTENSION IF NOT EXISTS vector"));
        project.write("migrations/versions/b.py", next);
        let (before, id) = (project.tree(), "alembic-extension-created-twice");
        let error = "extension \"vector\" already exists";
        seen(&project, "alembic upgrade head", error, id, "migrations/versions/b.py:8:17");
        project.devdoctor(&["fix", "--yes", "--only", id]).ends_with(0);
        project.shell("alembic upgrade head").ends_with(0);
        project.devdoctor(&["undo"]).ends_with(0);
        before.assert_same(&project.tree(), Compared::Content);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_type_that_autogenerate_did_not_recognise_is_seen() {
    for set in SETS {
        let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
        let project = project(set, &server, "superuser");
        server.psql("app", "create extension vector").unwrap();
        server.psql("app", "set role app; create table item (id int primary key, e vector(3))").unwrap();
        let written = project.shell("alembic revision --autogenerate -m drop --rev-id aaa1").ends_with(0);
        assert!(written.all().contains("Did not recognize type 'vector' of column 'e'"), "{written}");
        project.shell("alembic upgrade head").ends_with(0);
        let file = "migrations/versions/aaa1_drop.py";
        let text = project.read(file);
        let (line, column) = text
            .lines()
            .zip(1..)
            .find_map(|(line, number)| Some((number, line.find("sa.NullType()")? + 1)))
            .unwrap_or_else(|| panic!("{text}"));
        let error = "AttributeError: module 'sqlalchemy' has no attribute 'NullType'";
        let id = "alembic-revision-type-unknown";
        seen(&project, "alembic downgrade base", error, id, &format!("{file}:{line}:{column}"));
        // The name that SQLAlchemy does have makes no column either.
        project.replace(file, "sa.NullType()", "sa.types.NullType()");
        let error = "Can't generate DDL for NullType()";
        seen(&project, "alembic downgrade base", error, id, &format!("{file}:{line}:{column}"));
        project.replace(file, "sa.types.NullType()", "pgvector.sqlalchemy.Vector(3)");
        project.replace(file, "import sqlmodel", "import sqlmodel\nimport pgvector.sqlalchemy");
        project.devdoctor(&["check", "--only", id]).ends_with(0);
        project.shell("alembic downgrade base").ends_with(0);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_a_server_refuses_of_the_extension_is_told() {
    for set in SETS {
        let upgrade = "alembic upgrade head";
        let create = revision("CREATE EXTENSION IF NOT EXISTS vector");
        let file = "migrations/versions/a.py";
        // A server without pgvector.
        let plain = Postgres::start("DEVDOCTOR_TEST_PG_BIN_PLAIN");
        let on_plain = project(set, &plain, "superuser");
        on_plain.write(file, &create);
        let error = "(psycopg.errors.FeatureNotSupported) extension \"vector\" is not available";
        seen(&on_plain, upgrade, error, "postgres-vector-not-available", "alembic.ini:3:18");
        // A role that may not create it, until a superuser has.
        let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
        let limited = project(set, &server, "");
        limited.write(file, &create);
        let id = "postgres-vector-not-created";
        let error = "permission denied to create extension \"vector\"";
        let finding = seen(&limited, upgrade, error, id, "migrations/versions/a.py:3:1");
        let title = finding["fix"]["title"].as_str().unwrap();
        assert!(title.contains("as a superuser, which `app` is not"), "{title}");
        // In a schema that the role does not look into, `IF NOT EXISTS` does nothing.
        server.psql("app", "create schema extensions; create extension vector schema extensions").unwrap();
        let error = "type \"vector\" does not exist";
        let finding = seen(&limited, upgrade, error, id, "migrations/versions/a.py:3:1");
        let title = finding["fix"]["title"].as_str().unwrap();
        server.psql("app", title.split_once("`: ").unwrap().1).unwrap();
        limited.shell(upgrade).ends_with(0);
        limited.devdoctor(&["check", "--only", id]).ends_with(0);
    }
}
