//! The helper that gives files away through the engine, as the engine shows it; and what it does with whole projects: any name,
//! and other file systems mounted into them.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

mod support;

use std::os::unix::fs::{MetadataExt, lchown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::person::Person;
use support::project::{Project, answer};

const FIX: [&str; 4] = ["fix", "--yes", "--only", "ownership-foreign-files"];

/// Makes a file of root's.
fn soil(path: &Path) {
    std::fs::write(path, "").unwrap();
    lchown(path, Some(0), Some(0)).unwrap();
}

fn uid(path: &Path) -> u32 {
    std::fs::symlink_metadata(path).unwrap().uid()
}

fn me() -> u32 {
    Person::User.owner().unwrap().0
}

fn docker(words: &[&str]) -> String {
    let output = Command::new("docker").args(words).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// What the engine says of the helper of this project, while it is there.
fn helper_of(root: &str) -> Option<Value> {
    let volume = format!("volume={root}");
    let id = docker(&["ps", "--all", "--quiet", "--filter", "label=devdoctor.helper", "--filter", &volume]);
    let told: Value = serde_json::from_str(&docker(&["inspect", id.lines().next()?])).ok()?;
    told.get(0).cloned()
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_helper_has_no_network_one_mount_and_a_label_and_is_gone_afterwards() {
    let project = Project::empty(Person::User);
    project.write("pyproject.toml", "[project]\nname = \"shop\"\n");
    for number in 0..3_000 {
        soil(&project.root.join(format!("made-{number}")));
    }
    let mut fix = project.doctor(Person::User, &FIX).stdout(Stdio::null()).spawn().unwrap();
    let (root, begun) = (project.root.to_str().unwrap(), Instant::now());
    let told = loop {
        if let Some(told) = helper_of(root) {
            break told;
        }
        assert!(begun.elapsed() < Duration::from_secs(60) && fix.try_wait().unwrap().is_none(), "no helper was seen");
    };
    let volumes = |told: &Value| -> Vec<String> {
        let mounts = told["Mounts"].as_array().unwrap().iter();
        mounts.filter_map(|mount| Some(mount.get("Name")?.as_str()?.to_owned())).collect()
    };
    assert!(fix.wait().unwrap().success());
    assert_eq!(told["HostConfig"]["NetworkMode"], "none", "{told:#}");
    assert_eq!(told["Config"]["NetworkDisabled"], true, "{told:#}");
    let binds: Vec<_> = told["Mounts"].as_array().unwrap().iter().filter(|mount| mount["Type"] == "bind").collect();
    assert_eq!(binds.iter().map(|mount| &mount["Source"]).collect::<Vec<_>>(), [root], "{binds:#?}");
    // The other is its own, without a name, and holds the program.
    assert_eq!((told["Mounts"].as_array().unwrap().len(), volumes(&told).len()), (2, 1), "{told:#}");
    assert!(told["Config"]["Labels"]["devdoctor.helper"].is_string(), "{told:#}");
    for (setting, value) in [
        ("Privileged", json!(false)),
        ("AutoRemove", json!(true)),
        ("ReadonlyRootfs", json!(true)),
        ("CapDrop", json!(["ALL"])),
        ("PidMode", json!("")),
    ] {
        assert_eq!(told["HostConfig"][setting], value, "{setting}");
    }
    assert_eq!(helper_of(root), None);
    assert_eq!(docker(&["volume", "ls", "--quiet", "--filter", &format!("name={}", volumes(&told)[0])]), "");
    assert!((0..3_000).all(|number| uid(&project.root.join(format!("made-{number}"))) == me()));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_project_of_any_name_is_found_repaired_and_taken_back() {
    let project = Project::empty(Person::User);
    for name in ["-rf", "it's \"quoted\" `x`", "new\nline", "a:b,c=d"] {
        let root = project.root.join(name);
        project.write(Path::new(name).join("pyproject.toml"), "[project]\nname = \"shop\"\n");
        let files = ["-R", "new\nfile", "plain"].map(|file| root.join(file));
        files.iter().for_each(|file| soil(file));
        let run = |arguments: &[&str]| {
            answer(&format!("{name:?} {arguments:?}"), project.doctor(Person::User, arguments).current_dir(&root))
        };
        let found = run(&["check", "--format", "json", "--only", "ownership-foreign-files"]).ends_with(1).report();
        assert_eq!(found.found(), ["ownership-foreign-files"], "{name:?}");
        run(&FIX).ends_with(0);
        assert!(files.iter().all(|file| uid(file) == me()), "{name:?}");
        run(&["undo"]).ends_with(0);
        assert!(files.iter().all(|file| uid(file) == 0), "{name:?}");
        // Named from above, as a word that might be an option.
        let above = answer("above", &mut project.doctor(Person::User, &[&FIX[..], &["--", name]].concat()));
        above.ends_with(0);
        assert!(files.iter().all(|file| uid(file) == me()), "{name:?}");
    }
}

/// What is mounted at a folder, until the end.
struct Mounted(PathBuf);

impl Mounted {
    fn at(folder: PathBuf, words: &[&str]) -> Self {
        let done = Command::new("mount").args(words).arg(&folder).status().unwrap();
        assert!(done.success(), "mount {words:?}");
        Self(folder)
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_is_mounted_into_the_project_is_not_given_away_by_the_engine_either() {
    let project = Project::empty(Person::User);
    let outside = tempfile::tempdir().unwrap();
    project.write("pyproject.toml", "[project]\nname = \"shop\"\n");
    for folder in ["memory", "bound"] {
        project.write(format!("data/{folder}/.keep"), "");
    }
    let memory = Mounted::at(project.root.join("data/memory"), &["-t", "tmpfs", "tmpfs"]);
    let bound = Mounted::at(project.root.join("data/bound"), &["--bind", outside.path().to_str().unwrap()]);
    let (theirs, own) =
        ([memory.0.join("theirs"), bound.0.join("theirs")], [project.root.join("own"), project.root.join("data/own")]);
    theirs.iter().chain(&own).for_each(|file| soil(file));
    let fixed = project.devdoctor(&FIX);
    assert_eq!(own.map(|file| uid(&file)), [me(); 2], "{fixed}");
    assert_eq!(theirs.map(|file| uid(&file)), [0; 2], "{fixed}");
    assert!(!fixed.all().contains("theirs"), "nothing is promised of them: {fixed}");
    fixed.ends_with(0);
}
