//! Which mount a path in a container lies in, and whether it may be written at all there.

use crate::facts::{Container, Image, MountKind};
use crate::project::compose::{MountSource, Service, is_below};

/// The mounts of a container or a service, over its root file system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    layers: Vec<Layer>,
    read_only: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Layer {
    target: String,
    kind: MountKind,
    host: Option<String>,
    writable: bool,
    index: Option<usize>,
}

/// Where a path in a container is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Index of the mount among those of the container or service; `None` in the root file system (and in the anonymous
    /// volumes that an image declares).
    pub mount: Option<usize>,
    /// What kind of mount it is.
    pub kind: Option<MountKind>,
    /// The path on the host, for bind mounts.
    pub host_path: Option<String>,
    /// Whether the mount (or the root file system) is writable, whoever asks.
    pub writable: bool,
}

impl Layout {
    /// The mounts of a container as the engine made it.
    pub fn of_container(container: &Container) -> Self {
        let layers = container.mounts.iter().enumerate().map(|(index, mount)| Layer {
            target: normal(&mount.target),
            kind: mount.kind,
            host: (mount.kind == MountKind::Bind).then(|| mount.source.clone()),
            writable: mount.writable,
            index: Some(index),
        });
        Self { layers: layers.collect(), read_only: container.read_only }
    }

    /// The mounts that a service's container will get; an image that is known adds its anonymous volumes.
    pub fn of_service(service: &Service, image: Option<&Image>) -> Self {
        let mut layers: Vec<Layer> = service
            .mounts
            .iter()
            .enumerate()
            .map(|(index, mount)| {
                let (kind, host) = match &mount.source {
                    MountSource::Bind(path) => (MountKind::Bind, Some(path.clone())),
                    MountSource::Volume(_) | MountSource::Anonymous => (MountKind::Volume, None),
                    MountSource::Tmpfs => (MountKind::Tmpfs, None),
                    MountSource::Other(_) => (MountKind::Other, None),
                };
                Layer { target: normal(&mount.target), kind, host, writable: mount.writable, index: Some(index) }
            })
            .collect();
        for volume in image.iter().flat_map(|image| &image.volumes) {
            let target = normal(volume);
            // A mount of the service at the same path takes the place of the image's volume.
            if !layers.iter().any(|layer| layer.target == target) {
                layers.push(Layer { target, kind: MountKind::Volume, host: None, writable: true, index: None });
            }
        }
        Self { layers, read_only: service.read_only }
    }

    /// Where an absolute path is: in the mount with the longest target above it, since the engine mounts shorter targets
    /// first and so deeper ones lie over them.
    pub fn spot(&self, path: &str) -> Spot {
        let path = normal(path);
        let layer =
            self.layers.iter().filter(|layer| is_below(&path, &layer.target)).max_by_key(|layer| layer.target.len());
        match layer {
            None => Spot { mount: None, kind: None, host_path: None, writable: !self.read_only },
            Some(layer) => {
                let rest = path.get(layer.target.trim_end_matches('/').len()..).unwrap_or("");
                Spot {
                    mount: layer.index,
                    kind: Some(layer.kind),
                    host_path: layer.host.as_ref().map(|host| normal(&format!("{host}{rest}"))),
                    writable: layer.writable,
                }
            }
        }
    }
}

/// An absolute path without `.`, `..`, doubled and trailing slashes, by text alone; what is relative is taken from `/`.
pub fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = vec![];
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// `path` seen from `directory`, as a process with that working directory means it.
pub fn absolute(path: &str, directory: &str) -> String {
    if path.starts_with('/') { normal(path) } else { normal(&format!("{directory}/{path}")) }
}

/// The directories above an absolute path, from `/` to its parent.
pub fn ancestors(path: &str) -> Vec<String> {
    let path = normal(path);
    let mut above: Vec<String> = path.match_indices('/').map(|(at, _)| path[..at.max(1)].to_owned()).collect();
    above.retain(|directory| *directory != path);
    above
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(target: &str, host: Option<&str>, writable: bool, index: usize) -> Layer {
        let kind = if host.is_some() { MountKind::Bind } else { MountKind::Volume };
        Layer { target: target.into(), kind, host: host.map(str::to_owned), writable, index: Some(index) }
    }

    #[test]
    fn the_deepest_mount_decides() {
        let layout = Layout {
            layers: vec![
                layer("/app", Some("/home/me/shop"), true, 0),
                layer("/app/.venv", None, true, 1),
                layer("/app/config", Some("/etc/shop"), false, 2),
            ],
            read_only: true,
        };
        for (path, mount, host, writable) in [
            ("/app", Some(0), Some("/home/me/shop"), true),
            ("/app/x/../y//z/", Some(0), Some("/home/me/shop/y/z"), true),
            ("/app/.venv/bin", Some(1), None, true),
            ("/app/.venvx", Some(0), Some("/home/me/shop/.venvx"), true),
            ("/app/config/a", Some(2), Some("/etc/shop/a"), false),
            ("/tmp", None, None, false),
            ("/", None, None, false),
        ] {
            let spot = layout.spot(path);
            assert_eq!((spot.mount, spot.host_path.as_deref(), spot.writable), (mount, host, writable), "{path}");
        }
    }

    #[test]
    fn a_mount_of_the_root_directory_keeps_its_paths() {
        let layout = Layout { layers: vec![layer("/", Some("/srv"), true, 0)], read_only: false };
        assert_eq!(layout.spot("/a/b").host_path.as_deref(), Some("/srv/a/b"));
    }

    #[test]
    fn the_directories_above_a_path_start_at_the_root() {
        assert_eq!(ancestors("/a/b/c"), ["/", "/a", "/a/b"]);
        assert_eq!(ancestors("/a"), ["/"]);
        assert!(ancestors("/").is_empty());
    }
}
