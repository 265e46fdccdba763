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
//! * `endpoints`: how the engine was looked for. `branches`: what git's branches have of revisions that no file has.

#[path = "given/databases.rs"]
mod databases;
#[path = "given/engine.rs"]
mod engine;

use std::collections::BTreeMap;
use std::path::Path;

use devdoctor::checks::{Example, Words};
use devdoctor::facts::{
    Automount, Branches, EndpointTried, EndpointTrouble, Environment, Facts, FileKind, ForeignFile, Git, GitDirectory,
    HomeFolder, Host, Identity, Missing, Need, Owner, PathStat, Postgres, SeenPath, Walk, Wsl, WslKind,
};
use devdoctor::probe::filesystems::Mounts;
use devdoctor::project::files::MemoryFiles;
use devdoctor::project::{Project, read};
use serde::Deserialize;

use databases::{GivenDatabase, database};
use engine::{GivenContainer, GivenImage, docker};

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
    branches: Option<Branches>,
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
    Facts { project, host, docker, postgres, endpoints_tried, engine_hint: None, branches: given.branches }
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
        unanswered: BTreeMap::new(),
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
