//! A project that belongs to root as a whole.

use crate::facts::{Filesystem, Host};
use crate::finding::Finding;
use crate::fix::Fix;
use crate::project::discover;

/// Folders of the system, where root's files are in their place.
const SYSTEM: [&str; 14] =
    ["bin", "boot", "dev", "etc", "lib", "lib64", "nix", "proc", "run", "sbin", "snap", "sys", "usr", "var"];

/// The project as a whole belongs to root and an ordinary user works on it, as where a repository was cloned under sudo.
///
/// Nothing is said to root, nor under sudo, nor where the person may write all the same, nor about the system's own folders.
pub(super) fn whole_project(root: &str, host: &Host) -> Option<Finding> {
    let person = &host.person;
    let writable = host.stat(root).flatten().is_some_and(|stat| {
        let in_group = person.owner.gid == stat.owner.gid || person.groups.contains(&stat.owner.gid);
        stat.mode & 0o002 != 0 || in_group && stat.mode & 0o020 != 0
    });
    let keeps_no_owners = host.filesystem.as_ref().is_some_and(Filesystem::keeps_no_owners);
    let top = root.split('/').find(|part| !part.is_empty()).unwrap_or_default();
    let of_system = SYSTEM.contains(&top) || discover::is_of_system(root);
    let by_root = person.owner.uid == 0 || host.effective_uid == 0 || host.through_sudo;
    if by_root || writable || keeps_no_owners || of_system || top.is_empty() {
        return None;
    }
    let owner = person.owner;
    let title = format!(
        "give the project to {owner}, where it is meant to be yours: run `sudo chown -hR --from=0 {owner} .`, which leaves \
         what belongs to others as it is"
    );
    let finding = Finding::at_path(".", ".", "`.` belongs to root, not to you");
    Some(finding.seen("lstat", ".", host.root_owner).fix(Fix::manual(title)))
}
