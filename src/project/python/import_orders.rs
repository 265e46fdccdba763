//! How the project's imports are ordered, as Ruff's configuration says.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::{Deserialize, Serialize};

use crate::project::files::Files;
use crate::text::python::imports::{Group, ImportOrder};
use crate::text::{Source, toml};

/// The order below each folder with a configuration, and below the root; what follows from it for a file is kept.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(from = "BTreeMap<String, ImportOrder>", into = "BTreeMap<String, ImportOrder>")]
pub struct ImportOrders {
    by_folder: BTreeMap<String, ImportOrder>,
    /// The modules of every part of the project.
    all: OnceLock<Arc<BTreeSet<String>>>,
    /// By the path of the file: every fix in it asks.
    groups: Mutex<BTreeMap<String, Option<Arc<Group>>>>,
}

impl Clone for ImportOrders {
    fn clone(&self) -> Self {
        self.by_folder.clone().into()
    }
}

impl PartialEq for ImportOrders {
    fn eq(&self, other: &Self) -> bool {
        self.by_folder == other.by_folder
    }
}

impl Eq for ImportOrders {}

impl From<BTreeMap<String, ImportOrder>> for ImportOrders {
    fn from(by_folder: BTreeMap<String, ImportOrder>) -> Self {
        Self { by_folder, ..Self::default() }
    }
}

impl From<ImportOrders> for BTreeMap<String, ImportOrder> {
    fn from(orders: ImportOrders) -> Self {
        orders.by_folder
    }
}

impl ImportOrders {
    /// The imports of a file that new ones are put among; `None` where they keep none of the orders that they may have.
    pub fn group(&self, source: &Source) -> Option<Arc<Group>> {
        let mut groups = self.groups.lock().unwrap_or_else(PoisonError::into_inner);
        let group = || Group::of(source, self.of(source.path())).map(Arc::new);
        groups.entry(source.path().to_owned()).or_insert_with(group).clone()
    }

    /// The orders that the imports of a file may have, the likeliest first: that of the configuration which is nearest to it,
    /// then with the modules of every part of the project as its own, then with none.
    fn of(&self, path: &str) -> impl Iterator<Item = ImportOrder> {
        let above = path.match_indices('/').rev().map(|(at, _)| path.get(..at).unwrap_or_default()).chain([""]);
        let nearest = above.filter_map(|folder| self.by_folder.get(folder)).next().cloned().unwrap_or_default();
        let (own, mixed) = (nearest.own.clone(), nearest.mixed);
        let sets: [Box<dyn Fn() -> Arc<BTreeSet<String>> + '_>; 3] =
            [Box::new(move || own.clone()), Box::new(|| self.all()), Box::new(Arc::default)];
        sets.into_iter().flat_map(move |own| {
            let order = ImportOrder { own: own(), ..nearest.clone() };
            [mixed, !mixed].map(|mixed| ImportOrder { mixed, ..order.clone() })
        })
    }

    fn all(&self) -> Arc<BTreeSet<String>> {
        let all = || Arc::new(self.by_folder.values().flat_map(|order| order.own.iter().cloned()).collect());
        self.all.get_or_init(all).clone()
    }
}

/// The order below each folder with a configuration, and below the root. A module is the project's own when it lies in the
/// folder of the nearest configuration or its `src` (<https://docs.astral.sh/ruff/settings/#src>).
pub(super) fn read(files: &dyn Files) -> ImportOrders {
    let mut orders: BTreeMap<String, ImportOrder> = BTreeMap::from([(String::new(), ImportOrder::default())]);
    for path in files.list() {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if matches!(name, ".ruff.toml" | "ruff.toml" | "pyproject.toml") {
            take_settings(files, path, name, orders.entry(folder.to_owned()).or_default());
        }
    }
    for (folder, order) in &mut orders {
        let slash = if folder.is_empty() { "" } else { "/" };
        for inner in ["", "src/"] {
            take(files, &format!("{folder}{slash}{inner}"), Arc::make_mut(&mut order.own));
        }
    }
    orders.into()
}

/// Settings of isort in Ruff that do not change where an import stands, or that are followed.
const FOLLOWED: [&str; 9] = [
    "combine-as-imports",
    "force-single-line",
    "force-sort-within-sections",
    "force-wrap-aliases",
    "known-first-party",
    "lines-after-imports",
    "required-imports",
    "single-line-exclusions",
    "split-on-trailing-comma",
];

/// Reads the settings of a configuration; those of isort itself are left aside.
fn take_settings(files: &dyn Files, path: &str, name: &str, order: &mut ImportOrder) {
    let Ok(source) = files.read(path) else { return };
    let Ok(toml) = toml::parse(source.text()) else { return };
    let top: &[&str] = if name == "pyproject.toml" { &["tool", "ruff"] } else { &[] };
    if let Some(width) = toml.number(&[top, &["line-length"]].concat()) {
        order.width = width;
    }
    for table in [&["lint", "isort"][..], &["isort"][..]] {
        let table = [top, table].concat();
        let flag = |key: &str| toml.flag(&[&table[..], &[key]].concat());
        order.mixed |= flag("force-sort-within-sections");
        order.combined |= flag("combine-as-imports");
        order.single |= flag("force-single-line");
        Arc::make_mut(&mut order.own)
            .extend(toml.texts(&[&table[..], &["known-first-party"]].concat()).into_iter().map(|text| text.value));
        order.other |= toml.keys(&table).iter().any(|key| !FOLLOWED.contains(&key.as_str()));
    }
}

/// The first parts of the names of the modules directly in a folder.
fn take(files: &dyn Files, prefix: &str, modules: &mut BTreeSet<String>) {
    let start = files.list().partition_point(|path| path.as_str() < prefix);
    for path in files.list().iter().skip(start).map_while(|path| path.strip_prefix(prefix)) {
        let module = path.split_once('/').map_or_else(|| path.strip_suffix(".py"), |(folder, _)| Some(folder));
        if let Some(module) = module.filter(|module| !modules.contains(*module)) {
            modules.insert(module.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::files::MemoryFiles;

    #[test]
    fn modules_are_told_by_folder_and_the_setting_is_read() {
        let files = [
            ("app/a.py", ""),
            ("backend/core/x.py", ""),
            ("backend/main.py", ""),
            ("backend/ruff.toml", "line-length = 79\n[lint.isort]\nforce-sort-within-sections = true\n"),
            ("backend/src/api/x.py", ""),
            ("top.py", ""),
        ];
        let orders = read(&MemoryFiles::new(files.map(|(path, text)| (path, text.as_bytes())))).by_folder;
        let names = |folder: &str| orders[folder].own.iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(names(""), ["app", "backend", "top"]);
        assert_eq!(names("backend"), ["api", "core", "main", "src"]);
        let settings = |folder: &str| (orders[folder].mixed, orders[folder].width, orders[folder].other);
        assert_eq!((settings(""), settings("backend")), ((false, 88, false), (true, 79, false)));
    }
}
