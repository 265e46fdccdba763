//! Tests of what stands in the way of another user, and of the fix that is made of it.

use std::collections::BTreeMap;

use super::*;
use crate::checks::ownership::service_writes_as_root::check;
use crate::facts::{ContainerMount, Docker, EngineKind, Environment, Listing};
use crate::fix::{Applicability, Fix};
use crate::project::files::MemoryFiles;
use crate::project::read;

const COMPOSE: &str = "services:\n  app:\n    image: python:3.12\n    command: uvicorn app:app\n    volumes:\n      - .:/app\n      - state:/state\n";

fn stat(uid: u32, mode: u32) -> PathStat {
    PathStat { owner: Owner { uid, gid: uid }, mode, kind: FileKind::Directory, links: 2 }
}

/// What was seen of the volume's top, and what lies in it.
fn container(top: Option<PathStat>, inside: Option<&[&str]>) -> Container {
    let mount = |kind, source: &str, target: &str| ContainerMount {
        kind,
        source: source.into(),
        volume: (kind == MountKind::Volume).then(|| "state".to_owned()),
        target: target.into(),
        writable: true,
    };
    let entry = |path: &str| (path.to_owned(), stat(0, 0o755));
    let entries = |inside: &[&str]| Listing {
        entries: [&["/state"], inside].concat().into_iter().map(entry).collect(),
        cut_short: false,
    };
    Container {
        id: "c1".into(),
        service: Some("app".into()),
        running: true,
        image: "python:3.12".into(),
        working_dir: "/app".into(),
        mounts: vec![mount(MountKind::Bind, "/project", "/app"), mount(MountKind::Volume, "/v", "/state")],
        paths: top.map(|top| ("/state".to_owned(), Ok(Some(top)))).into_iter().collect(),
        listings: inside.map(|inside| ("/state".to_owned(), Ok(entries(inside)))).into_iter().collect(),
        ..Container::new("shop-app-1")
    }
}

fn facts(compose: &str, container: Option<Container>) -> Facts {
    let files = MemoryFiles::new([("compose.yaml", compose), (".env", "A=1\n")]);
    let docker = container.map(|container| Docker {
        endpoint: String::new(),
        version: String::new(),
        api_version: String::new(),
        operating_system: String::new(),
        kind: EngineKind::Rootful,
        uid_map: Ok(vec![]),
        gid_map: Ok(vec![]),
        local: true,
        containers: vec![container],
        images: BTreeMap::new(),
    });
    let project = read::project(&files, &Environment::default(), None);
    let without = Facts::default().docker;
    Facts { docker: docker.map_or(without, Ok), project, ..Facts::default() }
}

fn fix(facts: &Facts) -> (Fix, Vec<String>) {
    let finding = check(facts).unwrap().remove(0);
    (finding.fix.unwrap(), finding.help)
}

#[test]
fn a_volume_that_the_person_could_not_write_is_given_or_said() {
    for (name, top, inside, level, title) in [
        ("anybody's", Some(stat(0, 0o1777)), None, Applicability::Unsafe, "run `app` as 1000:1000"),
        ("the person's", Some(stat(1000, 0o700)), None, Applicability::Unsafe, "run `app` as 1000:1000"),
        (
            "empty",
            Some(stat(0, 0o755)),
            Some(&[][..]),
            Applicability::Unsafe,
            "run `app` as 1000:1000, and give it `/state`",
        ),
        (
            "full",
            Some(stat(0, 0o755)),
            Some(&["/state/x"][..]),
            Applicability::Manual,
            "run `app` as 1000:1000 when it can write `/state`: set `user: \"${HOST_UID:-1000}:${HOST_GID:-1000}\"`",
        ),
        (
            "not seen",
            None,
            None,
            Applicability::Manual,
            "run `app` as 1000:1000 when it can write `/state`: set `user: \"${HOST_UID:-1000}:${HOST_GID:-1000}\"`",
        ),
    ] {
        let (fix, help) = fix(&facts(COMPOSE, Some(container(top, inside))));
        assert_eq!((fix.applicability, fix.title.as_str()), (level, title), "{name}");
        let given = fix.steps.iter().any(|step| matches!(step, Step::Chown(chown) if chown.paths.len() == 1));
        assert_eq!(given, name == "empty", "{name}");
        let told = match name {
            "full" => {
                "give it `/state` first, which is 0:0 0755: docker compose exec -u 0 app chown -hR 1000:1000 /state"
            }
            "not seen" => "see first who can write `/state`: that could not be looked at",
            _ => "",
        };
        assert_eq!(help.join(""), told, "{name}");
    }
}

#[test]
fn a_cache_is_given_with_all_that_is_in_it() {
    let mut cache = container(Some(stat(0, 0o755)), Some(&["/state/a", "/state/b"]));
    cache.environment.0.insert("UV_CACHE_DIR".into(), "/state".into());
    let compose = COMPOSE.replace("    volumes:", "    environment:\n      UV_CACHE_DIR: /state\n    volumes:");
    let (fix, _) = fix(&facts(&compose, Some(cache)));
    let given = fix.steps.iter().any(|step| matches!(step, Step::Chown(chown) if chown.paths.len() == 3));
    assert!(fix.applicability == Applicability::Unsafe && given, "{fix:?}");
}

#[test]
fn nobody_knows_what_was_not_looked_at() {
    let (fix, help) = fix(&facts(COMPOSE, None));
    assert_eq!(fix.applicability, Applicability::Manual);
    assert_eq!(help, ["see first who can write `/state`: that could not be looked at"]);
    // Nothing but the project, memory, and what is read-only.
    let plain = COMPOSE.replace("- state:/state", "- state:/state:ro\n      - {type: tmpfs, target: /x}");
    assert_eq!(fix_of(&plain).applicability, Applicability::Unsafe);
}

fn fix_of(compose: &str) -> Fix {
    fix(&facts(compose, None)).0
}
