//! Why a service is likely to write a folder that is mounted into it.

use crate::access::{Layout, Written, working_directory, written_by};
use crate::facts::{Facts, Host};
use crate::project::compose::{Mount, Service, is_below};

use super::super::places::{holds_data, holds_settings};

/// Why a service is likely to write a folder.
pub(super) enum Reason {
    /// The engine made it for a bind mount whose source was not there: it holds nothing of the project.
    MadeByEngine,
    /// Its name says that it is for data.
    Data,
    /// This runs in it.
    Tool(Written),
}

pub(super) fn reason(
    facts: &Facts,
    host: &Host,
    service: &Service,
    mount: &Mount,
    source: &str,
    by_root: bool,
) -> Option<Reason> {
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
