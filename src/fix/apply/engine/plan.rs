//! Decides what a helper or a container's chown is told: which paths, which numbers, how many at a time.

use std::collections::HashMap;

use super::{EngineError, Given};
use crate::facts::{Docker, FileKind, IdRange, Owner, SeenPath};
use crate::fix::Chown;
use crate::fix::apply::chown::{Refusal, Terms};

/// How many bytes of paths go into one call: the kernel takes two megabytes of words and pointers, the engine's own words
/// and the image's variables included.
const LONGEST_CALL: usize = 1_200_000;

/// What a word takes beside itself: its end, and the pointer to it.
const MORE: usize = 1 + size_of::<usize>();

/// The path relative to a folder that it lies in, as a helper is told it.
pub(super) fn below(path: &SeenPath, folder: &str) -> Option<SeenPath> {
    let rest = path.as_path().strip_prefix(folder).ok()?;
    Some(SeenPath(if rest.as_os_str().is_empty() { ".".into() } else { rest.to_owned() }))
}

/// Whether every part of a path names something: none leads up.
pub(super) fn is_plain(path: &SeenPath) -> bool {
    use std::path::Component::{CurDir, Normal, RootDir};
    let mut parts = path.as_path().components();
    path.as_path().is_absolute() && parts.all(|part| matches!(part, RootDir | CurDir | Normal(_)))
}

/// Paths as words of a call. The engine is spoken to in JSON, which holds text only.
pub(super) fn texts<'path>(paths: impl Iterator<Item = &'path SeenPath>) -> Result<Vec<String>, EngineError> {
    let text = |path: &SeenPath| match path.as_path().to_str() {
        Some(text) if !text.contains('\0') => Ok(text.to_owned()),
        _ => Err(EngineError::Refused {
            path: path.display(),
            reason: "has a name that is no text, so the engine cannot be told",
        }),
    };
    paths.map(text).collect()
}

/// Paths of an order, each with the owner it has in the helper's numbers, and what it was.
pub(super) type Listed = Vec<(SeenPath, Owner, Option<FileKind>)>;

/// The paths of the project as a helper is told them. What belongs to somebody whom its containers have no number for, no
/// helper can give away.
pub(super) fn in_project(
    step: &Chown,
    terms: Terms<'_>,
    number: impl Fn(Owner) -> Result<Owner, EngineError>,
) -> Result<(Listed, Given), EngineError> {
    let (mut listed, mut given) = (vec![], Given::default());
    let mut numbers: HashMap<Owner, Option<Owner>> = HashMap::new();
    // Both lists are sorted, so they are gone through side by side.
    let mut seen = terms.seen.iter().peekable();
    for (path, owner) in &step.paths {
        while seen.next_if(|file| file.path < *path).is_some() {}
        let kind = seen.peek().filter(|file| file.path == *path).map(|file| file.stat.kind);
        let inside = match numbers.get(owner) {
            Some(inside) => *inside,
            None => {
                let inside = match number(*owner) {
                    Err(EngineError::NoNumber(_)) => None,
                    inside => Some(inside?),
                };
                numbers.insert(*owner, inside);
                inside
            }
        };
        match inside {
            Some(inside) => listed.push((path.clone(), inside, kind)),
            None => given.refused.push((path.clone(), Refusal::NotPermitted)),
        }
    }
    Ok((listed, given))
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

/// An owner in the numbers of the engine's containers as the host numbers it; the same when it has no number here.
pub(super) fn outside(docker: &Docker, owner: Owner) -> Owner {
    let number = |map: &Result<Vec<IdRange>, crate::facts::Missing>, inside: u32| {
        let ranges = map.iter().flatten();
        let mut numbers = ranges.filter_map(|range| {
            let offset = inside.checked_sub(range.inside).filter(|offset| *offset < range.count)?;
            range.outside.checked_add(offset)
        });
        numbers.next().unwrap_or(inside)
    };
    Owner { uid: number(&docker.uid_map, owner.uid), gid: number(&docker.gid_map, owner.gid) }
}

/// The words of each call, without the program.
pub(super) fn calls(paths: &[String], to: Owner) -> Vec<Vec<String>> {
    let beginning = || vec!["-h".to_owned(), to.to_string(), "--".to_owned()];
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
mod tests {
    use super::*;
    use crate::fix::ChownPlace;

    const OWNER: Owner = Owner { uid: 1000, gid: 1000 };

    #[test]
    fn paths_lie_below_the_mount_that_holds_them() {
        let path = |path: &str| SeenPath(path.into());
        assert_eq!(below(&path("/cache/uv/a"), "/cache"), Some(path("uv/a")));
        assert_eq!(below(&path("/cache"), "/cache"), Some(path(".")));
        assert_eq!(below(&path("/cachet"), "/cache"), None);
        assert!(is_plain(&path("/cache/-x")) && !is_plain(&path("/cache/../etc")) && !is_plain(&path("cache")));
    }

    #[test]
    fn what_has_no_number_in_containers_cannot_be_given_away_there() {
        let theirs = Owner { uid: 7, gid: 7 };
        let paths = vec![(SeenPath("a".into()), OWNER), (SeenPath("b".into()), theirs)];
        let step = Chown { place: ChownPlace::Project, paths, to: OWNER, direct: false };
        let number = |owner: Owner| if owner == theirs { Err(EngineError::NoNumber(owner)) } else { Ok(owner) };
        let (listed, given) = in_project(&step, Terms::default(), number).unwrap();
        assert_eq!(listed, [(SeenPath("a".into()), OWNER, None)]);
        assert_eq!(given.refused, [(SeenPath("b".into()), Refusal::NotPermitted)]);
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
