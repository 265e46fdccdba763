//! Which services can have made a foreign file: a writable bind over the place, and a process with that user number.

use std::collections::BTreeSet;

use crate::access::interest::{exec_lines, user_of_line};
use crate::access::service::{is_application, says_root, service_changes_user};
use crate::access::{Decides, IdMaps, Layout, RunsAs, ServiceUser, normal};
use crate::facts::{Facts, FileKind, ForeignFile};
use crate::project::commands::CommandLine;
use crate::project::compose::{Mount, Service, is_below};

/// A service's writable bind mount, and who writes through it.
pub(super) struct Suspect<'a> {
    pub(super) service: &'a Service,
    pub(super) mount: &'a Mount,
    pub(super) source: String,
    pub(super) user: Option<ServiceUser>,
    /// Numbers that the host sees for the service's own processes.
    own: Option<u32>,
    /// Command lines that run something in it, with the number that the host sees.
    pub(super) lines: Vec<(&'a CommandLine, u32)>,
    changes_user: bool,
    /// Whether an application of another maker runs in it as it comes.
    application: bool,
    layout: Layout,
    index: usize,
    /// Owner of the folder that is mounted, when it was seen.
    source_owner: Option<u32>,
    /// Whether files of the project that devdoctor reads lie in that folder.
    holds_sources: bool,
}

/// All services with a writable bind of a place in the project, or of one around it.
pub(super) fn suspects(facts: &Facts) -> Vec<Suspect<'_>> {
    facts.project.services().flat_map(|service| of_service(facts, service)).collect()
}

fn of_service<'a>(facts: &'a Facts, service: &'a Service) -> Vec<Suspect<'a>> {
    let docker = facts.docker.as_ref().ok();
    let container = docker.and_then(|docker| docker.container_of(&service.name));
    let mode = container.map(|container| container.userns_mode.as_str());
    let mode = mode.or(service.userns_mode.as_ref().map(|mode| mode.value.as_str())).unwrap_or_default();
    // Without an engine's word numbers are taken as they are, which is the ordinary engine.
    let maps = docker.map_or_else(|| Ok(IdMaps::default()), |docker| IdMaps::of(docker, mode));
    let on_host = |uid: u32| maps.as_ref().ok()?.uid_on_host(uid);
    let user = ServiceUser::of(service, &facts.project, docker);
    let own = user.as_ref().and_then(|user| match &user.runs {
        Ok(runs) => on_host(runs.identity.owner.uid),
        Err(_) if user.is_root() => on_host(0),
        Err(_) => None,
    });
    let person = facts.developer();
    let line_user = |line: &CommandLine| match user_of_line(line, person) {
        None => own,
        Some(Err(())) => None,
        Some(Ok(written)) if says_root(&written) => on_host(0),
        Some(Ok(written)) => {
            let runs = RunsAs::by_exec(container?, Some(&written), &line.call.environment).ok()?;
            on_host(runs.identity.owner.uid)
        }
    };
    let lines: Vec<(&CommandLine, u32)> =
        exec_lines(&facts.project, &service.name).filter_map(|line| Some((line, line_user(line)?))).collect();
    let layout = Layout::of_service(service, None);
    let root = facts.project.root.as_str();
    service
        .mounts
        .iter()
        .enumerate()
        .filter_map(|(index, mount)| match &mount.source {
            crate::project::compose::MountSource::Bind(source) if mount.writable => {
                let source = normal(source);
                (is_below(&source, root) || is_below(root, &source)).then(|| Suspect {
                    service,
                    mount,
                    user: user.clone(),
                    own,
                    lines: lines.clone(),
                    changes_user: service_changes_user(service, &facts.project, container),
                    application: is_application(service, &facts.project),
                    layout: layout.clone(),
                    index,
                    source_owner: owner_of(&source, facts),
                    holds_sources: facts
                        .project
                        .sources
                        .keys()
                        .any(|path| is_below(&normal(&format!("{root}/{path}")), &source)),
                    source,
                })
            }
            _ => None,
        })
        .collect()
}

fn owner_of(path: &str, facts: &Facts) -> Option<u32> {
    let host = facts.host.as_ref().ok()?;
    let relative = path.strip_prefix(&facts.project.root).map(|rest| rest.trim_start_matches('/'));
    let listed = host.walk.foreign.iter().find(|file| file.path.as_path().to_str() == relative);
    listed.map(|file| file.stat).or(host.stat(path).flatten()).map(|stat| stat.owner.uid)
}

impl Suspect<'_> {
    /// Whether this mount, and no deeper one over it, shows a path of the host.
    fn shows(&self, path: &str) -> bool {
        is_below(path, &self.source)
            && path.get(self.source.trim_end_matches('/').len()..).is_some_and(|rest| {
                self.layout.spot(&format!("{}/{rest}", self.mount.target)).mount == Some(self.index)
            })
    }

    /// Whether the service's own processes have this number on the host.
    pub(super) fn is_own(&self, uid: u32) -> bool {
        self.own == Some(uid)
    }

    fn writes_as(&self, uid: u32) -> bool {
        self.is_own(uid) || self.lines.iter().any(|(_, line)| *line == uid)
    }

    /// Whether another mount of the service lies exactly over a path of this one: what is here is never seen in it.
    fn is_under_a_mount(&self, path: &str) -> bool {
        let rest = path.strip_prefix(self.source.trim_end_matches('/')).filter(|rest| rest.starts_with('/'));
        let Some(place) = rest.map(|rest| normal(&format!("{}{rest}", self.mount.target))) else { return false };
        let over = self.layout.spot(&place).mount.filter(|mount| *mount != self.index);
        over.and_then(|mount| self.service.mounts.get(mount)).is_some_and(|mount| normal(&mount.target) == place)
    }

    /// Whether a folder is there for the data of this service, and holds nothing of the project.
    fn needs_above(&self, path: &str, facts: &Facts) -> bool {
        let root = facts.project.root.as_str();
        (self.changes_user || self.application)
            && path != self.source
            && is_below(&self.source, path)
            && !facts.project.sources.keys().any(|source| is_below(&format!("{root}/{source}"), path))
    }

    /// Whether it is a service of its own kind: its data is not the project's.
    fn owns(&self, file: &ForeignFile, path: &str, others: &[Self], facts: &Facts) -> bool {
        let root = facts.project.root.as_str();
        if is_below(root, &self.source) || !is_below(path, &self.source) {
            return false;
        }
        if self.changes_user || (self.application && !self.holds_sources) {
            return true;
        }
        let alone = others
            .iter()
            .all(|other| other.service.name.value == self.service.name.value || !is_below(&other.source, &self.source));
        if self.own != Some(file.stat.owner.uid) || !alone {
            return false;
        }
        let runs_as_root = self.user.as_ref().is_some_and(ServiceUser::is_root);
        // What root wrote is its own only in a folder that is root's as a whole and holds nothing of the project.
        !runs_as_root || (self.source_owner == Some(file.stat.owner.uid) && !self.holds_sources)
    }
}

/// Whether a file belongs to a service by right: data of a database or broker, or of a service in a mount of its own; or a
/// folder that the engine made for such a mount.
pub(super) fn belongs_there(file: &ForeignFile, path: &str, suspects: &[Suspect<'_>], facts: &Facts) -> bool {
    let made_for = || suspects.iter().any(|suspect| suspect.is_under_a_mount(path) || suspect.needs_above(path, facts));
    suspects.iter().any(|suspect| suspect.owns(file, path, suspects, facts))
        || (file.stat.kind == FileKind::Directory && made_for())
}

/// The services that can have written a path as this user, the likeliest first: by the deepest mount, and those with command
/// lines that run as this user before others. An index into the suspects each.
pub(super) fn responsible(path: &str, uid: u32, suspects: &[Suspect<'_>]) -> Vec<usize> {
    let mut found: Vec<usize> = suspects
        .iter()
        .enumerate()
        .filter(|(_, suspect)| suspect.writes_as(uid) && suspect.shows(path))
        .map(|(index, _)| index)
        .collect();
    found.sort_by_key(|index| {
        suspects.get(*index).map(|suspect| {
            let by_line = suspect.lines.iter().any(|(_, line)| *line == uid);
            (std::cmp::Reverse(suspect.source.len()), !by_line, suspect.service.name.value.clone())
        })
    });
    let mut seen = BTreeSet::new();
    found.retain(|index| suspects.get(*index).is_some_and(|suspect| seen.insert(suspect.service.name.value.as_str())));
    found
}

/// What a service does as which user and why as that one, for the label under its mount line, such as
/// `` `api` runs as root: nothing sets `user:` ``.
pub(super) fn because(user: Option<&ServiceUser>, name: &str, does: &str) -> String {
    let Some(user) = user else { return format!("`{name}` {does}") };
    let runs = match (&user.runs, user.is_root()) {
        (_, true) => "root".to_owned(),
        (Ok(runs), false) => runs.identity.owner.to_string(),
        (Err(_), false) => format!("`{}`", user.written),
    };
    let why = match &user.decides {
        Decides::Compose(_) => String::new(),
        Decides::Dockerfile(_) => ": its Dockerfile says so".to_owned(),
        Decides::Image(image) if !user.written.is_empty() => format!(": `{image}` says so"),
        Decides::Container { by_image } if !user.written.is_empty() => match by_image {
            Some(true) => ": its image says so".to_owned(),
            Some(false) => ": its container was made so, its image is another user's".to_owned(),
            None => ": its container says so".to_owned(),
        },
        Decides::Container { .. } | Decides::Image(_) | Decides::Base(_) => ": nothing sets `user:`".to_owned(),
    };
    format!("`{name}` {does} as {runs}{why}")
}
