//! What `env.py` compares the database with: the collections of tables that it hands to Alembic.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::classes::{Ancestor, Collector};
use super::filters::body;
use super::lineage::Lineage;
use super::modules::{File, Modules};
use super::names::{Meaning, bound, meaning};
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
    /// Whether a call makes it, of which nobody here knows what comes back.
    #[serde(default)]
    pub is_made: bool,
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
        target.is_made = is_made(modules, env, &value, &range, &names);
        return target;
    }
    // What `env.py` itself makes and fills.
    if called && target.variable.as_ref().is_some_and(|variable| is_filled(env, variable)) {
        target.unknown = true;
    }
    for name in names.iter().filter(|_| !called) {
        target.metadata.push(metadata(modules, collector, env, name));
    }
    target.unknown |= target.metadata.contains(&Metadata::Unknown) || (names.is_empty() && !called);
    target
}

/// Whether what is handed over comes from a call that is not given the collections itself, as one that merges them is. The
/// `env.py` of Flask-Migrate asks its extension, which knows them.
fn is_made(modules: &mut Modules<'_>, env: &File, value: &Value, range: &Range<usize>, names: &[String]) -> bool {
    let is_collection = |name: &String| !name.starts_with('.') && name.rsplit('.').next() == Some("metadata");
    let calls = env.module.calls.iter().filter(|call| call.range.start >= range.start && call.range.end <= range.end);
    let makes_one = calls.into_iter().any(|call| call.function() == "MetaData");
    let of_flask = ["extensions['migrate']", "extensions[\"migrate\"]"].iter().any(|it| env.source.text().contains(it));
    let returned = matches!(value, Value::Call(call) if returns_collection(modules, env, &call.callee));
    !names.iter().any(is_collection) && !makes_one && !of_flask && !returned
}

/// Whether a function of the project returns nothing but collections that are named there.
fn returns_collection(modules: &mut Modules<'_>, env: &File, name: &str) -> bool {
    let mut path = (env.path.clone(), name.to_owned());
    for import in env.structure.imports.iter().filter(|import| import.is_from) {
        if let Some(imported) = import.names.iter().find(|imported| bound(import, imported) == name) {
            let found = modules.resolve(&env.path, &import.from).and_then(|found| found.files.last().cloned());
            let Some(found) = found else { return false };
            path = (found, imported.name.clone());
        }
    }
    let Some(file) = modules.file(&path.0) else { return false };
    let text = file.source.text();
    let Some(at) = text.find(&format!("def {}(", path.1)) else { return false };
    let body = body(text, at + "def ".len());
    let mut returned = body.lines().filter_map(|line| line.trim_start().strip_prefix("return ")).peekable();
    let is_collection = |value: &str| {
        let value = value.split(" #").next().unwrap_or(value).trim_matches([' ', '[', ']', '(', ')', ',']);
        value.split(',').all(|one| one.trim().rsplit('.').next() == Some("metadata"))
    };
    returned.peek().is_some() && returned.all(is_collection)
}

/// The collection that a name of a file leads to.
pub(super) fn metadata(modules: &mut Modules<'_>, collector: &mut Collector, env: &File, name: &str) -> Metadata {
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

/// `metadata = MetaData()` is a collection of its own; what another call makes is not known, nor what is copied into it.
fn object(modules: &mut Modules<'_>, path: String, name: String) -> Metadata {
    let Some(file) = modules.file(&path) else { return Metadata::Unknown };
    let is_own = file.structure.assigned.iter().any(|member| {
        member.name == name && matches!(&member.value, Some((Value::Call(call), _)) if call.function() == "MetaData")
    });
    if is_own && !is_filled(&file, &name) { Metadata::Object(path, name) } else { Metadata::Unknown }
}

/// Whether tables may be put into a metadata in the file where it is made: it is handed to a method of something, such as
/// `table.to_metadata(metadata)`, or to a function. `Table("name", metadata)` says what it puts there.
fn is_filled(file: &File, name: &str) -> bool {
    let is_it = |value: &Value| matches!(value, Value::Name(given) if given == name);
    file.module.calls.iter().any(|call| {
        let says =
            call.callee.ends_with("context.configure") || ["Table", "declarative_base"].contains(&call.function());
        !says && call.arguments.iter().any(|argument| is_it(&argument.value))
    })
}
