//! Writes a file of the project: atomically, with its mode and owner kept, and never outside the project's root.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat, openat2};
use nix::sys::stat::{FileStat, Mode, SFlag, fchmod, fstat};
use nix::unistd::{Gid, Uid, UnlinkatFlags, fchown, unlinkat};
use xattr::FileExt;

use crate::fix::journal::sha256;

/// Why a file was not written. Nothing is half-written in any of these cases.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The file is not what was read when the fix was made.
    #[error("`{0}` has changed since it was read")]
    Changed(String),
    /// It is not there any more.
    #[error("`{0}` is not there any more")]
    Vanished(String),
    /// It is no regular file, or lies outside the project.
    #[error("`{path}` {reason}")]
    Refused {
        /// Path relative to the root.
        path: String,
        /// Why.
        reason: String,
    },
    /// The kernel said no.
    #[error("`{path}` cannot be written: {error}")]
    Kernel {
        /// Path relative to the root.
        path: String,
        /// What the kernel said.
        error: String,
    },
}

/// Replaces the bytes of `path` (relative to `root`) by `after`, if its bytes still have the hash `before_sha256`.
///
/// `in_place` keeps the inode: for a file that is mounted singly into a container, which would go on seeing the old inode
/// after a rename. Files with several names (hard links) are written in place too. Everything else goes through a new file
/// and a rename, with mode, owner and attributes (access control lists are among them) as before.
///
/// The directory is opened beneath the root without following symlinks (`openat2(2)`), so that nobody who changes the tree
/// meanwhile can lead the write elsewhere. A file that is itself a symlink is followed once, within the project.
///
/// # Errors
/// When the file changed, vanished, is not regular, lies outside, or the kernel refuses.
pub fn write(root: &Path, path: &str, before_sha256: &str, after: &[u8], in_place: bool) -> Result<(), EditError> {
    let real = resolved(root, path)?;
    let kernel = |error: String| EditError::Kernel { path: path.to_owned(), error };
    let errno = |error: Errno| kernel(error.desc().to_lowercase());
    let root_directory = File::open(root).map_err(|error| kernel(crate::error::said(&error)))?;
    let parent = real.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = real.file_name().ok_or_else(|| refused(path, "names no file"))?;
    let directory = open_beneath(root_directory.as_fd(), parent).map_err(errno)?;
    let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
    let file = openat(&directory, name, flags, Mode::empty()).map_err(|error| match error {
        Errno::ENOENT => EditError::Vanished(path.to_owned()),
        error => errno(error),
    })?;
    let stat = fstat(&file).map_err(errno)?;
    if SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT != SFlag::S_IFREG {
        return Err(refused(path, "is no regular file"));
    }
    let (mut file, mut bytes) = (File::from(file), vec![]);
    file.read_to_end(&mut bytes).map_err(|error| kernel(crate::error::said(&error)))?;
    if sha256(&bytes) != before_sha256 {
        return Err(EditError::Changed(path.to_owned()));
    }
    if in_place || stat.st_nlink > 1 {
        return overwrite(&directory, name, &bytes, after).map_err(kernel);
    }
    match replace(&directory, name, after, &file, &stat) {
        // A directory that may not be written can still hold a file that may. And what cannot be kept on a new file stays on the
        // old one.
        Err(Errno::EACCES | Errno::EPERM | Errno::EROFS) => overwrite(&directory, name, &bytes, after).map_err(kernel),
        done => done.map_err(errno),
    }
}

/// Whether the bytes of `path` have this hash.
pub fn has(root: &Path, path: &str, expected_sha256: &str) -> bool {
    let bytes = || -> std::io::Result<Vec<u8>> {
        // A pipe in its place has no bytes, and is not waited for.
        let mut file = std::fs::OpenOptions::new()
            .read(true)
            .custom_flags(OFlag::O_NONBLOCK.bits() | OFlag::O_NOCTTY.bits())
            .open(root.join(path))?;
        let mut bytes = vec![];
        // A device may never end.
        if file.metadata()?.is_file() {
            file.read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    };
    bytes().is_ok_and(|bytes| sha256(&bytes) == expected_sha256)
}

fn refused(path: &str, reason: &str) -> EditError {
    EditError::Refused { path: path.to_owned(), reason: reason.to_owned() }
}

/// The path to write, relative to the root: the file itself, or what it is a symlink to when that lies in the project.
fn resolved(root: &Path, path: &str) -> Result<PathBuf, EditError> {
    let relative = Path::new(path);
    if relative.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(refused(path, "lies outside the project"));
    }
    let is_link =
        std::fs::symlink_metadata(root.join(relative)).is_ok_and(|metadata| metadata.file_type().is_symlink());
    if !is_link {
        return Ok(relative.to_owned());
    }
    let kernel = |error: std::io::Error| EditError::Kernel { path: path.to_owned(), error: crate::error::said(&error) };
    let root = root.canonicalize().map_err(kernel)?;
    let target = root.join(relative).canonicalize().map_err(kernel)?;
    target
        .strip_prefix(&root)
        .map(Path::to_owned)
        .map_err(|_| refused(path, "is a symlink that leads out of the project"))
}

/// Opens a directory beneath another one, following no symlink. Kernels before 5.6 have no `openat2`, and some sandboxes answer
/// EPERM to calls they do not know; there each part is opened by itself with `O_NOFOLLOW`, which is as strict.
pub(super) fn open_beneath(root: impl AsFd, path: &Path) -> nix::Result<OwnedFd> {
    let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
    let resolve = ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_SYMLINKS | ResolveFlag::RESOLVE_NO_MAGICLINKS;
    match openat2(root.as_fd(), path, OpenHow::new().flags(flags).resolve(resolve)) {
        Err(Errno::ENOSYS | Errno::EPERM) => {
            let mut directory = openat(root.as_fd(), ".", flags, Mode::empty())?;
            for part in path.components() {
                match part {
                    Component::Normal(name) => {
                        directory = openat(&directory, name, flags | OFlag::O_NOFOLLOW, Mode::empty())?
                    }
                    Component::CurDir => {}
                    _ => return Err(Errno::EXDEV),
                }
            }
            Ok(directory)
        }
        opened => opened,
    }
}

fn overwrite(directory: &OwnedFd, name: &std::ffi::OsStr, before: &[u8], after: &[u8]) -> Result<(), String> {
    let flags = OFlag::O_WRONLY | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let file = openat(directory, name, flags, Mode::empty()).map_err(|error| error.desc().to_lowercase())?;
    let mut file = File::from(file);
    let write = |file: &mut File, bytes: &[u8]| -> std::io::Result<()> {
        file.seek(SeekFrom::Start(0))?;
        file.write_all(bytes)?;
        file.set_len(bytes.len() as u64)?;
        file.sync_all()
    };
    let Err(error) = write(&mut file, after) else { return Ok(()) };
    let error = crate::error::said(&error);
    // What was there has its place on the disk still, however full that is.
    match write(&mut file, before) {
        Ok(()) => Err(error),
        Err(_) => Err(format!("{error}, and what was written of it could not be taken back")),
    }
}

/// The name of the new file before it takes the place of the old one.
fn temporary(name: &std::ffi::OsStr, process: u32) -> std::ffi::OsString {
    let mut temporary = std::ffi::OsString::from(".");
    temporary.push(name);
    temporary.push(format!(".devdoctor-{process}"));
    temporary
}

/// Removes the new file that a process was about to put in the place of `path` when it was ended. There is none but then.
pub fn sweep(root: &Path, path: &str, process: u32) {
    let left = || {
        let real = resolved(root, path).ok()?;
        let parent = real.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let directory = open_beneath(File::open(root).ok()?.as_fd(), parent).ok()?;
        unlinkat(&directory, temporary(real.file_name()?, process).as_os_str(), UnlinkatFlags::NoRemoveDir).ok()
    };
    // What cannot be removed is only untidy.
    _ = left();
}

fn replace(directory: &OwnedFd, name: &std::ffi::OsStr, after: &[u8], old: &File, stat: &FileStat) -> nix::Result<()> {
    let temporary = temporary(name, std::process::id());
    let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    let file = openat(directory, temporary.as_os_str(), flags, Mode::S_IRUSR | Mode::S_IWUSR)?;
    let written = fill(file, after, old, stat).and_then(|()| {
        nix::fcntl::renameat(directory, temporary.as_os_str(), directory, name)?;
        nix::unistd::fsync(directory)
    });
    if written.is_err() {
        // The first error is the one to tell; a leftover file is only untidy.
        let _ = unlinkat(directory, temporary.as_os_str(), UnlinkatFlags::NoRemoveDir);
    }
    written
}

fn fill(file: OwnedFd, after: &[u8], old: &File, stat: &FileStat) -> nix::Result<()> {
    let mut file = File::from(file);
    file.write_all(after).map_err(|error| error.raw_os_error().map_or(Errno::EIO, Errno::from_raw))?;
    let made = fstat(&file)?;
    if (made.st_uid, made.st_gid) != (stat.st_uid, stat.st_gid) {
        fchown(&file, Some(Uid::from_raw(stat.st_uid)), Some(Gid::from_raw(stat.st_gid)))?;
    }
    // After the owner, since a chown clears set-user-id bits.
    fchmod(&file, Mode::from_bits_truncate(stat.st_mode & 0o7777))?;
    keep_attributes(old, &file).map_err(|_| Errno::EPERM)?;
    nix::unistd::fsync(&file)
}

/// Gives a new file the attributes of the old one, and none else: a folder may have its own for what is made in it.
fn keep_attributes(old: &File, new: &File) -> io::Result<()> {
    let names = |file: &File| match file.list_xattr() {
        Ok(names) => Ok(names.collect::<Vec<_>>()),
        Err(error) if error.raw_os_error() == Some(Errno::EOPNOTSUPP as i32) => Ok(vec![]),
        Err(error) => Err(error),
    };
    for name in names(old)? {
        let Some(value) = old.get_xattr(&name)? else { continue };
        if new.get_xattr(&name)?.as_ref() != Some(&value) {
            new.set_xattr(&name, &value)?;
        }
    }
    for name in names(new)? {
        if old.get_xattr(&name)?.is_none() {
            new.remove_xattr(&name)?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests make files")]
mod tests {
    use std::collections::BTreeMap;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    use proptest::prelude::*;

    use super::*;
    use crate::fix::Edit;
    use crate::fix::plan::file_changes;
    use crate::text::Source;

    fn project() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("sub")).unwrap();
        std::fs::write(directory.path().join("sub/file"), "before").unwrap();
        directory
    }

    fn read(directory: &tempfile::TempDir, path: &str) -> String {
        std::fs::read_to_string(directory.path().join(path)).unwrap()
    }

    #[test]
    fn mode_survives_and_nothing_is_left_beside_the_file() {
        let project = project();
        let path = project.path().join("sub/file");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        write(project.path(), "sub/file", &sha256(b"before"), b"after", false).unwrap();
        assert_eq!(read(&project, "sub/file"), "after");
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o7777, 0o640);
        assert_eq!(std::fs::read_dir(project.path().join("sub")).unwrap().count(), 1);
    }

    #[test]
    fn a_file_keeps_its_access_control_list_and_gets_none_of_its_folder() {
        // User 12345 may read: its owner, that user, the group, the mask, the others.
        let entries = [(1_u16, 6_u16, u32::MAX), (2, 4, 12345), (4, 4, u32::MAX), (16, 4, u32::MAX), (32, 4, u32::MAX)];
        let entry = |(tag, right, user): (u16, u16, u32)| {
            [&tag.to_le_bytes()[..], &right.to_le_bytes(), &user.to_le_bytes()].concat()
        };
        let list = [2_u32.to_le_bytes().to_vec(), entries.into_iter().flat_map(entry).collect()].concat();
        let name = "system.posix_acl_access";
        for (list_of_file, list_of_folder) in [(Some(&list), None), (None, Some(&list)), (None, None)] {
            let project = project();
            let path = project.path().join("sub/file");
            if let Some(list) = list_of_file {
                xattr::set(&path, name, list).unwrap();
            }
            if let Some(list) = list_of_folder {
                xattr::set(project.path().join("sub"), "system.posix_acl_default", list).unwrap();
            }
            let inode = std::fs::metadata(&path).unwrap().ino();
            write(project.path(), "sub/file", &sha256(b"before"), b"after", false).unwrap();
            assert_eq!(read(&project, "sub/file"), "after");
            assert_eq!(xattr::get(&path, name).unwrap().as_ref(), list_of_file);
            assert_ne!(std::fs::metadata(&path).unwrap().ino(), inode, "a new file");
        }
    }

    #[test]
    fn in_place_keeps_the_inode_and_shortens_the_file() {
        let project = project();
        let path = project.path().join("sub/file");
        let inode = std::fs::metadata(&path).unwrap().ino();
        write(project.path(), "sub/file", &sha256(b"before"), b"x", true).unwrap();
        assert_eq!((read(&project, "sub/file").as_str(), std::fs::metadata(&path).unwrap().ino()), ("x", inode));
    }

    #[test]
    fn hard_links_keep_both_names() {
        let project = project();
        std::fs::hard_link(project.path().join("sub/file"), project.path().join("other")).unwrap();
        write(project.path(), "sub/file", &sha256(b"before"), b"after", false).unwrap();
        assert_eq!(read(&project, "other"), "after");
    }

    #[test]
    fn a_file_that_changed_is_left_alone() {
        let project = project();
        let error = write(project.path(), "sub/file", &sha256(b"something else"), b"after", false).unwrap_err();
        assert!(matches!(error, EditError::Changed(_)), "{error}");
        assert_eq!(read(&project, "sub/file"), "before");
    }

    #[test]
    fn symlinks_are_followed_within_the_project_only() {
        let project = project();
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("file"), "before").unwrap();
        symlink("sub/file", project.path().join("inner")).unwrap();
        symlink(outside.path().join("file"), project.path().join("outer")).unwrap();
        symlink(outside.path(), project.path().join("directory")).unwrap();
        write(project.path(), "inner", &sha256(b"before"), b"after", false).unwrap();
        assert_eq!(read(&project, "sub/file"), "after");
        assert!(project.path().join("inner").is_symlink());
        for path in ["outer", "directory/file", "../x", "/etc/passwd"] {
            write(project.path(), path, &sha256(b"before"), b"after", false).unwrap_err();
        }
        assert_eq!(std::fs::read_to_string(outside.path().join("file")).unwrap(), "before");
    }

    #[test]
    fn a_pipe_in_the_place_of_a_file_is_not_waited_for() {
        let project = project();
        nix::unistd::mkfifo(&project.path().join("pipe"), Mode::S_IRWXU).unwrap();
        assert!(!has(project.path(), "pipe", &sha256(b"before")));
        symlink("/dev/zero", project.path().join("endless")).unwrap();
        assert!(!has(project.path(), "endless", &sha256(b"before")));
        let error = write(project.path(), "pipe", &sha256(b"before"), b"after", false).unwrap_err();
        assert_eq!(error.to_string(), "`pipe` is no regular file");
    }

    proptest! {
        // Each waits for the disk.
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn what_is_written_back_is_the_file_as_it_was_byte_for_byte(
            text in "[a-c\u{feff}\r\n\té]{0,40}",
            places in prop::collection::vec((any::<prop::sample::Index>(), 0usize..6, "[x-z\r\n\u{1f980}]{0,4}"), 1..5),
            in_place in any::<bool>(),
        ) {
            let bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let source = Source::new("sub/file", &text);
            let mut edits: Vec<Edit> = vec![];
            let mut places: Vec<_> = places.iter().map(|(at, length, comes)| (at.index(bounds.len()), length, comes)).collect();
            places.sort();
            for (at, length, comes) in places {
                let (start, end) = (bounds[at], bounds[(at + length).min(bounds.len() - 1)]);
                if edits.last().is_none_or(|last| last.span.end < start) {
                    edits.push(Edit { span: source.span(start..end), text: comes.clone() });
                }
            }
            let sources = BTreeMap::from([("sub/file".to_owned(), source)]);
            let change = file_changes(edits.iter(), &sources).unwrap().remove(0);
            prop_assert_eq!(&change.before, &text);
            let project = project();
            let path = project.path().join("sub/file");
            std::fs::write(&path, &change.before).unwrap();
            let (before, after) = (change.before.as_bytes(), change.after.as_bytes());
            write(project.path(), "sub/file", &sha256(before), after, in_place).unwrap();
            prop_assert_eq!(std::fs::read(&path).unwrap(), after);
            write(project.path(), "sub/file", &sha256(after), before, in_place).unwrap();
            prop_assert_eq!(std::fs::read(&path).unwrap(), before);
        }
    }
}
