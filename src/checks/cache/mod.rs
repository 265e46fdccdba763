//! Checks of the family `cache`.

use super::{Check, check};

mod cure;
mod disabled;
mod not_writable;
mod sufferers;
mod told;

/// The checks of this family, sorted by path.
pub(super) static TABLE: [Check; 2] =
    [check!("cache/disabled", disabled::check), check!("cache/not-writable", not_writable::check)];
