//! Whose a file of the tree is, by its path alone: the project's own, its tests', or somebody else's that was installed there.

/// Whether a path is of something that was only installed, and not written for the project.
pub fn is_installed(path: &str) -> bool {
    let holds_others =
        |folder: &str| matches!(folder, "node_modules" | "site-packages" | "venv" | ".venv" | ".tox" | ".git");
    path.split('/').any(holds_others)
}

/// Whether a path is of tests: they make databases and processes of their own, so that what they say holds for nothing else.
pub fn is_of_tests(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    folders.split('/').any(|folder| matches!(folder, "tests" | "test" | "testing"))
        || matches!(name, "conftest.py" | "tests.py")
        || name.starts_with("test_")
        || name.ends_with("_test.py")
}

/// Whether a path is of the project's own program, and not of a test, a page or an example, whose texts lead nowhere.
pub fn is_own(path: &str) -> bool {
    let is_shown = |folder: &str| matches!(folder, "docs" | "examples");
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    !is_installed(path) && !is_of_tests(path) && !folders.split('/').any(is_shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_tell_whose_a_file_is() {
        for (path, installed, tests, own) in [
            ("app/models.py", false, false, true),
            ("backend/.venv/lib/python3.12/site-packages/alembic/op.py", true, false, false),
            ("web/node_modules/a/index.js", true, false, false),
            ("tests/app/models.py", false, true, false),
            ("app/models_test.py", false, true, false),
            ("lab_tests/models.py", false, false, true),
            ("app/tests.py", false, true, false),
            ("app/conftest.py", false, true, false),
            ("app/testimonials/models.py", false, false, true),
            ("app/contest.py", false, false, true),
            ("examples/app.py", false, false, false),
            ("docs.py", false, false, true),
            ("", false, false, true),
        ] {
            assert_eq!((is_installed(path), is_of_tests(path), is_own(path)), (installed, tests, own), "{path}");
        }
    }
}
