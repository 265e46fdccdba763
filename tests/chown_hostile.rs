//! Projects that fight back while `fix` gives files away: nothing outside of them changes owner, and nothing stays behind.

#![allow(
    missing_docs,
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "tests make files, start programs, and say how often they tried"
)]
#![allow(dead_code, reason = "each test uses a part of what they share")]

mod support {
    pub mod engine;
}

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use devdoctor::facts::{Owner, SeenPath};
use devdoctor::fix::apply::chown::{Terms, chown as give};
use devdoctor::fix::{Chown, ChownPlace};
use nix::fcntl::{AT_FDCWD, RenameFlags, renameat2};
use support::engine::{docker, setting};

const ME: (u32, u32) = (1001, 1001);
const FILES: usize = 8;

/// A project of the ordinary user's with files of root's, and others' files beside it under the same names.
struct Scene {
    directory: tempfile::TempDir,
}

/// As whom `fix` is run.
#[derive(Clone, Copy, Debug)]
enum By {
    Root,
    Sudo,
    User,
}

impl Scene {
    fn new() -> Self {
        let directory = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir().unwrap();
        let scene = Self { directory };
        for folder in ["project/d", "outside", "home", "state"] {
            std::fs::create_dir_all(scene.at(folder)).unwrap();
        }
        for folder in ["project", "project/d", "home", "state"] {
            chown(scene.at(folder), Some(ME.0), Some(ME.1)).unwrap();
        }
        std::fs::write(scene.at("project/pyproject.toml"), "[project]\nname = \"shop\"\n").unwrap();
        chown(scene.at("project/pyproject.toml"), Some(ME.0), Some(ME.1)).unwrap();
        std::fs::copy(env!("CARGO_BIN_EXE_devdoctor"), scene.at("devdoctor")).unwrap();
        for number in 0..FILES {
            std::fs::write(scene.at(&format!("project/d/f{number}")), "").unwrap();
            let victim = scene.at(&format!("outside/f{number}"));
            std::fs::write(&victim, "").unwrap();
            // Half of them root's, as the files of the project; half somebody else's.
            lchown(&victim, Some(victim_owner(number)), Some(victim_owner(number))).unwrap();
        }
        scene
    }

    fn at(&self, path: &str) -> PathBuf {
        self.directory.path().join(path)
    }

    fn fix(&self, by: By) -> Command {
        let mut command = Command::new(if matches!(by, By::User) { "setpriv".into() } else { self.at("devdoctor") });
        if let By::User = by {
            let user = setting("DEVDOCTOR_TEST_USER");
            command.args(["--reuid", &user, "--regid", &setting("DEVDOCTOR_TEST_GID"), "--init-groups", "--"]);
            command.arg(self.at("devdoctor"));
        }
        command.args(["fix", "--yes"]).arg(self.at("project")).env_clear().env("PATH", "/usr/bin:/bin");
        command.env("HOME", self.at("home")).env("XDG_STATE_HOME", self.at("state")).stdin(Stdio::null());
        if let By::Sudo = by {
            command.env("SUDO_UID", ME.0.to_string()).env("SUDO_GID", ME.1.to_string());
            command.env("SUDO_USER", setting("DEVDOCTOR_TEST_USER"));
        }
        command
    }

    fn assert_nothing_outside_was_touched(&self) {
        for number in 0..FILES {
            let seen = std::fs::symlink_metadata(self.at(&format!("outside/f{number}"))).unwrap();
            assert_eq!((seen.uid(), seen.gid()), (victim_owner(number), victim_owner(number)), "f{number}");
        }
        let folder = std::fs::symlink_metadata(self.at("outside")).unwrap();
        assert_eq!((folder.uid(), folder.gid()), (0, 0));
    }

    /// Gives the files of the project to root again. Only for whoever swaps them: nobody else may do it meanwhile.
    fn soil(&self) {
        for number in 0..FILES {
            let path = self.at(&format!("project/d/f{number}"));
            let owner = victim_owner(number);
            if std::fs::symlink_metadata(&path).is_ok_and(|seen| seen.uid() != owner) {
                lchown(&path, Some(owner), Some(owner)).unwrap();
            }
        }
    }

    /// Swaps files and folders of the project for ways out of it and back, until it is told to end.
    fn swap(&self, end: &AtomicBool, swaps: &AtomicUsize) {
        let (folder, away, link) = (self.at("project/d"), self.at("project/away"), self.at("project/link"));
        symlink(self.at("outside"), &link).unwrap();
        while !end.load(Ordering::Relaxed) {
            for number in 0..FILES {
                let (file, kept) = (folder.join(format!("f{number}")), folder.join("kept"));
                let victim = self.at(&format!("outside/f{number}"));
                // A second name of somebody else's file.
                std::fs::rename(&file, &kept).unwrap();
                std::fs::hard_link(&victim, &file).unwrap();
                std::fs::remove_file(&file).unwrap();
                // A link to it.
                symlink(&victim, &file).unwrap();
                std::fs::rename(&kept, &file).unwrap();
                // The same name, from one moment to the next.
                std::fs::hard_link(&victim, &kept).unwrap();
                exchange(&kept, &file);
                exchange(&kept, &file);
                std::fs::remove_file(&kept).unwrap();
                swaps.fetch_add(4, Ordering::Relaxed);
            }
            // The folder itself.
            exchange(&folder, &link);
            exchange(&folder, &link);
            std::fs::rename(&folder, &away).unwrap();
            symlink("../outside", &folder).unwrap();
            std::fs::remove_file(&folder).unwrap();
            std::fs::rename(&away, &folder).unwrap();
            swaps.fetch_add(2, Ordering::Relaxed);
            self.soil();
        }
        std::fs::remove_file(&link).unwrap();
    }

    /// Does `work` while the project swaps its files and folders.
    fn while_swapping(&self, work: impl FnOnce()) -> usize {
        let (end, swaps) = (AtomicBool::new(false), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            let racer = scope.spawn(|| self.swap(&end, &swaps));
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            while swaps.load(Ordering::Relaxed) < 1_000 && !racer.is_finished() {
                std::thread::sleep(Duration::from_millis(10));
            }
            end.store(true, Ordering::Relaxed);
            racer.join().unwrap();
            done.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        });
        swaps.into_inner()
    }
}

fn victim_owner(number: usize) -> u32 {
    if number.is_multiple_of(2) { 0 } else { 4242 }
}

fn exchange(one: &Path, other: &Path) {
    renameat2(AT_FDCWD, one, AT_FDCWD, other, RenameFlags::RENAME_EXCHANGE).unwrap();
}

fn hostile(by: By, runs: usize) {
    let scene = Scene::new();
    scene.soil();
    let mut ends = vec![];
    let swaps = scene.while_swapping(|| {
        for _ in 0..runs {
            let output = scene.fix(by).output().unwrap();
            let told = String::from_utf8_lossy(&output.stdout).into_owned();
            assert!(matches!(output.status.code(), Some(0 | 1)), "{told}{}", String::from_utf8_lossy(&output.stderr));
            ends.push(told);
        }
    });
    scene.assert_nothing_outside_was_touched();
    assert!(swaps >= 1_000, "{swaps}");
    assert!(ends.iter().any(|told| told.contains("chown -h")), "it had something to do: {ends:?}");
    println!("{by:?}: {swaps} swaps during {runs} runs");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_hostile_project_leads_root_nowhere() {
    hostile(By::Root, 8);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_hostile_project_leads_sudo_nowhere() {
    hostile(By::Sudo, 8);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_hostile_project_leads_the_engine_nowhere() {
    hostile(By::User, 4);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn ten_thousand_gifts_amid_swaps_touch_nothing_outside() {
    let scene = Scene::new();
    scene.soil();
    let owner = |number| Owner { uid: victim_owner(number), gid: victim_owner(number) };
    let paths = (0..FILES).map(|number| (SeenPath(format!("d/f{number}").into()), owner(number))).collect();
    let to = Owner { uid: ME.0, gid: ME.1 };
    let step = Chown { place: ChownPlace::Project, paths, to, direct: true };
    let (mut given, mut refused) = (0, std::collections::BTreeMap::new());
    let swaps = scene.while_swapping(|| {
        for _ in 0..10_000 {
            for outcome in give(&scene.at("project"), &step, Terms::default()) {
                match outcome.result {
                    Ok(()) => given += 1,
                    Err(refusal) => *refused.entry(refusal.to_string()).or_insert(0) += 1,
                }
            }
        }
    });
    scene.assert_nothing_outside_was_touched();
    println!("{swaps} swaps, {given} given, {refused:#?}");
    assert!(given > 0 && refused.len() > 1, "both happened");
}

/// Ends a program that a test has started.
struct Started(Child);

impl Drop for Started {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

fn helpers_of(scene: &Scene) -> String {
    let volume = format!("volume={}", scene.at("project").display());
    docker(&[
        "ps",
        "--all",
        "--no-trunc",
        "--filter",
        "label=devdoctor.helper",
        "--filter",
        &volume,
        "--format",
        "{{.ID}} {{.Status}}",
    ])
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn no_helper_outlives_a_devdoctor_that_is_killed() {
    let scene = Scene::new();
    let (mut seen, mut left_behind) = (0, 0);
    for round in 0..12_u64 {
        scene.soil();
        let begun = Instant::now();
        let mut fix = Started(scene.fix(By::User).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        // Moments from before the helper is made until after it has done its work.
        while helpers_of(&scene).is_empty() && fix.0.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < Duration::from_secs(60));
        }
        seen += usize::from(fix.0.try_wait().unwrap().is_none());
        std::thread::sleep(Duration::from_millis(round * 200));
        drop(fix);
        // What runs ends, and goes when it does.
        let begun = Instant::now();
        while helpers_of(&scene).lines().any(|helper| !helper.contains(" Created")) {
            assert!(begun.elapsed() < Duration::from_secs(20), "{}", helpers_of(&scene));
            std::thread::sleep(Duration::from_millis(50));
        }
        left_behind += helpers_of(&scene).lines().count();
    }
    scene.soil();
    let output = scene.fix(By::User).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    println!("{seen} killed while a helper was there, {left_behind} never started (each swept by a later run)");
    assert_eq!(helpers_of(&scene), "");
    assert!(seen > 5, "{seen}");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_writer_that_does_not_end_does_not_keep_fix_from_ending() {
    for by in [By::Root, By::User] {
        let scene = Scene::new();
        scene.soil();
        let end = AtomicBool::new(false);
        let output = std::thread::scope(|scope| {
            scope.spawn(|| {
                for number in 0.. {
                    std::fs::write(scene.at(&format!("project/d/new-{number}")), "").unwrap();
                    if end.load(Ordering::Relaxed) {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
            });
            let begun = Instant::now();
            let output = scene.fix(by).output().unwrap();
            end.store(true, Ordering::Relaxed);
            assert!(begun.elapsed() < Duration::from_secs(100), "{:?}", begun.elapsed());
            output
        });
        let told = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("made meanwhile by somebody else"), "{told}");
        let given = |number: usize| std::fs::symlink_metadata(scene.at(&format!("project/d/f{number}"))).unwrap().uid();
        assert!((0..FILES).all(|number| given(number) == ME.0), "{told}");
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_is_mounted_into_the_project_is_not_entered() {
    let scene = Scene::new();
    scene.soil();
    std::fs::create_dir(scene.at("project/d/mounted")).unwrap();
    chown(scene.at("project/d/mounted"), Some(ME.0), Some(ME.1)).unwrap();
    let fix = scene.fix(By::Root);
    // In a world of mounts of its own, which goes with it.
    let script = "mount -t tmpfs none \"$1\"/d/mounted && touch \"$1\"/d/mounted/theirs && mount --bind \"$2\" \"$1\"/bound \
        && shift 2 && \"$@\"; stat -c %u \"$PROJECT\"/d/mounted/theirs";
    std::fs::create_dir(scene.at("project/bound")).unwrap();
    chown(scene.at("project/bound"), Some(ME.0), Some(ME.1)).unwrap();
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", script, "sh"]).arg(scene.at("project")).arg(scene.at("outside"));
    command.arg(fix.get_program()).args(fix.get_args()).env("PROJECT", scene.at("project"));
    command.env("HOME", scene.at("home")).env("XDG_STATE_HOME", scene.at("state"));
    let output = command.output().unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.trim_end().ends_with("\n0"), "{told}{}", String::from_utf8_lossy(&output.stderr));
    scene.assert_nothing_outside_was_touched();
    let given = |number: usize| std::fs::symlink_metadata(scene.at(&format!("project/d/f{number}"))).unwrap().uid();
    assert!((0..FILES).all(|number| given(number) == ME.0), "{told}");
}
