//! What decides how revisions are written and run: `env.py`, the types of the models, and scripts of the database's start.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::{Alembic, Revisions, hooks, packages};
use crate::project::alembic::{join, mentioned};
use crate::project::compose::{Compose, is_below};
use crate::project::files::{Files, source};
use crate::project::vector;
use crate::project::whose::is_own;
use crate::text::python::bindings;
use crate::text::python::{Call, Module, Value};
use crate::text::{Source, Span, Spanned};

/// What the image of Postgres runs on an empty volume.
const INITIAL: &str = "/docker-entrypoint-initdb.d";

/// What `env.py` does besides choosing the URL.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EnvironmentScript {
    /// The imports that its `render_item` adds to revisions; `None` when it has none. Empty: they cannot be told.
    pub rendered_imports: Option<Vec<String>>,
    /// What it has written before the names of the models' types, by `user_module_prefix`; empty where that cannot be told.
    #[serde(default)]
    pub types_prefix: Option<Spanned<String>>,
    /// Whether it creates pgvector's extension.
    pub creates_vector: bool,
    /// Where it runs what cannot be told and may create it.
    #[serde(default)]
    pub may_create_vector: Option<Span>,
    /// Whether revisions are kept in a table of another name or schema.
    pub other_version_table: bool,
    /// `include_object` or `include_name`, which decide which tables autogenerate sees.
    #[serde(default)]
    pub filter: Option<Span>,
    /// The engine it makes.
    pub engine: Option<Spanned<EngineKind>>,
    /// Whether it changes the URL's text or parts on the way.
    pub rewrites_url: bool,
}

impl EnvironmentScript {
    /// The name that `user_module_prefix` begins with: `sqlmodel` of `sqlmodel.sql.sqltypes.`.
    pub fn types_root(&self) -> Option<&str> {
        let prefix = self.types_prefix.as_ref()?.value.split_once('.')?.0;
        let is_name = prefix.chars().all(|character| character.is_alphanumeric() || character == '_');
        (!prefix.is_empty() && is_name).then_some(prefix)
    }
}

/// What kind of engine `env.py` makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EngineKind {
    /// `engine_from_config`, `create_engine`.
    Sync,
    /// `async_engine_from_config`, `create_async_engine`.
    Async,
}

pub(super) fn read(
    files: &dyn Files,
    sources: &mut BTreeMap<String, Source>,
    environment: &Alembic,
    compose: Option<&Compose>,
    revisions: &mut Revisions,
) {
    if let Some(env) = environment.env_py.as_ref().and_then(|path| source(files, sources, path).ok()) {
        revisions.environment = of_env_py(&env);
    }
    revisions.packages = packages::read(files, environment);
    hooks::read(files, environment, revisions);
    let beside = environment.configuration.rsplit_once('/').map_or("", |(directory, _)| directory);
    let shadows = ["alembic/__init__.py", "alembic.py"].iter().filter_map(|name| join(beside, name));
    revisions.shadowed_by = shadows.into_iter().find(|path| files.is_file(path));
    revisions.created_at_start = compose.and_then(|compose| at_start(files, compose));
    revisions.created_by_recipe = by_recipe(files).and_then(|(path, range)| {
        let file = source(files, sources, &path).ok()?;
        Some(file.span(range))
    });
}

/// Where a recipe or a script creates the extension: by a statement, or by a file that `psql` or the start of a database runs.
fn by_recipe(files: &dyn Files) -> Option<(String, Range<usize>)> {
    let creates =
        |path: &&String| files.bytes(path).is_ok_and(|bytes| vector::creates(&String::from_utf8_lossy(&bytes)));
    let statements = files.list().iter().filter(|path| path.ends_with(".sql") && is_own(path));
    let names = statements.filter(creates).filter_map(|path| path.rsplit('/').next());
    let names: Vec<&str> = names.collect();
    let runs = |text: &str| {
        ["psql", INITIAL].iter().any(|word| text.contains(word)) && names.iter().any(|name| text.contains(name))
    };
    mentioned::first_line(files, |text| vector::creates(text) || runs(text))
}

fn of_env_py(env: &Source) -> EnvironmentScript {
    let (module, script) = bindings::read(env.text());
    let has_keyword = |keywords: &[&str]| {
        module
            .calls
            .iter()
            .flat_map(|call| &call.arguments)
            .any(|argument| argument.keyword.as_deref().is_some_and(|keyword| keywords.contains(&keyword)))
    };
    let imports = script.texts.iter().map(|(text, _)| text);
    let imports = imports.filter(|text| text.starts_with("import ") || text.starts_with("from "));
    let mut engines: Vec<Spanned<EngineKind>> = vec![];
    for call in &module.calls {
        let kind = match call.function() {
            "engine_from_config" | "create_engine" => EngineKind::Sync,
            "async_engine_from_config" | "create_async_engine" => EngineKind::Async,
            _ => continue,
        };
        engines.push(Spanned::new(kind, env.span(call.range.clone())));
    }
    // One of each kind: which URL goes where cannot be told.
    let engine = engines.first().filter(|first| engines.iter().all(|one| one.value == first.value)).cloned();
    let rewrites =
        |function: &str| matches!(function, "replace" | "set" | "_replace" | "removesuffix" | "sub" | "make_url");
    let only_percent = |call: &&crate::text::python::Call| {
        call.function() != "replace"
            || call.positional(0).and_then(|one| one.as_text()).is_none_or(|text| text.value != "%")
    };
    EnvironmentScript {
        rendered_imports: match (has_keyword(&["render_item"]), adds_imports(&module)) {
            (true, Adds::Literals | Adds::Nothing) => Some(imports.cloned().collect()),
            (false, Adds::Nothing) => None,
            _ => Some(vec![]),
        },
        types_prefix: types_prefix(env, &module),
        may_create_vector: None,
        creates_vector: script.texts.iter().any(|(text, _)| vector::creates(text)),
        other_version_table: has_keyword(&["version_table", "version_table_schema"]),
        filter: module
            .calls
            .iter()
            .flat_map(|call| &call.arguments)
            .find(|one| {
                one.keyword.as_deref().is_some_and(|keyword| matches!(keyword, "include_object" | "include_name"))
            })
            .map(|one| env.span(one.whole.clone())),
        engine,
        rewrites_url: module.calls.iter().filter(only_percent).any(|call| rewrites(call.function())),
    }
}

/// What a script adds to the imports of revisions.
enum Adds {
    Nothing,
    Literals,
    Unknown,
}

/// `autogen_context.imports.add(…)`, `directives[0].imports.update(…)`.
fn adds_imports(module: &Module) -> Adds {
    let adds = |call: &&Call| ["imports.add", "imports.update"].iter().any(|end| call.callee.ends_with(end));
    let mut literal =
        module.calls.iter().filter(adds).map(|call| call.positional(0).and_then(Value::as_text).is_some());
    match literal.next() {
        None => Adds::Nothing,
        Some(first) if first && literal.all(|one| one) => Adds::Literals,
        Some(_) => Adds::Unknown,
    }
}

/// The argument `user_module_prefix`, unless it is `None`.
fn types_prefix(env: &Source, module: &Module) -> Option<Spanned<String>> {
    let mut arguments = module.calls.iter().flat_map(|call| &call.arguments);
    let prefix = arguments.find(|argument| argument.keyword.as_deref() == Some("user_module_prefix"))?;
    let text = prefix.value.as_text().map_or("", |text| text.value.as_str());
    let is_none = env.text().get(prefix.range.clone()) == Some("None");
    (!is_none).then(|| Spanned::new(text.to_owned(), env.span(prefix.whole.clone())))
}

/// A script that the image of Postgres runs on an empty volume and that creates the extension.
fn at_start(files: &dyn Files, compose: &Compose) -> Option<String> {
    let root = files.root().trim_end_matches('/').to_owned();
    let mounts = compose.services.values().flat_map(|service| service.binds());
    for (_, host) in mounts.filter(|(mount, _)| is_below(&mount.target, INITIAL)) {
        let Some(path) = host.strip_prefix(&root).map(|path| path.trim_start_matches('/')) else { continue };
        let inside = files.list().iter().filter(|one| *one == path || one.starts_with(&format!("{path}/")));
        let creates =
            |one: &&String| files.bytes(one).is_ok_and(|bytes| vector::creates(&String::from_utf8_lossy(&bytes)));
        if let Some(script) = inside.into_iter().find(creates) {
            return Some(script.clone());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::files::MemoryFiles;

    #[test]
    fn recipes_that_create_the_extension_are_found_by_their_lines() {
        for (path, text, expected) in [
            ("Makefile", "db:\n\tpsql -c 'CREATE EXTENSION vector'\n", Some("psql -c 'CREATE EXTENSION vector'")),
            ("scripts/init.sh", "psql <<SQL\n  CREATE EXTENSION vector;\nSQL\n", Some("CREATE EXTENSION vector;")),
            ("bin/setup", "psql -f db/init.sql # once\n", Some("psql -f db/init.sql")),
            (
                "db.Dockerfile",
                "COPY init.sql /docker-entrypoint-initdb.d/\n",
                Some("COPY init.sql /docker-entrypoint-initdb.d/"),
            ),
            ("Makefile", "# psql -c 'CREATE EXTENSION vector'\n", None),
            ("Makefile", "db:\n\tcat init.sql\n", None),
            ("Makefile", "db:\n\tpsql -f other.sql\n", None),
            ("README.md", "CREATE EXTENSION vector\n", None),
        ] {
            let files = MemoryFiles::new([(path, text), ("db/init.sql", "create extension vector;")]);
            let found = by_recipe(&files).map(|(_, range)| &text[range]);
            assert_eq!(found, expected, "{path}: {text}");
        }
    }
}
