//! The objects that a member of a class hands to tables.

use crate::project::python::{CallSite, Member, MemberSort, PythonProject};

/// The objects that a member would hand to each of its tables.
pub(super) fn objects<'a>(
    python: &'a PythonProject,
    member: &'a Member,
) -> Vec<(&'a CallSite, Option<&'a CallSite>, &'a str)> {
    let mut found: Vec<(&CallSite, Option<&CallSite>, &str)> = vec![];
    let name = member.name.value.as_str();
    if name == "__table_args__" {
        return member.calls.iter().filter(|call| call.is("Index")).map(|call| (call, None, name)).collect();
    }
    if !matches!(member.kind, MemberSort::Field { .. }) {
        return found;
    }
    for call in &member.calls {
        found.extend(in_field(call).map(|object| (object, Some(call), name)));
    }
    for (path, name) in &member.objects {
        let Some(object) = python.object(path, name) else { continue };
        for call in &object.calls {
            if call.is("Column") || call.is("ForeignKey") {
                found.push((call, None, name));
            }
            found.extend(in_field(call).map(|object| (object, Some(call), name.as_str())));
        }
    }
    found
}

/// The column or the keys in a call of `Field`.
fn in_field(call: &CallSite) -> impl Iterator<Item = &CallSite> {
    let field = Some(call).filter(|call| call.is_field());
    let column = field.and_then(|call| call.keyword("sa_column")?.call.as_deref()).filter(|call| call.is("Column"));
    let keys = field.and_then(|call| call.keyword("sa_column_args")).map(|it| it.inner.as_slice()).unwrap_or_default();
    column.into_iter().chain(keys.iter().filter(|key| key.is("ForeignKey")))
}
