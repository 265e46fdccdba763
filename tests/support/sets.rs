//! The sets of real Python tools: the newest, and those of the middle of 2025.

use std::path::{Path, PathBuf};
use std::process::Command;

use devdoctor::text::Version;

use super::variable;

/// The variables that name their environments.
pub const SETS: [&str; 2] = ["DEVDOCTOR_TEST_VENV", "DEVDOCTOR_TEST_VENV_2025"];

/// The version of a package in a set.
pub fn version(set: &str, package: &str) -> String {
    let begin = format!("{package}-");
    let found: Vec<String> = site_packages(set)
        .read_dir()
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| Some(name.strip_prefix(&begin)?.strip_suffix(".dist-info")?.to_owned()))
        .collect();
    assert_eq!(found.len(), 1, "{package} of {set}: {found:?}");
    found[0].clone()
}

/// Whether a set has this version of a package, or a newer one.
pub fn has(set: &str, package: &str, wanted: Version) -> bool {
    Version::parse(&version(set, package)).unwrap() >= wanted
}

/// The Python that a set is made of, which has none of its packages.
pub fn bare_python(set: &str) -> PathBuf {
    std::fs::canonicalize(format!("{}/bin/python", variable(set))).unwrap()
}

/// Puts links to the packages of a set into a folder, for `PYTHONPATH`; without those that a shell pattern names.
pub fn packages_without(set: &str, pattern: &str, into: &Path) {
    let take =
        format!("for one in \"$1\"/*; do case ${{one##*/}} in {pattern}) ;; *) ln -s \"$one\" \"$2\"/;; esac; done");
    let mut command = Command::new("sh");
    command.args(["-c", &take, "sh"]).arg(site_packages(set)).arg(into);
    assert!(command.status().unwrap().success());
}

fn site_packages(set: &str) -> PathBuf {
    let folders = Path::new(&variable(set)).join("lib").read_dir().unwrap().map(|entry| entry.unwrap().path());
    let found: Vec<PathBuf> = folders.map(|folder| folder.join("site-packages")).filter(|it| it.is_dir()).collect();
    assert_eq!(found.len(), 1, "{set}: {found:?}");
    found[0].clone()
}
