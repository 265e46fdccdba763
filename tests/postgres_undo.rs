//! A statement is taken back in the very database in which it was run, or not at all: shown with real servers.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

mod support;

use std::path::PathBuf;

use support::answer::Answer;
use support::person::Person;
use support::postgres::{Postgres, SUPERUSER};
use support::project::Project;

const PASSWORD: &str = "violet-Harbour-73";

/// Programs with a trusted `vector`, which the owner of a database may create.
const SERVERS: [&str; 2] = ["DEVDOCTOR_TEST_PG_BIN", "DEVDOCTOR_TEST_PG_BIN_18"];

fn server(bin: &str) -> Postgres {
    let server = Postgres::start(bin);
    server.add("app", PASSWORD, "superuser", "app");
    server
}

fn url(server: &Postgres, database: &str) -> String {
    format!("postgresql://app:{PASSWORD}@127.0.0.1:{}/{database}", server.port)
}

fn project(text: &str) -> Project {
    let project = Project::empty(Person::User);
    project.write(
        "pyproject.toml",
        "[project]\nname = \"shop\"\nversion = \"1\"\ndependencies = [\"pgvector\", \"sqlalchemy\"]\n",
    );
    project.write("alembic.ini", "[alembic]\nscript_location = migrations\n");
    project.write(
        "migrations/versions/0001_items.py",
        "\"\"\"items\"\"\"\n\nimport sqlalchemy as sa\nfrom alembic import op\nfrom pgvector.sqlalchemy import Vector\n\n\
         revision = \"0001\"\ndown_revision = None\n\n\n\
         def upgrade():\n    op.create_table(\"items\", sa.Column(\"embedding\", Vector(3)))\n\n\n\
         def downgrade():\n    op.drop_table(\"items\")\n",
    );
    project.write(".env", text);
    project
}

fn extensions(server: &Postgres, database: &str) -> String {
    server.psql(database, "select count(*) from pg_extension where extname = 'vector'").unwrap()
}

fn fix(project: &Project, more: &[&str]) -> Answer {
    let arguments = [&["fix", "--yes", "--only", "postgres-vector-not-created"][..], more].concat();
    project.devdoctor(&arguments)
}

fn journal(project: &Project) -> PathBuf {
    let run = std::fs::read_dir(project.home.join(".local/state/devdoctor/runs")).unwrap().next().unwrap().unwrap();
    run.path().join("journal.jsonl")
}

fn words(answer: &Answer) -> String {
    answer.out.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn another_server_or_database_under_the_same_key_is_left_alone() {
    for bin in SERVERS {
        let (one, other) = (server(bin), server(bin));
        one.psql("postgres", "create database second owner app").unwrap();
        let project = project(&format!("DATABASE_URL={}\n", url(&one, "app")));
        fix(&project, &[]).ends_with(0);
        assert_eq!(extensions(&one, "app"), "1");
        for (server, database) in [(&one, "second"), (&other, "app")] {
            server.psql(database, "create extension vector").unwrap();
            project.write(".env", format!("DATABASE_URL={}\n", url(server, database)));
            let undo = project.devdoctor(&["undo"]).ends_with(1);
            let said =
                if database == "app" { "to another server by now" } else { "to another database, `second`, by now" };
            assert!(words(&undo).contains(said), "{undo}");
            assert_eq!((extensions(&one, "app").as_str(), extensions(server, database).as_str()), ("1", "1"));
        }
        project.write(".env", format!("DATABASE_URL={}\n", url(&one, "app")));
        project.devdoctor(&["undo"]).ends_with(0);
        assert_eq!(
            [(&one, "app"), (&one, "second"), (&other, "app")].map(|(at, name)| extensions(at, name)),
            ["0", "1", "1"]
        );
        // A database that was made anew is another one, whatever its name.
        project.write(".env", format!("DATABASE_URL={}\n", url(&one, "app")));
        fix(&project, &[]).ends_with(0);
        one.psql("postgres", "drop database app").unwrap();
        one.psql("postgres", "create database app owner app").unwrap();
        one.psql("app", "create extension vector").unwrap();
        let undo = project.devdoctor(&["undo"]).ends_with(1);
        assert!(words(&undo).contains("to another database, `app`, by now"), "{undo}");
        assert_eq!(extensions(&one, "app"), "1");
        assert!(!undo.all().contains(PASSWORD), "{undo}");
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn of_two_databases_that_answer_to_one_key_the_right_one_is_taken_back() {
    let (one, other) = (server(SERVERS[0]), server(SERVERS[0]));
    other.psql("app", "create extension vector").unwrap();
    let ini = |first: &Postgres, second: &Postgres| {
        let section = |name: &str, server: &Postgres| {
            format!("[{name}]\nscript_location = migrations\nsqlalchemy.url = {}\n", url(server, "app"))
        };
        section("alembic", first) + &section("reports", second)
    };
    let project = project("");
    for (first, second) in [(&one, &other), (&other, &one)] {
        project.write("alembic.ini", ini(first, second));
        fix(&project, &[]).ends_with(0);
        assert_eq!(extensions(&one, "app"), "1");
        project.devdoctor(&["undo"]).ends_with(0);
        assert_eq!((extensions(&one, "app").as_str(), extensions(&other, "app").as_str()), ("0", "1"));
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn an_ordinary_role_may_ask_which_server_it_is() {
    let query = "set session authorization plain; select system_identifier::text from pg_control_system()";
    for bin in ["DEVDOCTOR_TEST_PG_BIN", "DEVDOCTOR_TEST_PG_BIN_18", "DEVDOCTOR_TEST_PG_BIN_PLAIN"] {
        let server = Postgres::start(bin);
        server.add("plain", PASSWORD, "", "plain");
        let identity = server.psql("plain", query).unwrap();
        let number = identity.lines().last().unwrap().parse::<u64>();
        assert!(number.is_ok_and(|number| number > 1 << 32), "{bin}: {identity}");
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_server_that_keeps_its_identity_to_itself_is_not_changed() {
    let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
    server.add("app", PASSWORD, "", "app");
    // As in distributions that trust it: the owner of the database may create it, superuser or not.
    server.psql("app", "create extension vector; drop extension vector").unwrap();
    server.psql("app", "revoke execute on function pg_control_system() from public").unwrap();
    server.psql("postgres", "alter role app superuser").unwrap();
    let project = project(&format!("DATABASE_URL={}\n", url(&server, "app")));
    // A superuser may always ask.
    fix(&project, &[]).ends_with(0);
    project.devdoctor(&["undo"]).ends_with(0);
    fix(&project, &[]).ends_with(0);
    server.psql("postgres", "alter role app nosuperuser").unwrap();
    let undo = project.devdoctor(&["undo"]).ends_with(1);
    assert!(words(&undo).contains("does not say which server it is: permission denied"), "{undo}");
    assert_eq!(extensions(&server, "app"), "1");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_statement_is_taken_back_once_and_only_when_it_was_run() {
    let server = server("DEVDOCTOR_TEST_PG_BIN");
    let project = project(&format!("DATABASE_URL={}\n", url(&server, "app")));
    fix(&project, &[]).ends_with(0);
    let whole = std::fs::read_to_string(journal(&project)).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let begun = format!("{}\n{}\n", lines[0], lines[1]);
    let failed = format!("{begun}{{\"entry\":\"failed\",\"step\":0,\"error\":\"no\"}}\n");
    // Killed between: nobody knows whether it was run, so it is said how to see it.
    std::fs::write(journal(&project), &begun).unwrap();
    for _ in 0..2 {
        let undo = project.devdoctor(&["undo"]).ends_with(1);
        let said = words(&undo);
        assert!(
            said.contains("it is not known whether it was run")
                && said.contains("`DROP EXTENSION vector` takes it back"),
            "{undo}"
        );
        assert!(
            said.contains("`SELECT extversion FROM pg_extension WHERE extname = 'vector'` shows a row if it was"),
            "{undo}"
        );
        assert_eq!(extensions(&server, "app"), "1");
    }
    let query = "SELECT extversion FROM pg_extension WHERE extname = 'vector'";
    assert!(!server.psql("app", query).unwrap().is_empty());
    let list = project.devdoctor(&["undo", "--list"]).ends_with(0);
    assert!(list.out.contains("not known whether it was done: CREATE EXTENSION vector"), "{list}");
    // What failed was never run; an extension that is there is somebody else's.
    std::fs::write(journal(&project), &failed).unwrap();
    let run = journal(&project).parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
    project.devdoctor(&["undo"]).ends_with(2);
    let undo = project.devdoctor(&["undo", &run]).ends_with(0);
    assert!(undo.out.contains("is left to take back"), "{undo}");
    assert_eq!(extensions(&server, "app"), "1");
    // Dropped by hand meanwhile: nothing to take back.
    std::fs::write(journal(&project), &whole).unwrap();
    server.psql("app", "drop extension vector").unwrap();
    let undo = project.devdoctor(&["undo"]).ends_with(0);
    assert!(words(&undo).contains("nothing to take back: CREATE EXTENSION vector"), "{undo}");
    // Used by a column: it stays, and so does the data.
    fix(&project, &[]).ends_with(0);
    server.psql("app", "create table items (embedding vector(3)); insert into items values ('[1,2,3]')").unwrap();
    let undo = project.devdoctor(&["undo"]).ends_with(1);
    assert!(words(&undo).contains("cannot drop extension vector because other objects depend on it"), "{undo}");
    assert_eq!(server.psql("app", "select count(*) from items").unwrap(), "1");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_url_of_the_command_line_is_asked_for_again() {
    let server = server("DEVDOCTOR_TEST_PG_BIN");
    let other = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
    let project = project("");
    let given = url(&server, "app");
    fix(&project, &["--database-url", &given]).ends_with(0);
    assert_eq!(extensions(&server, "app"), "1");
    let text = std::fs::read_to_string(journal(&project)).unwrap();
    assert!(!text.contains(PASSWORD), "{text}");
    let undo = project.devdoctor(&["undo"]).ends_with(1);
    assert!(words(&undo).contains("its URL was named by --database-url: name it again to `undo`"), "{undo}");
    let elsewhere = format!("postgresql://{}:{}@127.0.0.1:{}/postgres", SUPERUSER.0, SUPERUSER.1, other.port);
    let undo = project.devdoctor(&["undo", "--database-url", &elsewhere]).ends_with(1);
    assert!(words(&undo).contains("leads to another server by now"), "{undo}");
    assert_eq!(extensions(&server, "app"), "1");
    project.devdoctor(&["undo", "--database-url", &given]).ends_with(0);
    assert_eq!(extensions(&server, "app"), "0");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_url_that_left_the_files_can_be_named_and_a_server_that_is_down_is_said() {
    let server = server("DEVDOCTOR_TEST_PG_BIN");
    let given = url(&server, "app");
    let project = project(&format!("DATABASE_URL={given}\n"));
    fix(&project, &[]).ends_with(0);
    project.write(".env", "");
    let undo = project.devdoctor(&["undo"]).ends_with(1);
    assert!(words(&undo).contains("`DATABASE_URL` in `.env` names no database any more"), "{undo}");
    project.devdoctor(&["undo", "--database-url", &given]).ends_with(0);
    assert_eq!(extensions(&server, "app"), "0");
    project.write(".env", format!("DATABASE_URL={given}\n"));
    fix(&project, &[]).ends_with(0);
    drop(server);
    let undo = project.devdoctor(&["undo"]).ends_with(1);
    assert!(words(&undo).contains("connection refused") && !undo.all().contains(PASSWORD), "{undo}");
}
