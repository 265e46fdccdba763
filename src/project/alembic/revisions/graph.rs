//! The graph of revisions, as Alembic builds it from `down_revision`.

use std::collections::{BTreeMap, BTreeSet};

use super::Revision;
use crate::text::Spanned;

/// Revisions by identifier, and who follows them.
pub struct Graph<'a> {
    by_id: BTreeMap<&'a str, Vec<&'a Revision>>,
    labels: BTreeMap<&'a str, &'a Revision>,
    children: BTreeMap<&'a str, Vec<&'a Revision>>,
}

impl<'a> Graph<'a> {
    pub(super) fn of(revisions: &'a [Revision]) -> Self {
        let mut graph = Self { by_id: BTreeMap::new(), labels: BTreeMap::new(), children: BTreeMap::new() };
        for revision in revisions {
            graph.by_id.entry(&revision.id).or_default().push(revision);
            for label in &revision.labels {
                graph.labels.insert(label, revision);
            }
            for parent in &revision.parents {
                graph.children.entry(&parent.value).or_default().push(revision);
            }
        }
        graph
    }

    /// The revision of an identifier.
    pub fn get(&self, id: &str) -> Option<&'a Revision> {
        self.by_id.get(id)?.first().copied()
    }

    /// Revisions that no other follows, by path.
    pub fn heads(&self) -> Vec<&'a Revision> {
        let mut heads: Vec<&Revision> = self
            .by_id
            .iter()
            .filter(|(id, _)| !self.children.contains_key(*id))
            .filter_map(|(_, revisions)| revisions.first().copied())
            .collect();
        heads.sort_by(|one, other| one.path.cmp(&other.path));
        heads
    }

    /// Identifiers that more than one file has, with these files.
    pub fn duplicates(&self) -> impl Iterator<Item = (&'a str, &[&'a Revision])> {
        self.by_id
            .iter()
            .filter(|(_, revisions)| revisions.len() > 1)
            .map(|(id, revisions)| (*id, revisions.as_slice()))
    }

    /// Each `down_revision` that no file has, with the revision that names it.
    pub fn missing(&self) -> Vec<(&'a Revision, &'a Spanned<String>)> {
        let all = self.by_id.values().flatten();
        let parents = all.flat_map(|revision| revision.parents.iter().map(move |parent| (*revision, parent)));
        parents.filter(|(_, parent)| !self.by_id.contains_key(parent.value.as_str())).collect()
    }

    /// The revisions that must be there before this one, itself excepted, those of `depends_on` included.
    pub fn ancestors(&self, revision: &'a Revision) -> Vec<&'a Revision> {
        let mut seen: BTreeSet<&str> = BTreeSet::from([revision.id.value.as_str()]);
        let (mut found, mut waiting) = (vec![], vec![revision]);
        while let Some(one) = waiting.pop() {
            let named = one.parents.iter().chain(&one.depends_on).map(|name| name.value.as_str());
            for before in named.filter_map(|name| self.get(name).or_else(|| self.labels.get(name).copied())) {
                if seen.insert(&before.id) {
                    found.push(before);
                    waiting.push(before);
                }
            }
        }
        found
    }

    /// The revisions that come after this one, itself excepted.
    pub fn descendants(&self, revision: &'a Revision) -> Vec<&'a Revision> {
        let mut seen: BTreeSet<&str> = BTreeSet::from([revision.id.value.as_str()]);
        let (mut found, mut waiting) = (vec![], vec![revision]);
        while let Some(one) = waiting.pop() {
            for after in self.children.get(one.id.value.as_str()).into_iter().flatten() {
                if seen.insert(&after.id) {
                    found.push(*after);
                    waiting.push(after);
                }
            }
        }
        found
    }

    /// Revisions that follow themselves, sorted by path.
    pub fn cycle(&self) -> Vec<&'a Revision> {
        // What is left when revisions whose parents are all gone are taken away, again and again, from both ends.
        let mut left: BTreeMap<&str, &Revision> =
            self.by_id.iter().filter_map(|(id, revisions)| Some((*id, *revisions.first()?))).collect();
        let mut before: BTreeMap<&str, usize> = BTreeMap::new();
        for (id, revision) in &left {
            before.insert(
                id,
                revision.parents.iter().filter(|parent| self.by_id.contains_key(parent.value.as_str())).count(),
            );
        }
        let mut free: Vec<&str> = before.iter().filter(|(_, count)| **count == 0).map(|(id, _)| *id).collect();
        while let Some(id) = free.pop() {
            left.remove(id);
            for child in self.children.get(id).into_iter().flatten() {
                if let Some(count) = before.get_mut(child.id.value.as_str()) {
                    *count = count.saturating_sub(1);
                    if *count == 0 && left.contains_key(child.id.value.as_str()) {
                        free.push(&child.id);
                    }
                }
            }
        }
        // What only comes after a cycle is not part of it.
        loop {
            let leads_on = |id: &&str| {
                self.children.get(*id).into_iter().flatten().any(|child| left.contains_key(child.id.value.as_str()))
            };
            let Some(end) = left.keys().find(|id| !leads_on(id)).copied() else { break };
            left.remove(end);
        }
        let mut found: Vec<&Revision> = left.into_values().collect();
        found.sort_by(|one, other| one.path.cmp(&other.path));
        found
    }
}
