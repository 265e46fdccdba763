//! Looks at paths in containers through the engine's archives: works for containers that are stopped or have no shell.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use futures_util::StreamExt;
use tokio::time::{Instant, timeout_at};

use super::engine::{AskError, Engine, PATIENCE};
use super::tar::{Member, Reader};
use crate::facts::{FileKind, PathStat};
use crate::text::percent_encoded;

/// How much of an archive is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Entries.
    entries: usize,
    /// Bytes of the stream.
    bytes: usize,
}

/// Limits of a listing that somebody wished for.
pub(super) const LISTING: Limits = Limits { entries: 2_000, bytes: 8_000_000 };

/// Limits of a look below a directory that saves looks at single paths.
pub(super) const SWEEP: Limits = Limits { entries: 2_000, bytes: 1_000_000 };

/// The directory itself and nothing else.
const FIRST: Limits = Limits { entries: 1, bytes: 1_000_000 };

/// How a look at an archive ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// Everything was seen.
    Complete,
    /// There is more.
    CutShort,
}

/// Reads the archive of `path` member by member, with absolute paths; `None` when there is nothing at `path`. Members come
/// in the order of a sorted walk, `path` itself first. Reading ends when `see` breaks or a limit is reached; then the
/// connection is dropped, and with it the engine's work.
pub(super) async fn walk(
    engine: &Engine,
    container: &str,
    path: &str,
    limits: Limits,
    keep: fn(&str) -> bool,
    deadline: Instant,
    mut see: impl FnMut(String, Member) -> ControlFlow<()>,
) -> Result<Option<Ended>, AskError> {
    let _slot = engine.slot(deadline).await?;
    let deadline = deadline.min(Instant::now() + PATIENCE);
    let request = format!("/containers/{}/archive?path={}", percent_encoded(container), percent_encoded(path));
    let mut stream = std::pin::pin!(engine.stream(&request));
    let mut reader = Reader::new(keep);
    let (mut entries, mut bytes) = (0, 0);
    let mut named = true;
    loop {
        let piece = match timeout_at(deadline, stream.next()).await {
            // What was seen so far is true.
            Err(_) if entries > 0 => return Ok(Some(Ended::CutShort)),
            Err(_) => return Err(AskError::TimedOut),
            Ok(Some(Err(error))) if entries == 0 => return absent(error),
            Ok(Some(Err(_))) => return Ok(Some(Ended::CutShort)),
            Ok(None) if entries == 0 => return Err(AskError::NotUnderstood("the archive is empty".to_owned())),
            Ok(None) => return Ok(Some(if reader.ended() { Ended::Complete } else { Ended::CutShort })),
            Ok(Some(Ok(piece))) => piece,
        };
        bytes += piece.len();
        reader.feed(&piece);
        while let Some(member) = reader.next().map_err(|error| AskError::NotUnderstood(error.to_string()))? {
            entries += 1;
            if entries == 1 {
                named = is_named(&member.name);
            }
            if see(absolute(path, &member.name, named), member).is_break() {
                return Ok(Some(Ended::CutShort));
            }
            if entries >= limits.entries {
                return Ok(Some(Ended::CutShort));
            }
        }
        if reader.ended() {
            return Ok(Some(Ended::Complete));
        }
        if bytes >= limits.bytes {
            return Ok(Some(Ended::CutShort));
        }
    }
}

/// Whether the engine's no means that there is nothing.
fn absent(error: AskError) -> Result<Option<Ended>, AskError> {
    match error {
        AskError::NotFound(message) if message.contains("No such container") => Err(AskError::NotFound(message)),
        AskError::NotFound(_) => Ok(None),
        AskError::Refused { ref message, .. } if message.contains("not a directory") => Ok(None),
        other => Err(other),
    }
}

/// Whether an archive names what was asked for, by the name of its first member. Podman leaves the name of a volume out when
/// the container does not run.
fn is_named(first: &str) -> bool {
    !first.trim_start_matches("./").trim_matches('/').is_empty()
}

/// The path of a member of the archive of `path`: the archive names `path` by its last part, or, when it is not `named`, not
/// at all.
fn absolute(path: &str, member: &str, named: bool) -> String {
    let member = member.trim_start_matches("./").trim_matches('/');
    if path == "/" {
        return format!("/{member}");
    }
    if !named {
        return if member.is_empty() { path.to_owned() } else { format!("{path}/{member}") };
    }
    match member.split_once('/') {
        Some((_, below)) => format!("{path}/{below}"),
        None => path.to_owned(),
    }
}

/// Owner, mode and kind of one path; `None` when there is nothing.
pub(crate) async fn stat(
    engine: &Engine,
    container: &str,
    path: &str,
    deadline: Instant,
) -> Result<Option<PathStat>, AskError> {
    let mut seen = None;
    let ended = walk(
        engine,
        container,
        path,
        FIRST,
        |_| false,
        deadline,
        |_, member| {
            seen = Some(member.stat);
            ControlFlow::Break(())
        },
    );
    Ok(ended.await?.and(seen))
}

/// One of `/etc/passwd` and `/etc/group`; empty when there is none.
pub(super) async fn account_file(
    engine: &Engine,
    container: &str,
    path: &str,
    deadline: Instant,
) -> Result<String, AskError> {
    let wanted: fn(&str) -> bool = |name| matches!(name, "passwd" | "group");
    let content = content_of(engine, container, path, wanted, deadline).await?;
    Ok(String::from_utf8_lossy(&content).into_owned())
}

/// `/etc/passwd` and `/etc/group`, each empty when there is none.
pub(super) async fn accounts(
    engine: &Engine,
    container: &str,
    deadline: Instant,
) -> Result<(String, String), AskError> {
    let mut found: BTreeMap<String, (PathStat, Option<Vec<u8>>)> = BTreeMap::new();
    let wanted: fn(&str) -> bool = |name| matches!(name, "etc/passwd" | "etc/group" | "passwd" | "group");
    let ended = walk(engine, container, "/etc", SWEEP, wanted, deadline, |path, member| {
        if matches!(path.as_str(), "/etc/passwd" | "/etc/group") {
            found.insert(path, (member.stat, member.content));
        }
        if found.len() == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let ended = ended.await?;
    let mut texts = vec![];
    for path in ["/etc/passwd", "/etc/group"] {
        let content = match found.remove(path) {
            Some((_, Some(content))) => content,
            // A link to elsewhere, or further on than the look went: a look of its own, which follows links of folders.
            Some(_) => content_of(engine, container, path, wanted, deadline).await?,
            None if ended == Some(Ended::CutShort) => content_of(engine, container, path, wanted, deadline).await?,
            None => vec![],
        };
        texts.push(String::from_utf8_lossy(&content).into_owned());
    }
    let groups = texts.pop().unwrap_or_default();
    Ok((texts.pop().unwrap_or_default(), groups))
}

/// A `pyvenv.cfg`; empty when there is none.
pub(super) async fn environment_file(
    engine: &Engine,
    container: &str,
    path: &str,
    deadline: Instant,
) -> Result<String, AskError> {
    let content = content_of(engine, container, path, |name| name == "pyvenv.cfg", deadline).await?;
    Ok(String::from_utf8_lossy(&content).into_owned())
}

async fn content_of(
    engine: &Engine,
    container: &str,
    path: &str,
    wanted: fn(&str) -> bool,
    deadline: Instant,
) -> Result<Vec<u8>, AskError> {
    let mut content = None;
    let mut kind = FileKind::File;
    let ended = walk(engine, container, path, FIRST, wanted, deadline, |_, member| {
        kind = member.stat.kind;
        content = member.content;
        ControlFlow::Break(())
    });
    match (ended.await?, content) {
        (None, _) => Ok(vec![]),
        (Some(_), Some(content)) => Ok(content),
        (Some(_), None) => Err(AskError::NotUnderstood(format!("`{path}` is no regular file"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_named_from_the_path_that_was_asked_for() {
        for (path, member, expected) in [
            ("/root", "root/", "/root"),
            ("/root", "root/.cache/uv", "/root/.cache/uv"),
            ("/", "/", "/"),
            ("/", "/.dockerenv", "/.dockerenv"),
            ("/", "./bin", "/bin"),
            ("/a/b", "b", "/a/b"),
            ("/bin/sh", "sh", "/bin/sh"),
        ] {
            assert_eq!(absolute(path, member, true), expected, "{path} {member}");
        }
        assert!(is_named("app/") && !is_named("/") && !is_named("./"));
        for (member, expected) in [("/", "/app"), ("/made", "/app/made"), ("/x/y", "/app/x/y")] {
            assert_eq!(absolute("/app", member, false), expected);
        }
    }
}
