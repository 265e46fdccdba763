//! Whether it can be told what a class says in `__table_args__`.

use super::said::Said;
use crate::checks::python_fix::text;
use crate::facts::Facts;
use crate::project::python::{CallSite, Class, Member};
use crate::text::python;

/// The member that tells tables something.
const ARGUMENTS: &str = "__table_args__";

/// What tables are told that is neither a key nor an option.
const PLAIN: [&str; 4] = ["Index", "UniqueConstraint", "CheckConstraint", "ForeignKeyConstraint"];

/// Whether a class has no arguments of its table, or only indexes, other constraints than keys, and options written down.
pub(super) fn has_plain_arguments(facts: &Facts, class: &Class) -> bool {
    if !text(facts, &class.statement).contains(ARGUMENTS) {
        return true;
    }
    let mut arguments = class.body.iter().filter(|member| member.name.value == ARGUMENTS).peekable();
    match arguments.peek() {
        Some(_) => arguments.all(|member| is_plain(facts, member)),
        // In a block it may say anything; in a comment nothing.
        None => !Said::of(facts, class).binds(&[ARGUMENTS]),
    }
}

fn is_plain(facts: &Facts, member: &Member) -> bool {
    let Some(value) = &member.value else { return false };
    let written = text(facts, value);
    let calls: Vec<_> = member.calls.iter().filter(|call| call.span.start >= value.start).collect();
    // The value of an option may be anything.
    let is_value = |at: usize| written.get(..at).is_some_and(|before| before.trim_end().ends_with(':'));
    let is_known = |at: usize| {
        let at = at + value.start;
        calls.iter().any(|call| call.span.start <= at && at < call.span.end)
    };
    let is_plain = |call: &&CallSite| PLAIN.iter().any(|name| call.is(name)) || is_value(call.span.start - value.start);
    calls.iter().all(is_plain)
        && python::parse(written).names.iter().all(|(_, at)| is_known(at.start) || is_value(at.start))
}
