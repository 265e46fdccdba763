//! A database at a revision whose file is on another branch: the real Alembic's words, the real git's ways of keeping a branch,
//! and the printed commands, which lead back.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

#[path = "branches_real/heads.rs"]
mod heads;
mod support;

use serde_json::Value;
use support::alembic::ENV_PY;
use support::person::Person;
use support::postgres::Postgres;
use support::project::Project;
use support::sets::SETS;
use support::variable;

const ID: &str = "alembic-revision-unknown-to-files";
const LOST: &str = "migrations/versions/1a2b_price.py";
const PLACE: &str = "migrations/versions:1:1";

fn revision(id: &str, parent: &str) -> String {
    let (make, drop) = (format!("op.execute(\"create table t{id} ()\")"), format!("op.execute(\"drop table t{id}\")"));
    support::alembic::revision(id, parent, "", &make, &drop)
}

/// A repository whose branch `feature/price` has a revision that its database has run, with `main` checked out.
fn repository(server: &Postgres, set: &str) -> Project {
    let path = format!("{}/bin:/usr/local/bin:/usr/bin:/bin", variable(set));
    let project = Project::empty(Person::User).with("PATH", &path);
    server.add("app", "secret-word", "superuser", "app");
    let url = format!("postgresql+psycopg://app:secret-word@127.0.0.1:{}/app", server.port);
    project.write("alembic.ini", format!("[alembic]\nscript_location = migrations\nsqlalchemy.url = {url}\n"));
    project.write("migrations/env.py", ENV_PY);
    project.write("migrations/script.py.mako", "");
    project.write(".gitignore", "__pycache__\n");
    project.write("migrations/versions/0001_shop.py", revision("0001", "None"));
    project.shell("git init -q && git add --all && git commit -qm shop && git switch -qc feature/price").ends_with(0);
    project.write(LOST, revision("1a2b", "\"0001\""));
    let made = "git add --all && git commit -qm price && alembic upgrade head && git switch -q main";
    project.shell(made).ends_with(0);
    let broken = project.shell("alembic upgrade head").ends_with(255);
    assert!(broken.all().contains("FAILED: Can't locate revision identified by '1a2b'"), "{broken}");
    project
}

/// The one finding.
#[track_caller]
fn finding(project: &Project) -> Value {
    let report = project.devdoctor(&["check", "--only", ID, "--format", "json"]).ends_with(1).report();
    report.assert_places(ID, &[PLACE]);
    report.of(ID)[0].clone()
}

/// What follows the colon of the help that starts like this.
#[track_caller]
fn command(finding: &Value, start: &str) -> String {
    let helps = finding["help"].as_array().unwrap();
    let help = helps.iter().map(|help| help.as_str().unwrap()).find(|help| help.starts_with(start));
    help.unwrap_or_else(|| panic!("no {start:?} in {helps:#?}")).split_once(": ").unwrap().1.to_owned()
}

/// What git was seen to have.
fn seen(finding: &Value) -> String {
    let evidence = finding["evidence"].as_array().unwrap();
    let of_git = evidence.iter().filter(|one| one["source"] == "git");
    of_git.map(|one| format!("{} {}", one["subject"].as_str().unwrap(), one["value"].as_str().unwrap())).collect()
}

fn is_healthy(project: &Project) {
    project.devdoctor(&["check", "--only", ID]).ends_with(0);
    project.shell("alembic upgrade head").ends_with(0);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_local_branch_is_named_and_the_commands_lead_there_and_back() {
    for set in SETS {
        let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
        let project = repository(&server, set);
        project.shell("git gc -q && test ! -e .git/refs/heads/main").ends_with(0);
        let before = project.tree();
        let found = finding(&project);
        project.tree().assert_same(&before, support::tree::Compared::Everything);
        assert_eq!(found["message"], "database `app` is at revision `1a2b`, whose file is on branch `feature/price`");
        assert_eq!(seen(&found), format!("feature/price {LOST}"));
        // The facts carry it.
        project.shell("mkdir ../home/facts").ends_with(0);
        project.devdoctor(&["facts", "--output", "../home/facts/facts.json"]).ends_with(0);
        let told =
            project.devdoctor(&["check", "--facts", "../home/facts/facts.json", "--only", ID, "--format", "json"]);
        assert_eq!(told.report().of(ID)[0], &found);
        project.shell(&command(&found, "go on where it is")).ends_with(0);
        is_healthy(&project);
        project.shell(&command(&found, "or take the database back there")).ends_with(0);
        project.shell("git switch -q main").ends_with(0);
        is_healthy(&project);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_branch_of_another_work_tree_is_named_with_its_place() {
    for set in SETS {
        let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
        let project = repository(&server, set);
        project.shell("git worktree add -q '../home/the other' feature/price").ends_with(0);
        let found = finding(&project);
        let there = command(&found, "go on where this branch is checked out");
        let back = command(&found, "or take the database back there");
        project.shell(&format!("{there} && alembic current && {back}")).ends_with(0);
        is_healthy(&project);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_branch_that_only_the_remote_has_is_named() {
    for set in SETS {
        let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
        let project = repository(&server, set);
        let made = "git init -q --bare ../home/remote && git remote add origin \"$PWD/../home/remote\" && git push -q --all origin && \
                git branch -qD feature/price && git gc -q";
        project.shell(made).ends_with(0);
        let found = finding(&project);
        assert_eq!(seen(&found), format!("origin/feature/price {LOST}"));
        let way = command(&found, "go on where it is");
        project.shell(&format!("{way} && git symbolic-ref --short HEAD | grep -qx feature/price")).ends_with(0);
        is_healthy(&project);
        // A local branch of the same name that has not got it yet.
        project.shell("git switch -q main && git branch -qf feature/price main").ends_with(0);
        project.shell(&command(&finding(&project), "go on where it is")).ends_with(0);
        is_healthy(&project);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_file_that_was_only_deleted_here_is_brought_back() {
    for set in SETS {
        let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
        let project = repository(&server, set);
        for deleting in ["rm", "git rm -q"] {
            project.shell(&format!("git switch -q feature/price && {deleting} {LOST}")).ends_with(0);
            let found = finding(&project);
            let message = found["message"].as_str().unwrap();
            assert!(message.ends_with("whose file is in the last commit, but no longer in the folder"), "{message}");
            project.shell(&command(&found, "bring it back")).ends_with(0);
            is_healthy(&project);
        }
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_file_that_was_changed_here_is_not_put_back_over_the_change() {
    for set in SETS {
        let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
        let project = repository(&server, set);
        project.shell("git switch -q feature/price").ends_with(0);
        project.write(LOST, revision("3c4d", "\"0001\""));
        let found = finding(&project);
        let message = found["message"].as_str().unwrap();
        assert!(message.ends_with("whose file is in the last commit, and was changed since"), "{message}");
        let shown = project.shell(&command(&found, "look what was changed")).ends_with(0);
        assert!(
            shown.out.contains("-revision = \"1a2b\"") && !found.to_string().contains("git restore"),
            "{shown} {found}"
        );
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_revision_that_git_ignores_is_a_revision() {
    for set in SETS {
        let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
        let project = repository(&server, set);
        project.shell("git switch -q feature/price").ends_with(0);
        project.write(".gitignore", "__pycache__\nmigrations/versions/\n");
        is_healthy(&project);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_branch_that_is_gone_is_looked_for_in_the_log() {
    for set in SETS {
        let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
        let project = repository(&server, set);
        project.shell("git branch -qD feature/price").ends_with(0);
        let found = finding(&project);
        assert_eq!(
            found["message"],
            "database `app` is at revision `1a2b`, which no file of `migrations/versions` has"
        );
        assert_eq!(seen(&found), "branches there is no other one");
        let log = project.shell(&command(&found, "look for it in what git still has")).ends_with(0);
        assert!(log.out.contains(LOST), "{log}");
        // A clone without history has nothing to look at, and a folder without a repository is asked nothing.
        project
            .shell("git clone -q --depth 1 \"file://$PWD\" ../home/shallow && rm -rf .git && mv ../home/shallow/.git .")
            .ends_with(0);
        assert_eq!(seen(&finding(&project)), "branches the one other lacks it");
        project.shell("rm -rf .git").ends_with(0);
        assert_eq!(seen(&finding(&project)), "");
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_repository_that_git_refuses_is_told_so() {
    for set in SETS {
        let server = Postgres::start("DEVDOCTOR_TEST_PG_BIN");
        let project = repository(&server, set);
        std::os::unix::fs::chown(&project.root, Some(4242), None).unwrap();
        let seen = seen(&finding(&project));
        assert!(seen.starts_with("branches git refuses: detected dubious ownership in repository at"), "{seen}");
    }
}
