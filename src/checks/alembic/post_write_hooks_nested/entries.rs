//! Entries of the array of hooks that lack what Alembic asks each of them for, or that hold a list.

use super::HOOKS;
use crate::finding::Finding;
use crate::fix::Fix;
use crate::text::toml::hooks::Trouble;
use crate::text::{Source, toml};

pub(super) fn entries(source: &Source, toml: &toml::Toml) -> Vec<Finding> {
    let of_entry = |(trouble, range): (Trouble, std::ops::Range<usize>)| {
        let (subject, message, error, way) = match trouble {
            Trouble::NoName => (
                "name".to_owned(),
                "a hook has no `name`".to_owned(),
                "KeyError: 'name'".to_owned(),
                "give this hook a `name`".to_owned(),
            ),
            Trouble::List(key) => (
                key.clone(),
                format!("`{key}` of a hook is a list, where Alembic reads a string"),
                "TypeError: unsupported operand type(s) for %: 'list' and 'dict'".to_owned(),
                format!("write `{key}` as one string, its words with blanks between them"),
            ),
        };
        Finding::at(&source.span(range), format!("{}: post_write_hooks: {subject}", source.path()), message)
            .label("ends every command of alembic")
            .seen("pyproject.toml", "tool.alembic.post_write_hooks", format!("so alembic says: {error}"))
            .fix(Fix::manual(way))
    };
    toml.troubles_of_hooks(&HOOKS).into_iter().map(of_entry).collect()
}
