//! The project's files as they are on disk.

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use nix::fcntl::OFlag;

use super::attention::Attention;
pub(crate) use super::listing::ignoring_repository;
use super::listing::{Listing, is_skipped, list};
use super::patience::{Patience, each};
use crate::project::Project;
use crate::project::compose::MountSource;
use crate::project::discover::Below;
pub use crate::project::files::TIME_IS_UP;
use crate::project::files::{DANGLING, Files, MAX_FILE_SIZE, ReadError, listed_in};
use crate::text::Source;

/// How deep folders are followed where also ignored files count.
const DEEPEST: usize = 8;

/// The files below a directory of this machine.
#[derive(Debug)]
pub struct DiskFiles {
    root: PathBuf,
    shown: String,
    listing: OnceLock<Listing>,
    deadline: Option<Instant>,
    files_read: AtomicUsize,
    attention: Arc<Attention>,
    /// Whether a file was wanted when the time was over.
    late: AtomicBool,
}

impl DiskFiles {
    /// The files below `root`. Nothing is read before it is asked for.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = absolute(&root.into());
        Self {
            shown: root.to_string_lossy().into_owned(),
            root,
            listing: OnceLock::new(),
            deadline: None,
            files_read: AtomicUsize::new(0),
            attention: Arc::default(),
            late: AtomicBool::new(false),
        }
    }

    /// The files below `root`; from `deadline` on none is read any more. A listing takes no more than the greater part of the
    /// time that is left when it begins, so that some of what it names can be read.
    pub fn until(root: impl Into<PathBuf>, deadline: Instant) -> Self {
        Self { deadline: Some(deadline), ..Self::new(root) }
    }

    /// The same; what is read is noted in `attention`, and what that passes over is not looked at.
    #[must_use]
    pub fn noting(self, attention: Arc<Attention>) -> Self {
        Self { attention, ..self }
    }

    /// What is to be said when the deadline kept something from being listed or read.
    pub fn cut_short(&self) -> Option<String> {
        let files = |count: usize| if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
        let read = files(self.files_read.load(Ordering::Relaxed));
        let listing = self.listing.get();
        match listing.and_then(|listing| Some((listing, listing.stopped_at.as_ref()?))) {
            Some((listing, at)) => Some(format!(
                "{TIME_IS_UP} while listing `{}`, after {} listed and {read} read",
                at.escape_debug(),
                files(listing.paths.len())
            )),
            None => self.late.load(Ordering::Relaxed).then(|| format!("{TIME_IS_UP} after {read}")),
        }
    }

    /// Folders that were not entered, since they are file systems of another kind, each with its kind.
    pub fn not_entered(&self) -> &[(String, String)] {
        self.listing.get().map_or(&[], |listing| &listing.not_entered)
    }

    /// Folders that could not be listed, each with the reason.
    pub fn not_listed(&self) -> &[(String, String)] {
        self.listing.get().map_or(&[], |listing| &listing.not_listed)
    }

    /// Whether the deadline is over.
    #[expect(clippy::disallowed_methods, reason = "a deadline is compared with the clock")]
    fn is_over(&self) -> bool {
        self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// When a listing that begins now has to end.
    #[expect(clippy::disallowed_methods, reason = "a deadline is compared with the clock")]
    fn listing_deadline(&self) -> Option<Instant> {
        let now = Instant::now();
        self.deadline.map(|deadline| now + deadline.saturating_duration_since(now).mul_f64(0.7))
    }

    /// How long links in a listing are waited for.
    pub fn patience(&self) -> Patience {
        self.deadline.map_or_else(Patience::default, Patience::until)
    }

    fn kind(&self, path: &str) -> Option<std::fs::FileType> {
        if self.is_passed_over(path) {
            return None;
        }
        self.attention.ask(path, || Some(std::fs::metadata(self.root.join(path)).ok()?.file_type()))
    }
}

impl Files for DiskFiles {
    fn root(&self) -> &str {
        &self.shown
    }

    fn read(&self, path: &str) -> Result<Source, ReadError> {
        Ok(Source::from_bytes(path, self.bytes(path)?)?)
    }

    fn turn_to(&self, path: &str) -> Result<(), ReadError> {
        if self.late.load(Ordering::Relaxed) || self.is_over() {
            self.late.store(true, Ordering::Relaxed);
            return Err(ReadError::Refused(TIME_IS_UP.to_owned()));
        }
        self.attention.turn_to(path);
        Ok(())
    }

    fn bytes(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        if let Some(reason) = self.attention.passes_over(path) {
            return Err(ReadError::Refused(reason.to_owned()));
        }
        let relative = path;
        let path = self.root.join(path);
        // What is not there is not missed; but once it is late, even looking for it would cost more.
        let late = || self.late.load(Ordering::Relaxed) || self.is_over() && self.exists(relative);
        if late() {
            self.late.store(true, Ordering::Relaxed);
            return Err(ReadError::Refused(TIME_IS_UP.to_owned()));
        }
        self.attention.turn_to(relative);
        let bytes = self.attention.ask(relative, || read_regular(&path))?;
        self.files_read.fetch_add(1, Ordering::Relaxed);
        self.attention.turn_to(relative);
        Ok(bytes)
    }

    fn list(&self) -> &[String] {
        let listed = || {
            self.attention.turn_away();
            list(&self.root, self.listing_deadline(), self.patience())
        };
        &self.listing.get_or_init(listed).paths
    }

    fn present(&self, directory: &str, recursive: bool) -> Vec<String> {
        let mut found = listed_in(self.list(), directory, recursive);
        let mut waiting = if directory.starts_with(['/', '.']) { vec![] } else { vec![(directory.to_owned(), 0)] };
        while let Some((directory, depth)) = waiting.pop().filter(|_| !self.is_over()) {
            if self.attention.passes_over(&directory).is_some() {
                continue;
            }
            let (absolute, patience) = (self.root.join(&directory), self.patience());
            let below = self.attention.ask(&directory, || directly_below(&absolute, patience));
            let at = |name: String| if directory.is_empty() { name } else { format!("{directory}/{name}") };
            found.extend(below.files.into_iter().map(at));
            if recursive && depth < DEEPEST {
                let folders = below.folders.into_iter().filter(|name| !is_skipped(name));
                waiting.extend(folders.map(|name| (at(name), depth + 1)));
            }
        }
        found.sort();
        found.dedup();
        found
    }

    fn exists(&self, path: &str) -> bool {
        self.is_passed_over(path) || self.kind(path).is_some()
    }

    fn is_file(&self, path: &str) -> bool {
        self.is_passed_over(path) || self.kind(path).is_some_and(|kind| kind.is_file())
    }

    fn is_passed_over(&self, path: &str) -> bool {
        self.attention.passes_over(path).is_some()
    }

    fn is_directory(&self, path: &str) -> bool {
        self.kind(path).is_some_and(|kind| kind.is_dir())
    }
}

/// The path without links and dots; what is not there is at least made absolute.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

/// Where a path of this machine really lies, when that is in the project at `root` or around it. The engine and Compose
/// name paths as they were typed, links and all; the project's root is without links.
pub(crate) fn in_project(root: &Path, path: &Path) -> Option<PathBuf> {
    // Docker Desktop on a Mac names paths as its own machine has them.
    let path = match path.strip_prefix("/host_mnt") {
        Ok(rest) if !path.exists() => Path::new("/").join(rest),
        _ => path.to_owned(),
    };
    // What is not there yet lies in what is.
    let real = path.ancestors().find_map(|above| {
        let rest = path.strip_prefix(above).ok()?;
        let real = std::fs::canonicalize(above).ok()?;
        Some(if rest.as_os_str().is_empty() { real } else { real.join(rest) })
    })?;
    (real.starts_with(root) || root.starts_with(&real)).then_some(real)
}

/// Takes the links out of the paths that the project binds into containers, as far as they lie in it or around it. Those that
/// are not answered in time stay as they are, and are named.
pub fn follow_links(project: &mut Project, patience: Patience) {
    let root = PathBuf::from(&project.root);
    let services = project.compose.iter_mut().flat_map(|compose| compose.services.values_mut());
    let mut bound: BTreeMap<String, Vec<&mut String>> = BTreeMap::new();
    for mount in services.flat_map(|service| &mut service.mounts) {
        if let MountSource::Bind(path) = &mut mount.source {
            bound.entry(path.clone()).or_default().push(path);
        }
    }
    let top = root.clone();
    let followed = each(bound.keys().cloned().collect(), patience, move |path| in_project(&top, Path::new(path)));
    for ((typed, paths), real) in bound.into_iter().zip(followed) {
        match real {
            Ok(real) => {
                if let Some(real) = real.as_deref().and_then(Path::to_str) {
                    paths.into_iter().for_each(|path| real.clone_into(path));
                }
            }
            Err(reason) => {
                let below = Path::new(&typed).strip_prefix(&root).unwrap_or(Path::new(&typed));
                project.not_listed.push((below.display().to_string(), reason.to_owned()));
            }
        }
    }
}

/// The bytes of a regular file, links followed. A pipe or a device is never waited for: what is there is looked at before it
/// is opened, and it is opened without blocking in case it changes in between.
pub(super) fn read_regular(path: &Path) -> Result<Vec<u8>, ReadError> {
    let refused = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound if std::fs::symlink_metadata(path).is_ok() => {
            ReadError::Refused(DANGLING.to_owned())
        }
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => ReadError::NotFound,
        _ => ReadError::Refused(reason(&error)),
    };
    let fits = |metadata: &std::fs::Metadata| {
        if !metadata.is_file() {
            Err(ReadError::NotAFile)
        } else if metadata.len() > MAX_FILE_SIZE {
            Err(ReadError::TooLarge)
        } else {
            Ok(())
        }
    };
    let seen = std::fs::metadata(path).map_err(refused)?;
    // A link to it is how a person says that a file is empty on purpose.
    if seen.file_type().is_char_device() && absolute(path) == Path::new("/dev/null") {
        return Ok(vec![]);
    }
    fits(&seen)?;
    let flags = OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
    let file = std::fs::OpenOptions::new().read(true).custom_flags(flags.bits()).open(path).map_err(refused)?;
    let metadata = file.metadata().map_err(refused)?;
    fits(&metadata)?;
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1);
    // One byte more than may be: a file can grow while it is read.
    file.take(MAX_FILE_SIZE + 1).read_to_end(&mut bytes).map_err(refused)?;
    if bytes.len() as u64 > MAX_FILE_SIZE { Err(ReadError::TooLarge) } else { Ok(bytes) }
}

/// The text of a file that the person named, wherever it lies.
///
/// # Errors
/// Why it cannot be read, for people.
pub fn read_named(path: &Path) -> Result<String, String> {
    let bytes = read_regular(path).map_err(|error| error.to_string())?;
    String::from_utf8(bytes).map_err(|_| "is no text".to_owned())
}

/// The last `limit` bytes of standard input, which is read to its end: what ends a run stands at the end of its log. Bytes that
/// are no text are shown as such.
///
/// # Errors
/// Why it cannot be read, for people.
pub fn read_standard_input(limit: usize) -> Result<String, String> {
    let mut input = std::io::stdin().lock();
    let mut kept: Vec<u8> = vec![];
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match input.read(&mut chunk) {
            Ok(0) => return Ok(String::from_utf8_lossy(&kept).into_owned()),
            Ok(length) => {
                kept.extend_from_slice(chunk.get(..length).unwrap_or_default());
                if kept.len() > 2 * limit {
                    kept.drain(..kept.len() - limit);
                }
            }
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(reason(&error)),
        }
    }
}

/// The absolute directory that `path` is or lies in, links resolved.
///
/// # Errors
/// Why it cannot be looked at, for people.
pub fn directory_of(path: &Path) -> Result<PathBuf, String> {
    let path = std::fs::canonicalize(path).map_err(|error| reason(&error))?;
    let directory = if path.is_dir() { path } else { path.parent().map(Path::to_owned).unwrap_or(path) };
    match std::fs::read_dir(&directory) {
        Ok(_) => Ok(directory),
        Err(error) => Err(reason(&error)),
    }
}

/// The names of the files and of the folders directly in a directory, links followed; none of one that cannot be read, nor of
/// links that lead where nobody answers.
pub fn directly_below(directory: &Path, patience: Patience) -> Below {
    let mut below = Below::default();
    let mut links = vec![];
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let (Ok(name), Ok(kind)) = (entry.file_name().into_string(), entry.file_type()) else { continue };
        if kind.is_symlink() {
            links.push((name, entry.path()));
        } else if kind.is_dir() {
            below.folders.push(name);
        } else {
            below.files.push(name);
        }
    }
    let leads_to_folder = |(_, path): &(String, PathBuf)| Some(std::fs::metadata(path).ok()?.is_dir());
    let kinds = each(links.clone(), patience, leads_to_folder);
    for ((name, _), is_folder) in links.into_iter().zip(kinds) {
        match is_folder.ok().flatten() {
            Some(true) => below.folders.push(name),
            Some(false) => below.files.push(name),
            None => {}
        }
    }
    below
}

/// The working directory, without links; `None` when it is gone or its name is no text.
pub fn working_directory() -> Option<String> {
    std::fs::canonicalize(".").ok()?.into_os_string().into_string().ok()
}

/// Whom a directory belongs to, links followed; `None` for what is no directory.
pub fn owner_of_directory(path: &str) -> Option<crate::facts::Owner> {
    use std::os::unix::fs::MetadataExt;
    let seen = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_dir)?;
    Some(crate::facts::Owner { uid: seen.uid(), gid: seen.gid() })
}

/// Whether there is anything at an absolute path.
pub fn exists(path: &str) -> bool {
    std::fs::symlink_metadata(path).is_ok()
}

/// The words of an error without its number, lower case.
pub(super) fn reason(error: &std::io::Error) -> String {
    crate::error::said(error)
}

#[cfg(test)]
#[path = "files/tests.rs"]
mod tests;
