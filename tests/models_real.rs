//! The checks of models against the real SQLModel, Alembic and Ruff, the newest and those of the middle of 2025.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, makes files, and fails by panicking"
)]

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

mod support;

use oracle::{SETS, facts, found, place, python, repaired};
use projects::{BROKEN, HEALTHY};
use rows::{HEAD, HEAD_LINES, ROWS};
use support::person::Person;
use support::project::Project;
use support::tree::Compared;

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn sqlmodel_refuses_what_is_found_and_takes_what_is_repaired() {
    let mut wrong: Vec<String> = vec![];
    for set in SETS {
        let before: Vec<String> = ROWS.iter().map(|row| format!("{HEAD}{}", row.module)).collect();
        let answers = python(set, &before);
        let mut after: Vec<String> = vec![];
        for (row, (module, (error, _))) in ROWS.iter().zip(before.iter().zip(&answers)) {
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
            let (text, fixes) = repaired(&facts, &findings, "models.py");
            if (fixes > 0) != row.cured {
                wrong.push(format!("{name}{fixes} fixes"));
            }
            after.push(if fixes > 0 { text } else { String::new() });
        }
        for ((row, text), (error, _)) in ROWS.iter().zip(&after).zip(python(set, &after)) {
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
    let (mut safe, mut withheld) = (0, 0);
    for set in SETS {
        let alone: Vec<String> = patterns.iter().flat_map(|text| shared::each_alone(text)).collect();
        let mut alone = python(set, &alone).into_iter();
        let repairs: Vec<(String, usize)> = patterns
            .iter()
            .map(|text| {
                let facts = facts(&[("models.py".into(), text.clone())]);
                repaired(&facts, &found(&facts, "sqlmodel-column-shared"), "models.py")
            })
            .collect();
        let after: Vec<String> = repairs.iter().map(|(text, _)| text.clone()).collect();
        for ((before, (after, fixes)), (error, tables)) in patterns.iter().zip(&repairs).zip(python(set, &after)) {
            let mut wanted: Vec<String> = vec![];
            for (error, table) in alone.by_ref().take(2) {
                assert_eq!(error, "", "{set}: alone it must be a table\n{before}");
                wanted.extend(table.split('\u{1e}').map(str::to_owned));
            }
            if *fixes == 0 {
                withheld += 1;
                continue;
            }
            safe += 1;
            wanted.sort();
            wanted.dedup();
            let got: Vec<String> = tables.split('\u{1e}').map(str::to_owned).collect();
            if !error.is_empty() || got != wanted {
                wrong.push(format!("{set}\n{before}\n{after}\n{error}\n{wanted:#?}\n{got:#?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {safe}\n{}", wrong.len(), wrong.join("\n----\n"));
    assert!(safe > 4 * withheld, "{safe} repaired, {withheld} withheld");
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
    for (set, version) in SETS.iter().zip(["0.17.6", "0.11.13"]) {
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
