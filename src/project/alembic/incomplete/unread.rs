//! Revisions that lie beside the folder where Alembic looks for them.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::project::alembic::Alembic;
use crate::project::files::Files;
use crate::project::whose::is_own;
use crate::text::bytes_pattern;

static REVISION: LazyLock<Regex> = LazyLock::new(|| bytes_pattern(r"(?m)^revision\s*(?::[^=\n]*)?="));
static DOWN_REVISION: LazyLock<Regex> = LazyLock::new(|| bytes_pattern(r"(?m)^down_revision\s*(?::[^=\n]*)?="));

/// Folders within that of an environment, or directly beside it, with files that look like revisions. None where a program may
/// name them.
pub(super) fn folders(files: &dyn Files, environments: &[Alembic], location: &str) -> Vec<String> {
    let parent = location.rsplit_once('/').map_or("", |(parent, _)| parent);
    let of_another = |folder: &str| {
        environments.iter().any(|it| {
            it.version_directories.iter().any(|one| one == folder)
                || it.script_location.as_ref().is_some_and(|other| {
                    other.value != location && format!("{folder}/").starts_with(&format!("{}/", other.value))
                })
        })
    };
    let mut found = BTreeSet::new();
    for path in files.list().iter().filter(|path| path.ends_with(".py") && is_own(path)) {
        let Ok(bytes) = files.bytes(path) else { continue };
        if contains(&bytes, b"version_locations") {
            return vec![];
        }
        let Some((folder, _)) = path.rsplit_once('/') else { continue };
        let is_inside = folder.starts_with(&format!("{location}/"));
        let is_beside = folder.rsplit_once('/').map_or("", |(parent, _)| parent) == parent && folder != location;
        let is_revision = || REVISION.is_match(&bytes) && DOWN_REVISION.is_match(&bytes);
        if (is_inside || is_beside) && !of_another(folder) && is_revision() {
            found.insert(folder.to_owned());
        }
    }
    found.into_iter().collect()
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    memchr::memmem::find(bytes, word).is_some()
}

/// A folder as the configuration would name it that names the environment's as it does.
pub(super) fn written(script_location: &str, location: &str, folder: &str) -> Option<String> {
    let written = script_location.trim_end_matches('/');
    if let Some(rest) = folder.strip_prefix(location).and_then(|rest| rest.strip_prefix('/')) {
        return Some(format!("{written}/{rest}"));
    }
    let name = folder.rsplit('/').next()?;
    let own = location.rsplit('/').next()?;
    written.strip_suffix(own).map(|parent| format!("{parent}{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_written_as_that_of_the_environment_is() {
        for (script_location, location, folder, expected) in [
            ("%(here)s/db", "db", "db/revisions", Some("%(here)s/db/revisions")),
            ("./db/", "backend/db", "backend/db/a/b", Some("./db/a/b")),
            ("db", "db", "revisions", Some("revisions")),
            ("%(here)s/app/db", "app/db", "app/old", Some("%(here)s/app/old")),
            ("app:db", "src/app/other", "src/app/old", None),
        ] {
            assert_eq!(written(script_location, location, folder).as_deref(), expected, "{script_location} {folder}");
        }
    }
}
