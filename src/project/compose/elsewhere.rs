//! What services are given by Compose files that are laid over the project's own: `-f compose.yaml -f compose.dev.yaml`.

use crate::facts::Environment;
use crate::project::files::Files;

use super::read::{others, read_set};
use super::{Compose, Named};

/// So many sets of files are read; with more of them, nobody knows what they give.
const MOST: usize = 20;

/// Tells each service of a project which variables other files give it: the sets that lines name (`named`), and each other
/// Compose file laid over the project's own.
pub fn tell(files: &dyn Files, environment: &Environment, named: &[Vec<String>], own: &mut Compose) {
    let mut sets: Vec<Vec<String>> = named.iter().filter(|set| **set != own.chosen).cloned().collect();
    let is_named = |path: &&String| named.iter().any(|set| set.contains(path));
    let others = others(files, &own.files).filter(|path| !is_named(path));
    sets.extend(others.map(|path| own.chosen.iter().chain([path]).cloned().collect()));
    let is_too_much = sets.len() > MOST;
    sets.truncate(MOST);
    let read = |set: Vec<String>| {
        let named = Named { files: set, ..Named::default() };
        read_set(files, environment, &named, None).and_then(|read| read.compose)
    };
    let mut found: Vec<Option<Compose>> = sets.into_iter().map(read).collect();
    found.extend(is_too_much.then_some(None));
    for (name, service) in &mut own.services {
        for compose in &found {
            let Some(compose) = compose else {
                service.environment_unseen = true;
                continue;
            };
            let Some(laid_over) = compose.services.get(name) else { continue };
            service.environment_unseen |= laid_over.environment_unseen;
            service.given_elsewhere.extend(laid_over.environment.keys().cloned());
        }
        service.given_elsewhere.sort();
        service.given_elsewhere.dedup();
    }
}
