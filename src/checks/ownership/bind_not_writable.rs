//! A service runs as a user who cannot write a folder that is mounted into it and that it has a reason to write.

use std::collections::BTreeSet;
use std::path::Path;

use crate::access::rights::Want;
use crate::access::service::service_changes_user;
use crate::access::{Decides, IdMaps, Layout, Process, ServiceUser, Written, normal, working_directory, written_by};
use crate::facts::{Facts, FileKind, ForeignFile, Host, Owner, PathStat, SeenPath};
use crate::finding::{Checked, Finding};
use crate::fix::{Chown, ChownPlace, Fix, Step};
use crate::project::compose::{Mount, Service, is_below};

use super::cure::withheld;
use super::places::{holds_data, holds_settings, shown};
use super::run_as_person;

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

/// Why a service is likely to write a folder.
enum Reason {
    /// The engine made it for a bind mount whose source was not there: it holds nothing of the project.
    MadeByEngine,
    /// Its name says that it is for data.
    Data,
    /// This runs in it.
    Tool(Written),
}

fn reason(facts: &Facts, host: &Host, service: &Service, mount: &Mount, source: &str, by_root: bool) -> Option<Reason> {
    let (root, project) = (facts.project.root.as_str(), &facts.project);
    let container = facts.docker.as_ref().ok().and_then(|docker| docker.container_of(&service.name));
    if let Some(directory) = working_directory(service, container, project) {
        let layout = Layout::of_service(service, None);
        let index = service.mounts.iter().position(|other| other == mount);
        let here = |written: &Written| layout.spot(&format!("{directory}/{}", written.path)).mount == index;
        if let Some(written) = written_by(service, container, project).into_iter().find(here) {
            return Some(Reason::Tool(written));
        }
    }
    let below = source != root && is_below(source, root);
    if holds_settings(&mount.target) || is_below(root, source) {
        return None;
    }
    if below && by_root && host.root_owner.uid != 0 {
        return Some(Reason::MadeByEngine);
    }
    (holds_data(source) || holds_data(&mount.target)).then_some(Reason::Data)
}

/// A folder that a service cannot write.
struct Found<'a> {
    source: &'a str,
    stat: PathStat,
    /// Whether it belongs to the root of the host or of the containers.
    by_root: bool,
    /// Whom the host sees as the service's user.
    to: Owner,
    maps: &'a IdMaps,
}

/// Gives a folder of root's to the service, or runs the service as the one whom the project belongs to.
fn cure(facts: &Facts, host: &Host, service: &Service, found: &Found<'_>) -> Fix {
    let Found { source, stat, by_root, to, maps } = *found;
    let name = &service.name.value;
    let folder = shown(&facts.project.root, source);
    let title = format!("give `{folder}` to {to}");
    let inside = Path::new(source).strip_prefix(&facts.project.root).ok().filter(|path| !path.as_os_str().is_empty());
    if let (Some(path), true) = (inside, by_root) {
        let file = ForeignFile { path: SeenPath(path.to_owned()), stat, capabilities: false };
        let direct = host.effective_uid == 0;
        if let Some(reason) = withheld(facts, host, &[&file], direct) {
            return Fix::manual(format!("{title}: {reason}"));
        }
        let steps =
            vec![Step::Chown(Chown { place: ChownPlace::Project, paths: vec![(file.path, stat.owner)], to, direct })];
        // What goes to somebody else than the person is for the person to decide.
        return if to.uid == host.root_owner.uid { Fix::safe(title, steps) } else { Fix::risky(title, steps) };
    }
    if maps.is_identity() && stat.owner.uid == host.root_owner.uid && to.uid != host.root_owner.uid {
        let container = facts.docker.as_ref().ok().and_then(|docker| docker.container_of(name));
        return run_as_person::cure(facts, service, container).1;
    }
    match maps.to_container(stat.owner).filter(|_| !maps.is_identity()) {
        Some(inside) => Fix::manual(format!("run `{name}` as `{inside}`, who is {} here, or {title}", stat.owner)),
        None => Fix::manual(format!("{title}, or run `{name}` as a user who may write there")),
    }
}
