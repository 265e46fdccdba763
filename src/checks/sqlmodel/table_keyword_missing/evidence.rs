//! What tells a model that forgot to be a table from a schema that shares its fields with one.

use std::collections::BTreeSet;

use crate::checks::python_fix::text;
use crate::facts::Facts;
use crate::project::alembic::revisions::Operation;
use crate::project::python::{Class, MemberSort, PythonProject};

/// Parts of names that people give to what is handed in and out, and to what others inherit from.
const SCHEMAS: [&str; 22] = [
    "Read", "Public", "Create", "Update", "Response", "Request", "Schema", "In", "Out", "Dto", "Input", "Output",
    "Patch", "Detail", "Details", "Summary", "Payload", "View", "Data", "Form", "Filter", "Info",
];

/// Whether a class is there for others to inherit from, or may be a schema.
pub(super) fn is_schema(python: &PythonProject, index: usize) -> bool {
    let Some(class) = python.classes.get(index) else { return true };
    let name = &class.name.value;
    let parts = parts(name);
    let base = ["Base", "Mixin", "Abstract", "DTO"].iter().any(|word| name.contains(word)) || name.ends_with("Model");
    let schema = parts.iter().any(|part| SCHEMAS.contains(part));
    let abstract_ = class.body.iter().any(|member| member.name.value == "__abstract__");
    let heirs = python.classes.with_heirs(index);
    let inherits = |table: usize| heirs.get(table).copied().unwrap_or_default();
    // What uses a name that two classes have does not tell which of them.
    let twice = python.classes.named(name).len() > 1;
    let own = fields(class).collect();
    let alike = |table: usize| resembles(python, &own, table);
    base || schema
        || abstract_
        || twice
        || python.tables.iter().any(|table| inherits(table.class) || alike(table.class))
}

/// The words of a name: `HeroRead` is `Hero` and `Read`.
fn parts(name: &str) -> Vec<&str> {
    let starts = name.char_indices().filter(|(_, character)| character.is_uppercase()).map(|(at, _)| at);
    let starts: Vec<usize> = starts.chain([name.len()]).collect();
    starts.windows(2).filter_map(|pair| name.get(*pair.first()?..*pair.get(1)?)).collect()
}

fn fields(class: &Class) -> impl Iterator<Item = &str> {
    let members = class.body.iter().filter(|member| matches!(member.kind, MemberSort::Field { .. }));
    members.map(|member| member.name.value.as_str()).filter(|name| *name != "id")
}

/// Whether a table has most of the fields, two at least.
fn resembles(python: &PythonProject, own: &BTreeSet<&str>, table: usize) -> bool {
    let of_table: BTreeSet<&str> = python.classes.line(table).flat_map(|(_, class)| fields(class)).collect();
    let common = own.intersection(&of_table).count();
    common >= 2 && common * 2 > own.len()
}

/// Where the project uses a class as a table, and how.
pub(super) fn used_as_table(facts: &Facts, index: usize) -> Option<(String, &'static str)> {
    let python = &facts.project.python;
    let class = python.classes.get(index)?;
    let name = &class.name.value;
    if let Some(path) = python.uses.get(name) {
        return Some((path.clone(), "handed to a session"));
    }
    let said =
        class.body.iter().find(|member| member.name.value == "__tablename__").and_then(|member| member.value.as_ref());
    let table = said.map_or(name.to_lowercase(), |value| text(facts, value).trim_matches(['"', '\'']).to_owned());
    for (at, other) in python.classes.iter().enumerate() {
        let calls = |member: &crate::project::python::Member| {
            let related = at != index
                && member.calls.iter().any(|call| call.is("Relationship"))
                && text(facts, &member.statement)
                    .split(|character: char| !is_of_name(character))
                    .any(|word| word == name);
            let keys = member.calls.iter().filter_map(|call| call.keyword("foreign_key")?.text.as_deref());
            let key = keys.into_iter().any(|key| key.rsplit_once('.').is_some_and(|(of, _)| of == table));
            related || key
        };
        if other.body.iter().any(calls) {
            return Some((other.name.span.path.to_string(), "related to as a table"));
        }
    }
    let revisions = facts.project.alembic.iter().flat_map(|alembic| &alembic.revisions.files);
    let operations = revisions.filter_map(|revision| revision.upgrade.as_ref()).flat_map(|upgrade| &upgrade.operations);
    let made = operations.filter(|one| matches!(&one.value, Operation::CreateTable(made) if *made == table));
    made.map(|one| (one.span.path.to_string(), "its table is created")).next()
}

fn is_of_name(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}
