//! What `devdoctor fix` says it cured is what it cured: with the real engine, as an ordinary user.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test makes files, starts programs, and fails by panicking"
)]

mod support;

use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};

use support::answer::Answer;
use support::person::Person;
use support::project::Project;

/// A project of the ordinary user's without anything wrong.
fn project() -> Project {
    let project = Project::empty(Person::User);
    project.write("pyproject.toml", "[project]\nname = \"shop\"\nversion = \"0\"\n");
    project
}

/// Makes a file or (with a `/` at the end) a folder of root's.
fn soil(project: &Project, path: &str, mode: u32) {
    let at = project.root.join(path);
    if path.ends_with('/') {
        std::fs::create_dir(&at).unwrap()
    } else {
        std::fs::write(&at, "x").unwrap()
    }
    lchown(&at, Some(0), Some(0)).unwrap();
    std::fs::set_permissions(&at, PermissionsExt::from_mode(mode)).unwrap();
}

fn owner(project: &Project, path: &str) -> u32 {
    std::fs::symlink_metadata(project.root.join(path)).unwrap().uid()
}

fn me() -> u32 {
    Person::User.owner().unwrap().0
}

/// The lines that tell what became of it, unfolded.
fn told(fix: &Answer) -> Vec<String> {
    let unfolded = fix.out.replace("\n  ", " ");
    let words =
        ["cured", "still there", "left", "new", "help", "seen only now", "failed", "made meanwhile", "cannot be"];
    unfolded.lines().filter(|line| words.iter().any(|word| line.starts_with(word))).map(str::to_owned).collect()
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_lies_in_closed_folders_is_given_back_too_and_is_nothing_new() {
    let project = project();
    for (path, mode) in [
        ("closed/", 0o700),
        ("closed/a", 0o600),
        ("closed/deep/", 0o700),
        ("closed/deep/b", 0o644),
        ("closed/deep/deeper/", 0o700),
        ("closed/deep/deeper/c", 0o600),
    ] {
        soil(&project, path, mode);
    }
    let before = project.tree();
    let fix = project.devdoctor(&["fix", "--yes"]).ends_with(0);
    assert_eq!(project.tree().foreign_to(Person::User.owner().unwrap()), Vec::<&str>::new(), "{fix}");
    assert_eq!(told(&fix), ["seen only now: 2 files and folders in 2 folders", "cured"], "{fix}");
    project.devdoctor(&["fix", "--yes"]).ends_with(0);
    project.devdoctor(&["undo"]).ends_with(0);
    before.assert_same(&project.tree(), support::tree::Compared::Content);
    assert_eq!(owner(&project, "closed/deep/deeper/c"), 0);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_is_left_is_named_with_the_reason_and_not_called_cured() {
    let project = project();
    soil(&project, "out/", 0o755);
    for (path, mode) in [("out/plain", 0o644), ("out/tool", 0o4755), ("out/one", 0o644), ("out/able", 0o755)] {
        soil(&project, path, mode);
    }
    std::fs::hard_link(project.root.join("out/one"), project.root.join("out/two")).unwrap();
    nix::unistd::mkfifo(&project.root.join("out/pipe"), nix::sys::stat::Mode::from_bits_truncate(0o644)).unwrap();
    // CAP_NET_BIND_SERVICE, permitted and effective, as version 2 of the attribute.
    let mut capability = vec![1, 0, 0, 2, 0, 4, 0, 0];
    capability.resize(20, 0);
    xattr::set(project.root.join("out/able"), "security.capability", &capability).unwrap();
    let fix = project.devdoctor(&["fix", "--yes"]).ends_with(1);
    println!("{fix}");
    assert_eq!(told(&fix), ["x"], "{fix}");
    for path in ["out/tool", "out/one", "out/two", "out/able", "out/pipe"] {
        assert_eq!(owner(&project, path), 0, "{path}");
    }
    assert_eq!((owner(&project, "out"), owner(&project, "out/plain")), (me(), me()));
    let again = project.devdoctor(&["fix", "--yes"]).ends_with(1);
    println!("{again}");
    assert!(again.all().contains("nothing that devdoctor repairs by itself"), "{again}");
    // Asked for it, the linked file goes, under both of its names.
    let unsafe_too = project.devdoctor(&["fix", "--unsafe", "--yes"]).ends_with(1);
    println!("{unsafe_too}");
    assert_eq!((owner(&project, "out/one"), owner(&project, "out/two"), owner(&project, "out/tool")), (me(), me(), 0));
    assert!(std::fs::metadata(project.root.join("out/tool")).unwrap().mode() & 0o4000 != 0);
    assert_eq!(xattr::get(project.root.join("out/able"), "security.capability").unwrap(), Some(capability));
}
