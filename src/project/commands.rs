//! Command lines that speak to Docker, from Makefiles, justfiles, package.json, shell scripts and hook configurations.

use serde::{Deserialize, Serialize};

use crate::text::{Span, Spanned};

/// One command line, as its file's language means it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandLine {
    /// What holds it, such as target `migrate` or script `dev`.
    pub holder: Option<String>,
    /// The file's language, which decides how a fix must be written.
    pub language: Language,
    /// The command from its first word to its last.
    pub span: Span,
    /// The call of docker in it.
    pub call: DockerCall,
}

/// The language that a command line is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// A recipe of a Makefile.
    Make,
    /// A recipe of a justfile.
    Just,
    /// A shell script.
    Shell,
    /// A string in JSON (package.json scripts), run by `sh -c`.
    JsonShell,
    /// A scalar in YAML that a shell runs.
    YamlShell,
    /// A scalar in YAML that no shell runs (pre-commit's `entry`): only words, no substitution.
    YamlWords,
}

/// Which command of docker is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DockerVerb {
    /// `docker compose exec`, `docker-compose exec`.
    ComposeExec,
    /// `docker compose run`, `docker-compose run`.
    ComposeRun,
    /// `docker exec`.
    Exec,
    /// `docker run`.
    Run,
}

/// A call of docker that runs a command in a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DockerCall {
    /// Which command.
    pub verb: DockerVerb,
    /// From `docker` to the verb, such as `docker compose exec`.
    pub head: Span,
    /// Service (compose) or container or image (docker) that is named; `None` when it is a variable or missing.
    pub target: Option<Spanned<String>>,
    /// The user option and how its value reads after the file's own variables are put in.
    pub user: Option<UserOption>,
    /// Variables given by `-e NAME=value` (or `-e NAME`): the names, with the value when it is given.
    pub environment: Vec<(String, Option<String>)>,
    /// Byte offset in the file where an option can be put in, right after the verb.
    pub insert_at: usize,
    /// The command that runs inside, word by word, quotes removed, variables as written.
    pub command: Vec<Spanned<String>>,
    /// `--entrypoint` of `run`, when given.
    pub entrypoint: Option<String>,
    /// Options that start with `-f`/`--file`/`-p`/`--project-directory` and name another project or Compose file.
    pub other_project: bool,
}

/// The user option of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserOption {
    /// The value as written, such as `$(UID):$(GID)`.
    pub written: Spanned<String>,
    /// What it becomes: variables that the file sets are put in, `$(shell id -u)` and `$(id -u)` stand as `<uid>`.
    /// Variables that nothing sets are empty, as the language makes them.
    pub resolved: String,
    /// Variables in it that nothing sets, so that the language makes them empty.
    pub blank: Vec<Spanned<String>>,
}
