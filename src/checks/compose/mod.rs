//! Checks of the family `compose`.

pub(super) mod unreadable;

use super::{Check, check};

/// The checks of this family, sorted by path.
pub(super) static TABLE: [Check; 1] = [check!("compose/unreadable", unreadable::check)];
