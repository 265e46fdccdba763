//! What the engine of an example answers about containers and images.

use std::collections::BTreeMap;

use devdoctor::facts::{
    Container, ContainerMount, Docker, EngineKind, FileKind, Group, IdRange, Image, Listing, Missing, MountKind, Need,
    PasswdEntry,
};
use devdoctor::project::Project;
use devdoctor::project::compose::MountSource;
use devdoctor::project::python_environment::VirtualEnvironment;
use serde::Deserialize;

use super::{Given, owner, stat};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct GivenContainer {
    user: String,
    image: String,
    environment: BTreeMap<String, String>,
    working_dir: String,
    command: Vec<String>,
    passwd: Vec<String>,
    groups: Vec<String>,
    group_add: Vec<String>,
    running: bool,
    read_only: bool,
    mounts: Option<Vec<String>>,
    paths: BTreeMap<String, String>,
    listings: BTreeMap<String, Vec<String>>,
    /// By path, the text of `pyvenv.cfg`.
    environments: BTreeMap<String, String>,
    addresses: Vec<String>,
    userns_mode: String,
}

impl Default for GivenContainer {
    fn default() -> Self {
        Self {
            user: String::new(),
            image: String::new(),
            environment: BTreeMap::new(),
            working_dir: String::new(),
            command: vec![],
            passwd: vec!["root:0:0:/root".into()],
            groups: vec!["root:0:".into()],
            group_add: vec![],
            running: true,
            read_only: false,
            mounts: None,
            paths: BTreeMap::new(),
            listings: BTreeMap::new(),
            environments: BTreeMap::new(),
            addresses: vec![],
            userns_mode: String::new(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct GivenImage {
    user: String,
    environment: BTreeMap<String, String>,
    working_dir: String,
    entrypoint: Vec<String>,
    command: Vec<String>,
    volumes: Vec<String>,
}

/// The engine of an example.
pub(super) fn docker(given: &Given, project: &Project) -> Docker {
    let kind = match given.engine.as_deref().unwrap_or("rootful") {
        "rootful" => EngineKind::Rootful,
        "rootless" => EngineKind::Rootless,
        "userns" => EngineKind::UsernsRemap,
        "desktop" => EngineKind::Desktop,
        "podman" => EngineKind::Podman,
        other => panic!("`{other}` is no engine"),
    };
    let person = owner(given.user.as_deref().unwrap_or("1000:1000"));
    let map = match kind {
        EngineKind::Rootful => Ok(vec![]),
        EngineKind::Rootless | EngineKind::Podman => Ok(vec![
            IdRange { inside: 0, outside: person.uid, count: 1 },
            IdRange { inside: 1, outside: 100_000, count: 65_536 },
        ]),
        EngineKind::UsernsRemap => Ok(vec![IdRange { inside: 0, outside: 165_536, count: 65_536 }]),
        EngineKind::Desktop => Err(Missing::new(Need::Docker, "Docker Desktop shows owners of its own")),
    };
    Docker {
        endpoint: "unix:///var/run/docker.sock".into(),
        version: "28.2.2".into(),
        api_version: "1.50".into(),
        operating_system: if kind == EngineKind::Desktop {
            "Docker Desktop".into()
        } else {
            "Debian GNU/Linux 12".into()
        },
        kind,
        uid_map: map.clone(),
        gid_map: map,
        local: true,
        containers: given.containers.iter().map(|(service, given)| container(service, given, project)).collect(),
        images: given.images.iter().map(|(name, given)| (name.clone(), image(name, given))).collect(),
    }
}

fn image(name: &str, given: &GivenImage) -> Image {
    Image {
        id: format!("sha256:{name}"),
        user: given.user.clone(),
        environment: given.environment.clone().into_iter().collect(),
        working_dir: given.working_dir.clone(),
        entrypoint: given.entrypoint.clone(),
        command: given.command.clone(),
        volumes: given.volumes.clone(),
    }
}

fn container(service: &str, given: &GivenContainer, project: &Project) -> Container {
    let mounts = match &given.mounts {
        Some(mounts) => mounts.iter().map(|mount| written_mount(mount)).collect(),
        None => project.service(service).map(mounts_of).unwrap_or_default(),
    };
    let mut environment: BTreeMap<String, String> = project
        .service(service)
        .into_iter()
        .flat_map(|service| service.environment.iter())
        .filter_map(|(name, value)| Some((name.clone(), value.value.clone()?)))
        .collect();
    environment.extend(given.environment.clone());
    Container {
        id: format!("{service}-id"),
        name: format!("{}-{service}-1", project.name()),
        service: Some(service.to_owned()),
        one_off: false,
        ended: None,
        restarting: false,
        running: given.running,
        image: given.image.clone(),
        image_id: format!("sha256:{}", given.image),
        user: given.user.clone(),
        group_add: given.group_add.clone(),
        environment: environment.into_iter().collect(),
        working_dir: given.working_dir.clone(),
        command: given.command.clone(),
        mounts,
        read_only: given.read_only,
        userns_mode: given.userns_mode.clone(),
        network_mode: "default".into(),
        addresses: given.addresses.clone(),
        ports: vec![],
        started_at: given.running.then(|| "2026-01-01T00:00:00Z".to_owned()),
        passwd: Ok(given.passwd.iter().map(|line| passwd_entry(line)).collect()),
        groups: Ok(given.groups.iter().map(|line| group(line)).collect()),
        paths: given
            .paths
            .iter()
            .map(|(path, text)| (path.clone(), Ok((text != "absent").then(|| stat(text, FileKind::Directory)))))
            .collect(),
        listings: given.listings.iter().map(|(path, lines)| (path.clone(), Ok(listing(lines)))).collect(),
        environments: given
            .environments
            .iter()
            .map(|(path, text)| (path.clone(), VirtualEnvironment::parse(text).expect("a pyvenv.cfg")))
            .collect(),
    }
}

fn listing(lines: &[String]) -> Listing {
    let entries = lines.iter().filter(|line| *line != "...").map(|line| {
        let (path, text) = line.split_once(' ').unwrap_or_else(|| panic!("`{line}` has no owner"));
        (path.to_owned(), stat(text, FileKind::Directory))
    });
    Listing { entries: entries.collect(), cut_short: lines.iter().any(|line| line == "...") }
}

fn passwd_entry(line: &str) -> PasswdEntry {
    let parts: Vec<&str> = line.split(':').collect();
    let [name, uid, gid, home] = parts[..] else { panic!("`{line}` is no name:uid:gid:home") };
    PasswdEntry { name: name.into(), uid: uid.parse().unwrap(), gid: gid.parse().unwrap(), home: home.into() }
}

fn group(line: &str) -> Group {
    let parts: Vec<&str> = line.split(':').collect();
    let [name, gid, members] = parts[..] else { panic!("`{line}` is no name:gid:members") };
    let members = members.split(',').filter(|member| !member.is_empty()).map(str::to_owned).collect();
    Group { name: name.into(), gid: gid.parse().unwrap(), members }
}

/// `kind:source:target:rw`.
fn written_mount(text: &str) -> ContainerMount {
    let parts: Vec<&str> = text.split(':').collect();
    let [kind, source, target, access] = parts[..] else { panic!("`{text}` is no kind:source:target:rw") };
    let kind = match kind {
        "bind" => MountKind::Bind,
        "volume" => MountKind::Volume,
        "tmpfs" => MountKind::Tmpfs,
        other => panic!("`{other}` is no kind of mount"),
    };
    ContainerMount {
        kind,
        source: source.into(),
        volume: (kind == MountKind::Volume).then(|| source.to_owned()),
        target: target.into(),
        writable: access == "rw",
    }
}

fn mounts_of(service: &devdoctor::project::compose::Service) -> Vec<ContainerMount> {
    service
        .mounts
        .iter()
        .map(|mount| {
            let (kind, source) = match &mount.source {
                MountSource::Bind(path) => (MountKind::Bind, path.clone()),
                MountSource::Volume(name) => (MountKind::Volume, name.clone()),
                MountSource::Anonymous => (MountKind::Volume, "0".repeat(64)),
                MountSource::Tmpfs => (MountKind::Tmpfs, String::new()),
                MountSource::Other(source) => (MountKind::Other, source.clone()),
            };
            ContainerMount {
                kind,
                volume: (kind == MountKind::Volume).then(|| source.clone()),
                source,
                target: mount.target.clone(),
                writable: mount.writable,
            }
        })
        .collect()
}
