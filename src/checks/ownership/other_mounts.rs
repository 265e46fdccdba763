//! What a service mounts writable besides the project, and whether another user could write it.

use crate::access::caches::look;
use crate::access::environments::environment_path;
use crate::access::rights::{may_fill, may_write};
use crate::access::{Layout, Process, RunsAs, Seen, Tool, Verdict, Why, normal, shows_project};
use crate::facts::{Container, Facts, FileKind, Identity, MountKind, Owner, PathStat, SeenPath};
use crate::fix::{Chown, ChownPlace, Step};
use crate::project::compose::{Mount, MountSource, Service, is_below};

/// What stands in the way of another user in a service.
#[derive(Debug, Default)]
pub(super) struct OtherMounts {
    /// Gives the user what it needs: empty volumes and caches.
    pub step: Option<Step>,
    /// The mounts that this gives it.
    pub given: Vec<String>,
    /// Mounts that it cannot write and that hold what a person should look at first, each with what is there.
    pub closed: Vec<(String, PathStat)>,
    /// Mounts that nobody could look at.
    pub unknown: Vec<String>,
}

impl OtherMounts {
    /// The mounts of a service as `person` would find them.
    pub(super) fn of(facts: &Facts, service: &Service, container: Option<&Container>, person: Owner) -> Self {
        let mut others = Self::default();
        let mut paths: Vec<(SeenPath, Owner)> = vec![];
        for target in targets(facts, service, container) {
            match judged(facts, service, container, person, &target) {
                Verdict::Yes => {}
                Verdict::Unknown(_) => others.unknown.push(target),
                Verdict::No(obstacle) => {
                    let top = obstacle.stat.filter(|_| obstacle.path == target);
                    match (container, top) {
                        (Some(container), Some(stat)) => match to_give(container, &target, stat, person) {
                            Some(more) => {
                                paths.extend(more);
                                others.given.push(target);
                            }
                            None => others.closed.push((target, stat)),
                        },
                        // The cache of root's home: it is not used any more.
                        (Some(container), None) if is_cache(container, &target) => {}
                        _ => others.closed.extend(obstacle.stat.map(|stat| (target, stat))),
                    }
                }
            }
        }
        if let Some(container) = container.filter(|_| !paths.is_empty()) {
            paths.sort();
            let place = ChownPlace::in_container(&service.name.value, container, &paths);
            others.step = Some(Step::Chown(Chown { place, paths, to: person, direct: false }));
        }
        others
    }
}

/// Where a service has writable mounts other than the project itself, as the file says and as its container has them.
fn targets(facts: &Facts, service: &Service, container: Option<&Container>) -> Vec<String> {
    let wanted = |mount: &&Mount| {
        let keeps = matches!(mount.source, MountSource::Bind(_) | MountSource::Volume(_) | MountSource::Anonymous);
        mount.writable && keeps && !shows_project(facts, mount)
    };
    let mut targets: Vec<String> = service.mounts.iter().filter(wanted).map(|mount| normal(&mount.target)).collect();
    // What the image declares; all else is in the file.
    let of_image = container
        .iter()
        .flat_map(|container| &container.mounts)
        .filter(|mount| mount.writable && mount.kind == MountKind::Volume && service.mount_at(&mount.target).is_none());
    targets.extend(of_image.map(|mount| normal(&mount.target)));
    targets.sort();
    targets.dedup();
    targets
}

fn judged(facts: &Facts, service: &Service, container: Option<&Container>, person: Owner, target: &str) -> Verdict {
    let identity = Identity { owner: person, groups: vec![], name: None };
    let mounted = container.filter(|container| container.mounts.iter().any(|mount| normal(&mount.target) == target));
    if let Some(container) = mounted {
        let user = format!("{}:{}", person.uid, person.gid);
        let inside = RunsAs::by_exec(container, Some(&user), &[]).map_or(identity.clone(), |runs| runs.identity);
        let process = Process::here(&inside);
        let layout = Layout::of_container(container);
        let seen = |path: &str| look(container, path);
        let is_folder = !matches!(seen(target), Seen::There(stat) if stat.kind != FileKind::Directory);
        let verdict = if is_folder { may_fill } else { may_write }(&process, target, &layout, &seen);
        match verdict {
            Verdict::No(obstacle) if obstacle.why == Why::ReadOnly => return Verdict::Yes,
            // Nobody looked there from inside; a bind mount is seen from the host as well.
            Verdict::Unknown(_) => {}
            verdict => return verdict,
        }
    }
    let source = service.mounts.iter().find(|mount| normal(&mount.target) == target).map(|mount| &mount.source);
    match (source, &facts.host) {
        (Some(MountSource::Bind(source)), Ok(host)) => {
            let layout = Layout::default();
            let seen = |path: &str| match host.stat(path) {
                Some(Some(stat)) => Seen::There(stat),
                // What is above does not matter to a container.
                _ if path != normal(source) => Seen::There(OPEN),
                // What is not there the engine makes, as root.
                _ => Seen::NotLooked,
            };
            may_fill(&Process::here(&identity), source, &layout, &seen)
        }
        _ => Verdict::Unknown(target.to_owned()),
    }
}

/// A folder that everybody may go through.
const OPEN: PathStat = PathStat { owner: Owner { uid: 0, gid: 0 }, mode: 0o777, kind: FileKind::Directory, links: 1 };

/// The paths of a volume that can be given away without a second thought: it is empty, or it holds a cache.
fn to_give(container: &Container, target: &str, stat: PathStat, person: Owner) -> Option<Vec<(SeenPath, Owner)>> {
    let is_volume =
        container.mounts.iter().any(|mount| mount.kind == MountKind::Volume && normal(&mount.target) == target);
    if !is_volume || stat.owner.uid == person.uid {
        return None;
    }
    let listing = container.listings.get(target).and_then(|listing| listing.as_ref().ok());
    let whole = listing.filter(|listing| !listing.cut_short).map(|listing| listing.entries.as_slice());
    let absent = |name: &str| look(container, &format!("{target}/{name}")) == Seen::Absent;
    match whole {
        Some([] | [_]) => {}
        Some(entries) if is_cache(container, target) => {
            // What has several names may lie in an environment that was installed from the cache.
            let foreign = entries.iter().filter(|(_, stat)| {
                stat.owner.uid != person.uid && (stat.kind == FileKind::Directory || stat.links <= 1)
            });
            return Some(foreign.map(|(path, stat)| (SeenPath(path.into()), stat.owner)).collect());
        }
        // Only its marks were looked for.
        None if target == environment_path(container) && absent("pyvenv.cfg") && absent("bin") => {}
        _ => return None,
    }
    Some(vec![(SeenPath(target.into()), stat.owner)])
}

/// Whether a tool of the container keeps its cache at this mount.
fn is_cache(container: &Container, target: &str) -> bool {
    Tool::ALL.iter().any(|tool| {
        tool.rule().mounts.iter().any(|end| target.ends_with(end))
            || tool.moved_to(&container.environment).is_some_and(|(_, path)| is_below(&path, target))
    })
}

#[cfg(test)]
mod tests;
