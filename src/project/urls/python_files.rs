//! URLs that stand in Python: engines, settings, defaults.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::project::alembic::looks_like_url_variable;
use crate::project::files::{Files, source};
use crate::project::whose::is_own;
use crate::text::python::{self, Call, Module, Text, Value};
use crate::text::{Source, Span, bytes_pattern};

/// Only files with a URL of Postgres, or with what else is looked for, are parsed: prose has the words too.
static WORTH_PARSING: LazyLock<Regex> = LazyLock::new(|| {
    bytes_pattern(
        r#"(?i)(?:postgre|pgsql|psql|driver)[a-z0-9+_.]*:/|registry\.register|replace\(\s*[rbu]?["']postgres"#,
    )
});

/// What shows an engine; one is enough.
static ENGINE: LazyLock<Regex> =
    LazyLock::new(|| bytes_pattern(r"create_engine|create_async_engine|engine_from_config"));

/// A URL in Python.
pub(super) struct Literal {
    /// The name it is given, or the function that gets it.
    pub key: String,
    /// Its source.
    pub source: Source,
    /// The literal.
    pub text: Text,
    /// The environment variable that comes first, when the literal is only a default.
    pub variable: Option<String>,
    /// Whether it goes straight into an engine of SQLAlchemy.
    pub engine: bool,
}

/// What the project's Python says about URLs.
#[derive(Default)]
pub(super) struct Found {
    pub literals: Vec<Literal>,
    /// The first engine that is made.
    pub engine: Option<Span>,
    /// Where `postgres://` is replaced.
    pub rewrite: Option<Span>,
    /// Whether it registers a dialect of its own.
    pub registers: bool,
}

/// Looks through the project's Python.
pub(super) fn read(files: &dyn Files, sources: &mut BTreeMap<String, Source>) -> Found {
    let mut found = Found::default();
    for path in files.list().iter().filter(|path| path.ends_with(".py") && is_own(path)) {
        // What cannot be read is named by whoever must read it; here it only holds no URL.
        let no_engine = found.engine.is_none();
        let worth = |bytes: Vec<u8>| WORTH_PARSING.is_match(&bytes) || no_engine && ENGINE.is_match(&bytes);
        if !files.bytes(path).is_ok_and(worth) {
            continue;
        }
        let known = sources.contains_key(path);
        let Ok(file) = source(files, sources, path) else {
            continue;
        };
        let before = found.literals.len();
        let used = understand(&file, &mut found);
        if !known && !used && found.literals.len() == before {
            // Sources are recorded; a file that nothing points at need not be.
            sources.remove(path);
        }
    }
    found
}

/// Writes down what one file says, and whether anything of it was the first of its kind.
fn understand(file: &Source, found: &mut Found) -> bool {
    let module = python::parse(file.text());
    let mut used = false;
    let mut add = |key: &str, text: &Text, variable: Option<String>, engine: bool| {
        if text.plain && super::collect::is_postgres(&text.value) {
            let (key, source, text) = (key.to_owned(), file.clone(), text.clone());
            let known = |literal: &Literal| literal.source.path() == source.path() && literal.text.range == text.range;
            if !found.literals.iter().any(known) {
                found.literals.push(Literal { key, source, text, variable, engine });
            }
        }
    };
    for call in &module.calls {
        let engine = matches!(call.function(), "create_engine" | "create_async_engine");
        let driver = matches!(
            call.callee.as_str(),
            "psycopg.connect" | "psycopg2.connect" | "asyncpg.connect" | "asyncpg.create_pool"
        );
        if (engine || driver)
            && let Some(text) = call.positional(0).or(call.keyword("url")).and_then(|url| text_of(&module, url))
        {
            add(call.function(), text, None, engine);
        }
        if let Some(text) = for_alembic(call).and_then(|url| text_of(&module, url)).filter(is_single) {
            add(ALEMBICS, text, None, true);
        }
        if let Some((variable, text)) = default_of(call) {
            add(&variable, text, Some(variable.clone()), false);
        }
    }
    for assignment in &module.assignments {
        if assignment.key.as_deref() == Some(ALEMBICS)
            && let Some(text) = text_of(&module, &assignment.value)
        {
            add(ALEMBICS, text, None, true);
        }
        let name = assignment.key.as_deref().unwrap_or(&assignment.target);
        let name = name.rsplit('.').next().unwrap_or(name);
        if !looks_like_url_variable(name) {
            continue;
        }
        // A field of a settings class is the default of the variable of its name.
        let field = assignment.context.bases.iter().any(|base| base.ends_with("Settings"));
        if let Value::Text(text) = &assignment.value {
            add(name, text, field.then(|| name.to_uppercase()), false);
        }
    }
    let is_engine =
        |call: &&Call| matches!(call.function(), "create_engine" | "create_async_engine" | "engine_from_config");
    if found.engine.is_none()
        && let Some(call) = module.calls.iter().find(is_engine)
    {
        found.engine = Some(file.span(call.range.clone()));
        used = true;
    }
    let rewrites = |call: &&Call| {
        let old = call.positional(0).and_then(Value::as_text);
        call.function() == "replace"
            && old.is_some_and(|old| old.value.starts_with("postgres:") || old.value == "postgres")
    };
    found.registers |= module.calls.iter().any(|call| call.callee.ends_with("registry.register"));
    if found.rewrite.is_none()
        && let Some(call) = module.calls.iter().find(rewrites)
    {
        found.rewrite = Some(file.span(call.range.clone()));
        used = true;
    }
    used
}

/// The option that Alembic makes its engine of.
const ALEMBICS: &str = "sqlalchemy.url";

/// What a call puts in force as Alembic's URL, such as `set_main_option("sqlalchemy.url", …)`.
fn for_alembic(call: &Call) -> Option<&Value> {
    let (key, value) = match call.function() {
        "set_main_option" => (0, 1),
        "set_section_option" => (1, 2),
        "engine_from_config" | "async_engine_from_config" => return call.keyword("url"),
        _ => return None,
    };
    let key = call.positional(key).or(call.keyword("name"))?.as_text()?;
    call.positional(value).or(call.keyword("value")).filter(|_| key.value == ALEMBICS)
}

/// Whether a text holds no percent sign that is written twice, as configparser wants it.
fn is_single(text: &&Text) -> bool {
    !text.value.contains('%')
}

/// The text that a value is, or that the one name it is was given at the top of the file.
fn text_of<'module>(module: &'module Module, value: &'module Value) -> Option<&'module Text> {
    let Value::Name(name) = value else { return value.as_text() };
    let mut given = module.assignments.iter().filter(|assignment| assignment.target == *name);
    let only = given.next().filter(|first| first.key.is_none() && first.context.condition.is_none())?;
    only.value.as_text().filter(|_| given.next().is_none())
}

/// `os.getenv("NAME", "default")`.
fn default_of(call: &Call) -> Option<(String, &Text)> {
    let reads =
        matches!(call.callee.as_str(), "os.getenv" | "getenv" | "os.environ.get" | "environ.get" | "env" | "config");
    let variable = call.positional(0)?.as_text().filter(|_| reads)?;
    let default = call.positional(1).or(call.keyword("default"))?.as_text()?;
    Some((variable.value.clone(), default))
}
