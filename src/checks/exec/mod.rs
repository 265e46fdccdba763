//! Checks of the family `exec`.

use super::{Check, check};

mod as_root;
mod caller;
mod cure;
mod own_mount;
mod reads;
mod variables;

#[cfg(test)]
mod tests;

/// The checks of this family, sorted by path.
pub(super) static TABLE: [Check; 1] = [check!("exec/as-root", as_root::check)];
