//! Package stores and caches that landed in the project and that git would take in, known by what is in them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::files::Files;

/// A store in the project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Store {
    /// Whose it is.
    pub tool: String,
    /// How many of its files git does not ignore.
    pub files: u64,
}

/// What shows a store: the folder in it that no person makes, and how many of the parts of the path before it are the store.
/// uv, ruff, mypy and pytest put a `.gitignore` into their caches themselves; Yarn's `.yarn/cache` is committed on purpose.
const SIGNS: [(&str, &str); 9] = [
    ("pnpm", "/.pnpm-store/"),
    ("npm", "/_cacache/content-v2/"),
    ("npm", "/_cacache/index-v5/"),
    ("yarn", "/.cache/yarn/v6/"),
    ("go", "/pkg/mod/cache/download/"),
    ("cargo", "/registry/cache/index.crates.io-"),
    ("pip", "/pip/http-v2/"),
    ("huggingface", "/huggingface/hub/models--"),
    ("playwright", "/ms-playwright/chromium"),
];

/// The stores among the files that git does not ignore.
pub fn read(files: &dyn Files) -> BTreeMap<String, Store> {
    let mut found: BTreeMap<String, Store> = BTreeMap::new();
    // The list is sorted: what a folder is, is asked once for all that is in it.
    let mut last = ("", None);
    for path in files.list() {
        let (parent, _) = path.rsplit_once('/').unwrap_or_default();
        if last.0 != parent {
            last = (parent, store_of(path));
        }
        let Some((tool, folder)) = last.1.clone() else { continue };
        found.entry(folder).or_insert_with(|| Store { tool: tool.to_owned(), files: 0 }).files += 1;
    }
    found
}

fn store_of(path: &str) -> Option<(&'static str, String)> {
    let rooted = format!("/{path}");
    SIGNS.iter().find_map(|(tool, sign)| {
        let at = rooted.find(sign)?;
        // The folder that holds it: the part where the sign begins, and where that is a folder of the tool's own, its home.
        let first = sign.get(1..)?.split('/').next().unwrap_or_default();
        let end = match *tool {
            "npm" => at,
            "go" => at + "/pkg/mod".len(),
            _ => at + 1 + first.len(),
        };
        let folder = rooted.get(1..end).filter(|folder| !folder.is_empty()).unwrap_or(first);
        Some((*tool, folder.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::super::files::MemoryFiles;
    use super::*;

    #[test]
    fn stores_are_known_by_what_is_in_them() {
        for (path, expected) in [
            (".pnpm-store/v10/files/00/ab", Some(("pnpm", ".pnpm-store"))),
            ("web/.pnpm-store/v3/files/00/ab", Some(("pnpm", "web/.pnpm-store"))),
            (".npm/_cacache/content-v2/sha512/aa/bb/cc", Some(("npm", ".npm"))),
            ("_cacache/index-v5/aa/bb", Some(("npm", "_cacache"))),
            (".cache/pip/http-v2/a/b", Some(("pip", ".cache/pip"))),
            ("go/pkg/mod/cache/download/x/@v/list", Some(("go", "go/pkg/mod"))),
            (".cargo/registry/cache/index.crates.io-6f17d22bba15001f/itoa.crate", Some(("cargo", ".cargo/registry"))),
            (".yarn/cache/left-pad-npm-1.3.0.zip", None),
            ("pkg/mod/main.go", None),
            ("pip/http.py", None),
            ("", None),
        ] {
            let expected = expected.map(|(tool, folder)| (tool, folder.to_owned()));
            assert_eq!(store_of(path), expected, "{path}");
        }
        let files = MemoryFiles::new([(".pnpm-store/v10/a", ""), (".pnpm-store/v10/b", ""), ("a.py", "")]);
        assert_eq!(read(&files)[".pnpm-store"].files, 2);
    }
}
