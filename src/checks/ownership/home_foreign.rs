//! Folders of the person's own home belong to root, or a service that runs as root writes into them.

mod words;

use crate::access::rights::{Process, Want};
use crate::access::service::service_changes_user;
use crate::access::{IdMaps, ServiceUser, normal};
use crate::facts::{Facts, FileKind, ForeignFile, HomeFolder, Host};
use crate::finding::Checked;
use crate::project::compose::{Service, is_below};

use super::suspects::because;

use words::{left_behind, mounted};

/// Folders of a home that tools keep their things in; what else is mounted from there is somebody's decision.
const KEPT_BY_TOOLS: [&str; 10] =
    [".aws", ".cache", ".cargo", ".config", ".docker", ".kube", ".local", ".npm", ".rustup", ".yarn"];

pub(super) fn check(facts: &Facts) -> Checked {
    let host = facts.host()?;
    let Some(home) = host.home.as_ref().map(|home| normal(&home.display())).filter(|home| home != "/") else {
        return Ok(vec![]);
    };
    if host.person.owner.uid == 0 || is_below(&home, &facts.project.root) {
        return Ok(vec![]);
    }
    let mut hurt: Vec<(&HomeFolder, Vec<&ForeignFile>)> = host
        .home_foreign
        .iter()
        .map(|folder| (folder, folder.foreign.iter().filter(|file| hurts(host, file)).collect::<Vec<_>>()))
        .filter(|(_, files)| !files.is_empty())
        .collect();
    let mut findings = vec![];
    for service in facts.project.services() {
        for (mount, source) in service.binds().filter(|(mount, _)| mount.writable) {
            let source = normal(source);
            let Some(inside) = source.strip_prefix(&format!("{home}/")) else { continue };
            let kept = inside.split('/').next().is_some_and(|first| KEPT_BY_TOOLS.contains(&first));
            let file = host.stat(&source).flatten().is_some_and(|stat| stat.kind != FileKind::Directory);
            if !kept || file || is_below(&source, &facts.project.root) {
                continue;
            }
            let Some(user) = root_on_host(facts, service) else { continue };
            let (here, others) = hurt.into_iter().partition(|(folder, _)| {
                let folder = folder.path.display();
                is_below(&format!("/{folder}"), &format!("/{inside}"))
            });
            hurt = others;
            findings.push(mounted(
                host,
                service,
                mount,
                inside,
                &because(Some(&user), &service.name.value, "runs"),
                &here,
            ));
        }
    }
    findings.extend(left_behind(host, &hurt));
    Ok(findings)
}

/// Whether a foreign entry is in the person's way: a folder that takes nothing from them, a file they cannot read, and the
/// files that uv opens for writing.
fn hurts(host: &Host, file: &ForeignFile) -> bool {
    let me = Process::here(&host.person);
    let name = file.path.as_path().file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    file.stat.owner.uid == 0
        && match file.stat.kind {
            FileKind::Directory => !me.may(Want::Write, &file.stat) || !me.may(Want::Search, &file.stat),
            FileKind::File => {
                !me.may(Want::Read, &file.stat)
                    || (matches!(&*name, ".lock" | ".git") && !me.may(Want::Write, &file.stat))
            }
            FileKind::Symlink | FileKind::Other => false,
        }
}

/// The user of a service when that is root, here as well as in the container.
fn root_on_host(facts: &Facts, service: &Service) -> Option<ServiceUser> {
    let docker = facts.docker.as_ref().ok();
    let container = docker.and_then(|docker| docker.container_of(&service.name));
    let identity = docker.is_none_or(|docker| {
        let mode = container.map_or("", |container| container.userns_mode.as_str());
        IdMaps::of(docker, mode).is_ok_and(|maps| maps.is_identity())
    });
    ServiceUser::of(service, &facts.project, docker)
        .filter(|user| user.is_root() && identity && !service_changes_user(service, &facts.project, container))
}
