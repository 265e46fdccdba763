//! Which mounts of a container have to be looked at to tell whether another user than root could work in it.

use crate::facts::{Container, MountKind, PathWish};
use crate::project::Project;
use crate::project::compose::is_below;

use super::environments::environment_path;
use super::normal;
use super::service::{changes_user_itself, says_root};

/// Folders of dependencies: they are never empty where it matters, and too large to be listed.
const DEPENDENCIES: [&str; 4] = [".venv", "node_modules", "vendor", "venv"];

/// The tops of what a container of root mounts writable beside the project, those of volumes with what is in them: one that
/// is empty can be given to another user.
pub fn wishes_of_mounts(container: &Container, project: &Project) -> Vec<PathWish> {
    let shows_project = || container.mounts.iter().any(|mount| is_below(&mount.source, &project.root));
    if !says_root(&container.user) || changes_user_itself(&container.image) || !shows_project() {
        return vec![];
    }
    let environment = environment_path(container);
    let kept = container.mounts.iter().filter(|mount| {
        mount.writable && matches!(mount.kind, MountKind::Bind | MountKind::Volume) && mount.source != project.root
    });
    kept.map(|mount| {
        let path = normal(&mount.target);
        let listed = mount.kind == MountKind::Volume
            && path != environment
            && !path.rsplit('/').next().is_some_and(|name| DEPENDENCIES.contains(&name));
        PathWish { path, listing: listed }
    })
    .collect()
}
