//! Outside of every project: nothing is judged, nothing is walked and above all nothing is given away.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

use std::os::unix::fs::{MetadataExt, lchown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The ordinary user to whom all lies here, where root runs the tests.
const OWNER: u32 = 4242;

/// A home with a folder `some` in it.
fn home(files: &[(&str, &str)]) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("some")).unwrap();
    for (path, text) in files {
        let path = home.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    if std::fs::metadata(home.path()).unwrap().uid() == 0 {
        let mut open: Vec<PathBuf> = vec![home.path().to_owned()];
        while let Some(path) = open.pop() {
            lchown(&path, Some(OWNER), Some(OWNER)).unwrap();
            if path.is_dir() {
                open.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
        }
        let foreign = home.path().join("some/f");
        if foreign.exists() {
            lchown(foreign, Some(0), Some(0)).unwrap();
        }
    }
    home
}

fn run(home: &Path, directory: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_devdoctor"));
    command.args(arguments).current_dir(directory).env_clear().env("HOME", home).stdin(Stdio::null());
    let Output { status, stdout, stderr } = command.output().unwrap();
    (status.code().unwrap(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// Whether there is a project in a folder of the home, by the one line that says that there is none.
fn is_project(files: &[(&str, &str)], folder: &str) -> bool {
    let home = home(files);
    let (status, out, err) = run(home.path(), &home.path().join(folder), &["check", "--offline"]);
    assert_eq!(status == 2, err.starts_with("error: no project found here: "), "{files:?}: {out}{err}");
    status != 2
}

#[test]
fn nothing_is_given_away_and_the_line_comes_once() {
    let home = home(&[("some/f", "x")]);
    let before = std::fs::metadata(home.path().join("some/f")).unwrap().uid();
    for directory in [home.path().join("some"), home.path().to_owned()] {
        for arguments in [
            &["fix", "--yes", "--offline"][..],
            &["fix", "--dry-run"],
            &["check", "--offline"],
            &["check", "--offline", "--only", "ownership"],
            &["explain", "ownership-foreign-files", "--offline"],
            &["why", "--offline", "PermissionError: [Errno 13] Permission denied: '/app/x'"],
            &["facts", "--offline"],
        ] {
            let (status, out, err) = run(home.path(), &directory, arguments);
            assert_eq!(status, 2, "{arguments:?}: {out}{err}");
            assert!(err.starts_with("error: no project found here: "), "{arguments:?}: {err}");
            assert_eq!((out + &err).matches("error: no project found here").count(), 1, "{arguments:?}");
        }
        assert_eq!(run(home.path(), &directory, &["check", "--offline"]).1, "");
    }
    assert_eq!(std::fs::metadata(home.path().join("some/f")).unwrap().uid(), before);
}

#[test]
fn a_report_for_programs_names_every_check_as_not_looked_at() {
    let home = home(&[]);
    let (status, out, _) = run(home.path(), &home.path().join("some"), &["check", "--offline", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, &report["summary"]["clean"], &report["summary"]["crashed"]), (2, &0.into(), &0.into()));
}

#[test]
fn engine_and_a_named_database_are_looked_at_anywhere() {
    let home = home(&[]);
    let some = home.path().join("some");
    let nowhere = ["--docker-host", "unix:///nowhere/docker.sock"];
    let (status, out, _) = run(home.path(), &some, &[&["check", "--only", "engine"][..], &nowhere].concat());
    assert!(status == 1 && out.contains("error[engine-unreachable]"), "{status} {out}");
    let url = ["check", "--database-url", "postgresql://app:pw@127.0.0.1:1/app", "--only", "postgres-unreachable"];
    let (status, out, _) = run(home.path(), &some, &[&url[..], &nowhere].concat());
    assert!(status == 1 && out.contains("error[postgres-unreachable]"), "{status} {out}");
}

#[test]
fn what_marks_a_project() {
    let stack = "services: {}\n";
    assert!(is_project(&[("some/compose.yaml", stack)], "some"));
    assert!(is_project(&[("some/docker-compose.dev.yml", stack)], "some"));
    assert!(is_project(&[("some/.env", "A=b\n")], "some"));
    assert!(is_project(&[("some/deploy/compose.yaml", stack)], "some"));
    // Several projects beside one another are none.
    assert!(!is_project(&[("some/a/compose.yaml", stack), ("some/b/compose.yaml", stack)], "some"));
    assert!(!is_project(&[("some/a/compose.yaml", stack), ("some/b/.git/HEAD", "")], "some"));
    assert!(!is_project(&[("some/a/b/alembic.ini", "")], "some"));
    // A home is one only where it says so itself: the repository of dotfiles does not.
    assert!(!is_project(&[(".git/HEAD", ""), ("Makefile", ""), ("package.json", "{}")], ""));
    assert!(!is_project(&[("shop/compose.yaml", stack)], ""));
    assert!(is_project(&[("compose.yaml", stack)], ""));
    assert!(is_project(&[("devdoctor.yaml", "skip: {}\n")], ""));
}

#[test]
fn the_folders_of_the_system_are_no_project() {
    let home = home(&[]);
    for folder in ["/", "/etc", "/opt", "/tmp", "/usr"] {
        let (status, out, err) = run(home.path(), Path::new(folder), &["check", "--offline", "--timeout", "3"]);
        assert_eq!((status, out.as_str()), (2, ""), "{folder}: {err}");
    }
}
