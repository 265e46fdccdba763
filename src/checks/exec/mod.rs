//! Checks of the family `exec`.

use super::{Check, check};

mod as_root;
mod caller;
mod cure;
mod each_set;
mod home_is_root_directory;
mod home_missing;
mod home_of_someone_else;
mod homes;
mod no_passwd_entry;
mod numbers_in_env;
mod own_mount;
mod reads;
mod terminal;
mod tty_in_hook;
mod uid_variable_blank;
mod user_blank;
mod user_unknown;
mod variables;

#[cfg(test)]
mod set_tests;
#[cfg(test)]
mod tests;

/// The checks of this family, sorted by path.
pub(super) static TABLE: [Check; 9] = [
    check!("exec/as-root", as_root::check),
    check!("exec/home-is-root-directory", home_is_root_directory::check),
    check!("exec/home-missing", home_missing::check),
    check!("exec/home-of-someone-else", home_of_someone_else::check),
    check!("exec/no-passwd-entry", no_passwd_entry::check),
    check!("exec/tty-in-hook", tty_in_hook::check),
    check!("exec/uid-variable-blank", uid_variable_blank::check),
    check!("exec/user-blank", user_blank::check),
    check!("exec/user-unknown", user_unknown::check),
];
