//! What isort sorts imports, and the names in one, by.

use std::cmp::{Ordering, Reverse};

use super::{ImportOrder, is_of_python};
use crate::text::python::structure::{ImportStatement, Imported};

/// What an import is sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) section: u8,
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
    pub(super) fn of(import: &ImportStatement, order: &ImportOrder) -> Option<Self> {
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

/// Names after `from … import`, each with what it is bound to.
pub(super) fn by_name(one: &Imported, other: &Imported) -> Ordering {
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
