//! Homes and caches in containers of many kinds.

use proptest::prelude::*;

use super::*;
use crate::exec::plan::tests::{container, directory};
use crate::facts::{ContainerMount, Environment, Identity, Owner};

fn me(home: &str) -> RunsAs {
    let identity = Identity { owner: Owner { uid: 1000, gid: 1000 }, groups: vec![], name: None };
    RunsAs { identity, home: Some(home.to_owned()) }
}

fn set(home: &str, container: &Container, given: &[(&str, &str)], command: &str) -> String {
    let given: Vec<_> = given.iter().map(|(name, value)| ((*name).to_owned(), Some((*value).to_owned()))).collect();
    let set = variables(&me(home), &IdMaps::default(), container, &given, &[command.to_owned()]);
    set.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(" ")
}

fn there(container: &mut Container, path: &str, uid: u32, mode: u32) {
    container.paths.insert(path.to_owned(), Ok(Some(directory(uid, mode))));
}

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

const MOVED: &str = "HOME=/tmp XDG_CACHE_HOME=/tmp/devdoctor-1000";

#[test]
fn a_home_that_works_is_left_alone() {
    let mut app = container("app");
    there(&mut app, "/home", 0, 0o755);
    there(&mut app, "/home/app", 1000, 0o755);
    app.paths.insert("/home/app/.cache".to_owned(), Ok(None));
    assert_eq!(set("/home/app", &app, &[], "pytest"), "");
    there(&mut app, "/home/app/.cache", 0, 0o755);
    assert_eq!(set("/home/app", &app, &[], "pytest"), "XDG_CACHE_HOME=/tmp/devdoctor-1000");
    assert_eq!(set("/home/app", &app, &[("XDG_CACHE_HOME", "/c")], "pytest"), "", "the person has said where");
}

#[test]
fn a_home_that_does_not_work_is_moved() {
    let mut app = container("app");
    assert_eq!(set("/", &app, &[], "pytest"), MOVED);
    assert_eq!(set("", &app, &[], "pytest"), MOVED);
    assert_eq!(set("/", &app, &[("HOME", "/x")], "pytest"), "", "the person has said where");
    there(&mut app, "/root", 0, 0o700);
    assert_eq!(set("/root", &app, &[], "pytest"), MOVED);
    there(&mut app, "/home", 0, 0o755);
    app.paths.insert("/home/me".to_owned(), Ok(None));
    assert_eq!(set("/home/me", &app, &[], "pytest"), MOVED, "it cannot be made");
}

#[test]
fn caches_that_the_image_moved_are_moved_on() {
    let mut app = container("app");
    there(&mut app, "/c", 0, 0o755);
    there(&mut app, "/mine", 1000, 0o755);
    app.environment =
        environment(&[("UV_CACHE_DIR", "/c"), ("PIP_CACHE_DIR", "/mine"), ("NPM_CONFIG_CACHE", "/c/npm")]);
    app.paths.insert("/c/npm".to_owned(), Ok(None));
    assert_eq!(
        set("/mine", &app, &[], "pytest"),
        "UV_CACHE_DIR=/tmp/devdoctor-1000/uv NPM_CONFIG_CACHE=/tmp/devdoctor-1000/npm"
    );
    app.environment = environment(&[("XDG_CACHE_HOME", "/c")]);
    assert_eq!(set("/mine", &app, &[], "pytest"), "XDG_CACHE_HOME=/tmp/devdoctor-1000");
}

#[test]
fn a_place_for_all_is_found_in_any_image() {
    let moved = |app: &Container| set("/", app, &[], "x").split(' ').next().unwrap().to_owned();
    let mut app = container("app");
    app.read_only = true;
    assert_eq!(moved(&app), "HOME=/dev/shm");
    let memory = crate::exec::plan::tests::bind("", "/tmp", true);
    app.mounts = vec![ContainerMount { kind: MountKind::Tmpfs, ..memory }];
    assert_eq!(moved(&app), "HOME=/tmp");
    let mut scratch = container("scratch");
    scratch.paths.insert("/tmp".to_owned(), Ok(None));
    assert_eq!(moved(&scratch), "HOME=/dev/shm");
    there(&mut scratch, "/tmp", 0, 0o755);
    assert_eq!(moved(&scratch), "HOME=/dev/shm");
}

proptest! {
    #[test]
    fn whatever_is_set_can_be_written(
        owner in prop::sample::select(vec![0_u32, 1000]),
        mode in prop::sample::select(vec![0o700_u32, 0o755, 0o777, 0o1777, 0o555]),
        tmp in prop::sample::select(vec![0o755_u32, 0o1777, 0o777]),
        read_only: bool,
        xdg: bool,
    ) {
        let mut app = container("app");
        app.read_only = read_only;
        there(&mut app, "/h", owner, mode);
        app.paths.insert("/h/.cache".to_owned(), Ok(None));
        there(&mut app, "/tmp", 0, tmp);
        there(&mut app, "/dev", 0, 0o755);
        there(&mut app, "/dev/shm", 0, 0o1777);
        let memory = crate::exec::plan::tests::bind("", "/dev/shm", true);
        app.mounts = vec![ContainerMount { kind: MountKind::Tmpfs, ..memory }];
        if xdg {
            app.environment = environment(&[("XDG_CACHE_HOME", "/h/c")]);
            app.paths.insert("/h/c".to_owned(), Ok(None));
        }
        let set = variables(&me("/h"), &IdMaps::default(), &app, &[], &["x".to_owned()]);
        let value = |name: &str| set.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
        let home = value("HOME").unwrap_or("/h".to_owned());
        let old = if xdg { "/h/c".to_owned() } else { format!("{home}/.cache") };
        let cache = value("XDG_CACHE_HOME").unwrap_or(old);
        let (process, layout) = (Process::in_container(&me("/h").identity, &IdMaps::default()), Layout::of_container(&app));
        for path in [home, cache] {
            for (_, value) in &set { app.paths.entry(value.clone()).or_insert(Ok(None)); }
            let verdict = may_fill(&process, &path, &layout, &|path| look(&app, path));
            prop_assert_eq!(verdict, Verdict::Yes, "{}", path);
        }
    }
}
