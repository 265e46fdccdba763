//! A service runs as root and mounts the project writable, so that whatever it writes belongs to root.

use crate::access::service::{idles, image_of, leaves_root, says_root, service_changes_user, unknown_user};
use crate::access::user_variables::unset_variables;
use crate::access::{Decides, IdMaps, ServiceUser, root_without_engine, shows_project, untold_owners};
use crate::facts::{Container, EngineHint, Facts};
use crate::finding::{Checked, Finding};
use crate::project::compose::Service;

use super::run_as_person::run_as_person;

pub(super) fn check(facts: &Facts) -> Checked {
    // In root's own project files of root are in their place.
    if facts.host.as_ref().is_ok_and(|host| host.root_owner.uid == 0) {
        return Ok(vec![]);
    }
    let shown = |service: &Service| service.mounts.iter().any(|mount| shows_project(facts, mount));
    if let Some(missing) = untold_owners(facts).filter(|_| facts.project.services().any(shown)) {
        return Err(missing);
    }
    let findings: Vec<Finding> = facts.project.services().filter_map(|service| judged(facts, service)).collect();
    match facts.project.services().find(|service| is_unknown(facts, service)) {
        Some(service) if findings.is_empty() => Err(unknown_user(&service.name.value)),
        _ => Ok(findings),
    }
}

/// Whether a service mounts the project and nothing that could be seen says as whom it runs.
fn is_unknown(facts: &Facts, service: &Service) -> bool {
    let docker = facts.docker.as_ref().ok();
    ServiceUser::of(service, &facts.project, docker).is_none()
        && !service_changes_user(service, &facts.project, None)
        && !command(facts, service, None).is_some_and(|command| idles(&command))
        && service.mounts.iter().any(|mount| shows_project(facts, mount))
}

fn judged(facts: &Facts, service: &Service) -> Option<Finding> {
    let docker = facts.docker.as_ref().ok();
    let container = docker.and_then(|docker| docker.container_of(&service.name));
    let user = ServiceUser::of(service, &facts.project, docker).filter(ServiceUser::is_root)?;
    // `user: root` is somebody's decision, and so is `0:0`; a user that came out blank is nobody's.
    let blank = user.written.trim_matches(':').is_empty();
    let decided = matches!(user.decides, Decides::Compose(_)) && says_root(&user.written) && !blank;
    let mode = container.map(|container| container.userns_mode.as_str());
    let mode = mode.or(service.userns_mode.as_ref().map(|mode| mode.value.as_str())).unwrap_or_default();
    let identity = docker.map_or_else(
        || root_without_engine(facts, mode) != Some(false),
        |docker| IdMaps::of(docker, mode).is_ok_and(|maps| maps.is_identity()),
    );
    // Then `exec-user-blank` says so, at the variables.
    let said =
        blank && facts.host.is_ok() && unset_variables(facts, service).iter().any(|variable| !variable.has_default);
    let idle = command(facts, service, container).is_some_and(|command| idles(&command));
    let leaves = service_changes_user(service, &facts.project, container) || leaves_root(service, &facts.project);
    if decided || said || !identity || idle || leaves {
        return None;
    }
    let mut mounts = service.mounts.iter().filter(|mount| shows_project(facts, mount));
    let first = mounts.next()?;
    let name = &service.name.value;
    let because = super::suspects::because(Some(&user), name, "runs");
    let message = format!("`{name}` mounts the project writable and runs as root");
    let mut finding = match &facts.engine_hint {
        // What belongs to root already shows that its root is the host's.
        Some(EngineHint::Unknown(at)) if docker.is_none() && !has_files_of_root(facts) => {
            let message = format!("{message}, which is you on a rootless engine");
            let told = "not asked, so it is not known whether it is rootless";
            Finding::at(&first.span, name, message).only_info().seen("engine", at, told)
        }
        _ => Finding::at(&first.span, name, message),
    };
    finding = finding.label(because);
    for other in mounts {
        finding = finding.related(&other.span, "mounted writable as well");
    }
    finding = match &user.decides {
        Decides::Compose(span) => finding.related(span, "comes out blank, and a blank user is root").seen(
            span.path.to_string(),
            format!("user of `{name}`"),
            format!("\"{}\"", user.written),
        ),
        Decides::Dockerfile(span) => finding.related(span, "this decides it").seen(
            span.path.to_string(),
            "USER",
            if user.written.is_empty() { "not set" } else { user.written.as_str() },
        ),
        Decides::Container { .. } => finding.seen("docker inspect", name, format!("Config.User \"{}\"", user.written)),
        Decides::Image(image) => {
            finding.seen("docker image inspect", image, format!("Config.User \"{}\"", user.written))
        }
        Decides::Base(image) => finding.seen("known base", image, "runs as root unless it is told otherwise"),
    };
    Some(run_as_person(facts, service, container, finding.service(name)))
}

/// What the service runs: Compose's words, else the container's, else the image's.
fn command(facts: &Facts, service: &Service, container: Option<&Container>) -> Option<Vec<String>> {
    let written = |words: &Option<crate::text::Spanned<Vec<String>>>| words.as_ref().map(|words| words.value.clone());
    match (written(&service.entrypoint), written(&service.command)) {
        (None, None) => {}
        (entrypoint, command) => return Some([entrypoint, command].into_iter().flatten().flatten().collect()),
    }
    let image = image_of(service, &facts.project, facts.docker.as_ref().ok()).map(|(_, image)| image);
    container
        .map(|container| container.command.clone())
        .or(image.map(|image| [image.entrypoint.clone(), image.command.clone()].concat()))
}

/// Whether something in the project belongs to the host's root, though the project is somebody else's.
fn has_files_of_root(facts: &Facts) -> bool {
    facts.host.as_ref().is_ok_and(|host| host.walk.foreign.iter().any(|file| file.stat.owner.uid == 0))
}
