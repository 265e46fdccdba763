//! The source of a bind mount is not there: the engine makes a folder that belongs to root in its place, or refuses.

use std::path::Path;

use crate::access::service::service_changes_user;
use crate::access::{IdMaps, ServiceUser, ancestors, normal};
use crate::facts::{Facts, Host, Owner, SeenPath};
use crate::finding::{Checked, Finding};
use crate::fix::{Fix, PathChange, PathStep, Step};
use crate::project::compose::{Mount, Service, is_below};

use super::places::{holds_settings, is_active, is_file, shown};

pub(super) fn check(facts: &Facts) -> Checked {
    let host = facts.host()?;
    let mut findings = vec![];
    for service in facts.project.services().filter(|service| is_active(facts, service)) {
        for (mount, source) in service.binds() {
            let source = normal(source);
            if host.stat(&source) == Some(None) && is_ones_own(facts, host, &source) {
                findings.extend(judged(facts, host, service, mount, &source));
            }
        }
    }
    Ok(findings)
}

/// Whether a path lies in the project or in the person's home: elsewhere folders of root's are in their place.
fn is_ones_own(facts: &Facts, host: &Host, source: &str) -> bool {
    let home = host.home.as_ref().and_then(|home| home.as_path().to_str());
    is_below(source, &facts.project.root) || home.is_some_and(|home| home != "/" && is_below(source, home))
}

fn judged(facts: &Facts, host: &Host, service: &Service, mount: &Mount, source: &str) -> Option<Finding> {
    let (name, root) = (&service.name.value, &facts.project.root);
    let wants_file = is_file(source, &mount.target);
    let runs = user_on_host(facts, service);
    // A folder that the engine makes harms nobody who is root, and nobody who only reads it.
    let harmless = || !mount.writable || holds_settings(&mount.target) || runs.is_none_or(|owner| owner.uid == 0);
    if source.ends_with(".sock") || (mount.creates_source && !wants_file && harmless()) {
        return None;
    }
    let folder = shown(root, source);
    let label = match (mount.creates_source, wants_file) {
        (false, _) => format!("the engine refuses to make `{name}`"),
        (true, true) => "the engine makes an empty folder of that name".to_owned(),
        (true, false) => "the engine makes it, and it belongs to root".to_owned(),
    };
    let mut finding = Finding::at(&mount.span, name, format!("`{name}` mounts `{folder}`, which is not there"))
        .label(label)
        .seen("lstat", &folder, "nothing is there");
    if let Some(owner) = runs {
        finding = finding.seen("user", name, owner);
    }
    let mine = runs.is_none_or(|owner| owner.uid == host.root_owner.uid) || !mount.creates_source;
    let fix = match Path::new(source).strip_prefix(root) {
        Ok(_) if wants_file => Fix::manual(format!("put the file `{folder}` there before `docker compose up`")),
        Ok(_) if mine => Fix::safe(format!("make the folder `{folder}`"), folders(host, root, source)),
        _ => Fix::manual(format!("make the folder `{folder}`, for the user whom `{name}` runs as")),
    };
    Some(finding.service(name).fix(fix))
}

/// Whom the service's files belong to on the host; `None` when it is root, changes its user by itself, or is not known.
fn user_on_host(facts: &Facts, service: &Service) -> Option<Owner> {
    let docker = facts.docker.as_ref().ok();
    let container = docker.and_then(|docker| docker.container_of(&service.name));
    if service_changes_user(service, &facts.project, container) {
        return None;
    }
    let user = ServiceUser::of(service, &facts.project, docker).filter(|user| !user.is_root())?;
    let mode = container.map_or("", |container| container.userns_mode.as_str());
    let maps = docker.map_or_else(|| Ok(IdMaps::default()), |docker| IdMaps::of(docker, mode)).ok()?;
    maps.to_host(user.runs.ok()?.identity.owner)
}

/// The steps that make a folder and those above it that are not there either.
fn folders(host: &Host, root: &str, source: &str) -> Vec<Step> {
    let missing = |path: &String| is_below(path, root) && host.stat(path) == Some(None);
    let step = |path: String| {
        let path = Path::new(&path).strip_prefix(root).unwrap_or(Path::new(&path)).to_owned();
        Step::Path(PathStep { path: SeenPath(path), change: PathChange::MakeFolder { owner: host.root_owner } })
    };
    ancestors(source).into_iter().filter(missing).chain([source.to_owned()]).map(step).collect()
}
