//! `env.py` hands Alembic nothing to compare the database with, or a collection that holds none of the tables.

use crate::checks::python_fix::{edit, import, listed, range, with_fix};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Fix, Step};
use crate::project::python::{Environment, Metadata};
use crate::text::Span;

pub(super) fn check(facts: &Facts) -> Checked {
    let environments = &facts.project.python.environments;
    let told = environments.iter().filter(|it| !it.target.unknown && !it.tables.is_empty());
    Ok(told.flat_map(|environment| findings(facts, environment)).collect())
}

fn findings(facts: &Facts, environment: &Environment) -> Vec<Finding> {
    let (env_py, target) = (&environment.env_py, &environment.target);
    let subject = |what: &str| format!("{env_py}: {what}");
    let seen = |finding: Finding| {
        let tables = environment.tables.len();
        finding.seen("classes", env_py, format!("{tables} classes of the project are tables"))
    };
    let mut found = vec![];
    if let (true, Some(span)) = (target.is_none, &target.span) {
        let message = format!("`{env_py}` hands Alembic no tables: its metadata is `None`");
        let finding = seen(Finding::at(span, subject("none"), message).label("autogenerate cannot compare anything"));
        let fix = only(environment).and_then(|owner| replaced(facts, environment, owner, span));
        found.push(with_fix(facts, finding, fix, "hand over the metadata of your models, such as `SQLModel.metadata`"));
    }
    for call in &target.without {
        let message = format!("`{env_py}` configures Alembic without `target_metadata`");
        let finding = seen(Finding::at(call, subject("configure"), message).label("hands over no tables"));
        let fix = handed(facts, environment, call);
        found.push(with_fix(facts, finding, fix, "hand over `target_metadata=target_metadata`"));
    }
    found.extend(foreign(facts, environment).map(seen));
    found
}

/// The one collection that all tables of the environment are in.
fn only(environment: &Environment) -> Option<&(Metadata, String)> {
    match environment.owners.as_slice() {
        [owner] => Some(owner),
        _ => None,
    }
}

/// Tables that are in another collection than the one that is handed over.
fn foreign(facts: &Facts, environment: &Environment) -> Option<Finding> {
    let python = &facts.project.python;
    let (target, env_py) = (&environment.target, &environment.env_py);
    let span = target.span.as_ref().filter(|_| !target.is_none)?;
    // Another environment may be the one for these tables.
    let handed: Vec<&Metadata> = python.environments.iter().flat_map(|it| &it.target.metadata).collect();
    if python.environments.iter().any(|it| it.target.unknown) {
        return None;
    }
    let tables = python.tables.iter().filter(|table| environment.tables.contains(&table.class));
    let left = tables.filter(|table| table.metadata != Metadata::Unknown && !handed.contains(&&table.metadata));
    let classes: Vec<_> = left.filter_map(|table| python.classes.get(table.class)).map(|class| &class.name).collect();
    let names: Vec<&str> = classes.iter().map(|name| name.value.as_str()).collect();
    if names.is_empty() {
        return None;
    }
    let message = format!(
        "{} {} in another metadata than the one `{env_py}` hands to Alembic",
        listed(&names),
        if names.len() == 1 { "is" } else { "are" }
    );
    let mut finding = Finding::at(span, format!("{env_py}: {}", names.join(" ")), message).label("does not hold them");
    for name in &classes {
        finding = finding.related(&name.span, "is a table of another metadata");
    }
    // Where some tables are in what is handed over, both are wanted, and that is for a person to say.
    let fix = only(environment).and_then(|owner| replaced(facts, environment, owner, span));
    Some(with_fix(
        facts,
        finding,
        fix,
        "hand over a list of all metadata: `target_metadata = [SQLModel.metadata, Base.metadata]`",
    ))
}

/// How a collection is written in `env.py`, and the import that it needs.
fn written(facts: &Facts, environment: &Environment, owner: &(Metadata, String)) -> Option<(String, Option<Step>)> {
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
        return Some((expression, None));
    }
    if shape.bound.contains(&name) {
        return None;
    }
    let before = environment.target.span.as_ref().is_none_or(|span| shape.imports_at.end <= span.start);
    let line = format!("from {} import {name}", owner.1);
    before.then(|| (expression, Some(import(source, shape, &[line]))))
}

fn replaced(facts: &Facts, environment: &Environment, owner: &(Metadata, String), span: &Span) -> Option<Fix> {
    let (expression, import) = written(facts, environment, owner)?;
    let steps = import.into_iter().chain([edit(span, expression.clone())]).collect();
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
fn handed(facts: &Facts, environment: &Environment, call: &Span) -> Option<Fix> {
    let (expression, import) = match &environment.target.variable {
        Some(variable) => (variable.clone(), None),
        None => written(facts, environment, only(environment)?)?,
    };
    let text = facts.source(&call.path)?.slice(call);
    let inner = code(text.strip_suffix(')')?);
    let argument = match inner.chars().next_back()? {
        '(' => format!("target_metadata={expression}"),
        ',' => format!(" target_metadata={expression},"),
        _ => format!(", target_metadata={expression}"),
    };
    let at = call.start + inner.len();
    let steps = import.into_iter().chain([edit(&range(call, at, at), argument)]).collect();
    Some(Fix::safe(format!("hand over `{expression}`"), steps))
}
