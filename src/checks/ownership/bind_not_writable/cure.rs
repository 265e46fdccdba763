//! Gives a folder to the service that is to write it, or runs the service as the one to whom it belongs.

use std::path::Path;

use crate::access::IdMaps;
use crate::facts::{Facts, ForeignFile, Host, Owner, PathStat, SeenPath};
use crate::fix::{Chown, ChownPlace, Fix, Step};
use crate::project::compose::Service;

use super::super::cure::withheld;
use super::super::places::shown;
use super::super::run_as_person;

/// A folder that a service cannot write.
pub(super) struct Found<'a> {
    pub source: &'a str,
    pub stat: PathStat,
    /// Whether it belongs to the root of the host or of the containers.
    pub by_root: bool,
    /// Whom the host sees as the service's user.
    pub to: Owner,
    pub maps: &'a IdMaps,
}

/// Gives a folder of root's to the service, or runs the service as the one whom the project belongs to.
pub(super) fn cure(facts: &Facts, host: &Host, service: &Service, found: &Found<'_>) -> Fix {
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
