//! Understands an engine's answers: pure, tolerant of words that newer engines add.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::access::ids::UNMAPPED;
use crate::access::{DESKTOP, IdMaps, Layout};
use crate::facts::{
    Container, ContainerMount, Docker, EngineKind, Environment, Group, Image, Missing, MountKind, Need, Owner,
    PasswdEntry, PathStat, PublishedPort,
};
use crate::project::Project;

/// Compose's labels.
const SERVICE: &str = "com.docker.compose.service";
const PROJECT: &str = "com.docker.compose.project";
const DIRECTORY: &str = "com.docker.compose.project.working_dir";
const ONE_OFF: &str = "com.docker.compose.oneoff";

/// A container of this project in the answer to `GET /containers/json`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ours {
    /// Full id.
    pub id: String,
    /// The service that names it by `container_name`, for containers that Compose did not make.
    pub service: Option<String>,
}

/// Which of the engine's containers are this project's: those that Compose made from its directory; of these only those
/// under its name when there are any, since `-p` makes a second set. `is_here` tells whether a path of a label is the
/// project's directory.
pub(super) fn ours(list: &Value, project: &Project, is_here: impl Fn(&str) -> bool) -> Vec<Ours> {
    let name = project.compose.as_ref().map(|compose| compose.name.as_str());
    let mut of_name = vec![];
    let mut of_directory = vec![];
    let mut by_hand = vec![];
    for container in list.as_array().into_iter().flatten() {
        let Some(id) = container.get("Id").and_then(Value::as_str) else { continue };
        let label = |key: &str| container.get("Labels")?.get(key)?.as_str();
        let its_name = label(PROJECT);
        let ours = |service: Option<&str>| Ours { id: id.to_owned(), service: service.map(str::to_owned) };
        match (label(DIRECTORY), its_name) {
            (Some(directory), _) if is_here(directory) => {
                if its_name == name {
                    of_name.push(ours(None))
                } else {
                    of_directory.push(ours(None))
                }
            }
            // The first Compose did not say the directory.
            (None, Some(its_name)) if Some(its_name) == name => of_name.push(ours(None)),
            (None, None) => {
                let names = container.get("Names").and_then(Value::as_array).into_iter().flatten();
                let names: Vec<_> = names.filter_map(Value::as_str).map(|name| name.trim_start_matches('/')).collect();
                let service = project.services().find(|service| {
                    service.container_name.as_ref().is_some_and(|name| names.contains(&name.value.as_str()))
                });
                by_hand.extend(service.map(|service| ours(Some(&service.name.value))));
            }
            _ => {}
        }
    }
    let mut found = if of_name.is_empty() { of_directory } else { of_name };
    found.extend(by_hand);
    found
}

/// A container from the answer to `GET /containers/{id}/json`. What lies in its file system is not looked at yet.
pub(super) fn container(inspect: &Value, service: Option<String>) -> Option<Container> {
    let text = |pointer: &str| inspect.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let flag = |pointer: &str| inspect.pointer(pointer).and_then(Value::as_bool).unwrap_or_default();
    let label = |key: &str| inspect.pointer("/Config/Labels")?.get(key)?.as_str();
    // Without its configuration nothing about it would be true: no user would mean root.
    let config = inspect.get("Config").filter(|config| config.is_object())?;
    let running = flag("/State/Running");
    let mut command: Vec<String> = Some(text("/Path")).filter(|path| !path.is_empty()).into_iter().collect();
    command.extend(texts(inspect.get("Args")));
    Some(Container {
        id: inspect.get("Id").and_then(Value::as_str)?.to_owned(),
        name: text("/Name").trim_start_matches('/').to_owned(),
        service: label(SERVICE).map(str::to_owned).or(service),
        one_off: label(ONE_OFF).is_some_and(|value| value.eq_ignore_ascii_case("true")),
        running,
        ended: inspect
            .pointer("/State/ExitCode")
            .and_then(Value::as_i64)
            .filter(|_| !running && text("/State/Status") == "exited" || flag("/State/Restarting")),
        restarting: flag("/State/Restarting"),
        image: text("/Config/Image"),
        image_id: text("/Image"),
        user: text("/Config/User"),
        group_add: texts(inspect.pointer("/HostConfig/GroupAdd")),
        environment: environment(config.get("Env")),
        working_dir: text("/Config/WorkingDir"),
        command,
        mounts: mounts(inspect),
        read_only: flag("/HostConfig/ReadonlyRootfs"),
        userns_mode: text("/HostConfig/UsernsMode"),
        network_mode: text("/HostConfig/NetworkMode"),
        addresses: addresses(inspect),
        ports: ports(inspect.pointer("/NetworkSettings/Ports")),
        started_at: Some(text("/State/StartedAt")).filter(|time| running && !time.is_empty()),
        passwd: Err(Missing::new(Need::Docker, "nobody looked")),
        groups: Err(Missing::new(Need::Docker, "nobody looked")),
        paths: BTreeMap::new(),
        listings: BTreeMap::new(),
        environments: BTreeMap::new(),
    })
}

fn texts(list: Option<&Value>) -> Vec<String> {
    let items = list.and_then(Value::as_array).into_iter().flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// `Env`, a list of `KEY=value`; of two the last counts, and a key without value is none.
fn environment(list: Option<&Value>) -> Environment {
    let pairs = texts(list).into_iter();
    pairs.filter_map(|pair| pair.split_once('=').map(|(key, value)| (key.to_owned(), value.to_owned()))).collect()
}

fn mounts(inspect: &Value) -> Vec<ContainerMount> {
    let mut mounts: Vec<ContainerMount> = inspect
        .get("Mounts")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(|mount| {
            let text = |key: &str| mount.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let kind = match mount.get("Type").and_then(Value::as_str) {
                Some("bind") => MountKind::Bind,
                Some("volume") => MountKind::Volume,
                Some("tmpfs") => MountKind::Tmpfs,
                _ => MountKind::Other,
            };
            Some(ContainerMount {
                kind,
                source: text("Source"),
                volume: Some(text("Name")).filter(|name| kind == MountKind::Volume && !name.is_empty()),
                target: clean(mount.get("Destination").and_then(Value::as_str)?),
                writable: mount.get("RW").and_then(Value::as_bool).unwrap_or(kind == MountKind::Tmpfs),
            })
        })
        .collect();
    for (target, options) in inspect.pointer("/HostConfig/Tmpfs").and_then(Value::as_object).into_iter().flatten() {
        let target = clean(target);
        if !mounts.iter().any(|mount| mount.target == target) {
            let writable = !options.as_str().is_some_and(|options| options.split(',').any(|option| option == "ro"));
            mounts.push(ContainerMount {
                kind: MountKind::Tmpfs,
                source: String::new(),
                volume: None,
                target,
                writable,
            });
        }
    }
    mounts.sort_by(|one, other| one.target.cmp(&other.target));
    mounts
}

/// The targets of mounts in memory that were made with a mode that leaves somebody out. Older engines pass over the mode where
/// the image has a folder; it is not asked which.
pub(super) fn memory_not_for_all(inspect: &Value) -> Vec<String> {
    let mut found = vec![];
    for (target, options) in inspect.pointer("/HostConfig/Tmpfs").and_then(Value::as_object).into_iter().flatten() {
        let mode = options
            .as_str()
            .unwrap_or_default()
            .split(',')
            .filter_map(|option| option.strip_prefix("mode="))
            .next_back();
        if mode.is_some_and(|mode| u32::from_str_radix(mode, 8).map_or(true, |mode| mode & 0o7 != 0o7)) {
            found.push(clean(target));
        }
    }
    for mount in inspect.pointer("/HostConfig/Mounts").and_then(Value::as_array).into_iter().flatten() {
        let mode = mount.pointer("/TmpfsOptions/Mode").and_then(Value::as_u64).filter(|mode| *mode != 0);
        if let (Some(target), true) =
            (mount.get("Target").and_then(Value::as_str), mode.is_some_and(|mode| mode & 0o7 != 0o7))
        {
            found.push(clean(target));
        }
    }
    found
}

/// A path without a slash at its end.
fn clean(path: &str) -> String {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() { "/".to_owned() } else { trimmed.to_owned() }
}

fn addresses(inspect: &Value) -> Vec<String> {
    let networks = inspect.pointer("/NetworkSettings/Networks").and_then(Value::as_object).into_iter().flatten();
    let mut addresses: Vec<String> = networks
        .flat_map(|(_, network)| ["IPAddress", "GlobalIPv6Address"].map(|key| network.get(key).and_then(Value::as_str)))
        .flatten()
        .filter(|address| !address.is_empty())
        .map(str::to_owned)
        .collect();
    addresses.sort();
    addresses.dedup();
    addresses
}

fn ports(ports: Option<&Value>) -> Vec<PublishedPort> {
    let mut published: Vec<PublishedPort> = vec![];
    for (port, bindings) in ports.and_then(Value::as_object).into_iter().flatten() {
        let Some(container) = port.strip_suffix("/tcp").and_then(|port| port.parse().ok()) else { continue };
        for binding in bindings.as_array().into_iter().flatten() {
            let text = |key: &str| binding.get(key).and_then(Value::as_str).unwrap_or_default();
            let Ok(host) = text("HostPort").parse() else { continue };
            // Podman leaves the address out for all addresses.
            let address = if text("HostIp").is_empty() { "0.0.0.0" } else { text("HostIp") };
            published.push(PublishedPort { container, address: address.to_owned(), host });
        }
    }
    published.sort_by(|one, other| {
        (one.container, one.host, &one.address).cmp(&(other.container, other.host, &other.address))
    });
    published.dedup();
    published
}

/// Forgets what was seen of owners in the binds of a container: behind Docker Desktop the file share makes them up. That
/// nothing is there stays true.
pub(super) fn forget_owners_in_binds(container: &mut Container) {
    let layout = Layout::of_container(container);
    let is_bind = |path: &str| layout.spot(path).kind == Some(MountKind::Bind);
    for (path, fact) in &mut container.paths {
        if matches!(fact, Ok(Some(_))) && is_bind(path) {
            *fact = Err(Missing::new(Need::Docker, DESKTOP));
        }
    }
    for (path, fact) in &mut container.listings {
        if is_bind(path) {
            *fact = Err(Missing::new(Need::Docker, DESKTOP));
        } else if let Ok(listing) = fact {
            listing.entries.retain(|(path, _)| !is_bind(path));
        }
    }
}

/// Turns the owners that were seen in a container into those that its processes see. A daemon that remaps stands outside of
/// the map, and so do the numbers in its archives (seen with 20.10); a rootless one stands inside.
pub(super) fn owners_as_inside(container: &mut Container, docker: &Docker) {
    let maps = IdMaps::of(docker, &container.userns_mode).unwrap_or_default();
    if docker.kind != EngineKind::UsernsRemap || maps.is_identity() {
        return;
    }
    let inside = |stat: &mut PathStat| {
        let (uid, gid) = (maps.uid_in_container(stat.owner.uid), maps.gid_in_container(stat.owner.gid));
        stat.owner = Owner { uid: uid.unwrap_or(UNMAPPED), gid: gid.unwrap_or(UNMAPPED) };
    };
    container.paths.values_mut().filter_map(|fact| fact.as_mut().ok()?.as_mut()).for_each(inside);
    let listings = container.listings.values_mut().filter_map(|fact| fact.as_mut().ok());
    listings.flat_map(|listing| &mut listing.entries).for_each(|(_, stat)| inside(stat));
}

/// An image from the answer to `GET /images/{name}/json`.
pub(super) fn image(inspect: &Value) -> Option<Image> {
    let config = inspect.get("Config");
    let text = |key: &str| config.and_then(|config| config.get(key)).and_then(Value::as_str).unwrap_or_default();
    let list = |key: &str| texts(config.and_then(|config| config.get(key)));
    let volumes = config.and_then(|config| config.get("Volumes")).and_then(Value::as_object);
    Some(Image {
        id: inspect.get("Id").and_then(Value::as_str)?.to_owned(),
        user: text("User").to_owned(),
        environment: environment(config.and_then(|config| config.get("Env"))),
        working_dir: text("WorkingDir").to_owned(),
        entrypoint: list("Entrypoint"),
        command: list("Cmd"),
        volumes: volumes.into_iter().flatten().map(|(path, _)| clean(path)).collect(),
    })
}

/// The names under which the project's services know images, sorted, each once. What a build makes has the name that
/// Compose gives it; what it starts from counts too, since it decides before the first build.
pub(super) fn image_names(project: &Project) -> Vec<String> {
    let mut names = vec![];
    for service in project.services() {
        match (&service.image, &service.build) {
            (Some(image), _) => names.push(image.value.clone()),
            (None, Some(_)) => names.push(format!("{}-{}", project.name(), service.name.value)),
            (None, None) => {}
        }
    }
    for dockerfile in project.dockerfiles.values().chain(project.builds.values()) {
        let stages: Vec<_> = dockerfile.stages.iter().filter_map(|stage| stage.name.as_deref()).collect();
        let bases = dockerfile.stages.iter().map(|stage| &stage.base.value);
        let is_stage = |base: &str| stages.iter().any(|stage| stage.eq_ignore_ascii_case(base));
        names.extend(bases.filter(|base| *base != "scratch" && !is_stage(base)).cloned());
    }
    names.retain(|name| !name.is_empty() && !name.contains(['$', ' ']));
    names.sort();
    names.dedup();
    names
}

/// The lines of `/etc/passwd`; broken ones are left out, as the engine does.
pub(super) fn passwd(text: &str) -> Vec<PasswdEntry> {
    let entry = |line: &str| {
        let fields: Vec<_> = line.trim_end_matches('\r').split(':').collect();
        Some(PasswdEntry {
            name: (*fields.first().filter(|name| !name.is_empty() && !name.starts_with('#'))?).to_owned(),
            uid: fields.get(2)?.parse().ok()?,
            gid: fields.get(3)?.parse().ok()?,
            home: (*fields.get(5).unwrap_or(&"")).to_owned(),
        })
    };
    text.lines().filter_map(entry).collect()
}

/// The lines of `/etc/group`.
pub(super) fn groups(text: &str) -> Vec<Group> {
    let entry = |line: &str| {
        let fields: Vec<_> = line.trim_end_matches('\r').split(':').collect();
        let members = fields.get(3).unwrap_or(&"").split(',').filter(|member| !member.is_empty());
        Some(Group {
            name: (*fields.first().filter(|name| !name.is_empty() && !name.starts_with('#'))?).to_owned(),
            gid: fields.get(2)?.parse().ok()?,
            members: members.map(str::to_owned).collect(),
        })
    };
    text.lines().filter_map(entry).collect()
}

#[cfg(test)]
mod tests;
