//! Chown through engines that give a helper little: no image, one of another machine's kind, no place to run from, no start.
//! Each is a clear outcome, and no helper is left.

#![allow(missing_docs, clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make files and start programs")]
#![allow(dead_code, reason = "each test uses a part of what they share")]

mod support {
    pub mod engine;
    pub mod engines;
}

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use devdoctor::facts::{Container, Docker, Identity, Owner, SeenPath};
use devdoctor::fix::apply::chown::Terms;
use devdoctor::fix::apply::engine::{EngineError, chown};
use devdoctor::fix::{Chown, ChownPlace};
use devdoctor::probe::docker::{DockerLook, Engine, EngineOptions, Interest, look};
use devdoctor::project::Project;
use support::engine::{docker, image, program};
use support::engines::OwnEngine;

const ME: Owner = Owner { uid: 1001, gid: 1001 };

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

async fn looked(url: &str) -> (Engine, Docker) {
    let options = EngineOptions { docker_host: Some(url.to_owned()), ..EngineOptions::default() };
    let person = Identity { owner: ME, groups: vec![], name: None };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    let nothing = |_: &Container| vec![];
    let interest = Interest { accounts: &|_| true, paths: &nothing };
    let found = look(&options, &Project::default(), &person, None, interest, deadline).await;
    let DockerLook { docker: Ok(docker), engine: Some(engine), .. } = found else { panic!("{found:?}") };
    (engine, docker)
}

/// A new file of root's, and whether the engine gave it to the person.
fn given(engine: &OwnEngine, root: &Path, name: &str) -> Result<usize, EngineError> {
    let path = root.join(name);
    std::fs::write(&path, "").unwrap();
    let paths = vec![(SeenPath(name.into()), Owner { uid: 0, gid: 0 })];
    let step = Chown { place: ChownPlace::Project, paths, to: ME, direct: false };
    let terms = Terms { program: Some(program()), ..Terms::default() };
    let answer = run(async {
        let (connection, docker) = looked(&engine.url()).await;
        chown(&connection, &docker, root, &step, terms).await
    });
    let owner = std::fs::symlink_metadata(&path).unwrap().uid();
    assert_eq!(owner, if answer.is_ok() { ME.uid } else { 0 }, "{answer:?}");
    assert_eq!(engine.docker(&["ps", "--all", "--quiet"]), "", "no helper is left");
    assert_eq!(engine.docker(&["volume", "ls", "--quiet"]), "", "nor what it came with");
    answer
}

/// An archive of the smallest image, which says that it is for another machine, and of somebody who is not root.
fn of_another_machine(engine: &OwnEngine) -> String {
    let at = |name: &str| engine.folder().join(name).display().to_string();
    docker(&["save", "--output", &at("image.tar"), &image("BUSYBOX")]);
    let script = "
import json, os, subprocess
os.mkdir('image')
subprocess.run(['tar', '-xf', 'image.tar', '-C', 'image'], check=True)
config = os.path.join('image', json.load(open('image/manifest.json'))[0]['Config'])
content = json.load(open(config))
content['architecture'] = 'arm64'
content['config'] |= {'User': '1234:1234', 'Entrypoint': ['/nowhere'], 'Env': ['LD_PRELOAD=/nowhere.so'], 'WorkingDir': '/nowhere'}
os.chmod(config, 0o644)
json.dump(content, open(config, 'w'))
subprocess.run(['tar', '-cf', 'other.tar', '-C', 'image', '.'], check=True)";
    let made = Command::new("python3").args(["-c", script]).current_dir(engine.folder()).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    at("other.tar")
}

/// A mount that is taken away at the end.
struct Mount(PathBuf);

impl Mount {
    /// Nothing may be run from this folder.
    fn without_programs(folder: PathBuf) -> Self {
        let mount = |words: &[&str]| {
            let done = Command::new("mount").args(words).arg(&folder).output().unwrap();
            assert!(done.status.success(), "{done:?}");
        };
        mount(&["--bind", folder.to_str().unwrap()]);
        let made = Self(folder.clone());
        mount(&["-o", "remount,bind,noexec"]);
        made
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn an_engine_that_gives_a_helper_little_is_a_clear_outcome() {
    let engine = OwnEngine::ordinary();
    let root = engine.folder().canonicalize().unwrap().join("project");
    std::fs::create_dir(&root).unwrap();

    engine.docker(&["image", "rm", &image("BUSYBOX")]);
    assert_eq!(given(&engine, &root, "without-image"), Err(EngineError::NoImage));

    // Nothing of an image is run, so that its machine's kind does not matter: this one is for another.
    let archive = of_another_machine(&engine);
    engine.docker(&["load", "--input", &archive]);
    let kind = engine.docker(&["image", "inspect", "--format", "{{.Architecture}}", &image("BUSYBOX")]);
    assert_eq!(kind, "arm64");
    let user = engine.docker(&["image", "inspect", "--format", "{{.Config.User}}", &image("BUSYBOX")]);
    assert_eq!(user, "1234:1234");
    assert_eq!(given(&engine, &root, "with-an-image-of-another-machine"), Ok(1));

    let sealed = Mount::without_programs(engine.folder().join("data/volumes"));
    let refused = given(&engine, &root, "without-programs").unwrap_err();
    assert!(matches!(&refused, EngineError::NoStart(words) if words.contains("permission denied")), "{refused:?}");
    drop(sealed);
    assert_eq!(given(&engine, &root, "with-programs-again"), Ok(1));

    engine.configure(r#"{"runtimes": {"broken": {"path": "/bin/false"}}, "default-runtime": "broken"}"#);
    let refused = given(&engine, &root, "without-start").unwrap_err();
    assert!(matches!(&refused, EngineError::NoStart(words) if words.contains("OCI runtime")), "{refused:?}");
    let words = refused.to_string();
    assert!(words.starts_with("devdoctor does not run in a helper container of this engine: "), "{words}");
}
