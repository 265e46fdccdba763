//! A time without a zone by default, in a column that SQLModel fills with times of a zone only.

mod changes;
mod naive;
mod versions;

use super::members::Members;
use super::types::{Named, annotated, resolved};
use crate::checks::python_fix::{text, with_fix};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::python::{Class, Member, ShapeImport};
use crate::text::python::{TypeExpression, type_expression};

use changes::may_change;
use naive::{Naive, naive};
use versions::{is_new, versions};

pub(super) fn check(facts: &Facts) -> Checked {
    let members = Members::of(&facts.project.python);
    let mut findings = vec![];
    let changing = std::cell::LazyCell::new(|| may_change(facts));
    for (index, class, member) in members.all() {
        if !members.reach_tables(index) || !may_be_datetime(facts, member) {
            continue;
        }
        let Some(written) = annotated(facts, member) else { continue };
        if !is_datetime(facts, class, &written) || says_column(member) {
            continue;
        }
        let tables = members.tables_of_sqlmodel(index, &member.name.value);
        let found = naive(facts, class, member);
        let versions: Vec<Option<&str>> = tables.iter().flat_map(|table| versions(facts, *table)).collect();
        // Where it is written down for an older one, all is well.
        if tables.is_empty() || found.is_empty() || versions.iter().flatten().any(|version| !is_new(version)) {
            continue;
        }
        let known = versions.iter().flatten().next().copied();
        let changed = tables.iter().any(|table| changing.get(*table).copied().unwrap_or_default());
        findings.push(finding(facts, (index, class), member, &found, known, changed));
    }
    Ok(findings)
}

/// Whether it is worth looking closer.
fn may_be_datetime(facts: &Facts, member: &Member) -> bool {
    let Some(annotation) = &member.annotation else { return false };
    let written = text(facts, annotation);
    let shape = facts.project.python.shapes.get(&*annotation.path);
    let renamed = |import: &ShapeImport| import.name.ends_with("atetime") && written.contains(&import.bound);
    written.contains("atetime") || shape.is_some_and(|shape| shape.imports.iter().any(renamed))
}

/// Whether it is `datetime`, or that or `None`; `NaiveDatetime` has no zone by its name.
fn is_datetime(facts: &Facts, class: &Class, written: &TypeExpression) -> bool {
    match written {
        TypeExpression::Name(name) => {
            matches!(resolved(facts, class, name), Named::Outside(name) if matches!(name.as_str(), "datetime.datetime" | "pydantic.AwareDatetime"))
        }
        TypeExpression::Text(text) => match type_expression(text) {
            TypeExpression::Text(_) => false,
            inner => is_datetime(facts, class, &inner),
        },
        TypeExpression::Applied(outer, inner) if matches!(resolved(facts, class, outer), Named::Outside(name) if name.ends_with(".Annotated")) =>
        {
            // What else it holds may say whether there is a zone, unless it is a call, which is a field's.
            let [first, rest @ ..] = inner.as_slice() else { return false };
            rest.iter().all(|it| *it == TypeExpression::Other) && is_datetime(facts, class, first)
        }
        TypeExpression::Applied(outer, inner) => {
            let wraps = matches!(resolved(facts, class, outer), Named::Outside(name) if matches!(name.as_str(), "typing.Optional" | "typing.Union"));
            wraps && of_all(facts, class, inner)
        }
        TypeExpression::Union(all) => of_all(facts, class, all),
        TypeExpression::None | TypeExpression::Other => false,
    }
}

fn of_all(facts: &Facts, class: &Class, all: &[TypeExpression]) -> bool {
    let mut some = all.iter().filter(|one| **one != TypeExpression::None);
    matches!((some.next(), some.next()), (Some(one), None) if is_datetime(facts, class, one))
}

/// Whether its column is said, which then decides; or cannot be told.
fn says_column(member: &Member) -> bool {
    let says = |keyword: &str| member.calls.iter().any(|call| call.keyword(keyword).is_some());
    ["sa_type", "sa_column", "**"].into_iter().any(says)
}

fn finding(
    facts: &Facts,
    (index, class): (usize, &Class),
    member: &Member,
    found: &[Naive],
    version: Option<&str>,
    changed: bool,
) -> Finding {
    let (name, of) = (&member.name.value, &class.name.value);
    let place = found.first().map_or(&member.statement, |naive| &naive.place);
    let path = &place.path;
    let message = match version {
        Some(version) => format!("`{name}` of `{of}` is given a time without a zone, which SQLModel {version} refuses"),
        None => format!("`{name}` of `{of}` is given a time without a zone, which SQLModel refuses since 0.0.45"),
    };
    let mut finding = Finding::at(place, format!("{path}: {of}: {name}"), message)
        .label("makes a time without a zone")
        .seen("lock file", "sqlmodel", version.unwrap_or("version not known"));
    for other in found.iter().skip(1) {
        finding = finding.related(&other.place, "makes one too");
    }
    let fix = naive::steps(facts, index, found).map(|(steps, is_utc)| {
        let title = "make it a time of UTC";
        // Where every row is refused as it is, nothing else can hang on it; local times become the same moment, written otherwise.
        if is_utc && version.is_some() && !changed { Fix::safe(title, steps) } else { Fix::risky(title, steps) }
    });
    let finding =
        with_fix(finding, fix, "give it a zone: `datetime.now(timezone.utc)`, or annotate it `NaiveDatetime`");
    if version.is_some() && !changed { finding } else { finding.only_info() }
}
