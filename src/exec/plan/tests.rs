//! Whole plans, and the directories they run in.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::exec::{WhyOwn, print};
use crate::facts::{ContainerMount, FileKind, MountKind, Owner, PasswdEntry, PathStat};

/// A running container of root with `/tmp` for all and no mounts.
pub(in crate::exec) fn container(name: &str) -> Container {
    Container {
        id: format!("{name}-id"),
        service: Some(name.to_owned()),
        running: true,
        image: "python:3.12".to_owned(),
        working_dir: "/app".to_owned(),
        passwd: Ok(vec![PasswdEntry { name: "root".into(), uid: 0, gid: 0, home: "/root".into() }]),
        paths: BTreeMap::from([("/tmp".to_owned(), Ok(Some(directory(0, 0o1777))))]),
        ..Container::new(name)
    }
}

pub(in crate::exec) fn directory(uid: u32, mode: u32) -> PathStat {
    PathStat { owner: Owner { uid, gid: uid }, mode, kind: FileKind::Directory, links: 1 }
}

pub(in crate::exec) fn bind(source: &str, target: &str, writable: bool) -> ContainerMount {
    ContainerMount { kind: MountKind::Bind, source: source.into(), volume: None, target: target.into(), writable }
}

fn asked(here: &str) -> Asked {
    Asked {
        command: vec!["alembic".into(), "upgrade".into(), "head".into()],
        here: Some(here.to_owned()),
        login: Some("me".to_owned()),
        ..Asked::default()
    }
}

fn line(who: Who, asked: Asked, container: &Container) -> String {
    print::command_line(&ExecPlan::new(who, asked, container, &IdMaps::default()), &[])
}

const ME: Who = Who::Person(Owner { uid: 1000, gid: 1000 });

#[test]
fn a_plan_is_a_docker_command_line() {
    let mut app = container("shop-app-1");
    app.mounts = vec![bind("/home/me/shop", "/app", true)];
    assert_eq!(
        line(ME, asked("/home/me/shop"), &app),
        "docker exec -i -u 1000:1000 -e HOME=/tmp -e XDG_CACHE_HOME=/tmp/devdoctor-1000 -e USER=me shop-app-1 alembic upgrade head"
    );
    let mut given = asked("/home/me/shop/src");
    given.tty = true;
    let variable = |name: &str, value: &str, inherited| Variable { name: name.into(), value: value.into(), inherited };
    given.environment =
        vec![variable("HOME", "/h o", false), variable("USER", "you", false), variable("TOKEN", "x", true)];
    assert_eq!(
        line(ME, given, &app),
        "docker exec -i -t -u 1000:1000 -e 'HOME=/h o' -e USER=you -e TOKEN -w /app/src shop-app-1 alembic upgrade head"
    );
    assert_eq!(
        line(Who::Own(WhyOwn::NotMounted), asked("/elsewhere"), &app),
        "docker exec -i shop-app-1 alembic upgrade head",
        "root has a home that works"
    );
}

#[test]
fn what_could_not_be_looked_at_is_left_alone() {
    let mut app = container("app");
    let missing = crate::facts::Missing::new(crate::facts::Need::Docker, "broken");
    (app.passwd, app.paths) = (Err(missing), BTreeMap::new());
    let plan = ExecPlan::new(ME, asked("/x"), &app, &IdMaps::default());
    assert_eq!(plan.user.as_deref(), Some("1000:1000"));
    // `/dev/shm` is there in every container.
    let set: Vec<_> = plan.environment.iter().map(|set| format!("{}={}", set.name, set.value)).collect();
    assert_eq!(set, ["HOME=/dev/shm", "XDG_CACHE_HOME=/dev/shm/devdoctor-1000"]);
}

#[test]
fn the_deepest_source_shows_the_directory() {
    let mut app = container("app");
    let inside = |app: &Container, here: &str| crate::exec::directory::in_container(app, here);
    app.mounts = vec![bind("/w", "/app", true), bind("/w/lib", "/lib/shop", true), bind("/w/lib", "/app/vendor", true)];
    app.mounts.push(ContainerMount { kind: MountKind::Volume, ..bind("v", "/app/.venv", true) });
    for (here, expected) in [
        ("/w", Some("/app")),
        ("/w/a b/c", Some("/app/a b/c")),
        ("/w/lib/x", Some("/lib/shop/x")),
        ("/w/.venv/bin", None),
        ("/wx", None),
        ("/", None),
    ] {
        assert_eq!(inside(&app, here).as_deref(), expected, "{here}");
    }
    app.mounts = vec![bind("/", "/host", false)];
    assert_eq!(inside(&app, "/w/a").as_deref(), Some("/host/w/a"));
    app.mounts = vec![bind("/w", "/", true)];
    assert_eq!(inside(&app, "/w/a").as_deref(), Some("/a"));
}

proptest! {
    #[test]
    fn a_directory_that_is_found_is_the_one_on_the_host(
        mounts in prop::collection::vec(("(/[ab]){1,3}", "(/[xy]){1,3}"), 0..5), here in "(/[abc]){1,4}",
    ) {
        let mut app = container("app");
        app.mounts = mounts.iter().map(|(source, target)| bind(source, target, true)).collect();
        if let Some(inside) = crate::exec::directory::in_container(&app, &here) {
            let spot = crate::access::Layout::of_container(&app).spot(&inside);
            prop_assert_eq!(spot.host_path, Some(here));
        }
    }

    #[test]
    fn a_printed_line_is_one_word_a_word(words in prop::collection::vec("[^\0]{0,12}", 1..6)) {
        let mut given = asked("/x");
        given.command = words.clone();
        let line = line(Who::Own(WhyOwn::Same), given, &container("app"));
        // A reader of its own: quotes are `'…'` and `\'` alone.
        let (mut read, mut word, mut quoted, mut characters) = (vec![], None::<String>, false, line.chars());
        while let Some(character) = characters.next() {
            match character {
                '\'' => { quoted = !quoted; word.get_or_insert_default(); }
                '\\' if !quoted => word.get_or_insert_default().extend(characters.next()),
                ' ' if !quoted => read.extend(word.take()),
                other => word.get_or_insert_default().push(other),
            }
        }
        read.extend(word);
        prop_assert_eq!(read.split_off(4), words);
    }
}
