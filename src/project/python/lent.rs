//! Which names files of the project take out of one another: what a module imports, another may take from it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::bytes::Regex;

use crate::text::bytes_pattern;

/// `from package.module import name, other`, in parentheses too.
static TAKEN: LazyLock<Regex> = LazyLock::new(|| {
    bytes_pattern(r"(?m)^[ \t]*from[ \t]+([\w.]+)[ \t]+import\b[ \t]*(\([^)]*\)|(?:\\\r?\n|[^\n\\])*)")
});

/// What is taken, by the last part of the module's name.
pub type Lent = BTreeMap<String, BTreeSet<String>>;

/// The last part of a file's name as a module.
pub fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.strip_suffix(".py").unwrap_or(name)
}

/// Notes what a file takes out of modules with these names.
pub(super) fn take(bytes: &[u8], stems: &BTreeSet<&str>, found: &mut Lent) {
    for one in TAKEN.captures_iter(bytes) {
        let text = |at: usize| one.get(at).and_then(|part| std::str::from_utf8(part.as_bytes()).ok()).unwrap_or("");
        let module = text(1).rsplit('.').next().unwrap_or("");
        if stems.contains(module) {
            let is_end = |letter: char| !letter.is_alphanumeric() && letter != '_' && letter != '*';
            let names = text(2).split(is_end).filter(|name| !name.is_empty()).map(str::to_owned);
            found.entry(module.to_owned()).or_default().extend(names);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_files_take_is_seen_in_every_form() {
        let text = b"from .models import Column as C, sa\nfrom app.models import (\n    Field,  # x\n)\nif x:\n    from app.base import *\nfrom models import a, \\\n    b\nfrom os import path\n";
        let mut found = Lent::new();
        take(text, &BTreeSet::from(["models", "base"]), &mut found);
        let names: Vec<&str> = found["models"].iter().map(String::as_str).collect();
        assert_eq!(names, ["C", "Column", "Field", "a", "as", "b", "sa", "x"]);
        assert!(found["base"].contains("*") && found.len() == 2);
    }
}
