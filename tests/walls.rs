//! The walls between the rooms: who may use what. `src/lib.rs` has the map.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn sources(directory: &Path) -> Vec<(String, String)> {
    let mut found = vec![];
    let mut open = vec![directory.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(&directory).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().to_str().unwrap().to_owned();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "there are sources");
    found
}

fn src() -> Vec<(String, String)> {
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

/// Lines of a file that are neither comments nor in its test module.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let tests = text.find("#[cfg(test)]").unwrap_or(text.len());
    text[..tests]
        .lines()
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn assert_only_in(word: &str, rooms: &[&str]) {
    let mut strays = vec![];
    for (name, text) in src() {
        let is_test = name.ends_with("/tests.rs");
        if is_test || rooms.iter().any(|room| name.starts_with(room)) {
            continue;
        }
        strays.extend(code(&text).filter(|(_, line)| line.contains(word)).map(|(line, _)| format!("{name}:{line}")));
    }
    assert!(strays.is_empty(), "`{word}` belongs to {rooms:?} alone, and stands in {strays:#?}");
}

#[test]
fn the_engine_is_spoken_to_by_its_probe_by_apply_and_by_sessions() {
    assert_only_in("bollard", &["src/probe/docker", "src/fix/apply", "src/exec/session"]);
}

#[test]
fn databases_are_spoken_to_by_their_probe_and_by_apply() {
    assert_only_in("sqlx", &["src/probe/postgres", "src/fix/apply"]);
}

#[test]
fn the_kernel_is_asked_by_probes_by_apply_and_by_sessions() {
    assert_only_in("use nix::", &["src/probe", "src/fix/apply", "src/exec/session"]);
    assert_only_in(" nix::", &["src/probe", "src/fix/apply", "src/exec/session"]);
    assert_only_in("std::fs", &["src/probe", "src/fix/apply", "src/exec/session/signals.rs"]);
    assert_only_in("std::env::", &["src/probe", "src/fix/apply"]);
    assert_only_in("std::process::Command", &["src/probe", "src/fix/apply"]);
    assert_only_in("Instant::now", &["src/probe", "src/fix/apply", "src/exec/session", "src/run/gather.rs"]);
    assert_only_in("SystemTime", &["src/probe", "src/fix/apply", "src/run"]);
}

#[test]
fn nothing_but_run_knows_the_probes_and_the_writer() {
    assert_only_in("crate::probe", &["src/probe", "src/run", "src/fix/apply", "src/exec/session"]);
    assert_only_in("fix::apply", &["src/fix/apply", "src/run", "src/error.rs"]);
}

#[test]
fn checks_are_plain_functions_over_facts() {
    for (name, text) in src().into_iter().filter(|(name, _)| name.starts_with("src/checks/")) {
        for (line, code) in code(&text) {
            for word in ["async ", ".await", "crate::run", "crate::report", "tokio", "impl Check for", "dyn Check"] {
                assert!(!code.contains(word), "{name}:{line}: `{word}` has no place in a check");
            }
        }
    }
}

#[test]
fn texts_know_nothing_but_texts() {
    for (name, text) in src().into_iter().filter(|(name, _)| name.starts_with("src/text/")) {
        for (line, code) in code(&text) {
            assert!(!code.contains("crate::") || code.contains("crate::text"), "{name}:{line}: {code}");
        }
    }
}

fn assert_at_most(lines: usize, name: &str, text: &str) {
    let has = text.lines().count();
    assert!(has <= lines, "{name} has {has} lines, {lines} at most: split it along its meaning");
}

#[test]
fn files_are_small_and_open_with_a_sentence() {
    for folder in ["src", "tests", "benches"] {
        for (name, text) in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join(folder)) {
            assert_at_most(400, &name, &text);
            assert!(text.starts_with("//! "), "{name} opens with no sentence");
        }
    }
}

#[test]
fn checks_are_smaller_and_so_is_what_they_share() {
    let files: BTreeMap<String, String> =
        src().into_iter().filter(|(name, _)| name.starts_with("src/checks/")).collect();
    let mut checks = BTreeSet::new();
    for (table, text) in files.iter().filter(|(name, _)| name.ends_with("/mod.rs") && *name != "src/checks/mod.rs") {
        let family = table.trim_end_matches("/mod.rs");
        for registered in text.split("check!(\"").skip(1) {
            let module = registered.split([',', ')']).nth(1).unwrap().trim().split("::").next().unwrap();
            checks.insert(format!("{family}/{module}.rs"));
        }
    }
    assert!(checks.len() > 50, "the tables are read: {checks:?}");
    for (name, text) in &files {
        let most = match () {
            () if checks.contains(name) => 120,
            () if name.ends_with("tests.rs") => 400,
            () => 210,
        };
        assert_at_most(most, name, text);
    }
    let absent: Vec<&String> = checks.iter().filter(|name| !files.contains_key(*name)).collect();
    assert!(absent.is_empty(), "checks have a file each: {absent:?}");
}

#[test]
fn nothing_is_left_open() {
    for (name, text) in src() {
        for word in ["todo!(", "unimplemented!(", "TODO", "FIXME", "XXX", "dbg!("] {
            assert!(!text.contains(word), "{name} holds `{word}`");
        }
        for (line, code) in code(&text).filter(|_| !name.ends_with("tests.rs")) {
            assert!(!code.contains(".unwrap()"), "{name}:{line}: unwrap outside tests");
        }
    }
}
