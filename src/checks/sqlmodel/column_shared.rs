//! One `Column`, `ForeignKey` or `Index` object that two or more tables would share: SQLAlchemy refuses the second.

use std::collections::BTreeMap;

use super::unshared;
use crate::checks::python_fix::{listed, with_fix};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::python::{Ancestor, CallSite, Member, MemberSort, PythonProject, ancestors, is_sqlmodel, order};
use crate::text::Span;

/// An object that tables share.
struct Shared<'a> {
    /// The object itself.
    object: &'a CallSite,
    /// The call of `Field` that hands it over, where that can be changed.
    field: Option<&'a CallSite>,
    /// What it is of: the field, or the name it has in its module.
    name: &'a str,
    /// Whether `None` is among the types of the field.
    optional: bool,
    /// The tables that get it.
    tables: Vec<usize>,
}

pub(super) fn check(facts: &Facts) -> Checked {
    let python = &facts.project.python;
    let mut found: BTreeMap<&Span, Shared<'_>> = BTreeMap::new();
    for (class, entry) in python.classes.iter().enumerate() {
        for member in &entry.body {
            let tables = holders(python, class, &member.name.value);
            for (object, field, name) in objects(python, member) {
                let optional = member.kind == MemberSort::Field { optional: true };
                let shared =
                    found.entry(&object.span).or_insert(Shared { object, field, name, optional, tables: vec![] });
                shared.optional &= optional;
                shared.tables.extend(tables.iter().filter(|table| !shared.tables.contains(table)).collect::<Vec<_>>());
            }
        }
    }
    Ok(found.values().filter(|shared| shared.tables.len() > 1).map(|shared| finding(facts, shared)).collect())
}

/// The tables that get what a class says under a name: itself, or those below it that say nothing else.
fn holders(python: &PythonProject, class: usize, name: &str) -> Vec<usize> {
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
    let tables = python.tables.iter().map(|table| table.class);
    tables.filter(|table| is_sqlmodel(&python.classes, *table) && gets(*table)).collect()
}

/// The objects that a member would hand to each of its tables.
fn objects<'a>(python: &'a PythonProject, member: &'a Member) -> Vec<(&'a CallSite, Option<&'a CallSite>, &'a str)> {
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

fn finding(facts: &Facts, shared: &Shared<'_>) -> Finding {
    let classes = &facts.project.python.classes;
    let tables: Vec<_> = shared.tables.iter().filter_map(|table| classes.get(*table)).map(|it| &it.name).collect();
    let names: Vec<&str> = tables.iter().map(|name| name.value.as_str()).collect();
    let (what, object) = (shared.object.callee.rsplit('.').next().unwrap_or("object"), &shared.object.span);
    let message = format!("{} would share one `{what}` object for `{}`", listed(&names), shared.name);
    let mut finding = Finding::at(object, format!("{}: {}", object.path, shared.name), message)
        .label("belongs to the first table that takes it")
        .seen("classes", shared.name, format!("{} tables get it", names.len()));
    for table in tables {
        finding = finding.related(&table.span, format!("`{}` gets it", table.value));
    }
    let fix = shared.field.and_then(|field| unshared::steps(facts, field, shared.object, shared.optional));
    let fix = fix.map(|steps| Fix::safe("describe the column, so that each table makes its own", steps));
    let help = match what {
        "Index" => {
            "make `__table_args__` a function with `@declared_attr.directive`, so that each table gets its own index"
        }
        _ => "say `sa_type=…` and `sa_column_kwargs={…}` in `Field`, so that each table makes its own column",
    };
    with_fix(facts, finding, fix, help)
}
