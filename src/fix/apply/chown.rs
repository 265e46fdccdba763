//! Gives named paths of the project to an owner: no link followed, no other file system entered, nothing outside touched.

mod beneath;

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, readlink};
use nix::sys::stat::{FileStat, Mode, fstat, lstat};
use nix::unistd::{Gid, Uid, fchownat, geteuid};
use serde::{Deserialize, Serialize};

use crate::facts::{FileKind, ForeignFile, Owner, SeenPath};
use crate::fix::Chown;

use beneath::Beneath;

/// From so many paths on two threads work on them: they are in different folders, so they do not wait for each other.
const WORTH_A_THREAD: usize = 2_000;

/// Under which conditions paths change owner.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms<'facts> {
    /// Whether a file with several names goes, too.
    pub hard_links: bool,
    /// What was seen when the fix was planned, sorted by path: a path that is of another kind by now is left alone.
    pub seen: &'facts [ForeignFile],
    /// Whether what is gone or belongs to somebody else by now is passed over without a word, as `undo` wants it. Only the
    /// engine's way knows it; for root's own way the caller has looked before.
    pub passing_over: bool,
    /// The program that works in a helper: this one itself, unless a test names another.
    pub program: Option<&'facts Path>,
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Refusal {
    /// It is not there any more.
    #[error("is not there any more")]
    Gone,
    /// It belongs to somebody else than it did when it was looked at.
    #[error("belongs to {0} by now")]
    Changed(Owner),
    /// It is something else than it was when it was looked at.
    #[error("is {} by now", kind_in_words(*.0))]
    OtherKind(FileKind),
    /// It was moved or removed while it was being given away.
    #[error("was moved or removed meanwhile")]
    Moved,
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
    /// The kernel does not even let root give it away.
    #[error("is not given away even by root: it may be immutable (`lsattr` shows that)")]
    Immutable,
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
    // A single file may be mounted into a helper as the root.
    let root = open(root, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty());
    let place = root.as_ref().map_err(|error| *error).and_then(place_of);
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
                    let place = place.as_ref().map_err(|error| kernel(*error))?.join(path.as_path());
                    let was = Was { owner: *owner, kind, place: &place };
                    let settle = || beneath.settle(path.as_path());
                    give(&file, was, step.to, terms.hard_links, settle, &mut before)
                });
                PathOutcome { path: path.clone(), before, result }
            })
            .collect()
    })
}

/// What a path was when the fix was planned; the kind only where it was seen.
#[derive(Clone, Copy)]
struct Was<'path> {
    owner: Owner,
    kind: Option<FileKind>,
    /// Its absolute path.
    place: &'path Path,
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
    was: Was<'_>,
    to: Owner,
    allow_hard_links: bool,
    settle: impl FnOnce() -> Result<(), Refusal>,
    before: &mut Option<Owner>,
) -> Result<(), Refusal> {
    if !fit(file, was, to, allow_hard_links, before)? {
        return Ok(());
    }
    // A name that leads to somebody else's file may have been taken away again before the names were counted, or was just being
    // taken away: one name was left, and it lies outside. A descriptor knows by which name it was opened, and a name that is gone
    // never comes back to it: one that is there after the count, and is not about to go, was there during it.
    if !allow_hard_links {
        settle()?;
    }
    if place_of(file).map_err(kernel)? != was.place {
        return Err(Refusal::Moved);
    }
    let (uid, gid) = (Uid::from_raw(to.uid), Gid::from_raw(to.gid));
    fchownat(file.as_fd(), c"", Some(uid), Some(gid), AtFlags::AT_EMPTY_PATH).map_err(|error| match error {
        Errno::EPERM if geteuid().is_root() => Refusal::Immutable,
        Errno::EPERM | Errno::EACCES => Refusal::NotPermitted,
        error => kernel(error),
    })?;
    let now = owner_of(&fstat(file).map_err(kernel)?);
    if now == to { Ok(()) } else { Err(Refusal::Ignored(now)) }
}

/// Whether a path is to be given away: it is still what it was. `false`: it has its new owner already.
fn fit(
    file: &OwnedFd,
    was: Was<'_>,
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
    let now = match kind {
        nix::libc::S_IFREG => FileKind::File,
        nix::libc::S_IFDIR => FileKind::Directory,
        nix::libc::S_IFLNK => FileKind::Symlink,
        _ => FileKind::Other,
    };
    if was.kind.is_some_and(|kind| kind != now) {
        return Err(Refusal::OtherKind(now));
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
    match xattr::get_deref(name_of(file), "security.capability") {
        Ok(value) => value.is_some(),
        // In a user namespace those of the host's root are there and cannot be told.
        Err(error) => error.raw_os_error() == Some(nix::libc::EOVERFLOW),
    }
}

/// The name of a descriptor in /proc.
fn name_of(file: &OwnedFd) -> String {
    format!("/proc/self/fd/{}", file.as_raw_fd())
}

/// Where the name lies by which a descriptor was opened; one that was removed has a word behind it that no such name has.
fn place_of(file: &OwnedFd) -> Result<PathBuf, Errno> {
    readlink(name_of(file).as_str()).map(PathBuf::from)
}

fn kind_in_words(kind: FileKind) -> &'static str {
    match kind {
        FileKind::File => "a file",
        FileKind::Directory => "a folder",
        FileKind::Symlink => "a symlink",
        FileKind::Other => "a device, a socket or a pipe",
    }
}

fn kernel(error: Errno) -> Refusal {
    Refusal::Kernel(error.desc().to_lowercase())
}

#[cfg(test)]
#[path = "chown/tests.rs"]
mod tests;
