//! Where a new import stands among those of a file, in the order of isort, which Ruff's rule I001 asks for.
//!
//! The order: the future, the standard library, packages of others, the project's own, relative imports; a blank line
//! between two of these. Inside of each, `import a` before `from a import b`, then by the name of the module
//! (<https://docs.astral.sh/ruff/rules/unsorted-imports/>).

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use ruff_python_stdlib::sys::is_known_standard_library;
use serde::{Deserialize, Serialize};

use super::structure::{ImportStatement, Imported};
use super::{Module, Structure, parse_structured};
use crate::text::Source;

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

/// What an import is sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Key {
    section: u8,
    /// Whether it comes behind every `import a` of its section.
    is_late: bool,
    /// More dots come first.
    dots: Reverse<usize>,
    module: String,
    is_from: bool,
    /// The first name behind `from … import`.
    name: String,
    /// What the first name is bound to instead.
    rename: Option<String>,
}

impl Key {
    fn of(import: &ImportStatement, order: &ImportOrder) -> Option<Self> {
        let written = match import.names.as_slice() {
            _ if import.is_from => &import.from,
            [one] => &one.name,
            // Ruff writes each on a line of its own.
            _ => return None,
        };
        let module = written.trim_start_matches('.');
        let dots = written.len() - module.len();
        let first = module.split('.').next().unwrap_or(module);
        let section = match first {
            _ if dots > 0 => 4,
            "__future__" => 0,
            first if is_of_python(first) => 1,
            first if order.own.contains(first) => 3,
            _ => 2,
        };
        let (is_from, is_late) = (import.is_from, import.is_from && !order.mixed);
        let first = import.names.first();
        let name = first.filter(|_| is_from).map(|first| first.name.clone()).unwrap_or_default();
        let rename = first.and_then(|first| first.rename.clone());
        Some(Self { section, is_late, dots: Reverse(dots), module: module.to_owned(), is_from, name, rename })
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.section, self.is_late, self.dots)
            .cmp(&(other.section, other.is_late, other.dots))
            .then_with(|| natord::compare(&self.module.to_lowercase(), &other.module.to_lowercase()))
            .then_with(|| natord::compare(&self.module, &other.module))
            .then_with(|| self.is_from.cmp(&other.is_from))
            .then_with(|| by_kind(&self.name, &other.name))
            .then_with(|| self.rename.cmp(&other.rename))
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
            match self.joined(source.text(), taker, &new) {
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

    /// The import from the same module that takes the name of a new one: isort has one statement for each module.
    fn taker(&self, import: &ImportStatement, line: &str) -> Option<usize> {
        let [name] = import.names.as_slice() else { return None };
        if !import.is_from || self.is_apart(name) || line.len() != import.range.end || self.order.single {
            return None;
        }
        self.standing.iter().position(|it| {
            let apart = it.import.names.iter().any(|name| self.is_apart(name));
            it.import.is_from && it.import.from == import.from && !apart
        })
    }

    /// New names in the import that takes them.
    fn joined(&self, text: &str, taker: &Standing, new: &[(Key, &ImportStatement, &str)]) -> Option<Vec<Insertion>> {
        let other = &taker.import;
        let written = text.get(other.range.clone())?;
        let known = |name: &Imported| other.names.iter().any(|it| it.name == name.name && it.rename == name.rename);
        let mut names: Vec<(&Imported, &str)> = vec![];
        for (_, import, line) in new {
            let name = import.names.first()?;
            if known(name) {
                return None;
            }
            names.push((name, line.get(name.range.clone())?));
        }
        names.sort_by(|one, other| by_name(one.0, other.0));
        names.dedup_by(|one, other| one.1 == other.1);
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
        let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
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

/// Names after `from … import`, each with what it is bound to.
fn by_name(one: &Imported, other: &Imported) -> Ordering {
    by_kind(&one.name, &other.name).then_with(|| one.rename.cmp(&other.rename))
}

/// Names after `from … import`: constants, then classes, then the rest.
fn by_kind(one: &str, other: &str) -> Ordering {
    let kind = |name: &str| {
        let upper = name.len() > 1 && name.chars().any(char::is_alphabetic) && !name.chars().any(char::is_lowercase);
        if upper { 0 } else { u8::from(!name.starts_with(char::is_uppercase)) + 1 }
    };
    kind(one)
        .cmp(&kind(other))
        .then_with(|| natord::compare(&one.to_lowercase(), &other.to_lowercase()))
        .then_with(|| natord::compare(one, other))
}

#[cfg(test)]
mod tests;
