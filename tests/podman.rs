//! Podman, of root and of the ordinary user: what is seen of it, whose files come out on the host, and that they come back.

#![allow(missing_docs, clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make files and start programs")]
#![allow(dead_code, reason = "each test uses a part of what they share")]

mod support {
    pub mod engine;
    pub mod engines;
    pub mod model;
}

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown as give};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use devdoctor::access::IdMaps;
use devdoctor::facts::{Container, Docker, EngineKind, IdRange, Identity, Owner, PathWish, SeenPath};
use devdoctor::fix::apply::chown::Terms;
use devdoctor::fix::apply::engine::{EngineError, chown};
use devdoctor::fix::{Chown, ChownPlace};
use devdoctor::probe::docker::{DockerLook, Engine, EngineOptions, Interest, look};
use devdoctor::project::Project;
use support::engine::{image, program, run_label, setting};
use support::engines::OwnEngine;
use support::model::{DIRECTORY, ME, the_kernel_does_as_the_model_says, the_kernel_does_so};

/// The first number of a user's line in `/etc/subuid`.
fn subuid(name: &str) -> u32 {
    let text = std::fs::read_to_string("/etc/subuid").unwrap();
    let line = text.lines().find(|line| line.starts_with(&format!("{name}:"))).unwrap();
    line.split(':').nth(1).unwrap().parse().unwrap()
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Podman's own client: the docker CLI does not know all that Podman takes.
fn podman(engine: &OwnEngine, words: &[&str]) -> String {
    let mut command = Command::new("podman");
    let output = command.args(["--url", &engine.url()]).args(words).current_dir("/").output().unwrap();
    assert!(output.status.success(), "podman {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Looks at the engine and, in the containers of a project, at these paths; a path that ends with a slash is listed.
async fn looked(engine: &OwnEngine, root: &Path, paths: &[&str]) -> (Engine, Docker) {
    let options = EngineOptions { docker_host: Some(engine.url()), ..EngineOptions::default() };
    let person = Identity { owner: ME, groups: vec![], name: None };
    let project = Project { root: root.display().to_string(), ..Project::default() };
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    let wish = |path: &&str| PathWish { path: (*path).to_owned(), listing: false };
    let wishes = |_: &Container| paths.iter().map(wish).collect();
    let interest = Interest { accounts: &|_| true, paths: &wishes };
    let found = look(&options, &project, &person, None, interest, deadline).await;
    let DockerLook { docker: Ok(docker), engine: Some(engine), .. } = found else { panic!("{found:?}") };
    (engine, docker)
}

/// A folder of the ordinary user's that everybody may fill.
fn project(engine: &OwnEngine) -> PathBuf {
    let root = engine.folder().canonicalize().unwrap().join("project");
    std::fs::create_dir(&root).unwrap();
    give(&root, Some(ME.uid), Some(ME.gid)).unwrap();
    std::fs::set_permissions(&root, PermissionsExt::from_mode(0o777)).unwrap();
    root
}

/// A container of the project with the project at `/w` and a volume at `/v`, in which a script runs, and then nothing.
fn container(engine: &OwnEngine, root: &Path, name: &str, options: &[&str], script: &str) -> String {
    let (label, directory) = (run_label(), format!("{DIRECTORY}={}", root.display()));
    let (mount, volume) = (format!("{}:/w", root.display()), format!("{name}:/v"));
    let mut words = vec!["run", "--detach", "--network", "none", "--label", &label, "--label", &directory];
    words.extend(["--name", name, "--volume", &mount, "--volume", &volume]);
    words.extend(options);
    let (script, image) = (format!("{script}; : >/tmp/done; exec sleep 600"), image("BUSYBOX"));
    words.extend([&image, "sh", "-c", &script]);
    let id = podman(engine, &words);
    let done = "until [ -e /tmp/done ]; do usleep 20000; done";
    engine.docker(&["exec", &id, "sh", "-c", done]);
    id
}

fn owner(path: &Path) -> Owner {
    let seen = std::fs::symlink_metadata(path).unwrap();
    Owner { uid: seen.uid(), gid: seen.gid() }
}

/// The program that works in helpers: these tests are none.
fn terms() -> Terms<'static> {
    Terms { program: Some(program()), ..Terms::default() }
}

fn rootless_map() -> Vec<IdRange> {
    let start = subuid(&setting("DEVDOCTOR_TEST_USER"));
    [(0, ME.uid, 1), (1, start, 65_536)].map(|(inside, outside, count)| IdRange { inside, outside, count }).to_vec()
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn on_podman_of_root_the_model_is_right() {
    let own = OwnEngine::podman();
    let folder = own.folder().canonicalize().unwrap();
    let numbers = [0, 1000, 2000, 3000, 3001, 4000];
    the_kernel_does_as_the_model_says(&own.url(), &folder, &numbers, EngineKind::Podman, 25);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn on_podman_of_a_user_the_model_is_right() {
    let own = OwnEngine::rootless_podman();
    let start = subuid(&setting("DEVDOCTOR_TEST_USER")) - 1;
    let numbers = [0, 1000, ME.uid, start + 1000, start + 2000, start + 3000, start + 3001, start + 4000];
    let folder = own.folder().canonicalize().unwrap();
    the_kernel_does_as_the_model_says(&own.url(), &folder, &numbers, EngineKind::Podman, 25);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn in_containers_that_keep_the_users_number_the_model_is_right() {
    let own = OwnEngine::rootless_podman();
    let start = subuid(&setting("DEVDOCTOR_TEST_USER"));
    let numbers = [0, 1000, ME.uid, start, start + 1000, start + 2000, start + 3000, start + 3001, start + 4000];
    let folder = own.folder().canonicalize().unwrap();
    let create = |words: &[&str]| {
        // Podman's client takes no empty user for the image's.
        let words: Vec<&str> = words.iter().map(|word| if word.is_empty() { "1001:1001" } else { word }).collect();
        podman(&own, &[&[words[0], "--userns", "keep-id"], &words[1..]].concat())
    };
    the_kernel_does_so(&own.url(), &folder, &numbers, EngineKind::Podman, 30, &create);
}

/// Paths, in the container's own layer, in a bind and in a volume.
const PATHS: [&str; 8] = ["/etc/passwd", "/home/app", "/own/closed", "/own/link", "/w", "/w/by-api", "/v", "/v/file"];

/// What the containers themselves see of the paths.
fn seen_within(engine: &OwnEngine, id: &str) -> Vec<String> {
    let script = format!("stat -c '%u:%g %04a' {}", PATHS.join(" "));
    engine
        .docker(&["exec", "--user", "0", id, "sh", "-c", &script])
        .lines()
        .map(|line| line.replace(" 0", " "))
        .collect()
}

fn owners_are_what_containers_see(engine: &OwnEngine, options: &[(&str, &[&str])]) {
    let root = project(engine);
    let script = "cd /own 2>/dev/null; touch /w/by-$0; echo x > /v/file; chmod 640 /v/file";
    let mut expected = vec![];
    for (name, options) in options {
        let script = script.replace("$0", name);
        let id = container(engine, &root, name, options, &script);
        let setup = "mkdir -p /own/closed; chown 7:8 /own/closed; chmod 2750 /own/closed; ln -sf / /own/link; \
            chown -h 9:9 /own/link; touch /w/by-api";
        engine.docker(&["exec", "--user", "0", &id, "sh", "-c", setup]);
        expected.push((id.clone(), seen_within(engine, &id)));
    }
    for stopped in [false, true] {
        if stopped {
            for (id, _) in &expected {
                engine.docker(&["kill", id]);
            }
        }
        let (_, docker) = run(looked(engine, &root, &PATHS));
        assert_eq!(docker.kind, EngineKind::Podman);
        for (id, expected) in &expected {
            let container = docker.containers.iter().find(|container| container.id == *id).unwrap();
            for (path, expected) in PATHS.iter().zip(expected) {
                let seen = container.paths[*path].as_ref();
                // Whose the layers of a container with a map of its own are, only its process shows.
                let own_layer = !path.starts_with("/v") && !path.starts_with("/w");
                if stopped && own_layer && container.userns_mode.starts_with("private") {
                    assert!(seen.unwrap_err().reason.contains("cannot be told"), "{path}: {seen:?}");
                } else {
                    let seen = seen.unwrap().unwrap().to_string().replace(" 0", " ");
                    // Of a link only the owner counts.
                    let (seen, expected) = if path.ends_with("link") {
                        (seen.split(' ').next().unwrap(), expected.split(' ').next().unwrap())
                    } else {
                        (seen.as_str(), expected.as_str())
                    };
                    assert_eq!(seen, expected, "{} {path}, stopped {stopped}", container.name);
                }
            }
        }
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn owners_in_containers_of_root_are_what_they_see_themselves() {
    let options: [(&str, &[&str]); 2] = [("api", &["--user", "1000:1000"]), ("web", &[])];
    owners_are_what_containers_see(&OwnEngine::podman(), &options);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn owners_in_containers_of_a_user_are_what_they_see_themselves() {
    let options: [(&str, &[&str]); 3] =
        [("api", &["--user", "1000:1000"]), ("web", &[]), ("kept", &["--userns", "keep-id"])];
    owners_are_what_containers_see(&OwnEngine::rootless_podman(), &options);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn the_commands_find_and_repair_on_podman_and_take_it_back() {
    let engine = OwnEngine::rootless_podman();
    let root = project(&engine);
    std::fs::write(
        root.join("compose.yaml"),
        "services:\n  api:\n    image: x\n    volumes: [\".:/w\", \"api:/v\"]\n  \
        kept:\n    image: x\n    userns_mode: keep-id\n    volumes: [\".:/w\"]\nvolumes: {api: {}}\n",
    )
    .unwrap();
    give(root.join("compose.yaml"), Some(ME.uid), Some(ME.gid)).unwrap();
    std::fs::copy(program(), engine.folder().join("devdoctor")).unwrap();
    let service = |name: &str, options: &[&str], script: &str| {
        let labels = ["project=project", "container-number=1", &format!("service={name}")]
            .map(|label| format!("com.docker.compose.{label}"));
        let labels = labels.iter().flat_map(|label| ["--label", label.as_str()]);
        let options: Vec<&str> = options.iter().copied().chain(labels).collect();
        container(&engine, &root, name, &options, script);
    };
    service("api", &["--user", "1000:1000"], "mkdir /w/deep; touch /w/deep/made");
    service("kept", &["--userns", "keep-id"], ":");
    let doctor = |words: &[&str]| {
        let mut command = Command::new("setpriv");
        command.args(["--reuid", &ME.uid.to_string(), "--regid", &ME.gid.to_string(), "--clear-groups", "--"]);
        command.arg(engine.folder().join("devdoctor")).args(words).current_dir(&root).env_clear();
        command.env("DOCKER_HOST", engine.url()).env("HOME", engine.folder().join("home")).env("PATH", "/usr/bin:/bin");
        let output = command.stdin(std::process::Stdio::null()).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        format!("{:?}\n{}{}", output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let theirs = owner(&root.join("deep/made"));
    assert_eq!(theirs.uid, subuid(&setting("DEVDOCTOR_TEST_USER")) + 999);
    // Podman thinks long on a busy machine.
    let found = doctor(&["check", "--timeout", "60", "--only", "ownership"]);
    assert!(found.starts_with("Some(1)\nproject · Podman 4.3.1, rootless · you are 1001:1001\n"), "{found}");
    assert!(found.contains("error[ownership-foreign-files]: 2 files and folders in `deep` belong to user "), "{found}");
    assert!(found.contains("safe, through the engine, can be undone"), "{found}");
    let fixed = doctor(&["fix", "--yes", "--timeout", "60", "--only", "ownership"]);
    assert!(fixed.contains("done: gave 2 paths to 1001:1001"), "{fixed}");
    assert_eq!([owner(&root.join("deep")), owner(&root.join("deep/made"))], [ME; 2], "{fixed}");
    let undone = doctor(&["undo"]);
    assert_eq!([owner(&root.join("deep")), owner(&root.join("deep/made"))], [theirs; 2], "{undone}");
    assert_eq!(engine.docker(&["ps", "--all", "--quiet"]).lines().count(), 2, "no helper is left");
    // Each container's own map says who is the person there.
    for (name, number) in [("api", "0"), ("kept", "1001")] {
        let script = format!("id -u; touch /w/of-{name}");
        let done = doctor(&["exec", "--timeout", "60", name, "--", "sh", "-c", &script]);
        assert_eq!(done, format!("Some(0)\n{number}\n"), "{name}");
        assert_eq!(owner(&root.join(format!("of-{name}"))), ME, "{name}");
    }
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_podman_of_root_leaves_comes_back() {
    let engine = OwnEngine::podman();
    let root = project(&engine);
    container(&engine, &root, "web", &[], "touch /w/by-root; mkdir /own; touch /own/x /v/x");
    run(async {
        let (connection, docker) = looked(&engine, &root, &[]).await;
        assert_eq!((docker.uid_map.clone(), docker.gid_map.clone()), (Ok(vec![]), Ok(vec![])));
        let (file, was) = (root.join("by-root"), Owner { uid: 0, gid: 0 });
        assert_eq!(owner(&file), was);
        let step =
            |place, path: &str, was, to| Chown { place, paths: vec![(SeenPath(path.into()), was)], to, direct: false };
        let project = step(ChownPlace::Project, "by-root", was, ME);
        assert_eq!(chown(&connection, &docker, &root, &project, terms()).await, Ok(1));
        assert_eq!(owner(&file), ME);
        // In a volume, and in the container's own layer.
        for path in ["/v/x", "/own/x"] {
            let paths = [(SeenPath(path.into()), was)];
            let place = ChownPlace::in_container("web", &docker.containers[0], &paths);
            assert_eq!(chown(&connection, &docker, &root, &step(place, path, was, ME), terms()).await, Ok(1), "{path}");
        }
    });
    assert_eq!(engine.docker(&["exec", "web", "stat", "-c", "%u:%g", "/v/x", "/own/x"]), "1001:1001\n1001:1001");
    assert_eq!(engine.docker(&["ps", "--all", "--format", "{{.Names}}"]), "web", "no helper is left");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_podman_of_a_user_leaves_comes_back() {
    let engine = OwnEngine::rootless_podman();
    let root = project(&engine);
    let start = subuid(&setting("DEVDOCTOR_TEST_USER"));
    let theirs = Owner { uid: start + 999, gid: start + 999 };
    container(&engine, &root, "api", &["--user", "1000:1000"], "touch /w/by-app");
    container(&engine, &root, "kept", &["--userns", "keep-id", "--user", "0:0"], "touch /v/x /w/by-kept");
    run(async {
        let (connection, docker) = looked(&engine, &root, &[]).await;
        assert_eq!((docker.uid_map.clone(), docker.gid_map.clone()), (Ok(rootless_map()), Ok(rootless_map())));
        assert_eq!(owner(&root.join("by-app")), theirs);
        let paths = ["by-app", "by-kept"].map(|name| (SeenPath(name.into()), owner(&root.join(name)))).to_vec();
        let step = Chown { place: ChownPlace::Project, paths, to: ME, direct: false };
        assert_eq!(chown(&connection, &docker, &root, &step, terms()).await, Ok(2));
        assert_eq!([owner(&root.join("by-app")), owner(&root.join("by-kept"))], [ME; 2]);
        let back = Chown { paths: vec![(SeenPath("by-app".into()), ME)], to: theirs, ..step.clone() };
        assert_eq!(chown(&connection, &docker, &root, &back, terms()).await, Ok(1));
        let stranger = Owner { uid: 4_000_000, gid: 4_000_000 };
        let nobodys = Chown { to: stranger, ..back };
        let refused = chown(&connection, &docker, &root, &nobodys, terms()).await;
        assert_eq!(refused, Err(EngineError::NoNumber(stranger)));
        // The numbers of a container with a map of its own.
        let kept = docker.containers.iter().find(|container| container.name == "kept").unwrap();
        let maps = IdMaps::of(&docker, &kept.userns_mode).unwrap();
        assert_eq!(maps.to_container(ME), Some(ME), "{kept:?}");
        let paths = vec![(SeenPath("/v/x".into()), Owner { uid: 0, gid: 0 })];
        let place = ChownPlace::in_container("kept", kept, &paths);
        let step = Chown { place, paths, to: ME, direct: false };
        assert_eq!(chown(&connection, &docker, &root, &step, terms()).await, Ok(1));
        assert_eq!(engine.docker(&["exec", "kept", "stat", "-c", "%u:%g", "/v/x"]), "1001:1001");
        let again = chown(&connection, &docker, &root, &step, terms()).await;
        assert_eq!(again, Ok(0), "it is theirs already");
    });
    let left = engine.docker(&["ps", "--all", "--format", "{{.Names}}"]);
    assert!(left == "kept\napi" || left == "api\nkept", "no helper is left: {left}");
}
