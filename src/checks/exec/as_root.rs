//! A command line runs something in a container as root where the project is mounted writable.

use super::caller::runs;
use super::cure::{cure, without_fix};
use super::each_set::in_each_set;
use super::own_mount;
use super::reads::{only_reads, reached};
use super::variables::{compiles, is_exported};
use crate::access::interest::all_exec_lines;
use crate::access::service::{says_root, service_changes_user, unknown_user};
use crate::access::{Decides, IdMaps, ServiceUser, root_without_engine, shows_project, untold_owners};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::project::commands::{CommandLine, Occasion, UserOption};
use crate::project::compose::{Mount, Service};

pub(super) fn check(facts: &Facts) -> Checked {
    in_each_set(facts, own)
}

/// Judges the lines that mean the project's own Compose files.
fn own(facts: &Facts) -> Checked {
    // In root's own project files of root are in their place.
    if facts.host.as_ref().is_ok_and(|host| host.root_owner.uid == 0) {
        return Ok(vec![]);
    }
    let mut findings = vec![];
    let mut unknown: Option<&str> = None;
    for service in facts.project.services() {
        let mounts: Vec<&Mount> = service.mounts.iter().filter(|mount| shows_project(facts, mount)).collect();
        if mounts.is_empty() {
            continue;
        }
        let docker = facts.docker.as_ref().ok();
        let user = ServiceUser::of(service, &facts.project, docker);
        if root_is_the_person(facts, service)
            || service_changes_user(
                service,
                &facts.project,
                docker.and_then(|docker| docker.container_of(&service.name)),
            )
        {
            continue;
        }
        for line in all_exec_lines(&facts.project, &service.name) {
            let Some(mount) =
                reached(&mounts, &line.call).filter(|_| !only_reads(&line.call, compiles(facts, Some(service), line)))
            else {
                continue;
            };
            findings.extend(judged(facts, service, mount, user.as_ref(), line));
            if user.is_none() && line.call.user.is_none() && line.occasion == Occasion::Called {
                unknown = unknown.or(Some(&service.name.value));
            }
        }
    }
    let runs = |service: &Service| {
        all_exec_lines(&facts.project, &service.name)
            .any(|line| !only_reads(&line.call, compiles(facts, Some(service), line)))
    };
    let shown = |service: &Service| service.mounts.iter().any(|mount| shows_project(facts, mount));
    let matters = || facts.project.services().any(|service| runs(service) && shown(service));
    if let Some(missing) = untold_owners(facts).filter(|_| matters()) {
        return Err(missing);
    }
    findings.extend(facts.project.commands.iter().filter_map(|line| own_mount::judged(facts, line)));
    match unknown {
        // Whoever runs there, it cannot be told; that is not fine.
        Some(service) if findings.is_empty() => Err(unknown_user(service)),
        _ => Ok(findings),
    }
}

/// Whether root in the service's containers is no root on the host: rootless engines, remapped ones, Docker Desktop.
pub(super) fn root_is_the_person(facts: &Facts, service: &Service) -> bool {
    let Ok(docker) = &facts.docker else { return root_without_engine(facts) == Some(false) };
    let container = docker.container_of(&service.name).map(|container| container.userns_mode.as_str());
    let mode = container.or(service.userns_mode.as_ref().map(|mode| mode.value.as_str())).unwrap_or_default();
    !IdMaps::of(docker, mode).is_ok_and(|maps| maps.is_identity())
}

fn judged(
    facts: &Facts,
    service: &Service,
    mount: &Mount,
    user: Option<&ServiceUser>,
    line: &CommandLine,
) -> Option<Finding> {
    let name = &service.name.value;
    let command: Vec<&str> =
        line.call.entrypoint.as_deref().into_iter().chain(line.call.command.iter().map(|word| &*word.value)).collect();
    let program = command.first().copied().unwrap_or("its command");
    let runs = runs(line, program);
    let service_is_root = || user.is_some_and(ServiceUser::is_root);
    let (place, message, label) = match &line.call.user {
        // `-u ""` is no user at all: the service's own stays. `-u :` is root in any service.
        Some(option) if option.resolved.is_empty() && !service_is_root() => return None,
        Some(option) if is_exported(facts, option) => return None,
        // What is written out as root is somebody's decision; what comes out blank is nobody's.
        Some(option) if says_root(&option.resolved) => {
            let first = option.blank.first().filter(|_| nobody_said_root(option))?;
            let named = option.blank.iter().map(|blank| format!("`{}`", blank.value)).collect::<Vec<_>>().join(" and ");
            let never = if option.blank.len() == 1 { "is never set" } else { "are never set" };
            (
                &first.span,
                format!("{runs} as root in `{name}`: {named} {never}"),
                match option.resolved.as_str() {
                    "" => "comes out blank, so it runs as the service does: as root".to_owned(),
                    resolved => format!("comes out as `-u {resolved}`, which is root"),
                },
            )
        }
        Some(_) => return None,
        None => {
            service_is_root().then_some(())?;
            (&line.call.head, format!("{runs} as root in `{name}`"), "says no user, so it runs as root".to_owned())
        }
    };
    let subject = format!("{}: {name}", line.holder.as_deref().unwrap_or(program));
    let lands = format!("what it writes in `{}` belongs to root here", mount.target);
    let mut finding = Finding::at(place, subject, message).label(label).related(&mount.span, lands);
    if line.occasion == Occasion::Called {
        finding = finding.service(name);
    }
    finding = finding.seen(line.span.path.to_string(), "command in the container", command.join(" "));
    if let (None, Some(user)) = (&line.call.user, user) {
        let written = if user.written.is_empty() { "no user" } else { user.written.as_str() };
        finding = match &user.decides {
            Decides::Compose(span) => finding.related(span, "this is the user of the service"),
            Decides::Dockerfile(span) => finding.related(span, "this is the user of the image"),
            Decides::Container => finding.seen("docker inspect", name, written),
            Decides::Image(image) => finding.seen("docker image inspect", image, written),
            Decides::Base(image) => finding.seen("known base", image, "runs as root unless it is told otherwise"),
        };
    }
    Some(repaired(finding, facts, Some(service), line))
}

/// A finding with its fix, or with what a person can do; and how much it hurts.
pub(super) fn repaired(finding: Finding, facts: &Facts, service: Option<&Service>, line: &CommandLine) -> Finding {
    let finding = match cure(facts, service, line) {
        Some(fix) => finding.fix(fix),
        None => finding.help(without_fix(line)),
    };
    match line.occasion {
        Occasion::Called => finding,
        Occasion::Shown => finding.only_info(),
        Occasion::Runner => finding.only_info().help(
            "leave it where the runner throws its workspace away: only one that keeps it, as a self-hosted one does, \
             fails on such files at the next checkout",
        ),
    }
}

/// Whether the user comes out blank, and not by what is written: `-u 0:$(GID)` and `-u :$(GID)` are decisions.
fn nobody_said_root(option: &UserOption) -> bool {
    let user = option.resolved.split(':').next().unwrap_or_default();
    user.is_empty() && !option.written.value.starts_with(':')
}
