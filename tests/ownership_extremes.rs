//! What nobody gives away, and more than one round can name: devices, pipes and sockets of root's, and 200,500 files.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test makes files, starts programs, and fails by panicking"
)]

mod support;

use std::os::unix::fs::{chown, symlink};
use std::os::unix::net::UnixListener;

use devdoctor::facts::Walk;
use support::person::Person;
use support::project::Project;

/// A project of the ordinary user's without anything wrong.
fn project() -> Project {
    let project = Project::empty(Person::User);
    project.write("pyproject.toml", "[project]\nname = \"shop\"\nversion = \"0\"\n");
    project
}

fn foreign(project: &Project) -> Vec<String> {
    project.tree().foreign_to(Person::User.owner().unwrap()).into_iter().map(str::to_owned).collect()
}

/// Two devices, a pipe and a socket, beside a file and a link.
fn with_special_files(project: &Project) {
    // The character device would never end, and nobody writes into the pipe.
    let make = "mknod endless c 1 5 && mknod block b 7 0 && mkfifo pipe && chmod 666 endless block pipe";
    let made = std::process::Command::new("sh").args(["-c", make]).current_dir(&project.root).status().unwrap();
    assert!(made.success());
    drop(UnixListener::bind(project.root.join("socket")).unwrap());
    std::fs::write(project.root.join("file"), "x").unwrap();
    symlink("file", project.root.join("link")).unwrap();
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn devices_pipes_and_sockets_are_left_and_named() {
    // As the person through the engine, and as root.
    for person in [Person::User, Person::Sudo] {
        let project = project();
        with_special_files(&project);
        let before = project.tree();
        let fix = project.devdoctor_by(person, &["fix", "--yes"]).ends_with(1);
        assert_eq!(foreign(&project), ["block", "endless", "pipe", "socket"], "{fix}");
        assert!(fix.out.contains("2 of 6 paths are right"), "{fix}");
        for name in ["block", "endless", "pipe", "socket"] {
            assert!(fix.out.contains(&format!("left: `{name}`: a device, a socket or a pipe")), "{fix}");
        }
        let again = project.devdoctor_by(person, &["fix", "--yes"]).ends_with(1);
        assert!(again.err.contains("nothing that devdoctor repairs by itself"), "{again}");
        project.devdoctor_by(person, &["undo"]).ends_with(0);
        before.assert_same(&project.tree(), support::tree::Compared::Content);
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn files_of_the_project_that_are_no_files_are_not_waited_for() {
    let project = project();
    project.write("compose.yaml", "services:\n  api:\n    image: busybox\n");
    let make =
        "mknod .env c 1 5 && mkfifo Makefile && ln -s /dev/zero alembic.ini && mknod compose.override.yaml c 1 5";
    let made = std::process::Command::new("sh").args(["-c", make]).current_dir(&project.root).status().unwrap();
    assert!(made.success());
    let check = project.devdoctor(&["check", "--offline"]).ends_with(1);
    for name in [".env", "Makefile", "alembic.ini", "compose.override.yaml"] {
        assert!(check.out.contains(&format!("`{name}` cannot be read: is not a regular file")), "{check}");
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn more_files_than_are_named_are_given_back_in_further_rounds() {
    const MORE: usize = 500;
    let project = project();
    let (uid, gid) = Person::User.owner().unwrap();
    let mut left = Walk::KEPT + MORE;
    for folder in 0.. {
        let count = left.min(1_000);
        let folder = project.root.join(format!("d{folder:03}"));
        std::fs::create_dir(&folder).unwrap();
        (0..count).for_each(|name| drop(std::fs::File::create(folder.join(name.to_string())).unwrap()));
        chown(&folder, Some(uid), Some(gid)).unwrap();
        left -= count;
        if left == 0 {
            break;
        }
    }
    let time = ["--offline", "--timeout", "300"];
    let check = project.devdoctor_by(Person::Sudo, &[&["check"], &time[..]].concat()).ends_with(1);
    assert!(check.out.contains("at least 200000 files belong to root"), "{check}");
    assert!(check.out.contains("500 more foreign files and folders are not named here"), "{check}");
    let fix = project.devdoctor_by(Person::Sudo, &[&["fix", "--yes"], &time[..]].concat()).ends_with(0);
    assert!(fix.out.contains("seen only now: 500 files in `d200` belong to root"), "{fix}");
    assert_eq!(fix.out.matches("cured: ").count(), 2, "{fix}");
    assert_eq!(foreign(&project), Vec::<String>::new());
    let undo = project.devdoctor_by(Person::Sudo, &["undo", "--timeout", "300"]).ends_with(0);
    assert!(undo.out.contains("undone: 500 paths") && undo.out.contains("undone: 200000 paths"), "{undo}");
    assert_eq!(foreign(&project).len(), Walk::KEPT + MORE);
}
