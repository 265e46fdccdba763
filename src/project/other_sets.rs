//! The sets of Compose files that command lines mean beside the project's own.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::commands::{CommandLine, Meant};
use super::compose::{self, Compose, Named};
use super::dockerfile::Dockerfile;
use super::files::Files;
use super::{Project, Unreadable, read};
use crate::facts::Environment;
use crate::text::Source;

/// A set of Compose files that command lines mean and that is not the project's own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OtherSet {
    /// What the lines name.
    pub named: Named,
    /// What the files say.
    pub compose: Compose,
    /// The Dockerfiles that its services are built from, by path.
    pub dockerfiles: BTreeMap<String, Dockerfile>,
    /// Those of services that give build arguments, by service.
    pub builds: BTreeMap<String, Dockerfile>,
}

/// So many sets are read; lines that mean further ones are not judged.
const MOST: usize = 20;

/// Reads the sets that lines name. A line whose files are the project's own after all means the project, and one whose files
/// cannot be read means nothing that is known.
pub(super) fn read_sets(
    files: &dyn Files,
    environment: &Environment,
    project: &mut Project,
    sources: &mut BTreeMap<String, Source>,
) {
    let mut named: Vec<Named> = project.commands.iter().filter_map(name_of).cloned().collect();
    named.sort();
    named.dedup();
    let mut meant: BTreeMap<Named, Meant> = BTreeMap::new();
    for named in named {
        let result = match compose::read_set(files, environment, &named, project.compose.as_ref()) {
            None => Meant::Own,
            Some(_) if project.other_sets.len() >= MOST => Meant::Unknown,
            Some(read) => match read.compose.filter(|_| read.unreadable.is_empty()) {
                None => Meant::Unknown,
                Some(compose) => {
                    read.sources.into_iter().for_each(|source| {
                        sources.entry(source.path().to_owned()).or_insert(source);
                    });
                    project.other_sets.push(of(files, named.clone(), compose, &project.root, sources));
                    Meant::Named(named.clone())
                }
            },
        };
        meant.insert(named, result);
    }
    for line in &mut project.commands {
        if let Some(result) = name_of(line).and_then(|named| meant.get(named)) {
            line.meant = result.clone();
        }
    }
}

fn name_of(line: &CommandLine) -> Option<&Named> {
    match &line.meant {
        Meant::Named(named) => Some(named),
        Meant::Own | Meant::Unknown => None,
    }
}

fn of(
    files: &dyn Files,
    named: Named,
    compose: Compose,
    root: &str,
    sources: &mut BTreeMap<String, Source>,
) -> OtherSet {
    let mut alone = Project { root: root.to_owned(), compose: Some(compose), ..Project::default() };
    // What of them cannot be read decides nothing here: then the user of the image is not known.
    let mut unread: Vec<Unreadable> = vec![];
    alone.dockerfiles = read::dockerfiles(files, &alone, sources, &mut unread);
    alone.builds = read::builds(&alone, sources);
    alone.builds.extend(read::inline_builds(&alone, sources, &mut unread));
    OtherSet { named, compose: alone.compose.unwrap_or_default(), dockerfiles: alone.dockerfiles, builds: alone.builds }
}

impl Project {
    /// The project as the lines of another set mean it: with its services, and with these lines alone.
    pub fn in_set(&self, set: &OtherSet) -> Self {
        let mut project = self.clone();
        project.commands.retain(|line| name_of(line) == Some(&set.named));
        project.commands.iter_mut().for_each(|line| line.meant = Meant::Own);
        project.compose = Some(set.compose.clone());
        project.dockerfiles.clone_from(&set.dockerfiles);
        project.builds.clone_from(&set.builds);
        project.other_sets.clear();
        project
    }
}
