//! Looks at real engines and containers: what `probe::docker` sees, how little it asks, and how it survives bad engines.

#![allow(missing_docs, clippy::disallowed_methods, clippy::unwrap_used, reason = "tests make files and start programs")]
#![allow(dead_code, reason = "each test uses a part of what they share")]

mod support {
    pub mod engine;
    pub mod proxy;
}

use std::path::Path;
use std::time::Duration;

use devdoctor::facts::{Container, EngineKind, FileKind, Identity, MountKind, Owner, PathStat, PathWish};
use devdoctor::probe::docker::{DockerLook, EngineOptions, Interest, look};
use devdoctor::project::Project;
use devdoctor::project::compose::{Block, BlockStyle, Compose, Service};
use devdoctor::text::{Span, Spanned};
use support::engine::{Made, as_ordinary_user, docker, image, setting};
use support::proxy::Proxy;
use tokio::time::Instant;

fn person() -> Identity {
    Identity { owner: Owner { uid: 1000, gid: 1000 }, groups: vec![], name: None }
}

/// A project of these services at `root`, and its containers by the labels that Compose writes.
fn project(root: &Path, name: &str) -> Project {
    Project {
        root: root.display().to_string(),
        compose: Some(Compose { name: name.to_owned(), ..Compose::default() }),
        ..Project::default()
    }
}

fn service(name: &str) -> Service {
    let span = Span { path: "compose.yaml".into(), start: 0, end: 0 };
    let block = Block { span: span.clone(), indent: 4, style: BlockStyle::BlockMapping, editable: true };
    Service::new(Spanned::new(name.to_owned(), span), block)
}

fn wish(path: &str, listing: bool) -> PathWish {
    PathWish { path: path.to_owned(), listing }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn look_at(host: &str, project: &Project, wishes: &[PathWish]) -> DockerLook {
    let options = EngineOptions { docker_host: Some(host.to_owned()), ..EngineOptions::default() };
    let paths = |_: &Container| wishes.to_vec();
    let interest = Interest { accounts: &|_| true, paths: &paths };
    run(async { look(&options, project, &person(), None, interest, Instant::now() + Duration::from_secs(10)).await })
}

/// A folder with a Compose project of three services, up; taken down at the end.
struct ThreeServices {
    folder: tempfile::TempDir,
}

impl ThreeServices {
    fn up() -> Self {
        let folder = tempfile::Builder::new().prefix("three-").tempdir().unwrap();
        let (python, busybox, postgres) = (image("PYTHON"), image("BUSYBOX"), image("POSTGRES"));
        let run = setting("DEVDOCTOR_TEST_RUN");
        std::fs::write(
            folder.path().join("compose.yaml"),
            format!(
                "services:
  api: {{image: '{python}', command: [sleep, '600'], user: '1000:1000', volumes: ['.:/app', 'cache:/root/.cache'], tmpfs: ['/scratch'], environment: {{SECRET_KEY: s3cr3tvalue}}, labels: {{devdoctor.test: '{run}'}}, network_mode: none, init: true}}
  worker: {{image: '{python}', command: [sleep, '600'], volumes: ['.:/app'], labels: {{devdoctor.test: '{run}'}}, network_mode: none, init: true}}
  db: {{image: '{postgres}', environment: {{POSTGRES_PASSWORD: pw}}, labels: {{devdoctor.test: '{run}'}}, network_mode: none}}
  helper: {{image: '{busybox}', command: ['true'], labels: {{devdoctor.test: '{run}'}}, network_mode: none}}
volumes: {{cache: {{}}}}
"
            ),
        )
        .unwrap();
        let up = Self { folder };
        up.compose(&["up", "--detach"]);
        up
    }

    fn compose(&self, words: &[&str]) {
        let folder = self.folder.path().display().to_string();
        docker(&[&["compose", "--project-directory", &folder], words].concat());
    }

    fn project(&self) -> Project {
        let name = self.folder.path().file_name().unwrap().to_str().unwrap().to_lowercase();
        project(self.folder.path(), &name)
    }
}

impl Drop for ThreeServices {
    fn drop(&mut self) {
        let folder = self.folder.path().display().to_string();
        let words = ["compose", "--project-directory", &folder, "down", "--volumes", "--timeout", "0"];
        _ = std::process::Command::new("docker").args(words).output();
    }
}

const SOCKET: &str = "/var/run/docker.sock";

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_compose_project_is_seen_whole_and_only_asked() {
    let three = ThreeServices::up();
    let proxy = Proxy::start(Path::new(SOCKET));
    let wishes = ["/root", "/root/.cache/uv", "/home/app/.cache", "/app", "/scratch/x"].map(|path| wish(path, false));
    let wishes = [&wishes[..], &[wish("/root/.cache", true)]].concat();
    let found = look_at(&proxy.url(), &three.project(), &wishes);

    let docker = found.docker.unwrap();
    let services: Vec<_> = docker.containers.iter().map(|container| container.service.as_deref().unwrap()).collect();
    assert_eq!(services, ["api", "db", "helper", "worker"]);
    assert_eq!((docker.kind, docker.local, &docker.uid_map), (EngineKind::Rootful, true, &Ok(vec![])));
    let api = docker.container_of("api").unwrap();
    assert!(api.running && !docker.container_of("helper").unwrap().running);
    assert_eq!((api.user.as_str(), api.environment.get("SECRET_KEY")), ("1000:1000", Some("s3cr3tvalue")));
    let mounts: Vec<_> = api.mounts.iter().map(|mount| (mount.kind, mount.target.as_str(), mount.writable)).collect();
    let expected = [(MountKind::Bind, "/app"), (MountKind::Volume, "/root/.cache"), (MountKind::Tmpfs, "/scratch")];
    assert_eq!(mounts, expected.map(|(kind, target)| (kind, target, true)));
    assert!(api.passwd.as_ref().unwrap().iter().any(|entry| entry.name == "root" && entry.home == "/root"));
    assert_eq!(api.passwd, docker.container_of("worker").unwrap().passwd);
    let root = PathStat { owner: Owner { uid: 0, gid: 0 }, mode: 0o700, kind: FileKind::Directory, links: 1 };
    assert_eq!(api.paths["/root"], Ok(Some(root)));
    assert_eq!(api.paths["/root/.cache/uv"], Ok(None));
    assert_eq!(api.paths["/home/app/.cache"], Ok(None));
    assert!(matches!(api.paths["/home"], Ok(Some(_))), "{:?}", api.paths);
    assert!(api.paths["/scratch/x"].as_ref().unwrap_err().reason.contains("tmpfs"), "{:?}", api.paths);
    assert_eq!(api.listings["/root/.cache"].as_ref().unwrap().entries[0].0, "/root/.cache");
    assert!(docker.images.contains_key(&image("PYTHON")), "{:?}", docker.images.keys());
    let asked = proxy.requests();
    assert!(asked.len() > 10);
    let others: Vec<_> = asked.iter().filter(|line| !line.starts_with("GET ") && !line.starts_with("HEAD ")).collect();
    assert_eq!(others, Vec::<&String>::new());
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn containers_of_another_checkout_with_the_same_name_are_not_ours() {
    let three = ThreeServices::up();
    let mut elsewhere = three.project();
    elsewhere.root = "/somewhere/else".to_owned();
    let found = look_at(&format!("unix://{SOCKET}"), &elsewhere, &[]).docker.unwrap();
    assert_eq!(found.containers, []);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn containers_that_are_stopped_or_have_nothing_in_them_are_seen_too() {
    let name = format!("devdoctor-bare-{}", std::process::id());
    let _bare = Made::created(&["--name", &name, "--volume", "/data", &image("SCRATCH")]);
    let yaml_name = |text: &str| Spanned::new(text.to_owned(), Span { path: "compose.yaml".into(), start: 0, end: 0 });
    let mut project = project(Path::new("/nowhere"), "bare");
    let mut service = service("app");
    service.container_name = Some(yaml_name(&name));
    project.compose.as_mut().unwrap().services.insert("app".to_owned(), service);

    let wishes = [wish("/data", true), wish("/pause", false), wish("/root/.cache", false), wish("/data/../etc", false)];
    let docker = look_at(&format!("unix://{SOCKET}"), &project, &wishes).docker.unwrap();
    let container = docker.container_of("app").unwrap();
    assert!(!container.running);
    assert_eq!((&container.passwd, &container.groups), (&Ok(vec![]), &Ok(vec![])));
    assert_eq!(container.paths["/pause"].clone().unwrap().unwrap().kind, FileKind::File);
    assert_eq!(container.paths["/root/.cache"], Ok(None));
    assert!(matches!(container.paths["/"], Ok(Some(_))));
    assert!(container.paths["/data/../etc"].is_err());
    assert_eq!(container.listings["/data"].as_ref().unwrap().entries.len(), 1);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn long_listings_are_cut_and_the_engine_goes_on() {
    let name = format!("devdoctor-long-{}", std::process::id());
    let fill = "mkdir /full && cd /full && seq 3000 | xargs touch && dd if=/dev/zero of=/big bs=1M count=64; sleep 600";
    let made = Made::running(&["--name", &name, &image("BUSYBOX"), "sh", "-c", fill]);
    while !docker(&["exec", &made.id, "ls", "/"]).contains("big") {
        std::thread::sleep(Duration::from_millis(50));
    }
    let mut project = project(Path::new("/nowhere"), "long");
    let mut service = service("app");
    service.container_name = Some(Spanned::new(name, Span { path: "compose.yaml".into(), start: 0, end: 0 }));
    project.compose.as_mut().unwrap().services.insert("app".to_owned(), service);
    for _ in 0..5 {
        let wishes = [wish("/full", true), wish("/", true)];
        let docker = look_at(&format!("unix://{SOCKET}"), &project, &wishes).docker.unwrap();
        let container = docker.container_of("app").unwrap();
        let full = container.listings["/full"].as_ref().unwrap();
        assert_eq!((full.entries.len(), full.cut_short), (2000, true));
        let all = container.listings["/"].as_ref().unwrap();
        assert!(all.cut_short && all.entries.len() < 2001);
    }
    // A look that was dropped half-way must not hold the container.
    docker(&["rm", "--force", &made.id]);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_person_of_the_group_sees_what_root_sees() {
    as_ordinary_user("a_person_of_the_group_sees_what_root_sees", false, || {
        let found = look_at(&format!("unix://{SOCKET}"), &project(Path::new("/"), "none"), &[]);
        assert_eq!(found.tried[0].answer.as_deref(), Ok(found.docker.unwrap().version.as_str()));
    });
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn three_services_take_few_looks() {
    let three = ThreeServices::up();
    let wishes = ["/root", "/root/.cache", "/root/.cache/uv"].map(|path| wish(path, false));
    let proxy = Proxy::start(Path::new(SOCKET));
    let mut times = vec![];
    for _ in 0..5 {
        let started = std::time::Instant::now();
        look_at(&proxy.url(), &three.project(), &wishes).docker.unwrap();
        times.push(started.elapsed());
    }
    times.sort();
    println!("three services and a helper that ended: {times:?}");
    // An engine of 2021 starts a process for each look into a container, 40 ms of its own time: so their number counts.
    let looks = proxy.requests().iter().filter(|line| line.starts_with("GET ") && line.contains("/archive")).count();
    // The accounts of three images, and one home for each of four containers.
    assert_eq!(looks, 5 * (3 + 4));
}
