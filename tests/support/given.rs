//! Turns an example of a check's words into facts: its files are really read, its `given` stands for what probes would answer.
//!
//! The vocabulary of `given`, all optional:
//!
//! * `user: "1000:1000"`: the person. `root-owner`: owner of the project's root (default: the person).
//! * `stat: { data: "0:0 0755", "/abs": absent }`: paths of the host, relative to the root or absolute; `file` or `link` at
//!   the end for what is no directory.
//! * `foreign: { "a/b.py": "0:0 0644", "c": "0:0 0755 dir" }`: what the walk over the project found.
//! * `git: { top, owner, outside: { "/repo/.git": { "objects/a1": "0:0 0755 dir" } }, safe-directories: [] }`: the repository
//!   around the root, its top's owner, and what is foreign in git's directories outside of the root.
//! * `home-foreign: { .cache/uv: { "": "0:0 0755 dir", a: "0:0 0644" } }`: what is foreign in folders of the person's home.
//! * `environment`: variables of devdoctor's own environment.
//! * `wsl: none | one | two | container`: which WSL this is. `automount: "metadata,umask=22"`: `options` of its `wsl.conf`.
//! * `mounts: { /mnt/c: '9p C:\134 rw,aname=drvfs;path=C:\' }`: what is mounted besides an ext4 root, by mount point, as the
//!   end of a line of `/proc/self/mountinfo`.
//! * `engine: rootful | rootless | userns | desktop | podman`: the engine that answers.
//! * `containers`: by service: `user`, `image`, `environment`, `passwd` (`name:uid:gid:home`), `groups` (`name:gid:members`),
//!   `running`, `mounts` (`bind:/host:/target:rw`), `paths`, `listings`, …; mounts come from the Compose file unless given.
//! * `images`: by name: `user`, `environment`, `command`, `entrypoint`, `volumes`, `working-dir`.
//! * `databases`: what each database that URLs name answers; `server`, `trouble`, or `missing`.
//! * `endpoints`: how the engine was looked for.

use std::collections::BTreeMap;
use std::path::Path;

use devdoctor::checks::{Example, Words};
use devdoctor::facts::{
    Automount, Container, ContainerMount, Database, Docker, EndpointTried, EndpointTrouble, EngineKind, Environment,
    Facts, FileKind, ForeignFile, Git, GitDirectory, Group, HomeFolder, Host, IdRange, Identity, Image, Listing,
    Missing, MountKind, Need, Owner, PasswdEntry, PathStat, Postgres, SeenPath, Server, Trouble, TroubleKind, Vector,
    Walk, Wsl, WslKind,
};
use devdoctor::probe::filesystems::Mounts;
use devdoctor::project::compose::MountSource;
use devdoctor::project::files::MemoryFiles;
use devdoctor::project::{Project, read};
use serde::Deserialize;

/// Where the project of every example lies.
pub const ROOT: &str = "/project";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Given {
    user: Option<String>,
    root_owner: Option<String>,
    through_sudo: bool,
    stat: BTreeMap<String, String>,
    foreign: BTreeMap<String, String>,
    git: Option<GivenGit>,
    home_foreign: BTreeMap<String, BTreeMap<String, String>>,
    environment: BTreeMap<String, String>,
    wsl: WslKind,
    automount: Option<String>,
    mounts: BTreeMap<String, String>,
    engine: Option<String>,
    containers: BTreeMap<String, GivenContainer>,
    images: BTreeMap<String, GivenImage>,
    databases: Option<Vec<GivenDatabase>>,
    endpoints: Vec<GivenEndpoint>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct GivenGit {
    top: Option<String>,
    owner: Option<String>,
    outside: BTreeMap<String, BTreeMap<String, String>>,
    safe_directories: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct GivenContainer {
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
            addresses: vec![],
            userns_mode: String::new(),
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct GivenImage {
    user: String,
    environment: BTreeMap<String, String>,
    working_dir: String,
    entrypoint: Vec<String>,
    command: Vec<String>,
    volumes: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct GivenDatabase {
    urls: Vec<usize>,
    role: String,
    name: String,
    named: String,
    #[serde(default)]
    contacted: String,
    service: Option<String>,
    server: Option<GivenServer>,
    trouble: Option<GivenTrouble>,
    missing: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct GivenServer {
    version: String,
    superuser: bool,
    owns_database: bool,
    is_the_service: Option<bool>,
    search_path: Vec<String>,
    vector: GivenVector,
    /// What `alembic_version` holds; absent: it could not be read.
    alembic: Option<Vec<String>>,
    /// Its tables; absent: they could not be read.
    tables: Option<Vec<String>>,
}

impl Default for GivenServer {
    fn default() -> Self {
        Self {
            version: "16.4".into(),
            superuser: true,
            owns_database: true,
            is_the_service: Some(true),
            search_path: vec!["pg_catalog".into(), "public".into()],
            vector: GivenVector::default(),
            alembic: None,
            tables: None,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct GivenVector {
    usable: bool,
    created: Option<(String, String)>,
    available: Option<String>,
    trusted: bool,
    elsewhere: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct GivenTrouble {
    kind: TroubleKind,
    sqlstate: Option<String>,
    message: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct GivenEndpoint {
    url: String,
    named_by: String,
    #[serde(default)]
    chosen: bool,
    trouble: Option<EndpointTrouble>,
    answers: Option<String>,
}

/// The files of an example.
pub fn files(example: &Example) -> MemoryFiles {
    MemoryFiles::at(ROOT, example.files.iter().map(|(path, text)| (path.clone(), text.clone())))
}

/// The facts of an example for a check with these words.
pub fn facts(words: &Words, example: &Example) -> Facts {
    let given: Given = match &example.given {
        serde_yaml::Value::Null => Given::default(),
        // By way of JSON, where a variant with fields is a plain map; YAML would want a tag.
        value => serde_json::to_value(value)
            .and_then(serde_json::from_value)
            .unwrap_or_else(|error| panic!("{}: example `{}`: given: {error}", words.id, example.name)),
    };
    let environment: Environment = given.environment.clone().into_iter().collect();
    let mut project = read::project(&files(example), &environment, None);
    project.root = ROOT.to_owned();
    let needs = |need| words.needs.contains(&need);
    let host = if needs(Need::Host) || given.user.is_some() || !given.stat.is_empty() || !given.foreign.is_empty() {
        Ok(host(&given, environment, &project))
    } else {
        Err(Missing::new(Need::Host, "not given"))
    };
    let docker =
        if needs(Need::Docker) || given.engine.is_some() || !given.containers.is_empty() || !given.images.is_empty() {
            Ok(docker(&given, &project))
        } else {
            Err(Missing::new(Need::Docker, "not given"))
        };
    let postgres = match &given.databases {
        Some(databases) => Ok(Postgres { databases: databases.iter().map(database).collect() }),
        None if needs(Need::Postgres) => Ok(Postgres::default()),
        None => Err(Missing::new(Need::Postgres, "not given")),
    };
    let endpoints_tried = given.endpoints.into_iter().map(endpoint).collect();
    Facts { project, host, docker, postgres, endpoints_tried }
}

fn endpoint(given: GivenEndpoint) -> EndpointTried {
    let answer = match (given.trouble, given.answers) {
        (Some(trouble), _) => Err(trouble),
        (None, version) => Ok(version.unwrap_or_else(|| "28.2.2".into())),
    };
    EndpointTried { url: given.url, named_by: given.named_by, answer, chosen: given.chosen }
}

fn owner(text: &str) -> Owner {
    let (uid, gid) = text.split_once(':').unwrap_or_else(|| panic!("`{text}` is no uid:gid"));
    Owner { uid: uid.parse().unwrap(), gid: gid.parse().unwrap() }
}

/// `uid:gid mode [dir|file|link]`.
fn stat(text: &str, default: FileKind) -> PathStat {
    let words: Vec<&str> = text.split_whitespace().collect();
    let kind = match words.get(2) {
        Some(&"dir") => FileKind::Directory,
        Some(&"file") => FileKind::File,
        Some(&"link") => FileKind::Symlink,
        Some(other) => panic!("`{other}` is no kind of file"),
        None => default,
    };
    let mode = u32::from_str_radix(words[1], 8).unwrap_or_else(|_| panic!("`{text}` has no mode"));
    PathStat { owner: owner(words[0]), mode, kind, links: if kind == FileKind::Directory { 2 } else { 1 } }
}

fn host(given: &Given, environment: Environment, project: &Project) -> Host {
    let person = owner(given.user.as_deref().unwrap_or("1000:1000"));
    let root_owner = given.root_owner.as_deref().map_or(person, owner);
    let absolute = |path: &str| if path.starts_with('/') { path.to_owned() } else { format!("{ROOT}/{path}") };
    let mut paths: BTreeMap<String, Option<PathStat>> = given
        .stat
        .iter()
        .map(|(path, text)| (absolute(path), (text != "absent").then(|| stat(text, FileKind::Directory))))
        .collect();
    paths.entry(ROOT.to_owned()).or_insert(Some(PathStat {
        owner: root_owner,
        mode: 0o755,
        kind: FileKind::Directory,
        links: 2,
    }));
    let foreign = foreign_files(&given.foreign);
    let automount = given
        .automount
        .as_ref()
        .map(|options| Automount { options: options.split(',').map(str::to_owned).collect(), ..Automount::default() });
    let mut table = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\n".to_owned();
    for (point, rest) in &given.mounts {
        table.push_str(&format!("{} 1 0:9 / {point} rw - {rest}\n", table.lines().count() + 1));
    }
    let mounts = Mounts::parse(table.as_bytes());
    let filesystem = |path: &str| mounts.at(Path::new(path));
    let binds =
        project.services().flat_map(|service| service.binds().map(|(_, path)| path.to_owned()).collect::<Vec<_>>());
    let filesystems = binds.filter_map(|path| Some((path.clone(), filesystem(&path)?))).collect();
    Host {
        person: Identity { owner: person, groups: vec![], name: Some("me".into()) },
        home: Some(SeenPath("/home/me".into())),
        effective_uid: if given.through_sudo { 0 } else { person.uid },
        through_sudo: given.through_sudo,
        root_owner,
        filesystem: filesystem(ROOT),
        filesystems,
        wsl: Wsl { kind: given.wsl, automount },
        walk: Walk { foreign_count: foreign.len() as u64, seen: 100, foreign, ..Walk::default() },
        git: given.git.as_ref().map(git),
        home_foreign: given.home_foreign.iter().map(|(folder, foreign)| home_folder(folder, foreign)).collect(),
        paths,
        environment,
    }
}

fn git(given: &GivenGit) -> Git {
    Git {
        top: SeenPath(given.top.clone().unwrap_or_else(|| ROOT.to_owned()).into()),
        top_owner: owner(given.owner.as_deref().unwrap_or("1000:1000")),
        outside: given
            .outside
            .iter()
            .map(|(path, foreign)| GitDirectory {
                path: SeenPath(path.into()),
                walk: Walk { foreign_count: foreign.len() as u64, foreign: foreign_files(foreign), ..Walk::default() },
            })
            .collect(),
        safe_directories: given.safe_directories.clone(),
    }
}

fn home_folder(folder: &str, foreign: &BTreeMap<String, String>) -> HomeFolder {
    HomeFolder { path: SeenPath(folder.into()), foreign: foreign_files(foreign) }
}

fn foreign_files(given: &BTreeMap<String, String>) -> Vec<ForeignFile> {
    let file = |(path, text): (&String, &String)| ForeignFile {
        path: SeenPath(path.into()),
        stat: stat(text, FileKind::File),
        capabilities: false,
    };
    given.iter().map(file).collect()
}

fn docker(given: &Given, project: &Project) -> Docker {
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

fn database(given: &GivenDatabase) -> Database {
    let server = match (&given.missing, &given.trouble, &given.server) {
        (Some(reason), _, _) => Err(Missing::new(Need::Postgres, reason.clone())),
        (None, Some(trouble), _) => Ok(Err(Trouble {
            kind: trouble.kind,
            sqlstate: trouble.sqlstate.clone(),
            message: trouble.message.clone(),
        })),
        (None, None, server) => Ok(Ok(self::server(server.as_ref().unwrap_or(&GivenServer::default())))),
    };
    Database {
        urls: given.urls.clone(),
        role: given.role.clone(),
        name: given.name.clone(),
        named: given.named.clone(),
        contacted: given.contacted.clone(),
        service: given.service.clone(),
        server,
    }
}

fn server(given: &GivenServer) -> Server {
    Server {
        version: given.version.clone(),
        address: None,
        started_at: "2026-01-01T00:00:00Z".into(),
        is_the_service: given.is_the_service,
        superuser: given.superuser,
        owns_database: given.owns_database,
        search_path: given.search_path.clone(),
        vector: Vector {
            usable: given.vector.usable,
            created: given.vector.created.clone(),
            available: given.vector.available.clone(),
            trusted: given.vector.trusted,
            elsewhere: given.vector.elsewhere.clone(),
        },
        alembic_versions: given.alembic.clone(),
        tables: given.tables.clone(),
    }
}
