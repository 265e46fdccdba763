//! Three whole projects with a database and containers: healthy they are left in peace; broken in every way at once, all of it
//! is seen, the safe fixes together make the real Alembic and Ruff pass, and undo brings every byte back.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

#[path = "whole/projects.rs"]
mod projects;
mod support;

use projects::{ASYNCIO, ASYNCIO_AGAIN, MONOREPO, MONOREPO_AGAIN, SRC_LAYOUT, SRC_LAYOUT_AGAIN, Whole};
use support::answer::{Answer, Report};
use support::person::Person;
use support::project::Project;
use support::sets::SETS;
use support::tree::{Compared, Tree};
use support::{fixtures, variable};

/// The project of a fixture, belonging to the person, its database at a free port.
fn healthy(whole: &Whole) -> Project {
    let project = Project::from_fixture(&format!("whole/{}", whole.name), Person::User)
        .with_images("DEVDOCTOR_TEST_IMAGE_POSTGRES")
        .with("API_IMAGE", &variable("DEVDOCTOR_TEST_IMAGE_BUSYBOX"))
        .with("PYTHONDONTWRITEBYTECODE", "1")
        .with("RUFF_NO_CACHE", "true");
    at_its_port(&project);
    project
}

fn at_its_port(project: &Project) {
    project.write(".env", project.read(".env").replace("5432", project.variable("DB_PORT").unwrap()));
}

/// The same project after what the patch beside the fixture says.
fn break_it(project: &Project, whole: &Whole) {
    let port = project.variable("DB_PORT").unwrap();
    // The patch is about the fixture as it is.
    project.write(".env", project.read(".env").replace(port, "5432"));
    let patch = fixtures().join(format!("whole/{}.patch", whole.patch));
    project
        .shell(&format!("git apply --whitespace=nowarn - <<'END'\n{}END", std::fs::read_to_string(patch).unwrap()))
        .ends_with(0);
    at_its_port(project);
}

impl Whole {
    /// A command as the person runs it on the host, with the variables of `.env`, where Alembic's settings are.
    fn run(&self, project: &Project, set: &str, line: &str) -> Answer {
        let bin = format!("{}/bin", variable(set));
        project.shell(&format!("set -a; . ./.env; set +a; PATH={bin}:$PATH; cd {}; {line}", self.python))
    }

    /// The whole schema goes, so that the next migration begins from nothing.
    fn empty_the_database(&self, project: &Project) {
        let sql = "DROP SCHEMA public CASCADE; CREATE SCHEMA public";
        let line = format!("docker compose exec -T db psql -q -U {0} -d {0} -c \"{sql}\"", self.database);
        project.shell(&line).ends_with(0);
    }

    /// What the fixes leave to a person is no false alarm: the tools end at it.
    #[track_caller]
    fn assert_the_tools_still_end(&self, project: &Project, set: &str) {
        for (line, says) in self.still_says {
            self.empty_the_database(project);
            project.shell("rm -rf ~/copy && cp -a . ~/copy").ends_with(0);
            let said = self.run(project, set, &format!("cd ~/copy/{} && {line}", self.python));
            assert!(said.status != 0 && said.all().contains(says), "{set}: {said}");
        }
    }

    /// Alembic makes all tables, and finds nothing that the models have besides; so too after Ruff, in a copy.
    #[track_caller]
    fn assert_the_tools_pass(&self, project: &Project, set: &str) {
        let lines = [
            self.by_hand,
            "alembic upgrade head && alembic check",
            "ruff check --fix --quiet . && ruff format --quiet . && ruff check . && alembic check",
            "alembic revision --autogenerate -m next && alembic upgrade head && alembic check",
        ];
        self.empty_the_database(project);
        project.shell("rm -rf ~/copy && cp -a . ~/copy").ends_with(0);
        for line in lines.iter().filter(|line| !line.is_empty()) {
            let said = self.run(project, set, &format!("cd ~/copy/{} && {line}", self.python)).ends_with(0);
            assert!(!line.contains("check") || said.all().contains("No new upgrade operations detected"), "{said}");
        }
    }
}

#[track_caller]
fn assert_silent(project: &Project) {
    for arguments in [&["check", "--format", "json"][..], &["check", "--format", "json", "--offline"]] {
        let report = project.devdoctor(arguments).ends_with(0).report();
        assert!(report.findings().is_empty() && report.with_outcome("crashed").is_empty(), "{:#}", report.0);
    }
    let report = project.devdoctor(&["check", "--format", "json"]).report();
    assert_eq!(report.with_outcome("skipped"), Vec::<String>::new(), "{:#}", report.0);
}

/// Everything that is found, each with its place: `check path:line:column`.
fn all(report: &Report) -> Vec<String> {
    let ids = report.found();
    ids.iter().flat_map(|id| report.places(id).into_iter().map(move |place| format!("{id} {place}"))).collect()
}

#[track_caller]
fn assert_found(report: &Report, expected: &[&str], name: &str) {
    let found = all(report);
    let missing: Vec<_> = expected.iter().filter(|line| !found.iter().any(|found| found == *line)).collect();
    let besides: Vec<_> = found.iter().filter(|line| !expected.contains(&line.as_str())).collect();
    assert!(
        missing.is_empty() && besides.is_empty() && found.len() == expected.len(),
        "{name}\nmissing: {missing:#?}\nbesides: {besides:#?}"
    );
}

fn in_health_and_in_trouble(whole: &Whole) {
    let name = whole.patch;
    let project = healthy(whole)
        .with("HOST_UID", &variable("DEVDOCTOR_TEST_UID"))
        .with("HOST_GID", &variable("DEVDOCTOR_TEST_GID"));
    project.stage_everything();
    let before = Tree::of(&project.root);
    assert_eq!(project.devdoctor(&["check", "--offline"]).status, 0, "{name}");
    project.up();
    for set in SETS {
        whole.empty_the_database(&project);
        whole.run(&project, set, "alembic upgrade head && alembic check && ruff check .").ends_with(0);
    }
    assert_silent(&project);
    before.assert_same(&project.tree(), Compared::Everything);

    break_it(&project, whole);
    project.up();
    whole.empty_the_database(&project);
    // What a command without a user leaves: a folder that belongs to root.
    let made = format!("mkdir {0} && touch {0}/made.pyc", whole.cache);
    project.shell(&format!("docker compose exec -T {} sh -c '{made}'", whole.service)).ends_with(0);
    let sql = format!("ALTER ROLE {} PASSWORD '{}'", whole.database, whole.password);
    project
        .shell(&format!("docker compose exec -T db psql -q -U {0} -d {0} -c \"{sql}\"", whole.database))
        .ends_with(0);
    let broken = project.tree();
    for set in SETS {
        let said = whole.run(&project, set, "alembic upgrade head");
        assert!(said.status != 0 && said.all().contains(whole.says), "{name} {set}: {said}");
    }
    let report = project.devdoctor(&["check", "--format", "json"]).ends_with(1).report();
    assert_found(&report, whole.found, name);
    assert_eq!(report.with_outcome("crashed"), Vec::<String>::new(), "{name}");

    let fix = project.devdoctor(&["fix", "--yes"]).ends_with(whole.fix_ends);
    let report = project.devdoctor(&["check", "--format", "json"]).report();
    assert_found(&report, whole.left, &format!("{name} after {fix}"));
    for id in report.found() {
        assert!(
            report.of(&id).iter().all(|finding| finding["fix"]["applicability"] != "safe"),
            "{name}: {:#}",
            report.0
        );
    }
    for arguments in whole.then {
        project.devdoctor(arguments);
    }
    for set in SETS {
        whole.assert_the_tools_still_end(&project, set);
        whole.assert_the_tools_pass(&project, set);
    }
    // What stands on the extension would keep it from going.
    whole.empty_the_database(&project);
    for _ in whole.then {
        project.devdoctor(&["undo"]).ends_with(0);
    }
    project.devdoctor(&["undo"]).ends_with(0);
    broken.assert_same(&project.tree(), Compared::Content);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_project_with_a_src_folder_is_repaired_as_a_whole() {
    in_health_and_in_trouble(&SRC_LAYOUT);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_repository_of_several_services_is_repaired_as_a_whole() {
    in_health_and_in_trouble(&MONOREPO);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_project_of_asyncio_is_repaired_as_a_whole() {
    in_health_and_in_trouble(&ASYNCIO);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_project_with_a_src_folder_that_is_broken_in_another_way_is_repaired() {
    in_health_and_in_trouble(&SRC_LAYOUT_AGAIN);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_repository_of_several_services_that_is_broken_in_another_way_is_repaired() {
    in_health_and_in_trouble(&MONOREPO_AGAIN);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_project_of_asyncio_that_is_broken_in_another_way_is_repaired() {
    in_health_and_in_trouble(&ASYNCIO_AGAIN);
}
