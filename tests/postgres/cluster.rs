//! A real Postgres on loopback and a socket, run as an ordinary user, gone with the test.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Who lets whom in: each database of the tests has its own rule.
const HBA: &str = "
local   all          all                 trust
hostssl tls_only     all  127.0.0.1/32   trust
host    trusted      all  127.0.0.1/32   trust
host    app          all  127.0.0.1/32   scram-sha-256
host    absent       all  127.0.0.1/32   scram-sha-256
host    other        all  127.0.0.1/32   scram-sha-256
host    hidden       all  127.0.0.1/32   scram-sha-256
host    postgres     all  127.0.0.1/32   scram-sha-256
";

/// A cluster.
pub struct Cluster {
    directory: tempfile::TempDir,
    binaries: PathBuf,
    server: Option<Child>,
    /// The port it listens on.
    pub port: u16,
}

/// A variable of the test environment.
pub fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run tests/run"))
}

fn identity() -> (u32, u32) {
    let number = |name: &str| variable(name).parse().expect("a number");
    (number("DEVDOCTOR_TEST_UID"), number("DEVDOCTOR_TEST_GID"))
}

/// A port of loopback that nobody uses.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Cluster {
    /// Makes and starts a cluster with the binaries that a variable names, and more settings.
    pub fn start(binaries: &str, settings: &str) -> Self {
        let mut cluster = Self {
            directory: tempfile::Builder::new().prefix("devdoctor-postgres-").tempdir_in("/tmp").unwrap(),
            binaries: variable(binaries).into(),
            server: None,
            port: free_port(),
        };
        let (uid, gid) = identity();
        chown(cluster.path(), Some(uid), Some(gid)).unwrap();
        cluster.run("initdb", &["-D", "data", "-U", "boss", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"]);
        let socket = cluster.path().display();
        let text = format!(
            "port = {}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{socket}'\nfsync = off\nlog_statement = all\n{settings}\n",
            cluster.port
        );
        let configuration = cluster.path().join("data/postgresql.conf");
        fs::write(&configuration, fs::read_to_string(&configuration).unwrap() + &text).unwrap();
        fs::write(cluster.path().join("data/pg_hba.conf"), HBA).unwrap();
        if settings.contains("standby") {
            fs::write(cluster.path().join("data/standby.signal"), "").unwrap();
        }
        if settings.contains("ssl = on") {
            cluster.certificate();
        }
        let log = fs::File::create(cluster.path().join("log")).unwrap();
        let server =
            cluster.command("postgres").args(["-D", "data"]).stdout(Stdio::null()).stderr(log).spawn().unwrap();
        cluster.server = Some(server);
        cluster.wait();
        // A standby without a primary goes on starting up, which is what its test wants.
        if !settings.contains("standby") {
            cluster.wait_until_it_lets_in();
        }
        cluster
    }

    /// The directory of the socket.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// What the server wrote into its log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.path().join("log")).unwrap()
    }

    fn command(&self, program: &str) -> Command {
        let (uid, gid) = identity();
        let mut command = Command::new(self.binaries.join(program));
        command.current_dir(self.path()).uid(uid).gid(gid).env_clear().env("PATH", "/usr/bin:/bin").env("HOME", "/tmp");
        command
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.command(program).args(arguments).output().unwrap();
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs statements as the superuser over the socket.
    pub fn sql(&self, database: &str, statements: &str) -> String {
        let (port, directory) = (self.port.to_string(), self.path().display().to_string());
        let target =
            ["-h", &directory, "-p", &port, "-U", "boss", "-d", database, "-v", "ON_ERROR_STOP=1", "-Atqc", statements];
        self.run("psql", &target).trim().to_owned()
    }

    fn certificate(&self) {
        let status = Command::new("openssl")
            .current_dir(self.path().join("data"))
            .args("req -new -x509 -days 2 -nodes -subj /CN=localhost -out server.crt -keyout server.key".split(' '))
            .stderr(Stdio::null())
            .status()
            .unwrap();
        assert!(status.success());
        let (uid, gid) = identity();
        for name in ["server.crt", "server.key"] {
            chown(self.path().join("data").join(name), Some(uid), Some(gid)).unwrap();
        }
    }

    /// Waits until the server takes sessions: it listens before it does.
    fn wait_until_it_lets_in(&self) {
        let (port, directory) = (self.port.to_string(), self.path().display().to_string());
        let end = Instant::now() + Duration::from_secs(30);
        let asked = ["-h", &directory, "-p", &port, "-U", "boss", "-d", "postgres", "-Atqc", "select 1"];
        while !self.command("psql").args(asked).output().unwrap().status.success() {
            assert!(Instant::now() < end, "the server lets nobody in: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until somebody listens.
    fn wait(&self) {
        let end = Instant::now() + Duration::from_secs(30);
        while std::net::TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < end, "the server does not listen: {}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.command("pg_ctl").args(["stop", "-D", "data", "-m", "immediate"]).output();
        if let Some(server) = &mut self.server {
            let _ = server.wait();
        }
    }
}
