//! Which folders say what is installed for a configuration of Alembic.

use crate::project::alembic::join;
use crate::project::files::Files;
use crate::project::requirements::{List, is_list, with_included};

/// The lock files that list all packages.
pub(super) const LOCKS: [&str; 3] = ["uv.lock", "poetry.lock", "pdm.lock"];

/// The folders whose files count, nearest first.
pub(super) struct Places {
    /// The folder of the package that the configuration belongs to.
    pub home: String,
    /// The folder of the lock file: that of the package, or of the workspace that it is a member of.
    pub locked: Option<String>,
}

/// Finds them, from the folder of the configuration upwards.
pub(super) fn of(files: &dyn Files, beside: &str) -> Places {
    let has = |folder: &str, name: &str| join(folder, name).is_some_and(|path| files.is_file(&path));
    let is_locked = |folder: &str| LOCKS.iter().any(|name| has(folder, name));
    let has_lists = |folder: &str| join(folder, "requirements").is_some_and(|path| files.is_directory(&path));
    let is_package = |folder: &str| {
        ["pyproject.toml", "requirements.txt"].iter().any(|name| has(folder, name))
            || has_lists(folder)
            || is_locked(folder)
    };
    let up =
        |folder: &str| (!folder.is_empty()).then(|| folder.rsplit_once('/').map_or("", |(above, _)| above).to_owned());
    let upwards = || std::iter::successors(Some(beside.to_owned()), |folder| up(folder));
    let home = upwards().find(|folder| is_package(folder)).unwrap_or_default();
    let above = std::iter::successors(up(&home), |folder| up(folder));
    let locked = if is_locked(&home) {
        Some(home.clone())
    } else {
        above.into_iter().find(|folder| has(folder, "uv.lock") && has_member(files, folder, &home))
    };
    Places { home, locked }
}

/// The lists of requirements of a folder with what they include: first those that `requirements.txt` leads to, then others.
pub(super) fn lists(files: &dyn Files, home: &str) -> (Vec<List>, Vec<List>) {
    let main = join(home, "requirements.txt").map(|path| with_included(files, &path)).unwrap_or_default();
    let start = if home.is_empty() { String::new() } else { format!("{home}/") };
    let from = files.list().partition_point(|path| path.as_str() < start.as_str());
    let below = files.list().iter().skip(from).take_while(|path| path.starts_with(&start));
    let own = below.filter(|path| {
        let inner = path.get(start.len()..).unwrap_or_default();
        is_list(path) && !inner.strip_prefix("requirements/").unwrap_or(inner).contains('/')
    });
    let mut others: Vec<List> = vec![];
    for list in own.flat_map(|path| with_included(files, path)) {
        if !main.iter().chain(&others).any(|known| known.path == list.path) {
            others.push(list);
        }
    }
    (main, others)
}

/// Whether a folder is that of a workspace of uv with another one as a member.
fn has_member(files: &dyn Files, folder: &str, member: &str) -> bool {
    let Some(bytes) = join(folder, "pyproject.toml").and_then(|path| files.bytes(&path).ok()) else { return false };
    let Ok(document) = String::from_utf8_lossy(&bytes).parse::<toml_edit::DocumentMut>() else { return false };
    let workspace = document.get("tool").and_then(|tool| tool.get("uv")?.get("workspace"));
    let member = member.strip_prefix(folder).unwrap_or(member).trim_start_matches('/');
    let listed = |key: &str| {
        let patterns = workspace.and_then(|workspace| workspace.get(key)?.as_array()).into_iter().flatten();
        patterns.filter_map(|pattern| pattern.as_str()).any(|pattern| fits(pattern, member))
    };
    listed("members") && !listed("exclude")
}

/// Whether a path fits a pattern of folders, whose stars stand within a part each.
fn fits(pattern: &str, path: &str) -> bool {
    let pattern: Vec<&str> = pattern.trim_start_matches("./").trim_end_matches('/').split('/').collect();
    let path: Vec<&str> = path.split('/').collect();
    let part_fits = |(pattern, part): (&&str, &&str)| match pattern.split_once('*') {
        None => pattern == part,
        Some((before, after)) => {
            part.len() >= before.len() + after.len() && part.starts_with(before) && part.ends_with(after)
        }
    };
    pattern.len() == path.len() && pattern.iter().zip(&path).all(part_fits)
}
