//! Recorded answers of real engines, understood; see `fixtures/engine/README.md`.

use serde_json::json;

use super::super::identity;
use super::*;
use crate::facts::EngineKind;
use crate::project::compose::Compose;

#[expect(clippy::disallowed_methods, reason = "recordings are files")]
fn recorded(path: &str) -> Value {
    let path = format!("{}/fixtures/engine/{path}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(&path).expect(&path)).expect(&path)
}

fn project(name: &str) -> Project {
    Project { compose: Some(Compose { name: name.to_owned(), ..Compose::default() }), ..Project::default() }
}

#[test]
fn kinds_of_engines_are_told_apart() {
    for (folder, expected, outside) in [
        ("20.10", EngineKind::Rootful, None),
        ("20.10-userns", EngineKind::UsernsRemap, Some(165_536)),
        ("20.10-rootless", EngineKind::Rootless, None),
        ("podman-4.3", EngineKind::Podman, None),
        ("28-handwritten", EngineKind::Rootful, None),
        ("desktop-handwritten", EngineKind::Desktop, None),
    ] {
        let (version, info) = (recorded(&format!("{folder}/version")), recorded(&format!("{folder}/info")));
        let kind = identity::kind_of(&version, &info);
        assert_eq!(kind, expected, "{folder}");
        let (users, _) = identity::maps(kind, &info, true, &identity::MapFiles::default());
        let unknown = matches!(kind, EngineKind::Rootless | EngineKind::Desktop);
        assert_eq!(users.is_err(), unknown, "{folder}: {users:?}");
        assert_eq!(users.unwrap_or_default().first().map(|range| range.outside), outside, "{folder}");
    }
    let podman = recorded("podman-4.3-rootless/info");
    let (users, _) = identity::maps(EngineKind::Podman, &podman, true, &identity::MapFiles::default());
    assert!(users.is_err(), "a rootless podman whose user is not known");
}

#[test]
fn the_same_container_is_the_same_on_every_engine() {
    for (folder, running) in [("20.10", true), ("20.10-userns", true), ("20.10-rootless", true), ("podman-4.3", false)]
    {
        let app = container(&recorded(&format!("{folder}/app")), None).expect(folder);
        assert_eq!((app.name.as_str(), app.service.as_deref(), app.one_off), ("shop-app-1", Some("app"), false));
        assert_eq!((app.running, app.started_at.is_some()), (running, running), "{folder}");
        assert_eq!((app.user.as_str(), app.working_dir.as_str()), ("1000:1000", "/app"));
        assert_eq!(app.group_add, ["44"], "{folder}");
        assert_eq!(app.command, ["sleep", "300"], "{folder}");
        assert_eq!((app.environment.get("HOME"), app.environment.get("EMPTY")), (Some("/home/app"), Some("")));
        let mounts: Vec<_> =
            app.mounts.iter().map(|mount| (mount.kind, mount.target.as_str(), mount.writable)).collect();
        let expected = [
            (MountKind::Bind, "/app", true),
            (MountKind::Volume, "/home/app/.cache", false),
            (MountKind::Tmpfs, "/scratch", true),
        ];
        assert_eq!(mounts, expected, "{folder}");
        assert_eq!(app.mounts[0].source, "/home/me/shop");
        assert_eq!(app.mounts[1].volume.as_deref(), Some("shop_cache"));
        let run = container(&recorded(&format!("{folder}/run")), None).expect(folder);
        assert_eq!((run.one_off, run.read_only, run.running), (true, true, false), "{folder}");
        let image = image(&recorded(&format!("{folder}/image"))).expect(folder);
        assert_eq!((image.user.as_str(), image.command.as_slice()), ("", &["sh".to_owned()][..]), "{folder}");
    }
    let published = container(&recorded("20.10/app"), None).unwrap();
    let expected = PublishedPort { container: 5432, address: "127.0.0.1".to_owned(), host: 15432 };
    assert_eq!(published.ports, [expected]);
    assert_eq!(published.addresses.len(), 1, "{:?}", published.addresses);
}

#[test]
fn words_that_a_newer_engine_says_lose_nothing() {
    let app = container(&recorded("28-handwritten/app"), None).unwrap();
    let mounts: Vec<_> = app.mounts.iter().map(|mount| (mount.kind, mount.target.as_str(), mount.writable)).collect();
    let expected = [
        (MountKind::Volume, "/cache", true),
        (MountKind::Other, "/models", false),
        (MountKind::Tmpfs, "/tmp", false),
        (MountKind::Other, "/x", true),
    ];
    assert_eq!(mounts, expected);
    assert_eq!((app.user.as_str(), app.environment.get("A"), app.environment.get("BROKEN")), ("", Some("b=c"), None));
    assert_eq!(app.ports.iter().map(|port| port.address.as_str()).collect::<Vec<_>>(), ["0.0.0.0", "::"]);
    assert_eq!(app.addresses, ["172.18.0.3"]);
    assert_eq!(image(&recorded("28-handwritten/image")).unwrap().volumes, ["/data"]);
}

#[test]
fn what_newer_engines_leave_out_is_empty_and_breaks_nothing() {
    let app = container(&recorded("29-handwritten/app"), None).unwrap();
    let mounts: Vec<_> = app.mounts.iter().map(|mount| (mount.kind, mount.target.as_str(), mount.writable)).collect();
    let expected = [
        (MountKind::Bind, "/app", true),
        (MountKind::Other, "/csi", true),
        (MountKind::Other, "/models", false),
        (MountKind::Other, "/pipe", false),
    ];
    assert_eq!(mounts, expected);
    assert_eq!((app.user.as_str(), app.service, app.command.as_slice()), ("", None, &["sleep".to_owned()][..]));
    assert_eq!((app.environment.0.len(), app.group_add.len(), app.ports.len()), (0, 0, 0));
    assert_eq!(app.addresses, ["172.18.0.3", "fd00::2"]);
    let image = image(&recorded("29-handwritten/image")).unwrap();
    assert_eq!((image.user.as_str(), image.command.as_slice()), ("", &["sh".to_owned()][..]));
}

#[test]
fn answers_with_parts_of_any_other_kind_break_nothing() {
    // Every part of a real answer in turn becomes what nobody expects there.
    let whole = recorded("20.10/app");
    let mut places = vec![String::new()];
    let mut at = 0;
    while let Some(place) = places.get(at).cloned() {
        let below: Vec<String> = match whole.pointer(&place).unwrap() {
            Value::Object(parts) => parts.keys().map(|key| key.replace('~', "~0").replace('/', "~1")).collect(),
            Value::Array(parts) => (0..parts.len()).map(|index| index.to_string()).collect(),
            _ => vec![],
        };
        places.extend(below.into_iter().map(|key| format!("{place}/{key}")));
        at += 1;
    }
    assert!(places.len() > 50, "{places:?}");
    let image_of = recorded("20.10/image");
    for place in places {
        for odd in [
            json!(null),
            json!(-7),
            json!(""),
            json!(":\u{0}/"),
            json!([[], {"a": null}]),
            json!({"": [null]}),
            json!(true),
        ] {
            let mut answer = whole.clone();
            *answer.pointer_mut(&place).unwrap() = odd.clone();
            if let Some(mut container) = container(&answer, None) {
                forget_owners_in_binds(&mut container);
            }
            assert!(ours(&json!([answer.clone()]), &project("shop"), |_| true).len() <= 1);
            let mut answer = image_of.clone();
            if let Some(part) = answer.pointer_mut(&place) {
                *part = odd;
            }
            image(&answer);
        }
    }
}

#[test]
fn owners_that_docker_desktop_makes_up_are_not_believed() {
    use crate::facts::{FileKind, Listing, Owner, PathStat};
    let stat = PathStat { owner: Owner { uid: 0, gid: 0 }, mode: 0o755, kind: FileKind::Directory, links: 2 };
    for name in ["app-linux", "app-mac", "app-wsl"] {
        let mut app = container(&recorded(&format!("desktop-handwritten/{name}")), None).unwrap();
        for path in ["/app", "/app/src", "/app/.cache/uv", "/root"] {
            app.paths.insert(path.to_owned(), Ok(Some(stat)));
        }
        app.paths.insert("/app/none".to_owned(), Ok(None));
        let listing = |path: &str| Ok(Listing { entries: vec![(path.to_owned(), stat)], cut_short: false });
        app.listings.insert("/app/src".to_owned(), listing("/app/src"));
        app.listings.insert("/app/.cache".to_owned(), listing("/app/.cache"));
        forget_owners_in_binds(&mut app);
        let known: Vec<&str> =
            app.paths.iter().filter(|(_, fact)| fact.is_ok()).map(|(path, _)| path.as_str()).collect();
        assert_eq!(known, ["/app/.cache/uv", "/app/none", "/root"], "{name}");
        assert_eq!(app.listings.values().map(Result::is_ok).collect::<Vec<_>>(), [true, false], "{name}");
    }
    let (version, info) = (recorded("desktop-handwritten/version"), recorded("desktop-handwritten/info-wsl"));
    assert_eq!(identity::kind_of(&version, &info), EngineKind::Desktop);
}

#[test]
fn owners_that_a_remapping_engine_tells_become_those_that_a_command_in_the_container_sees() {
    use crate::facts::{FileKind, IdRange, Listing};
    let stat = |number| PathStat {
        owner: Owner { uid: number, gid: number },
        mode: 0o755,
        kind: FileKind::Directory,
        links: 2,
    };
    let range = IdRange { inside: 0, outside: 165_536, count: 65_536 };
    let docker = |kind| Docker {
        endpoint: String::new(),
        version: String::new(),
        api_version: String::new(),
        operating_system: String::new(),
        kind,
        uid_map: Ok(vec![range]),
        gid_map: Ok(vec![range]),
        local: true,
        containers: vec![],
        images: BTreeMap::new(),
    };
    let remapping = docker(EngineKind::UsernsRemap);
    for (engine, mode, expected) in [
        (&remapping, "", [0, 1000, UNMAPPED]),
        (&remapping, "host", [165_536, 166_536, 1000]),
        (&docker(EngineKind::Rootless), "", [165_536, 166_536, 1000]),
    ] {
        let mut app = container(&recorded("20.10-userns/app"), None).unwrap();
        app.userns_mode = mode.to_owned();
        for (path, number) in [("/a-root", 165_536), ("/b-own", 166_536), ("/c-host", 1000)] {
            app.paths.insert(path.to_owned(), Ok(Some(stat(number))));
            let entries = vec![(path.to_owned(), stat(number))];
            app.listings.insert(path.to_owned(), Ok(Listing { entries, cut_short: false }));
        }
        app.paths.insert("/d-none".to_owned(), Ok(None));
        owners_as_inside(&mut app, engine);
        let expected = expected.map(stat).to_vec();
        let seen: Vec<PathStat> = app.paths.values().flatten().flatten().copied().collect();
        assert_eq!(seen, expected, "{:?} {mode}", engine.kind);
        let listed = app.listings.values().flatten().flat_map(|listing| &listing.entries);
        assert_eq!(listed.map(|(_, stat)| *stat).collect::<Vec<_>>(), expected, "{:?} {mode}", engine.kind);
    }
}

#[test]
fn a_container_without_its_configuration_is_none() {
    for broken in [json!({}), json!({"Id": "x"}), json!({"Id": "x", "Config": null}), json!([]), json!("x")] {
        assert_eq!(container(&broken, None), None, "{broken}");
    }
}

#[test]
fn containers_are_the_projects_by_directory_then_by_name() {
    let labels = |project: &str, directory: Option<&str>| {
        let mut labels = json!({ PROJECT: project });
        if let Some(directory) = directory {
            labels[DIRECTORY] = json!(directory);
        }
        labels
    };
    let list = json!([
        {"Id": "mine", "Labels": labels("shop", Some("/home/me/shop"))},
        {"Id": "mine-by-another-name", "Labels": labels("test", Some("/home/me/shop"))},
        {"Id": "another-checkout", "Labels": labels("shop", Some("/home/me/shop2"))},
        {"Id": "old-compose", "Labels": labels("shop", None)},
        {"Id": "a-stranger", "Labels": null, "Names": ["/x"]},
        {"Labels": labels("shop", Some("/home/me/shop"))},
    ]);
    let here = |path: &str| path == "/home/me/shop";
    let ids = |name: &str| ours(&list, &project(name), here).into_iter().map(|ours| ours.id).collect::<Vec<_>>();
    assert_eq!(ids("shop"), ["mine", "old-compose"]);
    assert_eq!(ids("other"), ["mine", "mine-by-another-name"]);
    for folder in ["20.10", "20.10-userns", "20.10-rootless", "podman-4.3"] {
        assert_eq!(ours(&recorded(&format!("{folder}/containers")), &project("shop"), here).len(), 2, "{folder}");
    }
    assert_eq!(ours(&json!({"message": "no"}), &project("shop"), here), []);
}

#[test]
fn accounts_are_read_as_far_as_they_are_sound() {
    let text = "root:x:0:0:root:/root:/bin/sh\r\n# comment\n\nbroken\napp:x:1000:1000::/home/app\nbad:x:-1:0:::\nhomeless:x:7:7\n";
    let found: Vec<_> = passwd(text).into_iter().map(|entry| (entry.name, entry.uid, entry.home)).collect();
    let expected = [("root", 0, "/root"), ("app", 1000, "/home/app"), ("homeless", 7, "")];
    assert_eq!(found, expected.map(|(name, uid, home)| (name.to_owned(), uid, home.to_owned())));
    let found = groups("docker:x:999:me,you\nempty:x:5:\nnone:x:6\nx:y:z:\n");
    assert_eq!(found.iter().map(|group| group.members.len()).collect::<Vec<_>>(), [2, 0, 0]);
}
