//! Which members of a class may be a primary key that is not seen.

use crate::checks::python_fix::text;
use crate::checks::sqlmodel::types::{Named, annotated, resolved};
use crate::facts::Facts;
use crate::project::python::{CallSite, Class, Member, MemberSort};
use crate::text::python::is_builtin_class;

/// Packages whose names in annotations are types and nothing more, as builtins are.
const KNOWN: [&str; 8] = ["typing", "typing_extensions", "datetime", "decimal", "uuid", "enum", "pydantic", "sqlmodel"];

/// Whether something from elsewhere decides what a member is.
pub(super) fn is_unknown(facts: &Facts, class: &Class, member: &Member) -> bool {
    let is_known = |call: &CallSite| call.is_field() || call.is("Relationship");
    let column = |call: &CallSite| match call.keyword("sa_column") {
        Some(given) => {
            !given.call.as_ref().is_some_and(|call| call.is("Column")) && text(facts, &given.value) != "None"
        }
        None => false,
    };
    let is_field = matches!(member.kind, MemberSort::Field { .. });
    let value = member.value.as_ref().filter(|_| is_field && !member.literal);
    let value_is_known = value.is_none_or(|value| {
        member.calls.iter().any(|call| call.span == *value && is_known(call)) || member.outside.is_some()
    });
    let kwargs = |call: &CallSite| {
        call.keyword("sa_column_kwargs").is_some_and(|given| !text(facts, &given.value).starts_with('{'))
    };
    // An alias from elsewhere may be `Annotated[…]` with a key.
    let names = annotated(facts, member).map(|written| written.names()).unwrap_or_default();
    let is_alias = |name: &String| match resolved(facts, class, name) {
        Named::Outside(name) => {
            !is_builtin_class(&name) && !KNOWN.contains(&name.split('.').next().unwrap_or_default())
        }
        Named::Class(_) => false,
        Named::CheckedOnly | Named::Unknown => true,
    };
    !member.objects.is_empty()
        || names.iter().any(is_alias)
        || !value_is_known
        || member.calls.iter().any(|call| column(call) || kwargs(call))
}
