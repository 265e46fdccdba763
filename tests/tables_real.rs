//! Tables that revisions, models and databases disagree about, with the real Alembic, SQLModel, drivers and Postgres.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

mod support;
#[path = "tables_real/vectors.rs"]
mod vectors;

use devdoctor::text::Version;
use support::alembic::{TEMPLATE, env_py};
use support::person::Person;
use support::postgres::Postgres;
use support::project::Project;
use support::sets::{self, SETS};
use support::variable;

fn model(name: &str) -> String {
    format!(
        "from sqlmodel import Field, SQLModel\n\n\nclass {name}(SQLModel, table=True):\n    id: int | None = Field(default=None, primary_key=True)\n"
    )
}

/// A project with two tables, and a database of its own.
fn project(set: &str, postgres: &Postgres) -> Project {
    postgres.add("app", "secret-word", "superuser", "app");
    let path = format!("{}/bin:/usr/local/bin:/usr/bin:/bin", variable(set));
    // Python takes a compiled file for fresh when size and second are the same, as those of two cases may be.
    let project = Project::empty(Person::User).with("PATH", &path).with("PYTHONDONTWRITEBYTECODE", "1");
    let url = format!("postgresql+psycopg://app:secret-word@127.0.0.1:{}/app", postgres.port);
    project.write(
        "alembic.ini",
        format!("[alembic]\nscript_location = migrations\nprepend_sys_path = .\nsqlalchemy.url = {url}\n"),
    );
    let imports = "\nimport app.hero  # noqa: F401\nimport app.team  # noqa: F401\n";
    project.write("migrations/env.py", env_py(imports));
    project.write(
        "migrations/script.py.mako",
        TEMPLATE.replace("import sqlmodel\n", "import sqlmodel\nimport pgvector.sqlalchemy\n"),
    );
    project.write("migrations/versions/.gitkeep", "");
    project.write("app/__init__.py", "");
    project.write("app/hero.py", model("Hero"));
    project.write("app/team.py", model("Team"));
    project
}

fn found(project: &Project) -> Vec<String> {
    project.devdoctor(&["check", "--only", "alembic,sqlmodel", "--format", "json"]).report().found()
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn tables_that_autogenerate_would_drop_are_told_before_and_after() {
    for set in SETS {
        let postgres = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
        let project = project(set, &postgres);
        project.shell("alembic revision --autogenerate -m first --rev-id aaa1 && alembic upgrade head").ends_with(0);
        assert_eq!(found(&project), [""; 0], "{set}");
        project.replace("migrations/env.py", "import app.team  # noqa: F401\n", "");
        let check = project.devdoctor(&["check", "--only", "alembic-models-not-imported"]);
        let told = "does not import `Team`: autogenerate will drop `team` of database `app`";
        assert!(check.all().contains(told), "{check}");
        project.shell("alembic revision --autogenerate -m second --rev-id bbb2").ends_with(0);
        assert!(project.read("migrations/versions/bbb2_second.py").contains("op.drop_table('team')"));
        let report = project.devdoctor(&["check", "--only", "alembic", "--format", "json"]).report();
        let id = "alembic-revision-drops-living-table";
        report.assert_places(id, &["migrations/versions/bbb2_second.py:12:5"]);
        let findings = report.0["findings"].as_array().unwrap().clone();
        let of = |id: &str| findings.iter().find(|finding| finding["id"] == id).unwrap().clone();
        assert_eq!(of(id)["follows_from"], of("alembic-models-not-imported")["fingerprint"], "{:#}", report.0);
        project.shell("alembic upgrade head").ends_with(0);
        assert_eq!(postgres.psql("app", "select to_regclass('team') is null").unwrap(), "t");
        // Where the next revision makes the table again, nothing is lost any more.
        project.devdoctor(&["fix", "--yes", "--only", "alembic-models-not-imported"]).ends_with(0);
        project.shell("alembic revision --autogenerate -m third --rev-id ccc3 && alembic upgrade head").ends_with(0);
        assert_eq!(found(&project), [""; 0], "{set}");
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn tables_that_create_all_made_are_told_from_those_of_revisions() {
    for set in SETS {
        let postgres = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
        let project = project(set, &postgres);
        let url = format!("postgresql+psycopg://app:secret-word@127.0.0.1:{}/app", postgres.port);
        let main = "from sqlmodel import SQLModel, create_engine\nfrom . import hero, team\nSQLModel.metadata.create_all(create_engine(URL))\n";
        project.write("app/main.py", main.replace("URL", &format!("{url:?}")));
        project.shell("alembic revision --autogenerate -m first --rev-id aaa1").ends_with(0);
        project.shell("PYTHONPATH=. python -m app.main").ends_with(0);
        let broken = project.shell("alembic upgrade head");
        assert!(broken.all().contains("(psycopg.errors.DuplicateTable) relation \"hero\" already exists"), "{broken}");
        let id = "alembic-tables-without-revision";
        let report = || project.devdoctor(&["check", "--only", "alembic", "--format", "json"]).report();
        report().assert_places(id, &["migrations/versions/aaa1_first.py:12:5"]);
        let text = report().0.to_string();
        assert!(text.contains("app/main.py") && !text.contains("secret-word"), "{text}");
        // Without a revision autogenerate finds nothing to write.
        project.shell("rm migrations/versions/aaa1_first.py").ends_with(0);
        project.shell("alembic revision --autogenerate -m empty --rev-id bbb2").ends_with(0);
        assert!(!project.read("migrations/versions/bbb2_empty.py").contains("create_table"));
        let report = report();
        report.assert_places(id, &["app/hero.py:4:7"]);
        report.assert_places("alembic-revision-empty", &["migrations/versions/bbb2_empty.py:12:5"]);
        assert!(report.0.to_string().contains("no revision makes a table for `Hero` and `Team`"), "{:#}", report.0);
        postgres.psql("app", "drop table hero, team; drop table alembic_version").unwrap();
        project.shell("rm migrations/versions/*.py").ends_with(0);
        project.shell("alembic revision --autogenerate -m good --rev-id ccc3 && alembic upgrade head").ends_with(0);
        assert_eq!(found(&project), [""; 0], "{set}");
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn an_empty_revision_says_what_made_it_empty() {
    for set in SETS {
        let postgres = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
        let project = project(set, &postgres);
        let help = || {
            let report = project.devdoctor(&["check", "--only", "alembic-revision-empty", "--format", "json"]).report();
            report.findings().iter().map(|finding| finding["help"].to_string()).collect::<Vec<_>>()
        };
        project.shell("alembic revision -m hand --rev-id aaa1").ends_with(0);
        assert!(matches!(help().as_slice(), [one] if one.contains("`--autogenerate`")), "{set}: {:?}", help());
        // What is said, done: the same command with that option.
        project.shell("rm migrations/versions/aaa1_hand.py").ends_with(0);
        project.write("app/hero.py", "");
        project.write("app/team.py", "");
        project.shell("alembic revision --autogenerate -m made --rev-id aaa1").ends_with(0);
        project.write("app/hero.py", model("Hero"));
        project.write("app/team.py", model("Team"));
        assert!(matches!(help().as_slice(), [one] if one.contains("imports every module")), "{set}: {:?}", help());
        project.shell("rm migrations/versions/aaa1_made.py").ends_with(0);
        project.shell("alembic revision --autogenerate -m made --rev-id aaa1 && alembic upgrade head").ends_with(0);
        assert_eq!(found(&project), [""; 0], "{set}");
        // A later one for a table that is new.
        project.write(
            "app/team.py",
            format!("{}\n\n{}", model("Team"), model("Band").replace("from sqlmodel import Field, SQLModel\n\n\n", "")),
        );
        project.shell("alembic revision -m hand --rev-id bbb2").ends_with(0);
        assert!(matches!(help().as_slice(), [one] if one.contains("`--autogenerate`")), "{set}: {:?}", help());
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_url_without_a_driver_means_another_one_for_each_version() {
    let id = "alembic-driver-mismatch";
    for set in SETS {
        let version = sets::version(set, "sqlalchemy");
        let is_new = sets::has(set, "sqlalchemy", Version::new(2, 1, 0));
        let postgres = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
        let project = project(set, &postgres);
        project.replace("alembic.ini", "postgresql+psycopg", "postgresql");
        let lock = |drivers: &[&str]| -> String {
            let package =
                |(name, version): (&str, &str)| format!("[[package]]\nname = \"{name}\"\nversion = \"{version}\"\n\n");
            drivers.iter().map(|name| package((name, "3.2.9"))).chain([package(("sqlalchemy", &version))]).collect()
        };
        let (own, other) = if is_new { ("psycopg", "psycopg2-binary") } else { ("psycopg2-binary", "psycopg") };
        project.write("uv.lock", lock(&[own]));
        project.shell("alembic upgrade head").ends_with(0);
        assert_eq!(project.devdoctor(&["check", "--only", id, "--format", "json"]).report().found(), [""; 0]);
        // The packages of this set without the driver that is meant.
        let packages = tempfile::tempdir().unwrap();
        let module = own.trim_end_matches("-binary");
        sets::packages_without(set, &format!("{module}|{module}[_-]*"), packages.path());
        let python = sets::bare_python(set);
        let alembic = |project: &Project| {
            let mut command = std::process::Command::new(&python);
            command.args(["-m", "alembic", "upgrade", "head"]).current_dir(&project.root);
            let output =
                command.env("PYTHONPATH", packages.path()).env("PYTHONDONTWRITEBYTECODE", "1").output().unwrap();
            (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
        };
        let (ran, said) = alembic(&project);
        assert!(!ran && said.contains(&format!("No module named '{module}'")), "{said}");
        project.write("uv.lock", lock(&[other]));
        let report = project.devdoctor(&["check", "--only", id, "--format", "json"]).report();
        report.assert_places(id, &["alembic.ini:4:18"]);
        let told = format!("`{module}` for SQLAlchemy {version}, and `uv.lock` has no such package");
        assert!(report.0.to_string().contains(&told), "{:#}", report.0);
        if own == "psycopg2-binary" {
            let before = project.read("alembic.ini");
            project.devdoctor(&["fix", "--yes", "--unsafe", "--only", id]).ends_with(0);
            let (ran, said) = alembic(&project);
            assert!(ran, "{said}");
            project.devdoctor(&["undo"]).ends_with(0);
            assert_eq!(project.read("alembic.ini"), before);
        }
        // In an asyncio engine psycopg2 is of the wrong kind, and psycopg is not.
        project.write("uv.lock", lock(&[own, "greenlet"]));
        let engine = "import asyncio\nfrom alembic import context\nfrom sqlalchemy.ext.asyncio import async_engine_from_config\n\nconfig = context.config\n\n\ndef run(connection):\n    context.configure(connection=connection)\n    with context.begin_transaction():\n        context.run_migrations()\n\n\nasync def main():\n    connectable = async_engine_from_config(config.get_section(config.config_ini_section), prefix=\"sqlalchemy.\")\n    async with connectable.connect() as connection:\n        await connection.run_sync(run)\n\n\nasyncio.run(main())\n";
        project.write("migrations/env.py", engine);
        let ran = project.shell("alembic upgrade head");
        let places = project.devdoctor(&["check", "--only", id, "--format", "json"]).report().places(id);
        if own == "psycopg" {
            ran.ends_with(0);
            assert_eq!(places, [""; 0]);
        } else {
            assert!(ran.all().contains("The loaded 'psycopg2' is not async"), "{ran}");
            assert_eq!(places, ["alembic.ini:4:18"]);
        }
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_script_that_kept_the_path_it_was_made_at_is_seen() {
    for set in SETS {
        let project = Project::empty(Person::Tester);
        let venv = variable(set);
        project.write("pyproject.toml", "[project]\nname = \"shop\"\nversion = \"0\"\nrequires-python = \">=3.11\"\n");
        project.write("uv.lock", "version = 1\n");
        let make = format!(
            "mkdir old && {venv}/bin/uv venv --offline --quiet --python {venv}/bin/python old/.venv && ls -d {venv}/lib/python3*/site-packages > \"$(ls -d old/.venv/lib/python3*/site-packages)/real.pth\" && printf '#!%s/old/.venv/bin/python\\nimport sys\\nfrom alembic.config import main\\nsys.exit(main(prog=\"alembic\"))\\n' \"$PWD\" > old/.venv/bin/alembic && chmod +x old/.venv/bin/alembic && old/.venv/bin/alembic --version && mv old/.venv .venv && rmdir old"
        );
        project.shell(&make).ends_with(0);
        let id = "alembic-script-interpreter-gone";
        for (line, error) in [
            ("bash -c .venv/bin/alembic", "No such file or directory|required file not found"),
            (&format!("{venv}/bin/uv run --offline --no-sync alembic --version"), "ailed to spawn"),
        ] {
            let broken = project.shell(line);
            assert!(broken.status != 0 && error.split('|').any(|error| broken.all().contains(error)), "{broken}");
        }
        project.shell(".venv/bin/python -m alembic --version").ends_with(0);
        let report = project.devdoctor(&["check", "--only", "alembic,cache", "--format", "json"]).report();
        assert_eq!(report.places(id), [".venv/bin/alembic:1:1"], "{:#}", report.0);
        assert!(!report.found().contains(&"cache-venv-interpreter-gone".to_owned()), "{:#}", report.0);
        project
            .shell("sed -i \"1s|.*|#!$PWD/.venv/bin/python|\" .venv/bin/alembic && .venv/bin/alembic --version")
            .ends_with(0);
        let report = project.devdoctor(&["check", "--only", "alembic", "--format", "json"]).report();
        assert_eq!(report.places(id), [""; 0], "{:#}", report.0);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_model_that_forgot_to_be_a_table_becomes_one() {
    for set in SETS {
        let postgres = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
        let project = project(set, &postgres);
        let text = model("Team").replace(", table=True", "");
        project.write("app/team.py", &text);
        // Until something uses it as a table it may be meant as a schema.
        let id = "sqlmodel-table-keyword-missing";
        project.devdoctor(&["check", "--only", id, "--format", "json"]).report().assert_places(id, &[]);
        project.write(
            "app/teams.py",
            "from app.team import Team\n\n\ndef one(session):\n    return session.get(Team, 1)\n",
        );
        let write = "alembic revision --autogenerate -m x --rev-id aaa1 && cat migrations/versions/*.py";
        let written = project.shell(write).ends_with(0).all();
        assert!(!written.contains("create_table('team'"), "{written}");
        let report = project.devdoctor(&["check", "--only", id, "--format", "json"]).report();
        report.assert_places(id, &["app/team.py:4:7"]);
        project.devdoctor(&["fix", "--yes", "--unsafe", "--only", id]).ends_with(0);
        let written = project.shell(&format!("rm migrations/versions/*.py; {write}")).ends_with(0).all();
        assert!(written.contains("create_table('team'"), "{written}");
        project.devdoctor(&["undo"]).ends_with(0);
        assert_eq!(project.read("app/team.py"), text);
    }
}
