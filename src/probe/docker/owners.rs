//! Whose the files in a container are, as its processes see them: what archives tell of owners is true on an ordinary engine
//! alone.

use tokio::time::Instant;

use super::engine::Engine;
use super::{podman, understand};
use crate::facts::{Container, Docker, EngineKind};

/// Puts right what was seen of owners in a container, and forgets what cannot be known. To be done once: afterwards the
/// numbers are those of the container's processes.
pub(super) async fn as_processes_see(engine: &Engine, docker: &Docker, container: &mut Container, deadline: Instant) {
    match docker.kind {
        EngineKind::Desktop => understand::forget_owners_in_binds(container),
        EngineKind::Podman => podman::put_owners_right(engine, docker, container, deadline).await,
        EngineKind::UsernsRemap => understand::owners_as_inside(container, docker),
        EngineKind::Rootful | EngineKind::Rootless => {}
    }
}
