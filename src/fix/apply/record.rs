//! Writes and reads journals below `$XDG_STATE_HOME/devdoctor`, readable by their owner alone.

#![expect(clippy::disallowed_methods, reason = "this is where journals are written and read")]

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, fchown, lchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::said;
use crate::fix::journal::{Entry, Journal, RunEntry, SCHEMA, line};

/// How long another run is waited for that is at work.
pub const PATIENCE: Duration = Duration::from_secs(10);

const BETWEEN_TRIES: Duration = Duration::from_millis(50);

/// Why a journal could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The disk said no.
    #[error("the journal `{path}` cannot be {action}: {error}")]
    Disk {
        /// The file or directory.
        path: String,
        /// `written` or `read`.
        action: &'static str,
        /// What the kernel said, in words.
        error: String,
    },
    /// Another `devdoctor fix` or `undo` is at work.
    #[error("another `devdoctor fix` or `undo` is running")]
    Busy,
}

/// The directory of all journals, one sub-directory for each run.
#[derive(Clone, Debug)]
pub struct Records {
    directory: PathBuf,
}

/// A journal that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unusable {
    /// Name of its run.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// The runs that the journals tell of.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    /// The journals of the project, the newest first.
    pub journals: Vec<Journal>,
    /// Those that cannot be used and may be the project's, the newest first.
    pub unusable: Vec<Unusable>,
    /// Runs in other projects.
    pub elsewhere: Vec<RunEntry>,
}

/// An open journal: every entry is on the disk before the call returns. One in which no step was noted goes away again.
#[derive(Debug)]
pub struct Record {
    directory: PathBuf,
    file: File,
    steps: usize,
    reopened: bool,
}

impl Records {
    /// Journals below `state` (the value of `XDG_STATE_HOME`, or `~/.local/state`).
    pub fn new(state: &Path) -> Self {
        Self { directory: state.join("devdoctor") }
    }

    /// Keeps other runs of `fix` and `undo` away as long as the returned file lives. One that is at work in another project is
    /// mostly done in a moment: so long is waited.
    ///
    /// # Errors
    /// When another run holds it all the while, or the directory cannot be made.
    pub fn lock(&self, patience: Duration) -> Result<File, RecordError> {
        self.make_directory(&self.directory)?;
        let path = self.directory.join("lock");
        let file = OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            // A pipe in its place would keep us waiting for ever.
            .custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK)
            .open(&path)
            .and_then(|file| given_to_parents_owner(file, &self.directory))
            .map_err(|error| disk(&path, "written", error))?;
        let mut left = patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(std::fs::TryLockError::WouldBlock) if left.is_zero() => return Err(RecordError::Busy),
                Err(std::fs::TryLockError::WouldBlock) => std::thread::sleep(BETWEEN_TRIES),
                Err(std::fs::TryLockError::Error(error)) => return Err(disk(&path, "written", error)),
            }
            left = left.saturating_sub(BETWEEN_TRIES);
        }
    }

    fn make_directory(&self, path: &Path) -> Result<(), RecordError> {
        if path.is_dir() {
            return Ok(());
        }
        let parent = path.parent().unwrap_or(Path::new("/"));
        self.make_directory(parent)?;
        let make = || -> io::Result<()> {
            match DirBuilder::new().mode(0o700).create(path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
                Err(error) => Err(error),
                Ok(()) => match owner_to_be(parent)? {
                    Some((uid, gid)) => lchown(path, Some(uid), Some(gid)),
                    None => Ok(()),
                },
            }
        };
        make().map_err(|error| disk(path, "written", error))
    }

    /// Begins a journal.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn begin(&self, run: RunEntry) -> Result<Record, RecordError> {
        let runs = self.directory.join("runs");
        let directory = runs.join(&run.id);
        self.make_directory(&runs)?;
        // Where process numbers are given anew in each container, another run may have the same name: its journal is not ours.
        if directory.symlink_metadata().is_ok() {
            return Err(disk(&directory, "written", io::ErrorKind::AlreadyExists.into()));
        }
        self.make_directory(&directory)?;
        let (path, part) = (directory.join("journal.jsonl"), directory.join("journal.part"));
        // A journal is there with its whole head or not at all: one that is found without its head has lost it.
        let make = || -> io::Result<File> {
            let mut file = OpenOptions::new()
                .create_new(true)
                .append(true)
                .mode(0o600)
                .open(&part)
                .and_then(|file| given_to_parents_owner(file, &directory))?;
            file.write_all(line(&Entry::Run { schema: SCHEMA, run }).as_bytes())?;
            file.sync_all()?;
            std::fs::rename(&part, &path)?;
            File::open(&directory)?.sync_all()?;
            Ok(file)
        };
        match make() {
            Ok(file) => Ok(Record { directory, file, steps: 0, reopened: false }),
            Err(error) => {
                // The first error is the one to tell; what is left over is only untidy.
                let _ = std::fs::remove_dir_all(&directory);
                Err(disk(&path, "written", error))
            }
        }
    }

    /// Opens an existing journal to note what was taken back.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn reopen(&self, id: &str) -> Result<Record, RecordError> {
        let directory = self.directory.join("runs").join(id);
        let path = directory.join("journal.jsonl");
        let open = || -> io::Result<File> {
            let bytes = std::fs::read(&path)?;
            let file = OpenOptions::new().append(true).open(&path)?;
            // A line that a crash cut off must not swallow the next one.
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            if whole < bytes.len() {
                file.set_len(whole as u64)?;
            }
            Ok(file)
        };
        let file = open().map_err(|error| disk(&path, "written", error))?;
        Ok(Record { directory, file, steps: 0, reopened: true })
    }

    /// All journals that concern the project at `root`.
    ///
    /// # Errors
    /// When the directory is there and cannot be read.
    pub fn of_project(&self, root: &str) -> Result<Runs, RecordError> {
        let mut found = Runs::default();
        let directory = self.directory.join("runs");
        let runs = match std::fs::read_dir(&directory) {
            Ok(runs) => runs,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
            Err(error) => return Err(disk(&directory, "read", error)),
        };
        for run in runs {
            let run = run.map_err(|error| disk(&directory, "read", error))?;
            let id = run.file_name().to_string_lossy().into_owned();
            let unused = |reason: String| Unusable { id: id.clone(), reason };
            let bytes = match read_kept(&run.path().join("journal.jsonl")) {
                Ok(bytes) => bytes,
                // A run that was ended before its journal was there did nothing.
                Err(error) if error.kind() == io::ErrorKind::NotFound && !run.path().join("before-0").exists() => {
                    continue;
                }
                Err(error) => {
                    found.unusable.push(unused(format!("its journal cannot be read: {}", said(&error))));
                    continue;
                }
            };
            let text = String::from_utf8_lossy(&bytes);
            match (Journal::parse(&text), Journal::root(&text)) {
                (_, Some(other)) if other != root => found.elsewhere.extend(Journal::head(&text)),
                (Ok(journal), _) if journal.run.id != id => {
                    found.unusable.push(unused(format!("its journal is that of the run `{}`", journal.run.id)));
                }
                (Ok(journal), _) => found.journals.push(journal),
                (Err(error), _) => found.unusable.push(unused(error.to_string())),
            }
        }
        found.journals.sort_by(|a, b| in_time(&b.run.id).cmp(&in_time(&a.run.id)));
        found.unusable.sort_by(|a, b| in_time(&b.id).cmp(&in_time(&a.id)));
        Ok(found)
    }

    /// Where a journal keeps the former bytes of a file.
    pub fn path(&self, id: &str, name: &str) -> PathBuf {
        self.directory.join("runs").join(id).join(name)
    }

    /// The former bytes that a journal kept.
    ///
    /// # Errors
    /// When they cannot be read, or the name leads out of the journal's directory.
    pub fn before(&self, id: &str, name: &str) -> Result<Vec<u8>, RecordError> {
        let path = self.path(id, name);
        let plain = name.starts_with("before-") && !name.contains('/');
        let bytes = if plain { read_kept(&path) } else { Err(io::ErrorKind::InvalidFilename.into()) };
        bytes.map_err(|error| disk(&path, "read", error))
    }
}

impl Record {
    /// Writes one entry and waits until it is on the disk.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&mut self, entry: &Entry) -> Result<(), RecordError> {
        let write = |file: &mut File| file.write_all(line(entry).as_bytes()).and_then(|()| file.sync_data());
        write(&mut self.file).map_err(|error| disk(&self.directory, "written", error))
    }

    /// Notes that a step is about to be done, and returns its number.
    ///
    /// # Errors
    /// When it cannot be written; then the step must not be done.
    pub fn step(&mut self, change: crate::fix::journal::Change) -> Result<usize, RecordError> {
        let step = self.steps;
        self.append(&Entry::Begin { step, change })?;
        self.steps += 1;
        Ok(step)
    }

    /// Keeps the former bytes of a file, and returns their name for the journal.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn keep(&mut self, bytes: &[u8]) -> Result<String, RecordError> {
        let name = format!("before-{}", self.steps);
        let path = self.directory.join(&name);
        let write = || -> io::Result<()> {
            let mut file = OpenOptions::new().create_new(true).write(true).mode(0o600).open(&path)?;
            file.write_all(bytes)?;
            file = given_to_parents_owner(file, &self.directory)?;
            file.sync_all()
        };
        write().map_err(|error| disk(&path, "written", error))?;
        Ok(name)
    }
}

impl Drop for Record {
    fn drop(&mut self) {
        if self.steps == 0 && !self.reopened {
            // Nothing was done, so nothing is lost; what cannot be removed is only untidy.
            let _ = std::fs::remove_dir_all(&self.directory);
        }
    }
}

/// A file of a journal's own. A pipe in its place would keep us waiting for ever, and a symlink lead elsewhere.
fn read_kept(path: &Path) -> io::Result<Vec<u8>> {
    let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
    let mut file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let mut bytes = vec![];
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The name of a run as it sorts in time: of two in one second the later has the greater process number.
pub fn in_time(id: &str) -> (&str, u64, &str) {
    let (time, process) = id.rsplit_once('-').unwrap_or((id, ""));
    (time, process.parse().unwrap_or(0), process)
}

/// Whom root gives what it makes in a directory: the directory's owner, so that under sudo the person's home stays theirs.
fn owner_to_be(directory: &Path) -> io::Result<Option<(u32, u32)>> {
    let owner = std::fs::metadata(directory)?;
    Ok((nix::unistd::geteuid().is_root() && owner.uid() != 0).then(|| (owner.uid(), owner.gid())))
}

fn given_to_parents_owner(file: File, directory: &Path) -> io::Result<File> {
    if let Some((uid, gid)) = owner_to_be(directory)? {
        fchown(&file, Some(uid), Some(gid))?;
    }
    Ok(file)
}

fn disk(path: &Path, action: &'static str, error: io::Error) -> RecordError {
    RecordError::Disk { path: path.display().to_string(), action, error: said(&error) }
}

#[cfg(test)]
mod tests;
