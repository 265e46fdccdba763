//! Where paths that change owner are: in the project, or in a container and the mounts that it shares with others.

use serde::{Deserialize, Serialize};

use crate::facts::{Container, ContainerMount, MountKind, SeenPath};
use crate::project::compose::is_below;

/// Where paths that change owner are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChownPlace {
    /// In the project on this machine.
    Project,
    /// In a container (its mounts included), as its file system shows them.
    Container {
        /// Service, for people.
        service: String,
        /// Container id.
        id: String,
        /// The mounts that hold the paths: they outlive the container.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mounts: Vec<PlaceMount>,
    },
}

/// A mount that a throw-away container can share.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PlaceMount {
    /// Bind or volume.
    pub kind: MountKind,
    /// Path on the engine's host, or name of the volume.
    pub source: String,
    /// Path in the container.
    pub target: String,
    /// `host` when the container is kept out of a remapping engine's map, else empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub userns_mode: String,
}

impl ChownPlace {
    /// In a container, with the mounts that hold `paths`.
    pub fn in_container(service: &str, container: &Container, paths: &[(SeenPath, crate::facts::Owner)]) -> Self {
        let mut mounts: Vec<PlaceMount> = vec![];
        let all = PlaceMount::all_of(container);
        for (path, _) in paths {
            let mount = nearest(&all, &path.as_path().to_string_lossy());
            if let Some(mount) = mount.filter(|mount| mount.can_be_shared() && !mounts.contains(mount)) {
                mounts.push(mount.clone());
            }
        }
        Self::Container { service: service.to_owned(), id: container.id.clone(), mounts }
    }
}

impl PlaceMount {
    /// All mounts of a container, those that only it can have included.
    pub fn all_of(container: &Container) -> Vec<Self> {
        let mount = |mount: &ContainerMount| Self {
            kind: if mount.kind == MountKind::Volume && mount.volume.is_none() { MountKind::Other } else { mount.kind },
            source: mount.volume.clone().unwrap_or_else(|| mount.source.clone()),
            target: mount.target.clone(),
            userns_mode: container.userns_mode.clone(),
        };
        container.mounts.iter().map(mount).collect()
    }

    /// Whether another container can have it, too.
    pub fn can_be_shared(&self) -> bool {
        matches!(self.kind, MountKind::Bind | MountKind::Volume)
    }
}

/// The mount that holds a path of the container; `None`: the container's own layer does.
pub fn nearest<'mounts>(mounts: &'mounts [PlaceMount], path: &str) -> Option<&'mounts PlaceMount> {
    mounts.iter().filter(|mount| is_below(path, &mount.target)).max_by_key(|mount| mount.target.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_journal_of_an_older_devdoctor_names_no_mounts() {
        let old = r#"{"container":{"service":"api","id":"c1"}}"#;
        let place: ChownPlace = serde_json::from_str(old).unwrap();
        assert_eq!(place, ChownPlace::Container { service: "api".into(), id: "c1".into(), mounts: vec![] });
        assert_eq!(serde_json::to_string(&place).unwrap(), old);
    }

    #[test]
    fn the_nearest_mount_holds_a_path() {
        let mount = |kind, target: &str| PlaceMount {
            kind,
            source: "x".into(),
            target: target.into(),
            userns_mode: String::new(),
        };
        let mounts =
            [mount(MountKind::Bind, "/app"), mount(MountKind::Tmpfs, "/app/tmp"), mount(MountKind::Volume, "/c")];
        let target = |path| nearest(&mounts, path).map(|mount| mount.target.as_str());
        assert_eq!(target("/app/a"), Some("/app"));
        assert_eq!(target("/app/tmp/a"), Some("/app/tmp"));
        assert_eq!(target("/c"), Some("/c"));
        assert_eq!(target("/cache"), None);
    }
}
