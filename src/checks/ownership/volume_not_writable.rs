//! A named volume belongs to root, and the service that mounts it is not root.

use crate::access::caches::look;
use crate::access::environments::environment_path;
use crate::access::rights::Want;
use crate::access::service::service_changes_user;
use crate::access::{IdMaps, Process, RunsAs, Seen, normal, written_by};
use crate::facts::{Container, Docker, Facts, FileKind, MountKind, SeenPath};
use crate::finding::{Checked, Finding};
use crate::fix::{Chown, ChownPlace, Fix, Step};
use crate::project::compose::{Mount, MountSource, Service};

pub(super) fn check(facts: &Facts) -> Checked {
    let docker = facts.docker()?;
    let mut findings = vec![];
    for (service, container) in docker.services(&facts.project) {
        if service_changes_user(service, &facts.project, Some(container)) {
            continue;
        }
        for mount in service.mounts.iter().filter(|mount| mount.writable) {
            let named = matches!(mount.source, MountSource::Volume(_) | MountSource::Anonymous);
            findings.extend(if named { of_volume(facts, docker, service, container, mount) } else { None });
        }
    }
    Ok(findings)
}

fn of_volume(
    facts: &Facts,
    docker: &Docker,
    service: &Service,
    container: &Container,
    mount: &Mount,
) -> Option<Finding> {
    let target = normal(&mount.target);
    let lies_there =
        |mount: &&crate::facts::ContainerMount| mount.kind == MountKind::Volume && normal(&mount.target) == target;
    let volume = container.mounts.iter().find(lies_there)?;
    let process = process(docker, container)?;
    let Seen::There(stat) = look(container, &target) else { return None };
    let writable = |stat| process.may(Want::Write, stat) && process.may(Want::Search, stat);
    if stat.kind != FileKind::Directory || writable(&stat) || told_elsewhere(facts, docker, service, container, &target)
    {
        return None;
    }
    let listing = container.listings.get(&target).and_then(|listing| listing.as_ref().ok());
    let inside = || listing.iter().flat_map(|listing| &listing.entries).filter(|(path, _)| *path != target);
    // It works in a folder inside, or only reads what another service writes.
    let works_inside = inside().any(|(_, stat)| stat.kind == FileKind::Directory && writable(stat));
    if works_inside || filled_by_another(docker, service, volume.volume.as_deref()?, &container.id) {
        return None;
    }
    let empty = listing.is_some_and(|listing| !listing.cut_short) && inside().next().is_none();
    let (name, to) = (&service.name.value, process.owner);
    let finding = Finding::at(&mount.span, name, format!("`{name}` runs as {to} and cannot write the volume at `{target}`"))
        .label(format!("the volume belongs to {}, mode {:04o}", stat.owner, stat.mode))
        .seen(format!("archive of {}", container.name), &target, stat)
        .seen("user", name, to)
        .help(format!("make the folder in the image, where a new volume takes its owner from: `RUN mkdir -p {target} && chown {to} {target}`"));
    let external = match (&mount.source, &facts.project.compose) {
        (MountSource::Volume(key), Some(compose)) => compose.volumes.get(key).is_some_and(|volume| volume.external),
        _ => false,
    };
    let paths = vec![(SeenPath(target.clone().into()), stat.owner)];
    let place = ChownPlace::in_container(name, container, &paths);
    let (title, steps) =
        (format!("give `{target}` in `{name}` to {to}"), vec![Step::Chown(Chown { place, paths, to, direct: false })]);
    let fix = if empty && !external { Fix::safe(title, steps) } else { Fix::risky(title, steps) };
    Some(finding.service(name).fix(fix))
}

fn process(docker: &Docker, container: &Container) -> Option<Process> {
    // A volume lies on the engine's own file system, so that numbers hold there even where a file share has others.
    let maps = IdMaps::of(docker, &container.userns_mode).unwrap_or_default();
    Some(Process::in_container(&RunsAs::of(container).ok()?.identity, &maps))
}

/// Whether the checks of caches and environments judge the volume, which know more of it: who writes there, and whether anybody
/// does. A volume over a folder of dependencies is there to hide it; that matters to who installs into it.
fn told_elsewhere(facts: &Facts, docker: &Docker, service: &Service, container: &Container, target: &str) -> bool {
    let installs =
        || written_by(service, Some(container), &facts.project).iter().any(|written| written.path == NODE_MODULES);
    target == normal(&environment_path(container))
        || target.rsplit('/').next() == Some(NODE_MODULES) && !installs()
        || crate::checks::cache::tells(facts, docker, container, target)
}

/// Where npm and its like install.
const NODE_MODULES: &str = "node_modules";

/// Whether another service's container mounts the same volume and can write it.
fn filled_by_another(docker: &Docker, service: &Service, volume: &str, id: &str) -> bool {
    docker.containers.iter().any(|other| {
        other.id != *id
            && other.service.as_deref() != Some(&service.name.value)
            && other.mounts.iter().any(|mount| mount.volume.as_deref() == Some(volume) && mount.writable)
            && process(docker, other).is_none_or(|process| process.owner.uid == 0)
    })
}
