//! Mode bits, groups, root and user namespaces in tables; the real kernel is asked in `tests/access_real.rs`.

use std::collections::BTreeMap;

use super::*;

fn identity(uid: u32, gid: u32, groups: &[u32]) -> Identity {
    Identity { owner: Owner { uid, gid }, groups: groups.to_vec(), name: None }
}

fn stat(uid: u32, gid: u32, mode: u32, kind: FileKind) -> PathStat {
    PathStat { owner: Owner { uid, gid }, mode, kind, links: 1 }
}

#[test]
fn the_first_class_that_fits_decides() {
    let person = Process::here(&identity(1000, 1000, &[50]));
    for (uid, gid, mode, may) in [
        (1000, 0, 0o700, true),
        (1000, 1000, 0o077, false),
        (0, 1000, 0o070, true),
        (0, 50, 0o070, true),
        (0, 50, 0o707, false),
        (0, 0, 0o007, true),
        (0, 0, 0o775, false),
    ] {
        assert_eq!(person.may(Want::Write, &stat(uid, gid, mode, FileKind::Directory)), may, "{uid}:{gid} {mode:o}");
    }
    assert!(Process::here(&identity(0, 0, &[])).may(Want::Write, &stat(1000, 1000, 0, FileKind::File)));
}

#[test]
fn a_mapped_root_has_power_over_mapped_owners_only() {
    let range = IdRange { inside: 0, outside: 165_536, count: 65_536 };
    let maps = IdMaps { uids: vec![range], gids: vec![range] };
    let root = Process::on_host(&identity(0, 0, &[]), &maps).unwrap();
    assert_eq!(root.owner.uid, 165_536);
    assert!(root.may(Want::Write, &stat(166_536, 166_536, 0o700, FileKind::Directory)));
    assert!(!root.may(Want::Write, &stat(1000, 1000, 0o755, FileKind::Directory)));
    assert!(!root.may(Want::Write, &stat(166_536, 1000, 0o700, FileKind::Directory)), "the group is not mapped");
    assert!(root.may(Want::Write, &stat(1000, 1000, 0o777, FileKind::Directory)));
    let inside = Process::in_container(&identity(0, 0, &[]), &maps);
    assert!(inside.may(Want::Write, &stat(1000, 1000, 0o700, FileKind::Directory)));
    assert!(!inside.may(Want::Write, &stat(UNMAPPED, UNMAPPED, 0o755, FileKind::Directory)));
}

#[test]
fn a_directory_is_filled_only_when_everything_above_lets_through() {
    let person = Process::here(&identity(1000, 1000, &[]));
    let tree = |paths: &[(&str, u32, u32, FileKind)]| -> BTreeMap<String, Seen> {
        paths
            .iter()
            .map(|(path, uid, mode, kind)| ((*path).to_owned(), Seen::There(stat(*uid, *uid, *mode, *kind))))
            .collect()
    };
    let directory = FileKind::Directory;
    for (paths, path, expected) in [
        (&[("/a", 1000, 0o755, directory)][..], "/a", "yes"),
        (&[("/a", 1000, 0o755, directory)], "/a/b/c", "yes"),
        (&[("/a", 0, 0o755, directory)], "/a/b/c", "/a Denied"),
        (&[], "/.cache/uv", "/ Denied"),
        (&[("/a", 0, 0o700, directory), ("/a/b", 1000, 0o755, directory)], "/a/b", "/a Denied"),
        (&[("/a", 1000, 0o755, FileKind::File)], "/a/b", "/a NotADirectory"),
        (&[("/a", 1000, 0o777, FileKind::Symlink)], "/a/b", "unknown /a"),
        (&[("/a", 1000, 0o600, directory)], "/a", "/a Denied"),
    ] {
        let tree = tree(paths);
        let look =
            |path: &str| tree.get(path).copied().unwrap_or(if path == "/" { Seen::NotLooked } else { Seen::Absent });
        let said = match may_fill(&person, path, &Layout::default(), &look) {
            Verdict::Yes => "yes".to_owned(),
            Verdict::No(obstacle) => format!("{} {:?}", obstacle.path, obstacle.why),
            Verdict::Unknown(path) => format!("unknown {path}"),
        };
        assert_eq!(said, expected, "{path}");
    }
}

#[test]
fn what_nobody_looked_at_is_unknown() {
    let person = Process::here(&identity(1000, 1000, &[]));
    let verdict = may_write(&person, "/a/b", &Layout::default(), &|_| Seen::NotLooked);
    assert_eq!(verdict, Verdict::Unknown("/a".into()));
}

#[test]
fn a_set_group_id_directory_hands_its_group_down() {
    let person = Process::here(&identity(1000, 1000, &[]));
    assert_eq!(person.owner_of_new(&stat(0, 50, 0o2775, FileKind::Directory)), Owner { uid: 1000, gid: 50 });
    assert_eq!(person.owner_of_new(&stat(0, 50, 0o775, FileKind::Directory)), Owner { uid: 1000, gid: 1000 });
}
