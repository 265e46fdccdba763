//! Which file system a path lies on, by the kernel's table of mounts.
#![expect(clippy::disallowed_methods, reason = "this is a probe: it reads the table and follows links")]

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use crate::facts::{Filesystem, Wsl};
use crate::text::mask_url;

/// Options that say something about owners; all others are not recorded: they change from boot to boot, and hold paths of
/// others.
const TELLING: [&str; 14] = [
    "aname",
    "case",
    "default_permissions",
    "dmask",
    "fmask",
    "forceuid",
    "gid",
    "metadata",
    "path",
    "quiet",
    "ro",
    "rw",
    "uid",
    "umask",
];

/// The mounts that this process sees.
#[derive(Clone, Debug, Default)]
pub struct Mounts(Vec<Mount>);

#[derive(Clone, Debug)]
struct Mount {
    id: u64,
    parent: u64,
    point: PathBuf,
    filesystem: Filesystem,
}

impl Mounts {
    /// The mounts of this process; none where the kernel does not tell.
    pub fn of_this_process() -> Self {
        Self::parse(&std::fs::read("/proc/self/mountinfo").unwrap_or_default())
    }

    /// Understands the lines of `/proc/self/mountinfo` (`proc_pid_mountinfo(5)`). Lines that are none are left out.
    pub fn parse(mountinfo: &[u8]) -> Self {
        Self(mountinfo.split(|byte| *byte == b'\n').filter_map(mount).collect())
    }

    /// Whether something is mounted at exactly this path.
    pub fn is_point(&self, path: &Path) -> bool {
        self.0.iter().any(|mount| mount.point == path)
    }

    /// What is mounted below a directory without links: where, and the kind of file system. Of two at one point the later
    /// lies on top.
    pub fn below(&self, directory: &Path) -> BTreeMap<PathBuf, String> {
        let below = self.0.iter().filter(|mount| mount.point.starts_with(directory) && mount.point != directory);
        below.map(|mount| (mount.point.clone(), mount.filesystem.kind.clone())).collect()
    }

    /// The file system that an absolute path without links lies on.
    pub fn at(&self, path: &Path) -> Option<Filesystem> {
        let found = self.reached(path).or_else(|| {
            self.0
                .iter()
                .filter(|mount| path.starts_with(&mount.point))
                .max_by_key(|mount| mount.point.as_os_str().len())
        });
        found.map(|mount| mount.filesystem.clone())
    }

    /// Walks down to a path as the kernel does: at each directory into what is mounted there on what was reached so far. A
    /// mount that another one was put over, at the same point or further up, is thus never reached.
    fn reached(&self, path: &Path) -> Option<&Mount> {
        let ids: BTreeSet<u64> = self.0.iter().map(|mount| mount.id).collect();
        let mut directories: Vec<&Path> = path.ancestors().collect();
        directories.reverse();
        let mut here: Option<&Mount> = None;
        // No mount is entered twice, so a table that is wrong does not keep us.
        let mut left = self.0.len();
        for directory in directories {
            let on_top = |here: Option<&Mount>| {
                self.0.iter().rev().filter(|mount| mount.point == directory).find(|mount| match here {
                    Some(here) => mount.parent == here.id && mount.id != here.id,
                    None => !ids.contains(&mount.parent) || mount.parent == mount.id,
                })
            };
            while let Some(next) = on_top(here).filter(|_| left > 0) {
                here = Some(next);
                left -= 1;
            }
        }
        here
    }

    /// The file system of a path of this machine, links followed; where nothing is, that of the nearest directory above, in
    /// which it would be made.
    pub fn under(&self, path: &Path, wsl: &Wsl) -> Option<Filesystem> {
        let real = path.ancestors().find_map(|path| std::fs::canonicalize(path).ok())?;
        Some(completed(self.at(&real)?, wsl))
    }
}

/// virtiofs shows no options. A drive that WSL mounts by itself has those of `/etc/wsl.conf`.
fn completed(mut filesystem: Filesystem, wsl: &Wsl) -> Filesystem {
    let automount = wsl.automount();
    let by_wsl = Path::new(&filesystem.point).parent() == Some(Path::new(&format!("{}/", automount.root)));
    if filesystem.is_windows_drive() && filesystem.kind == "virtiofs" && by_wsl && automount.asks_for_metadata() {
        filesystem.options.push_str(",metadata");
    }
    filesystem
}

fn mount(line: &[u8]) -> Option<Mount> {
    let line = String::from_utf8_lossy(line);
    let (before, after) = line.split_once(" - ")?;
    let mut before = before.split(' ');
    let (id, parent) = (before.next()?.parse().ok()?, before.next()?.parse().ok()?);
    let (point, own) = (PathBuf::from(unescaped(before.nth(2)?)), before.next()?);
    // The options of a Windows drive may hold a path with spaces, which nobody escapes there: they are all the rest.
    let mut after = after.splitn(3, ' ');
    let (kind, source) = (after.next()?, unescaped(after.next()?).to_string_lossy().into_owned());
    let all = format!("{own},{}", after.next().unwrap_or_default());
    let telling = |word: &&str| TELLING.contains(&word.split('=').next().unwrap_or_default());
    let mut options: Vec<&str> = vec![];
    for word in all.split([',', ';']).filter(telling) {
        if !options.contains(&word) {
            options.push(word);
        }
    }
    let filesystem = Filesystem {
        kind: kind.to_owned(),
        source: mask_url(&source),
        point: point.to_string_lossy().into_owned(),
        options: options.join(","),
    };
    Some(Mount { id, parent, point, filesystem })
}

/// The kernel writes space, tab, newline, backslash and `#` as a backslash and three octal digits.
fn unescaped(text: &str) -> OsString {
    let mut bytes = vec![];
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code =
            after.get(..3).filter(|digits| *first == b'\\' && digits.iter().all(|digit| (b'0'..b'8').contains(digit)));
        let number = code.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        bytes.push(number.unwrap_or(*first));
        rest = after.get(if number.is_some() { 3 } else { 0 }..).unwrap_or_default();
    }
    OsString::from_vec(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Automount, WslKind};

    const WSL2: &str = include_str!("filesystems/wsl2.txt");

    fn said(text: &str, path: &str) -> Filesystem {
        Mounts::parse(text.as_bytes()).at(Path::new(path)).unwrap()
    }

    #[test]
    fn windows_drives_are_known_by_every_name_that_wsl_gives_them() {
        for (path, drive, keeps) in [
            ("/home/me/shop", None, true),
            ("/mnt/c/shop", Some(r"C:\"), false),
            ("/mnt/my disk/x", Some(r"D:\"), true),
            ("/mnt/e", Some("E:"), false),
            ("/mnt/v/x", Some("drvfsaV3"), false),
            ("/mnt/wsl", None, true),
            ("/usr/lib/wsl/drivers", None, true),
            ("/run/usb", Some(r"C:\Program Files\usbipd-win\WSL"), false),
            ("/media/stick", None, false),
        ] {
            let filesystem = said(WSL2, path);
            assert_eq!(filesystem.drive().as_deref(), drive, "{path}: {filesystem:?}");
            assert_eq!(!filesystem.keeps_no_owners(), keeps, "{path}: {filesystem:?}");
        }
    }

    #[test]
    fn what_lies_on_top_counts_at_the_same_point_and_further_up() {
        let text = "1 0 8:1 / / rw - ext4 /dev/sda rw\n\
                    2 1 0:5 / /mnt/c rw - 9p C:\\134 rw,aname=drvfs;path=C:\\\n\
                    3 2 0:6 / /mnt/c rw - tmpfs over rw\n\
                    4 3 8:1 /home/me/shop /mnt/c/shop rw - ext4 /dev/sda rw\n";
        assert_eq!(said(text, "/mnt/c/x").kind, "tmpfs");
        assert_eq!(said(text, "/mnt/c/shop/a").kind, "ext4");
        assert_eq!(said(text, "/mnt/cc").kind, "ext4");
        let hidden = format!("{text}5 1 0:9 / /mnt rw - tmpfs hides rw\n");
        assert_eq!(said(&hidden, "/mnt/c/shop").source, "hides");
        let moved_root = "7 7 0:1 / / rw - rootfs rootfs rw\n8 7 8:1 / / rw - ext4 /dev/sda rw\n";
        assert_eq!(said(moved_root, "/x").kind, "ext4");
    }

    #[test]
    fn wrong_tables_neither_panic_nor_keep_us() {
        let cycle = "1 2 0:1 / / rw - a a rw\n2 1 0:1 / / rw - b b rw\n";
        assert!(Mounts::parse(cycle.as_bytes()).at(Path::new("/x/y")).is_some());
        for broken in
            ["", "\n\n", "1 0 8:1 / /", "x y z / / rw - a b c", " - - - ", "1 0 8:1 / /\\77 rw - ext4 \\9 rw", "\0"]
        {
            let mounts = Mounts::parse(broken.as_bytes());
            let _ = mounts.at(Path::new("/"));
        }
        assert!(Mounts::parse(b"1 0 8:1 / /\xff rw - ext4 /dev/sda rw\n").at(Path::new("/")).is_none());
        assert_eq!(unescaped(r"a\040b\134\043\9\04").to_str(), Some(r"a b\#\9\04"));
    }

    #[test]
    fn only_what_says_something_about_owners_is_recorded() {
        let filesystem = said(WSL2, "/mnt/c");
        assert_eq!(filesystem.options, r"rw,aname=drvfs,path=C:\,uid=1000,gid=1000");
        let davs = "1 0 8:1 / / rw - fuse https://me:s3cret@files.invalid/ rw,user_id=0\n";
        assert_eq!((said(davs, "/").source.contains("s3cret"), said(davs, "/").options.as_str()), (false, "rw"));
    }

    #[test]
    fn a_virtiofs_drive_has_the_metadata_that_wsl_conf_asks_for() {
        let automount = Automount { options: vec!["metadata".to_owned()], ..Automount::default() };
        let wsl = Wsl { kind: WslKind::Two, automount: Some(automount) };
        let drive = || said(WSL2, "/mnt/v");
        assert!(completed(drive(), &Wsl::default()).keeps_no_owners());
        assert!(!completed(drive(), &wsl).keeps_no_owners());
        let elsewhere = Wsl { automount: Some(Automount { root: "/windir".into(), ..wsl.automount() }), ..wsl };
        assert!(completed(drive(), &elsewhere).keeps_no_owners());
    }

    #[test]
    fn a_path_that_is_not_there_lies_where_it_would_be_made() {
        let mounts = Mounts::of_this_process();
        let here = tempfile::tempdir().unwrap();
        let absent = mounts.under(&here.path().join("none/deeper"), &Wsl::default());
        assert!(absent.is_some());
        assert_eq!(absent, mounts.under(here.path(), &Wsl::default()));
    }
}
