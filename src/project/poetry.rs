//! What `poetry.toml` says of environments and the cache. Its text is not kept, since it may hold logins.

use serde::{Deserialize, Serialize};

use super::files::Files;
use crate::text::toml;

/// The settings of Poetry that a project makes for everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoetrySettings {
    /// `virtualenvs.create`: whether to make environments.
    pub create: Option<bool>,
    /// `virtualenvs.in-project`: whether to make them in the project.
    pub in_project: Option<bool>,
    /// Whether `virtualenvs.path` puts them elsewhere.
    pub path: bool,
    /// Whether `cache-dir` moves the cache.
    pub cache: bool,
}

/// Reads the project's `poetry.toml`, the topmost when there are several. One that is broken says nothing: Poetry refuses it.
pub fn read(files: &dyn Files) -> PoetrySettings {
    let all = files.list().iter().filter(|path| path.rsplit('/').next() == Some("poetry.toml"));
    let topmost = all.min_by_key(|path| (path.matches('/').count(), path.as_str()));
    let text = topmost.and_then(|path| files.bytes(path).ok());
    let text = text.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    toml::parse(&text).map(|tree| understood(&tree)).unwrap_or_default()
}

fn understood(tree: &toml::Toml) -> PoetrySettings {
    let truth = |key: &str| tree.has(&["virtualenvs", key]).then(|| tree.flag(&["virtualenvs", key]));
    PoetrySettings {
        create: truth("create"),
        in_project: truth("in-project"),
        path: tree.has(&["virtualenvs", "path"]),
        cache: tree.has(&["cache-dir"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::files::MemoryFiles;

    #[test]
    fn the_settings_of_a_project_are_read_and_nothing_else() {
        for (text, expected) in [
            ("", PoetrySettings::default()),
            (
                "[virtualenvs]\nin-project = true\n",
                PoetrySettings { in_project: Some(true), ..PoetrySettings::default() },
            ),
            ("virtualenvs.create = false\r\n", PoetrySettings { create: Some(false), ..PoetrySettings::default() }),
            (
                "cache-dir = \"/c\"\n[virtualenvs]\npath = \"{cache-dir}/v\"\n",
                PoetrySettings { path: true, cache: true, ..PoetrySettings::default() },
            ),
            ("[virtualenvs\nin-project = true", PoetrySettings::default()),
        ] {
            let given = [("poetry.toml", text), ("sub/poetry.toml", "[virtualenvs]\ncreate = true\n")];
            let files = MemoryFiles::at("/p", given.map(|(path, text)| (path.to_owned(), text.to_owned())));
            assert_eq!(read(&files), expected, "{text:?}");
        }
    }
}
