//! How the project's imports are ordered, as Ruff's configuration says.

use std::collections::{BTreeMap, BTreeSet};

use crate::project::files::Files;
use crate::text::python::imports::ImportOrder;
use crate::text::toml;

/// The order below each folder with a configuration, and below the root. A module is the project's own when it lies in the
/// folder of the nearest configuration or its `src` (<https://docs.astral.sh/ruff/settings/#src>).
pub(super) fn read(files: &dyn Files) -> BTreeMap<String, ImportOrder> {
    let mut orders = BTreeMap::from([(String::new(), ImportOrder::default())]);
    for path in files.list() {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if matches!(name, ".ruff.toml" | "ruff.toml" | "pyproject.toml") {
            let order: &mut ImportOrder = orders.entry(folder.to_owned()).or_default();
            order.mixed |= is_mixed(files, path, name);
        }
    }
    for (folder, order) in &mut orders {
        let slash = if folder.is_empty() { "" } else { "/" };
        for inner in ["", "src/"] {
            take(files, &format!("{folder}{slash}{inner}"), &mut order.own);
        }
    }
    orders
}

/// Whether `import a` and `from a import b` stand mixed.
fn is_mixed(files: &dyn Files, path: &str, name: &str) -> bool {
    let Ok(source) = files.read(path) else { return false };
    let Ok(toml) = toml::parse(source.text()) else { return false };
    let places: &[&[&str]] = match name {
        "pyproject.toml" => &[
            &["tool", "ruff", "lint", "isort", "force-sort-within-sections"],
            &["tool", "ruff", "isort", "force-sort-within-sections"],
            &["tool", "isort", "force_sort_within_sections"],
        ],
        _ => &[&["lint", "isort", "force-sort-within-sections"], &["isort", "force-sort-within-sections"]],
    };
    places.iter().any(|place| toml.flag(place))
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
            ("backend/ruff.toml", "[lint.isort]\nforce-sort-within-sections = true\n"),
            ("backend/src/api/x.py", ""),
            ("top.py", ""),
        ];
        let orders = read(&MemoryFiles::new(files.map(|(path, text)| (path, text.as_bytes()))));
        let names = |folder: &str| orders[folder].own.iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(names(""), ["app", "backend", "top"]);
        assert_eq!(names("backend"), ["api", "core", "main", "src"]);
        assert_eq!((orders[""].mixed, orders["backend"].mixed), (false, true));
    }
}
