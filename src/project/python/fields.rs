//! Calls and fields with the places of their parts, as checks need them to repair them.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::mapping;
use super::modules::{File, Modules};
use super::names::{Meaning, meaning};
use crate::text::Span;
use crate::text::python::{Call, Value};

/// A call, with the place of each of its parts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSite {
    /// What is called, as it is written.
    pub callee: String,
    /// The dotted name outside the project that it leads to, such as `sqlmodel.Field`; empty when it leads to none.
    pub outside: String,
    /// The whole call.
    pub span: Span,
    /// Its arguments, positional ones first.
    pub arguments: Vec<CallArgument>,
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallArgument {
    /// Its keyword; `**` for a mapping.
    pub keyword: Option<String>,
    /// Keyword and value.
    pub whole: Span,
    /// The value.
    pub value: Span,
    /// The value, when it is a string.
    pub text: Option<String>,
    /// The value, when it is a dotted name.
    pub name: Option<String>,
    /// Whether the value is a function for certain: a lambda, or for `sa_column` the name of a function of the file too.
    #[serde(default)]
    pub is_function: bool,
    /// The value, when it is a call.
    pub call: Option<Box<CallSite>>,
    /// The outermost calls in a value that is none itself, such as a list.
    pub inner: Vec<CallSite>,
    /// What a mapping hands over, when it is one.
    #[serde(default)]
    pub mapping: Option<Mapping>,
}

/// What `**mapping` hands over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mapping {
    /// These keywords.
    Keys(Vec<String>),
    /// What callers of the function around it decide.
    Handed,
    /// It cannot be told.
    Untold,
}

/// The keyword whose value is asked closely: what SQLModel takes as it is.
const COLUMN: &str = "sa_column";

impl CallSite {
    /// The argument of a keyword.
    pub fn keyword(&self, name: &str) -> Option<&CallArgument> {
        self.arguments.iter().find(|argument| argument.keyword.as_deref() == Some(name))
    }

    /// The arguments without a keyword.
    pub fn positional(&self) -> impl Iterator<Item = &CallArgument> {
        self.arguments.iter().filter(|argument| argument.keyword.is_none())
    }

    /// Whether it calls something of this name of SQLAlchemy's or SQLModel's.
    pub fn is(&self, name: &str) -> bool {
        let Some((package, last)) = self.outside.rsplit_once('.') else { return false };
        last == name && matches!(package.split('.').next(), Some("sqlalchemy" | "sqlmodel"))
    }

    /// Whether it is a call of SQLModel's `Field`, not of pydantic's.
    pub fn is_field(&self) -> bool {
        matches!(self.outside.as_str(), "sqlmodel.Field" | "sqlmodel.main.Field")
    }
}

/// What is called, when it is of outside.
fn outside(modules: &mut Modules<'_>, file: &File, callee: &str) -> String {
    match meaning(modules, file, callee) {
        Meaning::Outside(name) => name,
        _ => String::new(),
    }
}

/// A call with all that is called in its arguments.
pub(super) fn call_site(modules: &mut Modules<'_>, file: &File, call: &Call) -> CallSite {
    let arguments = call
        .arguments
        .iter()
        .map(|argument| CallArgument {
            keyword: argument.keyword.clone(),
            whole: file.source.span(argument.whole.clone()),
            value: file.source.span(argument.range.clone()),
            text: argument.value.as_text().map(|text| text.value.clone()),
            name: match &argument.value {
                Value::Name(name) => Some(name.clone()),
                _ => None,
            },
            is_function: match &argument.value {
                Value::Lambda => true,
                Value::Name(name) if argument.keyword.as_deref() == Some(COLUMN) => {
                    !name.contains('.') && file.functions().named.contains_key(name)
                }
                _ => false,
            },
            call: match &argument.value {
                Value::Call(inner) => Some(Box::new(call_site(modules, file, inner))),
                _ => None,
            },
            inner: match &argument.value {
                Value::Lambda | Value::Other => calls_in(modules, file, &argument.range),
                _ => vec![],
            },
            mapping: (argument.keyword.as_deref() == Some("**")).then(|| mapping::mapping(file, call, argument)),
        })
        .collect();
    CallSite {
        callee: call.callee.clone(),
        outside: outside(modules, file, &call.callee),
        span: file.source.span(call.range.clone()),
        arguments,
    }
}

/// The outermost calls within a range of a file.
pub(super) fn calls_in(modules: &mut Modules<'_>, file: &File, range: &Range<usize>) -> Vec<CallSite> {
    let mut found = vec![];
    let mut end = range.start;
    for call in file.module.calls_within(range) {
        if call.range.start >= end {
            end = call.range.end;
            found.push(call_site(modules, file, call));
        }
    }
    found
}
