//! Merge keys (`<<`) and repeated keys of a mapping.

use std::collections::HashMap;
use std::sync::Arc;

use super::super::{Source, SyntaxError};
use super::{Entry, ScalarStyle};

/// Refuses repeated keys, and puts the entries that merge keys bring behind the written ones.
pub(super) fn merged(text: &Source, entries: Vec<Entry>) -> Result<Vec<Entry>, SyntaxError> {
    let mut known: HashMap<Arc<str>, usize> = HashMap::with_capacity(entries.len());
    for entry in &entries {
        let Some(scalar) = entry.key.scalar() else { continue };
        if let Some(first) = known.insert(scalar.text.clone(), entry.key.span.start) {
            let line = text.position(first).line;
            let message = format!("mapping key `{}` is already defined at line {line}", scalar.text.escape_debug());
            return Err(SyntaxError::new(entry.key.span.start, message));
        }
    }
    if !entries.iter().any(is_merge) {
        return Ok(entries);
    }
    let (merges, mut entries): (Vec<Entry>, Vec<Entry>) = entries.into_iter().partition(is_merge);
    let mut brought = vec![];
    for merge in &merges {
        let sources = if merge.value.is_sequence() { merge.value.items() } else { std::slice::from_ref(&merge.value) };
        for source in sources {
            if !source.is_mapping() {
                let message = "a merge key (`<<`) needs a mapping or a sequence of mappings";
                return Err(SyntaxError::new(source.whole.start, message));
            }
            for entry in source.entries() {
                let new = entry.key.scalar().is_none_or(|scalar| known.insert(scalar.text.clone(), 0).is_none());
                if new {
                    brought.push(Entry { merged: true, ..entry.clone() });
                }
            }
        }
    }
    entries.append(&mut brought);
    Ok(entries)
}

fn is_merge(entry: &Entry) -> bool {
    let plain = entry.key.scalar().is_some_and(|scalar| scalar.style == ScalarStyle::Plain && &*scalar.text == "<<");
    plain && matches!(entry.key.tag(), None | Some("!!merge"))
}
