//! What a container's `pyvenv.cfg` says: which Python the environment around it was made for, and whether that is there.

use std::collections::BTreeSet;

use tokio::time::Instant;

use super::archive;
use super::engine::Engine;
use super::paths;
use crate::facts::{Container, FileKind, PathWish};
use crate::project::python_environment::VirtualEnvironment;

/// Reads each `pyvenv.cfg` that was wished for and is there, and looks for the interpreters that they name. One that cannot be
/// read says nothing.
pub(super) async fn look_into(engine: &Engine, container: &mut Container, wishes: &[PathWish], deadline: Instant) {
    let mut interpreters = BTreeSet::new();
    for PathWish { path, .. } in wishes {
        let Some(folder) = path.strip_suffix("/pyvenv.cfg") else { continue };
        let stat = container.paths.get(path).and_then(|looked| looked.as_ref().ok()).copied().flatten();
        if stat.is_none_or(|stat| stat.kind != FileKind::File) {
            continue;
        }
        let text = archive::environment_file(engine, &container.id, path, deadline).await;
        let Some(environment) = text.ok().and_then(|text| VirtualEnvironment::parse(&text)) else { continue };
        interpreters.extend(environment.interpreter());
        container.environments.insert(folder.to_owned(), environment);
    }
    interpreters.retain(|path| !container.paths.contains_key(path));
    if !interpreters.is_empty() {
        let wishes: Vec<PathWish> = interpreters.into_iter().map(|path| PathWish { path, listing: false }).collect();
        paths::look_into(engine, container, &wishes, deadline).await;
    }
}
