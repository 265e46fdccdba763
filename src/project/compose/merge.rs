//! Lays one Compose tree over another by Compose's rules.

use std::collections::HashMap;

use crate::text::{Span, Spanned};

use super::tree::{Data, Mark, Tree};

/// Where two trees cannot be laid over each other, and why.
pub(super) type Conflicts = Vec<(Span, String)>;

/// `over` laid over `base`. `path` is the place in the model, such as `services.app.ports`.
pub(super) fn merge(base: Tree, over: Tree, path: &mut Vec<String>, conflicts: &mut Conflicts) -> Tree {
    if over.mark == Some(Mark::Override) {
        return over.without_resets();
    }
    if over.is_null() && !is_variable(path) {
        return base;
    }
    let block = match (&base.block, &over.block) {
        (Some(block), _) if block.editable => base.block.clone(),
        (_, Some(block)) if block.editable => over.block.clone(),
        _ => base.block.clone().or(over.block.clone()),
    };
    let (base, over) = match (&*path_pattern(path), base, over) {
        ("services.*.build", base, over) => (build(base), build(over)),
        ("services.*.environment" | "services.*.build.args", base, over) => (assignments(base), assignments(over)),
        ("services.*.depends_on", base, over) => (names(base), names(over)),
        ("services.*.tmpfs" | "services.*.env_file", base, over) => (list(base), list(over)),
        ("services.*.command" | "services.*.entrypoint" | "services.*.healthcheck.test", _, over) => return over,
        (_, base, over) => (base, over),
    };
    let Tree { data: base_data, span, mark, directory, .. } = base;
    let data = match (base_data, over.data) {
        (Data::Mapping(below), Data::Mapping(above)) => Data::Mapping(entries(below, above, path, conflicts)),
        (Data::Sequence(mut below), Data::Sequence(above)) => {
            below.extend(above.into_iter().filter(|item| item.mark != Some(Mark::Reset)));
            Data::Sequence(below)
        }
        (below @ (Data::Mapping(_) | Data::Sequence(_)), _) => {
            conflicts.push((over.span, format!("cannot override {}", path.join("."))));
            below
        }
        (_, data) => return Tree { data, block, ..over },
    };
    Tree { data, span, mark, block, directory }
}

fn entries(
    mut below: Vec<(Spanned<String>, Tree)>,
    above: Vec<(Spanned<String>, Tree)>,
    path: &mut Vec<String>,
    conflicts: &mut Conflicts,
) -> Vec<(Spanned<String>, Tree)> {
    let mut known: HashMap<String, usize> =
        below.iter().enumerate().map(|(at, (name, _))| (name.value.clone(), at)).collect();
    let mut removed = vec![];
    for (key, value) in above {
        match known.get(&key.value).copied() {
            Some(at) if value.mark == Some(Mark::Reset) => removed.push(at),
            Some(at) => {
                path.push(key.value.clone());
                let placeholder = Tree::null(value.span.clone(), value.directory.clone());
                let old = std::mem::replace(&mut below[at].1, placeholder);
                below[at].1 = merge(old, value, path, conflicts);
                if is_variable(path) {
                    // The place that decides is that of the last one.
                    below[at].0 = key;
                }
                path.pop();
            }
            None if value.mark == Some(Mark::Reset) => {}
            None => {
                known.insert(key.value.clone(), below.len());
                below.push((key, value.without_resets()));
            }
        }
    }
    removed.sort_unstable();
    removed.into_iter().rev().for_each(|at| {
        below.remove(at);
    });
    below
}

/// The path with the names of services replaced by `*`.
fn path_pattern(path: &[String]) -> String {
    let mut parts: Vec<&str> = path.iter().map(String::as_str).collect();
    if parts.first() == Some(&"services")
        && let Some(name) = parts.get_mut(1)
    {
        *name = "*";
    }
    parts.join(".")
}

/// Whether the path is that of a variable, where null has a meaning: take it from the environment.
fn is_variable(path: &[String]) -> bool {
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    matches!(parts.as_slice(), ["services", _, "environment", _] | ["services", _, "build", "args", _])
}

fn build(mut tree: Tree) -> Tree {
    if let Data::Text { .. } = &tree.data {
        let key = Spanned::new("context".to_owned(), tree.span.clone());
        let context = Tree { mark: None, block: None, ..tree.clone() };
        tree.data = Data::Mapping(vec![(key, context)]);
    }
    tree
}

fn list(mut tree: Tree) -> Tree {
    if let Data::Text { .. } = &tree.data {
        tree.data = Data::Sequence(vec![Tree { mark: None, block: None, ..tree.clone() }]);
    }
    tree
}

fn names(mut tree: Tree) -> Tree {
    if let Data::Sequence(items) = &tree.data {
        let entries = items.iter().filter_map(|item| {
            let key = Spanned::new(item.text()?.to_owned(), item.span.clone());
            Some((key, Tree::null(item.span.clone(), item.directory.clone())))
        });
        tree.data = Data::Mapping(entries.collect());
    }
    tree
}

/// A list of `NAME=value` as a mapping; of names that repeat the last one counts.
pub(super) fn assignments(mut tree: Tree) -> Tree {
    if let Data::Sequence(items) = &tree.data {
        let mut entries: Vec<(Spanned<String>, Tree)> = vec![];
        let mut known: HashMap<String, usize> = HashMap::new();
        for item in items {
            let Some(text) = item.text() else { continue };
            let (name, value) = match text.split_once('=') {
                Some((name, value)) => {
                    // The span is that of the value when its text stands there as it is.
                    let span = match item.span.end - item.span.start == text.len() {
                        true => item.span.part(name.len() + 1..text.len()),
                        false => item.span.clone(),
                    };
                    (name, Tree { data: Data::Text { text: value.to_owned(), typed: false }, span, ..item.clone() })
                }
                None => (text, Tree { data: Data::Null, ..item.clone() }),
            };
            let key = match item.span.end - item.span.start == text.len() {
                true => item.span.part(0..name.len()),
                false => item.span.clone(),
            };
            let key = Spanned::new(name.to_owned(), key);
            match known.get(name) {
                Some(at) => entries[*at] = (key, value),
                None => {
                    known.insert(name.to_owned(), entries.len());
                    entries.push((key, value));
                }
            }
        }
        tree.data = Data::Mapping(entries);
    }
    tree
}
