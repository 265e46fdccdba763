//! `devdoctor undo` by the people who share a machine: whose the journal is, and to whom paths go back.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

#[path = "undo/repaired.rs"]
mod repaired;
mod support;

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::PathBuf;

use repaired::*;
use support::person::Person;
use support::project::{Project, answer};

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_root_writes_for_a_person_belongs_to_the_person() {
    // `sudo -E` keeps the person's own XDG_STATE_HOME; `sudo` alone has the home of the password file.
    let project = broken(Person::User);
    let at = project.home.join("state");
    let by = |person: Person, arguments: &[&str]| {
        answer(
            &format!("{arguments:?} by {person:?}"),
            project.doctor(person, arguments).env("XDG_STATE_HOME", &at).env("HOME", &project.home),
        )
    };
    by(Person::Sudo, &["fix", "--offline", "--yes"]).ends_with(0);
    let owner = Person::User.owner().unwrap();
    let mut waiting = vec![at.clone()];
    let mut seen = 0;
    while let Some(path) = waiting.pop() {
        let metadata = std::fs::symlink_metadata(&path).unwrap();
        assert_eq!((metadata.uid(), metadata.gid()), owner, "{}", path.display());
        let private = if metadata.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(metadata.permissions().mode() & 0o777, private, "{}", path.display());
        seen += 1;
        if metadata.is_dir() {
            waiting.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    assert!(seen >= 7, "{seen}");
    for file in [".env", "compose.yaml"] {
        let metadata = std::fs::metadata(project.root.join(file)).unwrap();
        assert_eq!((metadata.uid(), metadata.gid()), owner, "{file}");
    }
    by(Person::User, &["undo", "--list"]).ends_with(0);
    by(Person::User, &["undo"]).ends_with(0);
    assert_as_before(&project);
    // And the other way round: what the person noted is taken back by sudo, and stays theirs.
    by(Person::User, &["fix", "--offline", "--yes"]).ends_with(0);
    by(Person::Sudo, &["undo"]).ends_with(0);
    assert_as_before(&project);
    by(Person::User, &["fix", "--offline", "--yes"]).ends_with(0);
    by(Person::User, &["undo"]).ends_with(0);
    assert_as_before(&project);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn roots_own_journal_is_roots() {
    let project = broken(Person::Root);
    project.devdoctor(&["fix", "--offline", "--yes"]).ends_with(0);
    let journal = runs(&project)[0].join("journal.jsonl");
    assert_eq!(std::fs::metadata(&journal).unwrap().uid(), 0);
    project.devdoctor(&["undo"]).ends_with(0);
    assert_as_before(&project);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_state_folder_that_may_not_be_written_is_said_before_anything_is_changed() {
    let project = broken(Person::User);
    let at = project.home.join("state");
    std::fs::create_dir(&at).unwrap();
    let fix = with_state(&project, at.to_str().unwrap(), &["fix", "--offline", "--yes"]).ends_with(2);
    assert!(fix.err.contains("cannot be written: permission denied") && !fix.err.contains("os error"), "{fix}");
    assert_as_before(&project);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_container_sees_what_is_taken_back_in_a_file_that_it_mounts_by_itself() {
    let image = support::variable("DEVDOCTOR_TEST_IMAGE_BUSYBOX");
    let project = broken(Person::User);
    let plain = "services:\n  api:\n    image: IMAGE\n    command: sleep infinity\n    stop_grace_period: 0s\n    network_mode: none\n";
    project.write("compose.yaml", plain.replace("IMAGE", &image));
    // The mount stands in a file that nobody names afterwards.
    project.write("mount.yaml", "services:\n  api:\n    volumes: [\"./.env:/settings\"]\n");
    project.containers_are_wanted();
    project.shell("docker compose -f compose.yaml -f mount.yaml up --detach --no-build").ends_with(0);
    let seen = || project.shell("docker compose exec -T api cat /settings").ends_with(0).out;
    project.devdoctor(&["fix", "--yes", "--only", "url"]);
    assert!(seen().contains("vio%40let"));
    project.devdoctor(&["undo"]).ends_with(0);
    assert_eq!((seen(), project.read(".env")), (SETTINGS.to_owned(), SETTINGS.to_owned()));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_makes_containers_follow_is_said_again() {
    let project = Project::empty(Person::User);
    project.write("compose.yaml", "services:\n  api:\n    image: python:3.12\n    volumes:\n      - .:/app\n");
    let id = "ownership-service-writes-as-root";
    let fix = project.devdoctor(&["fix", "--offline", "--yes", "--unsafe", "--only", id]);
    let then: Vec<&str> = fix.out.lines().filter(|line| line.starts_with("then: recreate `api`: ")).collect();
    assert_eq!(then.len(), 1, "{fix}");
    let undo = project.devdoctor(&["undo"]).ends_with(0);
    assert!(undo.out.lines().any(|line| line == then[0]), "{undo}");
    assert_eq!(project.devdoctor(&["undo", "--list"]).ends_with(0).out.matches("then: ").count(), 0);
}

fn owner(project: &Project, path: &str) -> (u32, u32) {
    let metadata = std::fs::symlink_metadata(project.root.join(path)).unwrap();
    (metadata.uid(), metadata.gid())
}

/// A project with three files of root's in a folder that a container writes into.
fn soiled(person: Person) -> Project {
    let project = Project::empty(person);
    project.write("compose.yaml", "services:\n  api:\n    image: python:3.12\n    volumes:\n      - .:/app\n");
    for file in ["a.py", "b.py", "c.py"] {
        project.write(format!("migrations/{file}"), "");
        chown(project.root.join("migrations").join(file), Some(0), Some(0)).unwrap();
    }
    project
}

fn give(project: &Project, more: &[&str]) {
    let fix = project.devdoctor(&[&["fix", "--yes", "--only", "ownership-foreign-files"][..], more].concat());
    for file in ["a.py", "b.py", "c.py"] {
        assert_eq!(Some(owner(project, &format!("migrations/{file}"))), Person::User.owner(), "{file}: {fix}");
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn only_paths_that_still_have_the_owner_of_the_fix_are_given_back() {
    let project = soiled(Person::Sudo);
    give(&project, &["--offline"]);
    let home = PathBuf::from(support::variable("DEVDOCTOR_TEST_HOME"));
    let _swept = Swept(home.join(".local/state/devdoctor/runs"), project.root.clone());
    chown(project.root.join("migrations/b.py"), Some(4242), Some(4242)).unwrap();
    std::fs::remove_file(project.root.join("migrations/c.py")).unwrap();
    let undo = project.devdoctor(&["undo"]).ends_with(0);
    assert!(undo.out.contains("undone: 1 of 3 paths given back to 0:0"), "{undo}");
    assert_eq!([owner(&project, "migrations/a.py"), owner(&project, "migrations/b.py")], [(0, 0), (4242, 4242)]);
    assert!(!state(&project).exists(), "under sudo the journal is where the password file says");
    let list = project.devdoctor_by(Person::User, &["undo", "--list"]).ends_with(0);
    assert!(list.out.contains("has repaired nothing"), "the home of this test is another one: {list}");
    let mut command = project.doctor(Person::User, &["undo", "--list"]);
    let list = answer("undo --list at home", command.env("HOME", home)).ends_with(0);
    assert!(list.out.contains("taken back"), "{list}");
}

/// Runs in a project that are removed from a folder that outlives the test.
struct Swept(PathBuf, PathBuf);

impl Drop for Swept {
    fn drop(&mut self) {
        for run in std::fs::read_dir(&self.0).into_iter().flatten().flatten() {
            let journal = std::fs::read_to_string(run.path().join("journal.jsonl")).unwrap_or_default();
            if journal.contains(&format!("\"root\":\"{}\"", self.1.display())) {
                let _ = std::fs::remove_dir_all(run.path());
            }
        }
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn owners_that_were_begun_to_be_changed_are_decided_by_looking() {
    let project = soiled(Person::User);
    give(&project, &[]);
    let journal = runs(&project)[0].join("journal.jsonl");
    let text = std::fs::read_to_string(&journal).unwrap();
    let begun: String = text.lines().take(2).map(|line| format!("{line}\n")).collect();
    std::fs::write(&journal, begun).unwrap();
    chown(project.root.join("migrations/a.py"), Some(0), Some(0)).unwrap();
    // What cannot be looked at is not known to be right.
    let folder = project.root.join("migrations");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o0)).unwrap();
    let undo = project.devdoctor(&["undo"]).ends_with(1);
    assert!(undo.out.contains("left: 3 paths given to ") && undo.out.contains("permission denied"), "{undo}");
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let undo = project.devdoctor(&["undo"]).ends_with(0);
    assert!(undo.out.contains("undone: 2 of 3 paths given back to 0:0"), "{undo}");
    for file in ["a.py", "b.py", "c.py"] {
        assert_eq!(owner(&project, &format!("migrations/{file}")), (0, 0), "{file}");
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_cache_is_given_back_when_its_container_was_made_anew() {
    let project = Project::empty(Person::User);
    let image = support::variable("DEVDOCTOR_TEST_IMAGE_BUSYBOX");
    let label = support::variable("DEVDOCTOR_TEST_RUN");
    project.write(
        "compose.yaml",
        format!(
            "services:\n  app:\n    image: {image}\n    user: \"1000:1000\"\n    command: sh -c \"uv run true; sleep 600\"\n    \
             network_mode: none\n    stop_grace_period: 0s\n    labels:\n      devdoctor.test: \"{label}\"\n    environment:\n      \
             UV_CACHE_DIR: /cache\n    volumes:\n      - cache:/cache\nvolumes:\n  cache: {{}}\n"
        ),
    );
    project.up();
    let inside = |line: &str| project.shell(&format!("docker compose exec -T -u 0 app {line}")).ends_with(0).out;
    inside("sh -c 'mkdir /cache/a && touch /cache/a/b /cache/a/c /cache/a/d'");
    project.devdoctor(&["fix", "--yes", "--only", "cache-not-writable"]).ends_with(0);
    let owners = || inside("stat -c %u /cache /cache/a /cache/a/b");
    assert_eq!(owners(), "1000\n1000\n1000\n");
    // Somebody takes one, one goes, and the container is another one.
    inside("sh -c 'chown 7:7 /cache/a/c && rm /cache/a/d'");
    project.shell("docker compose up -d --force-recreate").ends_with(0);
    let undo = project.devdoctor(&["undo"]).ends_with(0);
    assert!(undo.out.contains("undone: 3 of 5 paths given back to 0:0"), "{undo}");
    assert_eq!((owners().as_str(), inside("stat -c %u /cache/a/c").trim()), ("0\n0\n0\n", "7"));
}
