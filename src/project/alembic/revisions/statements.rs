//! What a statement of SQL does to tables and to indexes of pgvector.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::bytes::{Captures, Regex};

mod comments;

use super::Operation;
use crate::project::vector;
use crate::project::vector_index::{Dimensions, Index, VectorColumn, VectorType, dimensions};
use crate::text::bytes_pattern;

static DROP: LazyLock<Regex> =
    LazyLock::new(|| bytes_pattern(r#"(?is)^\s*drop\s+table\s+(?:if\s+exists\s+)?([\w."]+(?:\s*,\s*[\w."]+)*)"#));
static CREATE: LazyLock<Regex> = LazyLock::new(|| {
    bytes_pattern(
        r#"(?is)^\s*create\s+(?:unlogged\s+)?table\s+(if\s+not\s+exists\s+)?([\w."]+)\s*(?:\(|as\b|partition\b)"#,
    )
});
/// Wherever it stands, in a block too.
static DROP_WHOLE: LazyLock<Regex> =
    LazyLock::new(|| bytes_pattern(r"(?i)\bdrop\s+(extension|schema|owned|database)\b"));
static RENAME: LazyLock<Regex> = LazyLock::new(|| {
    bytes_pattern(r#"(?is)^\s*alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?([\w."]+)\s+rename\s+to\s+([\w."]+)"#)
});
static ALTER: LazyLock<Regex> =
    LazyLock::new(|| bytes_pattern(r#"(?is)^\s*alter\s+table\s+(?:if\s+exists\s+)?(?:only\s+)?([\w."]+)\s"#));
static INDEX: LazyLock<Regex> = LazyLock::new(|| {
    bytes_pattern(
        r#"(?is)^\s*create\s+(?:unique\s+)?index\s+(?:concurrently\s+)?(?:if\s+not\s+exists\s+)?(?:[\w."]+\s+)?on\s+(?:only\s+)?([\w."]+)\s+using\s+(hnsw|ivfflat)\s*\(\s*("?\w+"?)(?:\s+(\w+))?\s*\)"#,
    )
});
static COLUMN: LazyLock<Regex> = LazyLock::new(|| {
    bytes_pattern(
        r#"(?i)("?\w+"?)\s+(?:(?:set\s+data\s+)?type\s+)?(?:\w+\.)?(vector|halfvec|sparsevec)\b\s*(\(\s*\d*\s*\))?"#,
    )
});

/// Statements of which it cannot be told from here which tables they make; views may take a table's place.
static UNTOLD: LazyLock<Regex> = LazyLock::new(|| {
    bytes_pattern(
        r#"(?isx)^\s*(?:
            (?:do|call|execute|import)\b
            | (?:select|with)\b.*\binto\b
            | select\s+(?:\*\s+from\s+)?[\w."]+\s*\(
            | create\s+(?:or\s+replace\s+)?(?:(?:unlogged|foreign|recursive|materialized)\s+)*(?:table|view|schema)\b
            | alter\s+(?:foreign\s+)?(?:table|view|materialized)\b.*\b(?:set\s+schema|rename\s+to)\b
        )"#,
    )
});
/// Functions of Postgres itself, which make no table.
static HARMLESS: LazyLock<Regex> = LazyLock::new(|| {
    bytes_pattern(
        r"(?is)^\s*select\s+(?:pg_catalog\.)?(?:pg_\w+|setval|nextval|set_config|count|max|min|coalesce|exists)\s*\(",
    )
});
static BLOCK: LazyLock<Regex> = LazyLock::new(|| bytes_pattern(r"(?s)\$\w*\$"));

/// A name without quotes, and without the schema that is there anyhow.
fn name(written: &str) -> String {
    let plain = |part: &str| match part.strip_prefix('"').and_then(|part| part.strip_suffix('"')) {
        Some(quoted) => quoted.to_owned(),
        None => part.to_ascii_lowercase(),
    };
    let parts: Vec<String> = written.split('.').map(plain).collect();
    match parts.as_slice() {
        [schema, table] if schema == "public" => table.clone(),
        parts => parts.join("."),
    }
}

/// What a text does that is run as SQL; other texts do nothing.
pub(super) fn read(text: &str) -> Vec<Operation> {
    let mut found = vec![];
    if vector::creates(text) {
        found.push(Operation::CreatesVector);
    } else if vector::has_column(text) {
        found.push(Operation::UsesVector("vector".to_owned()));
    }
    let text = comments::without(text);
    if text.to_ascii_lowercase().contains("drop") {
        let dropped = DROP_WHOLE.captures_iter(text.as_bytes());
        found.extend(dropped.filter_map(|one| Some(Operation::Drop(groups(&one, &text).get(1)?.to_lowercase()))));
    }
    // Statements within a block of PL/pgSQL run when it pleases the block.
    if text.contains('$') && BLOCK.is_match(text.as_bytes()) {
        found.push(Operation::Execute(String::new()));
    }
    for statement in text.split(';').filter(|statement| may_matter(statement)) {
        found.extend(of_tables(statement));
        found.extend(of_vectors(statement));
    }
    found
}

/// Whether one of the patterns may match: to make them takes longer than all else that is done with a short revision.
fn may_matter(statement: &str) -> bool {
    let lower = statement.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    match lower.split_whitespace().next() {
        None | Some("insert" | "update" | "delete" | "comment" | "grant" | "revoke" | "set") => false,
        Some("drop") => has(&["table"]),
        Some("create") => has(&["table", "view", "schema", "index"]),
        Some(_) => true,
    }
}

/// The texts of the groups of a match, from the whole match on; empty for those that are not there.
fn groups<'t>(captures: &Captures<'_>, text: &'t str) -> Vec<&'t str> {
    captures.iter().map(|group| group.and_then(|group| text.get(group.range())).unwrap_or_default()).collect()
}

/// The groups of the first match.
fn first<'t>(pattern: &Regex, text: &'t str) -> Option<Vec<&'t str>> {
    Some(groups(&pattern.captures(text.as_bytes())?, text))
}

fn of_tables(statement: &str) -> Vec<Operation> {
    if let Some([_, names]) = first(&DROP, statement).as_deref() {
        // Of `DROP TABLE {table} CASCADE` in an f-string only the words around are left.
        let names = names.split(',').map(|table| name(table.trim()));
        let is_name = |name: &String| !matches!(name.as_str(), "cascade" | "restrict" | "if");
        return names.filter(is_name).map(Operation::DropTable).collect();
    }
    if let Some([_, table, new]) = first(&RENAME, statement).as_deref() {
        return vec![Operation::RenameTable(name(table), name(new))];
    }
    if let Some([_, unless_there, table]) = first(&CREATE, statement).as_deref() {
        let make = if unless_there.is_empty() { Operation::CreateTable } else { Operation::EnsureTable };
        return vec![make(name(table))];
    }
    let is_untold = UNTOLD.is_match(statement.as_bytes()) && !HARMLESS.is_match(statement.as_bytes());
    is_untold.then(|| Operation::Execute(String::new())).into_iter().collect()
}

fn of_vectors(statement: &str) -> Vec<Operation> {
    if let Some([_, table, method, column, class]) = first(&INDEX, statement).as_deref() {
        let column = name(column);
        let operators = Some(class).filter(|class| !class.is_empty());
        let operators = operators.map(|class| (column.clone(), class.to_ascii_lowercase()));
        return vec![Operation::CreateIndex(Index {
            table: Some(name(table)),
            method: Some(method.to_ascii_lowercase()),
            columns: vec![column],
            operators: Some(operators.into_iter().collect::<BTreeMap<_, _>>()),
        })];
    }
    let made = first(&CREATE, statement).and_then(|found| found.get(2).copied());
    let Some(table) = made.or_else(|| first(&ALTER, statement)?.get(1).copied()) else { return vec![] };
    let table = name(table);
    let columns = COLUMN.captures_iter(statement.as_bytes()).filter_map(|found| match groups(&found, statement)[..] {
        [_, column, kind, size] => {
            let size = if size.is_empty() { Dimensions::Free } else { dimensions(size.trim_matches(['(', ')'])) };
            let kind = Some((VectorType::of(kind)?, size));
            Some(Operation::VectorColumn(VectorColumn { table: table.clone(), name: name(column), kind }))
        }
        _ => None,
    });
    columns.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_read_for_what_they_do() {
        for (text, expected) in [
            ("DROP TABLE hero", "[DropTable(\"hero\")]"),
            ("drop table if exists \"Hero\", audit.log cascade", "[DropTable(\"Hero\"), DropTable(\"audit.log\")]"),
            ("select 'drop table hero'", "[]"),
            ("DROP TABLE  CASCADE", "[]"),
            (
                "CREATE TABLE public.hero (id int); ALTER TABLE hero RENAME TO heroes",
                "[CreateTable(\"hero\"), RenameTable(\"hero\", \"heroes\")]",
            ),
            ("create table if not exists hero_copy as select * from hero", "[EnsureTable(\"hero_copy\")]"),
            (
                "ALTER TABLE item ADD COLUMN e vector",
                "[VectorColumn(VectorColumn { table: \"item\", name: \"e\", kind: Some((Vector, Free)) })]",
            ),
            (
                "ALTER TABLE item ALTER COLUMN e TYPE halfvec(3)",
                "[UsesVector(\"vector\"), VectorColumn(VectorColumn { table: \"item\", name: \"e\", kind: Some((Halfvec, Fixed(3))) })]",
            ),
            (
                "CREATE INDEX CONCURRENTLY ix ON item USING hnsw (e vector_l2_ops) WITH (m = 16)",
                "[CreateIndex(Index { table: Some(\"item\"), method: Some(\"hnsw\"), columns: [\"e\"], operators: Some({\"e\": \"vector_l2_ops\"}) })]",
            ),
            (
                "create index on item using ivfflat (e)",
                "[CreateIndex(Index { table: Some(\"item\"), method: Some(\"ivfflat\"), columns: [\"e\"], operators: Some({}) })]",
            ),
            ("create index on item using hnsw ((e::vector(3)) vector_l2_ops)", "[]"),
            ("CREATE EXTENSION IF NOT EXISTS vector", "[CreatesVector]"),
            ("-- it's; made\n/* /* deep; */ */ CREATE TABLE \"T3\" (id int)", "[CreateTable(\"T3\")]"),
            ("/* once */ DROP TABLE hero -- gone", "[DropTable(\"hero\")]"),
            ("ALTER TABLE old.hero SET SCHEMA public", "[Execute(\"\")]"),
            ("ALTER TABLE \"old hero\" RENAME TO hero", "[Execute(\"\")]"),
            ("ALTER TABLE hero RENAME COLUMN a TO b", "[]"),
            ("DO 'begin perform make(); end'", "[Execute(\"\")]"),
            ("SELECT * INTO hero FROM old", "[Execute(\"\")]"),
            ("SELECT make_hero()", "[Execute(\"\")]"),
            ("SELECT setval('hero_id_seq', 3)", "[]"),
            ("CREATE VIEW hero AS SELECT 1", "[Execute(\"\")]"),
            ("DROP TABLE größe, \"Größe\"", "[DropTable(\"größe\"), DropTable(\"Größe\")]"),
            ("INSERT INTO hero VALUES ('-- no; comment')", "[]"),
            ("", "[]"),
        ] {
            assert_eq!(format!("{:?}", read(text)), expected, "{text}");
        }
    }
}
