//! An environment in a volume outlives the image whose Python it was made for.

use crate::access::Layout;
use crate::access::caches::look;
use crate::access::environments::{environment_path, is_mount_point, syncs, uses_environment};
use crate::access::interest::commands;
use crate::access::rights::Seen;
use crate::facts::{Container, Docker, Facts};
use crate::finding::Finding;
use crate::fix::Fix;
use crate::project::compose::MountSource;

use super::super::venv_is_volume::emptied;

pub(super) fn findings(facts: &Facts, docker: &Docker) -> Vec<Finding> {
    docker.services(&facts.project).filter_map(|(_, container)| judged(facts, container)).collect()
}

fn judged(facts: &Facts, container: &Container) -> Option<Finding> {
    let path = environment_path(container);
    let environment = container.environments.get(&path).filter(|_| is_mount_point(container, &path))?;
    let interpreter = environment.interpreter().filter(|python| look(container, python) == Seen::Absent)?;
    let service = facts.project.service(container.service.as_deref()?)?;
    let name = &service.name.value;
    let words: Vec<&str> = commands(container, &facts.project).map(String::as_str).collect();
    // uv and its like make it anew, unless a script does what it likes.
    let script = words.first().is_some_and(|word| word.ends_with(".sh"));
    if script || syncs(&words) || !uses_environment(container, &words, &path) {
        return None;
    }
    let mount = Layout::of_service(service, None).spot(&path).mount.and_then(|index| service.mounts.get(index))?;
    let is_anonymous = mount.source == MountSource::Anonymous;
    let message = format!(
        "the volume at `{path}` holds an environment that was made for `{interpreter}`: `{name}` has no such Python"
    );
    let cfg = format!("{path}/pyvenv.cfg");
    Some(
        Finding::at(&mount.span, format!("{name}: {path}"), message)
            .label("keeps it from an older image")
            .seen(format!("archive of {}", container.name), &cfg, super::about(environment))
            .seen(format!("archive of {}", container.name), &interpreter, "absent")
            .service(name)
            .fix(Fix::manual(cure(name, &path, is_anonymous, service.build.is_some()))),
    )
}

/// An empty volume is filled from the image when the next container is made.
fn cure(name: &str, path: &str, is_anonymous: bool, is_built: bool) -> String {
    let empty = emptied(name, path, is_anonymous);
    match empty.split_once(": ") {
        Some((_, command)) if is_built && !is_anonymous => {
            format!("let the image fill it again: {command} && docker compose up -d --force-recreate {name}")
        }
        _ => empty,
    }
}
