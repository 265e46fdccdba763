//! Environments of Alembic that are half there, that do not find the project, or that meet tables of others: the real Alembic's
//! words, what devdoctor sees, the cure, and the way back.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

mod support;

use std::os::unix::fs::PermissionsExt;

use devdoctor::text::Version;
use support::alembic::{TEMPLATE, cured, env_py};
use support::person::Person;
use support::postgres::Postgres;
use support::project::Project;
use support::sets::{self, SETS};
use support::tree::Compared;
use support::variable;

const INI: &str = "[alembic]\nscript_location = migrations\nprepend_sys_path = .\nsqlalchemy.url = sqlite:///app.db\n";

const IMPORT: &str = "\nimport app.models  # noqa: F401\n";

fn project(set: &str) -> Project {
    let path = format!("{}/bin:/usr/local/bin:/usr/bin:/bin", variable(set));
    let project = Project::empty(Person::User).with("PATH", &path).with("PYTHONDONTWRITEBYTECODE", "1");
    project.write("alembic.ini", INI);
    project.write("migrations/env.py", env_py(IMPORT));
    project.write("migrations/script.py.mako", TEMPLATE);
    project.write("migrations/versions/.gitkeep", "");
    project.write("app/__init__.py", "");
    project.write(
        "app/models.py",
        "from sqlmodel import Field, SQLModel\n\n\nclass Hero(SQLModel, table=True):\n    id: int | None = Field(default=None, primary_key=True)\n",
    );
    project
}

fn places(project: &Project, id: &str) -> Vec<String> {
    project.devdoctor(&["check", "--only", id, "--format", "json"]).report().places(id)
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_location_that_leads_nowhere_is_set_right() {
    let id = "alembic-environment-incomplete";
    for set in SETS {
        let project = project(set);
        let here = "; by `alembic init`\r\n[alembic]\r\nscript_location = %(here)s/alembic\r\nprepend_sys_path = .\r\nsqlalchemy.url = sqlite:///app.db\r\n";
        project.write("alembic.ini", here);
        cured(&project, id, "alembic.ini", &["alembic.ini:3:19"], &["/alembic.  Please use the 'init' command"]);
        project.write("alembic.ini", INI.replace("script_location = migrations\n", ""));
        cured(
            &project,
            id,
            "alembic.ini",
            &["alembic.ini:1:2"],
            &["FAILED: No 'script_location' key found in configuration."],
        );
        // What is there, and is not seen by git or by nobody, is not missing.
        project.write("alembic.ini", INI);
        project.write(".gitignore", "migrations/\n");
        project.shell("git init -q").ends_with(0);
        assert_eq!(places(&project, id), [""; 0]);
        let folder = project.root.join("migrations");
        std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o000)).unwrap();
        assert_eq!(places(&project, id), [""; 0]);
        std::fs::set_permissions(&folder, PermissionsExt::from_mode(0o755)).unwrap();
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_clone_without_the_folder_of_revisions_gets_it() {
    let id = "alembic-environment-incomplete";
    for set in SETS {
        let project = project(set);
        project.write("requirements.txt", format!("alembic=={}\n", sets::version(set, "alembic")));
        project
            .shell("rm migrations/versions/.gitkeep && git init -q && git add --all && git commit -qm shop")
            .ends_with(0);
        project
            .shell("git clone -q . ../home/clone && rm -r migrations && cp -r ../home/clone/migrations .")
            .ends_with(0);
        let revision = project.shell("alembic revision -m next");
        if sets::has(set, "alembic", Version::new(1, 18, 0)) {
            assert!(revision.ends_with(0).all().contains("Creating directory"));
            project.shell("rm -r migrations/versions").ends_with(0);
            assert_eq!(places(&project, id), [""; 0]);
            continue;
        }
        let said = "FileNotFoundError: [Errno 2] No such file or directory: '";
        assert!(revision.status != 0 && revision.all().contains(said), "{revision}");
        assert_eq!(places(&project, id), ["alembic.ini:2:19"]);
        let before = project.tree();
        project.devdoctor(&["fix", "--yes", "--only", id]).ends_with(0);
        assert_eq!(places(&project, id), [""; 0]);
        project.shell("alembic revision -m next && rm migrations/versions/*.py").ends_with(0);
        project.devdoctor(&["undo"]).ends_with(0);
        project.tree().assert_same(&before, Compared::Content);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn revisions_in_a_folder_that_nothing_names_are_told() {
    let id = "alembic-environment-incomplete";
    let toml = "[tool.alembic]\nscript_location = \"%(here)s/migrations\"\nprepend_sys_path = [\".\"]\n";
    let url = "[alembic]\nsqlalchemy.url = sqlite:///app.db\n";
    let ways = [
        (vec![("alembic.ini", INI)], "migrations/revisions", "alembic.ini:2:19"),
        (vec![("alembic.ini", INI)], "steps", "alembic.ini:2:19"),
        (vec![("alembic.ini", url), ("pyproject.toml", toml)], "migrations/revisions", "pyproject.toml:2:20"),
    ];
    for set in SETS {
        for (files, folder, place) in &ways {
            let project = project(set);
            for (path, text) in files {
                project.write(path, text);
            }
            let to_the_others = format!("rm -r migrations/versions && mkdir {folder} && mv made.py {folder}/");
            let revision = "from alembic import op\nimport sqlalchemy as sa\n\nrevision: str = \"aaa1\"\ndown_revision: str | None = None\n\n\ndef upgrade():\n    op.create_table(\"hero\", sa.Column(\"id\", sa.Integer(), primary_key=True))\n\n\ndef downgrade():\n    op.drop_table(\"hero\")\n";
            project.write("made.py", revision);
            project.shell(&to_the_others).ends_with(0);
            // Alembic says nothing of it, and makes nothing.
            let said = project.shell("alembic upgrade head && alembic heads").ends_with(0);
            assert!(!said.all().contains("aaa1"), "{set}: {said}");
            project
                .shell("rm -rf migrations/versions app.db && ! alembic check && rm -rf migrations/versions app.db")
                .ends_with(0);
            let (before, report) = (project.tree(), project.devdoctor(&["check", "--only", id, "--format", "json"]));
            let report = report.ends_with(1).report();
            report.assert_places(id, &[place]);
            assert!(report.0.to_string().contains(folder), "{:#}", report.0);
            // Which of both folders is meant is for a person to say.
            project.devdoctor(&["fix", "--yes", "--only", id]).ends_with(1);
            before.assert_same(&project.tree(), Compared::Content);
            project.devdoctor(&["fix", "--yes", "--unsafe", "--only", id]).ends_with(0);
            let said = project.shell("alembic upgrade head && alembic current && alembic check").ends_with(0);
            assert!(said.all().contains("aaa1 (head)"), "{set}: {said}");
            project.shell("rm app.db").ends_with(0);
            project.devdoctor(&["undo"]).ends_with(0);
            before.assert_same(&project.tree(), Compared::Content);
        }
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn the_command_is_led_to_the_project() {
    let (id, error) = ("alembic-project-not-importable", "ModuleNotFoundError: No module named 'app'");
    for set in SETS {
        let project = project(set);
        let place = "migrations/env.py:5:8";
        project
            .write("alembic.ini", INI.replace("prepend_sys_path = .", "# prepend_sys_path = .").replace('\n', "\r\n"));
        cured(&project, id, "alembic.ini", &[place], &[error]);
        // Where Python begins with the folder, or is led there, nothing is wrong.
        project.shell("python -m alembic current && PYTHONPATH=. alembic current").ends_with(0);
        project.write("Makefile", "migrate:\n\tPYTHONPATH=. alembic upgrade head\n");
        assert_eq!(places(&project, id), [""; 0]);
        project.write("Makefile", "migrate:\n\tpython -m alembic upgrade head\n");
        project.devdoctor(&["check", "--only", id]).ends_with(0);
        project.shell("make migrate && rm Makefile").ends_with(0);
        let project = project.with("PYTHONPATH", ".");
        project.shell("alembic current").ends_with(0);
        assert_eq!(places(&project, id), [""; 0]);
        let project = project.with("PYTHONPATH", "");
        project.shell("mkdir src && mv app src/ && rm alembic.ini").ends_with(0);
        let env = env_py(IMPORT).replace("config = context.config\n", "");
        let env = env.replace(
            "engine_from_config(config.get_section(config.config_ini_section), prefix=\"sqlalchemy.\", poolclass=pool.NullPool)",
            "create_engine(\"sqlite:///app.db\")",
        );
        project.write("migrations/env.py", env.replace("engine_from_config, pool", "create_engine"));
        let toml = "[project]\nname = \"shop\"\nversion = \"0\"\n\n[tool.alembic]\nscript_location = \"migrations\" # here\nfile_template = \"%%(rev)s\"\n";
        project.write("pyproject.toml", toml);
        cured(&project, id, "pyproject.toml", &[place], &[error]);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn tables_that_an_extension_owns_are_not_dropped() {
    let id = "alembic-revision-drops-extension-table";
    for set in SETS {
        let (project, postgres) = (project(set), Postgres::start("DEVDOCTOR_TEST_PG_BIN_18"));
        postgres.add("app", "secret-word", "superuser", "app");
        let url = format!("postgresql+psycopg://app:secret-word@127.0.0.1:{}/app", postgres.port);
        project.replace("alembic.ini", "sqlite:///app.db", &url);
        // The real server with an extension that owns tables as PostGIS does; PostGIS itself would be hundreds of megabytes.
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("extension");
        std::fs::create_dir(&inside).unwrap();
        std::fs::write(inside.join("postgis.control"), "default_version = '1'\nrelocatable = true\n").unwrap();
        let script = "create table spatial_ref_sys (srid int primary key); create table geo_job (id int primary key);";
        std::fs::write(inside.join("postgis--1.sql"), script).unwrap();
        std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let create =
            format!("set extension_control_path = '{}:$system'; create extension postgis", folder.path().display());
        postgres.psql("app", &create).unwrap();
        project.shell("alembic revision --autogenerate -m first --rev-id aaa1").ends_with(0);
        let file = "migrations/versions/aaa1_first.py";
        let written = project.read(file);
        assert!(written.contains("op.drop_table('spatial_ref_sys')") && written.contains("op.drop_table('geo_job')"));
        let broken = project.shell("alembic upgrade head");
        let said = ["geo_job", "spatial_ref_sys"]
            .map(|table| format!("cannot drop table {table} because extension postgis requires it"));
        assert!(broken.status != 0 && said.iter().any(|said| broken.all().contains(said.as_str())), "{broken}");
        let report = project.devdoctor(&["check", "--only", id, "--format", "json"]).report();
        assert_eq!(report.places(id).len(), 2, "{:#}", report.0);
        assert!(
            report.0.to_string().contains("pg_depend") && !report.0.to_string().contains("secret-word"),
            "{:#}",
            report.0
        );
        // Without the database the names say it.
        let offline = project.devdoctor(&["check", "--offline", "--only", id, "--format", "json"]).report();
        let place = |table: &str| {
            let line = written.lines().position(|line| line.contains(&format!("op.drop_table('{table}')"))).unwrap();
            format!("{file}:{}:5", line + 1)
        };
        assert_eq!(offline.places(id), [place("spatial_ref_sys")], "{:#}", offline.0);
        // What the finding says to do.
        let help = report.of(id)[0]["help"].to_string().replace("\\\"", "\"");
        let handed = "include_object=lambda o, n, t, r, c: not (t == \"table\" and r and c is None)";
        assert!(help.contains(handed), "{help}");
        project.replace("migrations/env.py", "SQLModel.metadata)", &format!("SQLModel.metadata, {handed})"));
        let again = "rm migrations/versions/*.py && alembic revision --autogenerate -m first --rev-id aaa1";
        project.shell(again).ends_with(0);
        let written = project.read(file);
        assert!(written.contains("op.create_table('hero'") && !written.contains("op.drop_table('spatial"), "{written}");
        project.shell("alembic upgrade head && alembic check").ends_with(0);
        let report = project.devdoctor(&["check", "--only", "alembic", "--format", "json"]).report();
        assert_eq!(report.found(), [""; 0], "{:#}", report.0);
    }
}
