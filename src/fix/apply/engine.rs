//! Gives files to an owner through the Docker engine, which may do what the person may not.

mod helper;
mod plan;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::exec::StartExecResults;
use bollard::models::ExecConfig;
use futures_util::StreamExt;
use tokio::time::{Instant, timeout};

use crate::facts::{Container, Docker, EngineKind, MountKind, Owner};
use crate::fix::apply::chown::Terms;
use crate::fix::{Chown, ChownPlace};
use crate::probe::docker::{AskError, Engine, one_line, stat_in_container, told};

use helper::{Helper, Mounted};

/// How long one call of chown may take: a hundred thousand paths take a second.
const LONGEST_RUN: Duration = Duration::from_secs(120);

/// The words that begin a call.
type Words = &'static [&'static str];

/// A path where a program may be, and how it is called there.
type Place = (&'static str, Words);

/// Where images keep xargs.
const XARGS: [Place; 3] = [
    ("/usr/bin/xargs", &["/usr/bin/xargs"]),
    ("/bin/xargs", &["/bin/xargs"]),
    ("/bin/busybox", &["/bin/busybox", "xargs"]),
];

/// Where images keep chown.
const CHOWN: [Place; 4] = [
    ("/bin/chown", &["/bin/chown"]),
    ("/usr/bin/chown", &["/usr/bin/chown"]),
    ("/bin/busybox", &["/bin/busybox", "chown"]),
    ("/usr/bin/busybox", &["/usr/bin/busybox", "chown"]),
];

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
    /// No image here can change owners.
    #[error("none of the {0} images that are here has /bin/chown, /usr/bin/chown or busybox")]
    NoImage(usize),
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
    /// chown ran and complained.
    #[error("chown ended with status {status}: {words}")]
    Failed {
        /// Its exit status.
        status: i64,
        /// The first of its words, on one line.
        words: String,
    },
    /// chown said yes and changed nothing, as on a Windows drive that keeps no owners.
    #[error("`{path}` still belongs to {owner}: this file system does not keep owners")]
    Ignored {
        /// The first path of that mount.
        path: String,
        /// Its owner, as numbered in the container.
        owner: Owner,
    },
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

/// Gives the paths of `step` to their new owner: each by name, no symlink followed. Paths of the project are looked at again
/// right before: what changed since the fix was planned keeps its owner. Whether each got it is for the caller to
/// see by looking again: one that fails does not keep the others from theirs.
///
/// Paths of the project are changed by a throw-away container that sees nothing but the project's root; paths in a volume
/// or bind mount of a container by one that sees nothing but that mount; paths in a container's own layer by the container.
///
/// # Errors
/// When a path is refused; when the engine cannot do it; when chown fails for some path.
pub async fn chown(
    engine: &Engine,
    docker: &Docker,
    project_root: &Path,
    step: &Chown,
    terms: Terms<'_>,
) -> Result<(), EngineError> {
    if step.paths.is_empty() {
        return Ok(());
    }
    match &step.place {
        ChownPlace::Project => in_project(engine, docker, project_root, step, terms).await,
        ChownPlace::Container { service, id } => {
            let container = docker.containers.iter().find(|container| container.id == *id);
            let container = container.ok_or_else(|| EngineError::NoContainer(service.clone()))?;
            in_container(engine, docker, container, service, step).await
        }
    }
}

async fn in_project(
    engine: &Engine,
    docker: &Docker,
    root: &Path,
    step: &Chown,
    terms: Terms<'_>,
) -> Result<(), EngineError> {
    if !docker.local {
        return Err(EngineError::Elsewhere(docker.endpoint.clone()));
    }
    // A remapping engine's own numbers stop short of the host's: there the helper keeps out of the map.
    let whole_host = docker.kind == EngineKind::UsernsRemap;
    let to = if whole_host { step.to } else { plan::inside(docker, step.to)? };
    let source = root.to_str().ok_or_else(|| EngineError::Refused {
        path: root.display().to_string(),
        reason: "has a name that is no text, so the engine cannot be told",
    })?;
    let userns_mode = if whole_host { "host" } else { "" };
    let mounted = Mounted { kind: MountKind::Bind, source, target: helper::PLACE, userns_mode };
    // As late as can be: people take their time to say yes, and files change meanwhile.
    let (paths, left) = plan::in_project(root, step, terms)?;
    let done = if paths.is_empty() { Ok(()) } else { run_helper(engine, docker, &mounted, paths, to).await };
    match (left, done) {
        (None, done) => done,
        (Some(left), Ok(())) => Err(EngineError::Left(left)),
        (Some(left), Err(error)) => Err(EngineError::Left(format!("{left}; {error}"))),
    }
}

async fn in_container(
    engine: &Engine,
    docker: &Docker,
    container: &Container,
    service: &str,
    step: &Chown,
) -> Result<(), EngineError> {
    let paths = plan::in_container(&step.paths)?;
    let mut of_mount: BTreeMap<Option<&str>, Vec<Vec<u8>>> = BTreeMap::new();
    for path in paths {
        let mount = plan::mount_of(container, &path).map(|mount| mount.target.as_str());
        of_mount.entry(mount).or_default().push(path);
    }
    // Said before anything is changed.
    if let Some(path) = of_mount.get(&None).and_then(|paths| paths.first()).filter(|_| !container.running) {
        let path = String::from_utf8_lossy(path).into_owned();
        return Err(EngineError::NotRunning { service: service.to_owned(), path });
    }
    let mut failed = None;
    for (target, paths) in of_mount {
        let first = paths.first().cloned().unwrap_or_default();
        let mount = container.mounts.iter().find(|mount| Some(mount.target.as_str()) == target);
        let done = match mount {
            Some(mount) => {
                let mounted = Mounted {
                    kind: mount.kind,
                    source: mount.volume.as_deref().unwrap_or(&mount.source),
                    target: &mount.target,
                    userns_mode: &container.userns_mode,
                };
                run_helper(engine, docker, &mounted, paths, step.to).await
            }
            None => run_inside(engine, container, service, paths, step.to).await,
        };
        let done = match done {
            Ok(()) => believed(engine, container, &first, step.to).await,
            failed => failed,
        };
        failed = failed.or(done.err());
    }
    failed.map_or(Ok(()), Err)
}

/// Looks at a path after chown said yes. A file system that keeps no owners keeps none of any path, so one of each mount is
/// enough.
async fn believed(engine: &Engine, container: &Container, path: &[u8], to: Owner) -> Result<(), EngineError> {
    let Ok(path) = std::str::from_utf8(path) else { return Ok(()) };
    match stat_in_container(engine, &container.id, path, Instant::now() + LONGEST_RUN).await? {
        Some(stat) if stat.owner != to => Err(EngineError::Ignored { path: path.to_owned(), owner: stat.owner }),
        _ => Ok(()),
    }
}

/// Changes paths by a throw-away container: by its words, or by a list when its image can read one.
async fn run_helper(
    engine: &Engine,
    docker: &Docker,
    mounted: &Mounted<'_>,
    paths: Vec<Vec<u8>>,
    to: Owner,
) -> Result<(), EngineError> {
    let mut helper = Helper::find(engine, docker, plan::wants_list(&paths)).await?;
    if helper.reads_lists() {
        let list: Vec<u8> = paths.iter().flat_map(|path| path.iter().copied().chain([0])).collect();
        return helper.run(mounted, plan::beginning(to), Some(&list)).await;
    }
    let mut failed = None;
    for words in plan::calls(&plan::texts(&paths)?, to) {
        failed = failed.or(helper.run(mounted, words, None).await.err());
    }
    failed.map_or(Ok(()), Err)
}

/// Changes paths by the running container itself.
async fn run_inside(
    engine: &Engine,
    container: &Container,
    service: &str,
    paths: Vec<Vec<u8>>,
    to: Owner,
) -> Result<(), EngineError> {
    let paths = plan::texts(&paths)?;
    let program = program_of(engine, &container.id, &CHOWN).await?;
    let program = program.ok_or_else(|| EngineError::NoChown(service.to_owned()))?;
    let mut failed = None;
    for words in plan::calls(&paths, to) {
        let command = program.iter().map(|word| (*word).to_owned()).chain(words).collect();
        let done = timeout(LONGEST_RUN, exec_as_root(engine, &container.id, command)).await;
        failed = failed.or(done.unwrap_or(Err(EngineError::TimedOut)).err());
    }
    failed.map_or(Ok(()), Err)
}

async fn exec_as_root(engine: &Engine, container: &str, command: Vec<String>) -> Result<(), EngineError> {
    let client = engine.client();
    let config = ExecConfig {
        user: Some("0:0".to_owned()),
        cmd: Some(command),
        working_dir: Some("/".to_owned()),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        ..ExecConfig::default()
    };
    let exec = client.create_exec(container, config).await?.id;
    let mut said = String::new();
    if let StartExecResults::Attached { mut output, input: _ } = client.start_exec(&exec, None).await? {
        while let Some(piece) = output.next().await {
            keep_words(&mut said, &piece?);
        }
    }
    let ended = client.inspect_exec(&exec).await?;
    judge(ended.exit_code.unwrap_or(-1), &said)
}

/// The words that begin a call of a program in a container (which need not run), if it is in one of these places.
async fn program_of(engine: &Engine, container: &str, places: &[Place]) -> Result<Option<Words>, AskError> {
    let deadline = Instant::now() + LONGEST_RUN;
    for (path, words) in places {
        if stat_in_container(engine, container, path, deadline).await?.is_some() {
            return Ok(Some(words));
        }
    }
    Ok(None)
}

fn keep_words(said: &mut String, piece: &LogOutput) {
    // A hundred thousand complaints say no more than ten.
    if said.len() < 4_000 {
        said.push_str(&piece.to_string());
    }
}

fn judge(status: i64, said: &str) -> Result<(), EngineError> {
    if status == 0 { Ok(()) } else { Err(EngineError::Failed { status, words: one_line(said) }) }
}
