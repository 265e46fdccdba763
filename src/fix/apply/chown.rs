//! Gives named paths of the project to an owner: no link followed, no other file system entered, nothing outside touched.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, OpenHow, ResolveFlag, open, openat, openat2};
use nix::sys::stat::{FileStat, Mode, fstat, lstat};
use nix::unistd::{Gid, Uid, fchownat};

use crate::facts::{FileKind, ForeignFile, Owner, SeenPath};
use crate::fix::Chown;

/// From so many paths on two threads work on them: they are in different folders, so they do not wait for each other.
const WORTH_A_THREAD: usize = 2_000;

/// Under which conditions paths change owner.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms<'facts> {
    /// Whether a file with several names goes, too.
    pub hard_links: bool,
    /// What was seen when the fix was planned, sorted by path: a path that is of another kind by now is left alone.
    pub seen: &'facts [ForeignFile],
}

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
    /// It is something else than it was when it was looked at.
    #[error("is {0} by now")]
    OtherKind(&'static str),
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
pub fn chown(root: &Path, step: &Chown, terms: Terms<'_>) -> Vec<PathOutcome> {
    each(root, step, terms, |file, was, before| give(file, was, step.to, terms.hard_links, before))
}

/// Looks at each path of `step` as [`chown`] does and changes nothing: `Ok` is what it would give away, or need not.
pub(super) fn look_again(root: &Path, step: &Chown, terms: Terms<'_>) -> Vec<PathOutcome> {
    each(root, step, terms, |file, was, before| fit(file, was, step.to, terms.hard_links, before).map(drop))
}

/// What a path was when the fix was planned; the kind only where it was seen.
#[derive(Clone, Copy)]
struct Was {
    owner: Owner,
    kind: Option<FileKind>,
}

fn each(
    root: &Path,
    step: &Chown,
    terms: Terms<'_>,
    work: impl Fn(&OwnedFd, Was, &mut Option<Owner>) -> Result<(), Refusal> + Sync,
) -> Vec<PathOutcome> {
    let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let root = open(root, flags, Mode::empty());
    in_parts(&step.paths, |part| {
        let mut beneath = root.as_ref().map(Beneath::new);
        // Both lists are sorted, so they are gone through side by side.
        let first = part.first().map_or(0, |(first, _)| terms.seen.partition_point(|file| file.path < *first));
        let mut seen = terms.seen.iter().skip(first).peekable();
        part.iter()
            .map(|(path, owner)| {
                while seen.next_if(|file| file.path < *path).is_some() {}
                let kind = seen.peek().filter(|file| file.path == *path).map(|file| file.stat.kind);
                let mut before = None;
                let result = beneath.as_mut().map_err(|error| kernel(**error)).and_then(|beneath| {
                    let file = beneath.open(path.as_path())?;
                    work(&file, Was { owner: *owner, kind }, &mut before)
                });
                PathOutcome { path: path.clone(), before, result }
            })
            .collect()
    })
}

/// Does `work` on parts of a long list at the same time, and puts the results together in the list's order.
fn in_parts<'list, T: Sync, R: Send>(list: &'list [T], work: impl Fn(&'list [T]) -> Vec<R> + Sync) -> Vec<R> {
    if list.len() < WORTH_A_THREAD {
        return work(list);
    }
    let (first, rest) = list.split_at(list.len() / 2);
    std::thread::scope(|scope| {
        let rest = scope.spawn(|| work(rest));
        let mut done = work(first);
        match rest.join() {
            Ok(rest) => done.extend(rest),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        done
    })
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
    in_parts(&step.paths, |part| {
        part.iter().map(|(path, _)| path).filter(|path| !belongs_to(root, path, step.to)).collect()
    })
}

fn owner_of(stat: &FileStat) -> Owner {
    Owner { uid: stat.st_uid, gid: stat.st_gid }
}

fn give(
    file: &OwnedFd,
    was: Was,
    to: Owner,
    allow_hard_links: bool,
    before: &mut Option<Owner>,
) -> Result<(), Refusal> {
    if !fit(file, was, to, allow_hard_links, before)? {
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
    was: Was,
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
    if owner != was.owner {
        return Err(Refusal::Changed(owner));
    }
    let kind = stat.st_mode & nix::libc::S_IFMT;
    let directory = kind == nix::libc::S_IFDIR;
    let regular = kind == nix::libc::S_IFREG;
    let (now, words) = match kind {
        nix::libc::S_IFREG => (FileKind::File, "a file"),
        nix::libc::S_IFDIR => (FileKind::Directory, "a folder"),
        nix::libc::S_IFLNK => (FileKind::Symlink, "a symlink"),
        _ => (FileKind::Other, "a device, a socket or a pipe"),
    };
    if was.kind.is_some_and(|kind| kind != now) {
        return Err(Refusal::OtherKind(words));
    }
    if !directory && !regular && kind != nix::libc::S_IFLNK {
        return Err(Refusal::Special);
    }
    if regular && stat.st_mode & (nix::libc::S_ISUID | nix::libc::S_ISGID) != 0 {
        return Err(Refusal::SetId);
    }
    // A file that nobody may execute has no use of capabilities, and to ask is what takes most time.
    if regular && stat.st_mode & 0o111 != 0 && has_capabilities(file) {
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

/// Opens paths beneath a directory, by `openat2` where the kernel has it (5.6), else step by step. The folder of the last path
/// is held open, since the next path mostly lies in it, too.
struct Beneath<'root> {
    root: &'root OwnedFd,
    folder: Option<(PathBuf, OwnedFd)>,
    by_steps: bool,
}

impl<'root> Beneath<'root> {
    fn new(root: &'root OwnedFd) -> Self {
        Self { root, folder: None, by_steps: false }
    }

    fn open(&mut self, path: &Path) -> Result<OwnedFd, Refusal> {
        if !self.by_steps {
            match self.open_at_once(path) {
                Ok(file) => return Ok(file),
                // Some sandboxes answer EPERM to calls they do not know.
                Err(Errno::ENOSYS | Errno::EPERM) => self.by_steps = true,
                Err(error) => return Err(refused(error, path)),
            }
        }
        open_by_steps(self.root, path)
    }

    fn open_at_once(&mut self, path: &Path) -> Result<OwnedFd, Errno> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return beneath(self.root, path, OFlag::O_NOFOLLOW);
        };
        if parent.as_os_str().is_empty() {
            return beneath(self.root, path, OFlag::O_NOFOLLOW);
        }
        let held = self.folder.take().filter(|(folder, _)| folder == parent);
        let (held, folder) = match held {
            Some(held) => held,
            None => (parent.to_owned(), beneath(self.root, parent, OFlag::O_DIRECTORY)?),
        };
        let file = beneath(&folder, Path::new(name), OFlag::O_NOFOLLOW);
        self.folder = Some((held, folder));
        file
    }
}

fn beneath(folder: &OwnedFd, path: &Path, flag: OFlag) -> Result<OwnedFd, Errno> {
    let how = OpenHow::new()
        .flags(OFlag::O_PATH | OFlag::O_CLOEXEC | flag)
        .resolve(ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_NO_XDEV);
    openat2(folder.as_fd(), path, how)
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
