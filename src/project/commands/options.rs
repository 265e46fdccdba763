//! Which options of docker and Compose take a value, so that the service is not mistaken for one.
//!
//! `tests/exec_real.rs` holds the tables against the `--help` of the real programs.

use super::DockerVerb;

/// The options of one command that matter for finding its words.
pub struct Table {
    /// Letters of short options with a value.
    pub short: &'static str,
    /// Long options with a value; or, when `inverted`, the long options without one.
    pub long: &'static [&'static str],
    /// `docker run` has so many options with a value that those without are the shorter list.
    pub inverted: bool,
}

impl Table {
    /// Whether the long option `name` (without dashes) takes a value.
    pub fn long_takes_value(&self, name: &str) -> bool {
        self.long.contains(&name) != self.inverted
    }

    /// Whether the short option `letter` takes a value.
    pub fn short_takes_value(&self, letter: char) -> bool {
        self.short.contains(letter)
    }
}

/// `docker [OPTIONS]`.
pub static DOCKER: Table = Table {
    short: "cHl",
    long: &["config", "context", "host", "log-level", "tlscacert", "tlscert", "tlskey"],
    inverted: false,
};

/// `docker compose [OPTIONS]` and `docker-compose [OPTIONS]`, the first version's options included.
pub static COMPOSE: Table = Table {
    short: "cfHp",
    long: &[
        "ansi",
        "context",
        "env-file",
        "file",
        "host",
        "log-level",
        "parallel",
        "profile",
        "progress",
        "project-directory",
        "project-name",
        "tlscacert",
        "tlscert",
        "tlskey",
    ],
    inverted: false,
};

static COMPOSE_EXEC: Table = Table { short: "euw", long: &["env", "index", "user", "workdir"], inverted: false };

static COMPOSE_RUN: Table = Table {
    short: "elpuvw",
    long: &[
        "cap-add",
        "cap-drop",
        "entrypoint",
        "env",
        "env-from-file",
        "label",
        "name",
        "publish",
        "pull",
        "user",
        "volume",
        "workdir",
    ],
    inverted: false,
};

static EXEC: Table =
    Table { short: "euw", long: &["detach-keys", "env", "env-file", "user", "workdir"], inverted: false };

static RUN: Table = Table {
    short: "acehlmpuvw",
    long: &[
        "detach",
        "disable-content-trust",
        "help",
        "init",
        "interactive",
        "no-healthcheck",
        "oom-kill-disable",
        "privileged",
        "publish-all",
        "quiet",
        "read-only",
        "rm",
        "sig-proxy",
        "tty",
        "use-api-socket",
    ],
    inverted: true,
};

/// The options of a command that runs something in a container.
pub fn of(verb: DockerVerb) -> &'static Table {
    match verb {
        DockerVerb::ComposeExec => &COMPOSE_EXEC,
        DockerVerb::ComposeRun => &COMPOSE_RUN,
        DockerVerb::Exec => &EXEC,
        DockerVerb::Run => &RUN,
        // What follows is not looked at.
        DockerVerb::ComposeOther => &DOCKER,
    }
}
