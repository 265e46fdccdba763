//! Everything a check may look at: plain data about the project, the host, the engine, the database and git.

mod docker;
mod git;
mod host;
mod postgres;
mod wsl;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::project::Project;
use crate::text::{Source, mask_setting};

pub use docker::{
    Container, ContainerMount, Docker, EndpointTried, EndpointTrouble, EngineHint, EngineKind, Group, IdRange, Image,
    Listing, MountKind, PasswdEntry, PathWish, PublishedPort,
};
pub use git::{Branch, BranchKind, Branches, Git, GitDirectory, RevisionOnBranch};
pub use host::{FileKind, Filesystem, ForeignFile, HomeFolder, Host, Identity, Owner, PathStat, SeenPath, Walk};
pub use postgres::{Database, Postgres, Server, Trouble, TroubleKind, Vector};
pub use wsl::{Automount, Wsl, WslKind};

/// A gathered thing, or why there is none. Never a default: what could not be looked at is not fine.
pub type Fact<T> = Result<T, Missing>;

/// What a check needs in order to look. Files are always there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Need {
    /// The project's files; always there.
    Files,
    /// Owners and modes on this machine, and who is asking.
    Host,
    /// The Docker engine.
    Docker,
    /// A Postgres server.
    Postgres,
}

impl fmt::Display for Need {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Files => "files",
            Self::Host => "host",
            Self::Docker => "docker",
            Self::Postgres => "postgres",
        })
    }
}

/// Why something could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, thiserror::Error)]
#[error("{reason}")]
pub struct Missing {
    /// What is missing.
    pub need: Need,
    /// Why, lower case, such as `the engine refused the socket: permission denied`.
    pub reason: String,
}

impl Missing {
    /// `need` could not be had because of `reason`.
    pub fn new(need: Need, reason: impl Into<String>) -> Self {
        Self { need, reason: reason.into() }
    }
}

/// Everything gathered about one project on one machine.
///
/// # Examples
/// ```
/// # use devdoctor::facts::{Facts, Need};
/// let facts = Facts::default();
/// assert_eq!(facts.docker().unwrap_err().need, Need::Docker);
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// What the project's files say.
    pub project: Project,
    /// Owners, modes and the person who asks.
    pub host: Fact<Host>,
    /// The engine and the project's containers.
    pub docker: Fact<Docker>,
    /// The databases that the project's URLs name.
    pub postgres: Fact<Postgres>,
    /// How the engine was looked for, kept also when none answered. Empty when nobody looked.
    pub endpoints_tried: Vec<EndpointTried>,
    /// What shows of the engine where it was not asked or did not answer; `None` when nobody looked.
    #[serde(default)]
    pub engine_hint: Option<EngineHint>,
    /// What git's branches have of the revisions that a database is at and no file has; `None` when nobody looked.
    #[serde(default)]
    pub branches: Option<Branches>,
}

impl Default for Facts {
    fn default() -> Self {
        let not_asked = |need| Missing::new(need, "nobody looked");
        Self {
            project: Project::default(),
            host: Err(not_asked(Need::Host)),
            docker: Err(not_asked(Need::Docker)),
            postgres: Err(not_asked(Need::Postgres)),
            endpoints_tried: vec![],
            engine_hint: None,
            branches: None,
        }
    }
}

impl Facts {
    /// The host, or why it was not looked at.
    ///
    /// # Errors
    /// When the host was not looked at, as in the hook.
    pub fn host(&self) -> Result<&Host, Missing> {
        self.host.as_ref().map_err(Clone::clone)
    }

    /// Who works on the project; `None` where the host was not looked at.
    pub fn developer(&self) -> Option<Owner> {
        self.host.as_ref().ok().map(Host::developer)
    }

    /// The engine, or why it could not be looked at.
    ///
    /// # Errors
    /// When no engine answered.
    pub fn docker(&self) -> Result<&Docker, Missing> {
        self.docker.as_ref().map_err(Clone::clone)
    }

    /// The databases, or why none could be looked at.
    ///
    /// # Errors
    /// When databases were not looked at.
    pub fn postgres(&self) -> Result<&Postgres, Missing> {
        self.postgres.as_ref().map_err(Clone::clone)
    }

    /// The source of a path of the project.
    pub fn source(&self, path: &str) -> Option<&Source> {
        self.project.sources.get(path)
    }
}

/// Variables of a process or a container. Printing and recording hides the values of secret ones.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Environment(pub BTreeMap<String, String>);

impl Environment {
    /// The value of a variable.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The value of a variable, when it is set and not empty.
    pub fn get_nonempty(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }
}

impl Serialize for Environment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, mask_setting(key, value))))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_map().entries(self.0.iter().map(|(key, value)| (key, mask_setting(key, value)))).finish()
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}
