//! Gives named paths of the project to an owner: no link followed, no other file system entered, nothing outside touched.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Component, Path};
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, open, openat, openat2};
use nix::sys::stat::{FileStat, Mode, fstat, lstat};
use nix::unistd::{Gid, Uid, fchownat};

use crate::facts::{Owner, SeenPath};
use crate::fix::Chown;

/// What became of one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathOutcome {
    /// The path, relative to the root.
    pub path: SeenPath,
    /// The owner it had right before; `None` when it could not be looked at.
    pub before: Option<Owner>,
    /// Whether it has the wanted owner now, as `fstat` shows after the change.
    pub result: Result<(), Refusal>,
}

/// Why a path kept its owner.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not there any more.
    #[error("is not there any more")]
    Gone,
    /// It belongs to somebody else than it did when it was looked at.
    #[error("belongs to {0} by now")]
    Changed(Owner),
    /// It has other names, which would change owner too.
    #[error("has {0} names (hard links), and all of them would change owner")]
    HardLinked(u64),
    /// It is a program that runs as its owner; a chown would take that from it.
    #[error("is set-user-id or set-group-id")]
    SetId,
    /// It is a program with file capabilities; a chown would take them from it.
    #[error("has file capabilities, which a change of owner takes away")]
    Capabilities,
    /// It is neither a file nor a directory nor a symlink.
    #[error("is a device, a socket or a pipe")]
    Special,
    /// A part of the path is a link, or leads out of the project.
    #[error("leads out of the project")]
    LeavesProject,
    /// It lies on another file system than the project.
    #[error("lies on another file system")]
    OtherFilesystem,
    /// The kernel does not let this user give files away.
    #[error("may not be given away by this user")]
    NotPermitted,
    /// The call succeeded and changed nothing, as on a Windows drive that keeps no owners.
    #[error("still belongs to {0}: this file system does not keep owners")]
    Ignored(Owner),
    /// Anything else the kernel says.
    #[error("{0}")]
    Kernel(String),
}

/// Gives each path of `step` to its owner, one by one; what is refused does not stop the others.
///
/// The same inode is looked at, changed, and looked at again, by one descriptor that was opened beneath the root.
pub fn chown(root: &Path, step: &Chown, allow_hard_links: bool) -> Vec<PathOutcome> {
    each(root, step, |file, expected, before| give(file, expected, step.to, allow_hard_links, before))
}

/// Looks at each path of `step` as [`chown`] does and changes nothing: `Ok` is what it would give away, or need not.
pub(super) fn look_again(root: &Path, step: &Chown, allow_hard_links: bool) -> Vec<PathOutcome> {
    each(root, step, |file, expected, before| fit(file, expected, step.to, allow_hard_links, before).map(drop))
}

fn each(
    root: &Path,
    step: &Chown,
    mut work: impl FnMut(&OwnedFd, Owner, &mut Option<Owner>) -> Result<(), Refusal>,
) -> Vec<PathOutcome> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let root = open(root, flags, Mode::empty());
    let beneath = Beneath::default();
    step.paths
        .iter()
        .map(|(path, expected)| {
            let mut before = None;
            let result = root.as_ref().map_err(|error| kernel(*error)).and_then(|root| {
                let file = beneath.open(root, path.as_path())?;
                work(&file, *expected, &mut before)
            });
            PathOutcome { path: path.clone(), before, result }
        })
        .collect()
}

impl PathOutcome {
    /// What went wrong, for people; `None` when nothing did.
    pub fn error(&self) -> Option<String> {
        self.result.as_ref().err().map(|refusal| format!("`{}` {refusal}", self.path.display()))
    }
}

/// Whether a path of the project belongs to `owner` now. A path that cannot be looked at does not.
pub fn belongs_to(root: &Path, path: &SeenPath, owner: Owner) -> bool {
    lstat(&root.join(path.as_path())).is_ok_and(|stat| owner_of(&stat) == owner)
}

/// The paths of a step that do not have the wanted owner, after it was carried out.
pub fn not_owned_by<'step>(root: &Path, step: &'step Chown) -> Vec<&'step SeenPath> {
    step.paths.iter().map(|(path, _)| path).filter(|path| !belongs_to(root, path, step.to)).collect()
}

fn owner_of(stat: &FileStat) -> Owner {
    Owner { uid: stat.st_uid, gid: stat.st_gid }
}

fn give(
    file: &OwnedFd,
    expected: Owner,
    to: Owner,
    allow_hard_links: bool,
    before: &mut Option<Owner>,
) -> Result<(), Refusal> {
    if !fit(file, expected, to, allow_hard_links, before)? {
        return Ok(());
    }
    let (uid, gid) = (Uid::from_raw(to.uid), Gid::from_raw(to.gid));
    fchownat(file.as_fd(), c"", Some(uid), Some(gid), AtFlags::AT_EMPTY_PATH).map_err(|error| match error {
        Errno::EPERM | Errno::EACCES => Refusal::NotPermitted,
        error => kernel(error),
    })?;
    let now = owner_of(&fstat(file).map_err(kernel)?);
    if now == to { Ok(()) } else { Err(Refusal::Ignored(now)) }
}

/// Whether a path is to be given away: it is still what it was. `false`: it has its new owner already.
fn fit(
    file: &OwnedFd,
    expected: Owner,
    to: Owner,
    allow_hard_links: bool,
    before: &mut Option<Owner>,
) -> Result<bool, Refusal> {
    let stat = fstat(file).map_err(kernel)?;
    let owner = owner_of(&stat);
    *before = Some(owner);
    if owner == to {
        return Ok(false);
    }
    if owner != expected {
        return Err(Refusal::Changed(owner));
    }
    let kind = stat.st_mode & nix::libc::S_IFMT;
    let directory = kind == nix::libc::S_IFDIR;
    let regular = kind == nix::libc::S_IFREG;
    if !directory && !regular && kind != nix::libc::S_IFLNK {
        return Err(Refusal::Special);
    }
    if regular && stat.st_mode & (nix::libc::S_ISUID | nix::libc::S_ISGID) != 0 {
        return Err(Refusal::SetId);
    }
    if regular && has_capabilities(file) {
        return Err(Refusal::Capabilities);
    }
    if !directory && stat.st_nlink > 1 && !allow_hard_links {
        #[allow(clippy::useless_conversion, reason = "the width of a link count differs between architectures")]
        return Err(Refusal::HardLinked(u64::from(stat.st_nlink)));
    }
    Ok(true)
}

/// Whether a file has capabilities. A descriptor that was opened for its path alone answers no such question, its name in
/// /proc does.
fn has_capabilities(file: &OwnedFd) -> bool {
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    xattr::get_deref(path, "security.capability").is_ok_and(|value| value.is_some())
}

fn kernel(error: Errno) -> Refusal {
    Refusal::Kernel(error.desc().to_lowercase())
}

/// Opens paths beneath a directory, by `openat2` where the kernel has it (5.6), else step by step.
#[derive(Default)]
struct Beneath {
    by_steps: AtomicBool,
}

impl Beneath {
    fn open(&self, root: &OwnedFd, path: &Path) -> Result<OwnedFd, Refusal> {
        if !self.by_steps.load(Ordering::Relaxed) {
            let how = OpenHow::new().flags(OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC).resolve(
                ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_NO_XDEV,
            );
            match openat2(root.as_fd(), path, how) {
                Ok(file) => return Ok(file),
                // Some sandboxes answer EPERM to calls they do not know.
                Err(Errno::ENOSYS | Errno::EPERM) => self.by_steps.store(true, Ordering::Relaxed),
                Err(error) => return Err(refused(error, path)),
            }
        }
        open_by_steps(root, path)
    }
}

fn refused(error: Errno, path: &Path) -> Refusal {
    let plain = path.components().all(|part| matches!(part, Component::Normal(_)));
    match error {
        Errno::ENOENT | Errno::ENOTDIR => Refusal::Gone,
        Errno::ELOOP => Refusal::LeavesProject,
        // `..` and absolute paths are refused by the same number as another file system.
        Errno::EXDEV if plain => Refusal::OtherFilesystem,
        Errno::EXDEV => Refusal::LeavesProject,
        error => kernel(error),
    }
}

fn open_by_steps(root: &OwnedFd, path: &Path) -> Result<OwnedFd, Refusal> {
    let device = fstat(root).map_err(kernel)?.st_dev;
    let mut held: Option<OwnedFd> = None;
    for part in path.components() {
        let Component::Normal(name) = part else { return Err(Refusal::LeavesProject) };
        let flags = OFlag::O_PATH | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
        let directory = held.as_ref().unwrap_or(root);
        let stat = fstat(directory).map_err(kernel)?;
        if stat.st_mode & nix::libc::S_IFMT == nix::libc::S_IFLNK {
            return Err(Refusal::LeavesProject);
        }
        let next = openat(directory, name, flags, Mode::empty()).map_err(|error| refused(error, path))?;
        if fstat(&next).map_err(kernel)?.st_dev != device {
            return Err(Refusal::OtherFilesystem);
        }
        held = Some(next);
    }
    held.ok_or(Refusal::LeavesProject)
}

#[cfg(test)]
#[path = "chown/tests.rs"]
mod tests;
