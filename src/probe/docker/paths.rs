//! Looks at the paths in a container that somebody wished for, with as few looks as it takes: each look at something that
//! is there costs an older engine a process of its own.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use tokio::time::Instant;

use super::archive::{Ended, LISTING, SWEEP, stat, walk};
use super::engine::Engine;
use crate::facts::{Container, Fact, FileKind, Listing, Missing, MountKind, Need, PathStat, PathWish};
use crate::project::compose::is_below;

/// File systems that only the running container sees; the engine would show what lies under them.
const HIDDEN: [&str; 3] = ["/dev", "/proc", "/sys"];

/// Fills `paths` and `listings` of a container. Of a path that is absent the nearest ancestor that is there is looked at too.
pub(super) async fn look_into(engine: &Engine, container: &mut Container, wishes: &[PathWish], deadline: Instant) {
    let mut looker = Looker {
        engine,
        id: container.id.clone(),
        memory: container
            .mounts
            .iter()
            .filter(|mount| mount.kind == MountKind::Tmpfs)
            .map(|mount| mount.target.clone())
            .collect(),
        mounts: container.mounts.iter().map(|mount| mount.target.clone()).collect(),
        seen: BTreeMap::new(),
        links: BTreeSet::new(),
        deadline,
    };
    let wanted: BTreeSet<String> = wishes.iter().filter_map(|wish| plain(&wish.path)).collect();
    let lists: BTreeSet<String> =
        wishes.iter().filter(|wish| wish.listing).filter_map(|wish| plain(&wish.path)).collect();
    // Sorted, so that a directory comes before what lies below it and one look at it may do for all.
    for path in &wanted {
        let known = looker.known(path);
        match (lists.contains(path), known) {
            (true, Some(Err(missing))) => _ = container.listings.insert(path.clone(), Err(missing)),
            (true, Some(Ok(None))) | (false, Some(_)) => {}
            (true, _) if container.listings.contains_key(path) => {}
            (listed, _) => {
                let below: BTreeSet<&str> =
                    wanted.iter().map(String::as_str).filter(|other| other != path && is_below(other, path)).collect();
                if !listed && (below.is_empty() || path == "/") {
                    looker.decide(path).await;
                } else {
                    looker.sweep(path, below, &lists, &mut container.listings).await;
                }
            }
        }
    }
    for wish in &wishes.iter().map(|wish| wish.path.clone()).collect::<BTreeSet<_>>() {
        match plain(wish) {
            None => {
                let missing = Missing::new(Need::Docker, format!("`{wish}` is no absolute path without `..`"));
                container.paths.insert(wish.clone(), Err(missing));
            }
            Some(path) => {
                let fact = looker.known(&path).unwrap_or(Ok(None));
                container.paths.insert(wish.clone(), fact.clone());
                if fact == Ok(None) {
                    let (ancestor, stat) = looker.nearest(&path).await;
                    container.paths.insert(ancestor, stat);
                }
            }
        }
    }
}

/// An absolute path with its needless parts taken out; `None` for one that leads up.
fn plain(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.strip_prefix('/')?.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    (!parts.contains(&"..") && !path.contains('\0')).then(|| format!("/{}", parts.join("/")))
}

fn unseen(path: &str, error: &dyn std::fmt::Display) -> Missing {
    Missing::new(Need::Docker, format!("`{path}` in the container could not be looked at: {error}"))
}

fn parent(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((parent, _)) => parent,
    }
}

/// What is known of one container so far.
struct Looker<'engine> {
    engine: &'engine Engine,
    id: String,
    memory: Vec<String>,
    mounts: Vec<String>,
    seen: BTreeMap<String, Fact<Option<PathStat>>>,
    links: BTreeSet<String>,
    deadline: Instant,
}

impl Looker<'_> {
    fn note(&mut self, path: &str, stat: PathStat) {
        if stat.kind == FileKind::Symlink {
            self.links.insert(path.to_owned());
        }
        self.seen.insert(path.to_owned(), Ok(Some(stat)));
    }

    /// Why a path cannot be seen from outside, when it cannot.
    fn hidden(&self, path: &str) -> Option<Missing> {
        // A mount below may be an ordinary one again.
        let mount = self.mounts.iter().filter(|target| is_below(path, target)).max_by_key(|target| target.len());
        if mount.is_some_and(|target| self.memory.contains(target)) {
            return Some(unseen(path, &"it lies in memory (tmpfs)"));
        }
        let kernel = mount.is_none() && HIDDEN.iter().any(|hidden| is_below(path, hidden));
        kernel.then(|| unseen(path, &"only the running container sees it"))
    }

    /// What is known without another look.
    fn known(&self, path: &str) -> Option<Fact<Option<PathStat>>> {
        if let Some(missing) = self.hidden(path) {
            return Some(Err(missing));
        }
        if let Some(fact) = self.seen.get(path) {
            return Some(fact.clone());
        }
        let mut ancestor = path;
        while ancestor != "/" {
            ancestor = parent(ancestor);
            match self.seen.get(ancestor) {
                Some(Ok(None)) => return Some(Ok(None)),
                Some(Ok(Some(stat))) if stat.kind == FileKind::File => return Some(Ok(None)),
                _ => {}
            }
        }
        None
    }

    /// Looks at one path.
    async fn decide(&mut self, path: &str) {
        if self.known(path).is_none() {
            match stat(self.engine, &self.id, path, self.deadline).await {
                Ok(Some(stat)) => self.note(path, stat),
                Ok(None) => _ = self.seen.insert(path.to_owned(), Ok(None)),
                Err(error) => _ = self.seen.insert(path.to_owned(), Err(unseen(path, &error))),
            }
        }
    }

    /// Looks at a directory and at all of `open` below it at once, and fills those of the listings that are wanted.
    async fn sweep(
        &mut self,
        path: &str,
        mut open: BTreeSet<&str>,
        lists: &BTreeSet<String>,
        listings: &mut BTreeMap<String, Fact<Listing>>,
    ) {
        let whole = lists.contains(path) || open.iter().any(|below| lists.contains(*below));
        let mut found = vec![];
        let limits = if whole { LISTING } else { SWEEP };
        let ended = walk(
            self.engine,
            &self.id,
            path,
            limits,
            |_| false,
            self.deadline,
            |path, member| {
                open.remove(path.as_str());
                found.push((path, member.stat));
                if open.is_empty() && !whole { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        )
        .await;
        // What lies under a mount in memory is not what the container sees there.
        found.retain(|(path, _)| self.hidden(path).is_none());
        found.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (path, stat) in &found {
            self.note(path, *stat);
        }
        let complete = match ended {
            Ok(Some(ended)) => ended == Ended::Complete,
            Ok(None) => {
                self.seen.insert(path.to_owned(), Ok(None));
                return;
            }
            Err(error) => {
                let missing = unseen(path, &error);
                if lists.contains(path) {
                    listings.insert(path.to_owned(), Err(missing.clone()));
                }
                self.seen.insert(path.to_owned(), Err(missing));
                return;
            }
        };
        for listed in lists.iter().filter(|listed| is_below(listed, path) && (complete || *listed == path)) {
            let below = found.iter().filter(|(path, _)| is_below(path, listed));
            let entries: Vec<_> = below.cloned().collect();
            if !entries.is_empty() {
                listings.insert(listed.clone(), Ok(Listing { entries, cut_short: !complete }));
            }
        }
        if complete {
            for absent in open {
                // Behind a link there may be something that the walk, which follows none, did not see.
                if !self.links.iter().any(|link| is_below(absent, link)) && self.hidden(absent).is_none() {
                    self.seen.insert(absent.to_owned(), Ok(None));
                }
            }
        }
    }

    /// The nearest ancestor that is there.
    async fn nearest(&mut self, path: &str) -> (String, Fact<Option<PathStat>>) {
        let mut ancestor = parent(path).to_owned();
        loop {
            self.decide(&ancestor).await;
            match self.known(&ancestor) {
                Some(Ok(None)) if ancestor != "/" => ancestor = parent(&ancestor).to_owned(),
                Some(fact) => return (ancestor, fact),
                None => {
                    let missing = unseen(&ancestor, &"nobody looked");
                    return (ancestor, Err(missing));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_absolute_paths_are_looked_at() {
        for (path, expected) in [
            ("/a//b/./c/", Some("/a/b/c")),
            ("/", Some("/")),
            ("", None),
            ("a", None),
            ("~/x", None),
            ("/a/../b", None),
            ("/a\0", None),
            ("/a/..b", Some("/a/..b")),
        ] {
            assert_eq!(plain(path).as_deref(), expected, "{path:?}");
        }
    }
}
