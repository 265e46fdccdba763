//! Engines of other kinds, started for one test and ended with it.

#[path = "certificates.rs"]
mod certificates;

use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::engine::{docker, image, setting};

use certificates::certificates;

/// An engine of its own, with everything it has in a folder of its own.
pub struct OwnEngine {
    daemon: Child,
    folder: tempfile::TempDir,
    socket: PathBuf,
    is_podman: bool,
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

    /// A daemon of root at port 2375 of a network of its own, or at port 2376 for those who have a certificate: then `certs`
    /// in its folder holds what a client needs. What talks with it begins with [`OwnEngine::inside`].
    pub fn over_tcp(tls: bool) -> Self {
        Self::at_port(tls.then_some("--tlsverify"))
    }

    /// The same at port 2376 for everybody, who can tell by `certs/ca.pem` that it is the one.
    pub fn over_tls_for_all() -> Self {
        Self::at_port(Some("--tls --tlsverify=false"))
    }

    fn at_port(tls: Option<&str>) -> Self {
        let folder = folder();
        let at = |name: &str| folder.path().join(name).display().to_string();
        let socket = folder.path().join("docker.sock");
        let mut daemon = daemon(folder.path(), &socket);
        if let Some(option) = tls {
            certificates(folder.path());
            daemon.push_str(&format!(" --host=tcp://127.0.0.1:2376 {option}"));
            for (option, file) in [("cacert", "certs/ca.pem"), ("cert", "server.pem"), ("key", "server-key.pem")] {
                daemon.push_str(&format!(" --tls{option}={}", at(file)));
            }
        } else {
            daemon.push_str(" --host=tcp://127.0.0.1:2375");
        }
        let mut command = Command::new("unshare");
        command.args(["--net", "sh", "-c", &daemon]);
        Self::start(command, folder, socket)
    }

    /// A daemon of root like that of the tests, for what they must not be disturbed by.
    pub fn ordinary() -> Self {
        let folder = folder();
        let socket = folder.path().join("docker.sock");
        let mut command = Command::new("unshare");
        command.args(["--net", "sh", "-c", &daemon(folder.path(), &socket)]);
        Self::start(command, folder, socket)
    }

    /// Has it take another configuration.
    pub fn configure(&self, configuration: &str) {
        std::fs::write(self.folder().join("daemon.json"), configuration).unwrap();
        assert!(Command::new("kill").args(["-s", "HUP", &self.daemon.id().to_string()]).status().unwrap().success());
        // It says so in its log.
        let deadline = Instant::now() + Duration::from_secs(20);
        let log = || std::fs::read_to_string(self.folder().join("log")).unwrap_or_default();
        while !log().contains("Reloaded configuration") {
            assert!(Instant::now() < deadline, "{}", log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The words that put a program into the network of the daemon.
    pub fn inside(&self) -> Vec<String> {
        vec!["nsenter".to_owned(), format!("--net=/proc/{}/ns/net", self.daemon.id())]
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

    /// Podman's service of root, which speaks Docker's language.
    pub fn podman() -> Self {
        let folder = folder();
        let socket = folder.path().join("podman.sock");
        Self::start(podman(folder.path(), &socket, &["podman"]), folder, socket)
    }

    /// Podman's service of the ordinary user.
    pub fn rootless_podman() -> Self {
        let folder = folder();
        let run = folder.path().join("run");
        for path in [&run, &folder.path().join("home"), &folder.path().join("store")] {
            std::fs::create_dir(path).unwrap();
            let id = |name: &str| Some(setting(name).parse().unwrap());
            chown(path, id("DEVDOCTOR_TEST_UID"), id("DEVDOCTOR_TEST_GID")).unwrap();
        }
        std::fs::set_permissions(&run, PermissionsExt::from_mode(0o700)).unwrap();
        let socket = run.join("podman.sock");
        let (uid, gid) = (setting("DEVDOCTOR_TEST_UID"), setting("DEVDOCTOR_TEST_GID"));
        let user = ["setpriv", "--reuid", &uid, "--regid", &gid, "--init-groups", "podman"];
        let mut command = podman(folder.path(), &socket, &user);
        command.env("HOME", folder.path().join("home")).env("XDG_RUNTIME_DIR", &run);
        Self::start(command, folder, socket)
    }

    fn start(mut command: Command, folder: tempfile::TempDir, socket: PathBuf) -> Self {
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let is_podman = socket.ends_with("podman.sock");
        let mut started = Self { daemon: command.spawn().expect("it is installed"), folder, socket, is_podman };
        let deadline = Instant::now() + Duration::from_secs(60);
        while !started.answers() {
            let log = || std::fs::read_to_string(started.folder.path().join("log")).unwrap_or_default();
            let ended = started.daemon.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < deadline, "the engine did not start: {}", log());
            std::thread::sleep(Duration::from_millis(100));
        }
        started.load(&image("BUSYBOX"));
        started
    }

    /// Gives it an image of the tests: a pipe from one engine to the other, since no registry has it.
    pub fn load(&self, image: &str) {
        let save = format!("docker save {image} | docker --host {} load", self.url());
        let loaded = Command::new("sh").args(["-c", &save]).output().unwrap();
        assert!(loaded.status.success(), "{loaded:?}");
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

/// Starts a program, collects what it and its orphans leave, for which Podman waits and not every machine sees to it, and
/// ends them when it is told to, or when the test is gone.
const KEEPER: &str = "
import ctypes, os, signal, sys
prctl = ctypes.CDLL(None).prctl
prctl(36, 1)  # PR_SET_CHILD_SUBREAPER
prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG
child = os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
def end(*_):
    while children := open(f'/proc/self/task/{os.getpid()}/children').read().split():
        for child in children:
            os.kill(int(child), signal.SIGKILL)
            os.waitpid(int(child), 0)
    os._exit(0)
signal.signal(signal.SIGTERM, end)
while os.wait()[0] != child:
    pass
end()
";

/// The words that start Podman's service with all it has in `folder`; `podman` starts the program.
fn podman(folder: &Path, socket: &Path, podman: &[&str]) -> Command {
    let at = |name: &str| folder.join(name).display().to_string();
    // Greater limits than this machine has are refused.
    let containers = format!(
        "[containers]\ndefault_ulimits = [\"nofile=1024:1024\", \"nproc=4096:4096\"]\n\
        [engine]\ncgroup_manager = \"cgroupfs\"\nevents_logger = \"file\"\nruntime = \"runc\"\n\
        lock_type = \"file\"\ntmp_dir = \"{0}/tmp\"\ncompat_api_enforce_docker_hub = false\n",
        at("store")
    );
    let storage = format!(
        "[storage]\ndriver = \"overlay\"\nrunroot = \"{0}/run\"\ngraphroot = \"{0}/data\"\n\
        rootless_storage_path = \"{0}/data\"\n",
        at("store")
    );
    std::fs::write(at("containers.conf"), containers).unwrap();
    std::fs::write(at("storage.conf"), storage).unwrap();
    let mut command = Command::new("unshare");
    command.args(["--mount", "python3", "-c", KEEPER]).args(podman);
    command.args(["system", "service", "--time=0", &format!("unix://{}", socket.display())]);
    command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").current_dir(folder);
    command.env("CONTAINERS_CONF", at("containers.conf")).env("CONTAINERS_STORAGE_CONF", at("storage.conf"));
    command
}

/// The words of a shell that become a daemon of root, with all it has in `folder` and a network of its own that reaches
/// nothing. `daemon.json` there is its configuration, which it reads again when it gets SIGHUP.
fn daemon(folder: &Path, socket: &Path) -> String {
    let at = |name: &str| folder.join(name).display().to_string();
    std::fs::write(at("daemon.json"), "{}").unwrap();
    format!(
        "ip link set lo up; exec dockerd --bridge=none --iptables=false --storage-driver=vfs --config-file={} \
        --data-root={} --exec-root={} --pidfile={} --host=unix://{}",
        at("daemon.json"),
        at("data"),
        at("exec"),
        at("pid"),
        socket.display()
    )
}

fn folder() -> tempfile::TempDir {
    tempfile::Builder::new().prefix("engine-").permissions(PermissionsExt::from_mode(0o755)).tempdir().unwrap()
}

impl Drop for OwnEngine {
    fn drop(&mut self) {
        if self.is_podman {
            // Its containers are not the service's own, and neither are their control groups.
            let words = format!("docker --host {0} rm --force $(docker --host {0} ps --all --quiet)", self.url());
            _ = Command::new("sh").args(["-c", &words]).output();
        }
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
