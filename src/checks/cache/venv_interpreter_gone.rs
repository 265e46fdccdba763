//! A virtual environment was made for a Python that is not there: on this machine, or in the container that uses it.

mod in_volume;

use crate::access::Layout;
use crate::access::environments::{environment_path, uses_environment};
use crate::access::interest::{commands, exec_lines};
use crate::facts::{Container, Docker, Facts, MountKind};
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::compose::is_below;
use crate::project::python_environment::VirtualEnvironment;

pub(super) fn check(facts: &Facts) -> Checked {
    let (host, docker) = (facts.host()?, facts.docker()?);
    let mut findings = in_volume::findings(facts, docker);
    for (path, environment) in &facts.project.virtual_environments {
        let Some(interpreter) = environment.interpreter() else { continue };
        let users: Vec<(&Container, Option<bool>)> = users(facts, docker, path, &interpreter);
        for (container, _) in users.iter().filter(|(_, there)| *there == Some(false)) {
            findings.extend(in_container(facts, container, path, environment, &interpreter));
        }
        let is_here = host.stat(&interpreter) != Some(None);
        if !is_here && users.is_empty() && !is_containers(facts, path, environment) {
            findings.push(
                Finding::at_path(path, path, format!("`{path}` was made for `{interpreter}`, which is not there"))
                    .seen("pyvenv.cfg", path, about(environment))
                    .seen("lstat", &interpreter, "absent")
                    .fix(Fix::manual(again(facts, path, "here"))),
            );
        }
    }
    Ok(findings)
}

/// Whether a container made the environment in the mounted project, so that it is the container's even while there is none.
/// Python's own images keep it in `/usr/local`; root's home is a person's only when root asks.
fn is_containers(facts: &Facts, path: &str, environment: &VirtualEnvironment) -> bool {
    let on_host = format!("{}/{path}", facts.project.root);
    let mounted = facts.project.services().any(|service| service.binds().any(|(_, source)| is_below(&on_host, source)));
    mounted && ["/usr/local/", "/root/"].iter().any(|home| environment.home.starts_with(home))
}

/// The containers that use an environment of the project, and whether its interpreter is there (`None`: not known).
fn users<'a>(facts: &Facts, docker: &'a Docker, path: &str, interpreter: &str) -> Vec<(&'a Container, Option<bool>)> {
    let on_host = format!("{}/{path}", facts.project.root);
    let lasting = docker.containers.iter().filter(|container| !container.one_off);
    let users = lasting.filter(|container| {
        let inside = environment_path(container);
        let spot = Layout::of_container(container).spot(&inside);
        if spot.kind != Some(MountKind::Bind) || spot.host_path.as_deref() != Some(&on_host) {
            return false;
        }
        let service = container.service.as_deref().unwrap_or_default();
        let lines =
            exec_lines(&facts.project, service).flat_map(|line| line.call.command.iter().map(|word| &*word.value));
        let own = commands(container, &facts.project).map(String::as_str);
        uses_environment(container, &own.chain(lines).collect::<Vec<_>>(), &inside)
    });
    users
        .map(|container| {
            let looked = container.paths.get(interpreter).and_then(|look| look.as_ref().ok());
            (container, looked.map(Option::is_some))
        })
        .collect()
}

fn in_container(
    facts: &Facts,
    container: &Container,
    path: &str,
    environment: &VirtualEnvironment,
    interpreter: &str,
) -> Option<Finding> {
    let service = facts.project.service(container.service.as_deref()?)?;
    let name = &service.name.value;
    // That the image brought one which the mount hides is the better story.
    if !super::venv_hidden_by_bind::hidden(facts, service).is_empty() {
        return None;
    }
    let inside = environment_path(container);
    let mount = Layout::of_service(service, None).spot(&inside).mount.and_then(|index| service.mounts.get(index))?;
    let message =
        format!("`{name}` uses the host's `{path}`, which was made for `{interpreter}`: `{name}` has no such Python");
    Some(
        Finding::at(&mount.span, format!("{name}: {path}"), message)
            .label(format!("brings it in as `{inside}`"))
            .seen("pyvenv.cfg", path, about(environment))
            .seen(format!("archive of {}", container.name), interpreter, "absent")
            .service(name)
            .fix(Fix::manual(format!(
                "give `{name}` an environment of its own in a volume, `- venv:{inside}`: docker compose run --rm {name} {}",
                maker(facts).unwrap_or("python3 -m venv .venv")
            ))),
    )
}

fn about(environment: &VirtualEnvironment) -> String {
    format!("home = {}, version {}", environment.home, environment.version.as_deref().unwrap_or("not said"))
}

fn again(facts: &Facts, path: &str, place: &str) -> String {
    let command = maker(facts).map_or_else(|| format!("python3 -m venv --clear {path}"), str::to_owned);
    format!("make `{path}` anew {place}: {command}")
}

/// What makes the project's environment and fills it.
fn maker(facts: &Facts) -> Option<&'static str> {
    let locked = [("uv.lock", "uv sync"), ("poetry.lock", "poetry install")];
    locked.into_iter().find(|(file, _)| facts.project.has_marker(file)).map(|(_, command)| command)
}
