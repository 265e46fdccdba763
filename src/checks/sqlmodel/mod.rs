//! Checks of the family `sqlmodel`.

use super::{Check, check};

mod arguments;
mod arguments_beside_column;
mod bases_out_of_order;

/// The checks of this family, sorted by path.
pub(super) static TABLE: [Check; 2] = [
    check!("sqlmodel/arguments-beside-column", arguments_beside_column::check),
    check!("sqlmodel/bases-out-of-order", bases_out_of_order::check),
];
