//! The objects that a member of a class hands to tables, and which tables those are.

use std::collections::BTreeMap;

use crate::project::python::{Ancestor, CallSite, Member, MemberSort, PythonProject, ancestors, is_sqlmodel, order};

/// The tables of SQLModel below each class, itself among them.
pub(in crate::checks::sqlmodel) type Heirs = BTreeMap<usize, Vec<usize>>;

/// Looks for them once, so that not every member of every class asks all tables.
pub(in crate::checks::sqlmodel) fn heirs(python: &PythonProject) -> Heirs {
    let mut found = Heirs::new();
    for table in python.tables.iter().map(|table| table.class).filter(|table| is_sqlmodel(&python.classes, *table)) {
        for ancestor in ancestors(&python.classes, table) {
            if let Ancestor::Class(at) = ancestor {
                found.entry(at).or_default().push(table);
            }
        }
    }
    found
}

/// The tables that get what a class says under a name: itself, or those below it that say nothing else.
pub(in crate::checks::sqlmodel) fn holders(
    python: &PythonProject,
    heirs: &Heirs,
    class: usize,
    name: &str,
) -> Vec<usize> {
    if python.is_table(class) {
        // What inherits from a table is in the same table.
        return vec![class];
    }
    let says = |ancestor: &Ancestor| match ancestor {
        Ancestor::Class(at) => {
            python.classes.get(*at).is_some_and(|class| class.body.iter().any(|member| member.name.value == name))
        }
        _ => false,
    };
    let gets = |table: usize| {
        let above = ancestors(&python.classes, table);
        let below_table = above.iter().skip(1).any(|it| matches!(it, Ancestor::Class(at) if python.is_table(*at)));
        let bases: Vec<Ancestor> = python
            .classes
            .get(table)
            .map(|class| class.bases.iter().map(|base| base.leads_to.clone()).collect())
            .unwrap_or_default();
        let order = match order(&python.classes, &bases) {
            Some(Ok(order)) => [vec![Ancestor::Class(table)], order].concat(),
            // With a base that is not known, its order is a guess, but whose name it is is not.
            _ => above,
        };
        !below_table && order.iter().find(|ancestor| says(ancestor)) == Some(&Ancestor::Class(class))
    };
    heirs.get(&class).into_iter().flatten().copied().filter(|table| gets(*table)).collect()
}

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
