//! Where tools keep their caches, by each tool's own rule, and what in them must be writable.

pub mod deeds;
pub mod others;
pub mod rules;

use crate::facts::{Container, Environment, FileKind, PathStat};

use crate::project::compose::is_below;

pub use rules::{Inside, Loss};

use super::layout::{Layout, absolute, ancestors};
use super::rights::{Obstacle, Process, Seen, Verdict, Want, Why, may_fill};

/// A tool with a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tool {
    /// uv.
    Uv,
    /// pip.
    Pip,
    /// Poetry.
    Poetry,
    /// npm.
    Npm,
    /// pnpm, with its store.
    Pnpm,
    /// Yarn 1.
    Yarn,
    /// Yarn 2 and later.
    YarnBerry,
    /// Cargo.
    Cargo,
    /// Go's build cache.
    GoBuild,
    /// Go's modules.
    GoModules,
    /// What loads models from the Hugging Face Hub.
    HuggingFace,
    /// Playwright's browsers.
    Playwright,
    /// Matplotlib.
    Matplotlib,
    /// Ruff.
    Ruff,
    /// mypy.
    Mypy,
    /// pytest.
    Pytest,
    /// pre-commit.
    PreCommit,
}

/// Where a tool keeps its cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    /// Absolute path in the container.
    pub path: String,
    /// What decides it: a variable, or `the working directory`.
    pub variable: String,
}

/// What decides the place of a cache that lies in the project.
pub const WORKING_DIRECTORY: &str = "the working directory";

impl Tool {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Uv,
        Self::Pip,
        Self::Poetry,
        Self::Npm,
        Self::Pnpm,
        Self::Yarn,
        Self::YarnBerry,
        Self::Cargo,
        Self::GoBuild,
        Self::GoModules,
        Self::HuggingFace,
        Self::Playwright,
        Self::Matplotlib,
        Self::Ruff,
        Self::Mypy,
        Self::Pytest,
        Self::PreCommit,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        self.rule().name
    }

    /// The variable that moves its cache best, if there is one.
    pub fn variable(self) -> Option<&'static str> {
        self.rule().variables.first().map(|(name, _)| *name)
    }

    /// Whether a variable of this name says where its cache is.
    pub fn is_moved_by(self, name: &str) -> bool {
        let rule = self.rule();
        let same = |known: &str| if rule.any_case { name.eq_ignore_ascii_case(known) } else { name == known };
        rule.variables.iter().any(|(known, _)| same(known))
    }

    /// The variable that moves its cache, and where to.
    pub fn moved_to(self, environment: &Environment) -> Option<(&str, String)> {
        let rule = self.rule();
        rule.variables.iter().find_map(|(known, added)| {
            let is_it = |name: &str| if rule.any_case { name.eq_ignore_ascii_case(known) } else { name == *known };
            let (name, value) = environment.0.iter().find(|(name, value)| !value.is_empty() && is_it(name))?;
            // `GOPATH` is a list.
            let value = if *known == "GOPATH" { value.split(':').next().unwrap_or_default() } else { value };
            Some((name.as_str(), format!("{}{added}", value.trim_end_matches('/'))))
        })
    }

    /// Whether the environment turns its cache off.
    pub fn is_off(self, environment: &Environment) -> bool {
        self.rule().off.iter().any(|(name, values)| {
            environment.get_nonempty(name).map(str::to_ascii_lowercase).is_some_and(|value| {
                let is_no = ["0", "false", "no", "off"].contains(&value.as_str());
                if values.is_empty() { !is_no } else { values.contains(&value.as_str()) }
            })
        })
    }

    /// Its cache for a process with this environment, home and working directory; `None` when it has none.
    ///
    /// In this order: its variables, the project, the XDG folder (an absolute one), the home.
    pub fn cache(self, environment: &Environment, home: &str, working_dir: &str) -> Option<Cache> {
        if self.is_off(environment) {
            return None;
        }
        let rule = self.rule();
        if let Some((name, value)) = self.moved_to(environment) {
            let value = value.strip_prefix("~/").map_or_else(|| value.clone(), |rest| format!("{home}/{rest}"));
            return Some(Cache { path: absolute(&value, working_dir), variable: name.to_owned() });
        }
        if let Some(added) = rule.project {
            let path = absolute(&format!("{working_dir}{added}"), "/");
            return Some(Cache { path, variable: WORKING_DIRECTORY.to_owned() });
        }
        if let Some((name, added)) = rule.xdg
            && let Some(directory) = environment.get_nonempty(name).filter(|path| path.starts_with('/'))
        {
            return Some(Cache { path: absolute(&format!("{directory}{added}"), "/"), variable: name.to_owned() });
        }
        // Without a home each tool asks the passwd file in its own way.
        let added = rule.home.filter(|_| home.starts_with('/'))?;
        Some(Cache { path: absolute(&format!("{home}{added}"), "/"), variable: "HOME".to_owned() })
    }

    /// What it loses when it cannot write this cache.
    pub fn loss(self, cache: &Cache) -> Loss {
        if self.is_moved_by(&cache.variable) { self.rule().named } else { self.rule().default }
    }

    /// Whether an entry inside the cache has to be writable as well; `entry` is relative to the cache.
    ///
    /// uv (0.7 to 0.13, installing a package that is not cached yet): it opens `sdists-v*/.git` and, since 0.9, `.lock` for
    /// writing at every start, and makes entries in the directories of its buckets. Finished archives and what it remembers
    /// of interpreters are only read. npm adds to the folders of its index and content.
    fn must_write(self, entry: &str, kind: FileKind) -> bool {
        let parts: Vec<&str> = entry.split('/').collect();
        let (first, depth) = (parts.first().copied().unwrap_or_default(), parts.len());
        match self {
            Self::Uv => {
                let bucket = first.split_once("-v").filter(|(_, version)| is_number(version)).map(|(name, _)| name);
                match (bucket, kind) {
                    (None, _) => entry == ".lock",
                    (Some("interpreter"), _) => false,
                    (Some("sdists"), FileKind::File) => depth == 2 && parts.last() == Some(&".git"),
                    (Some("archive" | "environments" | "python"), _) => depth == 1,
                    (Some(_), kind) => kind == FileKind::Directory,
                }
            }
            // A folder for each version, and one in it for each package.
            Self::Ruff => kind == FileKind::Directory && depth == 1,
            Self::Npm => match parts.as_slice() {
                ["_cacache", "index-v5", _, ..] | ["_cacache", "content-v2", _, _, ..] => kind == FileKind::Directory,
                _ => false,
            },
            // pip looks at the top alone, and so does the rest as far as it was seen.
            _ => false,
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// What is known of a path of a container: the path itself, or an entry of a listing around it.
pub fn look(container: &Container, path: &str) -> Seen {
    match container.paths.get(path) {
        Some(Ok(Some(stat))) => return Seen::There(*stat),
        Some(Ok(None)) => return Seen::Absent,
        Some(Err(_)) | None => {}
    }
    for (directory, listing) in &container.listings {
        let (Ok(listing), true) = (listing, is_below(path, directory)) else { continue };
        if let Some((_, stat)) = listing.entries.iter().find(|(entry, _)| entry == path) {
            return Seen::There(*stat);
        }
        if !listing.cut_short {
            return Seen::Absent;
        }
    }
    Seen::NotLooked
}

/// What keeps a process from using a cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing: it works, or can be made.
    Fine,
    /// Nobody could look at this path.
    Unknown(String),
    /// These are in the way, the outermost first.
    Blocked(Vec<Obstacle>),
}

/// Whether a process in a container can use a tool's cache, looking at the directory and inside it.
pub fn state(tool: Tool, process: &Process, path: &str, container: &Container) -> State {
    state_of(tool, tool.rule().fill, process, path, container)
}

/// The same for a process that must fill these folders of it ([`Tool::fill_for`]).
pub fn state_of(tool: Tool, fill: &[&str], process: &Process, path: &str, container: &Container) -> State {
    let layout = Layout::of_container(container);
    let mut obstacles: Vec<Obstacle> = vec![];
    for place in fill {
        match may_fill(process, &format!("{path}{place}"), &layout, &|path| look(container, path)) {
            Verdict::Yes => {}
            Verdict::No(obstacle) if obstacles.contains(&obstacle) => {}
            Verdict::No(obstacle) => obstacles.push(obstacle),
            Verdict::Unknown(path) if obstacles.is_empty() => return State::Unknown(path),
            Verdict::Unknown(_) => {}
        }
    }
    obstacles.extend(inside(tool, process, path, container));
    if !obstacles.is_empty() {
        return State::Blocked(obstacles);
    }
    if tool == Tool::Pip && process.owner.uid == 0 {
        // pip as root uses its own cache only (`check_path_owner`): the nearest directory that is there must be root's.
        let owner = nearest(path, container);
        return match owner {
            Some((path, stat)) if stat.owner.uid != 0 => {
                State::Blocked(vec![Obstacle { path, stat: Some(stat), why: Why::Denied }])
            }
            _ => State::Fine,
        };
    }
    match (look(container, path), container.listings.get(path)) {
        (Seen::Absent, _) => State::Fine,
        (_, Some(Ok(listing))) if !listing.cut_short => State::Fine,
        _ if tool.rule().inside != Inside::Decides => State::Fine,
        _ => State::Unknown(path.to_owned()),
    }
}

/// Whether finished entries are in a cache, which whoever only reads finds there.
pub fn holds_finished(tool: Tool, path: &str, container: &Container) -> bool {
    let Some(mark) = tool.rule().kept else { return false };
    let listing = container.listings.get(path).and_then(|listing| listing.as_ref().ok());
    let mut entries = listing.into_iter().flat_map(|listing| &listing.entries);
    entries
        .any(|(entry, _)| entry.strip_prefix(path).is_some_and(|rest| rest.trim_start_matches('/').starts_with(mark)))
}

fn nearest(path: &str, container: &Container) -> Option<(String, PathStat)> {
    let mut above = ancestors(path);
    above.push(path.to_owned());
    above.into_iter().rev().find_map(|path| match look(container, &path) {
        Seen::There(stat) => Some((path, stat)),
        _ => None,
    })
}

/// The entries inside a cache that the tool must write and this process cannot.
fn inside(tool: Tool, process: &Process, path: &str, container: &Container) -> Vec<Obstacle> {
    let Some(Ok(listing)) = container.listings.get(path) else { return vec![] };
    let relative = |entry: &str| entry.strip_prefix(path).and_then(|rest| rest.strip_prefix('/')).map(str::to_owned);
    listing
        .entries
        .iter()
        .filter_map(|(entry, stat)| Some((entry, relative(entry)?, stat)))
        .filter(|(_, relative, stat)| tool.must_write(relative, stat.kind))
        .filter(|(_, _, stat)| {
            let entered = stat.kind != FileKind::Directory || process.may(Want::Search, stat);
            !(entered && process.may(Want::Write, stat))
        })
        .map(|(entry, _, stat)| Obstacle { path: entry.clone(), stat: Some(*stat), why: Why::Denied })
        .collect()
}

#[cfg(test)]
#[path = "caches/tests.rs"]
mod tests;
