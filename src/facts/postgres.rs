//! What the databases say that the project's URLs name.

use serde::{Deserialize, Serialize};

use super::Fact;

/// The databases that were looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Postgres {
    /// One entry for each distinct database that a URL of the project names, in the order of the URLs.
    pub databases: Vec<Database>,
}

/// One database as the project's URL names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Database {
    /// Indexes into `Project::urls` of the URLs that name this database with this role.
    pub urls: Vec<usize>,
    /// Role that logs in.
    pub role: String,
    /// Name of the database.
    pub name: String,
    /// Host and port as the URL says, such as `db:5432`.
    pub named: String,
    /// Where it was really contacted, such as `127.0.0.1:15432` or `/var/run/postgresql/.s.PGSQL.5432`; empty when it
    /// could not be contacted at all.
    pub contacted: String,
    /// Compose service whose container is behind this address, when that is known.
    pub service: Option<String>,
    /// What answered. `Missing` when nobody was asked (not local, not running, no port that can be reached).
    pub server: Fact<Result<Server, Trouble>>,
}

impl Database {
    /// The server, when one let us in.
    pub fn answered(&self) -> Option<&Server> {
        self.server.as_ref().ok()?.as_ref().ok()
    }
}

/// A server that let us in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Server {
    /// `server_version`, such as `16.4`.
    pub version: String,
    /// `inet_server_addr()` and `inet_server_port()` as the server sees itself, `None` on a Unix socket.
    pub address: Option<String>,
    /// `pg_postmaster_start_time()`, RFC 3339.
    pub started_at: String,
    /// Whether the server is proved to be the one in the service's container (its address is the container's).
    pub is_the_service: Option<bool>,
    /// `rolsuper` of the role.
    pub superuser: bool,
    /// Whether the role owns the database.
    pub owns_database: bool,
    /// `current_schemas(true)`.
    pub search_path: Vec<String>,
    /// The state of pgvector.
    pub vector: Vector,
    /// What the table `alembic_version` holds where the search path finds it, sorted: none when it is not there or is empty.
    /// `None` when it could not be read.
    #[serde(default)]
    pub alembic_versions: Option<Vec<String>>,
    /// Ordinary tables that are no part of an extension, sorted, with their schema before them unless that is `public` or the
    /// first of the search path. `None` when they could not be read.
    #[serde(default)]
    pub tables: Option<Vec<String>>,
    /// Tables that extensions own, sorted and named like the others, each with its extension.
    #[serde(default)]
    pub extension_tables: Vec<(String, String)>,
}

/// The state of the `vector` extension in one database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vector {
    /// Whether `to_regtype('vector')` finds the type with this role's search path.
    pub usable: bool,
    /// Version and schema, when the extension is created in this database.
    pub created: Option<(String, String)>,
    /// Default version on this server, when its files are installed.
    pub available: Option<String>,
    /// Whether an ordinary owner of the database may create it (`trusted` in its control file).
    pub trusted: bool,
    /// Other databases of this server where it is created, when that could be seen. Kept for the message only.
    pub elsewhere: Vec<String>,
}

/// Why no session came about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What kind of trouble.
    pub kind: TroubleKind,
    /// SQLSTATE, when the server gave one.
    pub sqlstate: Option<String>,
    /// What the server or the kernel said, without any secret.
    pub message: String,
}

/// The kinds of trouble that ask for different cures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TroubleKind {
    /// ECONNREFUSED: nobody listens there.
    Refused,
    /// No socket file at this path.
    NoSocket,
    /// It accepted or dropped and then nothing came within the deadline.
    TimedOut,
    /// The host name cannot be found.
    Unresolved,
    /// 28P01: the password is wrong.
    WrongPassword,
    /// 28000 with `role … does not exist`.
    NoSuchRole,
    /// 28000: no line of `pg_hba.conf` allows this.
    NotAllowed,
    /// 3D000: no such database.
    NoSuchDatabase,
    /// 53300: too many clients.
    TooManyClients,
    /// 57P03: starting up or shutting down.
    StartingUp,
    /// The server has no TLS and the URL wants it.
    TlsRefused,
    /// The server wants TLS and the URL forbids it.
    TlsWanted,
    /// Something answered that is no Postgres.
    NotPostgres,
    /// The container of its service has ended with an error, while others of the project run.
    Ended,
    /// Anything else.
    Other,
}
