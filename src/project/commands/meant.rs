//! Which Compose project a command line means.

use serde::{Deserialize, Serialize};

use super::{CommandLine, DockerVerb, directory};
use crate::project::compose::Named;
use crate::project::files::{self, Files};

/// Which Compose project a line means.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Meant {
    /// The project's own, or whatever Compose finds: nothing in the line says otherwise.
    #[default]
    Own,
    /// What it names, or finds from the directory it runs in.
    Named(Named),
    /// Only running it could tell, or a file that it names is not there.
    Unknown,
}

/// Tells which project a line that runs in `start` means.
pub(super) fn meant(disk: &dyn Files, line: &CommandLine, start: Option<&str>) -> Meant {
    let call = &line.call;
    if !matches!(call.verb, DockerVerb::ComposeExec | DockerVerb::ComposeRun) {
        return Meant::Own;
    }
    let says_nothing = !call.other_project && call.compose_files.is_empty() && call.env_files.is_empty();
    let said =
        call.compose_files.iter().chain(&call.env_files).chain(&call.project_directory).chain(&call.project_name);
    if !said.into_iter().all(|value| is_plain(value)) {
        return Meant::Unknown;
    }
    // Scripts are called from the root by custom, as well as from where they lie.
    let own = directory::of(&line.span.path);
    let starts = match start {
        _ if line.strayed && says_nothing => return Meant::Own,
        None if says_nothing => return Meant::Own,
        Some(start) => vec![start, own, ""],
        None if line.strayed => vec![own, ""],
        None => vec!["", own],
    };
    let mut found = starts.into_iter().filter_map(|start| named(disk, line, start));
    let first = found.next();
    // Behind a `cd` to where nobody knows, two that differ leave it open.
    let open = line.strayed
        && start.is_none()
        && found.any(|other| Some(&other.files) != first.as_ref().map(|first| &first.files));
    first.filter(|_| !open).map_or(Meant::Unknown, Meant::Named)
}

/// What a line names as seen from `start`; `None` where a file is not there.
fn named(disk: &dyn Files, line: &CommandLine, start: &str) -> Option<Named> {
    let call = &line.call;
    let seen = |written: &String| files::inside(start, written);
    let there = |written: &String| seen(written).filter(|path| disk.is_file(path));
    let directory = match &call.project_directory {
        Some(directory) => Some(seen(directory).filter(|path| disk.is_directory(path))?),
        None => None,
    };
    Some(Named {
        start: start.to_owned(),
        files: call.compose_files.iter().map(there).collect::<Option<_>>()?,
        directory,
        project: call.project_name.clone(),
        env_files: call.env_files.iter().map(there).collect::<Option<_>>()?,
    })
}

/// Whether a value is the text that docker gets.
fn is_plain(value: &str) -> bool {
    !value.is_empty() && value != "-" && !value.contains(['$', '`', '{', '<', '~'])
}
