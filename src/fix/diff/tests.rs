//! Tests of the diff: what the real git makes of it, and that no password is in it.

use proptest::prelude::*;

use super::*;

fn change(path: &str, before: &str, after: &str) -> FileChange {
    FileChange { path: path.into(), before: before.into(), after: after.into() }
}

#[test]
fn a_patch_has_three_lines_of_context() {
    let before = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
    let text = file_patch(&change("a", before, &before.replace('5', "five")));
    assert_eq!(text, "--- a/a\n+++ b/a\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+five\n 6\n 7\n 8\n");
}

/// What the real git makes of a patch, in an empty folder.
#[expect(clippy::disallowed_methods, reason = "the test asks git")]
fn applied(path: &str, before: &str, patch: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join(path), before).unwrap();
    std::fs::write(folder.path().join("the.patch"), patch).unwrap();
    let git = std::process::Command::new("git")
        .args(["apply", "the.patch"])
        .current_dir(folder.path())
        .env("GIT_CEILING_DIRECTORIES", folder.path().parent().unwrap())
        .output()
        .unwrap();
    assert!(git.status.success(), "{}\n{patch}", String::from_utf8_lossy(&git.stderr));
    std::fs::read_to_string(folder.path().join(path)).unwrap()
}

#[test]
fn only_a_changed_line_with_a_password_is_left_out_of_a_patch() {
    let secret = "DB_PASSWORD=hunter22\n";
    for (before, edits, left_out, comments) in [
        // Beside a password, after it, before it, at the end.
        (format!("X=1\n{secret}Y=1\nZ=1\n"), vec![("Y=1", "Y=2")], None, 0),
        (format!("{secret}Y=1\nZ=1\n"), vec![("Y=1", "Y=2\nN=3")], None, 0),
        (format!("{secret}Y=1\n"), vec![("Y=1", "Y=2")], None, 0),
        (format!("{secret}Y=1"), vec![("Y=1", "Y=2\nW=1")], None, 0),
        (format!("A=1\n{secret}B=1\n{secret}C=1\nD=1\n"), vec![("A=1", "A=2"), ("C=1", "C=2")], Some("A=1"), 1),
        (format!("A=1\nB=1\n{secret}C=1\nD=1\n"), vec![("A=1", "I=1\nA=1"), ("C=1", "C=2")], None, 0),
        (format!("A=1\n{secret}C=1\nD=1\n"), vec![("hunter22", "hunter33"), ("C=1", "C=2")], Some("hunter22"), 1),
        (format!("{secret}C=1\nD=1\n"), vec![("hunter22", "hunter33\nN=1")], Some("N"), 1),
        (format!("A=1\n{secret}C=1\n"), vec![("A=1", "A=3\nB=3"), ("hunter22", "hunter33\nN=1")], Some("N"), 2),
        (format!("A=1\n{secret}C=1\nD=1\n"), vec![("DB_PASSWORD=hunter22", "X=1\nY=1")], Some("all"), 1),
    ] {
        let after = edits.iter().fold(before.clone(), |text, (from, to)| text.replacen(from, to, 1));
        let change = change(".env", &before, &after);
        let patch = file_patch(&change);
        assert!(!patch.contains("hunter"), "{patch}");
        let said = patch.lines().filter(|line| line.starts_with("# .env:")).count();
        assert_eq!(said, comments, "{patch}");
        let screen = file_shown(&change);
        assert!(!screen.contains("hunter") && !screen.contains("devdoctor fix"), "{screen}");
        match left_out {
            None => assert_eq!(applied(".env", &before, &patch), after, "{patch}"),
            // What comes after the password is shown; the password stays as it is.
            Some("N") => {
                assert_eq!(applied(".env", &before, &patch), before.replacen(secret, &format!("{secret}N=1\n"), 1))
            }
            // Half a replacement would leave the key twice.
            Some("all") => assert!(!patch.contains("@@"), "{patch}"),
            Some(left) => {
                let other = edits.iter().filter(|(from, _)| *from != left);
                let expected = other.fold(before.clone(), |text, (from, to)| text.replacen(from, to, 1));
                assert_eq!(applied(".env", &before, &patch), expected, "{patch}");
            }
        }
    }
}

#[test]
fn a_line_near_a_password_is_never_called_one() {
    let before = "A=1\nDB_PASSWORD=hunter22\nB=1\n";
    let text = file_patch(&change(".env", before, &before.replace("A=1", "A=2")));
    assert!(text.starts_with("# .env:1: stands so near a password that git cannot place it"), "{text}");
    assert!(text.contains("#   -A=1\n#   +A=2\n") && !text.contains("holds a password"), "{text}");
    let screen = file_shown(&change(".env", before, &before.replace("A=1", "A=2")));
    assert!(screen.contains("-A=1\n+A=2\n DB_PASSWORD=********\n B=1\n"), "{screen}");
}

#[test]
fn a_fix_that_cannot_be_shown_whole_is_no_part_of_the_patch() {
    use crate::fix::{Edit, Fix};
    let (dotenv, python) = ("DB_PASSWORD=hunter22\nA=1\n", "import os\nx = 1\ny = 2\n");
    let sources: std::collections::BTreeMap<String, Source> =
        [(".env", dotenv), ("env.py", python)].map(|(path, text)| (path.to_owned(), Source::new(path, text))).into();
    let edit = |path: &str, from: &str, text: &str| {
        let start = sources[path].text().find(from).unwrap();
        Step::Edit(Edit { span: sources[path].span(start..start + from.len()), text: text.into() })
    };
    let item = |title: &str, steps: Vec<Step>| crate::fix::plan::Item {
        id: "url-password-not-encoded".into(),
        fingerprint: title.into(),
        place: ".env:1".into(),
        fix: Fix::safe(title, steps),
    };
    let both = item("write it both ways", vec![edit(".env", "hunter22", "hunter33"), edit("env.py", "x = 1", "x = 3")]);
    let other = item("write another", vec![edit("env.py", "y = 2", "y = 4")]);
    let shown = |items: Vec<crate::fix::plan::Item>| {
        let plan = Plan { items, ..Plan::default() };
        patch(&plan, &plan.file_changes(&sources).unwrap())
    };
    let text = shown(vec![both.clone(), other.clone()]);
    assert!(!text.contains("hunter") && !text.contains("+x = 3") && text.contains("+y = 4"), "{text}");
    let told = "# write it both ways (url-password-not-encoded, safe, .env:1): not in this patch, which cannot show all of it: `devdoctor fix` makes it\n";
    assert!(text.starts_with(told), "{text}");
    assert!(text.contains("# .env:1: changes a line that holds a password"), "{text}");
    assert_eq!(applied("env.py", python, &text), python.replace("y = 2", "y = 4"));
    // Alone there is no patch at all.
    assert!(!shown(vec![both]).contains("@@"));
    assert!(shown(vec![other]).starts_with("# write another (url-password-not-encoded, safe, .env:1)\n"));
}

#[test]
fn unusual_names_are_quoted_as_git_does() {
    assert_eq!(git_name("a", "x y"), "a/x y\t");
    assert_eq!(git_name("a", "é\n"), "\"a/\\303\\251\\n\"");
}

/// A line of a file of settings.
fn setting() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[A-C]=[1-3]\n",
        1 => "DB_PASSWORD=hunter[0-9]{3}\n",
        1 => "URL=postgresql://app:hunter[0-9]{3}@db/app\n",
        1 => Just("\n".to_owned()),
    ]
}

/// Lines that go, from where on, and what comes instead.
type Change = (prop::sample::Index, usize, Vec<String>);

fn changed(before: &[String], changes: &[Change]) -> Vec<String> {
    let mut after = before.to_vec();
    for (at, goes, comes) in changes {
        let at = at.index(after.len() + 1);
        let end = after.len().min(at + goes);
        after.splice(at..end, comes.iter().cloned());
    }
    after
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn git_takes_every_patch_and_no_password_is_in_it(
        before in prop::collection::vec(setting(), 1..14),
        changes in prop::collection::vec(
            (any::<prop::sample::Index>(), 0usize..4, prop::collection::vec(setting(), 0..4)),
            1..4,
        ),
        newline_at_end in any::<bool>(),
    ) {
        let after = changed(&before, &changes);
        let text = |lines: &[String]| {
            let text = lines.concat();
            if newline_at_end { text } else { text.trim_end_matches('\n').to_owned() }
        };
        let change = change(".env", &text(&before), &text(&after));
        let patch = file_patch(&change);
        prop_assert!(!patch.contains("hunter"), "{}", patch);
        prop_assert!(!file_shown(&change).contains("hunter"));
        if patch.contains("@@") {
            let result = applied(".env", &change.before, &patch);
            if !patch.starts_with('#') {
                prop_assert_eq!(&result, &change.after, "{}", patch);
            }
            let secrets = |text: &str| text.lines().filter(|line| line.contains("hunter")).map(str::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(secrets(&result), secrets(&change.before), "{}", patch);
        } else if change.before != change.after {
            prop_assert!(patch.starts_with('#'), "a change is not told: {:?}", change);
        }
    }
}
