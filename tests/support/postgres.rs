//! A Postgres server of a test's own on a free port of this machine, with everything logged.

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::person::Person;
use super::project::answer;
use super::{free_port, variable};

/// A running server; it ends with this value.
pub struct Postgres {
    /// Its port on 127.0.0.1.
    pub port: u16,
    server: Child,
    bin: PathBuf,
    directory: tempfile::TempDir,
}

/// Name and password of the server's superuser.
pub const SUPERUSER: (&str, &str) = ("admin", "granite-Lantern-08");

impl Postgres {
    /// Starts the server whose programs lie in the folder that `bin` (a variable of `tests/run`) names. Passwords are asked for.
    pub fn start(bin: &str) -> Self {
        let bin = PathBuf::from(variable(bin));
        let directory = tempfile::Builder::new().prefix("devdoctor-postgres-").tempdir().unwrap();
        let at = directory.path();
        let (uid, gid) = Person::User.owner().unwrap();
        std::os::unix::fs::chown(at, Some(uid), Some(gid)).unwrap();
        let password = at.join("password");
        std::fs::write(&password, SUPERUSER.1).unwrap();
        std::os::unix::fs::chown(&password, Some(uid), Some(gid)).unwrap();
        let program = |name: &str| Person::User.command(&bin.join(name), at);
        let mut initdb = program("initdb");
        initdb.arg("--pgdata").arg(at.join("data")).arg("--pwfile").arg(&password);
        initdb.args(["--username", SUPERUSER.0, "--auth", "scram-sha-256", "--no-sync", "--encoding", "UTF8"]);
        answer("initdb", &mut initdb).ends_with(0);
        let port = free_port();
        let mut server = program("postgres");
        server.arg("-D").arg(at.join("data")).arg("-k").arg(at).args(["-p", &port.to_string(), "-h", "127.0.0.1"]);
        for setting in ["fsync=off", "log_statement=all", "log_connections=on", "log_line_prefix=%p %a %u@%d "] {
            server.args(["-c", setting]);
        }
        let log = std::fs::File::create(at.join("log")).unwrap();
        let server = server.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let started = Self { port, server, bin, directory };
        started.wait_until_ready();
        started
    }

    fn wait_until_ready(&self) {
        let begin = Instant::now();
        while self.psql("postgres", "select 1").is_err() {
            assert!(begin.elapsed() < Duration::from_secs(30), "Postgres does not come up:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Runs statements as the superuser; what they print, or what psql says.
    pub fn psql(&self, database: &str, statements: &str) -> Result<String, String> {
        let mut psql = Person::User.command(&self.bin.join("psql"), self.directory.path());
        psql.env("PGPASSWORD", SUPERUSER.1).args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-U", SUPERUSER.0]);
        psql.args(["-d", database, "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", statements]);
        let answer = answer("psql", &mut psql);
        if answer.status == 0 { Ok(answer.out.trim().to_owned()) } else { Err(answer.err) }
    }

    /// A role that may log in, and a database of its own.
    pub fn add(&self, role: &str, password: &str, attributes: &str, database: &str) {
        self.psql("postgres", &format!("create role {role} login {attributes} password '{password}'")).unwrap();
        self.psql("postgres", &format!("create database {database} owner {role}")).unwrap();
    }

    /// Everything the server has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT is its fast shutdown.
        let _ = std::process::Command::new("kill").args(["-INT", &self.server.id().to_string()]).status();
        let _ = self.server.wait();
    }
}
