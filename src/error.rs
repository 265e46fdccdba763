//! What can keep devdoctor from doing its work, each with a hint.

use std::path::PathBuf;

/// Why a command ended with status 2.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A path that the person named is not there or cannot be entered.
    #[error("`{}` cannot be looked at: {reason}", path.to_string_lossy().escape_debug())]
    Path {
        /// The path.
        path: PathBuf,
        /// What the kernel said.
        reason: String,
    },
    /// Nothing marks a project, or the place is one that devdoctor keeps its hands off.
    #[error("no project found here: no Compose file, pyproject.toml, Makefile or .git in `{}` or above", root.escape_debug())]
    NoProject {
        /// Where the search ended.
        root: String,
    },
    /// A home or a folder of the system, whatever lies in it.
    #[error("no project found here: `{}` is {what}", root.escape_debug())]
    NoPlaceForAProject {
        /// The directory.
        root: String,
        /// What it is.
        what: &'static str,
    },
    /// `devdoctor.yaml` cannot be used.
    #[error("`{path}` cannot be used: {reason}")]
    Configuration {
        /// The file.
        path: String,
        /// What is wrong, with the place.
        reason: String,
    },
    /// `--database-url` names no database.
    #[error("`--database-url` cannot be used: {0}")]
    DatabaseUrl(String),
    /// The command of the throw-away containers was called anywhere else.
    #[error("{0}")]
    NoHelper(String),
    /// A check or family that does not exist.
    #[error("there is no check or family `{name}`")]
    UnknownCheck {
        /// What was typed.
        name: String,
        /// The nearest that exists.
        nearest: Option<String>,
    },
    /// The options leave nothing to be judged.
    #[error("`--only`, `--skip` and the configuration leave no check")]
    NoChecks,
    /// The options leave nothing that the hook could judge.
    #[error("`--only`, `--skip` and the configuration leave no check that needs files alone, as all of the hook's do")]
    NoHookChecks,
    /// A family where one check is asked for.
    #[error("`{name}` is a family of checks")]
    Family {
        /// The family.
        name: String,
        /// Its checks.
        checks: Vec<String>,
    },
    /// Recorded facts that cannot be read.
    #[error("`{}` holds no facts: {reason}", path.to_string_lossy().escape_debug())]
    Facts {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The report could not be written.
    #[error("`{}` cannot be written: {reason}", path.to_string_lossy().escape_debug())]
    Output {
        /// The file.
        path: PathBuf,
        /// What the kernel said.
        reason: String,
    },
    /// Standard output does not take the result.
    #[error("standard output cannot be written: {0}")]
    StandardOutput(String),
    /// The project's files could not be read within the time limit.
    #[error("the project's files cannot be read: {0}")]
    NotRead(String),
    /// Git could not be asked for the staged files.
    #[error("the staged files cannot be read: {0}")]
    Git(String),
    /// A fix does not fit the files.
    #[error(transparent)]
    Plan(#[from] crate::fix::plan::PlanError),
    /// The journal cannot be used.
    #[error(transparent)]
    Record(#[from] crate::fix::apply::record::RecordError),
    /// There is no text to explain.
    #[error("no text to explain: {0}")]
    NoText(String),
    /// There is nothing to take back.
    #[error("{0}")]
    NothingToUndo(String),
    /// The run that is to be taken back cannot be, or it is not known whether it is the last one.
    #[error("the run `{id}` cannot be used: {reason}")]
    Run {
        /// Its name.
        id: String,
        /// Why.
        reason: String,
    },
    /// A command cannot be run in a container.
    #[error("{reason}")]
    Exec {
        /// What is in the way.
        reason: String,
        /// What to do about it.
        help: Option<String>,
    },
    /// The home directory is unknown, so that there is no place for the journal.
    #[error("neither XDG_STATE_HOME nor HOME is set to an absolute path, so there is no place for the journal")]
    NoStateDirectory,
}

/// What the kernel said, lower case, without its number, which says nothing to a person.
pub fn said(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

impl Error {
    /// Whether all that is wrong is that there is no project.
    pub fn is_no_project(&self) -> bool {
        matches!(self, Self::NoProject { .. } | Self::NoPlaceForAProject { .. })
    }

    /// What to do about it, starting with a verb.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownCheck { nearest: Some(nearest), .. } => Some(format!("did you mean `{nearest}`?")),
            Self::UnknownCheck { .. } | Self::NoChecks | Self::NoHookChecks => {
                Some("see all checks with `devdoctor list`".to_owned())
            }
            Self::NoProject { .. } | Self::NoPlaceForAProject { .. } => {
                Some("go into the project, or name its folder: devdoctor check PATH".to_owned())
            }
            Self::Family { checks, .. } => Some(format!("name one of them: {}", checks.join(", "))),
            Self::Exec { help, .. } => help.clone(),
            Self::Facts { .. } => Some("record them with `devdoctor facts --output FILE`".to_owned()),
            Self::DatabaseUrl(_) => Some("write it as postgresql://ROLE:PASSWORD@HOST:PORT/DATABASE".to_owned()),
            Self::NoText(_) => {
                Some("give it an error text, or a log: docker compose up 2>&1 | devdoctor why".to_owned())
            }
            Self::NotRead(_) => Some("give it more time with --timeout SECONDS".to_owned()),
            Self::Git(_) => Some("run the hook inside a git repository".to_owned()),
            Self::Run { .. } => {
                Some("see all runs with `devdoctor undo --list`, and name the one to take back".to_owned())
            }
            Self::NothingToUndo(_) => Some("see all runs with `devdoctor undo --list`".to_owned()),
            Self::Record(crate::fix::apply::record::RecordError::Busy) => Some("wait for it to end".to_owned()),
            _ => None,
        }
    }
}
