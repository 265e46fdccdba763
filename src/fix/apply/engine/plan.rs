//! Decides what chown is called with: which paths, which numbers, how many at a time.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path};

use super::EngineError;
use crate::facts::{Container, ContainerMount, Docker, IdRange, MountKind, Owner, SeenPath};
use crate::fix::Chown;
use crate::fix::apply::chown::{self, Terms};
use crate::project::compose::is_below;

/// How many bytes of paths go into one call: the kernel takes two megabytes of words and pointers, the engine's own words
/// and the image's variables included.
const LONGEST_CALL: usize = 1_200_000;

/// What a word takes beside itself: its end, and the pointer to it.
const MORE: usize = 1 + size_of::<usize>();

/// A longer word is refused by the kernel.
const LONGEST_WORD: usize = 100_000;

fn refused(path: &SeenPath, reason: &'static str) -> EngineError {
    EngineError::Refused { path: path.display(), reason }
}

fn word(path: &SeenPath) -> Result<Vec<u8>, EngineError> {
    let bytes = path.as_path().as_os_str().as_bytes();
    if bytes.is_empty() || bytes.len() > LONGEST_WORD || bytes.contains(&0) {
        return Err(refused(path, "is no path"));
    }
    Ok(bytes.to_vec())
}

/// Paths as words of a call. The engine is spoken to in JSON, which holds text only.
pub(super) fn texts(paths: &[Vec<u8>]) -> Result<Vec<String>, EngineError> {
    let text = |path: &Vec<u8>| {
        let seen = || SeenPath(OsString::from_vec(path.clone()).into());
        let text = String::from_utf8(path.clone());
        text.map_err(|_| refused(&seen(), "has a name that is no text, so the engine cannot be told"))
    };
    paths.iter().map(text).collect()
}

/// Whether paths are better handed over as a list than as words: too many for one call, or names that are no text.
pub(super) fn wants_list(paths: &[Vec<u8>]) -> bool {
    paths.iter().map(|path| path.len() + MORE).sum::<usize>() > LONGEST_CALL
        || paths.iter().any(|path| std::str::from_utf8(path).is_err())
}

/// At most so many refused paths are named.
const NAMED: usize = 10;

/// The paths of the project that are still what they were and want another owner, as they are called, and in words those
/// that are refused.
pub(super) fn in_project(
    root: &Path,
    step: &Chown,
    terms: Terms<'_>,
) -> Result<(Vec<Vec<u8>>, Option<String>), EngineError> {
    let (mut words, mut refusals) = (vec![], vec![]);
    for outcome in chown::look_again(root, step, terms) {
        match outcome.error() {
            Some(refusal) => refusals.push(refusal),
            None if outcome.before == Some(step.to) => {}
            None => words.push(word(&outcome.path)?),
        }
    }
    let more = refusals.len().saturating_sub(NAMED);
    refusals.truncate(NAMED);
    let mut left = refusals.join(", ");
    if more > 0 {
        left.push_str(&format!(" and {more} more are not what they were"));
    }
    Ok((words, (!left.is_empty()).then_some(left)))
}

/// The paths in a container as they are called, all of them or none.
pub(super) fn in_container(paths: &[(SeenPath, Owner)]) -> Result<Vec<Vec<u8>>, EngineError> {
    let plain = |(path, _): &(SeenPath, Owner)| {
        let parts = path.as_path().components();
        if !path.as_path().is_absolute() || parts.clone().any(|part| part == Component::ParentDir) {
            return Err(refused(path, "is no absolute path without `..`"));
        }
        word(path)
    };
    paths.iter().map(plain).collect()
}

/// The mount that a throw-away container can share and that holds a path; `None`: only the container itself has it.
pub(super) fn mount_of<'facts>(container: &'facts Container, path: &[u8]) -> Option<&'facts ContainerMount> {
    let path = &String::from_utf8_lossy(path);
    let mounts = container.mounts.iter().filter(|mount| is_below(path, &mount.target));
    let nearest = mounts.max_by_key(|mount| mount.target.len())?;
    let named = nearest.kind == MountKind::Volume && nearest.volume.is_some();
    (named || nearest.kind == MountKind::Bind).then_some(nearest)
}

/// An owner of the host as the engine's containers number it.
pub(super) fn inside(docker: &Docker, owner: Owner) -> Result<Owner, EngineError> {
    let number = |map: &Result<Vec<IdRange>, crate::facts::Missing>, outside: u32| {
        let map = map.as_ref().map_err(|missing| EngineError::UnknownMap(missing.reason.clone()))?;
        number_inside(map, outside).ok_or(EngineError::NoNumber(owner))
    };
    Ok(Owner { uid: number(&docker.uid_map, owner.uid)?, gid: number(&docker.gid_map, owner.gid)? })
}

fn number_inside(map: &[IdRange], outside: u32) -> Option<u32> {
    if map.is_empty() {
        return Some(outside);
    }
    map.iter().find_map(|range| {
        let offset = outside.checked_sub(range.outside).filter(|offset| *offset < range.count)?;
        range.inside.checked_add(offset)
    })
}

/// The words before the paths.
pub(super) fn beginning(to: Owner) -> Vec<String> {
    vec!["-h".to_owned(), to.to_string(), "--".to_owned()]
}

/// The words of each call, without the program.
pub(super) fn calls(paths: &[String], to: Owner) -> Vec<Vec<String>> {
    let beginning = || beginning(to);
    let (mut calls, mut call, mut size) = (vec![], beginning(), 0);
    for path in paths {
        let more = path.len() + MORE;
        if size + more > LONGEST_CALL && size > 0 {
            calls.push(std::mem::replace(&mut call, beginning()));
            size = 0;
        }
        size += more;
        call.push(path.clone());
    }
    calls.push(call);
    calls
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make files")]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;
    use crate::fix::ChownPlace;

    const OWNER: Owner = Owner { uid: 1000, gid: 1000 };

    #[test]
    fn only_what_is_still_what_it_was_is_called() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("a")).unwrap();
        for name in ["a/b", "-n ew\nline'", "tool", "one"] {
            std::fs::write(root.path().join(name), "").unwrap();
        }
        std::fs::hard_link(root.path().join("one"), root.path().join("two")).unwrap();
        std::fs::set_permissions(root.path().join("tool"), PermissionsExt::from_mode(0o4755)).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(root.path().join("socket")).unwrap();
        symlink("/etc", root.path().join("out")).unwrap();
        let seen = std::fs::metadata(root.path()).unwrap();
        let me = Owner { uid: seen.uid(), gid: seen.gid() };
        let stranger = Owner { uid: me.uid + 7, gid: me.gid };
        for (path, expected, words) in [
            ("a/b", me, None),
            ("a", me, None),
            (".", me, None),
            ("out", me, None),
            ("-n ew\nline'", me, None),
            ("a/b", stranger, Some(format!("`a/b` belongs to {me} by now"))),
            ("a/gone", me, Some("`a/gone` is not there any more".into())),
            ("out/passwd", me, Some("`out/passwd` leads out of the project".into())),
            ("../x", me, Some("`../x` leads out of the project".into())),
            ("/etc/passwd", me, Some("`/etc/passwd` leads out of the project".into())),
            ("tool", me, Some("`tool` is set-user-id or set-group-id".into())),
            ("socket", me, Some("`socket` is a device, a socket or a pipe".into())),
            ("one", me, Some("`one` has 2 names (hard links), and all of them would change owner".into())),
        ] {
            let to = Owner { uid: me.uid + 1, gid: me.gid };
            let paths = vec![(SeenPath("a/b".into()), me), (SeenPath(path.into()), expected)];
            let step = Chown { place: ChownPlace::Project, paths, to, direct: false };
            let (called, left) = in_project(root.path(), &step, Terms::default()).unwrap();
            assert_eq!(left, words, "{path}");
            assert_eq!(called.len(), if words.is_some() { 1 } else { 2 }, "{path}");
        }
    }

    #[test]
    fn owners_are_numbered_as_containers_number_them() {
        let rootless = [(0, 1001, 1), (1, 100_000, 65_536)];
        let map: Vec<_> =
            rootless.map(|(inside, outside, count)| IdRange { inside, outside, count }).into_iter().collect();
        for (outside, expected) in [(1001, Some(0)), (100_999, Some(1000)), (0, None), (1000, None), (165_536, None)] {
            assert_eq!(number_inside(&map, outside), expected);
        }
        assert_eq!(number_inside(&[], 7), Some(7));
    }

    #[test]
    fn many_paths_are_many_calls_of_bounded_size() {
        let names: Vec<String> = (0..100_000).map(|number| format!("{number:080}")).collect();
        let calls = calls(&names, OWNER);
        assert!(calls.len() > 5);
        assert_eq!(calls.iter().map(|call| call.len() - 3).sum::<usize>(), names.len());
        for call in &calls {
            assert_eq!(call[..3], ["-h", "1000:1000", "--"]);
            assert!(call.iter().map(|word| word.len() + 9).sum::<usize>() < LONGEST_CALL + 100);
        }
    }
}
