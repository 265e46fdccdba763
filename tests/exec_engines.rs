//! `devdoctor exec` behind engines that shift user numbers: what the command writes belongs to the person, or it is refused.

#![allow(missing_docs, clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make files and start programs")]
#![allow(dead_code, reason = "each test uses a part of what they share")]

mod support {
    pub mod engine;
    pub mod engines;
}

use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use support::engine::{image, setting};
use support::engines::OwnEngine;

/// A project of the ordinary user with a running container of its service `api`, as Compose labels it.
fn project(engine: &OwnEngine, options: &[&str]) -> PathBuf {
    let root = engine.folder().join("shop");
    std::fs::create_dir(&root).unwrap();
    std::fs::write(root.join("compose.yaml"), "services:\n  api:\n    image: x\n    volumes: [\".:/app\"]\n").unwrap();
    let id = |name: &str| Some(setting(name).parse().unwrap());
    for path in [&root, &root.join("compose.yaml")] {
        chown(path, id("DEVDOCTOR_TEST_UID"), id("DEVDOCTOR_TEST_GID")).unwrap();
    }
    std::fs::copy(env!("CARGO_BIN_EXE_devdoctor"), engine.folder().join("devdoctor")).unwrap();
    let labels = [
        "com.docker.compose.project=shop".to_owned(),
        "com.docker.compose.service=api".to_owned(),
        "com.docker.compose.container-number=1".to_owned(),
        format!("com.docker.compose.project.working_dir={}", root.display()),
    ];
    let mount = format!("{}:/app", root.display());
    let mut words = vec!["run", "--detach", "--network", "none", "--name", "shop-api-1", "--volume", &mount];
    words.extend(labels.iter().flat_map(|label| ["--label", label]));
    words.extend(options);
    let image = image("BUSYBOX");
    words.extend([&image, "sleep", "600"]);
    engine.docker(&words);
    root
}

fn run(engine: &OwnEngine, root: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new("setpriv");
    command.args(["--reuid", &setting("DEVDOCTOR_TEST_UID"), "--regid", &setting("DEVDOCTOR_TEST_GID")]);
    command.args(["--init-groups", "--"]).arg(engine.folder().join("devdoctor")).arg("exec").args(arguments);
    command.env_clear().env("PATH", "/usr/bin:/bin").env("DOCKER_HOST", engine.url()).current_dir(root);
    command.stdin(std::process::Stdio::null()).output().unwrap()
}

fn said(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    format!("{:?}\n{}{}", output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn owner(path: &Path) -> String {
    std::fs::symlink_metadata(path).unwrap().uid().to_string()
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn behind_a_rootless_engine_the_command_is_root_there_and_the_person_here() {
    let engine = OwnEngine::rootless();
    let root = project(&engine, &["--user", "1000:1000"]);
    let done = run(&engine, &root, &["api", "--", "sh", "-c", "id -u; pwd; touch made; touch ~/x && echo $HOME"]);
    assert_eq!(said(&done), "Some(0)\n0\n/app\n/root\n");
    assert_eq!(owner(&root.join("made")), setting("DEVDOCTOR_TEST_UID"));
    // A signal reaches a process of that engine as well.
    let ended = run(&engine, &root, &["api", "--", "sh", "-c", "kill -TERM $$"]);
    assert_eq!(ended.status.code(), Some(143), "{}", said(&ended));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn behind_a_remapping_engine_nobody_is_the_person_and_that_is_said() {
    let engine = OwnEngine::remapping();
    let root = project(&engine, &[]);
    let refused = run(&engine, &root, &["api", "true"]);
    let words = said(&refused);
    assert!(
        words.starts_with("Some(125)\nerror: no user of `shop-api-1` is you: the engine maps its users to "),
        "{words}"
    );
    assert!(words.contains("\nhelp: name a user of the container with `--user`"), "{words}");
    assert_eq!(said(&run(&engine, &root, &["-u", "0", "api", "id", "-u"])), "Some(0)\n0\n");
    // A container outside the map is as everywhere.
    engine.docker(&["rm", "--force", "shop-api-1"]);
    std::fs::remove_dir_all(&root).unwrap();
    let root = project(&engine, &["--userns", "host"]);
    assert_eq!(
        said(&run(&engine, &root, &["api", "id", "-u"])),
        format!("Some(0)\n{}\n", setting("DEVDOCTOR_TEST_UID"))
    );
}
