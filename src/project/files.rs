//! Where files come from: the disk, git's index, or memory. Reading a project is pure but for this.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};

use crate::text::{Encoding, Source};

/// Why a file could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// There is nothing at this path.
    #[error("does not exist")]
    NotFound,
    /// It is a directory, a socket or the like.
    #[error("is not a regular file")]
    NotAFile,
    /// It is larger than what is read ([`MAX_FILE_SIZE`]).
    #[error("is larger than {} MB", MAX_FILE_SIZE / 1_000_000)]
    TooLarge,
    /// It is no UTF-8 text.
    #[error(transparent)]
    Encoding(#[from] Encoding),
    /// The kernel refused.
    #[error("{0}")]
    Refused(String),
}

/// What is said of a link whose target is not there.
pub const DANGLING: &str = "is a link that leads nowhere";

/// Why a path is not read whose file system is silent.
pub const NO_ANSWER: &str = "its file system does not answer";

/// Why a file is passed over that was read, but not understood.
pub const TAKES_TOO_LONG: &str = "takes longer to understand than the time limit leaves for one file";

/// Why a file is not read when the time is over.
pub const TIME_IS_UP: &str = "the time limit was used up";

/// Files above this size (bytes) are not read: no file that a person writes is that large.
pub const MAX_FILE_SIZE: u64 = 4_000_000;

/// A tree of files, paths relative to the project's root with `/` between the parts; `../` and absolute paths lead outside.
pub trait Files {
    /// Absolute path of the project's root.
    fn root(&self) -> &str;

    /// Reads one file.
    ///
    /// # Errors
    /// When it is not there or is no text.
    fn read(&self, path: &str) -> Result<Source, ReadError>;

    /// Paths of all files of the project that git would not ignore, sorted; directories are not listed.
    fn list(&self) -> &[String];

    /// Paths of the files in a directory, and also below it where `recursive` is set, as programs find them: those that git
    /// would ignore included. Sorted.
    fn present(&self, directory: &str, recursive: bool) -> Vec<String> {
        listed_in(self.list(), directory, recursive)
    }

    /// Whether there is a regular file at this path (ignored ones included).
    fn is_file(&self, path: &str) -> bool;

    /// Whether there is a directory at this path.
    fn is_directory(&self, path: &str) -> bool;

    /// Whether there is anything at this path, of whatever kind.
    fn exists(&self, path: &str) -> bool {
        self.is_file(path) || self.is_directory(path)
    }

    /// Whether this path is not looked at any more, so that nobody knows what is there. It counts as a file that is there and
    /// cannot be read: what might be there may not drop out without a word.
    fn is_passed_over(&self, _path: &str) -> bool {
        false
    }

    /// The bytes of one file, for a look that comes before parsing and need not tell secrets apart.
    ///
    /// # Errors
    /// When it is not there or cannot be read.
    fn bytes(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.read(path).map(|source| source.text().as_bytes().to_vec())
    }

    /// Notes that a file which was read before is about to be understood again, for whoever watches how long each one takes.
    ///
    /// # Errors
    /// When there is no time for it.
    fn turn_to(&self, _path: &str) -> Result<(), ReadError> {
        Ok(())
    }
}

/// The paths of a sorted list that lie in a directory, and also below it where `recursive` is set.
pub fn listed_in(list: &[String], directory: &str, recursive: bool) -> Vec<String> {
    let start = if directory.is_empty() { String::new() } else { format!("{directory}/") };
    let from = list.partition_point(|path| path.as_str() < start.as_str());
    let inside = list.iter().skip(from).map_while(|path| Some((path, path.strip_prefix(&start)?)));
    inside.filter(|(_, name)| recursive || !name.contains('/')).map(|(path, _)| path.clone()).collect()
}

/// `path` seen from `directory`, with `.` and `..` resolved by text; `None` when it leads out of the top or is absolute.
pub fn inside(directory: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut parts: Vec<&str> = vec![];
    for part in directory.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// The source of a path: the one that was read already, or read now and kept.
///
/// # Errors
/// When it is not there or is no text.
pub fn source(files: &dyn Files, sources: &mut BTreeMap<String, Source>, path: &str) -> Result<Source, ReadError> {
    if let Some(source) = sources.get(path) {
        return Ok(source.clone());
    }
    let source = files.read(path)?;
    sources.insert(path.to_owned(), source.clone());
    Ok(source)
}

/// So many bytes (of all files together) are kept in memory, so that nobody reads them from the disk again.
const MOST_KEPT: usize = 64_000_000;

/// Files of which each is read once, whoever asks: several readers look into the same files, and all of them see the same text.
pub(super) struct ReadOnce<'files> {
    files: &'files dyn Files,
    kept: RefCell<HashMap<String, Vec<u8>>>,
    size: Cell<usize>,
}

impl<'files> ReadOnce<'files> {
    /// Keeps nothing yet.
    pub fn new(files: &'files dyn Files) -> Self {
        Self { files, kept: RefCell::default(), size: Cell::new(0) }
    }
}

impl Files for ReadOnce<'_> {
    fn root(&self) -> &str {
        self.files.root()
    }

    fn read(&self, path: &str) -> Result<Source, ReadError> {
        Ok(Source::from_bytes(path, self.bytes(path)?)?)
    }

    fn bytes(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        if let Some(bytes) = self.kept.borrow().get(path) {
            self.files.turn_to(path)?;
            return Ok(bytes.clone());
        }
        let bytes = self.files.bytes(path)?;
        if self.size.get() + bytes.len() <= MOST_KEPT {
            self.size.set(self.size.get() + bytes.len());
            self.kept.borrow_mut().insert(path.to_owned(), bytes.clone());
        }
        Ok(bytes)
    }

    fn list(&self) -> &[String] {
        self.files.list()
    }

    fn present(&self, directory: &str, recursive: bool) -> Vec<String> {
        self.files.present(directory, recursive)
    }

    fn is_file(&self, path: &str) -> bool {
        self.files.is_file(path)
    }

    fn is_directory(&self, path: &str) -> bool {
        self.files.is_directory(path)
    }

    fn exists(&self, path: &str) -> bool {
        self.files.exists(path)
    }

    fn is_passed_over(&self, path: &str) -> bool {
        self.files.is_passed_over(path)
    }
}

/// Files in memory, for examples and tests.
#[derive(Clone, Debug, Default)]
pub struct MemoryFiles {
    root: String,
    files: BTreeMap<String, Vec<u8>>,
    paths: Vec<String>,
}

impl MemoryFiles {
    /// Files by path, in a project that lies at `/project`.
    pub fn new<P: Into<String>, B: Into<Vec<u8>>>(files: impl IntoIterator<Item = (P, B)>) -> Self {
        Self::at("/project", files)
    }

    /// Files by path, in a project that lies at `root`.
    pub fn at<P: Into<String>, B: Into<Vec<u8>>>(root: &str, files: impl IntoIterator<Item = (P, B)>) -> Self {
        let files: BTreeMap<String, Vec<u8>> =
            files.into_iter().map(|(path, bytes)| (path.into(), bytes.into())).collect();
        let paths = files.keys().cloned().collect();
        Self { root: root.to_owned(), files, paths }
    }
}

impl Files for MemoryFiles {
    fn root(&self) -> &str {
        &self.root
    }

    fn read(&self, path: &str) -> Result<Source, ReadError> {
        let bytes = self.files.get(path).ok_or(ReadError::NotFound)?;
        Ok(Source::from_bytes(path, bytes.clone())?)
    }

    fn bytes(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        self.files.get(path).cloned().ok_or(ReadError::NotFound)
    }

    fn list(&self) -> &[String] {
        &self.paths
    }

    fn is_file(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }

    fn is_directory(&self, path: &str) -> bool {
        path.is_empty() || path == "." || self.paths.iter().any(|file| file.starts_with(&format!("{path}/")))
    }
}
