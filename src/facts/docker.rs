//! What the Docker engine says: how it maps user numbers, and the project's containers and images.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Environment, Fact, PathStat};
use crate::project::Project;
use crate::project::compose::Service;
use crate::project::python_environment::VirtualEnvironment;

/// One place where an engine was looked for, in the order of the docker CLI.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndpointTried {
    /// The endpoint as a URL, such as `unix:///var/run/docker.sock`.
    pub url: String,
    /// What named it: `DOCKER_HOST`, `--context`, `context "desktop-linux" (currentContext in ~/.docker/config.json)`, …
    pub named_by: String,
    /// What happened: `Ok` with the engine's version, or why it does not answer.
    pub answer: Result<String, EndpointTrouble>,
    /// Whether the docker CLI would use this endpoint; others are looked at only to tell the person where one answers.
    pub chosen: bool,
}

/// Why an endpoint does not answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum EndpointTrouble {
    /// There is no socket at this path.
    #[error("there is no socket")]
    NoSocket,
    /// The path is there but is no socket.
    #[error("is not a socket")]
    NotASocket,
    /// Nobody listens behind the socket or the port.
    #[error("connection refused")]
    Refused,
    /// The kernel forbids this user to connect. `socket_group` is the group number that may.
    #[error("permission denied")]
    PermissionDenied {
        /// Group that owns the socket, when it could be looked at.
        socket_group: Option<u32>,
        /// Name of that group.
        group_name: Option<String>,
        /// Whether the group database already lists the person, so that a new login is enough.
        member_after_login: bool,
    },
    /// It accepted and then said nothing.
    #[error("accepts connections but does not answer")]
    Silent,
    /// It answered something that is no engine's answer.
    #[error("does not answer as an engine does: {0}")]
    NotAnEngine(String),
    /// The host name cannot be found.
    #[error("cannot be resolved: {0}")]
    Unresolved(String),
    /// A context that does not exist, or a context store that cannot be read.
    #[error("{0}")]
    BadContext(String),
    /// A kind of endpoint that devdoctor does not speak (`ssh://`, `npipe://`) or may not contact.
    #[error("{0}")]
    Unsupported(String),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// What kind of engine answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineKind {
    /// An ordinary daemon of root.
    Rootful,
    /// A daemon of an ordinary user (`name=rootless` among the security options).
    Rootless,
    /// A daemon of root with `userns-remap` (`name=userns`).
    UsernsRemap,
    /// Docker Desktop: a machine of its own, numbers seen inside cannot be trusted.
    Desktop,
    /// Podman behind a Docker socket.
    Podman,
}

/// What shows of an engine that was not asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineHint {
    /// Its kind, by its socket.
    Kind(EngineKind),
    /// Nothing but where it should be.
    Unknown(String),
}

/// A run of numbers that a user namespace maps: `inside..inside+count` is `outside..outside+count` on the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IdRange {
    /// First number as containers see it.
    pub inside: u32,
    /// First number as the host sees it.
    pub outside: u32,
    /// How many.
    pub count: u32,
}

/// The engine and what of it belongs to this project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Docker {
    /// The endpoint that answered.
    pub endpoint: String,
    /// The engine's version, such as `28.2.2`.
    pub version: String,
    /// The API version that was agreed on, such as `1.41`.
    pub api_version: String,
    /// `OperatingSystem` of `/info`.
    pub operating_system: String,
    /// What kind of engine it is.
    pub kind: EngineKind,
    /// How user numbers are mapped to the host's; empty: they are the same. `Missing` when it could not be found out.
    pub uid_map: Fact<Vec<IdRange>>,
    /// The same for group numbers.
    pub gid_map: Fact<Vec<IdRange>>,
    /// Whether the engine runs on this machine, so that paths of mounts are paths here.
    pub local: bool,
    /// The project's containers, by Compose's labels, sorted by service, then name.
    pub containers: Vec<Container>,
    /// Images that the project's services use and that are here, by the name the project gives them.
    pub images: BTreeMap<String, Image>,
}

impl Docker {
    /// The containers of a service; one-off containers (`compose run`) come last.
    pub fn containers_of(&self, service: &str) -> Vec<&Container> {
        let mut found: Vec<&Container> =
            self.containers.iter().filter(|container| container.service.as_deref() == Some(service)).collect();
        found.sort_by_key(|container| container.one_off);
        found
    }

    /// The container that stands for a service: a running one if there is one, never a one-off.
    pub fn container_of(&self, service: &str) -> Option<&Container> {
        let lasting = |container: &&&Container| !container.one_off;
        let found = self.containers_of(service);
        found.iter().filter(lasting).find(|container| container.running).or(found.iter().find(lasting)).copied()
    }

    /// The services of a project that have a container here, each with the one that stands for it.
    pub fn services<'all>(
        &'all self,
        project: &'all Project,
    ) -> impl Iterator<Item = (&'all Service, &'all Container)> {
        project.services().filter_map(|service| Some((service, self.container_of(&service.name)?)))
    }
}

/// Where a mount comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MountKind {
    /// A path of the host.
    Bind,
    /// A named or anonymous volume.
    Volume,
    /// Memory.
    Tmpfs,
    /// Anything else (npipe, cluster, image).
    Other,
}

/// One mount of a container, as the engine made it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerMount {
    /// Where it comes from.
    pub kind: MountKind,
    /// Path on the engine's host (bind) or below its data root (volume).
    pub source: String,
    /// Name of the volume, when it is one.
    pub volume: Option<String>,
    /// Path in the container.
    pub target: String,
    /// Whether it may be written.
    pub writable: bool,
}

/// A published port of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedPort {
    /// Port in the container (TCP).
    pub container: u16,
    /// Address on the host, such as `0.0.0.0` or `127.0.0.1`.
    pub address: String,
    /// Port on the host.
    pub host: u16,
}

/// One line of a container's `/etc/passwd`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswdEntry {
    /// Login name.
    pub name: String,
    /// User number.
    pub uid: u32,
    /// Primary group number.
    pub gid: u32,
    /// Home directory.
    pub home: String,
}

/// One line of a container's `/etc/group`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Name.
    pub name: String,
    /// Group number.
    pub gid: u32,
    /// Login names of the members.
    pub members: Vec<String>,
}

/// One container of the project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// Full id.
    pub id: String,
    /// Name without the leading slash.
    pub name: String,
    /// Compose service (`com.docker.compose.service`).
    pub service: Option<String>,
    /// Whether it was made by `compose run` (`com.docker.compose.oneoff`).
    pub one_off: bool,
    /// Whether it runs now.
    pub running: bool,
    /// The status that it ended with, when it does not run or is started again and again.
    #[serde(default)]
    pub ended: Option<i64>,
    /// Whether the engine starts it again and again (`State.Restarting`).
    #[serde(default)]
    pub restarting: bool,
    /// The image's name as given, and its id.
    pub image: String,
    /// Image id.
    pub image_id: String,
    /// `Config.User`: empty means root.
    pub user: String,
    /// Extra groups (`HostConfig.GroupAdd`), names or numbers.
    pub group_add: Vec<String>,
    /// `Config.Env`.
    pub environment: Environment,
    /// `Config.WorkingDir`.
    pub working_dir: String,
    /// Entrypoint and command, as they run.
    pub command: Vec<String>,
    /// Mounts, including `HostConfig.Tmpfs`, sorted by target.
    pub mounts: Vec<ContainerMount>,
    /// Whether the root file system is read-only (`HostConfig.ReadonlyRootfs`).
    pub read_only: bool,
    /// `HostConfig.UsernsMode`: `host` turns a remapping engine's map off. Podman says `private` of a container with a map of
    /// its own; then that follows, from the container's numbers to the engine's:
    /// `private:uidmapping=0:1:1000,uidmapping=1000:0:1,gidmapping=…`.
    pub userns_mode: String,
    /// `HostConfig.NetworkMode`.
    pub network_mode: String,
    /// Addresses in its networks.
    pub addresses: Vec<String>,
    /// Published TCP ports.
    pub ports: Vec<PublishedPort>,
    /// `State.StartedAt`, RFC 3339, when it runs.
    pub started_at: Option<String>,
    /// `/etc/passwd`; an empty list when the image has none.
    pub passwd: Fact<Vec<PasswdEntry>>,
    /// `/etc/group`; an empty list when the image has none.
    pub groups: Fact<Vec<Group>>,
    /// What was seen at paths in the container that matter (homes, caches, their parents), from tar headers:
    /// `Ok(None)` where there is nothing.
    pub paths: BTreeMap<String, Fact<Option<PathStat>>>,
    /// For directories that were looked into: their entries by path, sorted, and whether the look was cut short.
    pub listings: BTreeMap<String, Fact<Listing>>,
    /// Virtual environments in volumes, by path, as their `pyvenv.cfg` describes them.
    #[serde(default)]
    pub environments: BTreeMap<String, VirtualEnvironment>,
}

impl Container {
    /// A container called `name` that was made with no options from an image that says nothing, and in which nothing was
    /// looked at: it is root's, without mounts and networks, and not started.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            id: String::new(),
            name: name.into(),
            service: None,
            one_off: false,
            running: false,
            ended: None,
            restarting: false,
            image: String::new(),
            image_id: String::new(),
            user: String::new(),
            group_add: vec![],
            environment: Environment::default(),
            working_dir: "/".to_owned(),
            command: vec![],
            mounts: vec![],
            read_only: false,
            userns_mode: String::new(),
            network_mode: String::new(),
            addresses: vec![],
            ports: vec![],
            started_at: None,
            passwd: Ok(vec![]),
            groups: Ok(vec![]),
            paths: BTreeMap::new(),
            listings: BTreeMap::new(),
            environments: BTreeMap::new(),
        }
    }
}

/// The entries below a directory of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Absolute path in the container, and what is there. The directory itself is the first.
    pub entries: Vec<(String, PathStat)>,
    /// Whether there are more than were read.
    pub cut_short: bool,
}

/// A path in a container that somebody wants to know about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PathWish {
    /// Absolute path in the container.
    pub path: String,
    /// Whether the entries below it are wanted too.
    pub listing: bool,
}

/// One image that is here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Image id.
    pub id: String,
    /// `Config.User`: empty means root.
    pub user: String,
    /// `Config.Env`.
    pub environment: Environment,
    /// `Config.WorkingDir`.
    pub working_dir: String,
    /// Entrypoint and command.
    pub entrypoint: Vec<String>,
    /// Command.
    pub command: Vec<String>,
    /// Paths declared as volumes.
    pub volumes: Vec<String>,
}
