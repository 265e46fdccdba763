//! Hands the one collection of all tables over to Alembic.

use crate::checks::python_fix::{edit, import, range};
use crate::facts::Facts;
use crate::fix::{Fix, Step};
use crate::project::python::{Environment, Metadata};
use crate::text::Span;

/// The one collection that all tables of the environment are in.
pub(super) fn only(environment: &Environment) -> Option<&(Metadata, String)> {
    match environment.owners.as_slice() {
        [owner] => Some(owner),
        _ => None,
    }
}

/// How a collection is written in `env.py`, and the import that it needs.
fn written(facts: &Facts, environment: &Environment, owner: &(Metadata, String)) -> Option<(String, Vec<Step>)> {
    let python = &facts.project.python;
    let (name, expression) = match &owner.0 {
        Metadata::Sqlmodel => ("SQLModel".to_owned(), "SQLModel.metadata".to_owned()),
        Metadata::Class(class) => {
            let name = python.classes.get(*class)?.name.value.clone();
            (name.clone(), format!("{name}.metadata"))
        }
        Metadata::Object(_, name) => (name.clone(), name.clone()),
        Metadata::Unknown => return None,
    };
    let (source, shape) = (facts.source(&environment.env_py)?, python.shapes.get(&environment.env_py)?);
    if shape.imports.iter().any(|import| import.name == name && import.bound == name) {
        return Some((expression, vec![]));
    }
    if shape.bound.contains(&name) {
        return None;
    }
    let before = environment.target.span.as_ref().is_none_or(|span| shape.imports_at.end <= span.start);
    let line = format!("from {} import {name}", owner.1);
    before.then(|| (expression, import(facts, source, shape, &[line])))
}

pub(super) fn replaced(
    facts: &Facts,
    environment: &Environment,
    owner: &(Metadata, String),
    span: &Span,
) -> Option<Fix> {
    let (expression, imports) = written(facts, environment, owner)?;
    let steps = imports.into_iter().chain([edit(span, expression.clone())]).collect();
    Some(Fix::safe(format!("hand over `{expression}`"), steps))
}

/// A text without the blanks and comments at its end.
fn code(text: &str) -> &str {
    let text = text.trim_end();
    let start = text.rfind('\n').map_or(0, |at| at + 1);
    let mut quote = None;
    for (at, character) in text.get(start..).unwrap_or("").char_indices() {
        match (quote, character) {
            (None, '#') => return code(text.get(..start + at).unwrap_or("")),
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), _) if open == character => quote = None,
            _ => {}
        }
    }
    text
}

/// Adds the argument to a call that lacks it.
pub(super) fn handed(facts: &Facts, environment: &Environment, call: &Span) -> Option<Fix> {
    let (expression, imports) = match &environment.target.variable {
        Some(variable) => (variable.clone(), vec![]),
        None => written(facts, environment, only(environment)?)?,
    };
    let source = facts.source(&call.path)?;
    let text = source.slice(call);
    let inner = code(text.strip_suffix(')')?);
    let mut at = call.start + inner.len();
    let rest = text.get(inner.len()..)?.split_once('\n').map(|(rest, _)| rest.trim_end_matches('\r'));
    let argument = match (inner.chars().next_back()?, inner.rsplit_once('\n'), rest) {
        ('(', ..) => format!("target_metadata={expression}"),
        // Where each argument has a line of its own, so has this one.
        (',', Some((_, line)), Some(rest)) => {
            at += rest.len();
            let indent = line.get(..line.len() - line.trim_start().len())?;
            format!("{}{indent}target_metadata={expression},", source.line_end())
        }
        (',', ..) => format!(" target_metadata={expression},"),
        _ => format!(", target_metadata={expression}"),
    };
    let steps = imports.into_iter().chain([edit(&range(call, at, at), argument)]).collect();
    Some(Fix::safe(format!("hand over `{expression}`"), steps))
}
