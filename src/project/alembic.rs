//! Alembic environments: their configuration and what `env.py` does with the database URL.

use serde::{Deserialize, Serialize};

use crate::text::{Span, Spanned};

/// One Alembic environment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alembic {
    /// `alembic.ini` or `pyproject.toml`, relative to the root.
    pub configuration: String,
    /// Directory of the migration environment, relative to the root, when it could be told.
    pub script_location: Option<Spanned<String>>,
    /// `env.py`, when it is there.
    pub env_py: Option<String>,
    /// The `versions` directories, relative to the root.
    pub version_directories: Vec<String>,
    /// Where `env.py` puts a URL in force itself, so that `sqlalchemy.url` of the configuration is not read.
    pub url_override: Option<Span>,
    /// Environment variables that `env.py` reads by name.
    pub variables_read: Vec<Spanned<String>>,
}
