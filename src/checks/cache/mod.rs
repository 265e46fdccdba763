//! Checks of the family `cache`.

use super::Check;

/// The checks of this family, sorted by path.
pub(super) static TABLE: [Check; 0] = [];
