//! What Podman tells otherwise than Docker does. A container may have a map of numbers of its own, which only Podman's own
//! answers show; and archives of a container give everything to the user that it runs as (`podman cp` wants it so), whoever
//! the files belong to. So where the files lie on this machine, they are looked at there.

use std::path::{Path, PathBuf};

use nix::fcntl::{OFlag, OpenHow, ResolveFlag, open, openat2};
use nix::sys::stat::{Mode, fstat};
use serde_json::Value;
use tokio::time::Instant;

use super::engine::Engine;
use super::process;
use crate::access::IdMaps;
use crate::access::ids::UNMAPPED;
use crate::facts::{Container, Docker, Fact, FileKind, Missing, MountKind, Need, Owner, PathStat};
use crate::project::compose::is_below;
use crate::text::percent_encoded;

/// Fills in the map of a container that has one of its own: `private` alone does not tell it.
pub(super) async fn add_own_map(engine: &Engine, container: &mut Container, deadline: Instant) {
    if container.userns_mode != "private" {
        return;
    }
    let path = format!("/libpod/containers/{}/json", percent_encoded(&container.id));
    let Ok(answer) = engine.get(&path, deadline).await else { return };
    container.userns_mode.push_str(&own_map(&answer));
    container.group_add.extend(kept_group(&answer));
}

/// The map of a container in the words of Podman's `--userns=auto`; empty when it is not told.
fn own_map(inspect: &Value) -> String {
    let ranges = |key: &str, word: &str| {
        let list = inspect.pointer(&format!("/HostConfig/IDMappings/{key}")).and_then(Value::as_array);
        let ranges = list.into_iter().flatten().filter_map(Value::as_str);
        ranges.map(|range| format!("{word}={range}")).collect::<Vec<_>>()
    };
    let all = [ranges("UidMap", "uidmapping"), ranges("GidMap", "gidmapping")].concat();
    if all.is_empty() { String::new() } else { format!(":{}", all.join(",")) }
}

/// The group that `--userns=keep-id` gives to every process beside its own: the engine's first number, which is the person's.
fn kept_group(inspect: &Value) -> Option<String> {
    let mut ranges = inspect.pointer("/HostConfig/IDMappings/GidMap")?.as_array()?.iter().filter_map(Value::as_str);
    let group = ranges.find_map(|range| range.strip_suffix(":0:1"))?;
    (group != "0").then(|| group.to_owned())
}

/// Puts right what archives told of owners in a container.
pub(super) async fn put_owners_right(engine: &Engine, docker: &Docker, container: &mut Container, deadline: Instant) {
    if container.paths.is_empty() && container.listings.is_empty() {
        return;
    }
    let owners = RealOwners::of(engine, docker, container, deadline).await;
    for (path, fact) in &mut container.paths {
        if let Ok(Some(seen)) = fact {
            *fact = owners.corrected(path, *seen).map(Some);
        }
    }
    for fact in container.listings.values_mut() {
        let Ok(listing) = fact else { continue };
        let corrected = listing.entries.iter().map(|(path, seen)| Ok((path.clone(), owners.corrected(path, *seen)?)));
        match corrected.collect::<Fact<Vec<_>>>() {
            Ok(entries) => listing.entries = entries,
            Err(missing) => *fact = Err(missing),
        }
    }
}

/// Where the files of a container lie on this machine, and how its numbers are those of this machine.
pub(crate) struct RealOwners {
    maps: Fact<IdMaps>,
    process: Option<PathBuf>,
    mounts: Vec<(String, PathBuf)>,
    layers: Vec<PathBuf>,
}

impl RealOwners {
    /// Asks where they lie.
    pub(crate) async fn of(engine: &Engine, docker: &Docker, container: &Container, deadline: Instant) -> Self {
        let maps = IdMaps::of(docker, &container.userns_mode);
        let path = format!("/containers/{}/json", percent_encoded(&container.id));
        let inspect = engine.get(&path, deadline).await.unwrap_or_default();
        let places = |key: &str| {
            let text = inspect.pointer(&format!("/GraphDriver/Data/{key}")).and_then(Value::as_str);
            text.unwrap_or_default().split(':').filter(|place| !place.is_empty()).map(PathBuf::from)
        };
        let pid = inspect.pointer("/State/Pid").and_then(Value::as_i64).filter(|pid| *pid > 1 && docker.local);
        let process = pid.and_then(|pid| root_of(pid, places("UpperDir").next().as_deref()));
        // A container with a map of its own may have its layers shifted on the way, each engine in its way.
        let plain = docker.local && !container.userns_mode.starts_with("private");
        let layers = places("UpperDir").chain(places("LowerDir")).filter(|_| plain).collect();
        let place = |kind, source: &str| match kind {
            MountKind::Bind | MountKind::Volume if docker.local => PathBuf::from(source),
            _ => PathBuf::new(),
        };
        let mounts = container.mounts.iter().map(|mount| (mount.target.clone(), place(mount.kind, &mount.source)));
        Self { maps, process, mounts: mounts.collect(), layers }
    }

    /// What an archive told of a path, with the owner that the container sees.
    ///
    /// # Errors
    /// When what lies there cannot be seen, or is not what the archive told of.
    pub(crate) fn corrected(&self, path: &str, told: PathStat) -> Fact<PathStat> {
        let missing = |why: &str| {
            let what = "Podman's archives give everything to the container's user";
            Missing::new(Need::Docker, format!("whose `{path}` is cannot be told: {what}, and {why}"))
        };
        let seen = self.seen(path).ok_or_else(|| missing("its files cannot be seen from here"))?;
        // Archives follow a link that is asked for.
        let is_link = seen.kind == FileKind::Symlink;
        if !is_link && (seen.kind, seen.mode) != (told.kind, told.mode) {
            return Err(missing("what is seen from here is something else"));
        }
        let maps = self.maps.as_ref().map_err(Clone::clone)?;
        let uid = maps.uid_in_container(seen.owner.uid).unwrap_or(UNMAPPED);
        let gid = maps.gid_in_container(seen.owner.gid).unwrap_or(UNMAPPED);
        Ok(PathStat { owner: Owner { uid, gid }, ..seen })
    }

    /// What lies at a path, with its owner on this machine.
    fn seen(&self, path: &str) -> Option<PathStat> {
        let below = |target: &str| path.get(target.trim_end_matches('/').len()..).unwrap_or_default();
        // The container's own view has all its mounts and links.
        if let Some(stat) = self.process.as_ref().and_then(|root| stat(root, path, ResolveFlag::RESOLVE_IN_ROOT)) {
            return Some(stat);
        }
        let mount =
            self.mounts.iter().filter(|(target, _)| is_below(path, target)).max_by_key(|(target, _)| target.len());
        let strict = ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS;
        match mount {
            Some((target, place)) => stat(place, below(target), strict),
            // The archive says that it is there, so the uppermost layer that has it decides.
            None => self.layers.iter().find_map(|layer| stat(layer, path, strict)),
        }
    }
}

/// What the process of a container has for `/`; `None` when that process is not this container's, or not to be seen.
fn root_of(pid: i64, layer: Option<&Path>) -> Option<PathBuf> {
    process::has_for_root(pid, layer?.to_str()?).then(|| PathBuf::from(format!("/proc/{pid}/root")))
}

/// What lies at a path below a folder, which is not left; the last part of the path is not followed.
fn stat(root: &Path, path: &str, resolve: ResolveFlag) -> Option<PathStat> {
    let flags = OFlag::O_PATH | OFlag::O_CLOEXEC;
    let root = open(root, flags, Mode::empty()).ok()?;
    let file = match path.trim_matches('/') {
        // Which may be a file.
        "" => root,
        path => openat2(root, path, OpenHow::new().flags(flags | OFlag::O_NOFOLLOW).resolve(resolve)).ok()?,
    };
    let seen = fstat(&file).ok()?;
    let kind = match seen.st_mode & 0o170_000 {
        0o040_000 => FileKind::Directory,
        0o120_000 => FileKind::Symlink,
        0o100_000 => FileKind::File,
        _ => FileKind::Other,
    };
    let owner = Owner { uid: seen.st_uid, gid: seen.st_gid };
    #[allow(clippy::useless_conversion, reason = "narrower on some machines")]
    let links = u64::from(seen.st_nlink);
    Some(PathStat { owner, mode: seen.st_mode & 0o7777, kind, links })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_map_of_its_own_is_written_as_podman_takes_one() {
        let inspect = json!({"HostConfig": {"IDMappings": {"UidMap": ["0:1:1001", "1001:0:1"], "GidMap": ["0:0:1"]}}});
        assert_eq!(own_map(&inspect), ":uidmapping=0:1:1001,uidmapping=1001:0:1,gidmapping=0:0:1");
        assert_eq!(own_map(&json!({"HostConfig": {"IDMappings": null}})), "");
        let kept = |map: &[&str]| kept_group(&json!({"HostConfig": {"IDMappings": {"GidMap": map}}}));
        assert_eq!(kept(&["0:1:1001", "1001:0:1"]), Some("1001".to_owned()));
        assert_eq!((kept(&["0:0:1", "1:1:9"]), kept(&["0:1:10"]), kept(&[])), (None, None, None));
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a test makes the files that it looks at")]
    fn only_what_is_seen_has_an_owner() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("in")).unwrap();
        std::fs::write(folder.path().join("in/file"), "").unwrap();
        std::os::unix::fs::symlink("/", folder.path().join("out")).unwrap();
        let owners = RealOwners {
            maps: Ok(IdMaps::default()),
            process: None,
            mounts: vec![("/app".to_owned(), folder.path().to_owned()), ("/app/memory".to_owned(), PathBuf::new())],
            layers: vec![],
        };
        let seen = owners.seen("/app/in/file").unwrap();
        assert_eq!(seen.kind, FileKind::File);
        let lie = PathStat { owner: Owner { uid: 4_000, gid: 4_000 }, ..seen };
        assert_eq!(owners.corrected("/app/in/file", lie), Ok(seen));
        assert!(owners.corrected("/app/in/file", PathStat { kind: FileKind::Directory, ..lie }).is_err());
        for path in ["/app/out/etc", "/app/memory/x", "/etc/passwd", "/app/../x"] {
            assert!(owners.corrected(path, lie).is_err(), "{path}");
        }
    }
}
