//! A command line runs something in a container as root where the project is mounted writable.

mod words;

use super::each_set::in_each_set;
use super::own_mount;
use super::reads::{only_reads, reached};
use super::variables::compiles;
use crate::access::interest::all_exec_lines;
use crate::access::service::{service_changes_user, unknown_user};
use crate::access::{IdMaps, ServiceUser, root_without_engine, shows_project, untold_owners};
use crate::facts::Facts;
use crate::finding::Checked;
use crate::project::commands::Occasion;
use crate::project::compose::{Mount, Service};

use words::judged;

pub(super) use words::repaired;

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
    let written = service.userns_mode.as_ref().map(|mode| mode.value.as_str());
    let Ok(docker) = &facts.docker else {
        return root_without_engine(facts, written.unwrap_or_default()) == Some(false);
    };
    let container = docker.container_of(&service.name).map(|container| container.userns_mode.as_str());
    let mode = container.or(written).unwrap_or_default();
    !IdMaps::of(docker, mode).is_ok_and(|maps| maps.is_identity())
}
