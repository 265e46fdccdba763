//! The directory that a command line runs in, and the Compose file that Compose finds from there.

use super::meant::meant;
use super::{CommandLine, DockerVerb, Language, Occasion};
use crate::project::files::{self, Files};

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

/// Where the commands of a text run. A `cd` in a subshell holds there and not behind it.
pub struct Place {
    /// The shells that are open, the outermost first: a number, the directory, and whether a `cd` led to where only running
    /// it could tell.
    shells: Vec<(usize, Option<String>, bool)>,
}

impl Place {
    /// At the start of a text.
    pub fn new(directory: Option<&str>, strayed: bool) -> Self {
        Self { shells: vec![(0, directory.map(str::to_owned), strayed)] }
    }

    /// Goes on in these subshells.
    pub fn go_into(&mut self, subshells: &[usize]) {
        let open = self.shells.iter().skip(1).zip(subshells).take_while(|((open, ..), number)| open == *number).count();
        self.shells.truncate(1 + open);
        for number in subshells.iter().skip(open) {
            let (directory, strayed) = (self.directory().map(str::to_owned), self.strayed());
            self.shells.push((*number, directory, strayed));
        }
    }

    /// `cd TARGET`.
    pub fn enter(&mut self, target: &str, language: Language) {
        let directory = entered(self.directory(), target, language);
        if let Some(shell) = self.shells.last_mut() {
            (shell.2, shell.1) = (directory.is_none(), directory);
        }
    }

    /// The directory, where it is known.
    pub fn directory(&self) -> Option<&str> {
        self.shells.last()?.1.as_deref()
    }

    /// Whether a `cd` led to where only running it could tell.
    pub fn strayed(&self) -> bool {
        self.shells.last().is_some_and(|shell| shell.2)
    }
}

/// Puts into each line which project it means, and the Compose file that is nearest to its directory, as Compose looks for it:
/// there and above.
pub fn look_for_compose(disk: &dyn Files, lines: &mut [CommandLine]) {
    let files = disk.list();
    let is_there = |path: &String| files.binary_search(path).is_ok() || files.contains(path);
    for line in lines {
        line.meant = meant(disk, line, line.compose_file.as_deref());
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

/// The sets of Compose files that lines name, relative to the root, as far as the files are there.
pub fn named_files(disk: &dyn Files, lines: &[CommandLine]) -> Vec<Vec<String>> {
    let plain = |file: &String| !file.contains(['$', '`', '{']) && file != "-";
    let called = lines.iter().filter(|line| line.occasion == Occasion::Called && !line.call.compose_files.is_empty());
    let mut sets: Vec<Vec<String>> = called
        .filter(|line| line.call.compose_files.iter().all(plain))
        .filter_map(|line| {
            // Scripts are called from where they lie as well as from the root.
            let starts = [line.compose_file.as_deref().unwrap_or(""), of(&line.span.path), ""];
            let from = |start: &str| -> Option<Vec<String>> {
                let set = line.call.compose_files.iter().map(|file| files::inside(start, file));
                set.map(|file| file.filter(|file| disk.is_file(file))).collect()
            };
            starts.into_iter().find_map(from)
        })
        .collect();
    sets.sort();
    sets.dedup();
    sets
}
