//! The real engine of the tests: its images, containers that clean up after themselves, and the ordinary user.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A variable that `tests/run` sets.
pub fn setting(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run tests/run"))
}

/// An image of the tests: `BUSYBOX`, `SCRATCH`, `PYTHON`, `PYTHON_USER`, `POSTGRES`.
pub fn image(name: &str) -> String {
    setting(&format!("DEVDOCTOR_TEST_IMAGE_{name}"))
}

/// The label that marks everything made on the engine.
pub fn run_label() -> String {
    format!("devdoctor.test={}", setting("DEVDOCTOR_TEST_RUN"))
}

/// Runs the docker CLI and gives its output; fails when it fails.
pub fn docker(words: &[&str]) -> String {
    let output = Command::new("docker").args(words).output().expect("the docker CLI is installed");
    assert!(output.status.success(), "docker {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A container (or a volume) that is removed at the end, also when the test fails.
pub struct Made {
    kind: &'static str,
    /// Its id or name.
    pub id: String,
}

impl Made {
    /// `docker run -d WORDS…`.
    pub fn running(words: &[&str]) -> Self {
        Self::container(&["run", "--detach"], words)
    }

    /// `docker create WORDS…`.
    pub fn created(words: &[&str]) -> Self {
        Self::container(&["create"], words)
    }

    fn container(verb: &[&str], words: &[&str]) -> Self {
        let label = run_label();
        let id = docker(&[verb, &["--label", &label, "--network", "none"], words].concat());
        Self { kind: "container", id }
    }

    /// A new volume.
    pub fn volume() -> Self {
        Self { kind: "volume", id: docker(&["volume", "create", "--label", &run_label()]) }
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        let volumes: &[&str] = if self.kind == "container" { &["--volumes"] } else { &[] };
        let words = [&[self.kind, "rm", "--force"], volumes, &[&self.id]].concat();
        let removed = || Command::new("docker").args(&words).output().is_ok_and(|output| output.status.success());
        // On a busy engine a throw-away container holds a volume a moment longer.
        for _ in (0..100).take_while(|_| !removed()) {
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
    }
}

/// Where the ordinary user finds a copy of devdoctor.
const PROGRAM: &str = "DEVDOCTOR_TEST_AS_ORDINARY_USER_PROGRAM";

/// The devdoctor that was built, where whoever runs the test may read it.
pub fn program() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| std::env::var_os(PROGRAM).map_or_else(|| env!("CARGO_BIN_EXE_devdoctor").into(), PathBuf::from))
}

/// Runs the test of this name once more as the ordinary user, who is in the group `docker`; `body` runs there.
/// `without_group`: as the same user in no group at all.
pub fn as_ordinary_user(test: &str, without_group: bool, body: impl FnOnce()) {
    const MARK: &str = "DEVDOCTOR_TEST_AS_ORDINARY_USER";
    if std::env::var(MARK).as_deref() == Ok(test) {
        body();
    } else {
        // Builds often lie where only root may go.
        let folder = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir().unwrap();
        let program = folder.path().join("test");
        std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        let devdoctor = folder.path().join("devdoctor");
        std::fs::copy(env!("CARGO_BIN_EXE_devdoctor"), &devdoctor).unwrap();
        let groups = if without_group { "--clear-groups" } else { "--init-groups" };
        let output = Command::new("setpriv")
            .args(["--reuid", &setting("DEVDOCTOR_TEST_USER"), "--regid", &setting("DEVDOCTOR_TEST_GID"), groups, "--"])
            .arg(&program)
            .args([test, "--exact", "--include-ignored", "--nocapture"])
            .env(MARK, test)
            .env(PROGRAM, &devdoctor)
            .env("HOME", setting("DEVDOCTOR_TEST_HOME"))
            .current_dir("/")
            .output()
            .expect("setpriv is installed");
        let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success() && told.contains("1 passed"), "as {}: {told}", setting("DEVDOCTOR_TEST_USER"));
    }
}
