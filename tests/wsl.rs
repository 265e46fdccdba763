//! What WSL decides, with the real detection: devdoctor runs in a mount namespace of its own, in which files lie over those
//! of the kernel that WSL's differ in. And a mount where chown lies, for what no table of mounts tells.
//!
//! Nobody has a Windows here: the table of mounts, the kernel's release and `/etc/wsl.conf` are hand-written after what users
//! of WSL show in reports. Docker Desktop's engine is not asked.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

mod support;

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown};
use std::path::{Path, PathBuf};
use std::process::Command;

use support::answer::Answer;
use support::person::Person;
use support::project::{Project, answer};

const WSL2: &str = "5.15.153.1-microsoft-standard-WSL2";
const WSL1: &str = "4.4.0-19041-Microsoft";

/// The machine as devdoctor sees it.
struct Scene<'scene> {
    release: &'scene str,
    /// Kind of the root file system.
    root: &'scene str,
    /// What stands behind the mount point of the project, if it is one.
    project: Option<&'scene str>,
    /// Names made in `/run`.
    run: &'scene str,
    /// `/proc/1/cgroup`.
    cgroup: &'scene str,
    /// `/etc/wsl.conf`, when there is one.
    conf: Option<&'scene str>,
}

const DISTRIBUTION: Scene<'_> =
    Scene { release: WSL2, root: "ext4 /dev/sdc rw", project: None, run: "WSL/", cgroup: "0::/init.scope", conf: None };

/// The drive as WSL 2 mounts it by default, and with metadata.
const DRIVE: &str =
    r"9p C:\134 rw,aname=drvfs;path=C:\;uid=1000;gid=1000;symlinkroot=/mnt/,cache=5,access=client,trans=fd,rfd=6,wfd=6";
const KEEPING: &str =
    r"9p C:\134 rw,aname=drvfs;path=C:\;metadata;uid=1000;gid=1000;symlinkroot=/mnt/,cache=5,access=client";

impl Scene<'_> {
    /// Runs devdoctor in the scene.
    fn devdoctor(&self, project: &Project, person: Person, arguments: &[&str]) -> Answer {
        let table = format!("1 0 8:1 / / rw - {}\n", self.root);
        let drive = self.project.map(|rest| {
            let point = project.root.display().to_string().replace(' ', r"\040");
            format!("2 1 0:50 / {point} rw,noatime - {rest}\n")
        });
        let stage = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(stage.path().join(name), text).unwrap();
        write("release", &format!("{}\n", self.release));
        write("table", &(table + &drive.unwrap_or_default()));
        write("cgroup", &format!("{}\n", self.cgroup));
        write("conf", self.conf.unwrap_or_default());
        for name in ["upper", "work"] {
            std::fs::create_dir(stage.path().join(name)).unwrap();
        }
        let doctor = project.doctor(person, arguments);
        let mut command = Command::new("unshare");
        // What is mounted over /proc/PID holds for whatever that process becomes.
        let script = r#"
            stage=$1 run=$2 conf=$3; shift 3
            mount --bind "$stage/release" /proc/sys/kernel/osrelease
            mount --bind "$stage/cgroup" /proc/1/cgroup
            mount --bind "$stage/cgroup" "/proc/$$/cgroup"
            mount -t tmpfs tmpfs /run
            for name in $run; do case $name in */) mkdir "/run/$name" ;; *) : >"/run/$name" ;; esac; done
            # The folder of the build's files may be on a file system that overlays cannot write to.
            mount -t tmpfs tmpfs "$stage/upper" && mkdir "$stage/upper/upper" "$stage/upper/work"
            mount -t overlay overlay -o "lowerdir=/etc,upperdir=$stage/upper/upper,workdir=$stage/upper/work" /etc
            rm -f /etc/wsl.conf
            if [ -n "$conf" ]; then cp "$stage/conf" /etc/wsl.conf; fi
            mount --bind "$stage/table" "/proc/$$/mountinfo"
            exec "$@"
        "#;
        command.args(["--mount", "/bin/sh", "-euc", script, "sh"]).arg(stage.path()).arg(self.run);
        command.arg(if self.conf.is_some() { "yes" } else { "" });
        command.arg(doctor.get_program()).args(doctor.get_args());
        command.env_clear().envs(doctor.get_envs().filter_map(|(name, value)| Some((name, value?))));
        command.current_dir(&project.root);
        answer(&format!("devdoctor {} by {person:?}", arguments.join(" ")), &mut command)
    }

    /// What devdoctor takes the machine for.
    fn kind(&self, project: &Project, person: Person) -> String {
        let answer = self.devdoctor(project, person, &["facts", "--offline"]);
        let facts: serde_json::Value =
            serde_json::from_str(&answer.out).unwrap_or_else(|error| panic!("{error}: {answer}"));
        let host = facts.pointer("/host/Ok").or(facts.pointer("/facts/host/Ok")).unwrap_or_else(|| panic!("{answer}"));
        host["wsl"]["kind"].as_str().unwrap_or_else(|| panic!("{host:#}")).to_owned()
    }
}

/// A project with a service that waits for changes of its files.
fn shop(person: Person) -> Project {
    let project = Project::empty(person);
    project.write(
        "compose.yaml",
        "services:\n  web:\n    image: node:22\n    command: npx vite\n    volumes:\n      - .:/app\n",
    );
    project
}

/// The ids of what is found.
fn found(answer: &Answer) -> Vec<String> {
    let report: serde_json::Value =
        serde_json::from_str(&answer.out).unwrap_or_else(|error| panic!("{error}: {answer}"));
    let findings = report["findings"].as_array().unwrap();
    let mut ids: Vec<String> = findings.iter().map(|finding| finding["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
}

const JSON: [&str; 4] = ["check", "--offline", "--format", "json"];

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn the_four_kinds_of_machine_are_told_apart_by_whoever_asks() {
    let container = "0::/system.slice/docker-1f3c9a6e5b7d4820a1b2c3d4e5f60718293a4b5c6d7e8f901234567890abcdef.scope";
    for person in [Person::User, Person::Root, Person::Sudo] {
        let project = shop(person);
        for (expected, scene) in [
            ("two", DISTRIBUTION),
            ("two", Scene { release: "6.6.36-mine", ..DISTRIBUTION }),
            ("one", Scene { release: WSL1, root: "wslfs rootfs rw", ..DISTRIBUTION }),
            ("container", Scene { run: ".containerenv", ..DISTRIBUTION }),
            ("container", Scene { run: "", root: "overlay overlay rw,lowerdir=/a", ..DISTRIBUTION }),
            ("container", Scene { run: "", cgroup: container, ..DISTRIBUTION }),
            ("none", Scene { release: "6.1.0-18-amd64", run: "", ..DISTRIBUTION }),
        ] {
            assert_eq!(scene.kind(&project, person), expected, "{} {} by {person:?}", scene.release, scene.run);
        }
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_project_on_a_windows_drive_is_one_story_and_elsewhere_there_is_none() {
    let project = shop(Person::User);
    let by_user = |scene: Scene<'_>| found(&scene.devdoctor(&project, Person::User, &JSON));
    let (slow, ownerless, deaf) = ("wsl-project-on-windows-drive", "wsl-drive-without-metadata", "wsl-no-file-events");
    // What root writes belongs to root where owners are kept, and to whom the drive belongs to elsewhere.
    let root = "ownership-service-writes-as-root";
    assert_eq!(by_user(Scene { project: Some(DRIVE), ..DISTRIBUTION }), [ownerless, deaf, slow]);
    assert_eq!(by_user(Scene { project: Some(KEEPING), ..DISTRIBUTION }), [root, deaf, slow]);
    assert_eq!(by_user(DISTRIBUTION), [root]);
    let first = Scene { release: WSL1, root: "wslfs rootfs rw", ..DISTRIBUTION };
    assert_eq!(by_user(Scene { project: Some("drvfs C: rw,uid=1000"), ..first }), [ownerless]);
    let linux =
        Scene { release: "6.1.0-18-amd64", run: "", project: Some("9p shared rw,trans=virtio"), ..DISTRIBUTION };
    assert_eq!(by_user(linux), [root]);
    let shared = || Scene { project: Some("virtiofs drvfsaC3 rw"), ..DISTRIBUTION };
    assert_eq!(by_user(shared()), [ownerless, deaf, slow]);

    // The drives appear in the folder that holds the project's, as they do in /mnt.
    let drives = project.root.parent().unwrap().display();
    let told = |options: &str| {
        let conf = format!("[automount]\r\nroot = {drives}/\r\n{options}");
        let scene = Scene { conf: Some(&conf), project: Some(DRIVE), ..DISTRIBUTION };
        let told = scene.devdoctor(&project, Person::User, &["check", "--offline"]);
        let words = told.out.split_whitespace().collect::<Vec<_>>().join(" ");
        told.ends_with(1);
        words
    };
    let plain = told("");
    assert!(plain.contains("the project lies on the Windows drive `C:\\`"), "{plain}");
    assert!(plain.contains("write `options = \"metadata,umask=22,fmask=11\"` under `[automount]`"), "{plain}");
    let asked = told("options = \"metadata,umask=22\"\r\n");
    assert!(asked.contains("run `wsl --shutdown` in Windows: `/etc/wsl.conf` asks for `metadata`"), "{asked}");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn polling_is_set_where_changes_are_not_announced() {
    let project = shop(Person::User);
    let scene = Scene { project: Some(KEEPING), ..DISTRIBUTION };
    let fixed = scene.devdoctor(&project, Person::User, &["fix", "--offline", "--yes", "--unsafe"]);
    let text = project.read("compose.yaml");
    assert!(text.contains("CHOKIDAR_USEPOLLING: \"true\"") && text.contains("user: "), "{fixed}\n{text}");
    assert_eq!(text.matches("environment:").count(), 1, "two fixes that both want the key: {text}");
    assert_eq!(found(&scene.devdoctor(&project, Person::User, &JSON)), ["wsl-project-on-windows-drive"]);
}

/// Makes a file of root's in a project of the ordinary user's.
fn soil(project: &Project, at: &Path) -> PathBuf {
    let file = at.join("migrations/0001.py");
    project.write("migrations/0002.py", "");
    std::fs::write(&file, "").unwrap();
    lchown(&file, Some(0), Some(0)).unwrap();
    file
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_chown_on_a_drive_without_metadata_is_withheld_with_the_reason() {
    for by in [Person::User, Person::Sudo] {
        let project = shop(Person::User);
        let file = soil(&project, &project.root);
        let ownerless = Scene { project: Some(DRIVE), ..DISTRIBUTION };
        let told = ownerless.devdoctor(&project, by, &["check", "--offline", "--only", "ownership"]);
        assert!(told.out.contains("keeps no owners"), "{told}");
        let fixed = ownerless.devdoctor(&project, by, &["fix", "--offline", "--yes", "--only", "ownership"]);
        assert!(!fixed.out.contains("done:"), "{fixed}");
        fixed.ends_with(1);
        assert_eq!(std::fs::symlink_metadata(&file).unwrap().uid(), 0);
    }
    // With metadata root gives it back.
    let project = shop(Person::User);
    let file = soil(&project, &project.root);
    let keeping = Scene { project: Some(KEEPING), ..DISTRIBUTION };
    keeping
        .devdoctor(&project, Person::Sudo, &["fix", "--offline", "--yes", "--only", "ownership-foreign-files"])
        .ends_with(0);
    assert_eq!(Some(std::fs::symlink_metadata(&file).unwrap().uid()), Person::User.owner().map(|owner| owner.0));
}

/// A folder that is shown once more where chown returns 0 and changes nothing, as the engine sees it too.
struct Lying(PathBuf);

impl Lying {
    fn over(folder: &Path) -> Self {
        let done = Command::new("bindfs")
            .args(["--chown-ignore", "--chgrp-ignore", "--chmod-ignore", "-o", "allow_other"])
            .args([folder, folder])
            .arg("-o")
            .arg("nonempty")
            .output()
            .unwrap();
        assert!(done.status.success(), "bindfs: {done:?}");
        Self(folder.to_owned())
    }
}

impl Drop for Lying {
    fn drop(&mut self) {
        let done = Command::new("umount").arg("--lazy").arg(&self.0).status().unwrap();
        assert!(done.success() || std::thread::panicking(), "umount {}", self.0.display());
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_the_file_system_shows_is_believed_and_not_what_chown_returns() {
    for by in [Person::Sudo, Person::User] {
        let project = Project::empty(Person::User);
        project.write("Makefile", "up:\n\tdocker compose up -d\n");
        let file = soil(&project, &project.root);
        let lying = Lying::over(&project.root);
        chown(&file, Some(1001), Some(1001)).unwrap();
        assert_eq!(std::fs::symlink_metadata(&file).unwrap().uid(), 0, "chown says yes and changes nothing");
        let fixed = project.devdoctor_by(by, &["fix", "--yes", "--only", "ownership-foreign-files"]);
        drop(lying);
        assert!(fixed.out.contains("failed: giving 1 path"), "{fixed}");
        assert!(fixed.out.contains("still belongs to"), "{fixed}");
        assert!(!fixed.out.contains("cured"), "{fixed}");
        fixed.ends_with(1);
        assert_eq!(std::fs::symlink_metadata(&file).unwrap().uid(), 0);
    }
}

/// A script that a service starts by its path, without its bit.
fn stuck() -> Project {
    let project = Project::empty(Person::User);
    let text = "services:\n  web:\n    image: node:22\n    working_dir: /app\n    entrypoint: [\"./run.sh\"]\n    volumes:\n      - .:/app\n";
    project.write("compose.yaml", text);
    project.write("run.sh", "#!/bin/sh\ntrue\n");
    std::fs::set_permissions(project.root.join("run.sh"), PermissionsExt::from_mode(0o644)).unwrap();
    project
}

const EXECUTABLE: &str = "ownership-entrypoint-not-executable";

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_chmod_on_a_drive_without_metadata_is_withheld_and_elsewhere_what_the_file_system_shows_is_believed() {
    let mode = |project: &Project| std::fs::metadata(project.root.join("run.sh")).unwrap().permissions().mode() & 0o777;
    let fix = ["fix", "--offline", "--yes", "--only", EXECUTABLE];
    let project = stuck();
    let ownerless = Scene { project: Some(DRIVE), ..DISTRIBUTION };
    let told = ownerless.devdoctor(&project, Person::User, &["check", "--offline", "--only", EXECUTABLE]);
    assert!(told.out.contains("Windows drive") && told.out.contains("metadata"), "{told}");
    let fixed = ownerless.devdoctor(&project, Person::User, &fix);
    assert!(!fixed.out.contains("done:") && !fixed.out.contains("cured"), "{fixed}");
    fixed.ends_with(1);
    assert_eq!(mode(&project), 0o644);
    let keeping = Scene { project: Some(KEEPING), ..DISTRIBUTION };
    keeping.devdoctor(&project, Person::User, &fix).ends_with(0);
    assert_eq!(mode(&project), 0o755);

    for by in [Person::User, Person::Sudo] {
        let project = stuck();
        let lying = Lying::over(&project.root);
        std::fs::set_permissions(project.root.join("run.sh"), PermissionsExt::from_mode(0o755)).unwrap();
        assert_eq!(mode(&project), 0o644, "chmod says yes and changes nothing");
        let fixed = project.devdoctor_by(by, &fix);
        drop(lying);
        assert!(fixed.out.contains("failed:") && fixed.out.contains("still has mode 0644"), "{fixed}");
        assert!(!fixed.out.contains("cured"), "{fixed}");
        fixed.ends_with(1);
    }
}
