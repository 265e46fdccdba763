//! A table without a primary key: SQLAlchemy cannot map its class.

mod members;

use std::collections::BTreeMap;

use super::said::Said;
use super::table_arguments::has_plain_arguments;
use crate::checks::python_fix::text;
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::python::{Ancestor, Class};

use members::is_unknown;

/// Classes from outside that bring no key.
const KEYLESS: [&str; 6] =
    ["sqlmodel.SQLModel", "pydantic.BaseModel", "object", "abc.ABC", "typing.Generic", "typing_extensions.Generic"];

/// What SQLAlchemy leaves alone.
const ABSTRACT: &str = "__abstract__";

/// What a class maps otherwise with, or classes below it.
const MAPPED: [&str; 3] = ["__mapper_args__", "__table__", "__init_subclass__"];

pub(super) fn check(facts: &Facts) -> Checked {
    let python = &facts.project.python;
    let mut findings = vec![];
    // What many tables inherit from is looked at once.
    let mut keyed: BTreeMap<usize, bool> = BTreeMap::new();
    for table in &python.tables {
        let above = python.classes.ancestors(table.class);
        let own: Option<Vec<(usize, &Class)>> = above
            .filter_map(|ancestor| match ancestor {
                Ancestor::Class(at) => Some(python.classes.get(*at).map(|class| (*at, class))),
                Ancestor::Outside(name) if KEYLESS.contains(&name.as_str()) => None,
                _ => Some(None),
            })
            .collect();
        let Some(own) = own.filter(|_| python.classes.is_sqlmodel(table.class)) else { continue };
        // What inherits from a table has its key; and a table that cannot be made is told itself.
        let below_table = own.iter().any(|(at, _)| *at != table.class && python.is_table(*at));
        let mut has_key =
            |(at, class): &(usize, &Class)| *keyed.entry(*at).or_insert_with(|| may_have_key(facts, class));
        if below_table || own.iter().any(&mut has_key) || is_abstract(facts, &own) {
            continue;
        }
        let heirs = python.classes.with_heirs(table.class);
        let is_heir = |class: usize| class != table.class && heirs.get(class).copied().unwrap_or_default();
        let below = python.tables.iter().find(|other| is_heir(other.class)).and_then(|it| python.classes.get(it.class));
        findings.extend(python.classes.get(table.class).map(|class| finding(class, below)));
    }
    Ok(findings)
}

/// Whether the first of these classes may be one that SQLAlchemy does not map.
fn is_abstract(facts: &Facts, own: &[(usize, &Class)]) -> bool {
    let speaks = |class: &Class| text(facts, &class.statement).contains(ABSTRACT);
    own.first().is_some_and(|(_, class)| speaks(class) && Said::of(facts, class).binds(&[ABSTRACT]))
}

/// Whether a class says a key, or something of which that cannot be told.
fn may_have_key(facts: &Facts, class: &Class) -> bool {
    let said = Said::of(facts, class);
    said.gives("primary_key")
        || said.unpacks()
        || said.binds(&MAPPED)
        || said.reads(&|name| matches!(name, "PrimaryKeyConstraint" | "declared_attr"))
        || class.keywords.iter().any(|(keyword, _)| matches!(keyword.as_str(), "metaclass" | "**"))
        || !has_plain_arguments(facts, class)
        || class.body.iter().any(|member| is_unknown(facts, class, member))
}

fn finding(class: &Class, below: Option<&Class>) -> Finding {
    let name = &class.name;
    let message = format!("`{}` is a table without a primary key, which SQLAlchemy cannot map", name.value);
    let finding = Finding::at(&name.span, format!("{}: {}", name.span.path, name.value), message)
        .label("has no field with `primary_key=True`")
        .seen("class", &name.value, "`table=True`, and no primary key in it or in what it inherits from");
    match below {
        Some(table) => finding
            .related(&table.name.span, format!("`{}` is a table and inherits from it", table.name.value))
            .fix(Fix::manual(format!("take `table=True` away from `{}`, which others inherit from", name.value))),
        None => {
            finding.fix(Fix::manual("give it a primary key: `id: int | None = Field(default=None, primary_key=True)`"))
        }
    }
}
