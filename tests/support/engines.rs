//! Engines of other kinds, started for one test and ended with it.

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::engine::{docker, image, setting};

/// An engine of its own, with everything it has in a folder of its own.
pub struct OwnEngine {
    daemon: Child,
    folder: tempfile::TempDir,
    socket: PathBuf,
}

impl OwnEngine {
    /// A daemon of root that remaps user numbers.
    pub fn remapping() -> Self {
        let folder = folder();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let socket = folder.path().join("docker.sock");
        // In a network of its own: an engine that is told to have no bridge takes away the one that it finds.
        let mut command = Command::new("unshare");
        command.args(["--net", "dockerd"]);
        command.args(["--userns-remap=default", "--bridge=none", "--iptables=false", "--storage-driver=vfs"]);
        command.args(["--data-root", &at("data"), "--exec-root", &at("exec"), "--pidfile", &at("pid")]);
        command.args(["--host", &format!("unix://{}", socket.display())]);
        Self::start(command, folder, socket)
    }

    /// A daemon of the ordinary user.
    pub fn rootless() -> Self {
        let folder = folder();
        let (run, home) = (folder.path().join("run"), folder.path().join("home"));
        for path in [&run, &home] {
            std::fs::create_dir(path).unwrap();
            let id = |name: &str| Some(setting(name).parse().unwrap());
            chown(path, id("DEVDOCTOR_TEST_UID"), id("DEVDOCTOR_TEST_GID")).unwrap();
        }
        std::fs::set_permissions(&run, PermissionsExt::from_mode(0o700)).unwrap();
        let mut command = Command::new("setpriv");
        command.args(["--reuid", &setting("DEVDOCTOR_TEST_USER"), "--regid", &setting("DEVDOCTOR_TEST_GID")]);
        command.args(["--init-groups", "/usr/share/docker.io/contrib/dockerd-rootless.sh", "--storage-driver", "vfs"]);
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("HOME", &home).env("XDG_RUNTIME_DIR", &run).current_dir(&home);
        Self::start(command, folder, run.join("docker.sock"))
    }

    fn start(mut command: Command, folder: tempfile::TempDir, socket: PathBuf) -> Self {
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let mut started = Self { daemon: command.spawn().expect("it is installed"), folder, socket };
        let deadline = Instant::now() + Duration::from_secs(60);
        while !started.answers() {
            let log = || std::fs::read_to_string(started.folder.path().join("log")).unwrap_or_default();
            let ended = started.daemon.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "the engine did not start: {}", log());
            std::thread::sleep(Duration::from_millis(100));
        }
        // A pipe from one engine to the other; images of the tests come from no registry.
        let save = format!("docker save {} | docker --host {} load", image("BUSYBOX"), started.url());
        let loaded = Command::new("sh").args(["-c", &save]).output().unwrap();
        assert!(loaded.status.success(), "{loaded:?}");
        started
    }

    fn answers(&self) -> bool {
        Command::new("docker").args(["--host", &self.url(), "version"]).output().is_ok_and(|done| done.status.success())
    }

    /// As `DOCKER_HOST` wants it.
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    /// Where it may leave things.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the docker CLI against it.
    pub fn docker(&self, words: &[&str]) -> String {
        docker(&[&["--host", &self.url()], words].concat())
    }
}

fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("engine-").permissions(PermissionsExt::from_mode(0o755)).tempdir().unwrap()
}

impl Drop for OwnEngine {
    fn drop(&mut self) {
        // Asked to end, it ends its containers and takes its mounts away.
        _ = Command::new("kill").arg(self.daemon.id().to_string()).output();
        let deadline = Instant::now() + Duration::from_secs(20);
        while self.daemon.try_wait().is_ok_and(|ended| ended.is_none()) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(100));
        }
        _ = self.daemon.kill();
        _ = self.daemon.wait();
    }
}
