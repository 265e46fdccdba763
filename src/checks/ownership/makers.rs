//! What foreign files are, told by their path: migrations, bytecode, caches of tools, git's objects, and so on.

use std::collections::BTreeMap;
use std::path::Path;

use crate::facts::{FileKind, ForeignFile};
use crate::project::Project;

/// What a file is, and so what made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Migrations,
    Other,
    Lock,
    Git,
    Environment,
    Build,
    Cache,
    Bytecode,
}

impl Kind {
    pub(super) fn of(path: &str, project: &Project) -> Self {
        let parts: Vec<&str> = path.split('/').collect();
        let has = |names: &[&str]| parts.iter().any(|part| names.contains(part));
        let name = parts.last().copied().unwrap_or_default();
        let in_versions = project.alembic.iter().flat_map(|alembic| &alembic.version_directories).any(|directory| {
            path.strip_prefix(directory.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        });
        if has(&[".git"]) {
            Self::Git
        } else if has(&[".venv", "venv", "node_modules"]) {
            Self::Environment
        } else if has(&["__pycache__"]) || name.ends_with(".pyc") {
            Self::Bytecode
        } else if has(&[
            ".cache",
            ".hypothesis",
            ".mypy_cache",
            ".nox",
            ".pytest_cache",
            ".ruff_cache",
            ".tox",
            ".uv-cache",
            "htmlcov",
        ]) || name == ".coverage"
        {
            Self::Cache
        } else if in_versions || has(&["versions"]) && has(&["alembic", "migrations"]) {
            Self::Migrations
        } else if has(&[".next", "build", "dist", "target"]) || parts.iter().any(|part| part.ends_with(".egg-info")) {
            Self::Build
        } else if name.ends_with(".lock") || ["package-lock.json", "pnpm-lock.yaml"].contains(&name) {
            Self::Lock
        } else {
            Self::Other
        }
    }
}

/// Whether a path lies in a git directory, or is one (or the file that names one).
pub(super) fn is_gits(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == ".git")
}

/// Foreign files of one kind and their folders.
pub(super) struct Group<'a> {
    pub(super) kind: Kind,
    pub(super) files: Vec<&'a ForeignFile>,
    /// For people, sorted.
    pub(super) folders: Vec<String>,
}

/// The files by kind, those that hurt most first.
pub(super) fn groups<'a>(files: &[&'a ForeignFile], project: &Project) -> Vec<Group<'a>> {
    let mut by_kind: BTreeMap<Kind, Vec<&'a ForeignFile>> = BTreeMap::new();
    for file in files {
        by_kind.entry(Kind::of(&file.path.display(), project)).or_default().push(file);
    }
    by_kind
        .into_iter()
        .map(|(kind, files)| {
            let mut folders: Vec<String> =
                files.iter().map(|file| folder(kind, &file.path.display(), file.stat.kind)).collect();
            folders.sort_unstable();
            folders.dedup();
            Group { kind, files, folders }
        })
        .collect()
}

/// The folder that stands for a file: the one that its maker owns, else the one it lies in.
fn folder(kind: Kind, path: &str, file: FileKind) -> String {
    let parts: Vec<&str> = path.split('/').collect();
    let until = |found: Option<usize>| found.map(|at| parts.get(..=at).unwrap_or(&parts).join("/"));
    let own = match kind {
        Kind::Git => until(parts.iter().position(|part| *part == ".git")),
        Kind::Environment => until(parts.iter().position(|part| [".venv", "venv", "node_modules"].contains(part))),
        Kind::Cache => until(parts.iter().position(|part| part.starts_with('.') || *part == "htmlcov")),
        Kind::Build => until(
            parts
                .iter()
                .position(|part| [".next", "build", "dist", "target"].contains(part) || part.ends_with(".egg-info")),
        ),
        Kind::Migrations => until(parts.iter().rposition(|part| *part == "versions")),
        Kind::Bytecode | Kind::Lock | Kind::Other => None,
    };
    own.unwrap_or_else(|| match (file, path.rsplit_once('/')) {
        (FileKind::Directory, _) => path.to_owned(),
        (_, Some((folder, _))) => folder.to_owned(),
        (_, None) => ".".to_owned(),
    })
}

impl Group<'_> {
    /// Such as ``4 in `migrations/versions` ``.
    pub(super) fn words(&self) -> String {
        let count = self.files.len();
        match (self.kind, self.folders.as_slice()) {
            (Kind::Bytecode, [_, _, ..]) => format!("{count} of Python's bytecode"),
            (_, [folder]) if folder == "." => match self.files.as_slice() {
                [only] => format!("`{}`", only.path.display()),
                _ => format!("{count} at the top"),
            },
            (_, [folder]) => format!("{count} in `{folder}`"),
            (_, [first, _]) => format!("{count} in `{first}` and 1 other folder"),
            (_, [first, ..]) => format!("{count} in `{first}` and {} other folders", self.folders.len() - 1),
            (_, []) => count.to_string(),
        }
    }
}

/// `1 file`, `4 files`, `1 folder`, `9 files and folders`.
pub(super) fn counted(files: &[&ForeignFile]) -> String {
    let folders = files.iter().filter(|file| file.stat.kind == FileKind::Directory).count();
    match (files.len(), folders) {
        (1, 1) => "1 folder".to_owned(),
        (1, _) => "1 file".to_owned(),
        (count, 0) => format!("{count} files"),
        (count, folders) if folders == count => format!("{count} folders"),
        (count, _) => format!("{count} files and folders"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_by_their_path() {
        let project = Project::default();
        for (path, kind, place) in [
            ("migrations/versions/ab_init.py", Kind::Migrations, "migrations/versions"),
            ("src/app/__pycache__/main.cpython-312.pyc", Kind::Bytecode, "src/app/__pycache__"),
            ("api/.ruff_cache/0.5/x", Kind::Cache, "api/.ruff_cache"),
            (".git/objects/ab/cd", Kind::Git, ".git"),
            ("web/node_modules/x/y.js", Kind::Environment, "web/node_modules"),
            ("shop.egg-info/PKG-INFO", Kind::Build, "shop.egg-info"),
            ("uv.lock", Kind::Lock, "."),
            ("src/main.py", Kind::Other, "src"),
        ] {
            assert_eq!(Kind::of(path, &project), kind, "{path}");
            assert_eq!(folder(kind, path, FileKind::File), place, "{path}");
        }
    }
}
