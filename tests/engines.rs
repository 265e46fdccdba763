//! Engines that shift user numbers: what is seen of them, and that owners come out right on the host.

#![allow(missing_docs, clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make files and start programs")]
#![allow(dead_code, reason = "each test uses a part of what they share")]

mod support {
    pub mod engine;
    pub mod engines;
    pub mod model;
}

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown as give};
use std::path::{Path, PathBuf};
use std::time::Duration;

use devdoctor::facts::{Container, Docker, EngineKind, IdRange, Identity, Owner, SeenPath};
use devdoctor::fix::apply::chown::Terms;
use devdoctor::fix::apply::engine::{EngineError, chown};
use devdoctor::fix::{Chown, ChownPlace};
use devdoctor::probe::docker::{DockerLook, Engine, EngineOptions, Interest, look};
use devdoctor::project::Project;
use support::engine::{Made, image, program, setting};
use support::engines::OwnEngine;
use support::model::{DIRECTORY, ME, looked_at, the_kernel_does_as_the_model_says};

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

async fn looked(url: &str) -> (Engine, Docker) {
    let options = EngineOptions { docker_host: Some(url.to_owned()), ..EngineOptions::default() };
    let person = Identity { owner: ME, groups: vec![], name: None };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    let nothing = |_: &Container| vec![];
    let interest = Interest { accounts: &|_| true, paths: &nothing };
    let found = look(&options, &Project::default(), &person, None, interest, deadline).await;
    let DockerLook { docker: Ok(docker), engine: Some(engine), .. } = found else { panic!("{found:?}") };
    (engine, docker)
}

/// A folder of the ordinary user's in which containers of two users leave a file each.
fn soiled(engine: &OwnEngine) -> PathBuf {
    let root = engine.folder().join("project");
    std::fs::create_dir(&root).unwrap();
    give(&root, Some(ME.uid), Some(ME.gid)).unwrap();
    std::fs::set_permissions(&root, PermissionsExt::from_mode(0o777)).unwrap();
    let mount = format!("{}:/w", root.display());
    for (user, name) in [("0", "by-root"), ("1000", "by-app")] {
        let words = ["run", "--rm", "--network", "none", "--user", user, "--volume", &mount, &image("BUSYBOX")];
        engine.docker(&[&words[..], &["touch", &format!("/w/{name}")]].concat());
    }
    root
}

/// The program that works in helpers: these tests are none.
fn terms() -> Terms<'static> {
    Terms { program: Some(program()), ..Terms::default() }
}

fn owner(root: &Path, name: &str) -> u32 {
    std::fs::symlink_metadata(root.join(name)).unwrap().uid()
}

fn step(root: &Path, names: &[&str], to: Owner) -> Chown {
    let owner = |name: &str| {
        let seen = std::fs::symlink_metadata(root.join(name)).unwrap();
        Owner { uid: seen.uid(), gid: seen.gid() }
    };
    let paths = names.iter().map(|name| (SeenPath((*name).into()), owner(name))).collect();
    Chown { place: ChownPlace::Project, paths, to, direct: false }
}

/// The first number of a user's line in `/etc/subuid`.
fn subuid(name: &str) -> u32 {
    let text = std::fs::read_to_string("/etc/subuid").unwrap();
    let line = text.lines().find(|line| line.starts_with(&format!("{name}:"))).unwrap();
    line.split(':').nth(1).unwrap().parse().unwrap()
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn behind_a_remapping_engine_files_come_back_to_their_owner() {
    let own = OwnEngine::remapping();
    let start = subuid("dockremap");
    let root = soiled(&own);
    assert_eq!((owner(&root, "by-root"), owner(&root, "by-app")), (start, start + 1000));
    std::fs::write(root.join("by-host-root"), "").unwrap();
    run(async {
        let (engine, docker) = looked(&own.url()).await;
        assert_eq!(docker.kind, EngineKind::UsernsRemap);
        assert_eq!(docker.uid_map, Ok(vec![IdRange { inside: 0, outside: start, count: 65536 }]));
        chown(&engine, &docker, &root, &step(&root, &["by-root", "by-app", "by-host-root"], ME), terms())
            .await
            .unwrap();
    });
    for name in ["by-root", "by-app", "by-host-root"] {
        assert_eq!(owner(&root, name), ME.uid, "{name}");
    }
    assert_eq!(own.docker(&["ps", "--all", "--quiet"]), "");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn behind_a_rootless_engine_root_is_the_user_and_the_others_come_back() {
    let own = OwnEngine::rootless();
    assert_eq!(setting("DEVDOCTOR_TEST_UID"), ME.uid.to_string());
    let start = subuid(&setting("DEVDOCTOR_TEST_USER"));
    let root = soiled(&own);
    assert_eq!((owner(&root, "by-root"), owner(&root, "by-app")), (ME.uid, start + 999));
    run(async {
        let (engine, docker) = looked(&own.url()).await;
        assert_eq!(docker.kind, EngineKind::Rootless);
        let first = IdRange { inside: 0, outside: ME.uid, count: 1 };
        let second = IdRange { inside: 1, outside: start, count: 65536 };
        assert_eq!(
            (docker.uid_map.as_ref(), docker.gid_map.as_ref()),
            (Ok(&vec![first, second]), Ok(&vec![first, second]))
        );
        chown(&engine, &docker, &root, &step(&root, &["by-app"], ME), terms()).await.unwrap();
        assert_eq!(owner(&root, "by-app"), ME.uid);
        // And back, as undo does.
        let before = Owner { uid: start + 999, gid: start + 999 };
        chown(&engine, &docker, &root, &step(&root, &["by-app"], before), terms()).await.unwrap();
        let stranger = Owner { uid: 4_000_000, gid: 4_000_000 };
        let error = chown(&engine, &docker, &root, &step(&root, &["by-app"], stranger), terms()).await.unwrap_err();
        assert_eq!(error, EngineError::NoNumber(stranger));
    });
    assert_eq!(owner(&root, "by-app"), start + 999);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_project_behind_a_link_is_the_same_project() {
    let folder = tempfile::tempdir().unwrap();
    let (real, link) = (folder.path().canonicalize().unwrap().join("real"), folder.path().join("link"));
    std::fs::create_dir(&real).unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let label = format!("{DIRECTORY}={}", link.display());
    let mount = format!("{}/src:/app", link.display());
    let _made = Made::created(&["--label", &label, "--volume", &mount, "--user", "app", &image("BUSYBOX")]);
    let project = Project { root: real.display().to_string(), ..Project::default() };
    let docker = run(looked_at("unix:///var/run/docker.sock", &project));
    let [container] = &docker.containers[..] else { panic!("{docker:?}") };
    assert_eq!(container.mounts[0].source, format!("{}/src", real.display()));
    assert!(container.passwd.is_ok(), "{container:?}");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn on_an_engine_of_root_the_model_is_right() {
    let folder = tempfile::Builder::new().permissions(PermissionsExt::from_mode(0o755)).tempdir().unwrap();
    let folder = folder.path().canonicalize().unwrap();
    let numbers = [0, 1000, 2000, 3000, 3001, 4000];
    the_kernel_does_as_the_model_says("unix:///var/run/docker.sock", &folder, &numbers, EngineKind::Rootful, 12);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn on_a_remapping_engine_the_model_is_right() {
    let own = OwnEngine::remapping();
    let start = subuid("dockremap");
    let numbers = [0, 1000, 1001, start, start + 1000, start + 2000, start + 3000, start + 3001, start + 4000];
    let folder = own.folder().canonicalize().unwrap();
    the_kernel_does_as_the_model_says(&own.url(), &folder, &numbers, EngineKind::UsernsRemap, 20);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn on_a_rootless_engine_the_model_is_right() {
    let own = OwnEngine::rootless();
    let start = subuid(&setting("DEVDOCTOR_TEST_USER")) - 1;
    let numbers = [0, 1000, ME.uid, start + 1000, start + 2000, start + 3000, start + 3001, start + 4000];
    let folder = own.folder().canonicalize().unwrap();
    the_kernel_does_as_the_model_says(&own.url(), &folder, &numbers, EngineKind::Rootless, 20);
}
