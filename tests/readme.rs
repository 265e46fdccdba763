//! What the README shows is true: the table of checks and the finding are written from the program itself.
//!
//! `DEVDOCTOR_WRITE=1 cargo test --test readme` writes them.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use devdoctor::checks::{self, FixKind};

fn readme() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")
}

/// Compares the part between two marks with `expected`, or writes it.
fn part(name: &str, expected: &str) {
    let text = std::fs::read_to_string(readme()).unwrap();
    let begin = text.find(&format!("<!-- {name}: ")).unwrap_or_else(|| panic!("README.md has no part `{name}`"));
    let begin = begin + text[begin..].find('\n').unwrap() + 1;
    let end = begin + text[begin..].find(&format!("<!-- end of {name} -->")).unwrap();
    if std::env::var_os("DEVDOCTOR_WRITE").is_some() {
        std::fs::write(readme(), format!("{}{expected}{}", &text[..begin], &text[end..])).unwrap();
    } else {
        assert_eq!(&text[begin..end], expected, "write it with DEVDOCTOR_WRITE=1 cargo test --test readme");
    }
}

#[test]
fn the_table_of_checks_is_fresh_and_the_finding_is_real() {
    let mut table = String::from("| check | severity | sees | looks at | fix |\n|---|---|---|---|---|\n");
    for check in checks::all() {
        let words = check.words();
        let needs: Vec<String> = words.needs.iter().map(ToString::to_string).collect();
        let fix = match words.fix {
            FixKind::Safe => "safe",
            FixKind::Unsafe => "unsafe",
            FixKind::Manual => "by hand",
        };
        table.push_str(&format!(
            "| `{}` | {} | {} | {} | {fix} |\n",
            words.id,
            words.severity,
            words.title,
            needs.join(", ")
        ));
    }
    part("checks", &table);
    part("finding", &format!("```console\n{}```\n", session()));
}

/// `check --offline` and the patch of `fix` on the bundled story, as they look in a terminal.
fn session() -> String {
    let project = tempfile::tempdir().unwrap();
    let shop = project.path().join("shop");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/stories/day"), &shop);
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_devdoctor"))
            .args(arguments)
            .current_dir(&shop)
            .env_clear()
            .env("HOME", project.path())
            .env("COLUMNS", "100")
            .output()
            .unwrap();
        assert_ne!(output.status.code(), Some(2), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let mut session = String::new();
    for arguments in [&["check", "--offline"][..], &["fix", "--offline", "--dry-run"]] {
        let shown = run(arguments).lines().filter(|line| !line.contains("you are ")).collect::<Vec<_>>().join("\n");
        session.push_str(&format!("$ devdoctor {}\n{}\n\n", arguments.join(" "), shown.trim()));
    }
    format!("{}\n", session.trim_end())
}

/// Copies a folder. Under root the copy is an ordinary user's: in root's own project nothing of root's is out of place.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to)
        } else {
            std::fs::copy(&from, &to).map(|_| ()).unwrap()
        }
        if std::fs::metadata(&to).unwrap().uid() == 0 {
            chown(&to, Some(4242), Some(4242)).unwrap();
        }
    }
    if std::fs::metadata(to).unwrap().uid() == 0 {
        chown(to, Some(4242), Some(4242)).unwrap();
    }
}
