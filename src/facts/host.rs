//! What this machine says: who asks, and to whom paths belong.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Environment, Git, Wsl};

/// The owner of a file: user and group number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Owner {
    /// User number.
    pub uid: u32,
    /// Group number.
    pub gid: u32,
}

impl fmt::Display for Owner {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.uid, self.gid)
    }
}

/// A process's user as the kernel sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// User and primary group.
    pub owner: Owner,
    /// Supplementary groups.
    pub groups: Vec<u32>,
    /// Login name, when the passwd file has one.
    pub name: Option<String>,
}

/// What kind of file a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Symlink,
    /// A socket, a pipe or a device.
    Other,
}

/// Owner, mode and kind of one path, as `lstat` tells them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PathStat {
    /// Whom it belongs to.
    pub owner: Owner,
    /// Permission bits, with set-user-id, set-group-id and sticky (07777).
    pub mode: u32,
    /// What it is.
    pub kind: FileKind,
    /// How many names it has (hard links).
    pub links: u64,
}

impl fmt::Display for PathStat {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {:04o}", self.owner, self.mode)
    }
}

/// A path on this machine, any bytes. Recorded as text with `\xNN` for what is no UTF-8 and `\\` for a backslash.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeenPath(pub PathBuf);

impl SeenPath {
    /// The path for people: control characters and broken bytes escaped, so that a name with a newline stays in its line.
    pub fn display(&self) -> String {
        let mut shown = String::new();
        for chunk in self.0.as_os_str().as_bytes().utf8_chunks() {
            for character in chunk.valid().chars() {
                if character.is_control() { shown.extend(character.escape_default()) } else { shown.push(character) }
            }
            chunk.invalid().iter().for_each(|byte| shown.push_str(&format!("\\x{byte:02x}")));
        }
        shown
    }

    /// The path itself.
    pub fn as_path(&self) -> &Path {
        &self.0
    }
}

impl Serialize for SeenPath {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::new();
        for chunk in self.0.as_os_str().as_bytes().utf8_chunks() {
            text.push_str(&chunk.valid().replace('\\', "\\\\"));
            chunk.invalid().iter().for_each(|byte| text.push_str(&format!("\\x{byte:02x}")));
        }
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for SeenPath {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let mut bytes = vec![];
        let mut rest = text.as_str();
        while let Some(at) = rest.find('\\') {
            bytes.extend_from_slice(&rest.as_bytes()[..at]);
            let escape = &rest[at + 1..];
            let hex =
                escape.strip_prefix('x').and_then(|hex| hex.get(..2)).and_then(|hex| u8::from_str_radix(hex, 16).ok());
            if let Some(byte) = hex {
                bytes.push(byte);
                rest = &escape[3..];
            } else if let Some(after) = escape.strip_prefix('\\') {
                bytes.push(b'\\');
                rest = after;
            } else {
                return Err(serde::de::Error::custom(format!("`{text}` has an unknown escape")));
            }
        }
        bytes.extend_from_slice(rest.as_bytes());
        Ok(Self(PathBuf::from(OsString::from_vec(bytes))))
    }
}

/// One file that does not belong to the project's owner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForeignFile {
    /// Path relative to the project's root.
    pub path: SeenPath,
    /// Owner, mode, kind, links.
    pub stat: PathStat,
    /// Whether it is a program with file capabilities, which a change of owner takes away.
    #[serde(default)]
    pub capabilities: bool,
}

/// The walk over the project's tree that looks for foreign owners.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// Everything that belongs to somebody else, sorted by path. At most [`Walk::KEPT`] of them; a foreign directory's
    /// entries are listed too.
    pub foreign: Vec<ForeignFile>,
    /// How many there are in all, counted also beyond what is kept.
    pub foreign_count: u64,
    /// How many entries were looked at.
    pub seen: u64,
    /// Directories that could not be entered, relative to the root, with the reason.
    pub unreadable: Vec<(SeenPath, String)>,
    /// Directories on another file system, relative to the root, that were not entered.
    pub other_filesystems: Vec<SeenPath>,
    /// Directories that belong to a database or a broker by what is in them, relative to the root: not entered, not counted.
    #[serde(default)]
    pub data_directories: Vec<SeenPath>,
    /// Why the walk ended before its end (the deadline), if it did.
    pub cut_short: Option<String>,
}

impl Walk {
    /// How many foreign files are kept by name.
    pub const KEPT: usize = 200_000;
}

/// A file system as the table of mounts tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filesystem {
    /// Its kind, such as `ext4` or `9p`.
    pub kind: String,
    /// What is mounted, such as `/dev/sdc` or `C:\`.
    pub source: String,
    /// Where it is mounted, such as `/mnt/c`.
    #[serde(default)]
    pub point: String,
    /// Those of its options that say something about owners, those of the mount and of the file system, comma-separated.
    pub options: String,
}

impl Filesystem {
    /// Whether it is a drive of Windows that WSL shows: `drvfs` in WSL 1, a share by `9p` or `virtiofs` in WSL 2.
    pub fn is_windows_drive(&self) -> bool {
        let of_drive = self.source.starts_with("drvfs") || self.source.contains(":\\") || self.has("aname=drvfs");
        self.kind == "drvfs" || (["9p", "v9fs", "virtiofs"].contains(&self.kind.as_str()) && of_drive)
    }

    /// The drive of Windows or the folder of it that is mounted, such as `C:\`.
    pub fn drive(&self) -> Option<String> {
        let path = || self.options.split(',').find_map(|word| word.strip_prefix("path="));
        let source = Some(self.source.as_str()).filter(|source| source.contains(':'));
        self.is_windows_drive().then(|| source.or_else(path).unwrap_or(&self.source).to_owned())
    }

    /// Whether it keeps no owners, so that a chown does nothing or is refused: a Windows drive under WSL that is mounted
    /// without `metadata`, or a kind that has no place for them.
    pub fn keeps_no_owners(&self) -> bool {
        const OWNERLESS: [&str; 6] = ["vfat", "exfat", "msdos", "vboxsf", "fakeowner", "fuse.grpcfuse"];
        (self.is_windows_drive() && !self.has("metadata")) || OWNERLESS.contains(&self.kind.as_str())
    }

    fn has(&self, option: &str) -> bool {
        self.options.split([',', ';']).any(|word| word == option)
    }
}

/// A folder of the person's home that a tool writes to, and what in it belongs to somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomeFolder {
    /// Path relative to the home, such as `.cache/uv`.
    pub path: SeenPath,
    /// Foreign entries, two levels deep, the folder itself as the empty path; sorted.
    pub foreign: Vec<ForeignFile>,
}

/// What was seen on this machine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// The person who asks: under sudo the one who typed sudo, not root.
    pub person: Identity,
    /// The person's home directory.
    pub home: Option<SeenPath>,
    /// User number that devdoctor itself runs as.
    pub effective_uid: u32,
    /// Whether the person came through sudo (`SUDO_UID`).
    pub through_sudo: bool,
    /// Owner of the project's root directory. Files of the project are expected to belong to them.
    pub root_owner: Owner,
    /// The file system of the root, when it could be told.
    #[serde(default)]
    pub filesystem: Option<Filesystem>,
    /// The file systems of the sources of bind mounts, by absolute path, where they could be told.
    #[serde(default)]
    pub filesystems: BTreeMap<String, Filesystem>,
    /// Which WSL this is, if it is one.
    #[serde(default)]
    pub wsl: Wsl,
    /// The tree under the project's root.
    pub walk: Walk,
    /// The git repository around the root; `None` where there is none.
    #[serde(default)]
    pub git: Option<Git>,
    /// What belongs to somebody else than the person in the folders of their home that tools write to.
    #[serde(default)]
    pub home_foreign: Vec<HomeFolder>,
    /// What was seen at the paths that matter (sources of bind mounts, caches), by absolute path; `None` where there
    /// is nothing.
    pub paths: BTreeMap<String, Option<PathStat>>,
    /// The paths that matter and gave no answer, each with the reason: what they are is unknown.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unanswered: BTreeMap<String, String>,
    /// The variables of devdoctor's own environment that decide something (`DOCKER_*`, `COMPOSE_*`, `UID`, `GID`, …).
    pub environment: Environment,
}

impl Host {
    /// Who works on the project: the person, or the owner of the root when it is root who asks.
    pub fn developer(&self) -> Owner {
        if self.person.owner.uid == 0 { self.root_owner } else { self.person.owner }
    }

    /// What was seen at an absolute path: `None` when nobody looked, `Some(None)` when nothing is there.
    pub fn stat(&self, path: &str) -> Option<Option<PathStat>> {
        self.paths.get(path).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_any_bytes_survive_recording() {
        for bytes in [&b"plain"[..], b"new\nline", b"back\\slash\\x41", b"caf\xe9", b"\xff"] {
            let path = SeenPath(PathBuf::from(OsString::from_vec(bytes.to_vec())));
            let recorded = serde_json::to_string(&path).unwrap();
            assert_eq!(serde_json::from_str::<SeenPath>(&recorded).unwrap(), path, "{recorded}");
            assert!(!path.display().contains('\n'));
        }
    }
}
