//! The checks of models against the real SQLModel, Alembic and Ruff, the newest and those of the middle of 2025.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, makes files, and fails by panicking"
)]

#[path = "models_real/annotations.rs"]
mod annotations;
#[path = "models_real/beside.rs"]
mod beside;
#[path = "models_real/hooks.rs"]
mod hooks;
#[path = "models_real/neighbours.rs"]
mod neighbours;
#[path = "models_real/nested.rs"]
mod nested;
#[allow(dead_code, reason = "other tests of Python files use the rest of it")]
#[path = "models_real/oracle.rs"]
mod oracle;
#[path = "models_real/projects.rs"]
mod projects;
#[path = "models_real/rows.rs"]
mod rows;
#[path = "models_real/ruff.rs"]
mod ruff;
#[path = "models_real/shared.rs"]
mod shared;
#[path = "models_real/taken.rs"]
mod taken;
#[path = "models_real/times.rs"]
mod times;

mod support;

use annotations::ANNOTATIONS;
use devdoctor::text::Version;
use neighbours::NEIGHBOURS;
use oracle::{facts, found, grades, place, python, repaired};
use projects::{BROKEN, HEALTHY};
use rows::{HEAD, HEAD_LINES, ROWS, Row, whole};
use support::person::Person;
use support::project::Project;
use support::sets::{SETS, has, version};
use support::tree::Compared;

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn sqlmodel_refuses_what_is_found_and_takes_what_is_repaired() {
    hold(ROWS);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn sqlmodel_refuses_what_lies_beside_that_too() {
    hold(NEIGHBOURS);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn sqlmodel_makes_no_column_of_the_annotations_that_are_found() {
    hold(ANNOTATIONS);
}

/// What other checks of models than the row's find, unless it is only worth knowing.
fn others(facts: &devdoctor::facts::Facts, row: &Row) -> Vec<String> {
    let of_models =
        devdoctor::checks::all().filter(|check| check.id().starts_with("sqlmodel-") && check.id() != row.check);
    let found = of_models.flat_map(|check| (check.run)(facts).unwrap());
    found.filter(|finding| !finding.only_info).map(|finding| finding.message).collect()
}

fn hold(rows: &[Row]) {
    let mut wrong: Vec<String> = vec![];
    for set in SETS {
        let before: Vec<String> = rows.iter().map(|row| whole(row.module)).collect();
        let answers = python(set, &before);
        let mut after: Vec<String> = vec![];
        for (row, (module, (error, _))) in rows.iter().zip(before.iter().zip(&answers)) {
            let name = format!("{set} {}\n{}", row.check, row.module);
            if row.error.is_empty() != error.is_empty() || !error.contains(row.error) {
                wrong.push(format!("{name}the tool says {error:?}"));
            }
            let facts = facts(&[("models.py".into(), module.clone())]);
            let findings = found(&facts, row.check);
            let places: Vec<String> = findings.iter().map(|finding| place(&facts, finding)).collect();
            let wanted: Vec<String> = row
                .places
                .iter()
                .map(|place| {
                    let (line, column) = place.split_once(':').unwrap();
                    format!("{}:{column}", line.parse::<usize>().unwrap() + HEAD_LINES)
                })
                .collect();
            if places != wanted {
                wrong.push(format!("{name}found at {places:?}, not at {wanted:?}"));
            }
            let others = others(&facts, row);
            if !others.is_empty() {
                wrong.push(format!("{name}others find {others:?}"));
            }
            let (text, fixes) = repaired(&facts, &findings, "models.py");
            let grades = grades(&findings);
            if grades != row.grades() {
                wrong.push(format!("{name}fixes are {grades:?}, not {:?}", row.grades()));
            }
            after.push(if fixes > 0 { text } else { String::new() });
        }
        for ((row, text), (error, _)) in rows.iter().zip(&after).zip(python(set, &after)) {
            if !error.is_empty() {
                wrong.push(format!("{set} {}\nafter the fix: {error}\n{text}", row.check));
            }
            if !text.is_empty() {
                let facts = facts(&[("models.py".into(), text.clone())]);
                let left = found(&facts, row.check).len();
                if left > 0 {
                    wrong.push(format!("{} still finds {left} in\n{text}", row.check));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n----\n"));
}

/// What two tables share cannot be made; what each of them would be alone can, and is what it is after the fix.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn columns_that_are_no_longer_shared_are_the_same_in_the_database() {
    let patterns: Vec<String> = shared::patterns().iter().map(|pattern| format!("{HEAD}{pattern}")).collect();
    let mut wrong: Vec<String> = vec![];
    let mut count = [0; 3];
    for set in SETS {
        let alone: Vec<String> = patterns.iter().flat_map(|text| shared::each_alone(text)).collect();
        let mut alone = python(set, &alone).into_iter();
        let mut repair = |text: &String| {
            let facts = facts(&[("models.py".into(), text.clone())]);
            let findings = found(&facts, "sqlmodel-column-shared");
            let grades = grades(&findings);
            count.iter_mut().zip(grades).for_each(|(count, more)| *count += more);
            repaired(&facts, &findings, "models.py")
        };
        let repairs: Vec<(String, usize)> = patterns.iter().map(&mut repair).collect();
        let after: Vec<String> = repairs.iter().map(|(text, _)| text.clone()).collect();
        for ((before, (after, fixes)), (error, tables)) in patterns.iter().zip(&repairs).zip(python(set, &after)) {
            let mut wanted: Vec<String> = vec![];
            for (error, table) in alone.by_ref().take(2) {
                assert_eq!(error, "", "{set}: alone it must be a table\n{before}");
                wanted.extend(table.split('\u{1e}').map(str::to_owned));
            }
            if *fixes == 0 {
                continue;
            }
            wanted.sort();
            wanted.dedup();
            let got: Vec<String> = tables.split('\u{1e}').map(str::to_owned).collect();
            if !error.is_empty() || got != wanted {
                wrong.push(format!("{set}\n{before}\n{after}\n{error}\n{wanted:#?}\n{got:#?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n----\n"));
    assert_eq!(count, [288, 0, 48], "safe, not safe, none");
}

/// Whether Ruff leaves a file as it is.
fn ruff_keeps(set: &str, files: &[(String, String)]) -> bool {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let output = std::process::Command::new(oracle::program(set, "ruff"))
        .args(["check", "--fix", "--no-cache", "--quiet", "--exit-zero", "."])
        .current_dir(folder.path())
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let after = std::fs::read_to_string(folder.path().join("alembic/env.py")).unwrap();
    // Other rules tidy up too; what counts is whether each name is still imported.
    ["Hero", "app.models", "app import models", "Team"]
        .iter()
        .all(|name| after.matches(name).count() >= files[0].1.matches(name).count())
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn ruff_removes_what_is_found_and_leaves_what_is_repaired() {
    let mut wrong: Vec<String> = vec![];
    for set in SETS {
        let version = version(set, "ruff");
        for form in ruff::FORMS {
            let mut files: Vec<(String, String)> = vec![("alembic/env.py".into(), form.env.into())];
            let models = "from sqlmodel import SQLModel\nclass Hero(SQLModel, table=True):\n    id: int\nclass Team(SQLModel, table=True):\n    id: int\n";
            let given = [
                ("ruff.toml", form.settings),
                ("requirements.txt", &format!("ruff=={version}\n")),
                ("alembic.ini", "[alembic]\nscript_location = alembic\n"),
                ("app/__init__.py", ""),
                ("app/models.py", models),
                ("app/other.py", ""),
            ];
            files.extend(given.iter().chain(form.others).map(|(path, text)| ((*path).into(), (*text).into())));
            let seen = facts(&files);
            let findings = found(&seen, "alembic-model-import-unprotected");
            let keeps = ruff_keeps(set, &files);
            let name = format!("{set}: {:?} {:?}", form.env, form.settings);
            if keeps != findings.is_empty() {
                wrong.push(format!("{name}: Ruff keeps it: {keeps}, findings: {}", findings.len()));
            }
            if let Some(finding) = findings.first() {
                let (text, fixes) = repaired(&seen, std::slice::from_ref(finding), "alembic/env.py");
                files[0].1.clone_from(&text);
                let left = found(&facts(&files), "alembic-model-import-unprotected").len();
                if fixes != 1 || !ruff_keeps(set, &files) || left != 0 {
                    wrong.push(format!("{name} is not cured by {text:?}: {fixes} fixes, {left} left"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_is_broken_is_seen_and_cured_and_brought_back() {
    for set in SETS {
        for broken in BROKEN {
            let name = format!("{set} {}", broken.check);
            let project = Project::empty(Person::Tester);
            for (path, text) in HEALTHY.iter().filter(|(path, _)| broken.files.iter().all(|(other, _)| other != path)) {
                project.write(path, text);
            }
            for (path, text) in broken.files.iter().filter(|(path, text)| *path != "app/models.py" || !text.is_empty())
            {
                project.write(path, text);
            }
            let bin = oracle::program(set, "");
            let tidy = "rm -rf app.db migrations/versions/*.py; find . -name __pycache__ -prune -exec rm -rf {} +";
            let line = format!("export PYTHONDONTWRITEBYTECODE=1 BIN={}; {}", bin.display(), broken.shown_by);
            let shown = || {
                let answer = project.shell(&line).all();
                project.shell(tidy).ends_with(0);
                answer
            };
            let said = shown();
            assert!(said.contains(broken.says) && !said.contains(broken.then), "{name}: {said}");
            let before = project.tree();
            let report = project.devdoctor(&["check", "--offline", "--format", "json"]).report();
            assert_eq!(report.found(), [broken.check], "{name}: {:#}", report.0);
            report.assert_places(broken.check, broken.places);
            let fix = project.devdoctor(&["fix", "--yes", "--offline"]);
            assert_eq!(fix.status, 0, "{name}: {:#}", report.0);
            let left = project.devdoctor(&["check", "--offline", "--format", "json"]).report().found();
            assert_eq!(left, [""; 0], "{name}");
            let said = shown();
            assert!(said.contains(broken.then) && !said.contains(broken.says), "{name} after the fix: {said}");
            project.devdoctor(&["undo"]).ends_with(0);
            before.assert_same(&project.tree(), Compared::Content);
        }
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_healthy_project_is_silent_and_makes_its_tables() {
    for set in SETS {
        let project = Project::empty(Person::Tester);
        HEALTHY.iter().for_each(|(path, text)| project.write(path, text));
        let report = project.devdoctor(&["check", "--offline", "--format", "json"]).report();
        assert_eq!(report.found(), [""; 0], "{set}");
        let line = "alembic revision --autogenerate -m a && alembic upgrade head && alembic check";
        let bin = oracle::program(set, "");
        let answer = project.shell(&format!("export PATH={}:$PATH; {line}", bin.display())).ends_with(0).all();
        assert!(answer.contains("No new upgrade operations detected"), "{answer}");
    }
}

/// A `datetime` of SQLModel 0.0.45 and newer is stored with its zone, and refuses one without when the row is written.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn times_without_a_zone_are_seen_where_sqlmodel_refuses_them() {
    let id = "sqlmodel-datetime-naive";
    let models = "from datetime import datetime\n\nfrom sqlmodel import Field, SQLModel\n\n\nclass Hero(SQLModel, table=True):\n    id: int | None = Field(default=None, primary_key=True)\n    power: int = 0\n    made: datetime = Field(default_factory=datetime.utcnow)\n    seen: datetime = Field(default_factory=lambda: datetime.utcnow())\n    changed: datetime | None = Field(\n        default=None, sa_column_kwargs={\"onupdate\": datetime.utcnow, \"comment\": \"c\"}\n    )\n";
    let write = "$BIN/python -W ignore - <<'END'\nfrom app.models import Hero\nfrom sqlmodel import Session, SQLModel, create_engine\nengine = create_engine('sqlite://')\nSQLModel.metadata.create_all(engine)\nwith Session(engine) as session:\n    hero = Hero()\n    session.add(hero)\n    session.commit()\n    hero.power = 1\n    session.commit()\n    print('written', hero.changed is not None)\nEND\n";
    let refused = "Datetime values must have timezone information. Use datetime.now(timezone.utc), or annotate the field with NaiveDatetime for naive storage.";
    for set in SETS {
        let version = version(set, "sqlmodel");
        let project = Project::empty(Person::Tester);
        HEALTHY.iter().for_each(|(path, text)| project.write(path, text));
        project.write("app/models.py", models);
        let line = format!("export PYTHONDONTWRITEBYTECODE=1 BIN={}; {write}", oracle::program(set, "").display());
        let check = || project.devdoctor(&["check", "--offline", "--format", "json"]).report();
        // Nothing says which version it is: worth knowing.
        let report = check();
        assert_eq!(report.found(), [id], "{set}: {:#}", report.0);
        assert_eq!(report.0["findings"][0]["severity"], "info", "{set}: {:#}", report.0);
        project.write("uv.lock", format!("[[package]]\nname = \"sqlmodel\"\nversion = \"{version}\"\n"));
        let said = project.shell(&line).all();
        let report = check();
        if !has(set, "sqlmodel", Version::new(0, 0, 45)) {
            assert!(said.contains("written True"), "{said}");
            assert_eq!(report.found(), [""; 0], "{set}: {:#}", report.0);
            continue;
        }
        assert!(said.contains(refused), "{said}");
        report.assert_places(id, &["app/models.py:10:52", "app/models.py:12:53", "app/models.py:9:44"]);
        assert_eq!(report.0["findings"][0]["severity"], "error", "{set}: {:#}", report.0);
        let before = project.tree();
        project.devdoctor(&["fix", "--yes", "--offline"]).ends_with(0);
        assert_eq!(check().found(), [""; 0], "{}", project.read("app/models.py"));
        let said = project.shell(&line).ends_with(0).all();
        assert!(said.contains("written True"), "{said}");
        project.devdoctor(&["undo"]).ends_with(0);
        before.assert_same(&project.tree(), Compared::Content);
    }
}

/// Every default that makes a time without a zone, and every one that does not, written into a database.
#[test]
#[ignore = "needs the real parts: run tests/run"]
fn times_that_sqlmodel_refuses_are_those_that_are_seen() {
    let head = "import datetime as dtm\nfrom datetime import date, timezone\nfrom pydantic import AwareDatetime, NaiveDatetime\nfrom sqlmodel import Session, create_engine\n";
    let run = "engine = create_engine(\"sqlite://\")\nSQLModel.metadata.create_all(engine)\nwith Session(engine) as session:\n    a = A()\n    session.add(a)\n    session.commit()\n    a.n = 2\n    session.commit()\n";
    let judged = |module: &str, version: &str| {
        let files = [
            ("models.py", module.to_owned()),
            ("uv.lock", format!("[[package]]\nname = \"sqlmodel\"\nversion = \"{version}\"\n")),
            ("alembic.ini", "[alembic]\nscript_location = migrations\n".to_owned()),
            ("migrations/env.py", "import models\n".to_owned()),
        ];
        let facts = facts(&files.map(|(path, text)| (path.to_owned(), text)));
        let findings = found(&facts, "sqlmodel-datetime-naive");
        let after = if findings.is_empty() { String::new() } else { repaired(&facts, &findings, "models.py").0 };
        (findings.len(), after)
    };
    let written = |modules: &[String]| {
        let modules: Vec<String> = modules.iter().map(|module| format!("{module}{run}")).collect();
        python(SETS[0], &modules).into_iter().map(|(error, _)| error).collect::<Vec<_>>()
    };
    let fields = times::FIELDS.iter().map(|(field, _)| field);
    let table = "class A(SQLModel, table=True):\n    id: Optional[int] = ID\n    n: int = 0\n    at: ";
    let modules: Vec<String> = fields.map(|field| whole(&format!("{head}{table}{field}\n"))).collect();
    let [new, old] = SETS.map(|set| version(set, "sqlmodel"));
    let (mut wrong, mut mended) = (vec![], vec![]);
    for (((field, cured), module), error) in times::FIELDS.iter().zip(&modules).zip(written(&modules)) {
        let (findings, after) = judged(module, &new);
        let refused = error.contains("Datetime values must have timezone information");
        if (findings > 0) != refused || !refused && !error.is_empty() || *cured == after.is_empty() {
            wrong.push(format!("{field}: {findings} findings, {error:?}, after the fix {after:?}"));
        }
        if judged(module, &old).0 > 0 {
            wrong.push(format!("{field}: is found with an old SQLModel"));
        }
        mended.extend(Some(after).filter(|_| *cured));
    }
    for (after, error) in mended.iter().zip(written(&mended)) {
        let left = judged(after, &new).0;
        if !error.is_empty() || left > 0 {
            wrong.push(format!("after the fix {left} are left, and {error:?}\n{after}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n----\n"));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn sqlmodel_asks_no_function_for_a_column() {
    let head = "from sqlmodel import Field, SQLModel\nfrom sqlalchemy import Column, String\n";
    let body = "def made():\n    return Column(String(9))\nnamed = lambda: Column(String(9))\nlambda_column = Column(String(9))\n\
                class Hero(SQLModel, table=True):\n    id: int = Field(primary_key=True)\n    a: str = Field(sa_column=made)\n    \
                b: str = Field(sa_column=named)\n    c: str = Field(sa_column=lambda: Column(String(9)))\n    \
                d: str = Field(sa_column=lambda_column)\n";
    let shown = "lengths = [column.name for column in Hero.__table__.columns if getattr(column.type, 'length', None) == 9]\n\
                 assert lengths == ['d'], lengths\n";
    let module = format!("{head}{body}");
    for set in SETS {
        let answers = python(set, &[format!("{module}{shown}")]);
        assert_eq!(answers[0].0, "", "{set}: {answers:?}");
    }
    let facts = facts(&[("models.py".to_owned(), module)]);
    let lines: Vec<String> =
        found(&facts, "sqlmodel-column-ignored").iter().map(|finding| place(&facts, finding)).collect();
    assert_eq!(lines, ["9:30", "10:30", "11:30"]);
}
