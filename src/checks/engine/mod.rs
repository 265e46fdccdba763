//! Checks of the family `engine`.

mod unreachable;

use super::{Check, check};

/// The checks of this family, sorted by path.
pub(super) static TABLE: [Check; 1] = [check!("engine/unreachable", unreachable::check)];
