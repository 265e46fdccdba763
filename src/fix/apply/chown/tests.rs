//! Real files. Giving them away needs root, as the ignored tests have it.
#![expect(clippy::disallowed_methods, reason = "tests make the files that they look at")]

use std::os::unix::fs::{MetadataExt, lchown, symlink};

use super::beneath::open_by_steps;
use super::*;
use crate::fix::ChownPlace;

const ALL_NAMES: Terms<'_> = Terms { hard_links: true, seen: &[], passing_over: false, program: None };

fn project() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    for path in ["a/b.txt", "a/c.txt", "d"] {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "").unwrap();
    }
    symlink("/etc", root.path().join("etc")).unwrap();
    symlink("d", root.path().join("link")).unwrap();
    std::fs::hard_link(root.path().join("a/c.txt"), root.path().join("second")).unwrap();
    root
}

fn step(paths: &[&str], from: Owner, to: Owner) -> Chown {
    let paths = paths.iter().map(|path| (SeenPath(path.into()), from)).collect();
    Chown { place: ChownPlace::Project, paths, to, direct: true }
}

fn me(root: &Path) -> Owner {
    let metadata = std::fs::metadata(root).unwrap();
    Owner { uid: metadata.uid(), gid: metadata.gid() }
}

fn said(outcomes: &[PathOutcome]) -> Vec<String> {
    outcomes
        .iter()
        .map(|outcome| match &outcome.result {
            // Whoever runs the tests may not be root.
            Ok(()) | Err(Refusal::NotPermitted) => "given".to_owned(),
            Err(refusal) => refusal.to_string(),
        })
        .collect()
}

#[test]
fn nothing_outside_the_project_and_nothing_behind_a_link_is_touched() {
    let root = project();
    let me = me(root.path());
    let other = Owner { uid: me.uid + 1, gid: me.gid };
    let paths = ["etc/passwd", "../x", "/etc/passwd", "none", "d/x", "a/../d"];
    let expected = [
        "leads out of the project",
        "leads out of the project",
        "leads out of the project",
        "is not there any more",
        "is not there any more",
    ];
    let outcomes = chown(root.path(), &step(&paths, me, other), Terms::default());
    assert_eq!(said(&outcomes)[..5], expected);
    let top = open(root.path(), OFlag::O_PATH, Mode::empty()).unwrap();
    let by_steps: Vec<_> =
        paths.iter().map(|path| open_by_steps(&top, Path::new(path)).unwrap_err().to_string()).collect();
    assert_eq!(by_steps[..5], expected);
    assert_eq!(by_steps[5], "leads out of the project");
}

#[test]
fn a_path_that_changed_owner_meanwhile_is_left_alone() {
    let root = project();
    let me = me(root.path());
    let was = Owner { uid: me.uid + 7, gid: me.gid };
    let to = Owner { uid: me.uid + 1, gid: me.gid };
    let outcomes = chown(root.path(), &step(&["d"], was, to), Terms::default());
    assert_eq!(outcomes[0].result, Err(Refusal::Changed(me)));
    assert_eq!(outcomes[0].before, Some(me));
}

#[test]
fn a_path_that_is_something_else_by_now_is_left_alone() {
    let root = project();
    let me = me(root.path());
    let to = Owner { uid: me.uid + 1, gid: me.gid };
    std::fs::create_dir(root.path().join("f")).unwrap();
    let seen = |path: &str, kind: FileKind| ForeignFile {
        path: SeenPath(path.into()),
        stat: crate::facts::PathStat { owner: me, mode: 0o644, kind, links: 1 },
        capabilities: false,
    };
    // `a/b.txt` is what it was, and `etc` was not seen; the others were files.
    let all: Vec<ForeignFile> = ["a", "a/b.txt", "f", "link"].map(|path| seen(path, FileKind::File)).into();
    let outcomes = chown(
        root.path(),
        &step(&["a", "a/b.txt", "etc", "f", "link"], me, to),
        Terms { seen: &all, ..Terms::default() },
    );
    assert_eq!(said(&outcomes), ["is a folder by now", "given", "given", "is a folder by now", "is a symlink by now"]);
}

#[test]
fn many_paths_keep_their_order_on_two_threads() {
    let root = project();
    let me = me(root.path());
    let mut names: Vec<String> = (0..5_000).map(|number| format!("a/{number:04}")).collect();
    names.iter().step_by(2).for_each(|name| std::fs::write(root.path().join(name), "").unwrap());
    names.push("d".into());
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let outcomes = chown(root.path(), &step(&names, me, me), Terms::default());
    assert!(outcomes.iter().zip(&names).all(|(outcome, name)| outcome.path.as_path() == Path::new(name)));
    assert!(outcomes.iter().take(5_000).enumerate().all(|(at, outcome)| outcome.result.is_ok() == (at % 2 == 0)));
}

#[test]
fn a_path_that_has_its_owner_already_is_done() {
    let root = project();
    let me = me(root.path());
    assert_eq!(said(&chown(root.path(), &step(&["d"], Owner { uid: 5, gid: 5 }, me), Terms::default())), ["given"]);
}

#[test]
fn what_lost_its_name_after_it_was_opened_is_left_alone() {
    let root = project();
    let me = me(root.path());
    let to = Owner { uid: me.uid + 1, gid: me.gid };
    let outside = tempfile::tempdir_in(root.path().parent().unwrap()).unwrap();
    let top = open(root.path(), OFlag::O_PATH, Mode::empty()).unwrap();
    for (name, moved) in [("x", false), ("y (deleted)", false), ("z", true)] {
        // A second name of somebody else's file, counted when it is gone again: the one name that is left lies outside.
        let (victim, path) = (outside.path().join("victim"), root.path().join(name));
        std::fs::write(&victim, "").unwrap();
        std::fs::hard_link(&victim, &path).unwrap();
        let file = Beneath::new(&top).open(Path::new(name)).unwrap();
        if moved {
            std::fs::rename(&path, root.path().join("elsewhere")).unwrap();
            std::fs::remove_file(&victim).unwrap();
        } else {
            std::fs::remove_file(&path).unwrap();
        }
        assert_eq!(fstat(&file).unwrap().st_nlink, 1);
        let place = place_of(&top).unwrap().join(name);
        let was = Was { owner: me, kind: None, place: &place };
        assert_eq!(give(&file, was, to, false, || Ok(()), &mut None), Err(Refusal::Moved), "{name}");
    }
}

#[test]
fn hard_links_are_refused_unless_allowed() {
    let root = project();
    let me = me(root.path());
    let to = Owner { uid: me.uid + 1, gid: me.gid };
    let outcomes = chown(root.path(), &step(&["second"], me, to), Terms::default());
    assert_eq!(outcomes[0].result, Err(Refusal::HardLinked(2)));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn root_gives_files_back_and_a_link_itself_and_not_its_target() {
    let root = project();
    let me = me(root.path());
    let theirs = Owner { uid: 1234, gid: 1234 };
    for path in ["a/b.txt", "link", "second", "a"] {
        lchown(root.path().join(path), Some(1234), Some(1234)).unwrap();
    }
    std::fs::write(root.path().join("tool"), "").unwrap();
    lchown(root.path().join("tool"), Some(1234), Some(1234)).unwrap();
    std::fs::set_permissions(root.path().join("tool"), std::os::unix::fs::PermissionsExt::from_mode(0o4755)).unwrap();
    let back = Owner { uid: 1000, gid: 1000 };
    let wanted = step(&["a", "a/b.txt", "link", "second", "tool"], theirs, back);
    let outcomes = chown(root.path(), &wanted, Terms::default());
    assert_eq!(said(&outcomes)[..3], ["given", "given", "given"]);
    assert_eq!(outcomes[3].result, Err(Refusal::HardLinked(2)));
    assert_eq!(outcomes[4].result, Err(Refusal::SetId));
    let uid = |path: &str| std::fs::symlink_metadata(root.path().join(path)).unwrap().uid();
    assert_eq!((uid("link"), uid("d"), uid("a/b.txt"), uid("second")), (1000, me.uid, 1000, 1234));
    assert_eq!(said(&chown(root.path(), &step(&["second"], theirs, back), ALL_NAMES)), ["given"]);
    let top = open(root.path(), OFlag::O_PATH, Mode::empty()).unwrap();
    let mut before = None;
    let file = open_by_steps(&top, Path::new("a/b.txt")).unwrap();
    let place = place_of(&top).unwrap().join("a/b.txt");
    assert_eq!(
        give(&file, Was { owner: back, kind: None, place: &place }, theirs, false, || Ok(()), &mut before),
        Ok(())
    );
    assert_eq!((uid("a/b.txt"), before), (1234, Some(back)));
}
