//! What the names of an annotation lead to, by what the project says of each import.

use crate::checks::python_fix::text;
use crate::facts::Facts;
use crate::project::python::{Ancestor, Class, Member, MemberSort, Shape};
use crate::text::python::{TypeExpression, is_builtin_class, type_expression};

/// What a name leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// Something from outside of the project, by its dotted name; builtins have no dot.
    Outside(String),
    /// A class of the project, by its place among them.
    Class(usize),
    /// Something that only a type checker imports.
    CheckedOnly,
    /// It cannot be told.
    Unknown,
}

/// What the annotation of a field says; `None` for what is no field.
pub(super) fn annotated(facts: &Facts, member: &Member) -> Option<TypeExpression> {
    let is_field = matches!(member.kind, MemberSort::Field { .. }) && !member.name.value.starts_with('_');
    Some(type_expression(text(facts, member.annotation.as_ref().filter(|_| is_field)?)))
}

/// Whether a file defers all its annotations, so that they are texts when a class is made.
pub(super) fn defers(facts: &Facts, path: &str) -> bool {
    let imports = facts.project.python.shapes.get(path).map(|shape| shape.imports.as_slice()).unwrap_or_default();
    imports.iter().any(|import| import.from == "__future__" && import.name == "annotations")
}

/// What a dotted name means within a class.
pub(super) fn resolved(facts: &Facts, class: &Class, name: &str) -> Named {
    let path = &class.name.span.path;
    let Some(shape) = facts.project.python.shapes.get(&**path) else { return Named::Unknown };
    let (first, rest) = name.split_once('.').unwrap_or((name, ""));
    // What the body itself binds comes first.
    if class.body.iter().any(|member| member.name.value == first) {
        return Named::Unknown;
    }
    resolved_in(facts, shape, path, first, rest)
}

/// What a dotted name means at the top level of a file.
pub(super) fn resolved_in(facts: &Facts, shape: &Shape, path: &str, first: &str, rest: &str) -> Named {
    let appended = |name: &str| if rest.is_empty() { name.to_owned() } else { format!("{name}.{rest}") };
    match shape.bound.iter().filter(|bound| *bound == first).count() {
        0 if shape.checked_only.iter().any(|name| name == first) => Named::CheckedOnly,
        0 if shape.bound.iter().any(|bound| bound == "*") => Named::Unknown,
        0 if is_builtin_class(first) && rest.is_empty() => Named::Outside(first.to_owned()),
        1 => match shape.imports.iter().find(|import| import.bound == first).map(|import| &import.leads_to) {
            Some(Ancestor::Outside(name)) => Named::Outside(appended(name)),
            Some(Ancestor::Class(index)) if rest.is_empty() => Named::Class(*index),
            Some(Ancestor::Class(_) | Ancestor::Unknown) => Named::Unknown,
            None => own_class(facts, path, first, rest),
        },
        _ => Named::Unknown,
    }
}

/// The class of a name in a file.
fn own_class(facts: &Facts, path: &str, name: &str, rest: &str) -> Named {
    let is_it = |class: &Class| rest.is_empty() && *class.name.span.path == *path && !class.in_function;
    let classes = &facts.project.python.classes;
    let mut found = classes.named(name).iter().filter(|at| classes.get(**at).is_some_and(is_it));
    match (found.next(), found.next()) {
        (Some(index), None) => Named::Class(*index),
        _ => Named::Unknown,
    }
}
