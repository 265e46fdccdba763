//! Which of git's branches has the file of a revision that a database is at: only asked where such a file is missing.
//!
//! It is read with `git` itself, in whatever way the repository stores its objects, and nothing that the repository's own
//! configuration names is started: no hook, monitor or pager, and no transport to fetch what a partial clone lacks.
#![expect(clippy::disallowed_methods, reason = "git is started, for a while that is measured")]

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::objects::{Batch, Object};
use crate::facts::{Branch, BranchKind, Branches, RevisionOnBranch};
use crate::project::alembic::revisions::{declared, is_script};
use crate::project::files::ReadError;
use crate::text::Source;

/// How long git may take: what it can tell is worth no more of the run.
const LONGEST: Duration = Duration::from_secs(2);

/// How many branches are looked at.
const MOST: usize = 1000;

/// How deep folders below a version directory are followed.
const DEEPEST: usize = 8;

/// A revision whose file is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The revision.
    pub id: String,
    /// Where its file would be, relative to the project's root.
    pub directories: Vec<String>,
    /// Whether also below these directories.
    pub recursive: bool,
}

/// Looks for revisions on the branches of the repository around `root`.
pub fn look(root: &Path, lost: &[Lost], deadline: Instant) -> Branches {
    let deadline = deadline.min(Instant::now() + LONGEST);
    let (references, is_all) = match references(root, deadline) {
        Ok(answer) => answer,
        Err(trouble) => return Branches { trouble: Some(trouble), ..Branches::default() },
    };
    let looked_at = references.iter().filter(|one| one.branch.kind != BranchKind::Here).count();
    let mut batch = match Batch::start(git(root, "cat-file").arg("--batch")) {
        Ok(batch) => batch,
        Err(error) => return Branches { trouble: Some(error.to_string()), ..Branches::default() },
    };
    let process = batch.process();
    let mut search =
        Search { lost, batch: &mut batch, lacking: false, trees: HashMap::new(), files: HashMap::new(), found: vec![] };
    let work = || references.iter().try_for_each(|one| search.look(one));
    let (ended, in_time) = within(process, deadline, work);
    let (lacking, mut revisions) = (search.lacking, search.found);
    for revision in &mut revisions {
        let is_there = root.join(&revision.path).symlink_metadata().is_ok();
        let here = revision.branches.iter_mut().filter(|branch| is_there && branch.kind == BranchKind::Here);
        here.for_each(|branch| branch.kind = BranchKind::Changed);
    }
    let trouble = match ended {
        _ if !in_time => Some("git gave no answer in time".to_owned()),
        Err(error) => Some(error.to_string()),
        Ok(()) if !is_all => Some(format!("only the {MOST} newest branches were looked at")),
        Ok(()) if lacking => Some("git lacks files of its branches, as in a partial clone".to_owned()),
        Ok(()) => None,
    };
    Branches { looked_at, revisions, trouble }
}

/// A command of git that looks at a repository as it is.
fn git(root: &Path, command: &str) -> Command {
    let mut git = Command::new(program().unwrap_or_else(|| "/usr/bin/git".into()));
    git.current_dir(root).arg("--no-pager");
    for setting in ["core.fsmonitor=false", "core.hooksPath=/dev/null", "protocol.allow=never"] {
        git.args(["-c", setting]);
    }
    git.arg(command);
    // A hook of git's names its own repository, which need not be that of the project.
    for variable in ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"] {
        git.env_remove(variable);
    }
    git.envs([("LC_ALL", "C"), ("GIT_OPTIONAL_LOCKS", "0"), ("GIT_TERMINAL_PROMPT", "0"), ("GIT_NO_LAZY_FETCH", "1")]);
    // The variable is stronger than the setting, and no transport is called `none`.
    git.env("GIT_ALLOW_PROTOCOL", "none").process_group(0);
    git
}

/// Where git lies. A relative entry of `PATH` would find one in the project, which may be anybody's.
fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let folders = std::env::split_paths(&path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join("git")).find(|program| program.is_file())
}

/// A branch, or what is checked out.
#[derive(Debug, PartialEq, Eq)]
struct Reference {
    object: String,
    branch: Branch,
}

/// What is checked out and the newest branches, and whether these are all.
fn references(root: &Path, deadline: Instant) -> Result<(Vec<Reference>, bool), String> {
    let mut command = git(root, "for-each-ref");
    command.args([&format!("--count={}", MOST + 1), "--sort=-committerdate"]);
    command.arg("--format=%(objectname)%00%(HEAD)%00%(symref)%00%(refname)%00%(worktreepath)");
    command.args(["refs/heads", "refs/remotes"]);
    let refused = |error: std::io::Error| format!("git cannot be started: {}", super::files::reason(&error));
    let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().map_err(refused)?;
    let (mut output, mut errors) = (child.stdout.take(), child.stderr.take());
    let ((said, complained), in_time) = within(child.id(), deadline, || {
        std::thread::scope(|scope| {
            let complained = scope.spawn(|| all(&mut errors));
            (all(&mut output), complained.join().unwrap_or_default())
        })
    });
    let status = child.wait().map_err(refused)?;
    match (in_time, status.success()) {
        (false, _) => Err("git gave no answer in time".to_owned()),
        (true, true) => Ok((understood(&said), said.lines().count() <= MOST)),
        (true, false) => {
            let first = complained.lines().next().unwrap_or("failed");
            Err(format!("git refuses: {}", first.strip_prefix("fatal: ").unwrap_or(first)))
        }
    }
}

fn all(stream: &mut Option<impl Read>) -> String {
    let mut bytes = vec![];
    if let Some(Err(_)) = stream.as_mut().map(|stream| stream.read_to_end(&mut bytes)) {
        bytes.clear();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Understands what `git for-each-ref` says: what is checked out first, then local branches, then those of remotes.
fn understood(said: &str) -> Vec<Reference> {
    let fields: Vec<Vec<&str>> = said.lines().take(MOST).map(|line| line.split('\0').collect()).collect();
    let locals: HashSet<&str> = fields.iter().filter_map(|line| line.get(3)?.strip_prefix("refs/heads/")).collect();
    let reference = |line: &Vec<&str>| {
        let [object, current, target, name, worktree] = line.as_slice() else { return None };
        if !target.is_empty() || *current == "*" || name.contains('\u{fffd}') {
            return None;
        }
        let (name, kind) = match (name.strip_prefix("refs/heads/"), name.strip_prefix("refs/remotes/")) {
            (Some(local), _) => (local, BranchKind::Local),
            (None, Some(remote)) if remote.split_once('/').is_some_and(|(_, name)| locals.contains(name)) => {
                (remote, BranchKind::RemoteOfLocal)
            }
            (None, remote) => (remote?, BranchKind::Remote),
        };
        let worktree = Some((*worktree).to_owned()).filter(|path| !path.is_empty());
        Some(Reference { object: (*object).to_owned(), branch: Branch { name: name.to_owned(), kind, worktree } })
    };
    let here = Branch { name: "HEAD".to_owned(), kind: BranchKind::Here, worktree: None };
    let mut found = vec![Reference { object: "HEAD".to_owned(), branch: here }];
    found.extend(fields.iter().filter_map(reference));
    found.sort_by_key(|one| one.branch.kind.min(BranchKind::Remote));
    found
}

/// Does some work with a process that leads a group, which is ended at the deadline; whether that was not needed.
pub(super) fn within<T>(process: u32, deadline: Instant, work: impl FnOnce() -> T) -> (T, bool) {
    std::thread::scope(|scope| {
        let (done, told) = mpsc::channel::<()>();
        let watch = scope.spawn(move || {
            let left = deadline.saturating_duration_since(Instant::now());
            let is_late = told.recv_timeout(left) == Err(mpsc::RecvTimeoutError::Timeout);
            // Nobody has waited for it yet, so that its number is no other's.
            let group = i32::try_from(process).ok().filter(|group| is_late && *group > 1);
            if group.is_some_and(|group| killpg(Pid::from_raw(group), Signal::SIGKILL).is_err()) {
                // It has ended by itself at this very moment.
            }
            !is_late
        });
        let answer = work();
        drop(done);
        (answer, watch.join().unwrap_or(false))
    })
}

/// A file that declares one of the lost revisions: the revision, and those before it.
type Declared = (String, Vec<String>);

/// The way through the branches; what several of them have is read once.
struct Search<'a> {
    lost: &'a [Lost],
    batch: &'a mut Batch,
    /// Whether the repository lacks files of its branches.
    lacking: bool,
    /// What the directories hold, by path, whether also below it, and object.
    trees: HashMap<(String, bool, String), Vec<(String, Declared)>>,
    files: HashMap<String, Option<Declared>>,
    found: Vec<RevisionOnBranch>,
}

impl Search<'_> {
    fn look(&mut self, reference: &Reference) -> Result<(), ReadError> {
        let lost = self.lost;
        let directories: HashSet<(&String, bool)> =
            lost.iter().flat_map(|one| one.directories.iter().map(|directory| (directory, one.recursive))).collect();
        let mut directories: Vec<_> = directories.into_iter().filter(|(path, _)| !path.contains('\n')).collect();
        directories.sort_unstable();
        for (directory, recursive) in directories {
            let expression = format!("{}:./{directory}", reference.object);
            let Some(tree) = self.object(&expression, "tree")? else { continue };
            let key = (directory.clone(), recursive, tree.name.clone());
            if !self.trees.contains_key(&key) {
                let mut found = vec![];
                self.read(directory, &tree, if recursive { DEEPEST } else { 0 }, &mut found)?;
                self.trees.insert(key.clone(), found);
            }
            for (path, (id, parents)) in self.trees.get(&key).into_iter().flatten() {
                let branch = reference.branch.clone();
                match self.found.iter_mut().find(|known| (&known.id, &known.path) == (id, path)) {
                    Some(known) => known.branches.push(branch),
                    None => self.found.push(RevisionOnBranch {
                        id: id.clone(),
                        path: path.clone(),
                        parents: parents.clone(),
                        branches: vec![branch],
                    }),
                }
            }
        }
        Ok(())
    }

    /// An object of a kind; a file that is too large is none.
    fn object(&mut self, expression: &str, kind: &str) -> Result<Option<Object>, ReadError> {
        match self.batch.object(expression) {
            Err(ReadError::TooLarge) => Ok(None),
            answer => Ok(answer?.filter(|object| object.kind == kind)),
        }
    }

    fn read(
        &mut self,
        directory: &str,
        tree: &Object,
        deeper: usize,
        found: &mut Vec<(String, Declared)>,
    ) -> Result<(), ReadError> {
        for (mode, name, object) in entries(&tree.bytes, tree.name.len() / 2) {
            let path = if directory.is_empty() { name.clone() } else { format!("{directory}/{name}") };
            match mode {
                "40000" if deeper > 0 && name != "__pycache__" => {
                    if let Some(inner) = self.object(&object, "tree")? {
                        self.read(&path, &inner, deeper - 1, found)?;
                    }
                }
                "100644" | "100755" if is_script(&name) => {
                    if !self.files.contains_key(&object) {
                        let file = self.object(&object, "blob")?;
                        self.lacking |= file.is_none();
                        let declared = file.and_then(|file| self.declared(&path, file.bytes));
                        self.files.insert(object.clone(), declared);
                    }
                    found.extend(self.files.get(&object).cloned().flatten().map(|declared| (path, declared)));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn declared(&self, path: &str, bytes: Vec<u8>) -> Option<Declared> {
        let text = Source::from_bytes(path, bytes).ok()?;
        let may_be = |one: &Lost| text.text().contains(&one.id) || path.contains(&one.id);
        let revision = self.lost.iter().any(may_be).then(|| declared(&text)).flatten()?;
        let is_lost = self.lost.iter().any(|one| one.id == revision.id.value);
        let parents = revision.parents.into_iter().map(|parent| parent.value).collect();
        is_lost.then_some((revision.id.value, parents))
    }
}

/// The entries of a tree: mode, name and object. Names that are no text are passed over.
fn entries(bytes: &[u8], length: usize) -> Vec<(&str, String, String)> {
    let mut found = vec![];
    let mut rest = bytes;
    while let Some(end) = rest.iter().position(|byte| *byte == 0) {
        let (head, object) = (rest.get(..end), rest.get(end + 1..end + 1 + length));
        let (Some(head), Some(object)) = (head, object) else { break };
        if let Some((mode, name)) = std::str::from_utf8(head).ok().and_then(|head| head.split_once(' ')) {
            found.push((mode, name.to_owned(), object.iter().map(|byte| format!("{byte:02x}")).collect()));
        }
        rest = rest.get(end + 1 + length..).unwrap_or_default();
    }
    found
}

#[cfg(test)]
#[path = "branches/tests.rs"]
mod tests;
