//! Checks of the family `sqlmodel`.

use super::{Check, check};

mod arguments;
mod arguments_beside_column;
mod bases_out_of_order;
mod column_ignored;
mod column_shared;
mod datetime_naive;
mod field_named_like_its_type;
mod import_in_class_body;
mod members;
mod module_imported_twice;
mod moved;
mod ondelete_refused;
mod relationship_generic;
mod said;
mod table_arguments;
mod table_keyword_missing;
mod table_without_key;
mod type_without_column;
mod types;
mod unshared;
mod vector_dimensions_impossible;
mod vector_index_impossible;
mod vector_indexes;

/// The checks of this family, sorted by path.
pub(super) static TABLE: [Check; 15] = [
    check!("sqlmodel/arguments-beside-column", arguments_beside_column::check),
    check!("sqlmodel/bases-out-of-order", bases_out_of_order::check),
    check!("sqlmodel/column-ignored", column_ignored::check),
    check!("sqlmodel/column-shared", column_shared::check),
    check!("sqlmodel/datetime-naive", datetime_naive::check),
    check!("sqlmodel/field-named-like-its-type", field_named_like_its_type::check),
    check!("sqlmodel/import-in-class-body", import_in_class_body::check),
    check!("sqlmodel/module-imported-twice", module_imported_twice::check),
    check!("sqlmodel/ondelete-refused", ondelete_refused::check),
    check!("sqlmodel/relationship-generic", relationship_generic::check),
    check!("sqlmodel/table-keyword-missing", table_keyword_missing::check),
    check!("sqlmodel/table-without-key", table_without_key::check),
    check!("sqlmodel/type-without-column", type_without_column::check),
    check!("sqlmodel/vector-dimensions-impossible", vector_dimensions_impossible::check),
    check!("sqlmodel/vector-index-impossible", vector_index_impossible::check),
];
