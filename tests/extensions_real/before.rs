//! Types of pgvector before their extension: each type and each way to name it, and all places that may create it.

use super::support::alembic;
use super::support::postgres::Postgres;
use super::support::tree::Compared;
use super::{SETS, env_py, project, seen};

const ID: &str = "alembic-vector-before-extension";
const FILE: &str = "migrations/versions/a.py";

/// Imports, what the upgrade does, the type that the server misses, and the column where the type stands (in line 9).
const BROKEN: [(&str, &str, &str, u32); 8] = [
    ("import pgvector.sqlalchemy", "TABLE(pgvector.sqlalchemy.vector.VECTOR(dim=3))", "vector", 44),
    ("import pgvector.sqlalchemy", "TABLE(pgvector.sqlalchemy.halfvec.HALFVEC(dim=3))", "halfvec", 44),
    ("import pgvector.sqlalchemy", "TABLE(pgvector.sqlalchemy.sparsevec.SPARSEVEC(dim=3))", "sparsevec", 44),
    ("from pgvector.sqlalchemy import Vector", "TABLE(Vector(3))", "vector", 44),
    ("from pgvector.sqlalchemy import HALFVEC as Half", "TABLE(Half(3))", "halfvec", 44),
    ("from pgvector import sqlalchemy as pg", "TABLE(sa.ARRAY(pg.Vector(3)))", "vector[]", 53),
    ("", "op.execute(\"CREATE TABLE item (e vector(3))\")", "vector", 17),
    ("", "op.execute(sa.text(\"CREATE TABLE item (e halfvec(3))\"))", "halfvec", 25),
];

fn revision(imports: &str, upgrade: &str) -> String {
    let upgrade = match upgrade.strip_prefix("TABLE(").and_then(|rest| rest.strip_suffix(')')) {
        Some(sort) => format!("op.create_table(\"item\", sa.Column(\"e\", {sort}))"),
        None => upgrade.to_owned(),
    };
    alembic::revision("aaa1", "None", imports, &upgrade, "op.drop_table(\"item\")")
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn every_type_of_pgvector_wants_its_extension_first() {
    let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
    for set in SETS {
        let project = project(set, &server, "superuser");
        for (imports, upgrade, missing, column) in BROKEN {
            server.psql("app", "drop schema public cascade; create schema public").unwrap();
            project.write(FILE, revision(imports, upgrade));
            let before = project.tree();
            let error = format!("type \"{missing}\" does not exist");
            seen(&project, "alembic upgrade head", &error, ID, &format!("{FILE}:9:{column}"));
            project.devdoctor(&["fix", "--yes", "--only", ID]).ends_with(0);
            project.devdoctor(&["check", "--only", ID]).ends_with(0);
            project.shell("alembic upgrade head").ends_with(0);
            project.shell("alembic downgrade base").ends_with(0);
            project.devdoctor(&["undo"]).ends_with(0);
            before.assert_same(&project.tree(), Compared::Content);
        }
        server.psql("postgres", "drop database app").unwrap();
        server.psql("postgres", "drop role app").unwrap();
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn the_extension_may_be_created_by_whatever_runs_before() {
    let create = "CREATE EXTENSION IF NOT EXISTS vector";
    let (imports, upgrade, ..) = BROKEN[0];
    let table = revision(imports, upgrade);
    let ancestor = revision("", &format!("op.execute(\"{create}\")")).replace("op.drop_table(\"item\")", "pass");
    let env_py =
        env_py("").replace("import engine_from_config, pool", "import engine_from_config, pool, text").replace(
            "    context.configure",
            &format!("    connection.execute(text(\"{create}\"))\n    context.configure"),
        );
    let compose = "services:\n  db:\n    image: pgvector/pgvector:pg16\n    volumes:\n      - ./initdb:/docker-entrypoint-initdb.d:ro\n";
    // The files, and what the server was told before, as the image's entrypoint tells it.
    type Way<'text> = (&'text str, Vec<(&'text str, String)>, &'text str);
    let ways: [Way<'_>; 5] = [
        ("the revision before", vec![(FILE, ancestor.replace("aaa1", "aaa0"))], ""),
        ("the same revision", vec![], ""),
        ("env.py", vec![("migrations/env.py", env_py)], ""),
        (
            "the first start of the database",
            vec![("compose.yaml", compose.to_owned()), ("initdb/01.sql", format!("{create};\n"))],
            create,
        ),
        (
            "a script of its first start",
            vec![
                ("compose.yaml", compose.to_owned()),
                ("initdb/01.sh", format!("psql -v ON_ERROR_STOP=1 <<-SQL\n\t{create};\nSQL\n")),
            ],
            create,
        ),
    ];
    let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
    for set in SETS {
        for (way, files, told) in &ways {
            let project = project(set, &server, "superuser");
            let both =
                table.replace("    op.create_table", &format!("    op.execute(\"{create}\")\n    op.create_table"));
            let child = table.replace("aaa1", "bbb1").replace("None", "\"aaa0\"");
            match *way {
                "the same revision" => project.write(FILE, both),
                "the revision before" => project.write("migrations/versions/b.py", child),
                _ => project.write(FILE, &table),
            }
            for (path, text) in files {
                project.write(path, text);
            }
            if !told.is_empty() {
                server.psql("app", told).unwrap();
            }
            let report = project.devdoctor(&["check", "--offline", "--only", ID, "--format", "json"]).report();
            report.assert_places(ID, &[]);
            let passed = project.shell("alembic upgrade head");
            assert_eq!(passed.status, 0, "{set}, {way}: {passed}");
            server.psql("postgres", "drop database app").unwrap();
            server.psql("postgres", "drop role app").unwrap();
        }
    }
}
