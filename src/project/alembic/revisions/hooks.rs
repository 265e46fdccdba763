//! What post-write hooks run in, besides what is installed: functions of the project, and packages for one command.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::{Alembic, Revisions};
use crate::project::alembic::join;
use crate::project::alembic::mentioned::in_starters;
use crate::project::files::Files;
use crate::text::bytes_pattern;

/// Where functions are registered as hooks.
static REGISTERS: LazyLock<Regex> = LazyLock::new(|| bytes_pattern(r"\bwrite_hooks\b"));

/// Looks for both, where there are hooks at all.
pub(super) fn read(files: &dyn Files, environment: &Alembic, revisions: &mut Revisions) {
    let beside = environment.configuration.rsplit_once('/').map_or("", |(directory, _)| directory);
    let places =
        [Some(environment.configuration.clone()), join(beside, "pyproject.toml"), Some("pyproject.toml".into())];
    let named = |text: Vec<u8>| text.windows(HOOKS.len()).any(|word| word == HOOKS);
    if !places.iter().flatten().any(|path| files.bytes(path).is_ok_and(&named)) {
        return;
    }
    let matches = |path: &String, pattern: &Regex| files.bytes(path).is_ok_and(|bytes| pattern.is_match(&bytes));
    revisions.registers_hooks = files.list().iter().any(|path| path.ends_with(".py") && matches(path, &REGISTERS));
    // A command may bring packages along: `uv run --with black alembic revision`.
    if revisions.packages.formatters.is_some() && in_starters(files, &["--with "]) {
        revisions.packages.formatters = None;
    }
}

/// What files with hooks have.
const HOOKS: &[u8] = b"post_write_hooks";
