//! Opens paths beneath a directory: no link is followed, no other file system entered, nothing outside reached.

use std::hash::{BuildHasher, RandomState};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat, openat2};
use nix::sys::stat::{Mode, fstat};

use super::{Refusal, kernel};

/// Opens paths beneath a directory, by `openat2` where the kernel has it (5.6), else step by step. The folder of the last path
/// is held open, since the next path mostly lies in it, too.
pub(super) struct Beneath<'root> {
    root: &'root OwnedFd,
    folder: Option<(PathBuf, OwnedFd)>,
    by_steps: bool,
    /// Makes names that nobody can guess.
    names: (RandomState, u64),
}

impl<'root> Beneath<'root> {
    pub fn new(root: &'root OwnedFd) -> Self {
        Self { root, folder: None, by_steps: false, names: (RandomState::new(), 0) }
    }

    pub fn open(&mut self, path: &Path) -> Result<OwnedFd, Refusal> {
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

    /// Waits until no name is being taken out of the folder of a path any more.
    ///
    /// The kernel takes one off the count of a file's names a moment before the name itself is gone, and holds the folder's lock
    /// until it is. A look at a name that was never asked for takes that lock; one that was may be answered without it.
    pub fn settle(&mut self, path: &Path) -> Result<(), Refusal> {
        let (keys, count) = &mut self.names;
        *count += 1;
        let name = format!(".devdoctor-{:016x}", keys.hash_one(*count));
        match self.open(&path.with_file_name(name)) {
            Err(Refusal::Gone) => Ok(()),
            Err(refusal) => Err(refusal),
            Ok(_) => Err(Refusal::Moved),
        }
    }

    fn open_at_once(&mut self, path: &Path) -> Result<OwnedFd, Errno> {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            // The root itself, which need not be a folder.
            if path == Path::new(".") {
                return self
                    .root
                    .try_clone()
                    .map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or_default()));
            }
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

pub(super) fn open_by_steps(root: &OwnedFd, path: &Path) -> Result<OwnedFd, Refusal> {
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
