//! One `Column`, `ForeignKey` or `Index` object that two or more tables would share: SQLAlchemy refuses the second.

mod objects;

use std::collections::BTreeMap;

use super::members::Members;
use super::unshared;
use crate::checks::python_fix::{listed, with_fix};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::python::{CallSite, MemberSort};
use crate::text::Span;
use crate::text::Spanned;
use crate::text::counted;

use objects::objects;

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
    /// The attributes that hand it over.
    attributes: Vec<&'a Spanned<String>>,
}

pub(super) fn check(facts: &Facts) -> Checked {
    let python = &facts.project.python;
    let mut found: BTreeMap<&Span, Shared<'_>> = BTreeMap::new();
    let members = Members::of(python);
    for (class, entry) in python.classes.iter().enumerate() {
        for member in &entry.body {
            let tables = members.tables(class, &member.name.value);
            for (object, field, name) in objects(python, member) {
                let optional = member.kind == MemberSort::Field { optional: true };
                let shared = found.entry(&object.span).or_insert(Shared {
                    object,
                    field,
                    name,
                    optional,
                    tables: vec![],
                    attributes: vec![],
                });
                shared.optional &= optional;
                if !tables.is_empty() && !shared.attributes.contains(&&member.name) {
                    shared.attributes.push(&member.name);
                }
                shared.tables.extend(tables.iter().filter(|table| !shared.tables.contains(table)).collect::<Vec<_>>());
            }
        }
    }
    let judged = found.values_mut().filter_map(|shared| {
        let first = shared.tables.first().copied()?;
        // Each program makes its objects anew.
        let path_of = |table: &usize| python.classes.get(*table).map_or("", |class| &*class.name.span.path);
        let paths: Vec<&str> = shared.tables.iter().map(path_of).collect();
        let mut together = python.programs.together(&paths).into_iter();
        shared.tables.retain(|_| together.next() != Some(false));
        match shared.tables.as_slice() {
            [] | [_] => within_one(facts, shared, first),
            _ => Some(finding(facts, shared)),
        }
    });
    Ok(judged.collect())
}

/// Two attributes of one table with one column: the last one has it, the other is none of the table's.
fn within_one(facts: &Facts, shared: &Shared<'_>, table: usize) -> Option<Finding> {
    let table = &facts.project.python.classes.get(table)?.name.value;
    let names: Vec<&str> = shared.attributes.iter().map(|name| name.value.as_str()).collect();
    if names.len() < 2 || !shared.object.is("Column") && !shared.object.is("ForeignKey") {
        return None;
    }
    let (what, object) = (shared.object.callee.rsplit('.').next().unwrap_or("object"), &shared.object.span);
    let message = format!("{} of `{table}` would share one `{what}` object", listed(&names));
    let mut finding = Finding::at(object, format!("{}: {}", object.path, shared.name), message)
        .label("can be one column only")
        .seen("class", table, counted(names.len(), "attribute gets it", "attributes get it"));
    for name in &shared.attributes {
        finding = finding.related(&name.span, format!("`{}` gets it", name.value));
    }
    Some(finding.help("write it down for each attribute anew"))
}

fn finding(facts: &Facts, shared: &Shared<'_>) -> Finding {
    let classes = &facts.project.python.classes;
    let tables: Vec<_> = shared.tables.iter().filter_map(|table| classes.get(*table)).map(|it| &it.name).collect();
    let names: Vec<&str> = tables.iter().map(|name| name.value.as_str()).collect();
    let (what, object) = (shared.object.callee.rsplit('.').next().unwrap_or("object"), &shared.object.span);
    let message = format!("{} would share one `{what}` object for `{}`", listed(&names), shared.name);
    let mut finding = Finding::at(object, format!("{}: {}", object.path, shared.name), message)
        .label("belongs to the first table that takes it")
        .seen("classes", shared.name, counted(names.len(), "table gets it", "tables get it"));
    for table in tables {
        finding = finding.related(&table.span, format!("`{}` gets it", table.value));
    }
    let steps = shared.field.and_then(|field| unshared::steps(facts, field, shared.object, shared.optional));
    let withheld = steps.as_ref().and_then(|steps| steps.as_ref().err().copied());
    let steps = steps.and_then(Result::ok);
    let fix = steps.map(|steps| Fix::safe("describe the column, so that each table makes its own", steps));
    let help = match what {
        "Index" => {
            "make `__table_args__` a function with `@declared_attr.directive`, and the name of the index one of the table: `f\"ix_{cls.__tablename__}_at\"`"
        }
        _ => "say `sa_type=…` and `sa_column_kwargs={…}` in `Field`, so that each table makes its own column",
    };
    let finding = with_fix(finding, fix, help);
    withheld.into_iter().fold(finding, Finding::help)
}
