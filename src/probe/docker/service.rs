//! Looks at one service: its containers, and of one of them no more than a command in it needs.

use futures_util::future::{join3, try_join};
use serde_json::Value;
use tokio::time::Instant;

use super::connect::Reached;
use super::engine::{AskError, Engine};
use super::{EngineOptions, archive, canonical, directory_of, find, owners, paths, podman, understand};
use crate::access::IdMaps;
use crate::facts::{
    Container, Docker, EngineKind, Fact, FileKind, Identity, Missing, MountKind, Need, Owner, PathStat, PathWish,
};
use crate::project::Project;
use crate::text::percent_encoded;

/// One container of a project as the engine lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Full id.
    pub id: String,
    /// Name without the leading slash.
    pub name: String,
    /// Compose service.
    pub service: String,
    /// Which of the service's containers it is, from 1.
    pub number: u64,
    /// `running`, `exited`, `paused`, …
    pub state: String,
    /// For people, such as `Exited (1) 3 minutes ago`.
    pub status: String,
}

/// The engine, and the project's containers on it.
#[derive(Debug)]
pub struct Services {
    /// The connection.
    pub engine: Engine,
    /// The project's containers but for those of `compose run`, sorted by service, then number.
    pub containers: Vec<Listed>,
    reached: Reached,
}

/// A container, and how its engine maps numbers.
#[derive(Clone, Debug)]
pub struct Found {
    /// The container; its accounts and paths are not looked at yet.
    pub container: Container,
    /// The engine, without containers and images.
    pub docker: Docker,
    /// How its user numbers are mapped.
    pub maps: Fact<IdMaps>,
}

/// Finds the engine and lists the project's containers.
///
/// # Errors
/// When no engine answers.
pub async fn services(
    options: &EngineOptions,
    project: &Project,
    person: &Identity,
    home: Option<&std::path::Path>,
    deadline: Instant,
) -> Fact<Services> {
    let reached = find(options, person, home, deadline).await.0?;
    let engine = reached.engine.clone();
    let list = engine.get("/containers/json?all=1", deadline).await.map_err(|error| not_told(&engine, &error))?;
    let here = directory_of(project);
    let ours = understand::ours(&list, project, |label| {
        let label = std::path::Path::new(label);
        here.iter().any(|here| here == label) || canonical(label).is_some_and(|path| here.contains(&path))
    });
    let mut containers: Vec<Listed> = ours.into_iter().filter_map(|ours| listed(&list, ours)).collect();
    containers
        .sort_by(|one, other| (&one.service, one.number, &one.name).cmp(&(&other.service, other.number, &other.name)));
    Ok(Services { engine, containers, reached })
}

fn listed(list: &Value, ours: understand::Ours) -> Option<Listed> {
    let entry = list.as_array()?.iter().find(|entry| entry.get("Id").and_then(Value::as_str) == Some(&ours.id))?;
    let text = |key: &str| entry.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let label = |key: &str| entry.get("Labels")?.get(format!("com.docker.compose.{key}"))?.as_str();
    if label("oneoff").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return None;
    }
    let name = entry.pointer("/Names/0").and_then(Value::as_str).unwrap_or_default();
    Some(Listed {
        name: name.trim_start_matches('/').to_owned(),
        service: ours.service.or_else(|| label("service").map(str::to_owned))?,
        number: label("container-number").and_then(|number| number.parse().ok()).unwrap_or(1),
        state: text("State"),
        status: text("Status"),
        id: ours.id,
    })
}

fn not_told(engine: &Engine, error: &AskError) -> Missing {
    Missing::new(Need::Docker, format!("the engine at `{}` did not tell enough: {error}", engine.endpoint))
}

fn not_for_all(target: &str) -> Missing {
    Missing::new(Need::Docker, format!("`{target}` lies in memory (tmpfs), and was not made for everybody"))
}

impl Services {
    /// Looks at one container and at how the engine maps numbers.
    ///
    /// # Errors
    /// When the engine does not tell.
    pub async fn find(&self, id: &str, deadline: Instant) -> Fact<Found> {
        let engine = &self.reached.engine;
        let path = format!("/containers/{}/json", percent_encoded(id));
        let asked = try_join(engine.get("/info", deadline), engine.get(&path, deadline)).await;
        let (info, inspect) = asked.map_err(|error| not_told(engine, &error))?;
        let mut container = understand::container(&inspect, None)
            .ok_or_else(|| Missing::new(Need::Docker, format!("container {id} has no configuration")))?;
        let docker = super::engine_of(&self.reached, &info);
        if docker.local {
            // The engine mounts what links lead to, and shows what was written.
            for mount in container.mounts.iter_mut().filter(|mount| mount.kind == MountKind::Bind) {
                let real = canonical(std::path::Path::new(&mount.source))
                    .and_then(|path| path.into_os_string().into_string().ok());
                mount.source = real.unwrap_or_else(|| std::mem::take(&mut mount.source));
            }
        }
        if docker.kind == EngineKind::Podman {
            podman::add_own_map(engine, &mut container, deadline).await;
        }
        for target in understand::memory_not_for_all(&inspect) {
            let missing = not_for_all(&target);
            container.paths.insert(target, Err(missing));
        }
        let maps = IdMaps::of(&docker, &container.userns_mode);
        Ok(Found { container, docker, maps })
    }

    /// Looks at a container's users, and at its groups where a name of one decides; and whether `/tmp` is for all, which
    /// spares a look that costs more.
    pub async fn look_at_accounts(&self, container: &mut Container, user: &str, deadline: Instant) {
        let id = container.id.clone();
        let read = async |path: &str| {
            archive::account_file(&self.engine, &id, path, deadline).await.map_err(|error| {
                let name = &container.name;
                Missing::new(Need::Docker, format!("`{path}` of `{name}` could not be read: {error}"))
            })
        };
        let is_name = |group: &str| group.parse::<u32>().is_err() && !group.is_empty();
        let named =
            [user, &container.user].iter().any(|user| user.split_once(':').is_some_and(|(_, group)| is_name(group)))
                || container.group_add.iter().any(|group| is_name(group));
        let groups = async { if named { Some(read("/etc/group").await) } else { None } };
        let (passwd, groups, mode) =
            join3(read("/etc/passwd"), groups, self.engine.mode_of_directory(&id, "/tmp", deadline)).await;
        container.passwd = passwd.map(|text| understand::passwd(&text));
        if let Some(groups) = groups {
            container.groups = groups.map(|text| understand::groups(&text));
        }
        let mount = container.mounts.iter().find(|mount| mount.target == "/tmp").map(|mount| mount.kind);
        match (mount, mode) {
            (None, Some(mode)) if mode & 0o777 == 0o777 => {
                // Whose it is decides nothing.
                let owner = Owner { uid: 0, gid: 0 };
                let stat = PathStat { owner, mode, kind: FileKind::Directory, links: 1 };
                container.paths.insert("/tmp".to_owned(), Ok(Some(stat)));
            }
            // A mount in memory gets the mode of the folder that the image has there.
            (Some(MountKind::Tmpfs), Some(mode)) if mode & 0o7 != 0o7 => {
                container.paths.insert("/tmp".to_owned(), Err(not_for_all("/tmp")));
            }
            _ => {}
        }
    }

    /// Looks at paths in a container, once: the owners are turned into those that its processes see.
    pub async fn look_at_paths(
        &self,
        docker: &Docker,
        container: &mut Container,
        wishes: &[PathWish],
        deadline: Instant,
    ) {
        paths::look_into(&self.engine, container, wishes, deadline).await;
        owners::as_processes_see(&self.engine, docker, container, deadline).await;
    }
}
