//! Healthy ways to create pgvector's extension that are no plain statement: the real Alembic passes, and nothing is called broken.

use super::support::postgres::Postgres;
use super::{SETS, project};

const IDS: [&str; 2] = ["alembic-vector-before-extension", "postgres-vector-not-created"];
const FILE: &str = "migrations/versions/a.py";

const HELPER: &str = "import sqlalchemy as sa\nfrom alembic import op\n\nSQL = \"CREATE EXTENSION IF NOT EXISTS {}\"\n\n\ndef ensure_vector(name=\"vector\"):\n    op.get_bind().execute(sa.text(SQL.format(name)))\n";

/// Imports, what the upgrade does first, and whether that can be told from the files.
const WAYS: [(&str, &str, bool); 13] = [
    (
        "",
        "for one in (\"vector\", \"plpgsql\"):\n        op.execute(f'CREATE EXTENSION IF NOT EXISTS \"{one}\"')",
        true,
    ),
    ("ALL = [\"vector\"]", "for one in ALL:\n        op.execute(\"CREATE EXTENSION \" + one)", true),
    ("", "op.execute(\"CREATE EXTENSION IF NOT EXISTS {}\".format(\"vector\"))", true),
    ("", "op.execute(\"CREATE EXTENSION IF NOT EXISTS %s\" % \"vector\")", true),
    ("", "op.execute(sa.text(\"CREATE EXTENSION IF NOT EXISTS %(name)s\" % {\"name\": \"vector\"}))", true),
    ("from app.core.migrate import ensure_vector", "ensure_vector()", true),
    ("import app.core.migrate as steps", "steps.ensure_vector(\"vector\")", true),
    ("from migrations.steps import ensure_vector as ensure", "ensure()", true),
    ("from pathlib import Path", "op.execute((Path(__file__).parent.parent / \"setup.sql\").read_text())", true),
    ("import os", "op.execute(open(os.path.join(os.path.dirname(__file__), \"..\", \"setup.sql\")).read())", true),
    ("from company.database import enable_pgvector", "enable_pgvector(op)", false),
    ("import os", "op.execute(f\"CREATE EXTENSION IF NOT EXISTS {os.environ['EXTENSION']}\")", false),
    ("from company.database import SQL", "op.execute(SQL)", false),
];

fn revision(imports: &str, first: &str) -> String {
    format!(
        "from alembic import op\nimport pgvector.sqlalchemy\nimport sqlalchemy as sa\n{imports}\nrevision = \"aaa1\"\ndown_revision = None\n\n\ndef upgrade():\n    {first}\n    op.create_table(\"item\", sa.Column(\"e\", pgvector.sqlalchemy.Vector(3)))\n\n\ndef downgrade():\n    op.drop_table(\"item\")\n"
    )
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_creates_the_extension_in_another_way_is_not_called_missing() {
    let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
    let library = "from app.core.migrate import ensure_vector\nSQL = \"create extension if not exists vector\"\ndef enable_pgvector(op):\n    op.execute(SQL)\n";
    for set in SETS {
        let project = project(set, &server, "superuser").with("EXTENSION", "vector");
        project.write("alembic.ini", project.read("alembic.ini") + "prepend_sys_path = .:../home/library\n");
        project.write("app/core/migrate.py", HELPER);
        project.write("migrations/steps.py", HELPER);
        project.write("migrations/setup.sql", "CREATE EXTENSION IF NOT EXISTS vector;\n");
        project.shell("mkdir -p ../home/library/company").ends_with(0);
        std::fs::write(project.home.join("library/company/database.py"), library).unwrap();
        for (imports, first, is_told) in WAYS {
            server.psql("app", "drop schema public cascade; create schema public").unwrap();
            project.write(FILE, revision(imports, first));
            for id in IDS {
                let report = project.devdoctor(&["check", "--only", id, "--format", "json"]).ends_with(0).report();
                let severities: Vec<_> = report.of(id).iter().map(|one| one["severity"].clone()).collect();
                assert_eq!(severities, if is_told { vec![] } else { vec!["info"] }, "{first}: {:#}", report.0);
            }
            let passed = project.shell("alembic upgrade head && alembic current");
            assert!(passed.status == 0 && passed.out.contains("aaa1 (head)"), "{set}, {first}: {passed}");
            for id in IDS {
                let report = project.devdoctor(&["check", "--only", id, "--format", "json"]).report();
                assert!(report.of(id).iter().all(|one| one["severity"] == "info"), "{first}: {:#}", report.0);
            }
        }
        server.psql("postgres", "drop database app").unwrap();
        server.psql("postgres", "drop role app").unwrap();
    }
}
