//! Gives files to an owner through the Docker engine, which may do what the person may not.
//!
//! An image's own chown would not do: it follows links in the middle of a path, takes whatever lies there by now, and many
//! images have none. So devdoctor itself, with its libraries, is put into a throw-away container and does there what it does
//! when root runs it.

mod helper;
mod inside;
mod order;
mod parcel;
mod plan;
mod sweep;

use std::path::Path;
use std::time::Duration;

use bollard::container::LogOutput;

use crate::access::IdMaps;
use crate::facts::{Container, Docker, EngineKind, MountKind, Owner, SeenPath};
use crate::fix::apply::chown::{Refusal, Terms};
use crate::fix::place::{PlaceMount, nearest};
use crate::fix::{Chown, ChownPlace};
use crate::probe::docker::{AskError, Engine, told};

use helper::Mounted;
use order::{Head, NAMED, Order};
use plan::Listed;

pub use order::serve;

/// How long a helper may work: a hundred thousand paths take a second.
const LONGEST_RUN: Duration = Duration::from_secs(120);

/// Why the engine did not give the files to their owner.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// A path that is not touched, whatever the engine could do.
    #[error("`{path}` {reason}")]
    Refused {
        /// The path, for people.
        path: String,
        /// Why.
        reason: &'static str,
    },
    /// Paths that are not any more what they were when the fix was planned, in words. The others were given.
    #[error("{0}")]
    Left(String),
    /// The project is not on the engine's machine.
    #[error("the engine at `{0}` runs on another machine and does not see the project")]
    Elsewhere(String),
    /// Numbers in containers cannot be translated to numbers here.
    #[error("which owner the host would see is not known: {0}")]
    UnknownMap(String),
    /// The engine's containers have no number for this owner.
    #[error("containers of this engine have no number for the owner {0}")]
    NoNumber(Owner),
    /// There is nothing to make a helper of.
    #[error("the engine has no image, and a helper container needs one")]
    NoImage,
    /// devdoctor cannot be put into a helper.
    #[error("devdoctor cannot be put into a helper container: {0}")]
    NoProgram(String),
    /// devdoctor does not run in a helper.
    #[error("devdoctor does not run in a helper container of this engine: {0}")]
    NoStart(String),
    /// The volume is gone since it was looked at.
    #[error("the volume `{0}` is not there any more")]
    NoVolume(String),
    /// The container is gone since it was looked at.
    #[error("the container of `{0}` is not there any more")]
    NoContainer(String),
    /// The path lies in the container's own layer, which only a running container lets change.
    #[error("`{path}` lies in the container of `{service}` itself, which does not run")]
    NotRunning {
        /// The service.
        service: String,
        /// The first such path.
        path: String,
    },
    /// The container has no chown of its own.
    #[error("the container of `{0}` has neither /bin/chown, /usr/bin/chown nor busybox")]
    NoChown(String),
    /// The time was up.
    #[error("the engine did not finish within {} seconds", LONGEST_RUN.as_secs())]
    TimedOut,
    /// The engine said no.
    #[error("{0}")]
    Engine(String),
}

impl From<AskError> for EngineError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::TimedOut => Self::TimedOut,
            other => Self::Engine(other.to_string()),
        }
    }
}

impl From<bollard::errors::Error> for EngineError {
    fn from(error: bollard::errors::Error) -> Self {
        told(&error).into()
    }
}

/// What became of the paths of a step.
#[derive(Debug, Default, PartialEq)]
struct Given {
    /// How many changed owner.
    count: usize,
    /// The first that were refused.
    refused: Vec<(SeenPath, Refusal)>,
    /// How many more were refused.
    more: usize,
}

impl Given {
    fn add(&mut self, other: Self) {
        self.count += other.count;
        self.refused.extend(other.refused);
        self.more += other.more;
    }

    /// Refusals in words, the first of them.
    fn left(&self) -> Option<String> {
        let named = self.refused.iter().take(NAMED).map(|(path, refusal)| format!("`{}` {refusal}", path.display()));
        let mut words = named.collect::<Vec<_>>().join(", ");
        let more = self.refused.len().saturating_sub(NAMED) + self.more;
        if more > 0 {
            words.push_str(&format!(" and {more} more are not what they were"));
        }
        (!words.is_empty()).then_some(words)
    }
}

/// Gives the paths of `step` to their new owner: each by name, no symlink followed, those that still have the owner and the
/// kind that they had when the fix was planned. Returns how many changed owner. One that is refused does not keep the others
/// from theirs.
///
/// Paths of the project are changed by a throw-away container that sees nothing but the project's root; paths in a volume
/// or bind mount of a container by one that sees nothing but that mount, whether or not the container is still there; paths
/// in a container's own layer by the container.
///
/// # Errors
/// When a path is refused; when the engine cannot do it.
pub async fn chown(
    engine: &Engine,
    docker: &Docker,
    project_root: &Path,
    step: &Chown,
    terms: Terms<'_>,
) -> Result<usize, EngineError> {
    if step.paths.is_empty() {
        return Ok(0);
    }
    let (mut given, failed) = match &step.place {
        ChownPlace::Project => (in_project(engine, docker, project_root, step, terms).await?, None),
        ChownPlace::Container { service, id, mounts } => {
            let container = docker.containers.iter().find(|container| container.id == *id);
            let mounts = container.map_or_else(|| mounts.clone(), PlaceMount::all_of);
            in_container(engine, docker, container, &mounts, service, step, terms).await?
        }
    };
    if terms.passing_over {
        let passed = |refusal: &Refusal| matches!(refusal, Refusal::Gone | Refusal::Changed(_) | Refusal::Moved);
        given.refused.retain(|(_, refusal)| !passed(refusal));
    }
    match (given.left(), failed) {
        (None, None) => Ok(given.count),
        (Some(left), None) => Err(EngineError::Left(left)),
        (None, Some(error)) => Err(error),
        (Some(left), Some(error)) => Err(EngineError::Left(format!("{left}; {error}"))),
    }
}

async fn in_project(
    engine: &Engine,
    docker: &Docker,
    root: &Path,
    step: &Chown,
    terms: Terms<'_>,
) -> Result<Given, EngineError> {
    if !docker.local {
        return Err(EngineError::Elsewhere(docker.endpoint.clone()));
    }
    // A remapping engine's own numbers stop short of the host's: there the helper keeps out of the map.
    let whole_host = docker.kind == EngineKind::UsernsRemap;
    let is_podman = docker.kind == EngineKind::Podman;
    let number = |owner| if whole_host { Ok(owner) } else { plan::inside(docker, owner) };
    let to = number(step.to)?;
    let source = root.to_str().ok_or_else(|| EngineError::Refused {
        path: root.display().to_string(),
        reason: "has a name that is no text, so the engine cannot be told",
    })?;
    // Podman's settings may give every container a map of its own; `host` is the engine's.
    let userns_mode = if whole_host || is_podman { "host" } else { "" };
    let mounted = Mounted { kind: MountKind::Bind, source, userns_mode };
    let (listed, mut given) = plan::in_project(step, terms, number)?;
    let mut by_helper = run_helper(engine, &mounted, listed, to, terms).await?;
    if !whole_host {
        for (_, refusal) in &mut by_helper.refused {
            if let Refusal::Changed(owner) | Refusal::Ignored(owner) = refusal {
                *owner = plan::outside(docker, *owner);
            }
        }
    }
    given.add(by_helper);
    Ok(given)
}

/// What became of the paths in a container, and the first thing that went wrong with all of a mount.
async fn in_container(
    engine: &Engine,
    docker: &Docker,
    container: Option<&Container>,
    mounts: &[PlaceMount],
    service: &str,
    step: &Chown,
    terms: Terms<'_>,
) -> Result<(Given, Option<EngineError>), EngineError> {
    let mut own: Vec<(SeenPath, Owner)> = vec![];
    let mut shared: Vec<(&PlaceMount, Listed)> = vec![];
    for (path, was) in &step.paths {
        if !plan::is_plain(path) {
            return Err(EngineError::Refused { path: path.display(), reason: "is no absolute path without `..`" });
        }
        let mount = nearest(mounts, &path.as_path().to_string_lossy()).filter(|mount| mount.can_be_shared());
        let Some((mount, below)) = mount.and_then(|mount| Some((mount, plan::below(path, &mount.target)?))) else {
            own.push((path.clone(), *was));
            continue;
        };
        match shared.iter_mut().find(|(other, _)| *other == mount) {
            Some((_, listed)) => listed.push((below, *was, None)),
            None => shared.push((mount, vec![(below, *was, None)])),
        }
    }
    let (mut given, mut failed) = (Given::default(), None);
    // Said before anything is changed, unless the container is gone for good: then its mounts are all that is left.
    if let (Some(container), Some((path, _))) = (container, own.first())
        && !container.running
    {
        return Err(EngineError::NotRunning { service: service.to_owned(), path: path.display() });
    }
    for (mount, listed) in shared {
        let by_helper = match docker.kind {
            EngineKind::Podman => by_podman(engine, docker, mount, listed, step.to, terms).await,
            _ => {
                let mounted = Mounted { kind: mount.kind, source: &mount.source, userns_mode: &mount.userns_mode };
                run_helper(engine, &mounted, listed, step.to, terms).await
            }
        };
        match by_helper {
            Ok(mut by_helper) => {
                for (path, _) in &mut by_helper.refused {
                    *path = SeenPath(Path::new(&mount.target).join(path.as_path()).components().collect());
                }
                given.add(by_helper);
            }
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    if !own.is_empty() {
        match container {
            Some(container) => match inside::run(engine, docker, container, service, own, step.to).await {
                Ok(by_itself) => given.add(by_itself),
                Err(error) => failed = failed.or(Some(error)),
            },
            None => failed = failed.or(Some(EngineError::NoContainer(service.to_owned()))),
        }
    }
    Ok((given, failed))
}

/// Changes paths below a mount of a Podman container by a helper in the engine's map: no other container can be given a map
/// like one of its own.
async fn by_podman(
    engine: &Engine,
    docker: &Docker,
    mount: &PlaceMount,
    listed: Listed,
    to: Owner,
    terms: Terms<'_>,
) -> Result<Given, EngineError> {
    let maps = IdMaps::of(docker, &mount.userns_mode).map_err(|missing| EngineError::UnknownMap(missing.reason))?;
    let number = |owner| plan::inside(docker, maps.to_host(owner).ok_or(EngineError::NoNumber(owner))?);
    let to = number(to)?;
    let (mut numbered, mut given) = (vec![], Given::default());
    for (path, was, kind) in listed {
        match number(was) {
            Ok(was) => numbered.push((path, was, kind)),
            Err(EngineError::NoNumber(_)) => given.refused.push((path, Refusal::NotPermitted)),
            Err(error) => return Err(error),
        }
    }
    let mounted = Mounted { kind: mount.kind, source: &mount.source, userns_mode: "host" };
    let mut by_helper = run_helper(engine, &mounted, numbered, to, terms).await?;
    for (_, refusal) in &mut by_helper.refused {
        if let Refusal::Changed(owner) | Refusal::Ignored(owner) = refusal {
            let outside = plan::outside(docker, *owner);
            *owner = maps.to_container(outside).unwrap_or(outside);
        }
    }
    given.add(by_helper);
    Ok(given)
}

/// Changes paths below a mount by a throw-away container.
async fn run_helper(
    engine: &Engine,
    mounted: &Mounted<'_>,
    listed: Listed,
    to: Owner,
    terms: Terms<'_>,
) -> Result<Given, EngineError> {
    if listed.is_empty() {
        return Ok(Given::default());
    }
    let head = Head { to, hard_links: terms.hard_links, passing_over: terms.passing_over };
    let order = Order { head, paths: listed };
    let parcel = parcel::pack(terms.program, &order.to_bytes())?;
    let answer = helper::run(engine, mounted, parcel).await?;
    let name = |(number, refusal): (usize, Refusal)| Some((order.paths.get(number)?.0.clone(), refusal));
    let refused = answer.refused.into_iter().filter_map(name).collect();
    Ok(Given { count: answer.given, refused, more: answer.more })
}

fn keep_words(said: &mut String, piece: &LogOutput) {
    // A hundred thousand complaints say no more than ten.
    if said.len() < 4_000 {
        said.push_str(&piece.to_string());
    }
}
