//! What may change a time between the default and the row.

use crate::checks::python_fix::text;
use crate::facts::Facts;
use crate::project::python::{Ancestor, Class, ancestors};

/// Whether something may give a time its zone before the row is written.
pub(super) fn may_change(facts: &Facts, table: usize) -> bool {
    let python = &facts.project.python;
    let words = ["validator", "validates", "__init__", "__setattr__", "model_post_init", "__init_subclass__"];
    let changes = |class: &Class| words.iter().any(|word| text(facts, &class.statement).contains(word));
    let above = ancestors(&python.classes, table);
    !python.listeners.is_empty()
        || above.iter().any(|it| matches!(it, Ancestor::Class(at) if python.classes.get(*at).is_some_and(changes)))
}
