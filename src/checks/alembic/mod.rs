//! Checks of the family `alembic`.

use super::{Check, check};

mod model_import_unprotected;
mod models_not_imported;
mod target_metadata_missing;

/// The checks of this family, sorted by path.
pub(super) static TABLE: [Check; 3] = [
    check!("alembic/model-import-unprotected", model_import_unprotected::check),
    check!("alembic/models-not-imported", models_not_imported::check),
    check!("alembic/target-metadata-missing", target_metadata_missing::check),
];
