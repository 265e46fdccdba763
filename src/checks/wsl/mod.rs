//! Checks of the family `wsl`: what a Windows drive does not do.

mod drive_without_metadata;
mod no_file_events;
mod project_on_windows_drive;
mod watchers;

use super::{Check, check};
use crate::facts::Filesystem;
use crate::finding::Finding;

/// The checks of this family, sorted by path.
pub(super) static TABLE: [Check; 3] = [
    check!("wsl/drive-without-metadata", drive_without_metadata::check),
    check!("wsl/no-file-events", no_file_events::check),
    check!("wsl/project-on-windows-drive", project_on_windows_drive::check),
];

/// The drive for people, such as ``Windows drive `C:\` ``.
fn named(filesystem: &Filesystem) -> String {
    format!("Windows drive `{}`", filesystem.drive().unwrap_or_else(|| filesystem.source.clone()))
}

/// Adds what the table of mounts says. Findings with the same of it are one story: see `report::stories`.
fn mounted(finding: Finding, filesystem: &Filesystem) -> Finding {
    let value = format!("{} {} {}", filesystem.kind, filesystem.source, filesystem.options);
    finding.seen("mountinfo", &filesystem.point, value)
}
