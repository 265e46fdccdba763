//! What a folder looks like: every name with its owner, mode, times and bytes, to be compared before and after.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// One file, folder or link.
#[derive(Clone, PartialEq, Eq)]
struct Entry {
    owner: (u32, u32),
    mode: u32,
    modified: (i64, i64),
    changed: (i64, i64),
    inode: u64,
    bytes: Vec<u8>,
}

/// A folder with all that is in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Tree(BTreeMap<String, Entry>);

/// What of two trees is compared.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Compared {
    /// Everything, the times and inodes too: nobody has touched it.
    Everything,
    /// Names, owners, modes and bytes: all is back as it was.
    Content,
}

impl Tree {
    /// Reads a folder, no link followed.
    pub fn of(root: &Path) -> Self {
        let mut entries = BTreeMap::new();
        let mut waiting = vec![root.to_path_buf()];
        while let Some(path) = waiting.pop() {
            let metadata = std::fs::symlink_metadata(&path).unwrap();
            let bytes = if metadata.is_symlink() {
                std::fs::read_link(&path).unwrap().as_os_str().as_bytes().to_vec()
            } else if metadata.is_file() {
                std::fs::read(&path).unwrap()
            } else {
                vec![]
            };
            if metadata.is_dir() {
                waiting.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            }
            let name = path.strip_prefix(root).unwrap().to_string_lossy().into_owned();
            entries.insert(
                name,
                Entry {
                    owner: (metadata.uid(), metadata.gid()),
                    mode: metadata.mode(),
                    modified: (metadata.mtime(), metadata.mtime_nsec()),
                    changed: (metadata.ctime(), metadata.ctime_nsec()),
                    inode: metadata.ino(),
                    bytes,
                },
            );
        }
        Self(entries)
    }

    /// Leaves out what lies in a folder of this name, wherever it is.
    #[must_use]
    pub fn without(mut self, folder: &str) -> Self {
        self.0.retain(|name, _| !name.split('/').any(|part| part == folder));
        self
    }

    /// The owner of a path.
    pub fn owner(&self, path: &str) -> (u32, u32) {
        self.0.get(path).unwrap_or_else(|| panic!("no {path} in the tree")).owner
    }

    /// All paths that do not belong to `owner`.
    pub fn foreign_to(&self, owner: (u32, u32)) -> Vec<&str> {
        self.0.iter().filter(|(_, entry)| entry.owner != owner).map(|(name, _)| name.as_str()).collect()
    }

    /// Fails with the differences when `after` is not the same.
    #[track_caller]
    pub fn assert_same(&self, after: &Self, compared: Compared) {
        let mut differences = String::new();
        for name in self.0.keys().chain(after.0.keys().filter(|name| !self.0.contains_key(*name))) {
            let (before, after) = (self.0.get(name), after.0.get(name));
            let same = match (before, after) {
                (Some(before), Some(after)) if compared == Compared::Everything => before == after,
                (Some(before), Some(after)) => {
                    (before.owner, before.mode, &before.bytes) == (after.owner, after.mode, &after.bytes)
                }
                _ => false,
            };
            if !same {
                writeln!(differences, "{name:?}\n  before {}\n  after  {}", shown(before), shown(after)).unwrap();
            }
        }
        assert!(differences.is_empty(), "the tree is not the same:\n{differences}");
    }
}

fn shown(entry: Option<&Entry>) -> String {
    entry.map_or("absent".to_owned(), |entry| {
        format!(
            "{:?} {:o} modified {:?} changed {:?} inode {} {:?}",
            entry.owner,
            entry.mode,
            entry.modified,
            entry.changed,
            entry.inode,
            String::from_utf8_lossy(&entry.bytes)
        )
    })
}
