//! What post-write hooks run in, besides what is installed: functions of the project, and packages for one command.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::{Alembic, Revisions};
use crate::project::alembic::join;
use crate::project::files::Files;
use crate::text::bytes_pattern;

/// Where functions are registered as hooks.
static REGISTERS: LazyLock<Regex> = LazyLock::new(|| bytes_pattern(r"\bwrite_hooks\b"));

/// A command that brings packages along: `uv run --with black alembic revision`.
static BRINGS: LazyLock<Regex> = LazyLock::new(|| bytes_pattern(r"\buvx?\b(?:[^\n]|\\\r?\n)*--with\b"));

/// How files end that hold no commands, and may be large.
const NO_RECIPES: [&str; 6] = [".lock", ".svg", ".csv", ".json", ".ipynb", ".sql"];

/// Looks for both, where there are hooks at all.
pub(super) fn read(files: &dyn Files, environment: &Alembic, revisions: &mut Revisions) {
    let beside = environment.configuration.rsplit_once('/').map_or("", |(directory, _)| directory);
    let places =
        [Some(environment.configuration.clone()), join(beside, "pyproject.toml"), Some("pyproject.toml".into())];
    let named = |text: Vec<u8>| text.windows(HOOKS.len()).any(|word| word == HOOKS);
    if !places.iter().flatten().any(|path| files.bytes(path).is_ok_and(|bytes| named(bytes))) {
        return;
    }
    let matches = |path: &String, pattern: &Regex| files.bytes(path).is_ok_and(|bytes| pattern.is_match(&bytes));
    revisions.registers_hooks = files.list().iter().any(|path| path.ends_with(".py") && matches(path, &REGISTERS));
    let is_recipe = |path: &&String| !NO_RECIPES.iter().any(|end| path.ends_with(end));
    if revisions.packages.formatters.is_some()
        && files.list().iter().filter(is_recipe).any(|path| matches(path, &BRINGS))
    {
        revisions.packages.formatters = None;
    }
}

/// What files with hooks have.
const HOOKS: &[u8] = b"post_write_hooks";
