//! A service makes its virtual environment at its start where its user may make nothing.

use crate::access::caches::look;
use crate::access::environments::{environment_path, makes};
use crate::access::interest::{commands, exec_lines, user_of_line};
use crate::access::rights::{Why, may_fill};
use crate::access::{IdMaps, Layout, Process, RunsAs, Seen, Verdict};
use crate::facts::{Container, Docker, Facts, MountKind};
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::text::Span;

pub(super) fn check(facts: &Facts) -> Checked {
    let docker = facts.docker()?;
    let person = facts.developer();
    let mut findings = vec![];
    for (service, container) in docker.services(&facts.project) {
        let path = environment_path(container);
        // An environment that is there may need no change. Mounts are told by other checks.
        let mounted = Layout::of_container(container).spot(&path).kind;
        if look(container, &path) != Seen::Absent || matches!(mounted, Some(MountKind::Bind | MountKind::Volume)) {
            continue;
        }
        let place = service.user.as_ref().map_or(&service.name.span, |user| &user.span);
        let own: Vec<&str> = commands(container, &facts.project).map(String::as_str).collect();
        let own = makes(&own, &path, container).then_some((place, None));
        let lines = exec_lines(&facts.project, &service.name).filter_map(|line| {
            let words: Vec<&str> = line.call.command.iter().map(|word| &*word.value).collect();
            let moved = line.call.environment.iter().any(|(name, _)| name == "UV_PROJECT_ENVIRONMENT");
            let place = line.call.user.as_ref().map_or(&line.call.head, |user| &user.written.span);
            let user = user_of_line(line, person).map_or(Some(None), |user| user.ok().map(Some))?;
            (makes(&words, &path, container) && !moved).then_some((place, user))
        });
        let told = own.into_iter().chain(lines);
        let mut told = told.filter_map(|(place, user)| told_of(docker, container, &path, place, user.as_deref()));
        findings.extend(told.next());
    }
    Ok(findings)
}

fn told_of(docker: &Docker, container: &Container, path: &str, place: &Span, user: Option<&str>) -> Option<Finding> {
    let runs = RunsAs::by_exec(container, user, &[]).ok()?;
    let maps = IdMaps::of(docker, &container.userns_mode).unwrap_or_default();
    let process = Process::in_container(&runs.identity, &maps);
    let layout = Layout::of_container(container);
    let Verdict::No(obstacle) = may_fill(&process, path, &layout, &|path: &str| look(container, path)) else {
        return None;
    };
    let (name, owner) = (container.service.as_deref()?, runs.identity.owner);
    let why = match obstacle.why {
        Why::ReadOnly => "is read-only".to_owned(),
        _ => format!("is {}", obstacle.stat?),
    };
    let message =
        format!("`{name}` runs as {owner} and cannot make its environment `{path}`: `{}` {why}", obstacle.path);
    Some(
        Finding::at(place, format!("{name}: {path}"), message)
            .label("failed to create directory: Permission denied")
            .seen(format!("archive of {}", container.name), &obstacle.path, why)
            .seen(format!("archive of {}", container.name), path, "absent")
            .service(name)
            .fix(Fix::manual(format!(
                "make it in the image, for its user: RUN install -d -o {} -g {} {path}",
                owner.uid, owner.gid
            ))),
    )
}
