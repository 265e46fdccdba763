//! Checks of the family `sqlmodel`.

use super::{Check, check};

mod arguments;
mod arguments_beside_column;
mod bases_out_of_order;
mod column_shared;
mod import_in_class_body;
mod moved;
mod table_keyword_missing;
mod unshared;
mod vector_index_impossible;
mod vector_indexes;

/// The checks of this family, sorted by path.
pub(super) static TABLE: [Check; 6] = [
    check!("sqlmodel/arguments-beside-column", arguments_beside_column::check),
    check!("sqlmodel/bases-out-of-order", bases_out_of_order::check),
    check!("sqlmodel/column-shared", column_shared::check),
    check!("sqlmodel/import-in-class-body", import_in_class_body::check),
    check!("sqlmodel/table-keyword-missing", table_keyword_missing::check),
    check!("sqlmodel/vector-index-impossible", vector_index_impossible::check),
];
