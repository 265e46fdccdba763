//! Checks of the family `ownership`.

use super::{Check, check};

mod cure;
mod edits;
mod foreign_files;
mod git_objects_foreign;
mod git_refuses_repository;
mod home_foreign;
mod makers;
mod other_mounts;
mod run_as_person;
mod service_writes_as_root;
mod suspects;

/// The checks of this family, sorted by path.
pub(super) static TABLE: [Check; 5] = [
    check!("ownership/foreign-files", foreign_files::check),
    check!("ownership/git-objects-foreign", git_objects_foreign::check),
    check!("ownership/git-refuses-repository", git_refuses_repository::check),
    check!("ownership/home-foreign", home_foreign::check),
    check!("ownership/service-writes-as-root", service_writes_as_root::check),
];
