//! Walks over real trees. Giving files away needs root, which the tests of the repository run as.

use std::os::unix::fs::{lchown, symlink};
use std::time::Duration;

use super::*;

fn tree(files: &[&str]) -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for path in files {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }
    root
}

fn later() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn me() -> u32 {
    nix::unistd::geteuid().as_raw()
}

/// Everything is foreign to a user who owns nothing.
fn paths(walk: &Walk) -> Vec<String> {
    walk.foreign.iter().map(|file| file.path.display()).collect()
}

#[test]
fn everything_of_somebody_else_is_listed_and_no_link_followed() {
    let root = tree(&["a/b/c.txt", "a/new\nline", "d/e"]);
    symlink("/usr", root.path().join("usr")).unwrap();
    let walk = walk(root.path(), me() + 1, later()).unwrap();
    assert_eq!(paths(&walk), ["a", "a/b", "a/b/c.txt", "a/new\\nline", "d", "d/e", "usr"]);
    assert_eq!((walk.foreign_count, walk.seen, walk.cut_short), (7, 7, None));
    assert_eq!(walk.foreign.last().unwrap().stat.kind, FileKind::Symlink);
}

#[test]
fn own_files_are_counted_and_not_listed() {
    let root = tree(&["a/b", "c"]);
    let walk = walk(root.path(), me(), later()).unwrap();
    assert_eq!((walk.foreign.len(), walk.seen), (0, 3));
}

#[test]
fn a_walk_stops_at_its_deadline_and_says_so() {
    let root = tree(&["a/b/c"]);
    let walk = walk(root.path(), me(), Instant::now()).unwrap();
    assert_eq!(walk.cut_short.as_deref(), Some("the time limit was reached"));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn data_directories_of_databases_are_left_alone_as_a_whole() {
    let files = ["pgdata/PG_VERSION", "pgdata/base/1", "given/PG_VERSION", "given/base/1", "mine/dump.rdb", "out/x"];
    let root = tree(&files);
    for path in
        ["pgdata", "pgdata/PG_VERSION", "pgdata/base", "pgdata/base/1", "given/PG_VERSION", "given/base", "out/x"]
    {
        lchown(root.path().join(path), Some(999), Some(999)).unwrap();
    }
    // The owner is another than root, whose files tell of no server.
    for path in ["given", "given/base/1", "mine", "out"] {
        lchown(root.path().join(path), Some(1000), Some(1000)).unwrap();
    }
    let walk = walk(root.path(), 1000, later()).unwrap();
    assert_eq!(paths(&walk), ["mine/dump.rdb", "out/x"], "what root left in a directory of mine is no database's");
    assert_eq!(walk.data_directories, [seen(b"given"), seen(b"pgdata")]);
    assert_eq!(walk.foreign_count, 2);
}

#[test]
fn other_file_systems_are_named_and_not_entered() {
    let walk = walk(Path::new("/proc/self"), u32::MAX, later());
    // A file system of one device: nothing to name, and nothing that breaks either.
    assert!(walk.is_ok_and(|walk| walk.other_filesystems.is_empty()));
}

#[test]
fn very_deep_trees_do_not_use_up_descriptors() {
    let root = tempfile::tempdir().unwrap();
    let mut path = root.path().to_owned();
    for _ in 0..900 {
        path.push("d");
    }
    std::fs::create_dir_all(&path).unwrap();
    let walk = walk(root.path(), me(), later()).unwrap();
    assert_eq!((walk.seen, walk.unreadable.len()), (900, 0));
}
