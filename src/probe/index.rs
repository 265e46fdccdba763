//! The project's files as they are staged in git's index, for the hook, as `git` tells them.
#![expect(
    clippy::disallowed_methods,
    reason = "staged content is only to be had from git itself, in whatever way the repository stores it"
)]

use std::collections::BTreeMap;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::project::files::{Files, ReadError, inside};
use crate::text::Source;

use super::attention::Attention;
use super::branches::within;
use super::files::{absolute, read_regular};
use super::listing::is_skipped;
use super::objects::Batch;

/// Why the index cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// There is no `git` to ask.
    #[error("git cannot be started: {0}")]
    NoGit(String),
    /// git refused.
    #[error("git {command}: {said}")]
    Refused {
        /// What was asked.
        command: &'static str,
        /// What it said.
        said: String,
    },
    /// git was ended, since its time was over.
    #[error("git {command} takes longer than the time limit leaves for it")]
    Late {
        /// What was asked.
        command: &'static str,
    },
}

/// What no object is called, as no reference may begin like this.
const NO_OBJECT: &str = ".lock";

/// What git says is staged below a directory.
#[derive(Debug)]
pub struct Index {
    root: PathBuf,
    shown: String,
    repository: Repository,
    /// Path of the root in the repository, with a slash at its end unless it is empty.
    prefix: String,
    entries: BTreeMap<String, Entry>,
    paths: Vec<String>,
    /// A git that has answered once, for the first who reads.
    begun: Mutex<Option<Batch>>,
}

/// The files that are staged, below a directory, as one reader reads them.
#[derive(Debug)]
pub struct IndexFiles {
    index: Arc<Index>,
    batch: Mutex<Option<Batch>>,
    attention: Arc<Attention>,
}

#[derive(Debug)]
struct Repository {
    top: PathBuf,
    /// `GIT_DIR` and `GIT_INDEX_FILE` as git gave them to its hook, made absolute.
    environment: Vec<(&'static str, PathBuf)>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    object: String,
    link: bool,
}

impl Repository {
    /// The repository of `root`. `given` are git's variables as the caller of the hook set them, `here` its working directory,
    /// which relative ones start from.
    fn find(
        root: &Path,
        given: &[(&'static str, PathBuf)],
        here: &Path,
        deadline: Instant,
    ) -> Result<Self, IndexError> {
        let environment: Vec<_> = given.iter().map(|(name, value)| (*name, here.join(value))).collect();
        // With GIT_DIR alone git takes its working directory, where it started the hook, for the top of the work tree.
        let asked_from = if environment.iter().any(|(name, _)| *name == "GIT_DIR") { here } else { root };
        let mut found = Self { top: asked_from.to_owned(), environment };
        let said = found.ask("rev-parse", &["--show-toplevel"], deadline)?;
        let text = said.strip_suffix(b"\n").unwrap_or(&said);
        found.top = PathBuf::from(<std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(text));
        Ok(found)
    }

    fn git(&self, command: &str, arguments: &[&str]) -> Command {
        let mut git = Command::new("git");
        git.current_dir(&self.top).arg(command).args(arguments).envs(self.environment.iter().cloned());
        // What it starts itself is ended with it.
        git.env("GIT_OPTIONAL_LOCKS", "0").stderr(Stdio::piped()).process_group(0);
        git
    }

    fn ask(&self, command: &'static str, arguments: &[&str], deadline: Instant) -> Result<Vec<u8>, IndexError> {
        let no_git = |error: std::io::Error| IndexError::NoGit(super::files::reason(&error));
        let mut git = self.git(command, arguments);
        let mut child = git.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(no_git)?;
        let (mut output, mut errors) = (vec![], vec![]);
        let (outlet, complaints) = (child.stdout.take(), child.stderr.take());
        let (read, in_time) = within(child.id(), deadline, || {
            outlet.map_or(Ok(0), |mut pipe| pipe.read_to_end(&mut output))?;
            complaints.map_or(Ok(0), |mut pipe| pipe.read_to_end(&mut errors))
        });
        let status = child.wait().map_err(no_git)?;
        read.map_err(no_git)?;
        if !in_time {
            return Err(IndexError::Late { command });
        }
        if status.success() {
            return Ok(output);
        }
        let said = String::from_utf8_lossy(&errors);
        Err(IndexError::Refused { command, said: said.lines().next().unwrap_or("failed").to_owned() })
    }

    /// A git that gives objects, of which the first is asked for already: where git starts slowly no file is to blame.
    fn begin(&self, deadline: Instant) -> Result<Option<Batch>, IndexError> {
        let command = "cat-file";
        // Who reads a file starts another, and says what is wrong with it.
        let Ok(mut batch) = Batch::start(&mut self.git(command, &["--batch"])) else { return Ok(None) };
        let (answer, in_time) = within(batch.process(), deadline, || batch.object(NO_OBJECT));
        if in_time { Ok(answer.is_ok().then_some(batch)) } else { Err(IndexError::Late { command }) }
    }
}

impl Index {
    /// What is staged below `root`, which lies in a repository. A git that has not answered by `deadline` is ended.
    ///
    /// # Errors
    /// When git is not there, does not know the directory or takes too long.
    pub fn open(root: &Path, deadline: Instant) -> Result<Self, IndexError> {
        let given: Vec<_> = ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"]
            .into_iter()
            .filter_map(|name| Some((name, PathBuf::from(std::env::var_os(name).filter(|value| !value.is_empty())?))))
            .collect();
        Self::open_as(root, &given, &absolute(Path::new(".")), deadline)
    }

    fn open_as(
        root: &Path,
        given: &[(&'static str, PathBuf)],
        here: &Path,
        deadline: Instant,
    ) -> Result<Self, IndexError> {
        let root = absolute(root);
        let repository = Repository::find(&root, given, here, deadline)?;
        let entries = parsed(&repository.ask("ls-files", &["-s", "-z"], deadline)?);
        let begun = Mutex::new(if entries.is_empty() { None } else { repository.begin(deadline)? });
        let top = absolute(&repository.top);
        let prefix = match root.strip_prefix(&top).ok().and_then(Path::to_str) {
            None | Some("") => String::new(),
            Some(below) => format!("{below}/"),
        };
        let mut paths: Vec<String> = entries
            .iter()
            .filter(|(_, entry)| !entry.link)
            .filter_map(|(path, _)| path.strip_prefix(prefix.as_str()))
            .filter(|path| !path.split('/').any(is_skipped))
            .map(str::to_owned)
            .collect();
        paths.sort_unstable();
        Ok(Self { shown: root.to_string_lossy().into_owned(), root, repository, prefix, entries, paths, begun })
    }
}

impl IndexFiles {
    /// The staged files. What is read is noted in `attention`, and what that passes over is not looked at.
    pub fn new(index: Arc<Index>, attention: Arc<Attention>) -> Self {
        let begun = index.begun.lock().unwrap_or_else(PoisonError::into_inner).take();
        Self { index, batch: Mutex::new(begun), attention }
    }

    /// The path in the repository of one that is relative to the root; `None` when it leads out of the repository.
    fn in_repository(&self, path: &str) -> Option<String> {
        inside(&self.index.prefix, path)
    }

    fn entry(&self, path: &str) -> Option<Entry> {
        let mut path = self.in_repository(path)?;
        // A link's content is where it leads; a chain that is longer than this is a circle.
        for _ in 0..8 {
            let entry = self.index.entries.get(&path)?;
            if !entry.link {
                return Some(entry.clone());
            }
            let target = String::from_utf8(self.content(&entry.object).ok()?).ok()?;
            let directory = path.rsplit_once('/').map_or("", |(directory, _)| directory);
            let joined = if directory.is_empty() { target } else { format!("{directory}/{target}") };
            let seen_from_root = "../".repeat(self.index.prefix.matches('/').count()) + &joined;
            path = self.in_repository(&seen_from_root)?;
        }
        None
    }

    fn content(&self, object: &str) -> Result<Vec<u8>, ReadError> {
        let mut held = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_none() {
            *held = Some(Batch::start(&mut self.index.repository.git("cat-file", &["--batch"]))?);
        }
        let Some(batch) = held.as_mut() else { return Err(ReadError::NotFound) };
        let answer = batch.object(object);
        if matches!(answer, Err(ReadError::Refused(_))) {
            // What it says next cannot be told apart any more.
            *held = None;
        }
        match answer? {
            Some(found) if found.kind == "blob" => Ok(found.bytes),
            _ => Err(ReadError::Refused(format!("git has no content for {object}"))),
        }
    }

    /// Files that hold settings and are kept out of git are read from disk: they are part of the project, never staged.
    fn is_setting(path: &str) -> bool {
        let name = path.rsplit('/').next().unwrap_or(path);
        name.starts_with(".env") || name.ends_with(".env")
    }

    fn is_elsewhere(&self, path: &str) -> bool {
        match self.in_repository(path) {
            None => true,
            Some(known) => !self.index.entries.contains_key(&known) && Self::is_setting(path),
        }
    }
}

impl Files for IndexFiles {
    fn root(&self) -> &str {
        &self.index.shown
    }

    fn read(&self, path: &str) -> Result<Source, ReadError> {
        Ok(Source::from_bytes(path, self.bytes(path)?)?)
    }

    fn bytes(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        if let Some(reason) = self.attention.passes_over(path) {
            return Err(ReadError::Refused(reason.to_owned()));
        }
        self.attention.turn_to(path);
        let bytes = self.attention.ask(path, || self.content_of(path))?;
        self.attention.turn_to(path);
        Ok(bytes)
    }

    fn turn_to(&self, path: &str) -> Result<(), ReadError> {
        self.attention.turn_to(path);
        Ok(())
    }

    fn list(&self) -> &[String] {
        &self.index.paths
    }

    fn is_file(&self, path: &str) -> bool {
        if self.is_passed_over(path) {
            true
        } else if self.is_elsewhere(path) {
            self.asked_elsewhere(path).is_some_and(|kind| kind.is_file())
        } else {
            self.entry(path).is_some()
        }
    }

    fn is_passed_over(&self, path: &str) -> bool {
        self.attention.passes_over(path).is_some()
    }

    fn is_directory(&self, path: &str) -> bool {
        match self.in_repository(path) {
            None => self.asked_elsewhere(path).is_some_and(|kind| kind.is_dir()),
            Some(known) if known.is_empty() => true,
            Some(known) => {
                let below = format!("{known}/");
                self.index.entries.range(below.clone()..).next().is_some_and(|(entry, _)| entry.starts_with(&below))
            }
        }
    }
}

impl IndexFiles {
    fn asked_elsewhere(&self, path: &str) -> Option<std::fs::FileType> {
        if self.is_passed_over(path) {
            return None;
        }
        self.attention.ask(path, || Some(std::fs::metadata(self.index.root.join(path)).ok()?.file_type()))
    }

    fn content_of(&self, path: &str) -> Result<Vec<u8>, ReadError> {
        if self.is_elsewhere(path) {
            return read_regular(&self.index.root.join(path));
        }
        let entry = self
            .entry(path)
            .ok_or_else(|| if self.is_directory(path) { ReadError::NotAFile } else { ReadError::NotFound })?;
        self.content(&entry.object)
    }
}

/// Understands `git ls-files -s -z`: `<mode> <object> <stage>\t<path>\0`. Submodules and the sides of a conflict are left out.
fn parsed(said: &[u8]) -> BTreeMap<String, Entry> {
    said.split(|byte| *byte == 0)
        .filter_map(|line| {
            let (head, path) = std::str::from_utf8(line).ok()?.split_once('\t')?;
            let mut words = head.split(' ');
            let (mode, object, stage) = (words.next()?, words.next()?, words.next()?);
            let link = match (mode, stage) {
                ("100644" | "100755", "0") => false,
                ("120000", "0") => true,
                _ => return None,
            };
            Some((path.to_owned(), Entry { object: object.to_owned(), link }))
        })
        .collect()
}

#[cfg(test)]
#[path = "index/tests.rs"]
mod tests;
