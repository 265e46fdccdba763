//! Where a new import stands among those of a file, in the order of isort, which Ruff's rule I001 asks for.
//!
//! The order: the future, the standard library, packages of others, the project's own, relative imports; a blank line
//! between two of these. Inside of each, `import a` before `from a import b`, then by the name of the module
//! (<https://docs.astral.sh/ruff/rules/unsorted-imports/>).

mod key;

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use ruff_python_stdlib::sys::is_known_standard_library;
use serde::{Deserialize, Serialize};

use super::structure::{ImportStatement, Imported};
use super::{Module, Structure, parse_structured};
use crate::text::Source;
use key::{Key, by_name};

/// The minor versions of Python 3 that are supported today: what one of them brings counts as the standard library.
const MINORS: std::ops::RangeInclusive<u8> = 10..=14;

/// Whether a module is one of Python's own, by the first part of its name.
pub fn is_of_python(first: &str) -> bool {
    MINORS.clone().any(|minor| is_known_standard_library(minor, first))
}

/// What is put in at an offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Insertion {
    /// The offset in bytes.
    pub at: usize,
    /// Where what it takes the place of ends; the same where it takes none.
    pub end: usize,
    /// The text.
    pub text: String,
}

/// How the imports of a file are ordered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportOrder {
    /// The first parts of the names of the project's own modules.
    pub own: Arc<BTreeSet<String>>,
    /// Whether `import a` and `from a import b` stand mixed (`force-sort-within-sections`).
    pub mixed: bool,
    /// Whether `a as b` stands in one statement with the other names of its module (`combine-as-imports`).
    #[serde(default)]
    pub combined: bool,
    /// Whether each name has a line of its own (`force-single-line`).
    pub single: bool,
    /// How wide a line may become when a name is put into it.
    pub width: usize,
    /// Whether it is changed by settings that are not followed here.
    pub other: bool,
}

impl Default for ImportOrder {
    /// The order of Ruff without settings; the width is Black's as well.
    fn default() -> Self {
        Self { own: Arc::default(), mixed: false, combined: false, single: false, width: 88, other: false }
    }
}

/// An import that stands in the file.
#[derive(Clone, Debug)]
struct Standing {
    import: ImportStatement,
    key: Key,
    /// From the comments above it to the end of its last line, without the line end.
    lines: Range<usize>,
}

/// The last group of imports at the top level of a file, in the order that it keeps: what new ones are put among.
#[derive(Clone, Debug)]
pub struct Group {
    order: ImportOrder,
    standing: Vec<Standing>,
}

impl Group {
    /// The group of a file. Of the orders that the project may have, the first that the file keeps to decides.
    ///
    /// `None` where the file has no such group, or where that is not in isort's order itself.
    pub fn of(source: &Source, orders: impl IntoIterator<Item = ImportOrder>) -> Option<Self> {
        let (module, structure) = source.python();
        let group = last_group(source.text(), module, structure)?;
        let mut orders = orders.into_iter().filter(|order| !order.other);
        orders.find_map(|order| Some(Self { standing: in_order(source.text(), &group, &order)?, order }))
    }

    /// Places new imports, each a line such as `import os` or `from a import b  # noqa: F401`. `None` where a line is none.
    pub fn place(&self, source: &Source, lines: &[String]) -> Option<Vec<Insertion>> {
        let lines: Vec<String> = lines.iter().flat_map(|line| self.sorted(line, source.line_end())).collect();
        let new: Vec<(ImportStatement, &String)> = lines
            .iter()
            .map(|line| match parse_structured(line).1.imports.as_slice() {
                [one] if one.range == (0..one.range.end) => Some((one.clone(), line)),
                _ => None,
            })
            .collect::<Option<_>>()?;
        let new = new.iter().map(|(import, line)| Some((Key::of(import, &self.order)?, import, line.as_str())));
        Some(self.insertions(source, new.collect::<Option<_>>()?))
    }

    /// An import of several names as isort writes it: these in their order, or each in a statement of its own.
    fn sorted(&self, line: &str, line_end: &str) -> Vec<String> {
        let as_it_is = vec![line.to_owned()];
        let (_, structure) = parse_structured(line);
        let [import] = structure.imports.as_slice() else { return as_it_is };
        let is_plain = import.is_from && import.range == (0..line.len()) && !line.contains(['#', '\\']);
        if !is_plain || import.names.len() < 2 || import.names.iter().any(|name| self.is_apart(name)) {
            return as_it_is;
        }
        let mut names: Vec<&Imported> = import.names.iter().collect();
        names.sort_by(|one, other| by_name(one, other));
        let names: Vec<&str> = names.into_iter().filter_map(|name| line.get(name.range.clone())).collect();
        let from = |names: &str| format!("from {} import {names}", import.from);
        if self.order.single {
            return names.into_iter().map(from).collect();
        }
        let one = from(&names.join(", "));
        if one.len() <= self.order.width {
            return vec![one];
        }
        let names: String = names.iter().map(|name| format!("    {name},{line_end}")).collect();
        vec![from(&format!("({line_end}{names})"))]
    }
}

/// The imports that stand below each other last at the top level, each on lines of its own.
fn last_group<'a>(text: &str, module: &Module, structure: &'a Structure) -> Option<Vec<&'a ImportStatement>> {
    if !module.errors.is_empty() {
        return None;
    }
    let top = structure.imports.iter().filter(|import| import.place.is_top());
    let at: BTreeMap<usize, &ImportStatement> = top.map(|import| (import.range.start, import)).collect();
    let of = |range: &Range<usize>| at.get(&range.start).copied().filter(|import| import.range == *range);
    let last = structure.statements.iter().rposition(|range| of(range).is_some())?;
    let mut group: Vec<&ImportStatement> = structure.statements.get(..=last)?.iter().rev().map_while(of).collect();
    group.reverse();
    let alone = |import: &&ImportStatement| {
        let before = text.get(..import.range.start).unwrap_or("").trim_start_matches('\u{feff}');
        let behind = text.get(import.range.end..).unwrap_or("").lines().next().unwrap_or("").trim_start();
        (before.is_empty() || before.ends_with('\n')) && (behind.is_empty() || behind.starts_with('#'))
    };
    group.iter().all(alone).then_some(group)
}

/// The imports with their keys, when they stand in their order, with a blank line between two sections and above comments.
fn in_order(text: &str, group: &[&ImportStatement], order: &ImportOrder) -> Option<Vec<Standing>> {
    let mut standing: Vec<Standing> = vec![];
    for import in group {
        let key = Key::of(import, order)?;
        let start = match standing.last() {
            Some(before) => {
                let between = text.get(before.lines.end..import.range.start)?;
                let blank = between.lines().skip(1).any(|line| line.trim().is_empty() && !line.is_empty())
                    || between.replace('\r', "").contains("\n\n");
                // The comments above it are its own, and have a blank line above them.
                let own = between.len() - between.trim_start().len();
                let commented = between.len() > own;
                if before.key > key || blank != (before.key.section != key.section || commented) {
                    return None;
                }
                before.lines.end + own
            }
            None => import.range.start,
        };
        let behind = text.get(import.range.end..)?;
        let end = import.range.end + behind.find('\n').map_or(behind, |end| &behind[..end]).trim_end().len();
        standing.push(Standing { import: (*import).clone(), key, lines: start..end });
    }
    Some(standing)
}

impl Group {
    /// Puts the new imports between those that stand there: behind one, or before the first of their section.
    fn insertions(&self, source: &Source, new: Vec<(Key, &ImportStatement, &str)>) -> Vec<Insertion> {
        let (standing, line_end) = (&self.standing, source.line_end());
        let mut insertions: Vec<Insertion> = vec![];
        let mut gaps: BTreeMap<usize, Vec<(Key, &str)>> = BTreeMap::new();
        let mut joining: BTreeMap<usize, Vec<(Key, &ImportStatement, &str)>> = BTreeMap::new();
        for (key, import, line) in new {
            match self.taker(import, line) {
                Some(taker) => joining.entry(taker).or_default().push((key, import, line)),
                None => gaps.entry(standing.partition_point(|it| it.key <= key)).or_default().push((key, line)),
            }
        }
        for (taker, new) in joining {
            let Some(taker) = standing.get(taker) else { continue };
            match self.joined(source, taker, &new) {
                Some(joined) => joined.into_iter().for_each(|it| add(&mut insertions, it)),
                None => new.into_iter().for_each(|(key, _, line)| {
                    gaps.entry(standing.partition_point(|it| it.key <= key)).or_default().push((key, line));
                }),
            }
        }
        for (gap, mut new) in gaps {
            new.sort_by(|one, other| one.0.cmp(&other.0));
            let before = gap.checked_sub(1).and_then(|index| standing.get(index));
            let after = standing.get(gap);
            let begins = |key: &Key| {
                after.is_some_and(|after| after.key.section == key.section)
                    && before.is_none_or(|before| before.key.section != key.section)
            };
            let (above, below): (Vec<_>, Vec<_>) =
                new.into_iter().partition(|(key, _)| before.is_none() || begins(key));
            if let Some(before) = before.filter(|_| !below.is_empty()) {
                let mut section = before.key.section;
                let mut text = String::new();
                for (key, line) in below {
                    let blank = if key.section == section { "" } else { line_end };
                    text.extend([line_end, blank, line]);
                    section = key.section;
                }
                add(&mut insertions, Insertion { at: before.lines.end, end: before.lines.end, text });
            }
            if let Some(after) = after.filter(|_| !above.is_empty()) {
                let text = above.iter().enumerate().map(|(index, (key, line))| {
                    let section = above.get(index + 1).map_or(after.key.section, |next| next.0.section);
                    let commented = index + 1 == above.len() && after.lines.start < after.import.range.start;
                    format!("{line}{line_end}{}", if key.section == section && !commented { "" } else { line_end })
                });
                let at = after.lines.start;
                add(&mut insertions, Insertion { at, end: at, text: text.collect() });
            }
        }
        insertions
    }

    fn is_apart(&self, name: &Imported) -> bool {
        name.rename.is_some() && !self.order.combined
    }

    /// The import from the same module that takes the names of a new one: isort has one statement for each module.
    fn taker(&self, import: &ImportStatement, line: &str) -> Option<usize> {
        let is_plain = line.len() == import.range.end && !line.contains('#');
        if !import.is_from || !is_plain || self.order.single || import.names.iter().any(|name| self.is_apart(name)) {
            return None;
        }
        self.standing.iter().position(|it| {
            let apart = it.import.names.iter().any(|name| self.is_apart(name));
            it.import.is_from && it.import.from == import.from && !apart
        })
    }

    /// New names in the import that takes them.
    fn joined(
        &self,
        source: &Source,
        taker: &Standing,
        new: &[(Key, &ImportStatement, &str)],
    ) -> Option<Vec<Insertion>> {
        let (text, line_end) = (source.text(), source.line_end());
        let other = &taker.import;
        let written = text.get(other.range.clone())?;
        let known = |name: &Imported| other.names.iter().any(|it| it.name == name.name && it.rename == name.rename);
        let mut names: Vec<(&Imported, &str)> = vec![];
        for (_, import, line) in new {
            for name in import.names.iter().filter(|name| !known(name)) {
                names.push((name, line.get(name.range.clone())?));
            }
        }
        names.sort_by(|one, other| by_name(one.0, other.0));
        names.dedup_by(|one, other| one.1 == other.1);
        // What is there already is not brought twice.
        if names.is_empty() {
            return Some(vec![]);
        }
        if written.contains(['\\', '#', '*']) {
            return None;
        }
        let last = other.names.last()?.range.end;
        let sorted = other.names.is_sorted_by(|one, other| by_name(one, other) != Ordering::Greater);
        let after = |name| {
            other
                .names
                .iter()
                .find(|it| by_name(it, name) == Ordering::Greater)
                .filter(|_| sorted)
                .map(|it| it.range.start)
        };
        let put = |at: usize, text: String| Insertion { at, end: at, text };
        if written.contains('(') {
            // Each name on a line of its own, with a comma behind.
            let first = text.get(..other.names.first()?.range.start)?;
            let indent = first.get(first.rfind('\n')? + 1..)?;
            let lines = written.lines().count();
            let rest = text.get(last..)?;
            if !indent.trim().is_empty() || lines != other.names.len() + 2 || !rest.starts_with(',') {
                return None;
            }
            let names = names.iter().map(|(name, written)| match after(name) {
                Some(after) => put(after, format!("{written},{line_end}{indent}")),
                None => put(last + 1, format!("{line_end}{indent}{written},")),
            });
            return Some(names.collect());
        }
        let is_alone = text.get(other.range.end..)?.lines().next().unwrap_or("").trim().is_empty();
        if written.contains('\n') || !is_alone {
            return None;
        }
        let added: usize = names.iter().map(|(_, written)| written.len() + 2).sum();
        if written.len() + added > self.order.width {
            // As isort and Ruff wrap it; names in no order keep theirs.
            let mut all =
                other.names.iter().map(|it| Some((it, text.get(it.range.clone())?))).collect::<Option<Vec<_>>>()?;
            all.extend(names);
            if sorted {
                all.sort_by(|one, other| by_name(one.0, other.0));
            }
            let names: String = all.iter().map(|(_, written)| format!("    {written},{line_end}")).collect();
            let head = text.get(other.range.start..other.names.first()?.range.start)?;
            let wrapped = format!("{head}({line_end}{names})");
            return Some(vec![Insertion { at: other.range.start, end: other.range.end, text: wrapped }]);
        }
        let names = names.iter().map(|(name, written)| match after(name) {
            Some(after) => put(after, format!("{written}, ")),
            None => put(last, format!(", {written}")),
        });
        Some(names.collect())
    }
}

/// Puts a text in behind what is put in at the same place already.
fn add(insertions: &mut Vec<Insertion>, new: Insertion) {
    match insertions.iter_mut().find(|known| known.at == new.at && known.end == new.end && new.at == new.end) {
        Some(known) => known.text.push_str(&new.text),
        None => insertions.push(new),
    }
}

#[cfg(test)]
mod tests;
