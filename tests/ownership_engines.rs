//! Folders and volumes that a service cannot write behind engines that shift user numbers: the failure, what devdoctor says,
//! its repair through that engine or the cure that it prints, the same command at work, and the undo.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    dead_code,
    reason = "a test starts programs, reads the disk, and fails by panicking; each uses a part of what they share"
)]

#[path = "support/engine.rs"]
mod engine;
#[path = "support/engines.rs"]
mod engines;
mod support;

use engine::image;
use engines::OwnEngine;
use support::person::Person;
use support::project::Project;

const TOUCH: &str = "docker compose exec -T app touch /data/a";

fn project(engine: &OwnEngine, rest: &str) -> Project {
    let project = Project::empty(Person::User).with("DOCKER_HOST", &engine.url());
    project.write(
        "compose.yaml",
        format!(
            "services:\n  app:\n    image: {}\n    command: sleep infinity\n    stop_grace_period: 0s\n    network_mode: none\n    user: \"1234:1234\"\n    volumes:\n{rest}",
            image("BUSYBOX")
        ),
    );
    project
}

#[track_caller]
fn refused(project: &Project) {
    let fails = project.shell(TOUCH);
    assert!(fails.status != 0 && fails.all().contains("Permission denied"), "{fails}");
}

fn found(project: &Project, id: &str) -> String {
    let report = project.devdoctor(&["check", "--only", "ownership", "--format", "json"]).report();
    report.assert_places(id, &["compose.yaml:9:9"]);
    assert_eq!(report.found(), [id], "{:#}", report.0);
    report.0["findings"][0]["fix"]["title"].as_str().unwrap().to_owned()
}

/// A new volume belongs to the root of the containers, and the engine that gives it away is the one that made it.
fn a_new_volume_is_given_to_its_service(engine: &OwnEngine) {
    let project = project(engine, "      - data:/data\nvolumes:\n  data: {}\n");
    project.up();
    refused(&project);
    found(&project, "ownership-volume-not-writable");
    project.devdoctor(&["fix", "--yes", "--only", "ownership"]).ends_with(0);
    project.shell(TOUCH).ends_with(0);
    project.devdoctor(&["check", "--only", "ownership"]).ends_with(0);
    project.devdoctor(&["undo"]).ends_with(0);
    let fails = project.shell("docker compose exec -T app touch /data/b");
    assert!(fails.status != 0 && fails.all().contains("Permission denied"), "{fails}");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn behind_a_remapping_engine_the_folder_that_it_made_is_given_to_the_service() {
    let engine = OwnEngine::remapping();
    a_new_volume_is_given_to_its_service(&engine);
    let project = project(&engine, "      - ./data:/data\n");
    project.up();
    refused(&project);
    // Made by the engine as the root of its containers.
    let before = project.tree().owner("data");
    assert!(before.0 >= 65_536, "{before:?}");
    let title = found(&project, "ownership-bind-not-writable");
    assert_eq!(title, format!("give `./data` to {}:{}", before.0 + 1234, before.1 + 1234));
    project.devdoctor(&["fix", "--yes", "--unsafe", "--only", "ownership"]).ends_with(0);
    project.shell(TOUCH).ends_with(0);
    assert_eq!(project.tree().owner("data/a"), (before.0 + 1234, before.1 + 1234));
    project.devdoctor(&["check", "--only", "ownership-bind-not-writable"]).ends_with(0);
    project.shell("docker compose exec -T app rm /data/a").ends_with(0);
    project.devdoctor(&["undo"]).ends_with(0);
    assert_eq!(project.tree().owner("data"), before);
    refused(&project);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn behind_a_rootless_engine_the_service_runs_as_root_who_is_the_person() {
    let engine = OwnEngine::rootless();
    a_new_volume_is_given_to_its_service(&engine);
    let project = project(&engine, "      - ./data:/data\n");
    project.up();
    refused(&project);
    let person = Person::User.owner().unwrap();
    assert_eq!(project.tree().owner("data"), person);
    let title = found(&project, "ownership-bind-not-writable");
    assert!(title.starts_with(&format!("run `app` as `0:0`, who is {}:{} here, or ", person.0, person.1)), "{title}");
    // The cure that is printed.
    project.replace("compose.yaml", "1234:1234", "0:0");
    project.up();
    project.shell(TOUCH).ends_with(0);
    assert_eq!(project.tree().owner("data/a"), person);
    project.devdoctor(&["check", "--only", "ownership"]).ends_with(0);
}
