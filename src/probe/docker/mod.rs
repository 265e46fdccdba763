//! Looks at the Docker engine: finds it as the docker CLI would, and asks it about the project's containers and images.
//! Only GET and HEAD.

mod archive;
mod connect;
mod contexts;
mod endpoints;
mod engine;
mod environments;
mod hint;
mod identity;
mod owners;
mod paths;
mod podman;
mod process;
mod service;
mod tar;
mod understand;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use futures_util::future::{join, join_all, try_join, try_join_all};
use serde_json::Value;
use tokio::time::Instant;

use crate::facts::{
    Container, Docker, EndpointTried, EndpointTrouble, EngineKind, Environment, Fact, Identity, Image, Missing,
    MountKind, Need, PathWish,
};
use crate::project::Project;
use crate::text::percent_encoded;

use connect::{Reached, reach, survey, version_of};

pub(crate) use archive::stat as stat_in_container;
pub(crate) use engine::{Address, one_line, told};
pub use engine::{AskError, Engine};
pub use hint::hint;
pub(crate) use podman::RealOwners;
pub(crate) use process::is_of_container;
pub use service::{Found, Listed, Services, services};

/// What decides which engine is asked.
#[derive(Clone, Debug, Default)]
pub struct EngineOptions {
    /// `--docker-host`.
    pub docker_host: Option<String>,
    /// `--context`.
    pub context: Option<String>,
    /// `--allow-remote`: engines on other machines may be contacted.
    pub allow_remote: bool,
    /// The environment of devdoctor itself (`DOCKER_*`, `XDG_RUNTIME_DIR`).
    pub environment: Environment,
}

/// What came of looking at the engine.
#[derive(Debug)]
pub struct DockerLook {
    /// The engine and what of it belongs to the project, or why it could not be looked at.
    pub docker: Fact<Docker>,
    /// Every endpoint that was tried, the chosen one first.
    pub tried: Vec<EndpointTried>,
    /// The connection, for fixes.
    pub engine: Option<Engine>,
}

/// What in a container matters. Each look into a container costs the engine some 50 ms, so nothing else is looked at.
#[derive(Clone, Copy)]
pub struct Interest<'wish> {
    /// Whether its accounts (`/etc/passwd`, `/etc/group`) do; where not, no path does.
    pub accounts: &'wish (dyn Fn(&Container) -> bool + Sync),
    /// Which paths do, asked when the accounts are known.
    pub paths: &'wish (dyn Fn(&Container) -> Vec<PathWish> + Sync),
}

/// Finds the engine and asks it everything that checks want to know about the project. Ends at `deadline`, whatever the
/// engine does.
pub async fn look(
    options: &EngineOptions,
    project: &Project,
    person: &Identity,
    home: Option<&Path>,
    interest: Interest<'_>,
    deadline: Instant,
) -> DockerLook {
    let (reached, tried) = find(options, person, home, deadline).await;
    let reached = match reached {
        Ok(reached) => reached,
        Err(missing) => return DockerLook { docker: Err(missing), tried, engine: None },
    };
    let docker = ask(&reached, project, interest, deadline).await.map_err(|error| {
        Missing::new(Need::Docker, format!("the engine at `{}` did not tell enough: {error}", reached.engine.endpoint))
    });
    DockerLook { docker, tried, engine: Some(reached.engine) }
}

/// Only connects: for undo, which knows what to do.
///
/// # Errors
/// When no engine answers.
pub async fn connect(
    options: &EngineOptions,
    person: &Identity,
    home: Option<&Path>,
    deadline: Instant,
) -> Fact<Engine> {
    find(options, person, home, deadline).await.0.map(|reached| reached.engine)
}

/// Tries the endpoint that the CLI would use, and, when that does not answer, where else one may be.
async fn find(
    options: &EngineOptions,
    person: &Identity,
    home: Option<&Path>,
    deadline: Instant,
) -> (Fact<Reached>, Vec<EndpointTried>) {
    if connect::is_too_late(deadline) {
        let reason = "the time limit was used up before the engine was asked";
        return (Err(Missing::new(Need::Docker, reason)), vec![]);
    }
    let config = contexts::read(&options.environment, home);
    let chosen = endpoints::chosen(options, &config);
    match reach(&chosen, person, deadline).await {
        Ok(reached) => {
            let tried = vec![chosen.tried(Ok(version_of(&reached.version)))];
            (Ok(reached), tried)
        }
        Err(trouble) => {
            let reason = match chosen.url.as_str() {
                "" => trouble.to_string(),
                url if matches!(trouble, EndpointTrouble::Unsupported(_)) => {
                    format!("the engine at `{url}` was not asked: it {trouble}")
                }
                url => format!("no engine answers at `{url}`: {trouble}"),
            };
            let others = endpoints::elsewhere(options, &config, person.owner.uid, home, &chosen);
            let mut tried = vec![chosen.tried(Err(trouble))];
            tried.extend(survey(others, person, deadline).await);
            (Err(Missing::new(Need::Docker, reason)), tried)
        }
    }
}

async fn ask(
    reached: &Reached,
    project: &Project,
    interest: Interest<'_>,
    deadline: Instant,
) -> Result<Docker, AskError> {
    let engine = &reached.engine;
    let containers = async {
        let list = engine.get("/containers/json?all=1", deadline).await?;
        let here = directory_of(project);
        let ours = understand::ours(&list, project, |label| {
            let label = Path::new(label);
            Some(label) == here.first().map(PathBuf::as_path)
                || canonical(label).is_some_and(|path| here.contains(&path))
        });
        let inspected = try_join_all(ours.into_iter().map(|ours| inspect(engine, project, ours, deadline))).await?;
        let containers: Vec<Container> = inspected.into_iter().flatten().collect();
        let mut names = understand::image_names(project);
        names.extend(containers.iter().map(|container| container.image.clone()).filter(|name| !name.is_empty()));
        names.sort();
        names.dedup();
        let looked = async { Ok(look_into_all(engine, containers, interest, deadline).await) };
        try_join(looked, images(engine, names, deadline)).await
    };
    let (info, (mut containers, images)) = try_join(engine.get("/info", deadline), containers).await?;
    let told = engine_of(reached, &info);
    join_all(containers.iter_mut().map(async |container| {
        if told.kind == EngineKind::Podman {
            podman::add_own_map(engine, container, deadline).await;
        }
        owners::as_processes_see(engine, &told, container, deadline).await;
    }))
    .await;
    containers.sort_by(|one, other| (&one.service, &one.name).cmp(&(&other.service, &other.name)));
    Ok(Docker { containers, images, ..told })
}

/// What the engine tells of itself, without containers and images.
fn engine_of(reached: &Reached, info: &Value) -> Docker {
    let Reached { engine, version, listener } = reached;
    let kind = identity::kind_of(version, info);
    let local = is_local(kind, info, listener.is_some());
    let (uid_map, gid_map) = identity::maps(kind, info, local, &identity::read(*listener));
    Docker {
        endpoint: engine.endpoint.clone(),
        version: version_of(version),
        api_version: engine.api().to_owned(),
        operating_system: info.get("OperatingSystem").and_then(Value::as_str).unwrap_or_default().to_owned(),
        kind,
        uid_map,
        gid_map,
        local,
        containers: vec![],
        images: BTreeMap::new(),
    }
}

/// One container; `None` when it went away meanwhile.
async fn inspect(
    engine: &Engine,
    project: &Project,
    ours: understand::Ours,
    deadline: Instant,
) -> Result<Option<Container>, AskError> {
    match engine.get(&format!("/containers/{}/json", percent_encoded(&ours.id)), deadline).await {
        Err(AskError::NotFound(_)) => Ok(None),
        Err(error) => Err(error),
        Ok(answer) => understand::container(&answer, ours.service)
            .map(|container| Some(with_real_sources(container, project)))
            .ok_or_else(|| AskError::NotUnderstood(format!("container {} has no configuration", ours.id))),
    }
}

/// A container whose binds of the project name paths without links, as the project's root does.
fn with_real_sources(mut container: Container, project: &Project) -> Container {
    for mount in container.mounts.iter_mut().filter(|mount| mount.kind == MountKind::Bind) {
        let real = super::files::in_project(Path::new(&project.root), Path::new(&mount.source));
        if let Some(real) = real.as_deref().and_then(Path::to_str) {
            mount.source = real.to_owned();
        }
    }
    container
}

/// The images of these names that are here.
async fn images(engine: &Engine, names: Vec<String>, deadline: Instant) -> Result<BTreeMap<String, Image>, AskError> {
    let asked = names.into_iter().map(async |name| {
        let path = format!("/images/{}/json", percent_encoded(&name).replace("%2F", "/"));
        match engine.get(&path, deadline).await {
            Ok(answer) => Ok(understand::image(&answer).map(|image| (name, image))),
            // Not here, or a name that no image can have.
            Err(AskError::NotFound(_) | AskError::Refused { status: 400, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    });
    Ok(try_join_all(asked).await?.into_iter().flatten().collect())
}

/// Looks into the file systems of containers. Those of one image share its accounts as long as both files are the same.
async fn look_into_all(
    engine: &Engine,
    containers: Vec<Container>,
    interest: Interest<'_>,
    deadline: Instant,
) -> Vec<Container> {
    let mut of_image: BTreeMap<String, Vec<Container>> = BTreeMap::new();
    let mut others = vec![];
    for mut container in containers {
        if (interest.accounts)(&container) {
            of_image.entry(container.image_id.clone()).or_default().push(container);
        } else {
            let reason = format!("nothing of the project runs in `{}`, so it was not looked into", container.name);
            container.passwd = Err(Missing::new(Need::Docker, &reason));
            container.groups = Err(Missing::new(Need::Docker, &reason));
            others.push(container);
        }
    }
    let looked = of_image.into_values().map(async |mut containers| {
        accounts_of_all(engine, &mut containers, deadline).await;
        let looks = containers.iter_mut().map(async |container| {
            let wishes = (interest.paths)(container);
            paths::look_into(engine, container, &wishes, deadline).await;
            environments::look_into(engine, container, &wishes, deadline).await;
        });
        join_all(looks).await;
        containers
    });
    join_all(looked).await.into_iter().flatten().chain(others).collect()
}

async fn accounts_of_all(engine: &Engine, containers: &mut [Container], deadline: Instant) {
    let prints = join_all(containers.iter().map(async |container| {
        // One alone has nobody to compare with.
        if containers.len() > 1 { print_of_accounts(engine, &container.id, deadline).await } else { None }
    }))
    .await;
    let first = containers.first().map(|container| container.id.clone());
    let Some(first) = first else { return };
    let shared = archive::accounts(engine, &first, deadline).await;
    let own = containers.iter().zip(&prints).map(async |(container, print)| {
        let same = container.id == first || (print.is_some() && Some(print) == prints.first());
        if same { shared.clone() } else { archive::accounts(engine, &container.id, deadline).await }
    });
    let own = join_all(own).await;
    for (container, accounts) in containers.iter_mut().zip(own) {
        let accounts = accounts.map_err(|error| {
            Missing::new(Need::Docker, format!("the accounts of `{}` could not be read: {error}", container.name))
        });
        container.passwd = accounts.as_ref().map(|(passwd, _)| understand::passwd(passwd)).map_err(Clone::clone);
        container.groups = accounts.as_ref().map(|(_, groups)| understand::groups(groups)).map_err(Clone::clone);
    }
}

/// Size and time of `/etc/passwd` and `/etc/group`: cheap to ask, and the same only when the files are.
async fn print_of_accounts(engine: &Engine, container: &str, deadline: Instant) -> Option<[String; 2]> {
    let (passwd, group) =
        join(engine.print_of(container, "/etc/passwd", deadline), engine.print_of(container, "/etc/group", deadline))
            .await;
    Some([passwd?, group?])
}

/// The directory that Compose would write into its labels for this project, as written and as it really is.
fn directory_of(project: &Project) -> Vec<PathBuf> {
    let directory = project.compose.as_ref().map_or("", |compose| compose.directory.as_str());
    let root = Path::new(&project.root);
    let directory = if directory.is_empty() { root.to_owned() } else { root.join(directory) };
    let real = canonical(&directory);
    std::iter::once(directory).chain(real).collect()
}

fn canonical(path: &Path) -> Option<PathBuf> {
    std::fs::canonicalize(path).ok()
}

/// Whether paths that the engine names are paths of this machine: it has the same name. Docker Desktop shares this
/// machine's files under their own paths.
fn is_local(kind: EngineKind, info: &Value, through_socket: bool) -> bool {
    #[expect(clippy::disallowed_methods, reason = "the host's name is read where it is compared")]
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let same = info.get("Name").and_then(Value::as_str) == Some(name.trim());
    same || (kind == EngineKind::Desktop && through_socket)
}
