//! Finds the places that show that a project wants pgvector.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::LazyLock;

use regex::{Regex, bytes};

use crate::project::requirements::is_list;
use crate::text::{Source, Spanned, bytes_pattern, pattern, python, toml};

use super::files::{Files, source};
use super::whose::is_own;

/// What is said of a place that creates the extension.
pub const CREATES: &str = "creates the extension";

/// How many places are kept: they are only shown as proof.
const KEPT: usize = 100;

/// Only files with a use of pgvector are parsed: many a text has the word `vector`.
static WORTH_READING: LazyLock<bytes::Regex> =
    LazyLock::new(|| bytes_pattern(r"(?i)pgvector|\bextension\b|(?:vector|halfvec|sparsevec)\s*\(\s*\d"));

/// `CREATE EXTENSION [IF NOT EXISTS] vector`, in SQL and in strings of Python.
static CREATE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r#"(?i-u)\bcreate\s+extension\s+(?:if\s+not\s+exists\s+)?"?vector\b"?"#));

/// A column of one of pgvector's types: `vector(3)`, `halfvec(3)`.
static COLUMN: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i-u)\b(?:vector|halfvec|sparsevec)\s*\(\s*\d+\s*\)"));

/// Looks for uses of pgvector: in Python by its syntax tree, in SQL, and among the dependencies. Sorted by place.
pub fn read(files: &dyn Files, sources: &mut BTreeMap<String, Source>) -> Vec<Spanned<String>> {
    let mut found: Vec<Spanned<String>> = vec![];
    for path in files.list().iter().filter(|path| is_own(path)) {
        let name = path.rsplit('/').next().unwrap_or(path);
        let look = match name.rsplit_once('.') {
            Some((_, "py")) => in_python,
            Some((_, "sql")) => in_sql,
            Some((_, "toml")) if name == "pyproject.toml" => in_toml,
            Some((_, "txt" | "in")) if is_list(path) => in_requirements,
            _ => continue,
        };
        // Reading bytes is cheap; only what holds the word is taken apart and kept.
        if !files.bytes(path).is_ok_and(|bytes| WORTH_READING.is_match(&bytes)) {
            continue;
        }
        let known = sources.contains_key(path);
        let Ok(file) = source(files, sources, path) else {
            continue;
        };
        let places = look(&file);
        if places.is_empty() && !known {
            sources.remove(path);
        }
        found.extend(places.into_iter().map(|(range, what)| Spanned::new(what.to_owned(), file.span(range))));
        if found.len() >= KEPT {
            break;
        }
    }
    found.sort_by(|a, b| a.span.cmp(&b.span));
    found
}

type Places = Vec<(Range<usize>, &'static str)>;

fn in_python(file: &Source) -> Places {
    let module = python::parse(file.text());
    let mut places: Places = vec![];
    let is_pgvector = |module: &str| module == "pgvector" || module.starts_with("pgvector.");
    for import in module.imports.iter().filter(|import| is_pgvector(&import.module)) {
        places.push((import.range.clone(), "imports pgvector"));
    }
    for call in &module.calls {
        let function = call.function().to_ascii_lowercase();
        if is_pgvector(&call.callee) && ["vector", "halfvec", "sparsevec"].contains(&function.as_str()) {
            places.push((call.range.clone(), "is a column of pgvector"));
        }
        for text in call.arguments.iter().filter_map(|argument| argument.value.as_text()) {
            places.extend(in_statement(&text.value).map(|what| (text.range.clone(), what)));
        }
    }
    places.sort_by_key(|(range, _)| range.start);
    places
}

/// What a statement wants of pgvector.
fn in_statement(statement: &str) -> Option<&'static str> {
    if CREATE.is_match(statement) {
        return Some(CREATES);
    }
    // A function of that name with a number is no column; DDL says where columns are.
    let ddl = statement.to_ascii_lowercase();
    let ddl = ddl.contains("table") || ddl.contains("column") || ddl.contains("type");
    (ddl && COLUMN.is_match(statement)).then_some("has a column of pgvector")
}

/// Whether a statement creates pgvector's extension.
pub(super) fn creates(statement: &str) -> bool {
    CREATE.is_match(statement)
}

/// Whether a statement makes a column of one of pgvector's types.
pub(super) fn has_column(statement: &str) -> bool {
    in_statement(statement).is_some_and(|what| what != CREATES)
}

fn in_sql(file: &Source) -> Places {
    let mut places: Places = vec![];
    let mut start = 0;
    for line in file.text().split_inclusive('\n') {
        let code = &line[..line.find("--").unwrap_or(line.len())];
        let at = |found: regex::Match<'_>| start + found.start()..start + found.end();
        if let Some(found) = CREATE.find(code) {
            places.push((at(found), CREATES));
        } else if let Some(found) = COLUMN.find(code) {
            places.push((at(found), "has a column of pgvector"));
        }
        start += line.len();
    }
    places
}

/// Whether a requirement is for the package.
fn is_requirement(text: &str) -> bool {
    let name = text
        .trim()
        .split(|character: char| !(character.is_alphanumeric() || matches!(character, '-' | '_' | '.')))
        .next();
    name.is_some_and(|name| name.eq_ignore_ascii_case("pgvector"))
}

fn in_toml(file: &Source) -> Places {
    // A file that is no TOML is named where it must be read.
    let Ok(toml) = toml::parse(file.text()) else {
        return vec![];
    };
    let mut lists = vec![toml.texts(&["project", "dependencies"])];
    for table in [&["project", "optional-dependencies"][..], &["dependency-groups"][..]] {
        for group in toml.keys(table) {
            lists.push(toml.texts(&[table, &[group.as_str()]].concat()));
        }
    }
    let listed = lists.into_iter().flatten().filter(|text| is_requirement(&text.value)).map(|text| text.range);
    let poetry = toml.text(&["tool", "poetry", "dependencies", "pgvector"]).map(|text| text.range);
    listed.chain(poetry).map(|range| (range, "depends on pgvector")).collect()
}

fn in_requirements(file: &Source) -> Places {
    let mut start = 0;
    let mut places: Places = vec![];
    for line in file.text().split_inclusive('\n') {
        let text = line.trim();
        if is_requirement(text) {
            places.push((start..start + text.len(), "depends on pgvector"));
        }
        start += line.len();
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::files::MemoryFiles;

    fn places(files: &[(&str, &str)]) -> Vec<String> {
        let files = MemoryFiles::new(files.iter().map(|(path, text)| (*path, *text)));
        let mut sources = BTreeMap::new();
        let found = read(&files, &mut sources);
        found
            .iter()
            .map(|place| {
                format!(
                    "{}: {} - {}",
                    place.span.path,
                    sources[place.span.path.as_ref()].slice(&place.span),
                    place.value
                )
            })
            .collect()
    }

    #[test]
    fn every_kind_of_use_is_seen() {
        let found = places(&[
            ("app/models.py", "from pgvector.sqlalchemy import Vector\n"),
            (
                "db/init.sql",
                "-- create extension vector\nCREATE EXTENSION IF NOT EXISTS \"vector\";\ncreate table a (e vector(3));\n",
            ),
            (
                "migrations/versions/a.py",
                "op.execute('CREATE EXTENSION IF NOT EXISTS vector')\nc = pgvector.sqlalchemy.vector.VECTOR(dim=3)\n",
            ),
            ("pyproject.toml", "[project]\ndependencies = ['pgvector>=0.3', 'pgvector-extra']\n"),
            ("requirements-dev.txt", "pgvector==0.4 # x\n"),
        ]);
        assert_eq!(
            found,
            [
                "app/models.py: from pgvector.sqlalchemy import Vector - imports pgvector",
                "db/init.sql: CREATE EXTENSION IF NOT EXISTS \"vector\" - creates the extension",
                "db/init.sql: vector(3) - has a column of pgvector",
                "migrations/versions/a.py: CREATE EXTENSION IF NOT EXISTS vector - creates the extension",
                "migrations/versions/a.py: pgvector.sqlalchemy.vector.VECTOR(dim=3) - is a column of pgvector",
                "pyproject.toml: pgvector>=0.3 - depends on pgvector",
                "requirements-dev.txt: pgvector==0.4 # x - depends on pgvector",
            ]
        );
    }

    #[test]
    fn other_vectors_are_none() {
        let found = places(&[
            ("app/math.py", "from vectors import Vector\nv = Vector(3)\n# pgvector\nx = 'vector(3)'\n"),
            ("tests/test_a.py", "import pgvector\n"),
            ("a.sql", "select my_vector(3); -- vector(3)\n"),
            ("b.py", "vector ("),
        ]);
        assert_eq!(found, [""; 0]);
    }
}
