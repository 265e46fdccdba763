//! Checks of the family `alembic`.

use super::{Check, check};

mod bare_commands;
mod chain_broken;
mod command_outside_environment;
mod database_behind;
mod databases;
mod driver_mismatch;
mod edits;
mod environment_incomplete;
mod extension_created_twice;
mod heads_diverge;
mod model_import_unprotected;
mod models_not_imported;
mod post_write_hook_impossible;
mod post_write_hooks_nested;
mod project_not_importable;
mod revision_drops_extension_table;
mod revision_drops_living_table;
mod revision_empty;
mod revision_name_unbound;
mod revision_type_unknown;
mod revision_unknown_to_files;
mod script_interpreter_gone;
mod tables;
mod tables_refused;
mod tables_without_revision;
mod target_metadata_missing;
mod template_import_missing;
mod url_not_escaped;
mod url_variable_unset;
mod vector_before_extension;

pub use databases::unknown as unknown_revisions;

/// The checks of this family, sorted by path.
pub(super) static TABLE: [Check; 26] = [
    check!("alembic/chain-broken", chain_broken::check),
    check!("alembic/command-outside-environment", command_outside_environment::check),
    check!("alembic/database-behind", database_behind::check),
    check!("alembic/driver-mismatch", driver_mismatch::check),
    check!("alembic/environment-incomplete", environment_incomplete::check),
    check!("alembic/extension-created-twice", extension_created_twice::check),
    check!("alembic/heads-diverge", heads_diverge::check),
    check!("alembic/model-import-unprotected", model_import_unprotected::check),
    check!("alembic/models-not-imported", models_not_imported::check),
    check!("alembic/post-write-hook-impossible", post_write_hook_impossible::check),
    check!("alembic/post-write-hooks-nested", post_write_hooks_nested::check),
    check!("alembic/project-not-importable", project_not_importable::check),
    check!("alembic/revision-drops-extension-table", revision_drops_extension_table::check),
    check!("alembic/revision-drops-living-table", revision_drops_living_table::check),
    check!("alembic/revision-empty", revision_empty::check),
    check!("alembic/revision-name-unbound", revision_name_unbound::check),
    check!("alembic/revision-type-unknown", revision_type_unknown::check),
    check!("alembic/revision-unknown-to-files", revision_unknown_to_files::check),
    check!("alembic/script-interpreter-gone", script_interpreter_gone::check),
    check!("alembic/tables-refused", tables_refused::check),
    check!("alembic/tables-without-revision", tables_without_revision::check),
    check!("alembic/target-metadata-missing", target_metadata_missing::check),
    check!("alembic/template-import-missing", template_import_missing::check),
    check!("alembic/url-not-escaped", url_not_escaped::check),
    check!("alembic/url-variable-unset", url_variable_unset::check),
    check!("alembic/vector-before-extension", vector_before_extension::check),
];
