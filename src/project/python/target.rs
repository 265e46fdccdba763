//! What `env.py` compares the database with: the collections of tables that it hands to Alembic.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::classes::{Ancestor, Collector};
use super::lineage::Lineage;
use super::modules::{File, Modules};
use super::names::{Meaning, meaning};
use super::tables::{Metadata, is_sqlmodels, metadata_of};
use crate::text::Span;
use crate::text::python::{Call, Value};

/// What an `env.py` hands to Alembic.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The expression that says it.
    pub span: Option<Span>,
    /// The name it is assigned to.
    pub variable: Option<String>,
    /// Whether that is `None`.
    pub is_none: bool,
    /// The collections.
    pub metadata: Vec<Metadata>,
    /// Whether it could not be told.
    pub unknown: bool,
    /// The calls of `context.configure` with a connection that hand nothing over.
    pub without: Vec<Span>,
}

/// Whether a call is that of `context.configure` that autogenerate uses: the other one has a URL only.
fn configures(call: &Call) -> bool {
    let online = call.keyword("connection").is_some() || call.keyword("url").is_none();
    call.callee.ends_with("context.configure") && online && call.keyword("dialect_name").is_none()
}

/// Reads what `env.py` hands over.
pub(super) fn target(modules: &mut Modules<'_>, collector: &mut Collector, env: &File) -> Target {
    let mut target = Target::default();
    let mut handed: Option<(Value, Range<usize>)> = None;
    let calls: Vec<&Call> = env.module.calls.iter().filter(|call| configures(call)).collect();
    for call in &calls {
        match call.arguments.iter().find(|argument| argument.keyword.as_deref() == Some("target_metadata")) {
            Some(argument) => handed = Some((argument.value.clone(), argument.range.clone())),
            None if call.keyword("**").is_some() => target.unknown = true,
            None => target.without.push(env.source.span(call.range.clone())),
        }
    }
    let variable = match &handed {
        Some((Value::Name(name), _)) => name.clone(),
        Some(_) => String::new(),
        None => "target_metadata".to_owned(),
    };
    let assigned: Vec<_> =
        env.structure.assigned.iter().filter(|member| member.name == variable && member.value.is_some()).collect();
    let all = env.module.assignments.iter().filter(|it| it.target == variable).count();
    match assigned.as_slice() {
        [] => {}
        [.., last] if all == assigned.len() => {
            target.variable = Some(variable);
            handed.clone_from(&last.value);
        }
        _ => target.unknown = true,
    }
    let Some((value, range)) = handed else {
        // Whoever configures elsewhere cannot be seen.
        target.unknown |= calls.is_empty();
        return target;
    };
    target.span = Some(env.source.span(range.clone()));
    if env.source.text().get(range.clone()) == Some("None") {
        target.is_none = true;
        return target;
    }
    let names: Vec<String> = env
        .module
        .names
        .iter()
        .filter(|(_, at)| at.start >= range.start && at.end <= range.end)
        .map(|(name, _)| name.clone())
        .collect();
    let called = env.module.calls.iter().any(|call| call.range.start >= range.start && call.range.end <= range.end);
    if called && !matches!(&value, Value::Call(call) if call.function() == "MetaData" && call.arguments.is_empty()) {
        target.unknown = true;
        return target;
    }
    for name in names.iter().filter(|_| !called) {
        target.metadata.push(metadata(modules, collector, env, name));
    }
    target.unknown |= target.metadata.contains(&Metadata::Unknown) || (names.is_empty() && !called);
    target
}

/// The collection that a name of `env.py` leads to.
fn metadata(modules: &mut Modules<'_>, collector: &mut Collector, env: &File, name: &str) -> Metadata {
    match meaning(modules, env, name) {
        Meaning::Outside(name) if is_sqlmodels(&name) => Metadata::Sqlmodel,
        Meaning::Object(path, name) => match name.split_once('.') {
            Some((class, _)) => {
                let Some(file) = modules.file(&path) else { return Metadata::Unknown };
                match collector.ancestor(modules, &file, class) {
                    Ancestor::Class(index) => metadata_of(&collector.classes, &Lineage::of(&collector.classes), index),
                    _ => Metadata::Unknown,
                }
            }
            None => object(modules, path, name),
        },
        _ => Metadata::Unknown,
    }
}

/// `metadata = MetaData()` is a collection of its own; what another call makes is not known.
fn object(modules: &mut Modules<'_>, path: String, name: String) -> Metadata {
    let Some(file) = modules.file(&path) else { return Metadata::Unknown };
    let is_own = file.structure.assigned.iter().any(|member| {
        member.name == name && matches!(&member.value, Some((Value::Call(call), _)) if call.function() == "MetaData")
    });
    if is_own { Metadata::Object(path, name) } else { Metadata::Unknown }
}
