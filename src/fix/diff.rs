//! Shows a plan: a unified diff that `git apply` takes, and every step that is no edit as a comment.

use std::ops::Range;

use similar::{DiffOp, DiffTag, TextDiff};

use super::plan::{FileChange, Item, Plan, file_changes};
use super::{Step, show};
use crate::facts::SeenPath;
use crate::text::Source;

/// The plan as a patch. Steps that are no edits stand in front as comments, one line each, with their reverse.
///
/// A change that would print a password is not part of the patch: it stands as a comment that names the line.
pub fn patch(plan: &Plan, changes: &[FileChange]) -> String {
    let mut text = String::new();
    let shown: Vec<&Item> = plan.items.iter().filter(|item| left_out(item, changes).is_none()).collect();
    for item in &plan.items {
        let line = one_line(&item.line());
        if let Some(comments) = left_out(item, changes) {
            text.push_str(&format!(
                "# {line}: not in this patch, which cannot show all of it: `devdoctor fix` makes it\n{comments}"
            ));
            continue;
        }
        text.push_str(&format!("# {line}\n"));
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
    for item in &plan.later {
        text.push_str(&format!(
            "# {}: not in this patch, since it touches the same place as one above: `devdoctor fix` makes it after that\n",
            one_line(&item.line())
        ));
    }
    let fewer = (shown.len() < plan.items.len()).then(|| changes_of(&shown, changes));
    let changes = fewer.as_deref().unwrap_or(changes);
    for change in changes {
        text.push_str(&file_patch(change));
    }
    text
}

/// The comments that stand for a fix of several files of which the patch could show only some: half a fix may be worse than
/// none. `None` for all others.
fn left_out(item: &Item, changes: &[FileChange]) -> Option<String> {
    let own = changes_of(&[item], changes);
    let comments: String = own
        .iter()
        .flat_map(|change| file_patch(change).lines().map(str::to_owned).collect::<Vec<_>>())
        .filter(|line| line.starts_with('#'))
        .map(|line| format!("{line}\n"))
        .collect();
    (own.len() > 1 && !comments.is_empty()).then_some(comments)
}

/// The changes that some of a plan's fixes make to the same files.
fn changes_of(items: &[&Item], changes: &[FileChange]) -> Vec<FileChange> {
    let before = |change: &FileChange| (change.path.clone(), Source::new(&change.path, &change.before));
    let sources = changes.iter().map(before).collect();
    let edits = items.iter().flat_map(|item| item.fix.steps.iter()).filter_map(|step| match step {
        Step::Edit(edit) => Some(edit),
        _ => None,
    });
    // What fits together fits alone.
    file_changes(edits, &sources).unwrap_or_default()
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
    secrets: Vec<Range<usize>>,
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

    fn range(&self, line: usize) -> Range<usize> {
        let at = |line: usize| self.starts.get(line).copied().unwrap_or(self.text.len());
        at(line)..at(line + 1)
    }

    fn hides(&self, line: usize) -> bool {
        let range = self.range(line);
        self.secrets.iter().any(|secret| secret.start < range.end && range.start < secret.end)
    }

    /// The line up to its first secret.
    fn before_secret(&self, line: usize) -> Option<&str> {
        let range = self.range(line);
        let secret = self.secrets.iter().map(|secret| secret.start).find(|start| range.contains(start))?;
        self.text.get(range.start..secret)
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
            if op.tag() == DiffTag::Equal {
                let same = |(old, new)| Line { sign: ' ', old, new, hidden: self.old.hides(old) };
                lines.extend(old.zip(new).map(same));
                continue;
            }
            let mut after = (old.start, new.start);
            for (goes, comes) in self.hidden(&old, &new) {
                lines.extend(replaced(after.0..goes.start, after.1..comes.start, false));
                after = (goes.end, comes.end);
                lines.extend(replaced(goes, comes, true));
            }
            lines.extend(replaced(after.0..old.end, after.1..new.end, false));
        }
        lines
    }

    /// The parts of a block that may not be printed, in order: each old line that goes with the new one that stands for it. Where
    /// as many lines come as go, each stands for one; else a line with a secret stands for the one that is the same up to there.
    /// Where that is not clear it is the whole block: half a replacement would be worse than none.
    fn hidden(&self, old: &Range<usize>, new: &Range<usize>) -> Vec<(Range<usize>, Range<usize>)> {
        if old.len() == new.len() {
            let pairs = old.clone().zip(new.clone());
            let pairs = pairs.filter(|(old, new)| self.old.hides(*old) || self.new.hides(*new));
            return pairs.map(|(old, new)| (old..old + 1, new..new + 1)).collect();
        }
        let goes: Vec<usize> = old.clone().filter(|line| self.old.hides(*line)).collect();
        let comes: Vec<usize> = new.clone().filter(|line| self.new.hides(*line)).collect();
        let pairs: Vec<_> = goes.iter().copied().zip(comes.iter().copied()).collect();
        let alike = |(old, new): &(usize, usize)| self.old.before_secret(*old) == self.new.before_secret(*new);
        if goes.len() == comes.len() && pairs.iter().all(alike) {
            return pairs.into_iter().map(|(old, new)| (old..old + 1, new..new + 1)).collect();
        }
        vec![(old.clone(), new.clone())]
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

/// Lines that go, then those that come in their place.
fn replaced(old: Range<usize>, new: Range<usize>, hidden: bool) -> impl Iterator<Item = Line> {
    let (start, end) = (new.start, old.end);
    let goes = old.map(move |old| Line { sign: '-', old, new: start, hidden });
    goes.chain(new.map(move |new| Line { sign: '+', old: end, new, hidden }))
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
#[path = "diff/tests.rs"]
mod tests;
