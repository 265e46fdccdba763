//! An index of pgvector over a column that the server cannot index so.

use super::vector_indexes::{VectorIndex, in_models, in_revisions};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::vector_index::{Dimensions, Refusal, refusals};

pub(super) fn check(facts: &Facts) -> Checked {
    let refused = |index: VectorIndex| {
        let operators = index.operators.as_ref().map(Option::as_deref);
        let refusals = refusals(&index.method, index.kind, operators);
        (!refusals.is_empty()).then_some((index, refusals))
    };
    let models: Vec<_> = in_models(facts).into_iter().filter_map(refused).collect();
    let revisions: Vec<_> = in_revisions(facts).into_iter().filter_map(refused).collect();
    let is_same = |one: &VectorIndex, other: &VectorIndex| {
        one.column == other.column && (one.table.is_none() || other.table.is_none() || one.table == other.table)
    };
    let mut findings = vec![];
    for (index, refusals) in &models {
        // What autogenerate made of the model is the same trouble.
        let written = revisions.iter().find(|(other, _)| is_same(index, other)).map(|(other, _)| other);
        findings.extend(finding(index, refusals, written));
    }
    for (index, refusals) in &revisions {
        if !models.iter().any(|(model, _)| is_same(model, index)) {
            findings.extend(finding(index, refusals, None));
        }
    }
    Ok(findings)
}

fn finding(index: &VectorIndex, refusals: &[Refusal], revision: Option<&VectorIndex>) -> Option<Finding> {
    let [first, others @ ..] = refusals else { return None };
    let (method, column) = (&index.method, &index.column);
    let (sort, dimensions) = index.kind;
    let kind = match dimensions {
        Dimensions::Fixed(count) => format!("{}({count})", sort.name()),
        Dimensions::Free | Dimensions::Unknown => sort.name().to_owned(),
    };
    let table = index.table.as_ref().map(|table| format!("{table}.")).unwrap_or_default();
    let message = format!("no {method} index can be made over `{table}{column}` as it is: {}", first.says);
    let mut finding = Finding::at(&index.place, format!("{}: {table}{column}", index.place.path), message)
        .label(format!("refused: {}", first.says))
        .related(&index.column_place, format!("`{column}` is `{kind}`"));
    if let Some(revision) = revision {
        finding = finding.related(&revision.place, "a revision has it too");
    }
    let operators = match &index.operators {
        Some(Some(class)) => class.as_str(),
        Some(None) => "no operator class",
        None => "an operator class that cannot be told",
    };
    finding = finding.seen("index", format!("{table}{column}"), format!("{method}, {kind}, {operators}"));
    for other in others {
        finding = finding.help(format!("know that the next error will be: {}", other.says));
        finding = finding.help(other.instead.clone());
    }
    Some(finding.fix(Fix::manual(first.instead.clone())))
}
