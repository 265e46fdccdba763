//! Checks of the family `ownership`.

use super::{Check, check};

mod bind_not_writable;
mod cure;
mod edits;
mod foreign_files;
mod makers;
mod mount_read_only;
mod places;
mod service_writes_as_root;
mod suspects;
mod volume_not_writable;

/// The checks of this family, sorted by path.
pub(super) static TABLE: [Check; 5] = [
    check!("ownership/bind-not-writable", bind_not_writable::check),
    check!("ownership/foreign-files", foreign_files::check),
    check!("ownership/mount-read-only", mount_read_only::check),
    check!("ownership/service-writes-as-root", service_writes_as_root::check),
    check!("ownership/volume-not-writable", volume_not_writable::check),
];
