//! Checks of the family `cache`.

use crate::access::caches::Loss;
use crate::facts::{Container, Docker, Facts};
use crate::project::compose::is_below;

use super::{Check, check};

mod cure;
mod disabled;
mod hardlinks_across_mounts;
mod installed;
mod mount_owned_by_root;
mod not_writable;
mod store_in_repository;
mod sufferers;
mod told;
mod variable;
mod venv_hidden_by_bind;
mod venv_interpreter_gone;
mod venv_is_volume;
mod venv_not_writable;

/// The checks of this family, sorted by path.
pub(super) static TABLE: [Check; 9] = [
    check!("cache/disabled", disabled::check),
    check!("cache/hardlinks-across-mounts", hardlinks_across_mounts::check),
    check!("cache/mount-owned-by-root", mount_owned_by_root::check),
    check!("cache/not-writable", not_writable::check),
    check!("cache/store-in-repository", store_in_repository::check),
    check!("cache/venv-hidden-by-bind", venv_hidden_by_bind::check),
    check!("cache/venv-interpreter-gone", venv_interpreter_gone::check),
    check!("cache/venv-is-volume", venv_is_volume::check),
    check!("cache/venv-not-writable", venv_not_writable::check),
];

/// Whether these checks tell of something in a folder of a container that a tool cannot write.
pub(super) fn tells(facts: &Facts, docker: &Docker, container: &Container, folder: &str) -> bool {
    [Loss::Fails, Loss::Without].into_iter().any(|loss| {
        let sufferers = sufferers::look_at(facts, docker, container, loss).sufferers;
        sufferers.iter().flat_map(|sufferer| &sufferer.obstacles).any(|obstacle| is_below(&obstacle.path, folder))
    })
}
