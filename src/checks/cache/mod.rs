//! Checks of the family `cache`.

use super::{Check, check};

mod cure;
mod not_writable;
mod sufferers;

/// The checks of this family, sorted by path.
pub(super) static TABLE: [Check; 1] = [check!("cache/not-writable", not_writable::check)];
