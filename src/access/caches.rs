//! Where uv, pip and npm keep their caches, by each tool's own rule, and what in them must be writable.

use crate::facts::{Container, Environment, FileKind, PathStat};

use crate::project::compose::is_below;

use super::layout::{Layout, absolute, ancestors};
use super::rights::{Obstacle, Process, Seen, Verdict, Want, Why, may_fill};

/// A tool with a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tool {
    /// uv.
    Uv,
    /// pip.
    Pip,
    /// npm.
    Npm,
}

/// Where a tool keeps its cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    /// Absolute path in the container.
    pub path: String,
    /// The variable that decides it.
    pub variable: String,
}

impl Tool {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Uv, Self::Pip, Self::Npm];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Uv => "uv",
            Self::Pip => "pip",
            Self::Npm => "npm",
        }
    }

    /// The programs that use its cache.
    pub fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Uv => &["uv", "uvx"],
            Self::Pip => &["pip", "pip3"],
            Self::Npm => &["npm", "npx"],
        }
    }

    /// The variable that moves its cache.
    pub fn variable(self) -> &'static str {
        match self {
            Self::Uv => "UV_CACHE_DIR",
            Self::Pip => "PIP_CACHE_DIR",
            Self::Npm => "npm_config_cache",
        }
    }

    /// The value of the variable that moves its cache. npm reads its variables in any case (`@npmcli/config`, `loadEnv`).
    pub fn moved_to(self, environment: &Environment) -> Option<(&str, &str)> {
        environment
            .0
            .iter()
            .find(|(name, value)| {
                !value.is_empty()
                    && (*name == self.variable() || (self == Self::Npm && name.eq_ignore_ascii_case(self.variable())))
            })
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Whether the environment turns its cache off.
    pub fn is_off(self, environment: &Environment) -> bool {
        match self {
            // A temporary directory takes its place; seen with uv 0.7 to 0.13.
            Self::Uv => environment
                .get_nonempty("UV_NO_CACHE")
                .is_some_and(|value| !["0", "false", "no", "off"].contains(&value.to_ascii_lowercase().as_str())),
            // Whatever its value: pip once read `false` as "no cache" too.
            Self::Pip => environment.get_nonempty("PIP_NO_CACHE_DIR").is_some(),
            Self::Npm => false,
        }
    }

    /// Its cache for a process with this environment, home and working directory; `None` when it has none.
    ///
    /// uv: `UV_CACHE_DIR`, else `$XDG_CACHE_HOME/uv` (an absolute one), else `~/.cache/uv`. pip: the same with `PIP_CACHE_DIR`.
    /// npm: `npm_config_cache`, else `~/.npm`.
    pub fn cache(self, environment: &Environment, home: &str, working_dir: &str) -> Option<Cache> {
        if self.is_off(environment) {
            return None;
        }
        if let Some((name, value)) = self.moved_to(environment) {
            let value = value.strip_prefix("~/").map_or_else(|| value.to_owned(), |rest| format!("{home}/{rest}"));
            return Some(Cache { path: absolute(&value, working_dir), variable: name.to_owned() });
        }
        let xdg = environment.get_nonempty("XDG_CACHE_HOME").filter(|path| path.starts_with('/'));
        match (self, xdg) {
            (Self::Uv | Self::Pip, Some(directory)) => Some(Cache {
                path: absolute(&format!("{directory}/{}", self.name()), "/"),
                variable: "XDG_CACHE_HOME".to_owned(),
            }),
            // Without a home each tool asks the passwd file in its own way.
            _ if !home.starts_with('/') => None,
            (Self::Uv | Self::Pip, None) => {
                Some(Cache { path: absolute(&format!("{home}/.cache/{}", self.name()), "/"), variable: "HOME".into() })
            }
            (Self::Npm, _) => Some(Cache { path: absolute(&format!("{home}/.npm"), "/"), variable: "HOME".into() }),
        }
    }

    /// Directories of the cache that must take new entries, as suffixes of its path; those that are not there are made.
    ///
    /// npm (11) never writes at the top once `_cacache` is there, and goes on when it cannot write its logs.
    fn must_fill(self) -> &'static [&'static str] {
        match self {
            Self::Uv | Self::Pip => &[""],
            Self::Npm => &["/_cacache/tmp", "/_cacache/index-v5", "/_cacache/content-v2/sha512"],
        }
    }

    /// Whether an entry inside the cache has to be writable as well; `entry` is relative to the cache.
    ///
    /// uv (0.7 to 0.13, installing a package that is not cached yet): it opens `sdists-v*/.git` and, since 0.9, `.lock` for
    /// writing at every start, and makes entries in the directories of its buckets. Finished archives and what it remembers
    /// of interpreters are only read. pip looks at the top alone. npm adds to the folders of its index and content.
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
            Self::Pip => false,
            Self::Npm => match parts.as_slice() {
                ["_cacache", "index-v5", _, ..] | ["_cacache", "content-v2", _, _, ..] => kind == FileKind::Directory,
                _ => false,
            },
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
    let layout = Layout::of_container(container);
    let mut obstacles: Vec<Obstacle> = vec![];
    for place in tool.must_fill() {
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
        _ if tool == Tool::Pip => State::Fine,
        _ => State::Unknown(path.to_owned()),
    }
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
