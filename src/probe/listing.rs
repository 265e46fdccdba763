//! Which files a project on this machine has, as git sees it.
#![expect(clippy::disallowed_methods, reason = "a deadline is compared with the clock")]

use std::collections::BTreeMap;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use ignore::WalkState;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::filesystems::Mounts;
use super::patience::{Patience, each};

/// Directories that hold nothing a person wrote, left out even where git would not ignore them.
const SKIPPED: [&str; 5] = [".git", ".venv", "__pycache__", "node_modules", "venv"];

/// Kinds of file systems that are entered wherever they are mounted. Others are remote, or made of no files at all, and may
/// never answer or never end.
const ORDINARY: [&str; 11] =
    ["bcachefs", "btrfs", "ext2", "ext3", "ext4", "f2fs", "overlay", "ramfs", "tmpfs", "xfs", "zfs"];

/// What a listing found.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// Paths of files relative to the root, sorted.
    pub paths: Vec<String>,
    /// Folders that were not entered, with the kind of file system that they are, sorted.
    pub not_entered: Vec<(String, String)>,
    /// Folders that could not be listed, with the reason, sorted.
    pub not_listed: Vec<(String, String)>,
    /// Where it was when the time was over.
    pub stopped_at: Option<String>,
}

/// Whether a directory of this name is left out of listings.
pub(super) fn is_skipped(name: &str) -> bool {
    SKIPPED.contains(&name)
}

/// The files below `root`, until `deadline`. Ignore files count from the top of the git repository downwards, as for git;
/// outside of git, and in a folder that the repository around it ignores as a whole, from `root` downwards.
pub(super) fn list(root: &Path, deadline: Option<Instant>, patience: Patience) -> Listing {
    list_without(root, closed_below(root), deadline, patience)
}

/// What is mounted below a directory without links and may never answer, or never end: where, and the kind of file system.
pub(super) fn closed_below(root: &Path) -> BTreeMap<PathBuf, String> {
    let mounts = Mounts::of_this_process();
    let below = mounts.below(root);
    if below.is_empty() {
        return below;
    }
    let ours = root.canonicalize().ok().and_then(|root| mounts.at(&root)).map(|filesystem| filesystem.kind);
    let is_entered = move |kind: &String| ORDINARY.contains(&kind.as_str()) || ours.as_ref() == Some(kind);
    below.into_iter().filter(|(_, kind)| !is_entered(kind)).collect()
}

/// The same without the folders of `closed`, each with its kind of file system.
fn list_without(
    root: &Path,
    closed: BTreeMap<PathBuf, String>,
    deadline: Option<Instant>,
    patience: Patience,
) -> Listing {
    let in_git = repository_of(root).is_some_and(|top| !ignores(top, root));
    let not_entered: Arc<Mutex<Vec<(String, String)>>> = Arc::default();
    let noted = not_entered.clone();
    let base = root.to_owned();
    let walk = ignore::WalkBuilder::new(root)
        .hidden(false)
        .ignore(false)
        // What is no file must not be waited for.
        .git_ignore(is_ordinary_or_absent(&root.join(".gitignore")))
        .require_git(in_git)
        .parents(in_git)
        .filter_entry(move |entry| {
            if !entry.file_type().is_some_and(|kind| kind.is_dir()) {
                return true;
            }
            if entry.file_name().to_str().is_some_and(is_skipped) {
                return false;
            }
            if let Some(kind) = closed.get(entry.path()) {
                let path = entry.path().strip_prefix(&base).unwrap_or(entry.path()).to_string_lossy().into_owned();
                noted.lock().unwrap_or_else(PoisonError::into_inner).push((path, kind.clone()));
                return false;
            }
            is_ordinary_or_absent(&entry.path().join(".gitignore"))
        })
        .threads(1)
        // A walk in one thread by itself opens folders before it asks whether they are to be entered.
        .build_parallel();
    let found: Mutex<(Listing, Vec<String>)> = Mutex::default();
    let take = |entry: Result<ignore::DirEntry, ignore::Error>| {
        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
        let (listing, links) = &mut *found;
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                listing.not_listed.extend(closed_folder(root, &error));
                return WalkState::Continue;
            }
        };
        let Some(path) = entry.path().strip_prefix(root).ok().and_then(Path::to_str) else {
            return WalkState::Continue;
        };
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            // The folders at the top tell enough: which one holds so much.
            let parts: Vec<&str> = path.split('/').take(3).collect();
            listing.stopped_at = Some(if path.is_empty() { ".".to_owned() } else { parts.join("/") });
            return WalkState::Quit;
        }
        // A worktree's `.git` is a file.
        if entry.file_name() != ".git" && is_readable(&entry) {
            let is_link = entry.file_type().is_some_and(|kind| kind.is_symlink());
            if is_link { links } else { &mut listing.paths }.push(path.to_owned());
        }
        WalkState::Continue
    };
    walk.run(|| Box::new(take));
    let (mut listing, links) = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    let base = root.to_owned();
    let leads_to_file = move |path: &String| std::fs::metadata(base.join(path)).is_ok_and(|target| target.is_file());
    for (path, is_file) in links.iter().zip(each(links.clone(), patience, leads_to_file)) {
        match is_file {
            Ok(true) => listing.paths.push(path.clone()),
            Ok(false) => {}
            Err(reason) => listing.not_listed.push((path.clone(), reason.to_owned())),
        }
    }
    listing.paths.sort_unstable();
    listing.not_listed.sort_unstable();
    listing.not_listed.dedup();
    listing.not_entered = std::mem::take(&mut not_entered.lock().unwrap_or_else(PoisonError::into_inner));
    listing.not_entered.sort_unstable();
    listing
}

/// The folder that an error of the walk is about, with the reason; `None` for what is gone meanwhile, and for ignore files.
fn closed_folder(root: &Path, error: &ignore::Error) -> Option<(String, String)> {
    let mut inner = error;
    let mut path = None;
    let reason = loop {
        match inner {
            ignore::Error::WithDepth { err, .. } => inner = err,
            ignore::Error::WithPath { path: at, err } => (path, inner) = (Some(at), err),
            ignore::Error::Io(error) if error.kind() != std::io::ErrorKind::NotFound => {
                break crate::error::said(error);
            }
            _ => return None,
        }
    };
    let path = path?.strip_prefix(root).ok()?;
    // The walk puts its own words and the path in front.
    let reason = reason.rsplit(": ").next().unwrap_or_default().to_owned();
    Some((path.to_string_lossy().into_owned(), reason))
}

/// Whether an entry is a file, or a link, which may lead to one. A pipe of a name that is looked for is named by who cannot read
/// it.
fn is_readable(entry: &ignore::DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_file() || kind.is_fifo() || kind.is_symlink())
}

fn is_ordinary_or_absent(path: &Path) -> bool {
    std::fs::metadata(path).map_or(true, |metadata| metadata.is_file())
}

/// The top of the git repository that a directory lies in.
fn repository_of(directory: &Path) -> Option<&Path> {
    directory.ancestors().find(|directory| std::fs::symlink_metadata(directory.join(".git")).is_ok())
}

/// The repository around a directory that ignores it as a whole, such as that of somebody's dotfiles, with `*` in its
/// `.gitignore`.
pub(crate) fn ignoring_repository(directory: &Path) -> Option<&Path> {
    repository_of(directory).filter(|top| ignores(top, directory))
}

/// Whether the repository at `top` ignores a directory in it: by the ignore files above the directory, the nearest first, and
/// by `info/exclude`.
fn ignores(top: &Path, directory: &Path) -> bool {
    let Ok(below) = directory.strip_prefix(top) else { return false };
    let mut exclude = GitignoreBuilder::new(top);
    let exclude_file = top.join(".git/info/exclude");
    if exclude_file.is_file() {
        exclude.add(exclude_file);
    }
    let mut rules: Vec<Gitignore> = exclude.build().into_iter().collect();
    let mut path = top.to_owned();
    for part in below {
        let file = path.join(".gitignore");
        if file.is_file() {
            rules.push(Gitignore::new(file).0);
        }
        path.push(part);
        let decision = rules.iter().rev().map(|rules| rules.matched(&path, true)).find(|decision| !decision.is_none());
        if decision.is_some_and(|decision| decision.is_ignore()) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        root
    }

    #[test]
    fn a_folder_that_the_repository_around_it_ignores_is_listed_by_its_own_rules() {
        for ignored in ["*\n!.bashrc\n", "/code/\n", "code/shop\n", "code/*\n"] {
            let home = tree(&[
                (".git/HEAD", "ref: refs/heads/main\n"),
                (".gitignore", ignored),
                ("code/shop/.gitignore", "*.log\n"),
                ("code/shop/Makefile", ""),
                ("code/shop/app/a.log", ""),
                ("code/shop/app/main.py", ""),
            ]);
            let shop = home.path().join("code/shop");
            assert_eq!(ignoring_repository(&shop), Some(home.path()), "{ignored}");
            assert_eq!(
                list(&shop, None, Patience::default()).paths,
                [".gitignore", "Makefile", "app/main.py"],
                "{ignored}"
            );
        }
    }

    #[test]
    fn a_folder_that_the_repository_around_it_tracks_is_listed_by_the_rules_of_both() {
        for tracked in ["app/*.txt\n", "*\n!code\n!shop\n!*.*\n!Makefile\n*.txt\n"] {
            let top = tree(&[
                (".git/HEAD", "ref: refs/heads/main\n"),
                (".gitignore", tracked),
                ("code/shop/Makefile", ""),
                ("code/shop/b.txt", ""),
            ]);
            let shop = top.path().join("code/shop");
            assert_eq!(ignoring_repository(&shop), None, "{tracked}");
            assert!(list(&shop, None, Patience::default()).paths.contains(&"Makefile".to_owned()), "{tracked}");
        }
    }

    #[test]
    fn info_exclude_ignores_folders_too() {
        let top = tree(&[(".git/info/exclude", "shop\n"), ("shop/Makefile", "")]);
        assert_eq!(list(&top.path().join("shop"), None, Patience::default()).paths, ["Makefile"]);
    }

    #[test]
    fn a_file_system_of_another_kind_is_named_unless_git_ignores_it() {
        let root = tree(&[
            (".gitignore", "cache/\n"),
            ("share/a.py", ""),
            ("cache/b.py", ""),
            ("node_modules/c.py", ""),
            ("d.py", ""),
        ]);
        let closed = ["share", "cache", "node_modules"].map(|name| (root.path().join(name), "nfs4".to_owned()));
        let listing = list_without(root.path(), closed.into(), None, Patience::default());
        assert_eq!(listing.paths, [".gitignore", "d.py"]);
        assert_eq!(listing.not_entered, [("share".to_owned(), "nfs4".to_owned())]);
    }

    #[test]
    fn an_ignore_file_that_is_no_file_is_not_waited_for() {
        let root = tree(&[("a.py", ""), ("sub/b.py", ""), ("odd/c.py", "")]);
        for folder in ["", "odd"] {
            let pipe = root.path().join(folder).join(".gitignore");
            nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
        }
        let listed = list(root.path(), None, Patience::default()).paths;
        assert!(listed.contains(&"a.py".to_owned()) && listed.contains(&"sub/b.py".to_owned()), "{listed:?}");
    }
}
