//! A field of a table is annotated with a type that SQLModel makes no column of.

mod described;
mod refusal;

use std::collections::BTreeMap;

use super::members::Members;
use super::types::{Named, annotated, resolved};
use crate::checks::python_fix::{listed, text};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::python::{Ancestor, Class, DECLARATIVE, Member};
use crate::text::python::TypeExpression;

use described::{deciding, describes, may_say_more};
use refusal::{Refusal, refusal};

pub(super) fn check(facts: &Facts) -> Checked {
    let members = Members::of(&facts.project.python);
    let mut findings = vec![];
    let mut making_names: BTreeMap<&str, bool> = BTreeMap::new();
    for (index, class, member) in members.all() {
        let is_mapped_perhaps =
            member.annotation.as_ref().is_some_and(|annotation| text(facts, annotation).contains("Mapped"));
        if !members.reach_tables(index) && !is_mapped_perhaps {
            continue;
        }
        // Only the last of one name counts, and names that are made while the file runs cannot be told.
        let last = class.body.iter().rev().find(|other| other.name.value == member.name.value);
        let path = &*member.statement.path;
        let makes_names = *making_names
            .entry(path)
            .or_insert_with(|| facts.source(path).is_some_and(|it| it.text().contains("globals()")));
        if last != Some(member) || makes_names {
            continue;
        }
        let Some(written) = annotated(facts, member) else { continue };
        if is_mapped(facts, index, class, member, &written) {
            findings.push(finding(facts, class, member, &Refusal::mapped(), &[]));
            continue;
        }
        let tables = members.tables_of_sqlmodel(index, &member.name.value);
        if tables.is_empty() || may_say_more(facts, class, member, &written) {
            continue;
        }
        if let Some(refusal) = refusal(facts, class, &written) {
            findings.push(finding(facts, class, member, &refusal, &tables));
        }
    }
    Ok(findings)
}

/// Whether it is `Mapped[…]` in a model, or in what a model inherits from.
fn is_mapped(facts: &Facts, index: usize, class: &Class, member: &Member, written: &TypeExpression) -> bool {
    let (TypeExpression::Name(name) | TypeExpression::Applied(name, _)) = written else { return false };
    if !matches!(resolved(facts, class, name), Named::Outside(name) if name.starts_with("sqlalchemy.orm.") && name.ends_with(".Mapped"))
        || member.calls.iter().any(|call| call.is("Relationship"))
    {
        return false;
    }
    let classes = &facts.project.python.classes;
    // Of SQLAlchemy's own classes there may be many, and nothing below them is refused.
    let is_theirs = |it: &Ancestor| match it {
        Ancestor::Unknown => true,
        Ancestor::Outside(name) => name == DECLARATIVE,
        Ancestor::Class(_) => false,
    };
    if classes.ancestors(index).any(is_theirs) {
        return false;
    }
    let allows = |it: &Ancestor| match it {
        Ancestor::Class(at) => {
            classes.get(*at).is_some_and(|class| text(facts, &class.statement).contains("arbitrary_types_allowed"))
        }
        other => is_theirs(other),
    };
    let heirs = classes.with_heirs(index);
    let mut below = (0..classes.len()).zip(heirs).filter(|(_, is_heir)| *is_heir).map(|(heir, _)| heir);
    below.any(|heir| classes.is_model(heir) && !classes.ancestors(heir).any(allows))
}

fn finding(facts: &Facts, class: &Class, member: &Member, refusal: &Refusal, tables: &[usize]) -> Finding {
    let classes = &facts.project.python.classes;
    let (name, of) = (&member.name.value, &class.name.value);
    let annotation = member.annotation.as_ref().unwrap_or(&member.statement);
    let written: Vec<&str> = text(facts, annotation).split_whitespace().collect();
    let path = &annotation.path;
    let message = format!("`{name}` of `{of}` is annotated `{}`, {}", written.join(" "), refusal.message);
    let mut finding = Finding::at(annotation, format!("{path}: {of}: {name}"), message)
        .label(refusal.label.clone())
        .seen("annotation", format!("{of}.{name}"), refusal.says);
    let below: Vec<_> =
        tables.iter().filter_map(|table| classes.get(*table)).filter(|it| it.name != class.name).collect();
    if !below.is_empty() {
        let names: Vec<&str> = below.iter().map(|table| table.name.value.as_str()).collect();
        let inherit = if names.len() == 1 { "inherits it" } else { "inherit it" };
        finding = finding.related(&class.name.span, format!("{} {inherit}", listed(&names)));
    }
    let dropped = member.calls.iter().find(|call| Some(*call) != deciding(member) && describes(facts, call));
    if let Some(field) = dropped {
        finding = finding.related(&field.span, format!("`{}` is not asked what the column is", field.callee));
        let instead = "say it in a `Field` behind `=`: `Field(default=None, sa_type=…)`";
        return finding.fix(Fix::manual(instead));
    }
    finding.fix(Fix::manual(refusal.instead.clone()))
}
