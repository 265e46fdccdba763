//! Checks of the family `alembic`.

use super::{Check, check};

mod edits;
mod post_write_hooks_nested;
mod revision_name_unbound;
mod template_import_missing;
mod vector_before_extension;

/// The checks of this family, sorted by path.
pub(super) static TABLE: [Check; 4] = [
    check!("alembic/post-write-hooks-nested", post_write_hooks_nested::check),
    check!("alembic/revision-name-unbound", revision_name_unbound::check),
    check!("alembic/template-import-missing", template_import_missing::check),
    check!("alembic/vector-before-extension", vector_before_extension::check),
];
