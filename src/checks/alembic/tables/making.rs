//! Which calls of a revision can make no table, so that whatever else it calls may.

use crate::text::python::executed::is_outside;

/// Methods of `op`, of `batch_op`, of connections, inspectors, statements, and of Python's own values.
const METHODS: &[&str] = &[
    "add",
    "add_column",
    "all",
    "alter_column",
    "append",
    "autocommit_block",
    "batch_alter_table",
    "begin",
    "begin_nested",
    "bindparams",
    "bulk_insert",
    "cast",
    "close",
    "columns",
    "commit",
    "create_check_constraint",
    "create_exclude_constraint",
    "create_foreign_key",
    "create_index",
    "create_primary_key",
    "create_table_comment",
    "create_unique_constraint",
    "debug",
    "drop",
    "drop_column",
    "drop_constraint",
    "drop_index",
    "drop_table",
    "drop_table_comment",
    "error",
    "exception",
    "execution_options",
    "extend",
    "f",
    "fetchall",
    "fetchone",
    "filter",
    "filter_by",
    "first",
    "flush",
    "format",
    "from_engine",
    "from_select",
    "get",
    "get_bind",
    "get_columns",
    "get_context",
    "get_enums",
    "get_foreign_keys",
    "get_indexes",
    "get_table_names",
    "get_unique_constraints",
    "group_by",
    "has_table",
    "in_",
    "info",
    "inline_literal",
    "is_",
    "items",
    "join",
    "keys",
    "label",
    "limit",
    "lower",
    "mappings",
    "notin_",
    "now",
    "on_conflict_do_nothing",
    "on_conflict_do_update",
    "one",
    "one_or_none",
    "order_by",
    "outerjoin",
    "replace",
    "returning",
    "rollback",
    "scalar",
    "scalar_one",
    "scalars",
    "select_from",
    "split",
    "startswith",
    "strip",
    "upper",
    "utcnow",
    "uuid4",
    "values",
    "warning",
    "where",
    "with_variant",
];

/// Functions that are called by their plain name.
const FUNCTIONS: &[&str] = &[
    "any",
    "all",
    "bool",
    "column",
    "delete",
    "dict",
    "enumerate",
    "float",
    "insert",
    "inspect",
    "int",
    "isinstance",
    "len",
    "list",
    "print",
    "range",
    "select",
    "set",
    "sorted",
    "str",
    "table",
    "text",
    "tuple",
    "update",
    "uuid4",
    "zip",
];

/// What SQLAlchemy creates by `create` besides tables.
const CREATED: &[&str] = &["DOMAIN", "ENUM", "Enum", "Index", "Sequence"];

/// Whether a call makes no table, whatever its arguments are.
pub(super) fn makes_none(callee: &str) -> bool {
    let (root, name) = (callee.split('.').next().unwrap_or(""), callee.rsplit('.').next().unwrap_or(""));
    if matches!(name, "create" | "create_all") {
        let class = callee.rsplit('.').nth(1).unwrap_or("");
        return name == "create" && CREATED.contains(&class) && is_outside(callee);
    }
    // `sa.Column(…)`, `Vector(3)`: a value of a class is made, and no more.
    let is_class = name.starts_with(|first: char| first.is_ascii_uppercase());
    let is_known = if callee.contains('.') { METHODS.contains(&name) } else { FUNCTIONS.contains(&name) };
    is_class || is_known || callee.contains('.') && matches!(root, "sa" | "sqlalchemy" | "func" | "postgresql")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_may_make_tables() {
        for callee in [
            "sa.Column",
            "sa.func.now",
            "op.f",
            "batch_op.drop_column",
            "len",
            ".fetchall",
            "Vector",
            "sa.text",
            "sqlalchemy.Enum.create",
            "sqlalchemy.dialects.postgresql.ENUM.create",
        ] {
            assert!(makes_none(callee), "{callee}");
        }
        for callee in [
            ".create",
            "Hero.__table__.create",
            "sqlalchemy.Table.create",
            "app.models.Enum.create",
            "SQLModel.metadata.create_all",
            "rebuild",
            "conn.run_sync",
            "",
        ] {
            assert!(!makes_none(callee), "{callee}");
        }
    }
}
