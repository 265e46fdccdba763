//! Checks of the family `ownership`.

use super::{Check, check};

mod bind_not_writable;
mod bind_source_is_directory;
mod bind_source_missing;
mod build_context_unreadable;
mod copy_as_root;
mod cure;
mod devcontainer_uid_skipped;
mod edits;
mod entrypoint_not_executable;
mod foreign_files;
mod git_objects_foreign;
mod git_refuses_repository;
mod home_foreign;
mod makers;
mod mount_read_only;
mod other_mounts;
mod places;
mod run_as_person;
mod service_writes_as_root;
mod suspects;
mod uid_taken_in_image;
mod volume_not_writable;

/// The checks of this family, sorted by path.
pub(super) static TABLE: [Check; 15] = [
    check!("ownership/bind-not-writable", bind_not_writable::check),
    check!("ownership/bind-source-is-directory", bind_source_is_directory::check),
    check!("ownership/bind-source-missing", bind_source_missing::check),
    check!("ownership/build-context-unreadable", build_context_unreadable::check),
    check!("ownership/copy-as-root", copy_as_root::check),
    check!("ownership/devcontainer-uid-skipped", devcontainer_uid_skipped::check),
    check!("ownership/entrypoint-not-executable", entrypoint_not_executable::check),
    check!("ownership/foreign-files", foreign_files::check),
    check!("ownership/git-objects-foreign", git_objects_foreign::check),
    check!("ownership/git-refuses-repository", git_refuses_repository::check),
    check!("ownership/home-foreign", home_foreign::check),
    check!("ownership/mount-read-only", mount_read_only::check),
    check!("ownership/service-writes-as-root", service_writes_as_root::check),
    check!("ownership/uid-taken-in-image", uid_taken_in_image::check),
    check!("ownership/volume-not-writable", volume_not_writable::check),
];
