//! Real Postgres servers with pgvector where the search path does not find it, and what is said about that.

#![expect(clippy::unwrap_used, reason = "a test that cannot ask has failed")]
#![expect(clippy::disallowed_methods, reason = "this test starts the real servers")]

#[allow(dead_code, reason = "the other test of Postgres uses all of it")]
#[path = "postgres/cluster.rs"]
mod cluster;

use std::collections::BTreeMap;
use std::time::Duration;

use cluster::Cluster;
use devdoctor::checks;
use devdoctor::facts::{Facts, Postgres};
use devdoctor::probe::postgres::{PostgresOptions, look};
use devdoctor::project::files::MemoryFiles;
use devdoctor::project::{Project, read};
use tokio::time::Instant;

fn project(urls: &[String]) -> Project {
    let lines: String = urls.iter().enumerate().map(|(index, url)| format!("URL_{index}='{url}'\n")).collect();
    let files = MemoryFiles::new([(".env", lines.as_str()), ("m.py", "from pgvector.sqlalchemy import Vector\n")]);
    read::project(&files, &devdoctor::facts::Environment::default(), None)
}

fn looked(project: &Project) -> Postgres {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let options = PostgresOptions { allow_remote: false };
    runtime.block_on(look(project, None, &options, Instant::now() + Duration::from_secs(8))).unwrap()
}

fn usable(postgres: &Postgres) -> BTreeMap<String, bool> {
    let databases = postgres.databases.iter();
    databases
        .map(|database| {
            let server = database.answered().unwrap_or_else(|| panic!("{database:?}"));
            (format!("{}@{}", database.role, database.name), server.vector.usable)
        })
        .collect()
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn pgvector_is_there_where_the_project_finds_it() {
    for binaries in ["DEVDOCTOR_TEST_PG_BIN", "DEVDOCTOR_TEST_PG_BIN_18"] {
        let cluster = Cluster::start(binaries, "");
        for statement in [
            "create role boss2 superuser login password 'secret'",
            "create role \"an app\" login password 'secret'",
            "create database app",
            "create database hidden",
            "create database other",
        ] {
            cluster.sql("postgres", statement);
        }
        // A table has a type of its name, and is no extension.
        cluster.sql("app", "create table vector (x int)");
        for database in ["hidden", "other"] {
            cluster.sql(database, "create schema \"my extensions\"; create extension vector schema \"my extensions\"");
        }
        cluster.sql(
            "other",
            "alter schema \"my extensions\" rename to extensions; grant usage on schema extensions to public",
        );
        cluster.sql("postgres", "alter role \"an app\" set search_path = public");
        let at = |role: &str, rest: &str| format!("postgresql://{role}:secret@127.0.0.1:{}/{rest}", cluster.port);
        let project = project(&[
            at("boss2", "app"),
            at("an%20app", "hidden"),
            at("an%20app", "other?options=-csearch_path%3Dpublic,extensions"),
        ]);
        let postgres = looked(&project);
        assert_eq!(
            usable(&postgres),
            [("boss2@app".into(), false), ("an app@hidden".into(), false), ("an app@other".into(), true)].into()
        );

        // What the check says is to be run is run, and then it is there: though the role has a search path of its own.
        let facts = Facts { project: project.clone(), postgres: Ok(postgres), ..Facts::default() };
        let check = checks::by_id("postgres-vector-not-created").unwrap();
        let findings = (check.run)(&facts).unwrap();
        assert_eq!(findings.len(), 2, "{findings:?}");
        let title = findings.iter().map(|finding| finding.fix.as_ref().unwrap().title.clone());
        let title = title.into_iter().find(|title| title.contains("GRANT")).unwrap();
        let statements = title.split_once("`: ").unwrap().1;
        cluster.sql("hidden", statements);
        assert!(usable(&looked(&project))["an app@hidden"], "{statements}");
    }
}
