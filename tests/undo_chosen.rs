//! `devdoctor undo ID`: one run of several is taken back, whatever was done after it.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

#[path = "undo/repaired.rs"]
mod repaired;
mod support;

use repaired::*;
use support::person::Person;
use support::project::Project;

/// Repairs what is broken now, and tells the name of the run.
fn repair(project: &Project) -> String {
    let fix = project.devdoctor(&["fix", "--offline", "--yes"]).ends_with(0);
    let (_, after) = fix.err.split_once("`devdoctor undo ").unwrap();
    after.split_once('`').unwrap().0.to_owned()
}

/// The Compose file with one service more, whose URL is broken.
fn with_worker(text: &str) -> String {
    text.to_owned()
        + "  worker:\n    image: python:3.12\n    environment:\n      DATABASE_URL: postgresql://app:x@y@db:5432/app\n"
}

/// Three runs: of the Compose file, of the settings, and of the Compose file again, after it was edited.
fn repaired_thrice() -> (Project, [String; 3], String) {
    let project = Project::empty(Person::Tester);
    project.write("compose.yaml", COMPOSE);
    let first = repair(&project);
    let text = project.read("compose.yaml");
    project.write(".env", SETTINGS);
    let second = repair(&project);
    project.write("compose.yaml", with_worker(&text));
    let third = repair(&project);
    (project, [first, second, third], text)
}

#[test]
fn a_run_in_the_middle_is_taken_back_and_the_others_stay() {
    let (project, [first, second, third], _) = repaired_thrice();
    let compose = project.read("compose.yaml");
    let undo = project.devdoctor(&["undo", &second]).ends_with(0);
    assert!(undo.out.contains("undone: the edit of `.env`") && !undo.out.contains("compose.yaml"), "{undo}");
    assert_eq!((project.read(".env").as_str(), project.read("compose.yaml")), (SETTINGS, compose));
    let list = project.devdoctor(&["undo", "--list"]).ends_with(0);
    for (id, state) in [(&first, "can be taken back"), (&second, "taken back"), (&third, "can be taken back")] {
        assert!(list.out.contains(&format!("{id}  {state}\n")), "{list}");
    }
    // Without a name it is still the last one.
    let undo = project.devdoctor(&["undo"]).ends_with(0);
    assert!(undo.out.contains("undone: the edit of `compose.yaml`"), "{undo}");
    assert!(project.read("compose.yaml").contains("x@y@db"));
}

#[test]
fn an_older_run_waits_until_the_later_edits_of_its_file_are_gone() {
    let (project, [first, _, third], text) = repaired_thrice();
    let compose = project.read("compose.yaml");
    for _ in 0..2 {
        let undo = project.devdoctor(&["undo", &first]).ends_with(1);
        assert!(undo.out.contains("left: the edit of `compose.yaml`: it has changed since"), "{undo}");
        assert_eq!(project.read("compose.yaml"), compose);
    }
    project.devdoctor(&["undo", &third]).ends_with(0);
    // The person's own edit between the two is still there, and is not thrown away.
    project.devdoctor(&["undo", &first]).ends_with(1);
    assert_eq!(project.read("compose.yaml"), with_worker(&text));
    project.write("compose.yaml", &text);
    project.devdoctor(&["undo", &first]).ends_with(0);
    assert_eq!(project.read("compose.yaml"), COMPOSE);
    assert!(project.read(".env").contains("vio%40let"), "the run between them stays");
    project.devdoctor(&["undo"]).ends_with(0);
    assert_as_before(&project);
    project.devdoctor(&["undo"]).ends_with(2);
}

#[test]
fn a_file_that_vanished_is_left_until_it_is_back() {
    let project = fixed(Person::Tester);
    let id = name(&runs(&project)[0]).to_owned();
    let (compose, settings) = (project.read("compose.yaml"), project.read(".env"));
    project.write("compose.yaml", with_worker(&compose));
    let later = repair(&project);
    std::fs::remove_file(project.root.join(".env")).unwrap();
    let undo = project.devdoctor(&["undo", &id]).ends_with(1);
    assert!(undo.out.contains("left: the edit of `.env`: `.env` is not there any more"), "{undo}");
    assert!(undo.out.contains("left: the edit of `compose.yaml`: it has changed since"), "{undo}");
    assert!(!project.root.join(".env").exists());
    // A folder in its place is no file that could be taken back.
    std::fs::create_dir(project.root.join(".env")).unwrap();
    let undo = project.devdoctor(&["undo", &id]).ends_with(1);
    assert!(undo.out.contains("left: the edit of `.env`: `.env` is no regular file"), "{undo}");
    std::fs::remove_dir(project.root.join(".env")).unwrap();
    project.write(".env", settings);
    let undo = project.devdoctor(&["undo", &id]).ends_with(1);
    assert!(undo.out.contains("undone: the edit of `.env`"), "{undo}");
    project.devdoctor(&["undo", &later]).ends_with(0);
    project.write("compose.yaml", compose);
    project.devdoctor(&["undo", &id]).ends_with(0);
    assert_as_before(&project);
}

#[test]
fn a_folder_that_two_fixes_want_is_made_and_taken_back_once() {
    let service = |name: &str, source: &str| {
        format!(
            "  {name}:\n    image: busybox\n    volumes:\n      - type: bind\n        source: {source}\n        target: /data\n        bind: {{create_host_path: false}}\n"
        )
    };
    let project = Project::empty(Person::Tester);
    let services = [service("a", "./data/a"), service("b", "./data/b"), service("c", "./data/b")].concat();
    project.write("compose.yaml", format!("services:\n{services}"));
    let id = repair(&project);
    assert!(project.root.join("data/a").is_dir() && project.root.join("data/b").is_dir());
    std::fs::write(project.root.join("data/a/mine"), "x").unwrap();
    let undo = project.devdoctor(&["undo", &id]).ends_with(1);
    assert_eq!(undo.out.matches("undone: ").count(), 1, "{undo}");
    assert_eq!(undo.out.matches("directory not empty").count(), 2, "{undo}");
    std::fs::remove_file(project.root.join("data/a/mine")).unwrap();
    project.devdoctor(&["undo", &id]).ends_with(0);
    assert!(!project.root.join("data").exists());
}
