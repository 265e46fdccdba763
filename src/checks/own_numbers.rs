//! The person's numbers in a service's `user:`: by names that no shell keeps for itself, set in the project's `.env`.

use crate::access::user_variables::dotenv_of;
use crate::facts::{Facts, Owner};
use crate::fix::{Edit, Step};
use crate::text::dotenv;

/// The `user:` that makes a service run as `person`, and the step that sets its numbers in `.env`, where one is needed.
///
/// Never a line `UID=`: bash keeps that name for itself, and a script that reads the `.env` ends at it. Without a `.env` the
/// person's own numbers are the default.
pub(super) fn own_numbers(facts: &Facts, person: Owner) -> (String, Option<Step>) {
    let compose = facts.project.compose.as_ref();
    let path = dotenv_of(compose.map_or("", |compose| compose.directory.as_str()));
    let Some(source) = facts.source(&path) else { return (user(person.uid, person.gid), None) };
    let everybodys = user(1000, 1000);
    if (person.uid, person.gid) == (1000, 1000) {
        return (everybodys, None);
    }
    let known = dotenv::parse(source, &|_| None);
    let end = source.line_end();
    let lines = [("HOST_UID", person.uid), ("HOST_GID", person.gid)];
    let missing = lines.into_iter().filter(|(name, _)| known.get(name).is_none());
    let text: String = missing.map(|(name, number)| format!("{name}={number}{end}")).collect();
    let length = source.text().len();
    let between = if source.text().is_empty() || source.text().ends_with('\n') { "" } else { end };
    let edit = || Step::Edit(Edit { span: source.span(length..length), text: format!("{between}{text}") });
    (everybodys, (!text.is_empty()).then(edit))
}

fn user(uid: u32, gid: u32) -> String {
    format!("${{HOST_UID:-{uid}}}:${{HOST_GID:-{gid}}}")
}
