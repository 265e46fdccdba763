//! Shows a plan: a unified diff that `git apply` takes, and every step that is no edit as a comment.

use similar::{ChangeTag, DiffOp, TextDiff};

use super::plan::{FileChange, Plan};
use super::{Step, show};
use crate::text::Source;

/// The plan as a patch. Steps that are no edits stand in front as comments, one line each, with their reverse.
///
/// A hunk that would print a password is not part of the patch: it stands as a comment that names the line.
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

/// The unified diff of one file, secrets left out.
pub fn file_patch(change: &FileChange) -> String {
    let before = Source::new(&change.path, &change.before);
    let after = Source::new(&change.path, &change.after);
    let diff = TextDiff::from_lines(change.before.as_str(), change.after.as_str());
    let old_starts = line_starts(&change.before);
    let new_starts = line_starts(&change.after);
    let hides_old = |line: usize| touches_secret(&before, &old_starts, line);
    let hides_new = |line: usize| touches_secret(&after, &new_starts, line);
    let mut hunks = String::new();
    let mut comments = String::new();
    // Hunks with three lines of context first; where a neighbouring line holds a password, with fewer.
    for group in diff.grouped_ops(3) {
        match (1..=3).rev().map(|radius| narrowed(&group, radius)).find(|ops| !secret_in(ops, &hides_old, &hides_new)) {
            Some(ops) => hunks.push_str(&hunk(&diff, &ops)),
            None => {
                for op in group.iter().filter(|op| op.tag() != similar::DiffTag::Equal) {
                    let line = op.old_range().start + 1;
                    comments.push_str(&format!(
                        "# {}:{line}: changes a line that holds a password; it is not shown, `devdoctor fix` makes the change\n",
                        change.path
                    ));
                }
            }
        }
    }
    if hunks.is_empty() {
        return comments;
    }
    let (old, new) = (git_name("a", &change.path), git_name("b", &change.path));
    format!("{comments}--- {old}\n+++ {new}\n{hunks}")
}

/// A group of operations with at most `radius` unchanged lines at either end.
fn narrowed(group: &[DiffOp], radius: usize) -> Vec<DiffOp> {
    let last = group.len().saturating_sub(1);
    group
        .iter()
        .enumerate()
        .map(|(index, op)| match *op {
            DiffOp::Equal { old_index, new_index, len } if index == 0 => {
                let keep = len.min(radius);
                DiffOp::Equal { old_index: old_index + len - keep, new_index: new_index + len - keep, len: keep }
            }
            DiffOp::Equal { old_index, new_index, len } if index == last => {
                DiffOp::Equal { old_index, new_index, len: len.min(radius) }
            }
            op => op,
        })
        .collect()
}

fn secret_in(ops: &[DiffOp], hides_old: &dyn Fn(usize) -> bool, hides_new: &dyn Fn(usize) -> bool) -> bool {
    ops.iter().any(|op| op.old_range().any(hides_old) || op.new_range().any(hides_new))
}

fn hunk(diff: &TextDiff<'_, '_, str>, ops: &[DiffOp]) -> String {
    let old_start = ops.first().map_or(0, |op| op.old_range().start);
    let new_start = ops.first().map_or(0, |op| op.new_range().start);
    let old_length: usize = ops.iter().map(|op| op.old_range().len()).sum();
    let new_length: usize = ops.iter().map(|op| op.new_range().len()).sum();
    // A range of no lines names the line before it.
    let number = |start: usize, length: usize| if length == 0 { start } else { start + 1 };
    let mut text = format!(
        "@@ -{},{old_length} +{},{new_length} @@\n",
        number(old_start, old_length),
        number(new_start, new_length)
    );
    for change in ops.iter().flat_map(|op| diff.iter_changes(op)) {
        let sign = match change.tag() {
            ChangeTag::Equal => ' ',
            ChangeTag::Delete => '-',
            ChangeTag::Insert => '+',
        };
        text.push(sign);
        text.push_str(change.value());
        if !change.value().ends_with('\n') {
            text.push_str("\n\\ No newline at end of file\n");
        }
    }
    text
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

fn touches_secret(source: &Source, starts: &[usize], line: usize) -> bool {
    let start = starts.get(line).copied().unwrap_or(source.text().len());
    let end = starts.get(line + 1).copied().unwrap_or(source.text().len());
    source.secrets().iter().any(|secret| secret.start < end && start < secret.end)
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

    #[test]
    fn passwords_are_left_out_of_patches() {
        let before = "X=1\nDB_PASSWORD=hunter22\nY=1\nZ=1\nURL=postgres://a:p@ss@h/d\n";
        let text = file_patch(&change(".env", before, &before.replace("Y=1", "Y=2").replace("p@ss", "p%40ss")));
        assert!(!text.contains("hunter22") && !text.contains("p@ss") && !text.contains("p%40ss"), "{text}");
        assert!(text.contains("# .env:5: changes a line that holds a password"), "{text}");
    }

    #[test]
    fn unusual_names_are_quoted_as_git_does() {
        assert_eq!(git_name("a", "x y"), "a/x y\t");
        assert_eq!(git_name("a", "é\n"), "\"a/\\303\\251\\n\"");
    }
}
