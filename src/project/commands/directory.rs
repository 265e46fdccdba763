//! The directory that a command line runs in, and the Compose file that Compose finds from there.

use super::{CommandLine, DockerVerb, Language};

/// Names of Compose files, the preferred first.
const COMPOSE_FILES: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// How deep directories are followed, so that a script of nothing but `cd a` costs little.
const DEEPEST: usize = 30;

/// The directory of a file, relative to the root.
pub fn of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(directory, _)| directory)
}

/// The directory after `cd TARGET` in `current`; `None` when only running it could tell. A script whose own directory is
/// not known is called from the root by custom.
pub fn entered(current: Option<&str>, target: &str, language: Language) -> Option<String> {
    let current = current.or((language == Language::Shell).then_some(""))?;
    let target = target.trim().trim_matches(['"', '\'']);
    let plain = |character: char| character.is_alphanumeric() || "._-/".contains(character);
    if target.is_empty() || target.starts_with(['/', '-']) || !target.chars().all(plain) {
        return None;
    }
    let mut parts: Vec<&str> = current.split('/').filter(|part| !part.is_empty()).collect();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?; // else it leaves the project
            }
            name => parts.push(name),
        }
    }
    (parts.len() <= DEEPEST).then(|| parts.join("/"))
}

/// Puts into each line the Compose file that is nearest to its directory, as Compose looks for it: there and above.
pub fn look_for_compose(files: &[String], lines: &mut [CommandLine]) {
    let is_there = |path: &String| files.binary_search(path).is_ok() || files.contains(path);
    for line in lines {
        let looks =
            matches!(line.call.verb, DockerVerb::ComposeExec | DockerVerb::ComposeRun) && !line.call.other_project;
        let Some(directory) = line.compose_file.take().filter(|_| looks) else { continue };
        let above = std::iter::successors(Some(directory.as_str()), |below| (!below.is_empty()).then(|| of(below)));
        let beside = |directory: &str, name: &str| match directory {
            "" => name.to_owned(),
            directory => format!("{directory}/{name}"),
        };
        let found = above.flat_map(|directory| COMPOSE_FILES.map(|name| beside(directory, name))).find(is_there);
        line.compose_file = found;
    }
}
