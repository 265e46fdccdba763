//! What the kernel allows a process at a path: mode bits, groups, and root's power over them.
//!
//! All of it stays in one numbering, the container's or the host's. Access lists (`getfacl`) are not seen: their mask shows
//! as the group bits.

use crate::facts::{FileKind, IdRange};
use crate::facts::{Identity, Owner, PathStat};

use super::ids::{IdMaps, UNMAPPED};
use super::layout::{Layout, ancestors, normal};

/// A process as the kernel judges it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// User and primary group.
    pub owner: Owner,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    power: Power,
}

/// How far a process may pass over mode bits (`CAP_DAC_OVERRIDE`, which the engine leaves to root).
#[derive(Clone, Debug, PartialEq, Eq)]
enum Power {
    None,
    Everywhere,
    /// In a user namespace, seen from inside: owners that are not mapped are shown as [`UNMAPPED`].
    KnownOwners,
    /// In a user namespace, seen from the host.
    Within(Vec<IdRange>, Vec<IdRange>),
}

/// What a process wants of a file or directory, as bits of one permission triple.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Read a file, list a directory.
    Read = 4,
    /// Write a file, make and remove entries of a directory.
    Write = 2,
    /// Go through a directory.
    Search = 1,
}

impl Process {
    /// A process in a container, judged by the numbers that the container sees.
    pub fn in_container(identity: &Identity, maps: &IdMaps) -> Self {
        let power = match (identity.owner.uid, maps.is_identity()) {
            (0, true) => Power::Everywhere,
            (0, false) => Power::KnownOwners,
            _ => Power::None,
        };
        Self { owner: identity.owner, groups: identity.groups.clone(), power }
    }

    /// The same process judged by the numbers of the host; `None` when one of its own numbers is not mapped.
    ///
    /// A mapped root is not the host's root: `capable_wrt_inode_uidgid` asks that both owner and group of the file are
    /// known in its user namespace.
    pub fn on_host(identity: &Identity, maps: &IdMaps) -> Option<Self> {
        let power = match (identity.owner.uid, maps.is_identity()) {
            (0, true) => Power::Everywhere,
            (0, false) => Power::Within(maps.uids.clone(), maps.gids.clone()),
            _ => Power::None,
        };
        let groups = identity.groups.iter().filter_map(|gid| maps.gid_on_host(*gid)).collect();
        Some(Self { owner: maps.to_host(identity.owner)?, groups, power })
    }

    /// A process of this machine.
    pub fn here(identity: &Identity) -> Self {
        Self::in_container(identity, &IdMaps::default())
    }

    /// Whether the kernel grants a want at one file or directory (`path_resolution(7)`, "Permissions"): the owner is judged
    /// by the owner's bits alone, a member of the group by the group's alone, anybody else by the last.
    pub fn may(&self, want: Want, stat: &PathStat) -> bool {
        let shift = if stat.owner.uid == self.owner.uid {
            6
        } else if stat.owner.gid == self.owner.gid || self.groups.contains(&stat.owner.gid) {
            3
        } else {
            0
        };
        (stat.mode >> shift) & (want as u32) != 0 || self.overrides(stat)
    }

    fn overrides(&self, stat: &PathStat) -> bool {
        let within = |ranges: &[IdRange], number: u32| {
            ranges.iter().any(|range| number.checked_sub(range.outside).is_some_and(|offset| offset < range.count))
        };
        match &self.power {
            Power::None => false,
            Power::Everywhere => true,
            Power::KnownOwners => stat.owner.uid != UNMAPPED && stat.owner.gid != UNMAPPED,
            Power::Within(uids, gids) => within(uids, stat.owner.uid) && within(gids, stat.owner.gid),
        }
    }

    /// Whom a new file belongs to: the process, but for a set-group-id directory, which hands its group down (`open(2)`).
    pub fn owner_of_new(&self, directory: &PathStat) -> Owner {
        let gid = if directory.mode & 0o2000 == 0 { self.owner.gid } else { directory.owner.gid };
        Owner { uid: self.owner.uid, gid }
    }
}

/// What is known of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// This is there.
    There(PathStat),
    /// Nothing is there.
    Absent,
    /// Nobody looked, or could not.
    NotLooked,
}

/// What stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The path where the kernel says no.
    pub path: String,
    /// What is there; `None` for a mount that is read-only.
    pub stat: Option<PathStat>,
    /// Why it says no.
    pub why: Why,
}

/// Why the kernel says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// `EACCES`: the mode bits do not let this user in or write.
    Denied,
    /// `EROFS`: the mount or the root file system is read-only.
    ReadOnly,
    /// `ENOTDIR`: there is a file where a directory must be.
    NotADirectory,
    /// `EISDIR`: there is a directory where a file must be.
    IsADirectory,
}

/// Whether a process can do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It can.
    Yes,
    /// It cannot, and this is why.
    No(Obstacle),
    /// What is at this path is not known.
    Unknown(String),
}

/// Whether a process can make entries in a directory, which it may have to make first, parents included.
pub fn may_fill(process: &Process, directory: &str, layout: &Layout, look: &dyn Fn(&str) -> Seen) -> Verdict {
    judge(process, directory, FileKind::Directory, layout, look)
}

/// Whether a process can open a file for writing, which it may have to make first.
pub fn may_write(process: &Process, file: &str, layout: &Layout, look: &dyn Fn(&str) -> Seen) -> Verdict {
    judge(process, file, FileKind::File, layout, look)
}

fn judge(process: &Process, path: &str, wanted: FileKind, layout: &Layout, look: &dyn Fn(&str) -> Seen) -> Verdict {
    let path = normal(path);
    let no = |path: &str, stat: Option<PathStat>, why: Why| Verdict::No(Obstacle { path: path.to_owned(), stat, why });
    let mut parent: Option<(String, PathStat)> = None;
    for step in ancestors(&path).into_iter().chain([path.clone()]) {
        let stat = match look(&step) {
            Seen::There(stat) => stat,
            Seen::NotLooked if step == "/" => ROOT,
            Seen::NotLooked => return Verdict::Unknown(step),
            Seen::Absent => {
                let Some((above, stat)) = parent else { return Verdict::Unknown(step) };
                // What is made here goes into the last directory that is there.
                return match (layout.spot(&above).writable, process.may(Want::Write, &stat)) {
                    (true, true) => Verdict::Yes,
                    (false, _) => no(&above, None, Why::ReadOnly),
                    (true, false) => no(&above, Some(stat), Why::Denied),
                };
            }
        };
        let last = step == path;
        match (stat.kind, last) {
            // Where a link leads is not recorded.
            (FileKind::Symlink, _) => return Verdict::Unknown(step),
            (FileKind::Directory, true) if wanted == FileKind::File => return no(&step, Some(stat), Why::IsADirectory),
            (FileKind::File | FileKind::Other, false) => return no(&step, Some(stat), Why::NotADirectory),
            (FileKind::File | FileKind::Other, true) if wanted == FileKind::Directory => {
                return no(&step, Some(stat), Why::NotADirectory);
            }
            _ => {}
        }
        let searched = stat.kind != FileKind::Directory || process.may(Want::Search, &stat);
        if !searched || (last && !process.may(Want::Write, &stat)) {
            return no(&step, Some(stat), Why::Denied);
        }
        parent = Some((step, stat));
    }
    if layout.spot(&path).writable { Verdict::Yes } else { no(&path, None, Why::ReadOnly) }
}

/// The root directory of a container as the engine makes it, for when it was not looked at.
const ROOT: PathStat = PathStat { owner: Owner { uid: 0, gid: 0 }, mode: 0o755, kind: FileKind::Directory, links: 1 };

#[cfg(test)]
#[path = "rights/tests.rs"]
mod tests;
