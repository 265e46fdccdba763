//! Makes and removes single paths of the project and changes modes, and takes it back: no link followed, nothing outside touched.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, openat};
use nix::sys::stat::{FileStat, Mode, SFlag, fchmod, fstat, fstatat, mkdirat};
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchown, geteuid, unlinkat};

use crate::facts::Owner;
use crate::fix::{PathChange, PathStep};

use super::edit::open_beneath;

/// Does a step.
///
/// # Errors
/// When the path is not as it was when the fix was made, or the kernel refuses; in the kernel's words. Then nothing is done.
pub fn change(root: &Path, step: &PathStep) -> Result<(), String> {
    let (parent, name) = parent(root, step.path.as_path()).map_err(Unreached::words)?;
    match &step.change {
        PathChange::MakeFolder { owner } => make_folder(&parent, name, 0o755, *owner),
        PathChange::RemoveFolder { owner, mode } => {
            let stat = fstatat(&parent, name, AtFlags::AT_SYMLINK_NOFOLLOW).map_err(said)?;
            if kind(&stat) != SFlag::S_IFDIR || owner_of(&stat) != *owner || stat.st_mode & 0o7777 != *mode {
                return Err("is not what it was".to_owned());
            }
            // The kernel refuses a folder that holds anything.
            unlinkat(&parent, name, UnlinkatFlags::RemoveDir).map_err(said)
        }
        PathChange::NewFile { text, owner } => {
            let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
            let file = openat(&parent, name, flags, Mode::from_bits_truncate(0o644)).map_err(said)?;
            let written = give(&file, *owner).and_then(|()| {
                let mut file = File::from(file);
                file.write_all(text.as_bytes())
                    .and_then(|()| file.sync_all())
                    .map_err(|error| crate::error::said(&error))
            });
            if written.is_err() {
                _ = unlinkat(&parent, name, UnlinkatFlags::NoRemoveDir);
            }
            written
        }
        PathChange::Mode { from, to } => set_mode(&parent, name, *from, *to),
    }
}

/// Takes a step back; `false` when there is nothing to take back.
///
/// # Errors
/// When somebody has changed the path since, or the kernel refuses; in the kernel's words.
pub fn take_back(root: &Path, step: &PathStep) -> Result<bool, String> {
    let (parent, name) = match parent(root, step.path.as_path()) {
        Ok(found) => found,
        // With the folder above it is gone itself. Of what cannot be looked at nobody knows.
        Err(Unreached::Gone(_)) if !matches!(step.change, PathChange::RemoveFolder { .. }) => return Ok(false),
        Err(error) => return Err(error.words()),
    };
    let there = match fstatat(&parent, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
        Ok(stat) => Some(stat),
        Err(Errno::ENOENT) => None,
        Err(error) => return Err(said(error)),
    };
    match (&step.change, there) {
        (PathChange::RemoveFolder { owner, mode }, None) => make_folder(&parent, name, *mode, *owner).map(|()| true),
        (PathChange::RemoveFolder { .. }, Some(_)) | (_, None) => Ok(false),
        (PathChange::MakeFolder { .. }, Some(_)) => {
            unlinkat(&parent, name, UnlinkatFlags::RemoveDir).map(|()| true).map_err(said)
        }
        (PathChange::NewFile { text, .. }, Some(stat)) => {
            let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
            let mut bytes = vec![];
            let file = openat(&parent, name, flags, Mode::empty()).map_err(said)?;
            let read = File::from(file).take(text.len() as u64 + 1).read_to_end(&mut bytes);
            if kind(&stat) != SFlag::S_IFREG || read.is_err() || bytes != text.as_bytes() {
                return Err("has changed since".to_owned());
            }
            unlinkat(&parent, name, UnlinkatFlags::NoRemoveDir).map(|()| true).map_err(said)
        }
        (PathChange::Mode { from, to }, Some(stat)) if stat.st_mode & 0o7777 == *to => {
            set_mode(&parent, name, *to, *from).map(|()| true)
        }
        (PathChange::Mode { .. }, Some(_)) => Ok(false),
    }
}

/// Why the folder of a path was not opened, for people.
enum Unreached {
    /// It is not there.
    Gone(String),
    /// It may be there.
    Other(String),
}

impl Unreached {
    fn words(self) -> String {
        match self {
            Self::Gone(words) | Self::Other(words) => words,
        }
    }
}

/// The folder of a path, opened beneath the root, and the path's last part.
fn parent<'path>(root: &Path, path: &'path Path) -> Result<(OwnedFd, &'path std::ffi::OsStr), Unreached> {
    let other = |words: &str| Unreached::Other(words.to_owned());
    if path.components().any(|part| !matches!(part, Component::Normal(_))) {
        return Err(other("lies outside the project"));
    }
    let name = path.file_name().ok_or_else(|| other("names nothing"))?;
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let root = File::open(root).map_err(|error| Unreached::Other(crate::error::said(&error)))?;
    let folder = open_beneath(root.as_fd(), folder).map_err(|error| match error {
        Errno::ENOENT | Errno::ENOTDIR => Unreached::Gone(said(error)),
        error => Unreached::Other(said(error)),
    })?;
    Ok((folder, name))
}

fn make_folder(parent: &OwnedFd, name: &std::ffi::OsStr, mode: u32, owner: Owner) -> Result<(), String> {
    mkdirat(parent, name, Mode::from_bits_truncate(0o700)).map_err(said)?;
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let made = openat(parent, name, flags, Mode::empty()).map_err(said).and_then(|folder| {
        give(&folder, owner)?;
        fchmod(&folder, Mode::from_bits_truncate(mode)).map_err(said)
    });
    if made.is_err() {
        // The first error is the one to tell; a folder that is left is empty.
        _ = unlinkat(parent, name, UnlinkatFlags::RemoveDir);
    }
    made
}

/// Root makes things for the one to whom the project belongs. Nobody else may give away, and need not.
fn give(file: &OwnedFd, owner: Owner) -> Result<(), String> {
    if geteuid().is_root() {
        fchown(file, Some(Uid::from_raw(owner.uid)), Some(Gid::from_raw(owner.gid))).map_err(said)?;
    }
    Ok(())
}

fn set_mode(parent: &OwnedFd, name: &std::ffi::OsStr, from: u32, to: u32) -> Result<(), String> {
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let file = openat(parent, name, flags, Mode::empty()).map_err(said)?;
    let stat = fstat(&file).map_err(said)?;
    if kind(&stat) != SFlag::S_IFREG || stat.st_mode & 0o7777 != from {
        return Err("is not what it was".to_owned());
    }
    fchmod(&file, Mode::from_bits_truncate(to)).map_err(said)?;
    // Some file systems say yes and change nothing.
    match fstat(&file).map_err(said)?.st_mode & 0o7777 {
        mode if mode == to => Ok(()),
        mode => Err(format!("still has mode {mode:04o}: this file system does not keep modes")),
    }
}

fn kind(stat: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT
}

fn owner_of(stat: &FileStat) -> Owner {
    Owner { uid: stat.st_uid, gid: stat.st_gid }
}

fn said(error: Errno) -> String {
    error.desc().to_lowercase()
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "a test makes its own files")]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use super::*;
    use crate::facts::SeenPath;

    fn owner(root: &Path) -> Owner {
        let metadata = std::fs::metadata(root).unwrap();
        Owner { uid: metadata.uid(), gid: metadata.gid() }
    }

    #[test]
    fn every_change_is_done_and_taken_back() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let me = owner(root);
        std::fs::write(root.join("run.sh"), "x").unwrap();
        std::fs::set_permissions(root.join("run.sh"), PermissionsExt::from_mode(0o644)).unwrap();
        std::fs::create_dir(root.join("empty")).unwrap();
        std::fs::set_permissions(root.join("empty"), PermissionsExt::from_mode(0o711)).unwrap();
        let mode =
            |path: &str| std::fs::symlink_metadata(root.join(path)).map(|metadata| metadata.mode() & 0o7777).ok();
        for (path, change_it, done, before) in [
            ("data", PathChange::MakeFolder { owner: me }, Some(0o755), None),
            ("empty", PathChange::RemoveFolder { owner: me, mode: 0o711 }, None, Some(0o711)),
            ("new", PathChange::NewFile { text: "a\n".into(), owner: me }, Some(0o644), None),
            ("run.sh", PathChange::Mode { from: 0o644, to: 0o755 }, Some(0o755), Some(0o644)),
        ] {
            let step = PathStep { path: SeenPath(path.into()), change: change_it };
            change(root, &step).unwrap();
            assert_eq!(mode(path), done, "{path}");
            assert!(change(root, &step).is_err(), "{path}: a second time");
            assert_eq!(take_back(root, &step), Ok(true), "{path}");
            assert_eq!(mode(path), before, "{path}");
            assert_eq!(take_back(root, &step), Ok(false), "{path}: a second time");
        }
    }

    #[test]
    fn what_holds_something_or_leads_elsewhere_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        let outside = tempfile::tempdir().unwrap();
        let me = owner(root);
        std::fs::create_dir(root.join("full")).unwrap();
        std::fs::write(root.join("full/file"), "x").unwrap();
        symlink(outside.path(), root.join("link")).unwrap();
        let mode = std::fs::metadata(root.join("full")).unwrap().mode() & 0o7777;
        let step = |path: &str, change: PathChange| PathStep { path: SeenPath(path.into()), change };
        let removed = change(root, &step("full", PathChange::RemoveFolder { owner: me, mode }));
        assert_eq!(removed, Err("directory not empty".to_owned()));
        for path in ["link/new", "../new", "/tmp/new", "link"] {
            assert!(change(root, &step(path, PathChange::MakeFolder { owner: me })).is_err(), "{path}");
        }
        assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
        let new = step("new", PathChange::NewFile { text: "a".into(), owner: me });
        change(root, &new).unwrap();
        std::fs::write(root.join("new"), "mine").unwrap();
        assert_eq!(take_back(root, &new), Err("has changed since".to_owned()));
    }

    #[test]
    fn what_is_gone_with_its_folder_is_taken_back_and_what_cannot_be_reached_is_not() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        std::fs::create_dir(root.join("above")).unwrap();
        let made =
            PathStep { path: SeenPath("above/made".into()), change: PathChange::MakeFolder { owner: owner(root) } };
        change(root, &made).unwrap();
        std::fs::rename(root.join("above"), root.join("moved")).unwrap();
        symlink("moved", root.join("above")).unwrap();
        assert_eq!(take_back(root, &made), Err("too many symbolic links encountered".to_owned()));
        assert!(root.join("moved/made").is_dir());
        std::fs::remove_file(root.join("above")).unwrap();
        assert_eq!(take_back(root, &made), Ok(false));
    }
}
