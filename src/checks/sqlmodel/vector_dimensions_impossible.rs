//! A column of pgvector with more or fewer dimensions than its type can have: the server refuses to make it.

use super::members::Members;
use super::vector_indexes::vector_type;
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::alembic::revisions::Operation;
use crate::project::vector_index::{Dimensions, VectorType};
use crate::text::Span;

/// One column that cannot be made.
struct Column<'a> {
    place: &'a Span,
    tables: Vec<&'a str>,
    name: &'a str,
    kind: VectorType,
    dimensions: u64,
}

pub(super) fn check(facts: &Facts) -> Checked {
    let models = in_models(facts);
    let revisions = in_revisions(facts);
    let is_same = |one: &Column<'_>, other: &Column<'_>| {
        one.name == other.name
            && one.dimensions == other.dimensions
            && (one.tables.is_empty() || one.tables.iter().any(|table| other.tables.contains(table)))
    };
    let mut findings = vec![];
    for column in &models {
        // What autogenerate made of the model is the same trouble.
        let written = revisions.iter().find(|other| is_same(column, other));
        findings.extend(finding(column, written));
    }
    let of_none = |column: &&Column<'_>| !models.iter().any(|model| is_same(model, column));
    findings.extend(revisions.iter().filter(of_none).filter_map(|column| finding(column, None)));
    Ok(findings)
}

/// The most dimensions that the server takes, and what it says; `None`: they are as it takes them, or not known.
fn refusal(kind: VectorType, dimensions: u64) -> Option<String> {
    let (name, most) = match kind {
        VectorType::Vector | VectorType::Halfvec => (kind.name(), 16_000),
        VectorType::Sparsevec => (kind.name(), 1_000_000_000),
        VectorType::Bit => return None,
    };
    match dimensions {
        0 => Some(format!("dimensions for type {name} must be at least 1")),
        count if count > most => Some(format!("dimensions for type {name} cannot exceed {most}")),
        _ => None,
    }
}

fn in_models(facts: &Facts) -> Vec<Column<'_>> {
    let python = &facts.project.python;
    let members = Members::of(python);
    let mut found = vec![];
    for (index, class) in python.classes.iter().enumerate() {
        for member in &class.body {
            let Some((kind, Dimensions::Fixed(dimensions))) = member.calls.iter().find_map(|it| vector_type(facts, it))
            else {
                continue;
            };
            let holders = members.tables(index, &member.name.value);
            let names = python.tables.iter().filter(|table| holders.contains(&table.class));
            if !holders.is_empty() {
                let tables = names.filter_map(|table| table.name.as_deref()).collect();
                found.push(Column { place: &member.statement, tables, name: &member.name.value, kind, dimensions });
            }
        }
    }
    found.retain(|column| refusal(column.kind, column.dimensions).is_some());
    found
}

fn in_revisions(facts: &Facts) -> Vec<Column<'_>> {
    let revisions = facts.project.alembic.iter().flat_map(|environment| &environment.revisions.files);
    let operations = revisions.filter_map(|revision| revision.upgrade.as_ref()).flat_map(|upgrade| &upgrade.operations);
    let columns = operations.filter_map(|one| match &one.value {
        Operation::VectorColumn(column) => match column.kind? {
            (kind, Dimensions::Fixed(dimensions)) => {
                Some(Column { place: &one.span, tables: vec![&column.table], name: &column.name, kind, dimensions })
            }
            _ => None,
        },
        _ => None,
    });
    columns.filter(|column| refusal(column.kind, column.dimensions).is_some()).collect()
}

fn finding(column: &Column<'_>, revision: Option<&Column<'_>>) -> Option<Finding> {
    let says = refusal(column.kind, column.dimensions)?;
    let (name, table) = (column.name, column.tables.first().map(|table| format!("{table}.")).unwrap_or_default());
    let message = format!("`{table}{name}` cannot be made: {says}");
    let mut finding = Finding::at(column.place, format!("{}: {table}{name}", column.place.path), message)
        .label(format!("refused: {says}"))
        .seen("column", format!("{table}{name}"), format!("{}({})", column.kind.name(), column.dimensions));
    if let Some(revision) = revision {
        finding = finding.related(revision.place, "a revision has it too");
    }
    Some(finding.fix(Fix::manual("write down as many dimensions as the model that makes the embeddings has")))
}
