//! Changes paths in a container's own layer, which nothing but the running container itself can: by the chown that it has.

use std::collections::BTreeMap;

use bollard::exec::StartExecResults;
use bollard::models::ExecConfig;
use futures_util::StreamExt;
use futures_util::future::join_all;
use tokio::time::{Instant, timeout};

use super::{EngineError, Given, LONGEST_RUN, keep_words, plan};
use crate::facts::{Container, Docker, EngineKind, Owner, PathStat, SeenPath};
use crate::fix::apply::chown::Refusal;
use crate::probe::docker::{Engine, RealOwners, one_line, stat_in_container};

/// The words that begin a call.
type Words = &'static [&'static str];

/// Where images keep chown, and how it is called there.
const CHOWN: [(&str, Words); 4] = [
    ("/bin/chown", &["/bin/chown"]),
    ("/usr/bin/chown", &["/usr/bin/chown"]),
    ("/bin/busybox", &["/bin/busybox", "chown"]),
    ("/usr/bin/busybox", &["/usr/bin/busybox", "chown"]),
];

/// Changes paths by the running container itself, those that still have the owner that they had. The owners are looked at
/// right before and right after: chown's word is not enough.
pub(super) async fn run(
    engine: &Engine,
    docker: &Docker,
    container: &Container,
    service: &str,
    paths: Vec<(SeenPath, Owner)>,
    to: Owner,
) -> Result<Given, EngineError> {
    let texts = plan::texts(paths.iter().map(|(path, _)| path))?;
    let now = owners(engine, docker, container, &texts).await?;
    let mut given = Given::default();
    let mut wanted = vec![];
    for (((path, was), text), now) in paths.into_iter().zip(texts).zip(now) {
        match now {
            None => given.refused.push((path, Refusal::Gone)),
            Some(now) if now == to => {}
            Some(now) if now != was => given.refused.push((path, Refusal::Changed(now))),
            Some(_) => wanted.push((text, path)),
        }
    }
    if wanted.is_empty() {
        return Ok(given);
    }
    let program = program_of(engine, &container.id).await?;
    let program = program.ok_or_else(|| EngineError::NoChown(service.to_owned()))?;
    let mut complaints = BTreeMap::new();
    let texts: Vec<String> = wanted.iter().map(|(text, _)| text.clone()).collect();
    for words in plan::calls(&texts, to) {
        let command = program.iter().map(|word| (*word).to_owned()).chain(words).collect();
        let done = timeout(LONGEST_RUN, exec_as_root(engine, &container.id, command)).await;
        let (status, said) = done.unwrap_or(Err(EngineError::TimedOut))?;
        if status != 0 {
            complaints.entry(status).or_insert_with(|| one_line(&said));
        }
    }
    let now = owners(engine, docker, container, &texts).await?;
    for ((_, path), now) in wanted.into_iter().zip(now) {
        match now {
            Some(now) if now == to => given.count += 1,
            None => given.refused.push((path, Refusal::Gone)),
            Some(now) => given.refused.push((
                path,
                match complaints.pop_first() {
                    Some((status, words)) => {
                        Refusal::Kernel(format!("keeps its owner: chown ended with status {status}: {words}"))
                    }
                    None => Refusal::Ignored(now),
                },
            )),
        }
    }
    Ok(given)
}

/// The owner of each path in a container; `None` where there is nothing.
async fn owners(
    engine: &Engine,
    docker: &Docker,
    container: &Container,
    paths: &[String],
) -> Result<Vec<Option<Owner>>, EngineError> {
    let deadline = Instant::now() + LONGEST_RUN;
    let real = match docker.kind {
        EngineKind::Podman => Some(RealOwners::of(engine, docker, container, deadline).await),
        _ => None,
    };
    // The engine itself lets only so many be asked at a time.
    let asked = join_all(paths.iter().map(|path| stat_in_container(engine, &container.id, path, deadline))).await;
    let owner = |(stat, path): (Result<Option<PathStat>, _>, &String)| {
        let Some(stat) = stat? else { return Ok(None) };
        let stat = real.as_ref().map_or(Ok(stat), |real| real.corrected(path, stat));
        stat.map(|stat| Some(stat.owner)).map_err(|missing| EngineError::Engine(missing.reason))
    };
    asked.into_iter().zip(paths).map(owner).collect()
}

async fn exec_as_root(engine: &Engine, container: &str, command: Vec<String>) -> Result<(i64, String), EngineError> {
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
    Ok((ended.exit_code.unwrap_or(-1), said))
}

/// The words that begin a call of the container's chown, if it has one.
async fn program_of(engine: &Engine, container: &str) -> Result<Option<Words>, EngineError> {
    let deadline = Instant::now() + LONGEST_RUN;
    for (path, words) in &CHOWN {
        if stat_in_container(engine, container, path, deadline).await?.is_some() {
            return Ok(Some(words));
        }
    }
    Ok(None)
}
