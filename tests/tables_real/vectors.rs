//! Columns and indexes of pgvector, against the real server.

use super::SETS;
use super::project;
use super::support::postgres::Postgres;

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn indexes_that_pgvector_refuses_are_seen_and_others_are_not() {
    // The column's type, the access method, the operator class, and what the server says.
    let cases = [
        ("VECTOR()", "hnsw", "vector_cosine_ops", Some("column does not have dimensions")),
        ("VECTOR(3)", "hnsw", "", Some("data type vector has no default operator class for access method \"hnsw\"")),
        ("VECTOR(3)", "ivfflat", "", None),
        ("VECTOR(2000)", "hnsw", "vector_l1_ops", None),
        (
            "VECTOR(2001)",
            "ivfflat",
            "vector_l2_ops",
            Some("column cannot have more than 2000 dimensions for ivfflat index"),
        ),
        ("HALFVEC(4000)", "hnsw", "halfvec_l2_ops", None),
        (
            "HALFVEC(4001)",
            "hnsw",
            "halfvec_l2_ops",
            Some("column cannot have more than 4000 dimensions for hnsw index"),
        ),
        (
            "HALFVEC(3)",
            "hnsw",
            "vector_cosine_ops",
            Some("operator class \"vector_cosine_ops\" does not accept data type halfvec"),
        ),
        (
            "VECTOR(3)",
            "ivfflat",
            "vector_l1_ops",
            Some("operator class \"vector_l1_ops\" does not exist for access method \"ivfflat\""),
        ),
        ("SPARSEVEC(100000)", "hnsw", "sparsevec_l2_ops", None),
    ];
    let id = "sqlmodel-vector-index-impossible";
    for set in SETS {
        let postgres = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
        let project = project(set, &postgres);
        for (sort, method, class, error) in cases {
            let operators =
                if class.is_empty() { String::new() } else { format!("postgresql_ops={{\"e\": \"{class}\"}}") };
            let revision = format!(
                "from alembic import op\nimport sqlalchemy as sa\nimport pgvector.sqlalchemy\n\nrevision = \"aaa1\"\ndown_revision = None\n\n\ndef upgrade():\n    op.execute(\"CREATE EXTENSION IF NOT EXISTS vector\")\n    op.create_table(\"item\", sa.Column(\"e\", pgvector.sqlalchemy.{sort}))\n    op.create_index(\"ix\", \"item\", [\"e\"], postgresql_using=\"{method}\", {operators})\n\n\ndef downgrade():\n    op.drop_table(\"item\")\n"
            );
            project.write("migrations/versions/a.py", revision);
            let ran = project.shell("alembic upgrade head && alembic downgrade base");
            let seen = project.devdoctor(&["check", "--only", id, "--format", "json"]).report();
            match error {
                Some(error) => {
                    assert!(ran.status != 0 && ran.all().contains(error), "{error} is not in {ran}");
                    seen.assert_places(id, &["migrations/versions/a.py:12:5"]);
                    assert!(seen.0["findings"][0]["message"].as_str().unwrap().ends_with(error), "{:#}", seen.0);
                }
                None => {
                    ran.ends_with(0);
                    assert_eq!(seen.found(), [""; 0], "{sort} {method} {class}");
                }
            }
        }
        // From a model, through autogenerate: one trouble, told at the model.
        let item = "from pgvector.sqlalchemy import Vector\nfrom sqlalchemy import Index\nfrom sqlmodel import Field, SQLModel\n\n\nclass Team(SQLModel, table=True):\n    __table_args__ = (Index(\"ix\", \"e\", postgresql_using=\"hnsw\", postgresql_ops={\"e\": \"vector_l2_ops\"}),)\n    id: int | None = Field(default=None, primary_key=True)\n    e: list[float] = Field(sa_type=Vector)\n";
        project.write("app/team.py", item);
        postgres.psql("app", "create extension if not exists vector").unwrap();
        project.shell("rm migrations/versions/a.py; alembic revision --autogenerate -m x --rev-id bbb2").ends_with(0);
        let broken = project.shell("alembic upgrade head");
        assert!(broken.all().contains("column does not have dimensions"), "{broken}");
        let seen = project.devdoctor(&["check", "--only", id, "--format", "json"]).report();
        seen.assert_places(id, &["app/team.py:7:23"]);
        assert!(seen.0["findings"][0]["related"].to_string().contains("bbb2_x.py"), "{:#}", seen.0);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn vectors_of_impossible_size_are_seen_and_others_are_not() {
    let cases = [
        ("VECTOR(0)", Some("dimensions for type vector must be at least 1")),
        ("VECTOR(1)", None),
        ("VECTOR(16000)", None),
        ("VECTOR(16001)", Some("dimensions for type vector cannot exceed 16000")),
        ("HALFVEC(0)", Some("dimensions for type halfvec must be at least 1")),
        ("HALFVEC(16000)", None),
        ("HALFVEC(16001)", Some("dimensions for type halfvec cannot exceed 16000")),
        ("SPARSEVEC(0)", Some("dimensions for type sparsevec must be at least 1")),
        ("SPARSEVEC(1000000000)", None),
        ("SPARSEVEC(1000000001)", Some("dimensions for type sparsevec cannot exceed 1000000000")),
        ("VECTOR()", None),
    ];
    let id = "sqlmodel-vector-dimensions-impossible";
    for set in SETS {
        let postgres = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
        let project = project(set, &postgres);
        let check = || project.devdoctor(&["check", "--only", id, "--format", "json"]).report();
        for (sort, error) in cases {
            let revision = format!(
                "from alembic import op\nimport sqlalchemy as sa\nimport pgvector.sqlalchemy\n\nrevision = \"aaa1\"\ndown_revision = None\n\n\ndef upgrade():\n    op.execute(\"CREATE EXTENSION IF NOT EXISTS vector\")\n    op.create_table(\"item\", sa.Column(\"e\", pgvector.sqlalchemy.{sort}))\n\n\ndef downgrade():\n    op.drop_table(\"item\")\n"
            );
            project.write("migrations/versions/a.py", revision);
            let ran = project.shell("alembic upgrade head && alembic downgrade base");
            let seen = check();
            match error {
                Some(error) => {
                    assert!(ran.status != 0 && ran.all().contains(error), "{set}: {error} is not in {ran}");
                    seen.assert_places(id, &["migrations/versions/a.py:11:29"]);
                    assert!(seen.0["findings"][0]["message"].as_str().unwrap().ends_with(error), "{:#}", seen.0);
                }
                None => {
                    ran.ends_with(0);
                    assert_eq!(seen.found(), [""; 0], "{sort}");
                }
            }
        }
        // From a model, through autogenerate: one trouble, told at the model.
        let item = "from pgvector.sqlalchemy import Vector\nfrom sqlmodel import Field, SQLModel\n\n\nclass Team(SQLModel, table=True):\n    id: int | None = Field(default=None, primary_key=True)\n    e: list[float] = Field(sa_type=Vector(16001))\n";
        project.write("app/team.py", item);
        postgres.psql("app", "create extension if not exists vector").unwrap();
        project.shell("rm migrations/versions/a.py; alembic revision --autogenerate -m x --rev-id bbb2").ends_with(0);
        let broken = project.shell("alembic upgrade head");
        assert!(broken.all().contains("dimensions for type vector cannot exceed 16000"), "{broken}");
        let seen = check();
        seen.assert_places(id, &["app/team.py:7:5"]);
        assert!(seen.0["findings"][0]["related"].to_string().contains("bbb2_x.py"), "{:#}", seen.0);
    }
}

/// The same troubles in models, whose tables SQLAlchemy makes itself.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn indexes_of_models_that_pgvector_refuses_are_seen() {
    // The column, the index, what the server says, and where the index or the column is.
    let cases = [
        (
            "HALFVEC(3)",
            "postgresql_ops={\"e\": \"vector_cosine_ops\"}",
            "operator class \"vector_cosine_ops\" does not accept data type halfvec",
            "6:23",
        ),
        ("Vector(3)", "", "data type vector has no default operator class for access method \"hnsw\"", "6:23"),
        ("Vector", "postgresql_ops={\"e\": \"vector_l2_ops\"}", "column does not have dimensions", "6:23"),
        (
            "Vector(2001)",
            "postgresql_ops={\"e\": \"vector_l2_ops\"}",
            "column cannot have more than 2000 dimensions for hnsw index",
            "6:23",
        ),
        ("Vector(16001)", "", "dimensions for type vector cannot exceed 16000", "8:5"),
        ("HALFVEC(3)", "postgresql_ops={\"e\": \"halfvec_l2_ops\"}", "", ""),
    ];
    for set in SETS {
        let postgres = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
        let project = project(set, &postgres);
        postgres.psql("app", "create extension if not exists vector").unwrap();
        for (sort, operators, error, place) in cases {
            project.write("app/team.py", format!("from pgvector.sqlalchemy import HALFVEC, Vector\nfrom sqlalchemy import Index\nfrom sqlmodel import Field, SQLModel\n\nclass Team(SQLModel, table=True):\n    __table_args__ = (Index(\"ix\", \"e\", postgresql_using=\"hnsw\", {operators}),)\n    id: int | None = Field(default=None, primary_key=True)\n    e: list[float] = Field(sa_type={sort})\n"));
            let url = format!("postgresql+psycopg://app:secret-word@127.0.0.1:{}/app", postgres.port);
            let make = format!(
                "python -c 'import app.team, sqlmodel; sqlmodel.SQLModel.metadata.create_all(sqlmodel.create_engine(\"{url}\"))'"
            );
            postgres.psql("app", "drop table if exists team").unwrap();
            let said = project.shell(&make).all();
            let report = project.devdoctor(&["check", "--only", "sqlmodel", "--format", "json"]).report();
            assert_eq!(said.contains("Error"), !error.is_empty(), "{set} {sort}: {said}");
            assert!(said.contains(error), "{set} {sort}: {said}");
            let found = report.0["findings"].as_array().unwrap();
            let message = |text: &str| found.iter().any(|one| one["message"].as_str().unwrap().ends_with(text));
            let places: Vec<String> =
                found.iter().map(|one| format!("{}:{}", one["location"]["line"], one["location"]["column"])).collect();
            assert!(
                error.is_empty() == found.is_empty() && (found.is_empty() || message(error)),
                "{sort}: {:#}",
                report.0
            );
            assert!(found.is_empty() || places.iter().any(|it| it == place), "{sort}: {places:?}");
        }
    }
}
