//! Lists of requirements for pip, by the names that developers give them, and the lists that these include.

use std::collections::BTreeSet;

use super::files::{Files, inside as join};

/// How many lists are followed from one.
const MOST: usize = 50;

/// Whether a file of this path is a list: `requirements.txt`, `requirements-dev.in`, `dev-requirements.txt`, `requirements/base.txt`.
pub fn is_list(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let in_folder = folders.rsplit('/').next() == Some("requirements");
    let stem = name.strip_suffix(".txt").or_else(|| name.strip_suffix(".in"));
    stem.is_some_and(|stem| in_folder || stem.starts_with("requirements") || stem.ends_with("requirements"))
}

/// A list, or what only says which version is taken of what others ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// Path relative to the root.
    pub path: String,
    /// What it says.
    pub text: String,
    /// Whether it is only named as constraints, which install nothing.
    pub constrains: bool,
}

/// A list with all that it includes, in the order in which pip reads them.
pub fn with_included(files: &dyn Files, path: &str) -> Vec<List> {
    let mut found: Vec<List> = vec![];
    let mut seen = BTreeSet::new();
    let mut waiting = vec![(path.to_owned(), false)];
    while let Some((path, constrains)) = waiting.pop() {
        if found.len() >= MOST || !seen.insert(path.clone()) {
            continue;
        }
        let Ok(bytes) = files.bytes(&path) else { continue };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let further =
            text.lines().filter_map(included).filter_map(|(target, only)| Some((join(folder, target)?, only)));
        let further: Vec<_> = further.map(|(target, only)| (target, only || constrains)).collect();
        waiting.extend(further.into_iter().rev());
        found.push(List { path, text, constrains });
    }
    found
}

/// The list that a line includes, and whether only as constraints.
fn included(line: &str) -> Option<(&str, bool)> {
    let line = line.split(" #").next().unwrap_or(line).trim();
    let after = |names: [&str; 2]| {
        let rest = names.iter().find_map(|name| line.strip_prefix(name))?;
        Some(rest.trim_start_matches(['=', ' ', '\t'])).filter(|path| !path.is_empty() && !path.contains("://"))
    };
    let required = after(["--requirement", "-r"]).map(|path| (path, false));
    required.or_else(|| after(["--constraint", "-c"]).map(|path| (path, true)))
}

/// The version that a list pins a package to, by a name in lower case with dashes.
pub fn pinned(text: &str, package: &str) -> Option<String> {
    let found = text.lines().find_map(|line| {
        let (name, version) = line.trim().split_once("==")?;
        let name = name.split('[').next().unwrap_or(name).trim().to_ascii_lowercase().replace(['_', '.'], "-");
        let version = version.trim_start_matches('=').trim().split([' ', ';', '#', ',', '\\']).next()?;
        (name == package).then_some(version)
    });
    found.filter(|version| !version.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::files::MemoryFiles;

    #[test]
    fn lists_are_known_by_the_names_that_developers_give_them() {
        let names = "requirements.txt requirements-dev.txt requirements_test.txt requirements.in dev-requirements.txt \
                     backend/requirements/base.txt requirements/dev.in";
        assert!(names.split(' ').all(is_list));
        assert!(
            !["requirements.md", "notes.txt", "constraints.txt", "requirements/README.md"].into_iter().any(is_list)
        );
    }

    #[test]
    fn what_is_included_is_read_once_and_constraints_are_told_apart() {
        let files = MemoryFiles::new([
            (
                "requirements/dev.txt",
                "-r base.txt\n--requirement=./base.txt # twice\r\n-c ../pins\n-r https://x/y.txt\nruff\n",
            ),
            ("requirements/base.txt", "-r dev.txt\n-r gone.txt\nalembic == 1.16.1 ; x\n-r ../../outside.txt\n"),
            ("pins", "-r more\nSQLAlchemy===2.0.41 \\\n  --hash=sha256:00\n"),
            ("more", "zope_x.y==1\n"),
        ]);
        let lists = with_included(&files, "requirements/dev.txt");
        let told: Vec<_> = lists.iter().map(|list| (list.path.as_str(), list.constrains)).collect();
        let expected =
            [("requirements/dev.txt", false), ("requirements/base.txt", false), ("pins", true), ("more", true)];
        assert_eq!(told, expected);
        let pin = |package: &str| lists.iter().find_map(|list| pinned(&list.text, package));
        assert_eq!(pin("alembic").as_deref(), Some("1.16.1"));
        assert_eq!(pin("sqlalchemy").as_deref(), Some("2.0.41"));
        assert_eq!(pin("zope-x-y").as_deref(), Some("1"));
        assert_eq!(pin("ruff"), None);
    }
}
