//! Looks at who owns a path of the project now, before it is given back.

use std::path::Path;

use nix::errno::Errno;
use nix::sys::stat::lstat;

use crate::facts::{Owner, SeenPath};

/// The owner of a path of the project; `None` when there is nothing.
///
/// # Errors
/// When it cannot be looked at, in the kernel's words: then nobody knows.
pub fn of(root: &Path, path: &SeenPath) -> Result<Option<Owner>, String> {
    match lstat(&root.join(path.as_path())) {
        Ok(stat) => Ok(Some(Owner { uid: stat.st_uid, gid: stat.st_gid })),
        Err(Errno::ENOENT | Errno::ENOTDIR) => Ok(None),
        Err(error) => Err(error.desc().to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_gone_has_no_owner_and_what_cannot_be_seen_is_not_known() {
        let root = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("loop", root.path().join("loop")).unwrap();
        let of = |path: &str| of(root.path(), &SeenPath(path.into()));
        assert!(matches!(of("loop"), Ok(Some(_))), "the link itself");
        assert_eq!(of("absent/file"), Ok(None));
        assert_eq!(of("loop/file"), Err("too many symbolic links encountered".to_owned()));
    }
}
