//! Shows a plan: a unified diff that `git apply` takes, and every step that is no edit as a comment.

use similar::{DiffOp, DiffTag, TextDiff};

use super::plan::{FileChange, Plan};
use super::{Step, show};
use crate::facts::SeenPath;
use crate::text::Source;

/// The plan as a patch. Steps that are no edits stand in front as comments, one line each, with their reverse.
///
/// A change that would print a password is not part of the patch: it stands as a comment that names the line.
pub fn patch(plan: &Plan, changes: &[FileChange]) -> String {
    let mut text = String::new();
    for item in &plan.items {
        text.push_str(&format!("# {} ({}, {})\n", one_line(&item.fix.title), item.id, item.fix.applicability));
        for step in item.fix.steps.iter().filter(|step| !matches!(step, Step::Edit(_))) {
            for line in show::lines(step) {
                text.push_str(&format!("#   {}\n", one_line(&line)));
            }
            match show::reverse(step) {
                Some(reverse) => text.push_str(&format!("#   undo: {}\n", one_line(&reverse))),
                None => text.push_str("#   cannot be undone\n"),
            }
        }
    }
    for change in changes {
        text.push_str(&file_patch(change));
    }
    text
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}

/// The diff of one file for people: whole, every secret masked.
pub fn file_shown(change: &FileChange) -> String {
    let sides = Sides::new(change);
    let mut delta = 0;
    let hunks: String = sides.groups().iter().map(|group| sides.hunk(&sides.lines(group), &mut delta)).collect();
    with_names(change, &hunks)
}

/// The unified diff of one file for `git apply`, without any secret: a change that holds one is a comment, and so is one that
/// git could not place without a line that holds one.
pub fn file_patch(change: &FileChange) -> String {
    let sides = Sides::new(change);
    let path = SeenPath(change.path.as_str().into()).display();
    let (mut comments, mut hunks, mut delta) = (String::new(), String::new(), 0);
    for group in sides.groups() {
        let lines = sides.lines(&group);
        for line in &lines {
            // What comes is named by the line that it replaces.
            let (holds, number) = match line.sign {
                '-' => (sides.old.hides(line.old), line.old + 1),
                '+' => (sides.new.hides(line.new), line.old.max(1)),
                _ => continue,
            };
            if !holds {
                continue;
            }
            let comment = format!(
                "# {path}:{number}: changes a line that holds a password; it is not shown, `devdoctor fix` makes the change\n"
            );
            if !comments.ends_with(&comment) {
                comments.push_str(&comment);
            }
        }
        for part in lines.split(|line| line.hidden) {
            let part = trimmed(part);
            let Some(first) = part.iter().find(|line| line.sign != ' ') else { continue };
            if sides.placeable(part) {
                hunks.push_str(&sides.hunk(part, &mut delta));
                continue;
            }
            comments.push_str(&format!(
                "# {path}:{}: stands so near a password that git cannot place it; `devdoctor fix` makes the change\n",
                first.old + 1
            ));
            for line in sides.hunk(part, &mut 0).lines().skip(1) {
                comments.push_str(&format!("#   {}\n", one_line(line)));
            }
        }
    }
    comments + &with_names(change, &hunks)
}

fn with_names(change: &FileChange, hunks: &str) -> String {
    if hunks.is_empty() {
        return String::new();
    }
    format!("--- {}\n+++ {}\n{hunks}", git_name("a", &change.path), git_name("b", &change.path))
}

/// One line of a hunk.
#[derive(Clone, Copy)]
struct Line {
    /// As a unified diff has it: blank, `-` or `+`.
    sign: char,
    /// The line before, or for an added one the line that it stands in front of, from 0.
    old: usize,
    /// The line after, from 0; of no meaning for one that goes.
    new: usize,
    /// Whether it may not be printed: it holds a secret, or the line that it replaces or is replaced by does.
    hidden: bool,
}

/// The two texts of a change, by lines, every secret masked.
struct Sides {
    old: Side,
    new: Side,
}

struct Side {
    text: String,
    masked: String,
    secrets: Vec<std::ops::Range<usize>>,
    starts: Vec<usize>,
}

impl Side {
    fn new(path: &str, text: &str) -> Self {
        let source = Source::new(path, text);
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
        Self {
            text: text.to_owned(),
            masked: source.masked(),
            secrets: source.secrets().to_vec(),
            starts: starts.chain([text.len()]).collect(),
        }
    }

    fn range(&self, line: usize) -> std::ops::Range<usize> {
        let at = |line: usize| self.starts.get(line).copied().unwrap_or(self.text.len());
        at(line)..at(line + 1)
    }

    fn hides(&self, line: usize) -> bool {
        let range = self.range(line);
        self.secrets.iter().any(|secret| secret.start < range.end && range.start < secret.end)
    }

    fn line(&self, line: usize) -> &str {
        self.masked.get(self.range(line)).unwrap_or_default()
    }
}

impl Sides {
    fn new(change: &FileChange) -> Self {
        Self { old: Side::new(&change.path, &change.before), new: Side::new(&change.path, &change.after) }
    }

    fn groups(&self) -> Vec<Vec<DiffOp>> {
        // As git has it, only a newline ends a line.
        let old: Vec<&str> = self.old.text.split_inclusive('\n').collect();
        let new: Vec<&str> = self.new.text.split_inclusive('\n').collect();
        TextDiff::from_slices(&old, &new).grouped_ops(3)
    }

    fn lines(&self, group: &[DiffOp]) -> Vec<Line> {
        let mut lines = vec![];
        for op in group {
            let (old, new) = (op.old_range(), op.new_range());
            // Where as many lines come as go, each stands for one.
            let by_pairs = op.tag() == DiffTag::Equal || old.len() == new.len();
            let whole = || old.clone().any(|line| self.old.hides(line)) || new.clone().any(|line| self.new.hides(line));
            let hides_all = !by_pairs && whole();
            let pair = |at: usize| self.old.hides(old.start + at) || self.new.hides(new.start + at);
            let hidden = |at: usize| if by_pairs { pair(at) } else { hides_all };
            if op.tag() == DiffTag::Equal {
                let same = |at| Line { sign: ' ', old: old.start + at, new: new.start + at, hidden: hidden(at) };
                lines.extend((0..old.len()).map(same));
                continue;
            }
            let goes = |at| Line { sign: '-', old: old.start + at, new: new.start, hidden: hidden(at) };
            let comes = |at, place| Line { sign: '+', old: place, new: new.start + at, hidden: hidden(at) };
            if by_pairs && (0..old.len()).any(hidden) {
                lines.extend((0..old.len()).flat_map(|at| [goes(at), comes(at, old.start + at + 1)]));
            } else {
                lines.extend((0..old.len()).map(goes));
                lines.extend((0..new.len()).map(|at| comes(at, old.end)));
            }
        }
        lines
    }

    /// Whether git finds the place: a hunk without a line after its changes is taken for one at the end of the file.
    fn placeable(&self, lines: &[Line]) -> bool {
        let length = lines.iter().filter(|line| line.sign != '+').count();
        let total = self.old.text.split_inclusive('\n').count();
        let ends = lines.first().map_or(0, |line| line.old) + length;
        (length > 0 || total == 0) && (ends == total || lines.last().is_some_and(|line| line.sign == ' '))
    }

    /// A hunk; `delta` is by how many lines those before it made the file longer.
    fn hunk(&self, lines: &[Line], delta: &mut i64) -> String {
        let start = lines.first().map_or(0, |line| line.old) as i64;
        let old_length = lines.iter().filter(|line| line.sign != '+').count() as i64;
        let new_length = lines.iter().filter(|line| line.sign != '-').count() as i64;
        // A range of no lines names the line before it.
        let number = |start: i64, length: i64| if length == 0 { start } else { start + 1 };
        let (old_at, new_at) = (number(start, old_length), number(start + *delta, new_length));
        let mut text = format!("@@ -{old_at},{old_length} +{new_at},{new_length} @@\n");
        *delta += new_length - old_length;
        for line in lines {
            let words = if line.sign == '+' { self.new.line(line.new) } else { self.old.line(line.old) };
            text.push(line.sign);
            text.push_str(words);
            if !words.ends_with('\n') {
                text.push_str("\n\\ No newline at end of file\n");
            }
        }
        text
    }
}

/// A hunk with three unchanged lines at most at either end.
fn trimmed(lines: &[Line]) -> &[Line] {
    let first = lines.iter().position(|line| line.sign != ' ').unwrap_or(0);
    let last = lines.iter().rposition(|line| line.sign != ' ').unwrap_or(0);
    lines.get(first.saturating_sub(3)..lines.len().min(last + 4)).unwrap_or(lines)
}

/// A file name as git writes it in a patch: quoted as in C when it holds anything unusual.
fn git_name(side: &str, path: &str) -> String {
    let name = format!("{side}/{path}");
    if name.bytes().all(|byte| (0x20..0x7f).contains(&byte) && byte != b'"' && byte != b'\\') {
        // A name with a blank ends at a tab.
        return if name.contains(' ') { format!("{name}\t") } else { name };
    }
    let mut quoted = String::from("\"");
    for byte in name.bytes() {
        match byte {
            b'"' | b'\\' => quoted.extend(['\\', byte as char]),
            b'\n' => quoted.push_str("\\n"),
            b'\t' => quoted.push_str("\\t"),
            0x20..0x7f => quoted.push(byte as char),
            _ => quoted.push_str(&format!("\\{byte:03o}")),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
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
            (format!("A=1\n{secret}C=1\nD=1\n"), vec![("hunter22", "hunter33\nN=1"), ("A=1", "A=3")], Some(""), 1),
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
                Some("") => {}
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
    fn unusual_names_are_quoted_as_git_does() {
        assert_eq!(git_name("a", "x y"), "a/x y\t");
        assert_eq!(git_name("a", "é\n"), "\"a/\\303\\251\\n\"");
    }
}
