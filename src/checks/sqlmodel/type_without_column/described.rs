//! Whether something beside the annotation says which column a field is.

use crate::checks::python_fix::text;
use crate::checks::sqlmodel::types::{Named, resolved};
use crate::facts::Facts;
use crate::project::python::{CallSite, Class, Member};
use crate::text::python::TypeExpression;

/// The `Field` of SQLModel behind `=`: SQLModel takes what it says, and nothing of those in the annotation.
pub(super) fn deciding(member: &Member) -> Option<&CallSite> {
    let value = member.value.as_ref()?;
    member.calls.iter().find(|call| call.span == *value && call.is_field())
}

pub(super) fn describes(facts: &Facts, call: &CallSite) -> bool {
    let column = call.keyword("sa_column").is_some_and(|column| text(facts, &column.value) != "None");
    column || call.keyword("sa_type").is_some() || call.keyword("**").is_some()
}

/// Whether something says which column it is, or what says so cannot be told.
pub(super) fn may_say_more(facts: &Facts, class: &Class, member: &Member, written: &TypeExpression) -> bool {
    let is_pydantics = |call: &CallSite| matches!(call.outside.as_str(), "pydantic.Field" | "pydantic.fields.Field");
    let is_known = |call: &CallSite| call.is_field() || is_pydantics(call);
    let value = member.value.as_ref().filter(|_| !member.literal);
    let value_is_known =
        value.is_none_or(|value| member.calls.iter().any(|call| call.span == *value && is_known(call)));
    if !member.objects.is_empty() || !value_is_known || member.calls.iter().any(|call| !is_known(call)) {
        return true;
    }
    match deciding(member) {
        Some(field) => describes(facts, field),
        // Of a union, SQLModel asks none of the parts.
        None if is_union(facts, class, written) => false,
        None => member.calls.iter().any(|call| describes(facts, call)) || is_written_text(written),
    }
}

/// Whether a text speaks of more than a type: what is called in it is not known.
fn is_written_text(written: &TypeExpression) -> bool {
    matches!(written, TypeExpression::Text(inner) if inner.contains("Annotated"))
}

fn is_union(facts: &Facts, class: &Class, written: &TypeExpression) -> bool {
    match written {
        TypeExpression::Union(_) => true,
        TypeExpression::Applied(name, _) => {
            matches!(resolved(facts, class, name), Named::Outside(name) if matches!(name.as_str(), "typing.Optional" | "typing.Union"))
        }
        _ => false,
    }
}
