//! Where a directory of the host is in a container.

use crate::access::{Layout, normal};
use crate::facts::{Container, MountKind};
use crate::project::compose::is_below;

/// The directory of a container that shows one of the host, by the bind mount with the longest source above it. `None` when
/// no mount shows it, or when another mount lies over it.
pub fn in_container(container: &Container, here: &str) -> Option<String> {
    let layout = Layout::of_container(container);
    let mut binds: Vec<_> = container.mounts.iter().filter(|mount| mount.kind == MountKind::Bind).collect();
    binds.sort_by_key(|mount| std::cmp::Reverse(mount.source.len()));
    binds.into_iter().filter(|mount| is_below(here, &mount.source)).find_map(|mount| {
        let rest = here.get(mount.source.trim_end_matches('/').len()..)?;
        let inside = normal(&format!("{}/{rest}", mount.target));
        (layout.spot(&inside).host_path.as_ref() == Some(&normal(here))).then_some(inside)
    })
}
