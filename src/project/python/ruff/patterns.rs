//! Which files the patterns in Ruff's configuration mean, read by the crate that Ruff itself reads them with.

use globset::{Glob, GlobMatcher};

/// Where the folder of a configuration is taken to be: Ruff matches whole paths, so that a leading `*` holds all folders.
const FOLDER: &str = "/project/";

/// Whether one of the patterns is for a path, relative to the configuration's folder: for its name, or for all of it.
fn is_one(patterns: &[String], path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let whole = format!("{FOLDER}{path}");
    patterns.iter().any(|pattern| {
        let as_written = compiled(pattern);
        let from_folder = compiled(&format!("{FOLDER}{}", plain(pattern)));
        as_written.is_some_and(|pattern| pattern.is_match(name) || pattern.is_match(&whole))
            || from_folder.is_some_and(|pattern| pattern.is_match(&whole))
    })
}

/// Whether `exclude` or `extend-exclude` leaves out a file or a folder that it is in.
pub(super) fn leaves_out(patterns: &[String], path: &str) -> bool {
    let folders = path.match_indices('/').filter_map(|(at, _)| path.get(..at));
    folders.chain([path]).any(|part| is_one(patterns, part))
}

/// Whether `lint.exclude` leaves out a file. The name of a folder leaves out none of the files in it.
pub(super) fn leaves_out_of_linting(patterns: &[String], path: &str) -> bool {
    is_one(patterns, path)
}

/// Whether a key of `per-file-ignores` is for a file: its name as it is written, or its path; `!` for all others.
pub(super) fn is_for(pattern: &str, path: &str) -> bool {
    if let Some(pattern) = pattern.strip_prefix('!') {
        return !is_for(pattern, path);
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    let from_folder = compiled(&format!("{FOLDER}{}", plain(pattern)));
    compiled(pattern).is_some_and(|pattern| pattern.is_match(name))
        || from_folder.is_some_and(|pattern| pattern.is_match(format!("{FOLDER}{path}")))
}

/// A pattern as a path from the configuration's folder.
fn plain(pattern: &str) -> &str {
    pattern.trim_start_matches("./").trim_end_matches('/')
}

/// `None` for what is no pattern: Ruff does not start with it.
fn compiled(pattern: &str) -> Option<GlobMatcher> {
    Some(Glob::new(pattern).ok()?.compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pattern, and whether it leaves `migrations/env.py` out of everything, of linting, and out of one rule: as Ruff 0.11.13 and
    /// 0.17.6 do.
    const PATTERNS: [(&str, [bool; 3]); 15] = [
        ("migrations", [true, false, false]),
        ("migrations/", [true, false, false]),
        ("./migrations", [true, false, false]),
        ("migrations/env.py", [true, true, true]),
        ("./migrations/env.py", [true, true, true]),
        ("migrations/*", [true, true, true]),
        ("migrations/**", [true, true, true]),
        ("**/env.py", [true, true, true]),
        ("*/env.py", [true, true, true]),
        ("env.py", [true, true, true]),
        ("e?v.{py,pyi}", [true, true, true]),
        ("[de]nv.py", [true, true, true]),
        ("*.py", [true, true, true]),
        ("app", [false, false, false]),
        ("igrations/env.py", [false, false, false]),
    ];

    #[test]
    fn patterns_mean_names_and_paths() {
        for (pattern, meant) in PATTERNS {
            let path = "migrations/env.py";
            let list = [pattern.to_owned()];
            let found = [leaves_out(&list, path), leaves_out_of_linting(&list, path), is_for(pattern, path)];
            assert_eq!(found, meant, "{pattern}");
        }
        assert!(is_for("!app/*", "migrations/env.py") && !is_for("!migrations/*", "migrations/env.py"));
        assert!(!is_for("[", "migrations/env.py") && !leaves_out(&["{a".into()], "a"));
    }
}
