//! What a Dockerfile says about the image's user, home and directories.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::text::Spanned;

/// The stages of one Dockerfile.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Dockerfile {
    /// Stages in order.
    pub stages: Vec<Stage>,
}

/// One stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stage {
    /// Name after `AS`.
    pub name: Option<String>,
    /// What it is built from: an image, or an earlier stage.
    pub base: Spanned<String>,
    /// The last `USER`.
    pub user: Option<Spanned<String>>,
    /// `ENV` variables as far as they are plain text.
    pub environment: BTreeMap<String, String>,
    /// The last `WORKDIR`.
    pub working_dir: Option<Spanned<String>>,
}
