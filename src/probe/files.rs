//! The project's files as they are on disk.

use std::io::Read;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Instant;

use nix::fcntl::OFlag;

use crate::project::files::{Files, MAX_FILE_SIZE, ReadError};
use crate::text::Source;

/// Directories that hold nothing a person wrote, left out even where git would not ignore them.
const SKIPPED: [&str; 5] = [".git", ".venv", "__pycache__", "node_modules", "venv"];

/// Whether a directory of this name is left out of listings.
pub(super) fn is_skipped(name: &str) -> bool {
    SKIPPED.contains(&name)
}

/// Why a file is not read when the time is over.
pub const TIME_IS_UP: &str = "the time limit was used up";

/// The files below a directory of this machine.
#[derive(Debug)]
pub struct DiskFiles {
    root: PathBuf,
    shown: String,
    paths: OnceLock<Vec<String>>,
    deadline: Option<Instant>,
    files_read: AtomicUsize,
    cut_short: AtomicBool,
}

impl DiskFiles {
    /// The files below `root`. Nothing is read before it is asked for.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = absolute(&root.into());
        Self {
            shown: root.to_string_lossy().into_owned(),
            root,
            paths: OnceLock::new(),
            deadline: None,
            files_read: AtomicUsize::new(0),
            cut_short: AtomicBool::new(false),
        }
    }

    /// The files below `root`; from `deadline` on none is listed or read any more.
    pub fn until(root: impl Into<PathBuf>, deadline: Instant) -> Self {
        Self { deadline: Some(deadline), ..Self::new(root) }
    }

    /// What is to be said when the deadline kept something from being listed or read.
    pub fn cut_short(&self) -> Option<String> {
        let files = match self.files_read.load(Ordering::Relaxed) {
            1 => "1 file".to_owned(),
            count => format!("{count} files"),
        };
        self.cut_short.load(Ordering::Relaxed).then(|| format!("{TIME_IS_UP} after {files}"))
    }

    /// Whether the deadline is over, which is kept in mind: something was wanted and is not had.
    #[expect(clippy::disallowed_methods, reason = "a deadline is compared with the clock")]
    fn is_late(&self) -> bool {
        let late = self.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        if late {
            self.cut_short.store(true, Ordering::Relaxed);
        }
        late
    }

    fn kind(&self, path: &str) -> Option<std::fs::FileType> {
        Some(std::fs::metadata(self.root.join(path)).ok()?.file_type())
    }
}

impl Files for DiskFiles {
    fn root(&self) -> &str {
        &self.shown
    }

    fn read(&self, path: &str) -> Result<Source, ReadError> {
        Ok(Source::from_bytes(path, self.bytes(path)?)?)
    }

    fn bytes(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        let path = self.root.join(path);
        // What is not there costs no time and is not missed.
        if self.deadline.is_some() && std::fs::metadata(&path).is_ok() && self.is_late() {
            return Err(ReadError::Refused(TIME_IS_UP.to_owned()));
        }
        let bytes = read_regular(&path)?;
        self.files_read.fetch_add(1, Ordering::Relaxed);
        Ok(bytes)
    }

    fn list(&self) -> &[String] {
        self.paths.get_or_init(|| list(&self.root, &|| self.is_late()))
    }

    fn exists(&self, path: &str) -> bool {
        self.kind(path).is_some()
    }

    fn is_file(&self, path: &str) -> bool {
        self.kind(path).is_some_and(|kind| kind.is_file())
    }

    fn is_directory(&self, path: &str) -> bool {
        self.kind(path).is_some_and(|kind| kind.is_dir())
    }
}

/// The path without links and dots; what is not there is at least made absolute.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned())
}

/// The bytes of a regular file, links followed. A pipe or a device is never waited for: what is there is looked at before it
/// is opened, and it is opened without blocking in case it changes in between.
pub(super) fn read_regular(path: &Path) -> Result<Vec<u8>, ReadError> {
    let refused = |error: std::io::Error| match error.kind() {
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

/// The files below `root` on its file system, until `is_late`. Ignore files count from the top of the git repository downwards,
/// as for git; outside of git from `root` downwards.
fn list(root: &Path, is_late: &dyn Fn() -> bool) -> Vec<String> {
    let in_git = root.ancestors().any(|directory| std::fs::symlink_metadata(directory.join(".git")).is_ok());
    let walk = ignore::WalkBuilder::new(root)
        .hidden(false)
        .ignore(false)
        .require_git(in_git)
        .parents(in_git)
        .same_file_system(true)
        .filter_entry(|entry| {
            let directory = entry.file_type().is_some_and(|kind| kind.is_dir());
            entry.depth() == 0 || !(directory && entry.file_name().to_str().is_some_and(is_skipped))
        })
        .build();
    let mut paths: Vec<String> = walk
        .take_while(|_| !is_late())
        .flatten()
        .filter(|entry| match entry.file_type() {
            Some(kind) if kind.is_symlink() => std::fs::metadata(entry.path()).is_ok_and(|target| target.is_file()),
            // A pipe of a name that is looked for is named by who cannot read it.
            kind => kind.is_some_and(|kind| kind.is_file() || kind.is_fifo()),
        })
        // A worktree's `.git` is a file.
        .filter(|entry| entry.file_name() != ".git")
        .filter_map(|entry| entry.path().strip_prefix(root).ok()?.to_str().map(str::to_owned))
        .collect();
    paths.sort_unstable();
    paths
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make the files that they look at")]
mod tests {
    use super::*;
    use crate::text::Encoding;

    fn project() -> (tempfile::TempDir, DiskFiles) {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in [
            (".gitignore", "ignored/\n*.log\n"),
            (".env", "A=1\n"),
            ("a b/new\nline.txt", "x"),
            ("ignored/x.py", ""),
            ("app.log", ""),
            ("node_modules/x/package.json", "{}"),
            ("src/__pycache__/x.py", ""),
            ("src/main.py", "print()\n"),
            (".git/config", ""),
            ("binary", "a\0b"),
        ] {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        std::os::unix::fs::symlink("src", root.path().join("linked")).unwrap();
        std::os::unix::fs::symlink(".env", root.path().join("env-link")).unwrap();
        nix::unistd::mkfifo(&root.path().join("pipe"), nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
        let files = DiskFiles::new(root.path());
        (root, files)
    }

    #[test]
    fn what_git_ignores_and_what_no_person_writes_is_not_listed() {
        let (_root, files) = project();
        assert_eq!(
            files.list(),
            [".env", ".gitignore", "a b/new\nline.txt", "binary", "env-link", "pipe", "src/main.py"]
        );
    }

    #[test]
    fn only_regular_files_of_text_are_read() {
        let (_root, files) = project();
        assert_eq!(files.read("env-link").unwrap().text(), "A=1\n");
        assert_eq!(files.read("ignored/x.py").unwrap().text(), "");
        for (path, error) in [
            ("pipe", ReadError::NotAFile),
            ("src", ReadError::NotAFile),
            ("none", ReadError::NotFound),
            (".env/x", ReadError::NotFound),
            ("binary", ReadError::Encoding(Encoding::Binary)),
        ] {
            assert_eq!(files.read(path).unwrap_err(), error, "{path}");
        }
        assert!(files.is_file("ignored/x.py") && files.is_directory("src") && !files.is_file("src"));
    }

    #[test]
    fn ignore_files_above_the_repository_or_outside_of_any_do_not_count() {
        let around = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = around.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        write(".gitignore", "*\n");
        write("top/.gitignore", "*.log\n");
        write("top/app/Makefile", "");
        write("top/app/a.log", "");
        let listed = |path: &str| DiskFiles::new(around.path().join(path)).list().to_vec();
        assert_eq!(listed("top/app"), ["Makefile", "a.log"]);
        assert_eq!(listed("top"), [".gitignore", "app/Makefile"]);
        write("top/.git/HEAD", "ref: refs/heads/main\n");
        assert_eq!(listed("top/app"), ["Makefile"]);
        assert_eq!(listed("top"), [".gitignore", "app/Makefile"]);
    }

    #[test]
    fn after_the_deadline_nothing_is_listed_or_read_and_that_is_said() {
        let (root, _) = project();
        let late = DiskFiles::until(root.path(), Instant::now());
        assert_eq!(late.read("none").unwrap_err(), ReadError::NotFound);
        assert_eq!(late.cut_short(), None);
        assert_eq!(late.read(".env").unwrap_err(), ReadError::Refused(TIME_IS_UP.to_owned()));
        assert_eq!(late.list(), [""; 0]);
        assert_eq!(late.cut_short().as_deref(), Some("the time limit was used up after 0 files"));
        let early = DiskFiles::until(root.path(), Instant::now() + std::time::Duration::from_secs(600));
        assert!(early.list().len() == 7 && early.read(".env").is_ok());
        assert_eq!(early.cut_short(), None);
    }

    #[test]
    fn a_file_that_no_person_wrote_is_too_large_to_read() {
        let (root, files) = project();
        std::fs::File::create(root.path().join("huge")).unwrap().set_len(MAX_FILE_SIZE + 1).unwrap();
        assert_eq!(files.read("huge").unwrap_err(), ReadError::TooLarge);
    }
}
