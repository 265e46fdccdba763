//! Where a directory of the host is in a container.

use crate::access::{Layout, normal};
use crate::facts::{Container, MountKind};
use crate::project::compose::is_below;

/// The directory of a container that shows one of the host, by the bind mount with the longest source above it. `None` when
/// no mount shows it, or when another mount lies over it.
///
/// `here` has the forms of one directory: as the person's shell calls it, and without links.
pub fn in_container(container: &Container, here: &[String]) -> Option<String> {
    let layout = Layout::of_container(container);
    let mut binds: Vec<_> = container.mounts.iter().filter(|mount| mount.kind == MountKind::Bind).collect();
    binds.sort_by_key(|mount| std::cmp::Reverse(mount.source.len()));
    let found =
        binds.into_iter().flat_map(|mount| here.iter().map(move |here| (mount, here))).find_map(|(mount, here)| {
            if !is_below(here, &mount.source) {
                return None;
            }
            let rest = here.get(mount.source.trim_end_matches('/').len()..)?;
            let inside = normal(&format!("{}/{rest}", mount.target));
            (layout.spot(&inside).host_path.as_ref() == Some(&normal(here))).then_some(inside)
        });
    found
}
