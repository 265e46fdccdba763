//! Revisions and settings that break the real Alembic: its words, what devdoctor sees, the cure, and the way back.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

#[path = "revisions_real/graphs.rs"]
mod graphs;
mod support;

use support::alembic::cured;
use support::person::Person;
use support::postgres::Postgres;
use support::project::Project;
use support::sets::{self, SETS};
use support::variable;

const ENV_PY: &str = "from alembic import context\nfrom sqlalchemy import engine_from_config, pool\n\nconfig = context.config\n\nif context.is_offline_mode():\n    context.configure(url=config.get_main_option(\"sqlalchemy.url\"), literal_binds=True)\n    with context.begin_transaction():\n        context.run_migrations()\nelse:\n    connectable = engine_from_config(config.get_section(config.config_ini_section), prefix=\"sqlalchemy.\", poolclass=pool.NullPool)\n    with connectable.connect() as connection:\n        context.configure(connection=connection)\n        with context.begin_transaction():\n            context.run_migrations()\n";

/// A project with Alembic of one of the sets, and a database of SQLite.
fn project(set: &str) -> Project {
    let path = format!("{}/bin:/usr/local/bin:/usr/bin:/bin", variable(set));
    let project = Project::empty(Person::User).with("PATH", &path);
    project.write("alembic.ini", "[alembic]\nscript_location = migrations\nsqlalchemy.url = sqlite:///app.db\n");
    project.write("migrations/env.py", ENV_PY);
    project.write("migrations/versions/.gitkeep", "");
    project
}

/// The project's database in a server of the test.
fn on_postgres(project: &Project, postgres: &Postgres) {
    postgres.add("app", "secret-word", "superuser", "app");
    let url = format!("postgresql+psycopg://app:secret-word@127.0.0.1:{}/app", postgres.port);
    project.write("alembic.ini", format!("[alembic]\nscript_location = migrations\nsqlalchemy.url = {url}\n"));
}

fn revision(id: &str, parent: &str, upgrade: &str) -> String {
    format!(
        "\"\"\"{id}\"\"\"\r\nfrom alembic import op\r\nimport sqlalchemy as sa  # always\r\n\r\nrevision = \"{id}\"\r\ndown_revision = {parent}\r\n\r\n\r\ndef upgrade() -> None:\r\n    # ### by hand ###\r\n    {upgrade}\r\n\r\n\r\ndef downgrade() -> None:\r\n    pass\r\n"
    )
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn names_that_a_revision_lacks_are_imported() {
    for set in SETS {
        let project = project(set);
        let upgrade =
            "op.create_table(\"user\", sa.Column(\"name\", sqlmodel.sql.sqltypes.AutoString(), nullable=False))";
        project.write("migrations/versions/a.py", revision("aaa1", "None", upgrade));
        let places = ["migrations/versions/a.py:11:47"];
        let error = ["NameError: name 'sqlmodel' is not defined"];
        cured(&project, "alembic-revision-name-unbound", "migrations/versions/a.py", &places, &error);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn types_of_pgvector_are_imported_and_their_extension_is_created_first() {
    for set in SETS {
        let (project, postgres) = (project(set), Postgres::start("DEVDOCTOR_TEST_PG_BIN"));
        on_postgres(&project, &postgres);
        let upgrade = "op.create_table(\"item\", sa.Column(\"e\", pgvector.sqlalchemy.vector.VECTOR(dim=3)))";
        let file = "migrations/versions/a.py";
        project.write(file, revision("aaa1", "None", upgrade));
        let broken = project.shell("alembic upgrade head");
        assert!(broken.all().contains("NameError: name 'pgvector' is not defined"), "{broken}");
        project.replace(file, "import sqlalchemy as sa", "import pgvector\r\nimport sqlalchemy as sa");
        let broken = project.shell("alembic upgrade head");
        assert!(broken.all().contains("AttributeError: module 'pgvector' has no attribute 'sqlalchemy'"), "{broken}");
        let unbound = "alembic-revision-name-unbound";
        let report = project.devdoctor(&["check", "--only", unbound, "--format", "json"]).report();
        report.assert_places(unbound, &["migrations/versions/a.py:3:1"]);
        project.devdoctor(&["fix", "--yes", "--only", unbound]).ends_with(0);
        let error = "type \"vector\" does not exist";
        cured(&project, "alembic-vector-before-extension", file, &["migrations/versions/a.py:13:44"], &[error]);
        assert_eq!(postgres.psql("app", "select version_num from alembic_version").unwrap(), "aaa1");
        // Where a database has run the revision it is no longer changed unasked.
        let before = project.read(file);
        project.devdoctor(&["fix", "--yes", "--only", "alembic-vector-before-extension"]);
        assert_eq!(project.read(file), before);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn hooks_of_every_wrong_form_become_arrays() {
    let head = "[project]\nname = \"shop\"\n\n# Formats what autogenerate writes.\n[tool.alembic.post_write_hooks]\n";
    let nested = "TypeError: unsupported operand type(s) for %: 'dict' and 'dict'";
    let cases = [
        (
            "hooks = \"ruff\"\nruff.type = \"exec\" # so\nruff.executable = \"ruff\"\nruff.options = \"format REVISION_SCRIPT_FILENAME\"\n",
            nested,
        ),
        (
            "[tool.alembic.post_write_hooks.ruff]\ntype = \"exec\"\nexecutable = \"ruff\"\noptions = \"format REVISION_SCRIPT_FILENAME\"\n",
            nested,
        ),
        (
            "hooks = [\"ruff\"]\n\"ruff.type\" = \"exec\"\n\"ruff.executable\" = \"ruff\"\n\"ruff.options\" = \"format REVISION_SCRIPT_FILENAME\"\n",
            "TypeError: unsupported operand type(s) for %: 'list' and 'dict'",
        ),
        (
            "hooks = \"ruff\"\n\"ruff.type\" = \"exec\"\n\"ruff.executable\" = \"ruff\"\n\"ruff.options\" = \"format REVISION_SCRIPT_FILENAME\"\n",
            "ValueError: dictionary update sequence element #0 has length 1; 2 is required",
        ),
        (
            "name = \"ruff\"\ntype = \"exec\"\nexecutable = \"ruff\"\noptions = \"format REVISION_SCRIPT_FILENAME\"\n",
            "ValueError: dictionary update sequence element #0 has length 1; 2 is required",
        ),
    ];
    for set in SETS {
        for (hooks, error) in cases {
            let project = project(set);
            project.write("migrations/versions/a.py", revision("aaa1", "None", "pass"));
            project.write(
                "migrations/script.py.mako",
                "revision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\ndef upgrade():\n  pass\n",
            );
            project.write("pyproject.toml", format!("{head}{hooks}"));
            cured(&project, "alembic-post-write-hooks-nested", "pyproject.toml", &["pyproject.toml:5:1"], &[error]);
            project.devdoctor(&["fix", "--yes", "--only", "alembic-post-write-hooks-nested"]).ends_with(0);
            // The hook runs: ruff puts two blank lines before a function.
            project.shell("alembic revision -m next --rev-id bbb2").ends_with(0);
            assert!(project.read("migrations/versions/bbb2_next.py").contains("\n\n\ndef upgrade"), "{hooks}");
        }
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn percent_signs_of_both_files_are_doubled() {
    for set in SETS {
        let project = project(set);
        project.write("migrations/versions/a.py", revision("aaa1", "None", "pass"));
        project.replace("alembic.ini", "sqlalchemy.url", "file_template = %(rev)s_%(slug)s\nsqlalchemy.url");
        let error = "configparser.InterpolationMissingOptionError";
        cured(&project, "url-percent-in-alembic-ini", "alembic.ini", &["alembic.ini:3:17"], &[error]);
        let broken = "[alembic]\nscript_location = migrations\nsqlalchemy.url = sqlite:///app.db\n";
        project.write("alembic.ini", broken);
        project.write("pyproject.toml", "[tool.alembic]\nfile_template = \"%%(year)d_%(rev)s\"\n");
        let error = "KeyError: 'rev'";
        cured(&project, "alembic-post-write-hooks-nested", "pyproject.toml", &["pyproject.toml:2:28"], &[error]);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_percent_sign_in_the_names_of_files_stays_one() {
    for set in SETS {
        let project = project(set);
        project.replace("alembic.ini", "sqlalchemy.url", "file_template = 5%_%(rev)s_%%(slug)s\nsqlalchemy.url");
        project.write("migrations/versions/README", "");
        project.write("migrations/script.py.mako", "revision = ${repr(up_revision)}\ndown_revision = None\n");
        let make = "alembic revision -m good --rev-id aaa1";
        let broken = project.shell(make);
        assert!(broken.all().contains("configparser.InterpolationSyntaxError"), "{broken}");
        project.devdoctor(&["fix", "--yes", "--only", "url-percent-in-alembic-ini"]).ends_with(0);
        project.shell(make).ends_with(0);
        assert!(project.read("migrations/versions/5%_aaa1_good.py").contains("aaa1"));
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn parts_of_the_names_of_files_that_are_numbers_stay_parts() {
    let named = "%(year)d_%(month).2d_%(day).2d_%(hour).2d%(minute).2d-%(rev)s_%(slug)s";
    let toml = format!("[tool.alembic]\nfile_template = \"{named}\"\n");
    let ini = |project: &Project| {
        project.replace("alembic.ini", "sqlalchemy.url", &format!("file_template = {named}\nsqlalchemy.url"))
    };
    for set in SETS {
        for (id, in_ini) in [("url-percent-in-alembic-ini", true), ("alembic-post-write-hooks-nested", false)] {
            let project = project(set);
            if in_ini {
                ini(&project);
            } else {
                project.write("pyproject.toml", &toml);
            }
            project.write("migrations/versions/README", "");
            project.write("migrations/script.py.mako", "revision = ${repr(up_revision)}\ndown_revision = None\n");
            let make = "alembic revision -m good --rev-id aaa1";
            assert!(!project.shell(make).all().contains("Generating"), "{set}: {id}");
            project.devdoctor(&["fix", "--yes", "--only", id]).ends_with(0);
            project.shell(make).ends_with(0);
            let made = project.shell("ls migrations/versions/*good.py").ends_with(0);
            let name = made.all();
            assert!(!name.contains('%') && name.contains("-aaa1_good.py"), "{set}: {id}: {name}");
        }
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn the_template_writes_revisions_that_run() {
    for set in SETS {
        let project = project(set).with("PYTHONPATH", ".");
        project.write("app/__init__.py", "");
        project.write("app/models.py", "from sqlmodel import Field, SQLModel\n\n\nclass Hero(SQLModel, table=True):\n    id: int | None = Field(default=None, primary_key=True)\n    name: str\n");
        let env = ENV_PY.replace("connection=connection", "connection=connection, target_metadata=SQLModel.metadata");
        project.write("migrations/env.py", format!("from sqlmodel import SQLModel\nimport app.models\n{env}"));
        let template = "\"\"\"${message}\"\"\"\nfrom alembic import op\nimport sqlalchemy as sa\n${imports if imports else \"\"}\n\nrevision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n\n\ndef upgrade() -> None:\n    ${upgrades if upgrades else \"pass\"}\n\n\ndef downgrade() -> None:\n    ${downgrades if downgrades else \"pass\"}\n";
        project.write("migrations/script.py.mako", template);
        project.shell("alembic revision --autogenerate -m broken --rev-id aaa1").ends_with(0);
        let broken = project.shell("alembic upgrade head");
        assert!(broken.all().contains("NameError: name 'sqlmodel' is not defined"), "{broken}");
        let report = project.devdoctor(&["check", "--only", "alembic", "--format", "json"]).report();
        report.assert_places("alembic-template-import-missing", &["migrations/script.py.mako:3:1"]);
        project.devdoctor(&["fix", "--yes", "--only", "alembic-template-import-missing"]).ends_with(0);
        project
            .shell("rm migrations/versions/aaa1_broken.py && alembic revision --autogenerate -m good --rev-id aaa2")
            .ends_with(0);
        project.shell("alembic upgrade head && alembic check").ends_with(0);
        project.devdoctor(&["undo"]).ends_with(0);
        assert_eq!(project.read("migrations/script.py.mako"), template);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn async_drivers_in_an_ordinary_engine_are_seen() {
    for set in SETS {
        let (project, postgres) = (project(set), Postgres::start("DEVDOCTOR_TEST_PG_BIN"));
        on_postgres(&project, &postgres);
        project.write("migrations/versions/a.py", revision("aaa1", "None", "pass"));
        project.replace("alembic.ini", "+psycopg", "+asyncpg");
        let broken = project.shell("alembic upgrade head");
        let function = if set.ends_with("2025") { "await_only" } else { "await_" };
        let error = format!("MissingGreenlet: greenlet_spawn has not been called; can't call {function}() here");
        assert!(broken.all().contains(&error), "{broken}");
        let id = "alembic-driver-mismatch";
        let report = project.devdoctor(&["check", "--only", id, "--format", "json"]).report();
        report.assert_places(id, &["alembic.ini:3:18"]);
        project.devdoctor(&["fix", "--yes", "--unsafe", "--only", id]).ends_with(0);
        project.shell("alembic upgrade head").ends_with(0);
        project.devdoctor(&["undo"]).ends_with(0);
        assert!(project.read("alembic.ini").contains("+asyncpg"));
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn an_asyncio_engine_without_greenlet_is_seen() {
    for (set, error) in SETS.into_iter().zip([
        "ImportError: The SQLAlchemy asyncio module requires that the Python 'greenlet' library is installed.",
        "ValueError: the greenlet library is required to use this function.",
    ]) {
        let project = project(set);
        let env_py = "import asyncio\nfrom alembic import context\nfrom sqlalchemy.ext.asyncio import create_async_engine\n\n\nasync def main():\n    async with create_async_engine(\"postgresql+asyncpg://app@127.0.0.1:1/app\").connect():\n        pass\n\n\nasyncio.run(main())\n";
        project.write("migrations/env.py", env_py);
        let lock = |name: &str| format!("[[package]]\nname = \"{name}\"\nversion = \"2.0.41\"\n\n");
        project.write("uv.lock", lock("asyncpg") + &lock("sqlalchemy"));
        let packages = project.root.join("../packages");
        std::fs::create_dir(&packages).unwrap();
        sets::packages_without(set, "greenlet*", &packages);
        let python = sets::bare_python(set);
        let current = format!(
            "PYTHONDONTWRITEBYTECODE=1 PYTHONPATH={} {} -m alembic current",
            packages.display(),
            python.display()
        );
        let broken = project.shell(&current);
        assert!(broken.all().contains(error), "{broken}");
        let id = "alembic-driver-mismatch";
        let report = project.devdoctor(&["check", "--only", id, "--format", "json"]).report();
        report.assert_places(id, &["migrations/env.py:7:16"]);
        let named = project.devdoctor(&["why", "--offline", "--format", "json", &broken.all()]);
        assert!(named.out.contains(id), "{named}");
        // With it, and with it in the lock file, all that is left is a server that is not there.
        let whole = project.shell("alembic current");
        assert!(whole.all().contains("Connect call failed ('127.0.0.1', 1)"), "{whole}");
        project.write("uv.lock", lock("asyncpg") + &lock("greenlet") + &lock("sqlalchemy"));
        project.devdoctor(&["check", "--only", id]).ends_with(0);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_alembic_says_without_a_url_or_a_hook_names_the_problem() {
    for set in SETS {
        let project = project(set);
        project.write("migrations/script.py.mako", "revision = ${repr(up_revision)}\ndown_revision = None\n");
        let named = |said: &str| {
            let answer = project.devdoctor(&["why", "--offline", "--format", "json", said]);
            let answer: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
            answer["named"][0]["id"].as_str().unwrap_or("nothing").to_owned()
        };
        let hook = "[post_write_hooks]\nhooks = x\nx.type = module\nx.module = nowhere\n";
        let settings = "[alembic]\nscript_location = migrations\n";
        project.write("alembic.ini", format!("{settings}sqlalchemy.url = sqlite:///app.db\n{hook}"));
        let said = project.shell("alembic revision -m x").all();
        let expected = if set.ends_with("2025") {
            "FAILED: No formatter with name 'module'"
        } else {
            "FAILED: Could not find module"
        };
        assert!(said.contains(expected), "{said}");
        assert_eq!(named(&said), "alembic-post-write-hook-impossible", "{said}");
        project.write("alembic.ini", settings);
        let said = project.shell("rm -f migrations/versions/*.py; alembic current").all();
        assert!(said.contains("KeyError: 'url'"), "{said}");
        assert_eq!(named(&said), "url-placeholder", "{said}");
    }
}
