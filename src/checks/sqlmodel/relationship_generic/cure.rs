//! Says to SQLAlchemy which class a relationship leads to.

use super::Lost;
use crate::checks::python_fix::{edit, import, text};
use crate::checks::sqlmodel::types::{Named, resolved};
use crate::facts::Facts;
use crate::fix::{Fix, Step};
use crate::text::python::{TypeExpression, type_expression};

/// The class that it leads to, and whether it is a list of them.
fn target(facts: &Facts, lost: &Lost<'_>) -> Option<(String, bool)> {
    let name = |written: &TypeExpression| match written {
        TypeExpression::Name(name) => Some(name.clone()),
        TypeExpression::Text(text) => match type_expression(text) {
            TypeExpression::Name(name) => Some(name),
            _ => None,
        },
        _ => None,
    };
    match &lost.says {
        TypeExpression::Applied(outer, inner) => {
            let [inner] = inner.as_slice() else { return None };
            match resolved(facts, lost.class, outer) {
                Named::Outside(outer) if matches!(outer.as_str(), "list" | "typing.List") => Some((name(inner)?, true)),
                Named::Outside(outer) if outer == "typing.Optional" => Some((name(inner)?, false)),
                _ => None,
            }
        }
        TypeExpression::Union(all) => match all.as_slice() {
            [one, TypeExpression::None] | [TypeExpression::None, one] => Some((name(one)?, false)),
            _ => None,
        },
        text @ TypeExpression::Text(_) => Some((name(text)?, false)),
        _ => None,
    }
}

/// The fix: where only this annotation is a text, the class alone is quoted; where all are, SQLAlchemy is told by its own call.
pub(super) fn fix(facts: &Facts, lost: &Lost<'_>) -> Option<Fix> {
    let (class, is_list) = target(facts, lost)?;
    if class.contains('.') {
        return None;
    }
    let annotation = lost.member.annotation.as_ref()?;
    let source = facts.source(&annotation.path)?;
    let shape = facts.project.python.shapes.get(source.path())?;
    let bound_from = |module: &str, name: &str| {
        let import = shape.imports.iter().find(|import| import.from == module && import.name == name)?;
        Some(import.bound.clone())
    };
    let is_free = |name: &str| !shape.bound.iter().any(|bound| bound == name);
    let mut steps: Vec<Step> = vec![];
    if !lost.deferred {
        let outer = match &lost.says {
            TypeExpression::Applied(outer, _) => outer.clone(),
            _ => match bound_from("typing", "Optional") {
                Some(bound) => bound,
                None if is_free("Optional") => {
                    steps.extend(import(facts, source, shape, &["from typing import Optional".to_owned()]));
                    "Optional".to_owned()
                }
                None => return None,
            },
        };
        let quote = text(facts, annotation).chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        steps.push(edit(annotation, format!("{outer}[{quote}{class}{quote}]")));
        return Some(Fix::safe("quote only the class", steps));
    }
    // Without a class to relate to, or with more to say than this, it is left to a person.
    let mut said = vec![format!("\"{class}\"")];
    for argument in &lost.call.arguments {
        match argument.keyword.as_deref() {
            Some("back_populates") => said.push(text(facts, &argument.whole).to_owned()),
            _ => return None,
        }
    }
    if is_list && !is_free("list") {
        return None;
    }
    // SQLAlchemy makes something of the annotation all the same: of `list[Hero]` one hero, unless it is told what collects them.
    said.push(if is_list { "collection_class=list" } else { "uselist=False" }.to_owned());
    let function = match bound_from("sqlalchemy.orm", "relationship") {
        Some(bound) => bound,
        None if is_free("relationship") => {
            steps.extend(import(facts, source, shape, &["from sqlalchemy.orm import relationship".to_owned()]));
            "relationship".to_owned()
        }
        None => return None,
    };
    let call = format!("{}(sa_relationship={function}({}))", lost.call.callee, said.join(", "));
    if text(facts, &lost.call.span).contains('#') {
        return None;
    }
    steps.push(edit(&lost.call.span, call));
    Some(Fix::safe(format!("relate it to `{class}` by SQLAlchemy's own `relationship`"), steps))
}
