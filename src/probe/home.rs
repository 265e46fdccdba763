//! What belongs to somebody else in the folders of the person's home that tools write to.
#![expect(clippy::disallowed_methods, reason = "this is a place where folders are read")]

use std::path::{Path, PathBuf};
use std::time::Instant;

use nix::sys::stat::lstat;

use crate::facts::{FileKind, ForeignFile, HomeFolder, SeenPath};

use super::walk::path_stat;

/// Folders that tools make by themselves, and that a run as root leaves to root. Those around others come first.
const FOLDERS: [&str; 19] = [
    ".docker",
    ".npm",
    ".cargo",
    ".rustup",
    ".yarn",
    ".kube",
    ".aws",
    ".cache",
    ".cache/uv",
    ".cache/pip",
    ".cache/pre-commit",
    ".cache/pypoetry",
    ".cache/huggingface",
    ".config",
    ".config/gh",
    ".config/git",
    ".local",
    ".local/share",
    ".local/share/uv",
];

/// Folders that hold others, which are looked at by themselves.
const HOLDERS: [&str; 4] = [".cache", ".config", ".local", ".local/share"];

/// So many entries of one folder are looked at.
const MOST: usize = 20_000;

/// Looks two levels deep into the folders; `person` is whose they should be.
pub fn look(home: &Path, person: u32, deadline: Instant) -> Vec<HomeFolder> {
    FOLDERS
        .iter()
        .filter_map(|folder| {
            let depth = if HOLDERS.contains(folder) { 0 } else { 2 };
            let mut foreign = vec![];
            let mut left = MOST;
            descend(&home.join(folder), Path::new(""), depth, person, (&mut left, deadline), &mut foreign);
            foreign.sort_by(|one: &ForeignFile, other| one.path.cmp(&other.path));
            (!foreign.is_empty()).then(|| HomeFolder { path: SeenPath(PathBuf::from(folder)), foreign })
        })
        .collect()
}

fn descend(
    folder: &Path,
    relative: &Path,
    depth: usize,
    person: u32,
    (left, deadline): (&mut usize, Instant),
    foreign: &mut Vec<ForeignFile>,
) {
    // Joined to an empty path a link would end in a slash and be followed.
    let path = if relative.as_os_str().is_empty() { folder.to_owned() } else { folder.join(relative) };
    let Ok(stat) = lstat(&path) else { return };
    let stat = path_stat(&stat);
    if stat.owner.uid != person {
        foreign.push(ForeignFile { path: SeenPath(relative.to_owned()), stat, capabilities: false });
    }
    if depth == 0 || stat.kind != FileKind::Directory || Instant::now() >= deadline {
        return;
    }
    let Ok(entries) = std::fs::read_dir(&path) else { return };
    for entry in entries.flatten() {
        if *left == 0 {
            return;
        }
        *left -= 1;
        descend(folder, &relative.join(entry.file_name()), depth - 1, person, (left, deadline), foreign);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn two_levels_are_looked_at_and_no_link_is_followed() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join(".cache/uv/a/b/c")).unwrap();
        std::os::unix::fs::symlink("/", home.path().join(".docker")).unwrap();
        let folders = look(home.path(), 4_000_000, Instant::now() + Duration::from_secs(9));
        let names: Vec<String> = folders
            .iter()
            .flat_map(|folder| {
                folder.foreign.iter().map(|file| format!("{}|{}", folder.path.display(), file.path.display()))
            })
            .collect();
        assert_eq!(names, [".docker|", ".cache|", ".cache/uv|", ".cache/uv|a", ".cache/uv|a/b"]);
    }
}
