//! A service runs as a user who cannot write a folder that is mounted into it and that it has a reason to write.

mod cure;
mod reason;

use std::collections::BTreeSet;

use crate::access::rights::Want;
use crate::access::service::service_changes_user;
use crate::access::{Decides, IdMaps, Process, ServiceUser, normal};
use crate::facts::{Facts, FileKind, Owner, SeenPath};
use crate::finding::{Checked, Finding};
use crate::fix::Step;
use crate::project::compose::Mount;

use super::places::shown;

use cure::{Found, cure};
use reason::{Reason, reason};

pub(super) fn check(facts: &Facts) -> Checked {
    let (host, docker) = (facts.host()?, facts.docker()?);
    let mut findings = vec![];
    let mut unknown = None;
    for service in facts.project.services() {
        let container = docker.container_of(&service.name);
        let binds: Vec<(&Mount, &str)> = service.binds().filter(|(mount, _)| mount.writable).collect();
        if binds.is_empty() || service_changes_user(service, &facts.project, container) {
            continue;
        }
        let mode = container.map_or("", |container| container.userns_mode.as_str());
        let user = ServiceUser::of(service, &facts.project, Some(docker));
        let (Some(user), maps) = (user, IdMaps::of(docker, mode)) else { continue };
        let (runs, maps) = match (&user.runs, maps) {
            (Ok(runs), Ok(maps)) => (runs, maps),
            (_, Err(missing)) => {
                unknown = Some(missing);
                continue;
            }
            (Err(_), _) => continue,
        };
        let Some(process) = Process::on_host(&runs.identity, &maps) else { continue };
        for (mount, source) in binds {
            let source = normal(source);
            let Some(stat) = host.stat(&source).flatten().filter(|stat| stat.kind == FileKind::Directory) else {
                continue;
            };
            if process.may(Want::Write, &stat) && process.may(Want::Search, &stat) {
                continue;
            }
            // Behind an engine that shifts numbers, its root makes what is missing.
            let by_root = stat.owner.uid == 0
                || stat.owner != host.root_owner && maps.to_host(Owner { uid: 0, gid: 0 }) == Some(stat.owner);
            let Some(reason) = reason(facts, host, service, mount, &source, by_root) else { continue };
            let (name, folder) = (&service.name.value, shown(&facts.project.root, &source));
            let numbers = runs.identity.owner;
            let mut finding =
                Finding::at(&mount.span, name, format!("`{name}` runs as {numbers} and cannot write `{folder}`"))
                    .label(format!("`{folder}` belongs to {}, mode {:04o}", stat.owner, stat.mode))
                    .seen("lstat", &folder, stat)
                    .seen(
                        "user",
                        name,
                        if maps.is_identity() {
                            numbers.to_string()
                        } else {
                            format!("{numbers}, on the host {}", process.owner)
                        },
                    );
            if let Decides::Compose(span) | Decides::Dockerfile(span) = &user.decides {
                finding = finding.related(span, format!("`{name}` runs as this user"));
            }
            if let Reason::Tool(written) = &reason {
                let what = format!("`{}` writes here", written.command);
                finding = match &written.line {
                    Some(span) => finding.related(span, what),
                    None => finding.seen("command", name, what),
                };
            }
            let found = Found { source: &source, stat, by_root, to: process.owner, maps: &maps };
            let fix = cure(facts, host, service, &found);
            findings.push(finding.service(name).fix(fix));
        }
    }
    match (findings.is_empty(), unknown) {
        (true, Some(missing)) => Err(missing),
        _ => Ok(findings),
    }
}

/// The folders that this check gives to a service, so that no other finding gives them to somebody else.
pub(super) fn given_away(facts: &Facts) -> BTreeSet<SeenPath> {
    let findings = check(facts).unwrap_or_default();
    let steps = findings.into_iter().filter_map(|finding| finding.fix).flat_map(|fix| fix.steps);
    let chowns = steps.filter_map(|step| match step {
        Step::Chown(chown) => Some(chown.paths),
        _ => None,
    });
    chowns.flatten().map(|(path, _)| path).collect()
}
