//! Gives files away through the engine, as tests ask for it.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use devdoctor::facts::{Container, Docker, Identity, Owner, SeenPath};
use devdoctor::fix::apply::chown::Terms;
use devdoctor::fix::{Chown, ChownPlace};
use devdoctor::probe::docker::{DockerLook, Engine, EngineOptions, Interest, look};
use devdoctor::project::Project;
use devdoctor::project::compose::Compose;

use super::engine::program;

/// The ordinary user.
pub const ME: Owner = Owner { uid: 1001, gid: 1001 };
/// Who soils projects.
pub const ROOT: Owner = Owner { uid: 0, gid: 0 };

/// Does what waits for the engine.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// The engine and the containers that carry Compose's labels for `root`.
pub async fn engine(root: &Path) -> (Engine, Docker) {
    let person = Identity { owner: ME, groups: vec![], name: None };
    let project = Project {
        root: root.display().to_string(),
        compose: Some(Compose { name: "chown".to_owned(), ..Compose::default() }),
        ..Project::default()
    };
    let nothing = |_: &Container| vec![];
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    let found = look(
        &EngineOptions::default(),
        &project,
        &person,
        None,
        Interest { accounts: &|_| true, paths: &nothing },
        deadline,
    )
    .await;
    let DockerLook { docker: Ok(docker), engine: Some(engine), .. } = found else { panic!("{found:?}") };
    (engine, docker)
}

/// A step that gives paths of root's away.
pub fn step(place: ChownPlace, names: &[&str], to: Owner) -> Chown {
    step_from(ROOT, place, names, to)
}

/// A step that gives paths away which somebody else has.
pub fn step_from(was: Owner, place: ChownPlace, names: &[&str], to: Owner) -> Chown {
    let paths = names.iter().map(|name| (SeenPath((*name).into()), was)).collect();
    Chown { place, paths, to, direct: false }
}

/// The program that works in helpers: these tests are none.
pub fn terms() -> Terms<'static> {
    Terms { program: Some(program()), ..Terms::default() }
}

/// Whom a path belongs to.
pub fn owner(path: &Path) -> Owner {
    let seen = std::fs::symlink_metadata(path).unwrap();
    Owner { uid: seen.uid(), gid: seen.gid() }
}
