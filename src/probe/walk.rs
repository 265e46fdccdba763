//! The walk over the project's tree that finds what belongs to somebody else.
//!
//! Two threads take directories from one stack, so that depth goes first and few directories are open at a time. Every step
//! starts from the parent's descriptor: a path that is exchanged for a link meanwhile leads nowhere else.
#![expect(clippy::disallowed_methods, reason = "a walk looks at the clock to keep its deadline")]

use std::collections::BTreeSet;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Instant;

use nix::dir::Dir;
use nix::errno::Errno;
use nix::fcntl::{AtFlags, OFlag, open, openat};
use nix::sys::stat::{FileStat, Mode, fstat, fstatat};

use super::filesystems::Mounts;
use crate::facts::{FileKind, ForeignFile, Owner, PathStat, SeenPath, Walk};

/// Threads that walk. More gain nothing: on two and on four cores the kernel's directory locks were the limit.
const THREADS: usize = 2;

/// Files that only a database or a broker makes, at the top of its data directory.
const DATA_MARKS: [&CStr; 12] = [
    c"PG_VERSION",
    c"ibdata1",
    c"aria_log_control",
    c"dump.rdb",
    c"appendonly.aof",
    c"appendonlydir",
    c"WiredTiger",
    c".minio.sys",
    c"meta.properties",
    c"raft_state.json",
    c"neostore",
    c"mnesia",
];

/// `lstat`'s answer in our words.
pub(crate) fn path_stat(stat: &FileStat) -> PathStat {
    let kind = match stat.st_mode & nix::libc::S_IFMT {
        nix::libc::S_IFREG => FileKind::File,
        nix::libc::S_IFDIR => FileKind::Directory,
        nix::libc::S_IFLNK => FileKind::Symlink,
        _ => FileKind::Other,
    };
    #[allow(clippy::useless_conversion, reason = "the width of a link count differs between architectures")]
    PathStat {
        owner: Owner { uid: stat.st_uid, gid: stat.st_gid },
        mode: stat.st_mode & 0o7777,
        kind,
        links: u64::from(stat.st_nlink),
    }
}

/// A directory that is still to be read.
struct Job {
    parent: Arc<OwnedFd>,
    name: CString,
    path: Vec<u8>,
    stat: PathStat,
}

#[derive(Default)]
struct Stack {
    jobs: Vec<Job>,
    /// Directories that are being read now and may bring more.
    busy: usize,
    stopped: bool,
}

struct Walker {
    owner: u32,
    device: u64,
    /// Paths relative to the root at which something is mounted: it is no part of the project, a chown does not reach it, and
    /// it may never answer.
    mounted: BTreeSet<Vec<u8>>,
    deadline: Instant,
    stack: Mutex<Stack>,
    more: Condvar,
}

/// Looks at everything below the directory `root_path` on its file system, no link followed, and lists what does not belong to user `owner`.
///
/// Only the user counts: a file with another group is ordinary where a group shares a project. A directory that holds what
/// only a database makes, and that belongs to somebody else as a whole or in these files, is left alone as that database's own.
///
/// # Errors
/// When the root itself cannot be opened.
pub fn walk(root_path: &Path, owner: u32, deadline: Instant) -> Result<Walk, Errno> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let root = open(root_path, flags, Mode::empty())?;
    let device = fstat(&root)?.st_dev;
    // A folder of the same file system that is mounted here has the same device.
    let mounted = Mounts::of_this_process().below(root_path);
    let mounted = mounted.keys().filter_map(|path| path.strip_prefix(root_path).ok());
    let mounted = mounted.map(|path| path.as_os_str().as_bytes().to_vec()).collect();
    let walker = Walker { owner, device, mounted, deadline, stack: Mutex::new(Stack::default()), more: Condvar::new() };
    let mut first = Walk::default();
    let dir = Dir::from_fd(root.try_clone().map_err(|_| Errno::EMFILE)?)?;
    let jobs = walker.read(dir, &[], None, &mut first);
    walker.push(jobs);
    let parts: Vec<Walk> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| walker.work())).collect();
        // A thread that panicked has lost what it saw: then the whole walk is unknown, not what the other one saw.
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    let mut walk = parts.into_iter().fold(first, |mut all, part| {
        all.foreign.extend(part.foreign);
        all.foreign_count += part.foreign_count;
        all.seen += part.seen;
        all.unreadable.extend(part.unreadable);
        all.other_filesystems.extend(part.other_filesystems);
        all.data_directories.extend(part.data_directories);
        all.cut_short = all.cut_short.or(part.cut_short);
        all
    });
    walk.foreign.sort_unstable_by(|a, b| by_directory(&a.path).cmp(by_directory(&b.path)));
    walk.foreign.truncate(Walk::KEPT);
    walk.unreadable.sort_unstable();
    walk.other_filesystems.sort_unstable();
    walk.data_directories.sort_unstable();
    Ok(walk)
}

/// Ends the walk when the thread that holds it panics; the other one would wait for its directory for ever.
struct EndsTheOther<'a>(&'a Walker);

impl Drop for EndsTheOther<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.stop();
        }
    }
}

impl Walker {
    fn stop(&self) {
        self.lock().stopped = true;
        self.more.notify_all();
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Stack> {
        self.stack.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn push(&self, jobs: Vec<Job>) {
        if !jobs.is_empty() {
            self.lock().jobs.extend(jobs);
            self.more.notify_all();
        }
    }

    /// The next directory, or `None` when there is none and will be none.
    fn next(&self) -> Option<Job> {
        let mut stack = self.lock();
        loop {
            if stack.stopped {
                return None;
            }
            if let Some(job) = stack.jobs.pop() {
                stack.busy += 1;
                return Some(job);
            }
            if stack.busy == 0 {
                return None;
            }
            stack = self.more.wait(stack).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn done(&self, jobs: Vec<Job>) {
        let mut stack = self.lock();
        stack.jobs.extend(jobs);
        stack.busy -= 1;
        let waiting = !stack.jobs.is_empty() || stack.busy == 0;
        drop(stack);
        if waiting {
            self.more.notify_all();
        }
    }

    fn work(&self) -> Walk {
        let mut found = Walk::default();
        let _ends_the_other = EndsTheOther(self);
        while let Some(job) = self.next() {
            if Instant::now() >= self.deadline {
                found.cut_short = Some("the time limit was reached".to_owned());
                self.stop();
                break;
            }
            let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
            let opened = openat(job.parent.as_fd(), job.name.as_c_str(), flags, Mode::empty()).and_then(Dir::from_fd);
            drop(job.parent);
            let jobs = match opened {
                Ok(dir) => self.read(dir, &job.path, Some(&job.stat), &mut found),
                Err(Errno::ENOENT) => vec![],
                Err(error) => {
                    self.take(&job.path, job.stat, false, &mut found);
                    found.unreadable.push((seen(&job.path), error.desc().to_lowercase()));
                    vec![]
                }
            };
            self.done(jobs);
        }
        found
    }

    fn take(&self, path: &[u8], stat: PathStat, capabilities: bool, found: &mut Walk) {
        if stat.owner.uid != self.owner {
            found.foreign_count += 1;
            if found.foreign.len() < Walk::KEPT {
                found.foreign.push(ForeignFile { path: seen(path), stat, capabilities });
            }
        }
    }

    /// Looks at the entries of one directory and returns the directories among them. `own` is the directory's own owner and
    /// mode; the root has none and is not judged.
    fn read(&self, mut dir: Dir, path: &[u8], own: Option<&PathStat>, found: &mut Walk) -> Vec<Job> {
        let foreign_directory = own.is_some_and(|own| own.owner.uid != self.owner);
        let kept = found.foreign.len();
        let counted = found.foreign_count;
        let mut is_data = false;
        let mut below: Vec<(CString, PathStat)> = vec![];
        if let Some(own) = own {
            self.take(path, *own, false, found);
        }
        // The iterator needs the directory for itself, so the names are gathered first.
        let mut names: Vec<u8> = vec![];
        for entry in dir.iter() {
            match entry {
                Ok(entry) if entry.file_name() == c"." || entry.file_name() == c".." => {}
                Ok(entry) => names.extend_from_slice(entry.file_name().to_bytes_with_nul()),
                Err(error) => {
                    found.unreadable.push((seen(path), error.desc().to_lowercase()));
                    break;
                }
            }
        }
        for name in names.split_inclusive(|byte| *byte == 0) {
            let Ok(name) = CStr::from_bytes_with_nul(name) else { continue };
            if !self.mounted.is_empty() && self.mounted.contains(&joined(path, name)) {
                found.other_filesystems.push(seen(&joined(path, name)));
                continue;
            }
            let stat = match fstatat(&dir, name, AtFlags::AT_SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                Err(Errno::ENOENT) => continue,
                Err(error) => {
                    found.unreadable.push((seen(&joined(path, name)), error.desc().to_lowercase()));
                    continue;
                }
            };
            found.seen += 1;
            if stat.st_mode & nix::libc::S_IFMT == nix::libc::S_IFDIR {
                if stat.st_dev == self.device {
                    below.push((name.to_owned(), path_stat(&stat)));
                } else {
                    found.other_filesystems.push(seen(&joined(path, name)));
                }
            } else if stat.st_uid != self.owner {
                let stat = path_stat(&stat);
                // A file that nobody may execute has no use of capabilities, and to ask is what takes most time.
                let may_have = stat.kind == FileKind::File && stat.mode & 0o111 != 0;
                let capabilities = may_have && has_capabilities(&dir, name);
                self.take(&joined(path, name), stat, capabilities, found);
            }
            // A data directory may itself be the developer's, as after it was given back: its server's files tell. Those of
            // root do not: root made them in passing.
            let theirs = foreign_directory || (own.is_some() && stat.st_uid != 0);
            is_data |= theirs && stat.st_uid != self.owner && DATA_MARKS.contains(&name);
        }
        if is_data {
            found.foreign.truncate(kept);
            found.foreign_count = counted;
            found.data_directories.push(seen(path));
            return vec![];
        }
        if below.is_empty() {
            return vec![];
        }
        let Ok(descriptor) = dir.as_fd().try_clone_to_owned() else {
            found.unreadable.push((seen(path), Errno::EMFILE.desc().to_lowercase()));
            return vec![];
        };
        let parent = Arc::new(descriptor);
        below
            .into_iter()
            .map(|(name, stat)| Job { parent: parent.clone(), path: joined(path, &name), name, stat })
            .collect()
    }
}

/// Whether a file has capabilities. The directory is named by its descriptor, so that no link leads elsewhere.
fn has_capabilities(dir: &Dir, name: &CStr) -> bool {
    let path = Path::new("/proc/self/fd").join(dir.as_fd().as_raw_fd().to_string());
    let path = path.join(OsStr::from_bytes(name.to_bytes()));
    xattr::get(path, "security.capability").is_ok_and(|value| value.is_some())
}

/// What a path is sorted by: its bytes, of which `/` is the least, so that a directory is followed by what is in it. It is the
/// order of `Path`, which takes many times as long to compare thousands of paths.
fn by_directory(path: &SeenPath) -> impl Iterator<Item = u8> + '_ {
    path.0.as_os_str().as_bytes().iter().map(|byte| if *byte == b'/' { 0 } else { *byte })
}

fn joined(path: &[u8], name: &CStr) -> Vec<u8> {
    if path.is_empty() { name.to_bytes().to_vec() } else { [path, name.to_bytes()].join(&b'/') }
}

fn seen(path: &[u8]) -> SeenPath {
    SeenPath(PathBuf::from(OsString::from_vec(path.to_vec())))
}

#[cfg(test)]
#[path = "walk/tests.rs"]
mod tests;
