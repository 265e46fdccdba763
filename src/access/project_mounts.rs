//! Which mounts of a service show the project's own files.

use crate::facts::{Facts, FileKind, Filesystem};
use crate::project::compose::{Mount, MountSource, is_below};

use super::normal;

/// Whether a mount shows a folder of the project's own files, writable; a single file or a folder of data does not count, nor
/// does what lies where no owners are kept: there everything belongs to whom the drive belongs to, whoever wrote it.
pub fn shows_project(facts: &Facts, mount: &Mount) -> bool {
    let MountSource::Bind(source) = &mount.source else { return false };
    let (source, root) = (normal(source), facts.project.root.as_str());
    let is_file = facts
        .host
        .as_ref()
        .is_ok_and(|host| host.stat(&source).flatten().is_some_and(|stat| stat.kind != FileKind::Directory));
    let ownerless = facts.host.as_ref().is_ok_and(|host| {
        let filesystem = host.filesystems.get(&source).or(host.filesystem.as_ref().filter(|_| is_below(&source, root)));
        filesystem.is_some_and(Filesystem::keeps_no_owners)
    });
    let holds_sources = || {
        facts
            .project
            .sources
            .keys()
            .map(|path| normal(&format!("{root}/{path}")))
            .any(|path| path != source && is_below(&path, &source))
    };
    // Folders of settings are read, not written.
    let settings =
        ["/etc", "/docker-entrypoint-initdb.d", "/usr/share"].iter().any(|place| is_below(&mount.target, place));
    mount.writable
        && !is_file
        && !ownerless
        && !settings
        && (is_below(root, &source) || (is_below(&source, root) && holds_sources()))
}
