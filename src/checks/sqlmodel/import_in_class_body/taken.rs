//! What pydantic takes for a field in the body of a model.

use std::collections::BTreeSet;

use crate::checks::python_fix::text;
use crate::facts::Facts;
use crate::project::python::{Member, MemberSort};

/// Names that are no fields, whatever they are bound to.
const NO_FIELDS: [&str; 2] = ["model_config", "metadata"];

/// Classes that begin with a small letter.
const SMALL_CLASSES: [&str; 6] = [
    "datetime.datetime",
    "datetime.date",
    "datetime.time",
    "datetime.timedelta",
    "datetime.timezone",
    "decimal.localcontext",
];

fn begins_with_capital(name: &str) -> bool {
    name.rsplit('.').next().is_some_and(|last| last.starts_with(char::is_uppercase))
}

/// What is called for a value that is no plain one: pydantic asks for its type.
const CALLS: [&str; 4] = ["Column", "relationship", "mapped_column", "Field"];

/// What SQLAlchemy puts on the class itself; it does so with `ClassVar[…]` too.
const ATTRIBUTES: [&str; 5] = ["hybrid_property", "hybrid_method", "column_property", "association_proxy", "synonym"];

/// `@declared_attr`, and what is said of it: `@declared_attr.cascading`.
fn is_declared_attr(decorator: &str) -> bool {
    decorator.split('.').any(|part| part == "declared_attr")
}

/// Whether pydantic takes what a statement binds for a field, for certain; the names of class variables are no fields.
pub(super) fn is_taken(facts: &Facts, class: usize, member: &Member, class_variables: &BTreeSet<&str>) -> bool {
    let name = member.name.value.as_str();
    if name.starts_with('_') || NO_FIELDS.contains(&name) || class_variables.contains(name) {
        return false;
    }
    // Functions are left alone; classes and types are not.
    let is_type = |name: &str| begins_with_capital(name) || SMALL_CLASSES.contains(&name);
    match &member.kind {
        MemberSort::ImportedModule => true,
        MemberSort::ImportedName => member.outside.as_deref().is_some_and(is_type),
        MemberSort::Assigned if member.literal => true,
        MemberSort::Assigned => {
            let value = member.value.as_ref().map_or("", |span| text(facts, span));
            let is_name = value.chars().all(|it| it.is_alphanumeric() || matches!(it, '_' | '.'));
            let call = member.calls.first().filter(|call| Some(&call.span) == member.value.as_ref());
            match (&member.outside, call) {
                (_, Some(call)) if call.is("Relationship") => {
                    // SQLModel looks for the annotation, in tables only, unless it is told more.
                    facts.project.python.is_table(class)
                        && call.keyword("sa_relationship").is_none()
                        && call.keyword("**").is_none()
                }
                (_, Some(call)) => {
                    let is_pydantics = call.outside == "pydantic.Field" || call.outside == "pydantic.fields.Field";
                    is_pydantics || CALLS.iter().chain(&ATTRIBUTES).any(|it| call.is(it))
                }
                (Some(outside), _) => is_type(outside),
                (None, None) if is_name => begins_with_capital(value),
                // `Json = dict[str, Any]`
                (None, None) => begins_with_capital(name) && value.contains('[') && !value.starts_with("lambda"),
            }
        }
        MemberSort::Function(decorators) => {
            let is_hybrid = |it: &str| matches!(it.rsplit('.').next(), Some("hybrid_property" | "hybrid_method"));
            decorators.iter().any(|it| is_hybrid(it) || is_declared_attr(it))
        }
        _ => false,
    }
}

/// The names of which a class or one above it says that they are none of fields.
pub(super) fn class_variables(facts: &Facts, class: usize) -> BTreeSet<&str> {
    let members = facts.project.python.classes.line(class).flat_map(|(_, class)| &class.body);
    members.filter(|it| it.kind == MemberSort::ClassVariable).map(|it| it.name.value.as_str()).collect()
}

/// What cures it where it stands, beginning with a verb.
pub(super) fn cure(member: &Member) -> String {
    let name = &member.name.value;
    let is_attribute = member.calls.first().is_some_and(|call| ATTRIBUTES.iter().any(|it| call.is(it)));
    match &member.kind {
        MemberSort::Function(decorators) if decorators.iter().any(|it| is_declared_attr(it)) => {
            "say a column as a field, with `sa_type=…`; put anything else into a plain mixin, which inherits from no model"
                .to_owned()
        }
        MemberSort::Function(_) => format!("write `{name}: ClassVar[Any]` above the decorator, in a line of its own"),
        _ if is_attribute => format!("annotate it `{name}: ClassVar[Any] = …`"),
        _ => "give it the type of the field, or `ClassVar[…]` when it is none".to_owned(),
    }
}
