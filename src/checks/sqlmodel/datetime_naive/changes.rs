//! What may change a time between the default and the row.

use crate::checks::python_fix::text;
use crate::facts::Facts;
use crate::project::python::Ancestor;

/// Which classes something may give a time its zone in before the row is written.
pub(super) fn may_change(facts: &Facts) -> Vec<bool> {
    let python = &facts.project.python;
    let words = ["validator", "validates", "__init__", "__setattr__", "model_post_init", "__init_subclass__"];
    python.classes.with_heirs_of(|ancestor| match ancestor {
        _ if !python.listeners.is_empty() => true,
        Ancestor::Class(at) => python.classes.get(*at).is_some_and(|class| {
            let written = text(facts, &class.statement);
            words.iter().any(|word| written.contains(word))
        }),
        _ => false,
    })
}
