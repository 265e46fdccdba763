//! What may change a time between the default and the row.

use crate::checks::sqlmodel::said::Said;
use crate::facts::Facts;
use crate::project::python::{Ancestor, Class, ancestors};

/// Methods that are called when a row is made, or one of its values is set.
const CHANGING: [&str; 4] = ["__init__", "__setattr__", "model_post_init", "__init_subclass__"];

/// Whether something may give a time its zone before the row is written.
pub(super) fn may_change(facts: &Facts, table: usize) -> bool {
    let python = &facts.project.python;
    let validates = |name: &str| name.ends_with("validator") || name == "validates";
    let changes = |class: &Class| {
        let said = Said::of(facts, class);
        said.binds(&CHANGING) || said.reads(&validates)
    };
    let above = ancestors(&python.classes, table);
    !python.listeners.is_empty()
        || above.iter().any(|it| matches!(it, Ancestor::Class(at) if python.classes.get(*at).is_some_and(changes)))
}
