//! How long `fix` takes to give 100,000 paths back, in one run with `chown -R` over the same tree. Root runs it:
//! `DEVDOCTOR_BENCH_USER=1000:1000 cargo bench --bench chown`
//!
//! `fix` is the whole command: reading the project, asking the engine, the walk, the journal, the change of owner, and the walk
//! that looks again. Through the engine it is run as the user that `DEVDOCTOR_BENCH_USER` names (`UID:GID`), who may use the
//! engine and has no other power; an image must be there. Without it only root's own way is measured.
//!
//! It cannot be as quick as `chown -R`, which asks the kernel once for each path, whatever lies there. `fix` asks eight times:
//! the walk looks at its owner, it is opened beneath its folder, looked at, its name is read back from the descriptor (so that no
//! second name of somebody else's file is taken for it), it is given away, looked at again, and closed; and the last walk looks
//! once more. About 70 % of the time are these calls: the change of owner 15 %, the four looks 20 %, the name 15 %, opening 10 %,
//! closing 4 %. The rest is the journal and the report.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a benchmark starts programs, takes times and prints them"
)]

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const FOLDERS: usize = 100;
const FILES: usize = 1_000;
const RUNS: usize = 5;

fn main() {
    assert!(nix::unistd::geteuid().is_root(), "only root can make files of root's: run this as root");
    let person = std::env::var("DEVDOCTOR_BENCH_USER").ok();
    let owner = person.clone().unwrap_or_else(|| "1000:1000".to_owned());
    let (uid, gid) = owner.split_once(':').expect("DEVDOCTOR_BENCH_USER is UID:GID");
    let directory = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir().unwrap();
    let (project, home) = (directory.path().join("project"), directory.path().join("home"));
    // The folder of the build may be closed to the person.
    let devdoctor = directory.path().join("devdoctor");
    std::fs::copy(env!("CARGO_BIN_EXE_devdoctor"), &devdoctor).unwrap();
    let tree = project.join("node_modules");
    for folder in 0..FOLDERS {
        let folder = tree.join(format!("package-{folder:03}/dist"));
        std::fs::create_dir_all(&folder).unwrap();
        (0..FILES).for_each(|file| std::fs::write(folder.join(format!("file-{file:04}.js")), "").unwrap());
    }
    std::fs::create_dir(&home).unwrap();
    std::fs::write(project.join("pyproject.toml"), "[project]\nname = \"shop\"\n").unwrap();
    give(directory.path(), &owner);
    let fix = |words: &[&str]| {
        let mut command = Command::new("env");
        command.arg("--ignore-environment").arg(format!("HOME={}", home.display())).args(words);
        command.arg(&devdoctor).args(["fix", "--yes"]).arg(&project);
        command
    };
    let (uid_word, gid_word) = (format!("--reuid={uid}"), format!("--regid={gid}"));
    let as_person = ["/usr/bin/setpriv", &uid_word, &gid_word, "--init-groups"];
    let (mut itself, mut direct, mut engine) = (vec![], vec![], vec![]);
    // In turns, so that a busy moment of the machine hits all.
    for _ in 0..RUNS {
        itself.push(took(&tree, uid, Command::new("chown").args(["-R", &owner]).arg(&tree)));
        direct.push(took(&tree, uid, &mut fix(&[])));
        if person.is_some() {
            engine.push(took(&tree, uid, &mut fix(&as_person)));
        }
    }
    let itself = median(itself);
    println!("{} paths, medians of {RUNS}", FOLDERS * (FILES + 2) + 1);
    println!("{:<32} {:>7.2} s", "chown -R", itself.as_secs_f64());
    row("devdoctor fix, by root", median(direct), itself);
    if engine.is_empty() {
        println!("through the engine: not measured, DEVDOCTOR_BENCH_USER names no user");
    } else {
        row("devdoctor fix, through the engine", median(engine), itself);
    }
}

fn give(path: &Path, owner: &str) {
    assert!(Command::new("chown").args(["-R", owner]).arg(path).status().unwrap().success());
}

/// Gives the tree to root, runs a command that gives it back, and looks whether it did.
fn took(tree: &Path, uid: &str, command: &mut Command) -> Duration {
    give(tree, "0:0");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let begin = Instant::now();
    let done = command.status().unwrap();
    let took = begin.elapsed();
    let last = tree.join(format!("package-{:03}/dist/file-{:04}.js", FOLDERS - 1, FILES - 1));
    assert!(done.success() && std::fs::metadata(last).unwrap().uid().to_string() == uid, "{command:?}: {done}");
    took
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn row(name: &str, time: Duration, against: Duration) {
    println!("{name:<32} {:>7.2} s  {:.2}x chown -R", time.as_secs_f64(), time.as_secs_f64() / against.as_secs_f64());
}
