//! What the project's files say, each value with the place it was read from.

pub mod alembic;
pub mod commands;
pub mod compose;
pub mod dev_servers;
pub mod devcontainers;
pub mod discover;
pub mod dockerfile;
pub mod files;
pub mod line_ends;
pub mod other_sets;
pub mod poetry;
pub mod python;
pub mod python_environment;
pub mod read;
pub mod requirements;
pub mod starts;
pub mod stores;
pub mod urls;
pub mod vector;
pub mod vector_index;
pub mod whose;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::text::{Source, Span, Spanned};

use alembic::Alembic;
use commands::CommandLine;
use compose::Compose;
use devcontainers::DevContainer;
use dockerfile::Dockerfile;
use line_ends::Crlf;
use python_environment::VirtualEnvironment;
use stores::Store;
use urls::DatabaseUrl;

/// Everything that was read from the project's files.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Project {
    /// Absolute path of the root.
    pub root: String,
    /// Whether there is no project at all: only what concerns no files can be said.
    #[serde(default)]
    pub is_nowhere: bool,
    /// Every file that was read, by its path relative to the root.
    pub sources: BTreeMap<String, Source>,
    /// Files that are there but could not be understood, sorted by path.
    pub unreadable: Vec<Unreadable>,
    /// Folders of the project that were not entered, since they are file systems of another kind (such as `nfs4`): path, kind.
    #[serde(default)]
    pub not_entered: Vec<(String, String)>,
    /// Folders of the project that could not be listed: path, reason.
    #[serde(default)]
    pub not_listed: Vec<(String, String)>,
    /// The merged Compose model, when there is a Compose file that could be read.
    pub compose: Option<Compose>,
    /// Compose files that are there, where none is read since nothing says which is meant.
    #[serde(default)]
    pub compose_unchosen: Vec<String>,
    /// The sets of Compose files that command lines mean beside the project's own.
    #[serde(default)]
    pub other_sets: Vec<other_sets::OtherSet>,
    /// The Dockerfiles that services are built from, by path.
    pub dockerfiles: BTreeMap<String, Dockerfile>,
    /// The Dockerfiles of services that give build arguments, as they are built with them, by service.
    #[serde(default)]
    pub builds: BTreeMap<String, Dockerfile>,
    /// Each Alembic environment of the project (a repository may hold several).
    pub alembic: Vec<Alembic>,
    /// What Alembic environments cannot be without and lack.
    #[serde(default)]
    pub alembic_incomplete: Vec<alembic::incomplete::Incomplete>,
    /// Where recipes, scripts and pipelines run alembic outside of containers, sorted.
    #[serde(default)]
    pub alembic_on_host: Vec<alembic::on_host::HostRun>,
    /// Command lines of Makefiles, scripts and the like that speak to Docker.
    pub commands: Vec<CommandLine>,
    /// Every place that names a Postgres database by a URL.
    pub urls: Vec<DatabaseUrl>,
    /// Places that show that the project wants pgvector (models, migrations, SQL), sorted.
    pub wants_vector: Vec<Spanned<String>>,
    /// What the project's Python says: classes, tables, and what the migration environments see of them.
    #[serde(default)]
    pub python: python::PythonProject,
    /// Scripts and `.env` files with CR LF whose reader takes the CR for a part of the line, sorted.
    #[serde(default)]
    pub line_ends: Vec<Crlf>,
    /// Files that show which tools the project uses (lock files, settings), by path, sorted.
    #[serde(default)]
    pub markers: Vec<String>,
    /// The virtual environments in the project's folders, by path, ignored by git or not.
    #[serde(default)]
    pub virtual_environments: BTreeMap<String, VirtualEnvironment>,
    /// What `poetry.toml` says.
    #[serde(default)]
    pub poetry: poetry::PoetrySettings,
    /// What each `devcontainer.json` says of its user.
    #[serde(default)]
    pub devcontainers: Vec<DevContainer>,
    /// Package stores and caches in the project that git does not ignore, by path.
    #[serde(default)]
    pub stores: BTreeMap<String, Store>,
}

/// A file that is there but could not be understood.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Unreadable {
    /// Path relative to the root.
    pub path: String,
    /// What kind of file it should be.
    pub format: Format,
    /// Where the parser gave up; `None` when the file could not even be read as text.
    pub span: Option<Span>,
    /// What is wrong, lower case, such as `mapping values are not allowed here`.
    pub message: String,
    /// What of the project could not be judged because of it, such as `services and mounts`.
    pub unseen: String,
}

impl Unreadable {
    /// Whether time is all that was missing: nothing is wrong with the file.
    pub fn is_late(&self) -> bool {
        [files::NO_ANSWER, files::TAKES_TOO_LONG, files::TIME_IS_UP].iter().any(|reason| self.message.ends_with(reason))
    }
}

/// The formats that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// A Compose file.
    Compose,
    /// A `.env` file.
    Dotenv,
    /// `alembic.ini` and the like.
    Ini,
    /// `pyproject.toml` and the like.
    Toml,
    /// Python source.
    Python,
    /// `package.json`.
    Json,
    /// A YAML file other than Compose's.
    Yaml,
    /// A Makefile.
    Make,
    /// A shell script, a justfile.
    Shell,
    /// A Dockerfile.
    Dockerfile,
    /// The project's folder, of which not every file could be read.
    Folder,
}

impl Project {
    /// The service of a name.
    pub fn service(&self, name: &str) -> Option<&compose::Service> {
        self.compose.as_ref()?.services.get(name)
    }

    /// All services, sorted by name.
    pub fn services(&self) -> impl Iterator<Item = &compose::Service> {
        self.compose.iter().flat_map(|compose| compose.services.values())
    }

    /// Whether there is a file of this name that shows which tools the project uses.
    pub fn has_marker(&self, name: &str) -> bool {
        self.markers.iter().any(|path| path.rsplit('/').next() == Some(name))
    }

    /// The Dockerfile that a service is built from, as it is built for this service.
    pub fn dockerfile_of(&self, service: &compose::Service) -> Option<&Dockerfile> {
        let build = service.build.as_ref()?;
        self.builds.get(&service.name.value).or_else(|| self.dockerfiles.get(&build.dockerfile))
    }

    /// The text of the Dockerfile that a build reads, wherever it stands.
    pub fn dockerfile_text<'a>(&'a self, build: &'a compose::Build) -> Option<&'a str> {
        let inline = build.inline.as_ref().map(|inline| inline.value.as_str());
        inline.or_else(|| self.sources.get(&build.dockerfile).map(Source::text))
    }

    /// The project's name for people: Compose's, else the last part of the root.
    pub fn name(&self) -> &str {
        match &self.compose {
            Some(compose) => &compose.name,
            None => self.root.rsplit('/').next().filter(|name| !name.is_empty()).unwrap_or("project"),
        }
    }
}
