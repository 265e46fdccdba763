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

/// Reads the project's `poetry.toml`. Of several, each may be that of the service which is asked about: what one of them puts
/// elsewhere counts as elsewhere, and for the rest the topmost decides. One that is broken says nothing: Poetry refuses it.
pub fn read(files: &dyn Files) -> PoetrySettings {
    let all = files.list().iter().filter(|path| path.rsplit('/').next() == Some("poetry.toml"));
    let mut all: Vec<&String> = all.collect();
    all.sort_by_key(|path| (path.matches('/').count(), path.as_str()));
    let mut settings = all.into_iter().filter_map(|path| {
        let text = String::from_utf8_lossy(&files.bytes(path).ok()?).into_owned();
        Some(toml::parse(&text).map(|tree| understood(&tree)).unwrap_or_default())
    });
    let topmost = settings.next().unwrap_or_default();
    settings.fold(topmost, |one, other| PoetrySettings {
        create: if other.create == Some(false) { other.create } else { one.create },
        in_project: if other.in_project == Some(true) { other.in_project } else { one.in_project },
        path: one.path || other.path,
        cache: one.cache || other.cache,
    })
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

    #[test]
    fn of_several_whatever_is_put_elsewhere_is_elsewhere() {
        for (first, second, expected) in [
            ("[installer]\nparallel = true\n", "in-project = true", (None, Some(true))),
            ("[virtualenvs]\nin-project = true\n", "in-project = false", (None, Some(true))),
            ("[virtualenvs]\ncreate = true\n", "create = false", (Some(false), None)),
        ] {
            let second = format!("[virtualenvs]\n{second}\n");
            let files = MemoryFiles::at("/p", [("agent/poetry.toml", first), ("backend/poetry.toml", &second)]);
            let read = read(&files);
            assert_eq!((read.create, read.in_project), expected, "{first:?} {second:?}");
        }
    }
}
