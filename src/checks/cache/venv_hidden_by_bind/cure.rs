//! Keeps the environment of the image by a volume over it, on a folder that is the person's.

use crate::checks::recreate::recreate_with;
use crate::facts::{Facts, SeenPath};
use crate::fix::{Fix, PathChange, PathStep, Step};
use crate::project::compose::{Mount, Service};

use super::super::variable::add_volume;

/// A volume over the environment, which the next container fills from the image.
pub(super) fn cure(facts: &Facts, service: &Service, mount: &Mount, path: &str, on_host: &str) -> Fix {
    let title = format!("keep the image's `{path}` by a volume over it");
    let name = &service.name.value;
    let step = facts.source(&mount.span.path).and_then(|source| add_volume(source, mount, path));
    match step.filter(|_| service.block.editable) {
        Some(step) => Fix::risky(title, [step].into_iter().chain(folder(facts, on_host)).collect())
            .afterwards(recreate_with(facts, &[name], "--renew-anon-volumes")),
        None => Fix::manual(format!("{title}: add `- {path}` to the volumes of `{name}`")),
    }
}

/// The folder on the host that the volume is to lie over: where there is none the engine makes one, of root's, in which the
/// person's own tools cannot make an environment.
fn folder(facts: &Facts, on_host: &str) -> Option<Step> {
    let host = facts.host.as_ref().ok().filter(|host| host.stat(on_host) == Some(None))?;
    let path = SeenPath(on_host.strip_prefix(&format!("{}/", facts.project.root))?.into());
    Some(Step::Path(PathStep { path, change: PathChange::MakeFolder { owner: host.root_owner } }))
}
