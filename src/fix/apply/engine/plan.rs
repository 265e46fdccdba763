//! Decides what chown is called with: which paths, which numbers, how many at a time.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Component, Path};

use nix::errno::Errno;
use nix::sys::stat::fstat;

use super::EngineError;
use crate::facts::{Container, ContainerMount, Docker, IdRange, MountKind, Owner, SeenPath};
use crate::fix::apply::edit::open_beneath;
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

/// The paths of the project as they are called, all of them or none: beneath the root, behind no symlink, on the same file
/// system.
pub(super) fn in_project(root: &Path, paths: &[(SeenPath, Owner)]) -> Result<Vec<Vec<u8>>, EngineError> {
    let directory = File::open(root).map_err(|error| EngineError::Engine(format!("`{}`: {error}", root.display())))?;
    let device = fstat(&directory).ok().map(|stat| stat.st_dev);
    let mut judged: BTreeMap<&Path, Result<(), &'static str>> = BTreeMap::new();
    let mut words = vec![];
    for (path, _) in paths {
        let parts = path.as_path().components();
        if parts.clone().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
            return Err(refused(path, "lies outside the project"));
        }
        let parent = path.as_path().parent().filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        let verdict = judged.entry(parent).or_insert_with(|| match open_beneath(directory.as_fd(), parent) {
            Err(Errno::ELOOP | Errno::ENOTDIR) => Err("lies behind a symlink"),
            Err(Errno::EXDEV) => Err("lies outside the project"),
            Ok(opened) if fstat(&opened).ok().map(|stat| stat.st_dev) != device => Err("lies on another file system"),
            // Gone, or closed to the person: chown says what there is to say, and the container sees only the project.
            Ok(_) | Err(_) => Ok(()),
        });
        verdict.map_err(|reason| refused(path, reason))?;
        words.push(word(path)?);
    }
    Ok(words)
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
    use std::os::unix::fs::symlink;

    use super::*;

    const OWNER: Owner = Owner { uid: 1000, gid: 1000 };

    fn paths(names: &[&str]) -> Vec<(SeenPath, Owner)> {
        names.iter().map(|name| (SeenPath((*name).into()), OWNER)).collect()
    }

    #[test]
    fn paths_that_lead_out_are_refused_before_anything_is_done() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("a")).unwrap();
        std::fs::write(root.path().join("a/b"), "").unwrap();
        symlink("/etc", root.path().join("out")).unwrap();
        symlink("a", root.path().join("in")).unwrap();
        for (path, expected) in [
            ("a/b", None),
            ("a", None),
            (".", None),
            ("out", None),
            ("a/gone", None),
            ("gone/too", None),
            ("-n ew\nline'\"", None),
            ("out/passwd", Some("lies behind a symlink")),
            ("in/b", Some("lies behind a symlink")),
            ("a/b/c", Some("lies behind a symlink")),
            ("../x", Some("lies outside the project")),
            ("a/../../x", Some("lies outside the project")),
            ("/etc/passwd", Some("lies outside the project")),
            ("", Some("is no path")),
        ] {
            let found = in_project(root.path(), &paths(&["a/b", path]));
            let reason = found.err().map(|error| match error {
                EngineError::Refused { reason, .. } => reason,
                other => panic!("{other}"),
            });
            assert_eq!(reason, expected, "{path:?}");
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
