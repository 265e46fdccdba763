//! Gives files to their owner through the real engine, as an ordinary user who could not do it.

#![allow(missing_docs, clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make files and start programs")]
#![allow(dead_code, reason = "each test uses a part of what they share")]

mod support {
    pub mod engine;
    pub mod giving;
}

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;
use std::time::Duration;

use devdoctor::facts::{Owner, SeenPath};
use devdoctor::fix::ChownPlace;
use devdoctor::fix::apply::chown::Terms;
use devdoctor::fix::apply::engine::{EngineError, chown};
use support::engine::{Made, as_ordinary_user, docker, image, setting};
use support::giving::{ME, ROOT, engine, owner, run, step, step_from, terms};

/// A folder of the ordinary user's that root has left files in.
fn soiled(names: &[&str]) -> tempfile::TempDir {
    let root = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir().unwrap();
    let path = root.path().display().to_string();
    for name in names {
        std::fs::write(root.path().join(name), "x").unwrap();
    }
    // As the ordinary user these come from a container, as in life.
    let mount = format!("type=bind,source={path},target=/w");
    let words = ["run", "--rm", "--network", "none", "--mount", &mount, "--workdir", "/w"];
    let soil = ["chown", "-h", "0:0", "--"];
    docker(&[&words, &[image("BUSYBOX").as_str()][..], &soil, names].concat());
    root
}

/// Helpers that see this folder or volume; other tests have theirs.
fn helpers(of: &str) -> String {
    docker(&["ps", "--all", "--quiet", "--filter", "label=devdoctor.helper", "--filter", &format!("volume={of}")])
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn an_ordinary_user_gets_back_what_root_made_whatever_its_name() {
    as_ordinary_user("an_ordinary_user_gets_back_what_root_made_whatever_its_name", false, || {
        let names =
            ["plain", "with space", "it's \"quoted\"", "new\nline", "-R", "--help", "$HOME;`x`", "é\u{1f980}", "\\"];
        let root = soiled(&names);
        assert!(names.iter().all(|name| owner(&root.path().join(name)) == ROOT));
        run(async {
            let (engine, docker) = engine(root.path()).await;
            chown(&engine, &docker, root.path(), &step(ChownPlace::Project, &names, ME), terms()).await.unwrap();
        });
        for name in names {
            assert_eq!(owner(&root.path().join(name)), ME, "{name:?}");
        }
        assert_eq!(helpers(root.path().to_str().unwrap()), "");
    });
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_symlink_changes_owner_and_what_it_leads_to_does_not() {
    let root = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("target"), "").unwrap();
    std::fs::write(outside.path().join("file"), "").unwrap();
    symlink("target", root.path().join("link")).unwrap();
    symlink(outside.path().join("file"), root.path().join("leads-out")).unwrap();
    symlink(outside.path(), root.path().join("folder")).unwrap();
    run(async {
        let (engine, docker) = engine(root.path()).await;
        let linked = step(ChownPlace::Project, &["link", "leads-out"], ME);
        chown(&engine, &docker, root.path(), &linked, terms()).await.unwrap();
        for refused in ["folder/file", "../x", "/etc/passwd"] {
            let only = step(ChownPlace::Project, &[refused], ME);
            let error = chown(&engine, &docker, root.path(), &only, terms()).await.unwrap_err();
            assert_eq!(error, EngineError::Left(format!("`{refused}` leads out of the project")));
        }
    });
    assert_eq!((owner(&root.path().join("link")), owner(&root.path().join("leads-out"))), (ME, ME));
    assert_eq!((owner(&root.path().join("target")), owner(&outside.path().join("file"))), (ROOT, ROOT));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn names_that_are_no_text_change_owner_too() {
    let root = tempfile::tempdir().unwrap();
    let name = OsStr::from_bytes(b"caf\xe9 \xff");
    for name in [name, OsStr::new("new\nline"), OsStr::new("-x"), OsStr::new("other")] {
        std::fs::write(root.path().join(name), "").unwrap();
    }
    let mut three = step(ChownPlace::Project, &["new\nline", "-x"], ME);
    three.paths.push((SeenPath(name.into()), ROOT));
    run(async {
        let (engine, docker) = engine(root.path()).await;
        chown(&engine, &docker, root.path(), &three, terms()).await.unwrap();
        three.paths.push((SeenPath("gone".into()), ROOT));
        let error = chown(&engine, &docker, root.path(), &three, terms()).await.unwrap_err();
        assert!(matches!(&error, EngineError::Left(words) if words == "`gone` is not there any more"), "{error}");
    });
    for name in [name, OsStr::new("new\nline"), OsStr::new("-x")] {
        assert_eq!(owner(&root.path().join(name)), ME, "{name:?}");
    }
    assert_eq!(owner(&root.path().join("other")), ROOT);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn one_path_that_is_gone_does_not_keep_the_others_from_their_owner() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("a"), "").unwrap();
    std::fs::write(root.path().join("z"), "").unwrap();
    run(async {
        let (engine, docker) = engine(root.path()).await;
        let three = step(ChownPlace::Project, &["a", "gone", "z"], ME);
        let error = chown(&engine, &docker, root.path(), &three, terms()).await.unwrap_err();
        assert!(matches!(&error, EngineError::Left(words) if words == "`gone` is not there any more"), "{error}");
    });
    assert_eq!((owner(&root.path().join("a")), owner(&root.path().join("z"))), (ME, ME));
    assert_eq!(helpers(root.path().to_str().unwrap()), "");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_changed_since_the_plan_is_named_and_the_others_are_given() {
    let root = tempfile::tempdir().unwrap();
    for name in ["plain", "taken", "tool", "able", "one"] {
        std::fs::write(root.path().join(name), "").unwrap();
    }
    std::fs::hard_link(root.path().join("one"), root.path().join("two")).unwrap();
    std::os::unix::fs::lchown(root.path().join("taken"), Some(1234), Some(1234)).unwrap();
    std::fs::set_permissions(root.path().join("tool"), PermissionsExt::from_mode(0o4755)).unwrap();
    std::fs::set_permissions(root.path().join("able"), PermissionsExt::from_mode(0o755)).unwrap();
    // CAP_NET_BIND_SERVICE, permitted and effective, as version 2 of the attribute.
    let mut capability = vec![1, 0, 0, 2, 0, 4, 0, 0];
    capability.resize(20, 0);
    xattr::set(root.path().join("able"), "security.capability", &capability).unwrap();
    nix::unistd::mkfifo(&root.path().join("pipe"), nix::sys::stat::Mode::from_bits_truncate(0o644)).unwrap();
    let all = ["plain", "taken", "tool", "able", "one", "pipe"];
    let error = run(async {
        let (engine, docker) = engine(root.path()).await;
        chown(&engine, &docker, root.path(), &step(ChownPlace::Project, &all, ME), terms()).await.unwrap_err()
    });
    let EngineError::Left(words) = &error else { panic!("{error}") };
    for (name, reason) in [
        ("taken", "belongs to 1234:1234 by now"),
        ("tool", "is set-user-id or set-group-id"),
        ("able", "has file capabilities"),
        ("one", "has 2 names (hard links)"),
        ("pipe", "is a device, a socket or a pipe"),
    ] {
        assert!(words.contains(&format!("`{name}` {reason}")), "{words}");
        assert_ne!(owner(&root.path().join(name)), ME, "{name}");
    }
    assert_eq!(owner(&root.path().join("plain")), ME);
    assert_eq!(xattr::get(root.path().join("able"), "security.capability").unwrap(), Some(capability));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_hundred_thousand_paths_are_given_within_half_a_minute() {
    let root = tempfile::tempdir().unwrap();
    let mut names = vec![];
    for folder in 0..100 {
        let folder = format!("node_modules/some-package-{folder:03}/dist");
        std::fs::create_dir_all(root.path().join(&folder)).unwrap();
        for file in 0..1000 {
            let name = format!("{folder}/file-{file:04}.js");
            std::fs::write(root.path().join(&name), "").unwrap();
            names.push(name);
        }
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let took = run(async {
        let (engine, docker) = engine(root.path()).await;
        let started = std::time::Instant::now();
        chown(&engine, &docker, root.path(), &step(ChownPlace::Project, &names, ME), terms()).await.unwrap();
        started.elapsed()
    });
    assert!(names.iter().all(|name| owner(&root.path().join(name)) == ME));
    let started = std::time::Instant::now();
    let done = Command::new("chown").args(["-R", "0:0"]).arg(root.path()).status().unwrap();
    println!("100,000 paths: {took:?} through the engine, chown -R itself {:?}", started.elapsed());
    assert!(done.success() && took < Duration::from_secs(30), "{took:?}");
}

/// A container with Compose's labels for `root`.
fn labelled<'words>(root: &'words str, words: &[&'words str]) -> Vec<String> {
    let labels = ["com.docker.compose.project=chown", "com.docker.compose.service=app"];
    let directory = format!("com.docker.compose.project.working_dir={root}");
    let labels = labels.iter().map(|label| (*label).to_owned()).chain([directory]);
    let labels = labels.flat_map(|label| ["--label".to_owned(), label]);
    labels.chain(words.iter().map(|word| (*word).to_owned())).collect()
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn paths_in_volumes_and_in_the_container_itself_change_owner_too() {
    let root = tempfile::tempdir().unwrap();
    let shown = root.path().display().to_string();
    let volume = Made::volume();
    let (bind, cache) = (format!("{shown}:/app"), format!("{}:/cache", volume.id));
    let busybox = image("BUSYBOX");
    let script = "mkdir -p /cache/uv /own && touch /cache/uv/a /app/b /own/c && sleep 600";
    let words = labelled(
        &shown,
        &["--volume", &bind, "--volume", &cache, "--cap-drop", "DAC_OVERRIDE", &busybox, "sh", "-c", script],
    );
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let container = Made::running(&words);
    while !docker(&["exec", &container.id, "ls", "/own"]).contains('c') {
        std::thread::sleep(Duration::from_millis(20));
    }
    let place = || ChownPlace::Container { service: "app".to_owned(), id: container.id.clone(), mounts: vec![] };
    let app = Owner { uid: 1000, gid: 1000 };
    run(async {
        let (engine, docker) = engine(root.path()).await;
        let all = step(place(), &["/cache/uv", "/cache/uv/a", "/app/b", "/own/c"], app);
        chown(&engine, &docker, root.path(), &all, terms()).await.unwrap();
        for refused in ["relative", "/cache/../etc/passwd"] {
            let error =
                chown(&engine, &docker, root.path(), &step(place(), &[refused], app), terms()).await.unwrap_err();
            assert!(matches!(error, EngineError::Refused { .. }), "{error}");
        }
    });
    let shown = |path: &str| docker(&["exec", &container.id, "stat", "-c", "%u:%g", path]);
    for path in ["/cache/uv", "/cache/uv/a", "/app/b", "/own/c"] {
        assert_eq!(shown(path), "1000:1000", "{path}");
    }
    assert_eq!(shown("/cache"), "0:0");

    // Stopped, its volumes can still be reached, its own layer can not.
    docker(&["kill", &container.id]);
    run(async {
        let (engine, docker) = engine(root.path()).await;
        let back = step_from(app, place(), &["/cache/uv/a"], ROOT);
        chown(&engine, &docker, root.path(), &back, terms()).await.unwrap();
        let own = step_from(app, place(), &["/cache/uv", "/own/c"], ROOT);
        let error = chown(&engine, &docker, root.path(), &own, terms()).await.unwrap_err();
        let expected = EngineError::NotRunning { service: "app".to_owned(), path: "/own/c".to_owned() };
        assert_eq!(error, expected);
    });
    docker(&["start", &container.id]);
    assert_eq!((shown("/cache/uv/a").as_str(), shown("/cache/uv").as_str()), ("0:0", "1000:1000"));
    assert_eq!(helpers(&volume.id), "");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_lies_in_a_volume_is_reached_when_its_container_is_gone() {
    let root = tempfile::tempdir().unwrap();
    let outside = tempfile::tempdir().unwrap();
    std::fs::write(outside.path().join("bound"), "").unwrap();
    std::fs::write(outside.path().join("single"), "").unwrap();
    let shown = root.path().display().to_string();
    let volume = Made::volume();
    let bind = format!("{}:/bind", outside.path().display());
    let single = format!("{}:/single", outside.path().join("single").display());
    let cache = format!("{}:/cache", volume.id);
    let busybox = image("BUSYBOX");
    let script = "touch /cache/a /cache/b /cache/c /own && sleep 600";
    let volumes = ["--volume", &bind, "--volume", &single, "--volume", &cache];
    let words = labelled(&shown, &[&volumes[..], &[&busybox, "sh", "-c", script]].concat());
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let container = Made::running(&words);
    while !docker(&["exec", &container.id, "ls", "/"]).contains("own") {
        std::thread::sleep(Duration::from_millis(20));
    }
    let app = Owner { uid: 1000, gid: 1000 };
    let names = ["/bind/bound", "/cache/a", "/cache/b", "/cache/c", "/own", "/single"];
    let place = run(async {
        let (engine, docker) = engine(root.path()).await;
        let paths: Vec<_> = names.iter().map(|name| (SeenPath((*name).into()), ROOT)).collect();
        let found = docker.containers.iter().find(|found| found.id == container.id).unwrap();
        let place = ChownPlace::in_container("app", found, &paths);
        let all = step(place.clone(), &names, app);
        assert_eq!(chown(&engine, &docker, root.path(), &all, terms()).await, Ok(6));
        place
    });
    // Somebody takes one, and one goes.
    docker(&["exec", &container.id, "sh", "-c", "chown 7:7 /cache/b && rm /cache/c"]);
    drop(container);
    let back = |names: &[&str]| step_from(app, place.clone(), names, ROOT);
    let passing_over = Terms { passing_over: true, ..terms() };
    run(async {
        let (engine, docker) = engine(root.path()).await;
        let shared = ["/bind/bound", "/cache/a", "/cache/b", "/cache/c", "/single"];
        assert_eq!(chown(&engine, &docker, root.path(), &back(&shared), passing_over).await, Ok(3));
        let error = chown(&engine, &docker, root.path(), &back(&shared), terms()).await.unwrap_err();
        let words = "`/cache/b` belongs to 7:7 by now, `/cache/c` is not there any more";
        assert_eq!(error, EngineError::Left(words.to_owned()));
        let error = chown(&engine, &docker, root.path(), &back(&["/cache/a", "/own"]), passing_over).await.unwrap_err();
        assert_eq!(error, EngineError::NoContainer("app".to_owned()));
    });
    assert_eq!(owner(&outside.path().join("bound")), ROOT);
    assert_eq!(owner(&outside.path().join("single")), ROOT);
    let name = volume.id.clone();
    drop(volume);
    run(async {
        let (engine, docker) = engine(root.path()).await;
        let error = chown(&engine, &docker, root.path(), &back(&["/cache/a"]), passing_over).await.unwrap_err();
        assert_eq!(error, EngineError::NoVolume(name.clone()));
    });
    assert_eq!(docker(&["volume", "ls", "--quiet", "--filter", &format!("name={name}")]), "", "it is not made anew");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_project_may_lie_anywhere() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["-rf", "with space", "it's \"quoted\"", "new\nline", "a:b,c=d", "$HOME;`x`", "é\u{1f980}\\"] {
        let root = folder.path().join(name);
        std::fs::create_dir_all(root.join("a")).unwrap();
        std::fs::write(root.join("a/file"), "").unwrap();
        run(async {
            let (engine, docker) = engine(&root).await;
            let all = step(ChownPlace::Project, &[".", "a", "a/file"], ME);
            assert_eq!(chown(&engine, &docker, &root, &all, terms()).await, Ok(3), "{name:?}");
        });
        assert_eq!((owner(&root), owner(&root.join("a/file"))), (ME, ME), "{name:?}");
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_not_even_root_may_give_away_is_named() {
    let root = tempfile::tempdir().unwrap();
    let immutable = root.path().join("immutable");
    std::fs::write(&immutable, "").unwrap();
    std::fs::write(root.path().join("plain"), "").unwrap();
    let attribute = |flag| Command::new("chattr").arg(flag).arg(&immutable).status().unwrap().success();
    assert!(attribute("+i"), "this file system keeps the attribute");
    let names = ["immutable", "plain"];
    let error = run(async {
        let (engine, docker) = engine(root.path()).await;
        let both = step(ChownPlace::Project, &names, ME);
        let by_engine = chown(&engine, &docker, root.path(), &both, terms()).await.unwrap_err();
        let by_root = devdoctor::fix::apply::chown::chown(root.path(), &both, terms());
        (by_engine.to_string(), by_root[0].error().unwrap_or_default())
    });
    assert!(attribute("-i"));
    let words = "`immutable` is not given away even by root: it may be immutable (`lsattr` shows that)";
    assert_eq!(error, (words.to_owned(), words.to_owned()));
    assert_eq!((owner(&immutable), owner(&root.path().join("plain"))), (ROOT, ME));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_container_without_chown_says_so() {
    let root = tempfile::tempdir().unwrap();
    let shown = root.path().display().to_string();
    let scratch = image("SCRATCH");
    let words = labelled(&shown, &[&scratch]);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let container = Made::running(&words);
    let place = ChownPlace::Container { service: "app".to_owned(), id: container.id.clone(), mounts: vec![] };
    run(async {
        let (engine, docker) = engine(root.path()).await;
        let error = chown(&engine, &docker, root.path(), &step(place, &["/pause"], ME), terms()).await.unwrap_err();
        assert_eq!(error, EngineError::NoChown("app".to_owned()));
        // Its image has none either, so another one that is here does it.
        std::fs::write(root.path().join("a"), "").unwrap();
        chown(&engine, &docker, root.path(), &step(ChownPlace::Project, &["a"], ME), terms()).await.unwrap();
    });
    assert_eq!(owner(&root.path().join("a")), ME);
    assert_eq!(setting("DEVDOCTOR_TEST_UID"), "1001");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_mount_that_keeps_no_owners_is_looked_at_and_chown_is_not_believed() {
    let root = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir().unwrap();
    let path = root.path().display().to_string();
    std::fs::write(root.path().join("a"), "").unwrap();
    // Debian's bindfs stands in for a Windows drive without metadata: chown returns 0 and changes nothing.
    let ignoring = ["--chown-ignore", "--chgrp-ignore", "--chmod-ignore", "-o", "allow_other,nonempty", &path, &path];
    assert!(Command::new("bindfs").args(ignoring).status().unwrap().success());
    let result = std::panic::catch_unwind(|| {
        let bind = format!("{path}:/app");
        let busybox = image("BUSYBOX");
        let words = labelled(&path, &["--volume", &bind, &busybox, "sleep", "600"]);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let container = Made::running(&words);
        let place = ChownPlace::Container { service: "app".to_owned(), id: container.id.clone(), mounts: vec![] };
        run(async {
            let (engine, docker) = engine(root.path()).await;
            chown(&engine, &docker, root.path(), &step(place, &["/app/a"], ME), terms()).await
        })
    });
    let unmounted = Command::new("umount").args(["--lazy", &path]).status().unwrap();
    assert!(unmounted.success(), "umount {path}");
    let error = result.unwrap().unwrap_err().to_string();
    assert!(error.contains("`/app/a` still belongs to 0:0"), "{error}");
}
