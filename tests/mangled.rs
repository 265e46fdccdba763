//! Projects as they are in the midst of work: whole fixtures whose files were cut off, doubled, re-indented and mistyped at random.
//!
//! Whatever a project has become, looking ends with a report in which no check crashed, every repair that is offered leaves
//! nothing broken that was not broken before, and undo brings every byte back. `DEVDOCTOR_TEST_SEED` repeats one case,
//! `DEVDOCTOR_TEST_CASES` runs more of them.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, makes the files that they look at, and fails by panicking"
)]

mod support;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use support::fixtures;
use support::person::Person;
use support::project::Project;
use support::random::Random;
use support::tree::Compared;

/// What a slip of the finger, an editor or a merge leaves in a file.
const SLIPS: [&str; 36] = [
    "\"",
    "'",
    "'''",
    "\"\"\"",
    "`",
    "$",
    "${",
    "}",
    "{",
    "(",
    ")",
    "[",
    "]",
    ":",
    ": ",
    "#",
    "%",
    "%%",
    "\\",
    "\\\n",
    "\n",
    "\r\n",
    "\t",
    "  ",
    "@",
    "&a ",
    "*a",
    "- ",
    "|\n",
    "<<<<<<< HEAD\n",
    "=======\n",
    "\u{feff}",
    "\u{e9}",
    "\u{1f980}",
    "\0",
    "\u{1b}[31m",
];

/// Changes a file's text in one way.
fn mangle(random: &mut Random, text: &str, other: &str) -> Vec<u8> {
    let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
    let (first, second) = (random.below(lines.len()), random.below(lines.len()));
    let at = (0..=random.below(text.len() + 1)).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    match random.below(14) {
        0 => text[..at].into(),
        1 => text[at..].into(),
        2 if !lines.is_empty() => {
            lines.remove(first);
            lines.concat().into()
        }
        3 if !lines.is_empty() => {
            lines.insert(second, lines[first]);
            lines.concat().into()
        }
        4 if !lines.is_empty() => {
            lines.swap(first, second);
            lines.concat().into()
        }
        5 => text.replace('\n', "\r\n").into(),
        6 => text.replace("    ", "\t").into(),
        7 => text.replace('\n', "\r").into(),
        8 => format!("\u{feff}{text}").into(),
        9 => text.chars().enumerate().filter(|(nth, _)| *nth != at).map(|(_, char)| char).collect::<String>().into(),
        10 if !lines.is_empty() => {
            let indented = format!(" {}", lines[first]);
            lines[first] = &indented;
            lines.concat().into()
        }
        11 => {
            let mut bytes = text.as_bytes().to_vec();
            bytes.insert(at, *random.one_of(&[0xff, 0xc3, 0x80, 0x00]));
            bytes
        }
        12 => format!("{}{other}{}", &text[..at], &text[at..]).into(),
        _ => format!("{}{}{}", &text[..at], random.one_of(&SLIPS), &text[at..]).into(),
    }
}

/// All files below a folder, in the same order everywhere.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    entries.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Fixtures with files of all kinds.
fn originals() -> Vec<String> {
    let shapes = std::fs::read_dir(fixtures().join("silence/shapes")).unwrap();
    let mut names: Vec<String> = shapes
        .map(|entry| format!("silence/shapes/{}", entry.unwrap().file_name().into_string().unwrap()))
        .chain(
            ["stories/day", "stories/day", "stories/day", "healthy", "healthy", "stories/url-placeholder"]
                .map(str::to_owned),
        )
        .collect();
    names.sort();
    names
}

/// One project, mangled in a few places, looked at, repaired, taken back.
fn case(seed: u64) {
    let mut random = Random(seed);
    let originals = originals();
    let fixture = random.one_of(&originals);
    let project = Project::from_fixture(fixture, Person::Tester);
    let files = files(&project.root);
    for _ in 0..=random.below(4) {
        let (path, other) = (random.one_of(&files), random.one_of(&files));
        let text = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
        let mangled = mangle(&mut random, &text(path), &text(other));
        std::fs::write(path, mangled).unwrap();
    }
    let about = format!("seed {seed}, from {fixture}");
    let before = project.tree();
    let started = Instant::now();
    let looked = project.devdoctor(&["check", "--offline", "--format", "json"]);
    assert!(started.elapsed() < Duration::from_secs(20), "{about}: took {:?}", started.elapsed());
    // Nothing may be left that marks a project, such as when its one Compose file is empty.
    assert!(matches!(looked.status, 0..=2), "{about}: {looked}");
    if looked.status == 2 {
        assert!(looked.err.starts_with("error: no project found here"), "{about}: {looked}");
        return;
    }
    let report = looked.report();
    assert_eq!(report.with_outcome("crashed"), Vec::<String>::new(), "{about}: {looked}");
    before.assert_same(&project.tree(), Compared::Everything);

    let repaired = project.devdoctor(&["fix", "--offline", "--yes", "--unsafe"]);
    assert!(matches!(repaired.status, 0 | 1), "{about}: {repaired}");
    assert!(!repaired.all().contains("crashed"), "{about}: {repaired}");
    for bad in ["a fix made something new", "failed: "] {
        assert!(!repaired.out.contains(bad), "{about}: {repaired}");
    }
    let unreadable = |report: &support::answer::Report| {
        ["compose-unreadable", "files-unreadable"].map(|id| report.of(id).len()).iter().sum::<usize>()
    };
    let after = project.devdoctor(&["check", "--offline", "--format", "json"]).report();
    assert!(unreadable(&after) <= unreadable(&report), "{about}: a repair broke a file: {repaired}\n{:#}", after.0);
    if repaired.out.contains("done: ") {
        let undone = project.devdoctor(&["undo"]);
        assert_eq!(undone.status, 0, "{about}: {undone}");
    }
    let now = project.tree();
    let same = std::panic::catch_unwind(|| before.assert_same(&now, Compared::Content));
    assert!(same.is_ok(), "{about}: undo did not bring the project back: {repaired}");
}

#[test]
fn a_mangled_project_is_judged_and_repaired_and_taken_back_whatever_it_has_become() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    if let Some(seed) = number("DEVDOCTOR_TEST_SEED") {
        return case(seed);
    }
    for seed in 0..number("DEVDOCTOR_TEST_CASES").unwrap_or(60) {
        case(seed);
    }
}
