//! Projects with two files that `fix` edits without any engine, and where their journals are.

#![allow(dead_code, reason = "each test takes some of it")]

use std::path::{Path, PathBuf};

use crate::support::answer::Answer;
use crate::support::person::Person;
use crate::support::project::{Project, answer};

/// A Compose file with a password that is not encoded.
pub const COMPOSE: &str = "services:\n  api:\n    image: python:3.12\n    environment:\n      DATABASE_URL: postgresql://app:p@ss@db:5432/app\n  db:\n    image: postgres:16\n";
/// The same in settings.
pub const SETTINGS: &str = "DATABASE_URL=postgresql://app:vio@let@db:5432/app\n";

/// A project with two files that `fix` edits without any engine.
pub fn broken(person: Person) -> Project {
    let project = Project::empty(person);
    project.write("compose.yaml", COMPOSE);
    project.write(".env", SETTINGS);
    project
}

/// The same, repaired.
pub fn fixed(person: Person) -> Project {
    let project = broken(person);
    project.devdoctor(&["fix", "--offline", "--yes"]).ends_with(0);
    assert!(project.read(".env").contains("vio%40let") && project.read("compose.yaml").contains("p%40ss"));
    project
}

/// Fails unless both files are as they were before the repair.
#[track_caller]
pub fn assert_as_before(project: &Project) {
    assert_eq!((project.read(".env").as_str(), project.read("compose.yaml").as_str()), (SETTINGS, COMPOSE));
}

/// Where journals are kept.
pub fn state(project: &Project) -> PathBuf {
    project.home.join(".local/state/devdoctor")
}

/// The folders of all runs, the oldest first.
pub fn runs(project: &Project) -> Vec<PathBuf> {
    let mut runs: Vec<PathBuf> = match std::fs::read_dir(state(project).join("runs")) {
        Ok(runs) => runs.map(|run| run.unwrap().path()).collect(),
        Err(_) => vec![],
    };
    runs.sort();
    runs
}

/// The name of a run.
pub fn name(run: &Path) -> &str {
    run.file_name().unwrap().to_str().unwrap()
}

/// Runs devdoctor with another place for journals.
pub fn with_state(project: &Project, at: &str, arguments: &[&str]) -> Answer {
    let mut command = project.doctor(project.person, arguments);
    answer(at, command.env("XDG_STATE_HOME", at))
}
