//! What the statements of a class say, blocks and functions in it included; comments and docstrings say nothing.

use crate::checks::python_fix::text;
use crate::facts::Facts;
use crate::project::python::{Class, Shape};
use crate::text::python::{self, Module};

/// The statements of a class.
pub(super) struct Said<'a> {
    class: &'a Class,
    module: Module,
    shape: Option<&'a Shape>,
}

impl<'a> Said<'a> {
    pub(super) fn of(facts: &'a Facts, class: &'a Class) -> Self {
        let shape = facts.project.python.shapes.get(&*class.name.span.path);
        Self { class, module: python::parse(text(facts, &class.statement)), shape }
    }

    /// Whether one of these names is assigned or defined.
    pub(super) fn binds(&self, names: &[&str]) -> bool {
        let members = self.class.body.iter().map(|member| member.name.value.as_str());
        let assigned = self.module.assignments.iter().map(|assignment| assignment.target.as_str());
        members.chain(assigned).any(|name| names.contains(&name))
    }

    /// Whether a name is read, or a part of one behind a dot, that is wanted; of what is imported, by its own name.
    pub(super) fn reads(&self, wanted: &dyn Fn(&str) -> bool) -> bool {
        self.module.names.iter().any(|(name, _)| name.split('.').any(|part| wanted(self.own_name(part))))
    }

    fn own_name<'b>(&'b self, name: &'b str) -> &'b str {
        let imports = self.shape.map(|shape| shape.imports.as_slice()).unwrap_or_default();
        imports.iter().find(|import| import.bound == name).map_or(name, |import| &import.name)
    }

    /// Whether a call is given something under a keyword, or a dictionary has it as a key.
    pub(super) fn gives(&self, name: &str) -> bool {
        let in_call = self.module.calls.iter().any(|call| call.keyword(name).is_some());
        in_call || self.module.entries.iter().any(|entry| entry.key.as_ref().is_some_and(|key| key.value == name))
    }

    /// Whether a call or a dictionary takes all of another mapping.
    pub(super) fn unpacks(&self) -> bool {
        let in_call = self.module.calls.iter().any(|call| call.keyword("**").is_some());
        in_call || self.module.entries.iter().any(|entry| entry.unpacks)
    }
}
