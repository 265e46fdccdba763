//! Chooses the fixes of a report and puts their steps in order, so that no two touch the same bytes.

use std::collections::BTreeMap;

use super::spare::spare;
use super::{Applicability, Edit, Fix, Step};
use crate::facts::SeenPath;
use crate::finding::Place;
use crate::report::{Judged, Report};
use crate::text::Source;

/// One fix that will be applied.
#[derive(Clone, Debug)]
pub struct Item {
    /// Check that asked for it.
    pub id: String,
    /// Fingerprint of the finding it cures.
    pub fingerprint: String,
    /// Where the finding is, such as `Makefile:7`; empty where it has no place.
    pub place: String,
    /// The fix.
    pub fix: Fix,
}

/// What one round of `fix` does.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// The fixes of this round, in the report's order.
    pub items: Vec<Item>,
    /// Fixes whose edits overlap with another's: they wait for the next round.
    pub later: Vec<Item>,
    /// Unsafe fixes that nobody asked for.
    pub held_back: Vec<Item>,
    /// Findings whose cure is words only, or that have none.
    pub manual: usize,
}

/// A file whose bytes change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// Path relative to the root.
    pub path: String,
    /// Text before.
    pub before: String,
    /// Text after.
    pub after: String,
}

/// Why the steps of a fix cannot be carried out as they are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// An edit names a file that was not read.
    #[error("`{0}` was not read")]
    UnknownFile(String),
    /// An edit lies outside its file.
    #[error("an edit of `{0}` lies outside the file")]
    OutOfRange(String),
}

impl Plan {
    /// Takes every fix that `chosen` wants. Unsafe ones that it does not want are counted as held back.
    pub fn new(report: &Report, mut chosen: impl FnMut(&Judged, &Fix) -> bool) -> Self {
        let mut plan = Self::default();
        let mut taken = Taken::default();
        for judged in &report.findings {
            let Some(fix) = judged.finding.fix.as_ref().filter(|_| judged.fixable()) else {
                plan.manual += 1;
                continue;
            };
            let item = Item {
                id: judged.id.clone(),
                fingerprint: judged.fingerprint.clone(),
                place: judged.finding.place.as_ref().map_or_else(String::new, |place| named(report, place)),
                fix: fix.clone(),
            };
            if !chosen(judged, fix) {
                if fix.applicability == Applicability::Unsafe {
                    plan.held_back.push(item);
                }
                continue;
            }
            let edits: Vec<&Edit> = edits_of(fix).collect();
            if edits.iter().any(|edit| taken.conflicts(edit)) {
                plan.later.push(item);
            } else {
                edits.into_iter().for_each(|edit| taken.take(edit));
                plan.items.push(item);
            }
        }
        for (at, edit) in spare(&plan.items, &report.sources) {
            if let Some(item) = plan.items.get_mut(at) {
                item.fix.steps.push(Step::Edit(edit));
            }
        }
        plan
    }

    /// Whether nothing is to be done in this round.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The files that change, by path, with their text before and after. One pass from the original bytes.
    ///
    /// # Errors
    /// When an edit does not fit its file.
    pub fn file_changes(&self, sources: &BTreeMap<String, Source>) -> Result<Vec<FileChange>, PlanError> {
        file_changes(self.items.iter().flat_map(|item| edits_of(&item.fix)), sources)
    }

    /// The steps that are no edits: host first, then engine, then database, each kind in the report's order.
    pub fn other_steps(&self) -> Vec<(&Item, &Step)> {
        let steps = self.items.iter().flat_map(|item| item.fix.steps.iter().map(move |step| (item, step)));
        let mut steps: Vec<(&Item, &Step)> = steps.filter(|(_, step)| !matches!(step, Step::Edit(_))).collect();
        steps.sort_by_key(|(_, step)| step.privilege());
        steps
    }

    /// What the person has to do afterwards, each once.
    pub fn afterwards(&self) -> Vec<&str> {
        let mut words: Vec<&str> = vec![];
        for after in self.items.iter().flat_map(|item| &item.fix.afterwards) {
            if !words.contains(&after.as_str()) {
                words.push(after);
            }
        }
        words
    }

    /// What of it makes containers follow the edits.
    pub fn for_containers(&self) -> Vec<&str> {
        let begins = ["recreate `", "build ", "make the container again", "rebuild the container"];
        self.afterwards().into_iter().filter(|words| begins.iter().any(|begin| words.starts_with(begin))).collect()
    }
}

impl Item {
    /// What it is, in one line: its title, the check, how daring it is, and where.
    pub fn line(&self) -> String {
        let place = if self.place.is_empty() { String::new() } else { format!(", {}", self.place) };
        format!("{} ({}, {}{place})", self.fix.title, self.id, self.fix.applicability)
    }
}

fn named(report: &Report, place: &Place) -> String {
    let location = report.location(place);
    let path = SeenPath(location.path.as_str().into()).display();
    match place {
        Place::Span(_) => format!("{path}:{}", location.line),
        Place::Path(_) => path,
    }
}

fn edits_of(fix: &Fix) -> impl Iterator<Item = &Edit> {
    fix.steps.iter().filter_map(|step| match step {
        Step::Edit(edit) => Some(edit),
        Step::Chown(_) | Step::Path(_) | Step::Sql(_) => None,
    })
}

/// Whether two edits cannot be made in the same pass. The same edit twice is made once.
fn conflict(one: &Edit, other: &Edit) -> bool {
    if one == other || one.span.path != other.span.path {
        return false;
    }
    let (a, b) = (one.span.range(), other.span.range());
    if a.is_empty() && b.is_empty() { a.start == b.start } else { a.start < b.end && b.start < a.end }
}

/// Edits that are made in one pass, by their files and where they begin: what replaces bytes, and what is put between two.
#[derive(Default)]
struct Taken<'a> {
    replaced: BTreeMap<(&'a str, usize), &'a Edit>,
    inserted: BTreeMap<(&'a str, usize), &'a Edit>,
}

impl<'a> Taken<'a> {
    fn take(&mut self, edit: &'a Edit) {
        let of_its_kind = if edit.span.range().is_empty() { &mut self.inserted } else { &mut self.replaced };
        of_its_kind.insert((&edit.span.path, edit.span.start), edit);
    }

    /// Whether it cannot be made in the same pass. Those that replace bytes lie apart, so only a neighbour can be in the way.
    fn conflicts(&self, edit: &Edit) -> bool {
        let (path, range) = (&*edit.span.path, edit.span.range());
        if range.is_empty() && self.inserted.get(&(path, range.start)).is_some_and(|other| conflict(edit, other)) {
            return true;
        }
        let last = self.replaced.range((path, 0)..(path, range.end)).next_back();
        let within = self.inserted.range((path, range.start)..(path, range.end)).map(|(_, other)| other);
        last.is_some_and(|(_, other)| conflict(edit, other)) || within.into_iter().any(|other| conflict(edit, other))
    }
}

/// The files that `edits` change.
///
/// # Errors
/// When an edit does not fit its file.
pub fn file_changes<'edit>(
    edits: impl Iterator<Item = &'edit Edit>,
    sources: &BTreeMap<String, Source>,
) -> Result<Vec<FileChange>, PlanError> {
    let mut by_file: BTreeMap<&str, Vec<&Edit>> = BTreeMap::new();
    for edit in edits {
        by_file.entry(&edit.span.path).or_default().push(edit);
    }
    by_file
        .into_iter()
        .map(|(path, edits)| {
            let source = sources.get(path).ok_or_else(|| PlanError::UnknownFile(path.to_owned()))?;
            let after = edited(source.text(), &edits).ok_or_else(|| PlanError::OutOfRange(path.to_owned()))?;
            Ok(FileChange { path: path.to_owned(), before: source.text().to_owned(), after })
        })
        .collect()
}

/// `text` with all edits made in one pass; `None` when one lies outside the text or inside a character, or two overlap.
pub(super) fn edited(text: &str, edits: &[&Edit]) -> Option<String> {
    let mut edits = edits.to_vec();
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    // The same edit of several fixes is made once; those of one place keep the order they came in.
    let mut place = 0..0;
    let mut texts: Vec<&str> = vec![];
    edits.retain(|edit| {
        if place != edit.span.range() {
            place = edit.span.range();
            texts.clear();
        }
        let is_new = !texts.contains(&edit.text.as_str());
        texts.extend(is_new.then_some(edit.text.as_str()));
        is_new
    });
    let mut after = String::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        after.push_str(text.get(done..edit.span.start)?);
        after.push_str(&edit.text);
        text.get(edit.span.range())?;
        done = edit.span.end;
    }
    after.push_str(text.get(done..)?);
    Some(after)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn edit(range: std::ops::Range<usize>, text: &str) -> Edit {
        Edit { span: Source::new("a", "0123456789").span(range), text: text.into() }
    }

    #[test]
    fn edits_are_made_in_one_pass_from_the_original_bytes() {
        let sources = BTreeMap::from([("a".to_owned(), Source::new("a", "0123456789"))]);
        let edits = [edit(5..6, "five"), edit(0..0, "<"), edit(5..6, "five"), edit(9..10, "")];
        let changes = file_changes(edits.iter(), &sources).unwrap();
        assert_eq!(changes[0].after, "<01234five678");
    }

    #[test]
    fn only_the_same_bytes_conflict() {
        assert!(conflict(&edit(1..3, "a"), &edit(2..4, "b")));
        assert!(conflict(&edit(1..1, "a"), &edit(1..1, "b")));
        assert!(!conflict(&edit(1..1, "a"), &edit(1..1, "a")));
        assert!(!conflict(&edit(1..3, "a"), &edit(3..4, "b")));
    }

    proptest! {
        #[test]
        fn edits_that_do_not_conflict_never_fail(ranges in prop::collection::vec((0usize..10, 0usize..10), 0..5)) {
            let mut edits: Vec<Edit> = vec![];
            for (start, end) in ranges {
                let next = edit(start.min(end)..start.max(end), "x");
                if !edits.iter().any(|other| conflict(&next, other)) {
                    edits.push(next);
                }
            }
            let sources = BTreeMap::from([("a".to_owned(), Source::new("a", "0123456789"))]);
            prop_assert!(file_changes(edits.iter(), &sources).is_ok());
        }
    }
}
