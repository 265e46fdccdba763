//! The keywords that `**mapping` hands over, where the mapping is written down.

use std::ops::Range;

use super::fields::Mapping;
use super::modules::File;
use crate::text::python::{Argument, Call, Entry, Value};

/// What an argument `**mapping` of a call hands over.
pub(super) fn mapping(file: &File, call: &Call, argument: &Argument) -> Mapping {
    let keys = match &argument.value {
        Value::Name(name) if call.context.function.is_some() && !is_assigned(file, name) => return Mapping::Handed,
        Value::Name(name) => constant(file, name).and_then(|(value, range)| written(file, value, range)),
        value => written(file, value, &argument.range),
    };
    keys.map_or(Mapping::Untold, Mapping::Keys)
}

fn is_assigned(file: &File, name: &str) -> bool {
    file.module.assignments.iter().any(|assignment| assignment.target == name)
}

/// The value of a name that is assigned once, at the top of the module, and changed nowhere.
fn constant<'file>(file: &'file File, name: &str) -> Option<(&'file Value, &'file Range<usize>)> {
    let of_name =
        |written: &str| written.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let bound = file.module.assignments.iter().filter(|assignment| of_name(&assignment.target)).count();
    let called = file.module.calls.iter().any(|call| of_name(&call.callee));
    let member = file.structure.assigned.iter().find(|member| member.name == name)?;
    let (value, range) = member.value.as_ref()?;
    (bound == 1 && !called).then_some((value, range))
}

/// The keys of `{"a": 1}` and of `dict(a=1)`, when all of them are written down.
fn written(file: &File, value: &Value, range: &Range<usize>) -> Option<Vec<String>> {
    if let Value::Call(call) = value {
        let keywords: Option<Vec<String>> = call.arguments.iter().map(|argument| argument.keyword.clone()).collect();
        return keywords.filter(|keywords| call.callee == "dict" && !keywords.iter().any(|keyword| keyword == "**"));
    }
    file.source.text().get(range.clone())?.strip_prefix('{')?;
    let within = |outer: &Range<usize>, inner: &Range<usize>| outer.start <= inner.start && inner.end <= outer.end;
    let all: Vec<&Entry> = file.module.entries.iter().filter(|entry| within(range, &entry.range)).collect();
    // A mapping within is a value.
    let is_inner =
        |entry: &Entry| all.iter().any(|other| other.range != entry.range && within(&other.range, &entry.range));
    let own = all.iter().filter(|entry| !is_inner(entry));
    own.map(|entry| entry.key.as_ref().filter(|_| !entry.unpacks).map(|key| key.value.clone())).collect()
}
