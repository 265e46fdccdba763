//! Paths as texts: relative to the project's root where they lie in it, absolute or with `../` in front elsewhere.

/// `path` as seen from `directory`, `.` and `..` resolved by text.
pub(super) fn join(directory: &str, path: &str) -> String {
    if path.starts_with('/') || directory.is_empty() {
        return normal(path);
    }
    normal(&format!("{directory}/{path}"))
}

/// The directory that a path lies in.
pub(super) fn parent(path: &str) -> String {
    match path.rsplit_once('/') {
        Some(("", _)) => "/".to_owned(),
        Some((directory, _)) => directory.to_owned(),
        None => String::new(),
    }
}

/// Takes `.`, `..` and empty parts out of a path. The directory itself is the empty text.
pub(super) fn normal(path: &str) -> String {
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = vec![];
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if absolute => {}
            _ => parts.push(part),
        }
    }
    format!("{}{}", if absolute { "/" } else { "" }, parts.join("/"))
}

/// The absolute path of one that is relative to the root.
pub(super) fn absolute(root: &str, path: &str) -> String {
    if path.starts_with('/') { normal(path) } else { normal(&format!("{root}/{path}")) }
}

/// An absolute path as relative to the root, when it lies in it.
pub(super) fn relative(root: &str, path: &str) -> String {
    let root = root.trim_end_matches('/');
    match path.strip_prefix(root) {
        Some("") if path.starts_with('/') => String::new(),
        Some(rest) if rest.starts_with('/') => normal(rest.trim_start_matches('/')),
        _ => path.to_owned(),
    }
}

/// A leading `~` replaced by the home directory.
pub(super) fn at_home(path: &str, home: Option<&str>) -> String {
    match (path.strip_prefix('~'), home) {
        (Some(rest), Some(home)) => normal(&format!("{home}/{rest}")),
        _ => path.to_owned(),
    }
}

/// Whether a path leads out of the project's root.
pub(super) fn is_outside(path: &str) -> bool {
    path.starts_with('/') || path == ".." || path.starts_with("../")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_joined_by_text() {
        for (directory, path, expected) in [
            ("", "./a/", "a"),
            ("", ".", ""),
            ("docker", "..", ""),
            ("docker", "../../x", "../x"),
            ("docker", "/a/../b", "/b"),
            ("/abs", "../../x", "/x"),
            ("..", "../a", "../../a"),
        ] {
            assert_eq!(join(directory, path), expected, "{directory} {path}");
        }
        assert_eq!(absolute("/project", "../x"), "/x");
        assert_eq!(
            (relative("/p", "/p/a"), relative("/p", "/pa"), relative("/p", "/p")),
            ("a".into(), "/pa".into(), String::new())
        );
        assert_eq!(at_home("~/x", Some("/home/me")), "/home/me/x");
        assert_eq!((parent("a/b"), parent("b"), parent("/b")), ("a".into(), String::new(), "/".into()));
    }
}
