//! Turns `sa_column=Column(…)` into what `Field` says itself, with the same table as the result.

use super::arguments::{Changes, between};
use crate::checks::python_fix::text;
use crate::facts::Facts;
use crate::fix::Step;
use crate::project::python::{CallArgument, CallSite};
use crate::text::Version;

/// What `Field` says of a column by arguments of its own.
const OWN: [&str; 4] = ["nullable", "primary_key", "index", "unique"];

/// Why a column that a field can describe stays: a comment between its arguments would be lost.
pub(super) const COMMENTED: &str =
    "take the comment out of `Column(…)` for `devdoctor fix` to write this: it would be lost with it";

/// The steps that make a field describe its column, or why none are offered; nothing when something of it can only be said in
/// a column.
pub(super) fn steps(
    facts: &Facts,
    field: &CallSite,
    object: &CallSite,
    optional: bool,
) -> Option<Result<Vec<Step>, &'static str>> {
    let steps = described_by_field(facts, field, object, optional)?;
    Some(if text(facts, &object.span).contains('#') { Err(COMMENTED) } else { Ok(steps) })
}

fn described_by_field(facts: &Facts, field: &CallSite, object: &CallSite, optional: bool) -> Option<Vec<Step>> {
    let source = facts.source(&field.span.path)?;
    let mut changes = Changes::default();
    if object.is("ForeignKey") {
        let list = field.keyword("sa_column_args")?;
        let whole = text(facts, &list.value);
        // Only where the key is all there is in the list.
        let alone = whole.trim_start_matches(['[', '(']).trim_end_matches([']', ')']).trim().trim_end_matches(',');
        let call = text(facts, &object.span);
        if alone.trim() != call.trim_end_matches(')') && alone.trim() != call || field.keyword("foreign_key").is_some()
        {
            return None;
        }
        changes.replace(list.whole.range(), key(facts, object)?.join(", "));
        return Some(changes.edits(&field.span));
    }
    let column = field.keyword("sa_column")?;
    let said = described(facts, object, optional)?;
    changes.replace(column.whole.range(), said.join(&between(source, column.whole.start)));
    Some(changes.edits(&field.span))
}

/// The version since which `Field` takes `ondelete`.
const ONDELETE: Version = Version::new(0, 0, 21);

/// Whether no environment is known to run with a `Field` that refuses `ondelete`.
fn takes_ondelete(facts: &Facts) -> bool {
    let known = facts.project.alembic.iter().filter_map(|it| it.revisions.packages.sqlmodel.as_deref());
    known.filter_map(Version::parse).all(|version| version >= ONDELETE)
}

/// A foreign key as arguments of `Field`.
fn key(facts: &Facts, key: &CallSite) -> Option<Vec<String>> {
    let target: Vec<&CallArgument> = key.positional().collect();
    let [target] = target.as_slice() else { return None };
    target.text.as_ref()?;
    let mut said = vec![format!("foreign_key={}", text(facts, &target.value))];
    for argument in key.arguments.iter().filter(|argument| argument.keyword.is_some()) {
        match argument.keyword.as_deref() {
            Some("ondelete") if takes_ondelete(facts) => {
                said.push(format!("ondelete={}", text(facts, &argument.value)))
            }
            _ => return None,
        }
    }
    Some(said)
}

/// A column as arguments of `Field`.
fn described(facts: &Facts, column: &CallSite, optional: bool) -> Option<Vec<String>> {
    let (mut said, mut rest): (Vec<String>, Vec<String>) = (vec![], vec![]);
    let mut typed = None;
    for (index, argument) in column.positional().enumerate() {
        let value = text(facts, &argument.value);
        match &argument.call {
            _ if value.starts_with('*') => return None,
            Some(call) if call.is("ForeignKey") => said.extend(key(facts, call)?),
            // What is no type can belong to one column only.
            Some(call) if ["Identity", "Computed", "Sequence", "CheckConstraint"].iter().any(|it| call.is(it)) => {
                return None;
            }
            _ if index == 0 && argument.text.is_some() => rest.push(format!("\"name\": {value}")),
            _ if typed.is_none() => typed = Some(value.to_owned()),
            _ => return None,
        }
    }
    for argument in column.arguments.iter().filter(|argument| argument.keyword.is_some()) {
        let (keyword, value) = (argument.keyword.as_deref()?, text(facts, &argument.value));
        match keyword {
            "**" => return None,
            "type_" if typed.is_none() => typed = Some(value.to_owned()),
            _ if OWN.contains(&keyword) => said.push(format!("{keyword}={value}")),
            _ => rest.push(format!("\"{keyword}\": {value}")),
        }
    }
    // Without a type the column has none, while `Field` takes that of the annotation.
    said.insert(0, format!("sa_type={}", typed?));
    let says = |keyword: &str| column.keyword(keyword).is_some_and(|it| text(facts, &it.value) != "False");
    if column.keyword("nullable").is_none() && !says("primary_key") && !optional {
        // `Column(T)` takes NULL, whatever the annotation is; SQLModel's own columns do so for `None` alone, not for `Any`.
        said.push("nullable=True".to_owned());
    }
    if !rest.is_empty() {
        said.push(format!("sa_column_kwargs={{{}}}", rest.join(", ")));
    }
    Some(said)
}
