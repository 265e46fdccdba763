//! The keywords that `**mapping` hands over, where the mapping is written down.

use std::ops::Range;

use super::fields::Mapping;
use super::modules::File;
use crate::text::python::{Argument, Call, Value};

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
    let inner = file.source.text().get(range.clone())?.strip_prefix('{')?.strip_suffix('}')?;
    let keys = file.module.keys.iter().filter(|key| range.start <= key.range.start && key.range.end <= range.end);
    let keys: Vec<String> = keys.map(|key| key.value.clone()).collect();
    // Where there are as many colons as keys, each key is a string, and none belongs to a mapping within.
    (!inner.contains(['{', '#']) && !inner.contains("**") && colons(inner) == keys.len()).then_some(keys)
}

/// How many colons there are outside strings.
fn colons(text: &str) -> usize {
    let (mut quote, mut escaped, mut found) = (None, false, 0);
    for character in text.chars() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if character == '\\' => escaped = true,
            Some(open) if character == open => quote = None,
            Some(_) => {}
            None if matches!(character, '"' | '\'') => quote = Some(character),
            None if character == ':' => found += 1,
            None => {}
        }
    }
    found
}
