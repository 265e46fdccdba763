//! The Compose model: what `docker compose config` would make of the project's files, with the place of every value.

pub(in crate::project) mod elsewhere;
mod environment;
mod extends;
mod load;
mod locate;
mod merge;
mod mounts;
mod named;
mod names;
mod paths;
mod ports;
mod read;
mod scalars;
mod services;
mod tree;
mod variables;
mod words;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::text::{Span, Spanned};

pub use named::Named;
pub use read::{ComposeRead, read, read_named, read_set};
pub use variables::Variables;

/// The merged model of all Compose files of the project.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Compose {
    /// Project name by Compose's rules (`-p`, `COMPOSE_PROJECT_NAME`, `name:`, directory).
    pub name: String,
    /// The files that were merged, in order (base, override, and what they include).
    pub files: Vec<String>,
    /// Those of them that were named or found, without what they include.
    #[serde(default)]
    pub chosen: Vec<String>,
    /// Directory that relative paths start from, relative to the project's root (empty: the root itself).
    pub directory: String,
    /// Services by name, those of inactive profiles included.
    pub services: BTreeMap<String, Service>,
    /// Named volumes by their name in the file.
    pub volumes: BTreeMap<String, Volume>,
    /// Keys of Compose files of the project that are not merged here, such as a `compose.test.yaml` for `-f`: any of them may
    /// be a service.
    #[serde(default)]
    pub named_elsewhere: Vec<String>,
    /// Profiles that `COMPOSE_PROFILES` turns on; `*` is all of them.
    pub active_profiles: Vec<String>,
    /// Variables that an interpolation names and that are set nowhere, with the place of the interpolation.
    pub unset_variables: Vec<Spanned<String>>,
}

/// One service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Service {
    /// Name, at its key.
    pub name: Spanned<String>,
    /// The whole block of the service in the file that defines it first, for edits that add a key.
    pub block: Block,
    /// The services of these files that it extends, by `extends:`.
    #[serde(default)]
    pub extends: Vec<String>,
    /// `image:`.
    pub image: Option<Spanned<String>>,
    /// `build:`.
    pub build: Option<Build>,
    /// `user:` after interpolation; may be empty or `:` when its variables are unset.
    pub user: Option<Spanned<String>>,
    /// `container_name:`.
    pub container_name: Option<Spanned<String>>,
    /// `volumes:` and `tmpfs:`, in order of target.
    pub mounts: Vec<Mount>,
    /// `environment:` and `env_file:` merged as Compose does (environment wins); `None`: taken from the host's environment
    /// and not set there.
    pub environment: Variables,
    /// Where a new variable goes when `environment:` is there.
    pub environment_block: Option<Block>,
    /// `env_file:` paths that exist, relative to the root.
    pub env_files: Vec<Spanned<String>>,
    /// Whether it may have further variables, from an `env_file:` that is not there or could not be read.
    #[serde(default)]
    pub environment_unseen: bool,
    /// The variables that other Compose files of the project give it when they are laid over these; only told where somebody
    /// asks which variables it lacks.
    #[serde(default)]
    pub given_elsewhere: Vec<String>,
    /// `ports:`, TCP only.
    pub ports: Vec<Port>,
    /// `network_mode:`.
    pub network_mode: Option<Spanned<String>>,
    /// `userns_mode:`.
    pub userns_mode: Option<Spanned<String>>,
    /// `working_dir:`.
    pub working_dir: Option<Spanned<String>>,
    /// `command:` as words.
    #[serde(serialize_with = "variables::record_words")]
    pub command: Option<Spanned<Vec<String>>>,
    /// `entrypoint:` as words.
    #[serde(serialize_with = "variables::record_words")]
    pub entrypoint: Option<Spanned<Vec<String>>>,
    /// Names that it answers to in its networks besides its own: `hostname:` and the `aliases:` of its networks.
    #[serde(default)]
    pub other_names: Vec<String>,
    /// Names that it knows besides those of its networks: `links:`, `external_links:`, `extra_hosts:`.
    #[serde(default)]
    pub known_hosts: Vec<String>,
    /// Whether others than the services of these files may stand in its networks.
    #[serde(default)]
    pub has_strangers: bool,
    /// `read_only:`.
    pub read_only: bool,
    /// `profiles:`.
    pub profiles: Vec<String>,
}

impl Compose {
    /// A service and those that take over what stands in it, directly or by way of others, sorted behind it.
    pub fn with_extending<'a>(&'a self, name: &'a str) -> Vec<&'a str> {
        let mut found = vec![name];
        let mut at = 0;
        while let Some(base) = found.get(at).copied() {
            let extending = |service: &&Service| service.extends.iter().any(|extended| extended == base);
            for service in self.services.values().filter(extending) {
                if !found.contains(&service.name.value.as_str()) {
                    found.push(&service.name.value);
                }
            }
            at += 1;
        }
        found.get_mut(1..).unwrap_or_default().sort_unstable();
        found
    }
}

/// Where a block mapping or sequence stands, for edits that add an entry to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// The entries, from the first key or dash to the end of the last value (trailing comments and blank lines excluded);
    /// those in brackets without the brackets, an empty place behind the opening one when there are none.
    pub span: Span,
    /// Column of its entries, counted from 0 in characters.
    pub indent: usize,
    /// How it is written.
    pub style: BlockStyle,
    /// Whether an edit may be offered: false inside anchors that others use, merged or extended values, `include`d files
    /// outside the project.
    pub editable: bool,
}

/// How a collection is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockStyle {
    /// `key: value` lines.
    BlockMapping,
    /// `- item` lines.
    BlockSequence,
    /// `{…}` or `[…]`.
    Flow,
}

/// `build:` of a service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Build {
    /// Context directory relative to the project's root.
    pub context: Spanned<String>,
    /// Dockerfile relative to the project's root; empty where it stands in the Compose file.
    pub dockerfile: String,
    /// `dockerfile_inline:`. It may hold secrets, so that it is not recorded.
    #[serde(default, skip_serializing)]
    pub inline: Option<Spanned<String>>,
    /// Target stage.
    pub target: Option<String>,
    /// Build arguments.
    #[serde(serialize_with = "variables::record_arguments")]
    pub arguments: BTreeMap<String, String>,
}

/// One mount of a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// What is mounted.
    pub source: MountSource,
    /// Path in the container.
    pub target: String,
    /// Whether it may be written.
    pub writable: bool,
    /// Whether the engine makes a folder where the source of a bind mount is not there (`create_host_path`, on unless it is
    /// turned off); else it refuses to make the container.
    #[serde(default = "yes")]
    pub creates_source: bool,
    /// The whole entry.
    pub span: Span,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MountSource {
    /// A path of the host, absolute, `.` and `..` resolved by text.
    Bind(String),
    /// A volume by its name in the file.
    Volume(String),
    /// A volume without a name.
    Anonymous,
    /// Memory.
    Tmpfs,
    /// Anything else.
    Other(String),
}

/// A published port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// Port in the container.
    pub container: u16,
    /// Port on the host; `None`: any.
    pub host: Option<u16>,
    /// Address on the host, empty: all.
    pub address: String,
    /// The entry.
    pub span: Span,
}

/// A named volume.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Volume {
    /// Its key.
    pub name: Spanned<String>,
    /// Its name on the engine: `name:`, or `<project>_<key>`.
    pub engine_name: String,
    /// `external: true`.
    pub external: bool,
}

impl Build {
    /// Where the file that leaves paths out of the build may be, relative to the root: the Dockerfile's own goes first, as
    /// BuildKit has it.
    pub fn ignore_files(&self) -> [String; 2] {
        let context = self.context.value.trim_end_matches('/').trim_start_matches("./");
        let inside =
            if matches!(context, "" | ".") { ".dockerignore".to_owned() } else { format!("{context}/.dockerignore") };
        [format!("{}.dockerignore", self.dockerfile), inside]
    }
}

impl Service {
    /// A service that says nothing but its name.
    pub fn new(name: Spanned<String>, block: Block) -> Self {
        Self {
            name,
            block,
            extends: vec![],
            image: None,
            build: None,
            user: None,
            container_name: None,
            mounts: vec![],
            environment: Variables::default(),
            environment_block: None,
            env_files: vec![],
            environment_unseen: false,
            given_elsewhere: vec![],
            ports: vec![],
            network_mode: None,
            userns_mode: None,
            working_dir: None,
            command: None,
            entrypoint: None,
            other_names: vec![],
            known_hosts: vec![],
            has_strangers: false,
            read_only: false,
            profiles: vec![],
        }
    }

    /// The bind mounts, each with the absolute host path.
    pub fn binds(&self) -> impl Iterator<Item = (&Mount, &str)> {
        self.mounts.iter().filter_map(|mount| match &mount.source {
            MountSource::Bind(path) => Some((mount, path.as_str())),
            _ => None,
        })
    }

    /// The mount that a path in the container lies in: the one with the longest target.
    pub fn mount_at(&self, path: &str) -> Option<&Mount> {
        self.mounts.iter().filter(|mount| is_below(path, &mount.target)).max_by_key(|mount| mount.target.len())
    }
}

fn yes() -> bool {
    true
}

/// Whether `path` is `directory` or lies below it (both absolute, by text).
pub fn is_below(path: &str, directory: &str) -> bool {
    let directory = directory.trim_end_matches('/');
    path.strip_prefix(directory).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
