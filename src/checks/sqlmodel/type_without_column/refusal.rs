//! Which types SQLModel makes no column of, and what it says instead.

use std::collections::BTreeSet;

use crate::checks::sqlmodel::types::{Named, defers, resolved};
use crate::facts::Facts;
use crate::project::python::Class;
use crate::text::python::bindings::may_be_bound;
use crate::text::python::{TypeExpression, type_expression};

/// Why there is no column.
pub(super) struct Refusal {
    /// The end of the message, after the annotation.
    pub message: &'static str,
    /// What the place says.
    pub label: String,
    /// What the tool says.
    pub says: &'static str,
    /// What would do, beginning with a verb.
    pub instead: String,
}

/// Types from outside that are collections, or that are no type of a value.
const COLLECTIONS: [&str; 17] = [
    "list",
    "dict",
    "set",
    "frozenset",
    "tuple",
    "typing.List",
    "typing.Dict",
    "typing.Set",
    "typing.FrozenSet",
    "typing.Tuple",
    "typing.Sequence",
    "typing.Mapping",
    "typing.Iterable",
    "collections.abc.Sequence",
    "collections.abc.Mapping",
    "collections.abc.Iterable",
    "collections.abc.MutableMapping",
];
const OTHERS: [&str; 6] =
    ["object", "complex", "typing.Any", "pydantic.AnyUrl", "pydantic.HttpUrl", "pydantic.SecretStr"];

const NO_TYPE: &str = "has no matching SQLAlchemy type";
const NO_CLASS: &str = "issubclass() arg 1 must be a class";

impl Refusal {
    /// `Mapped[…]` is a type of SQLAlchemy's own classes.
    pub fn mapped() -> Self {
        Self {
            message: "which is no type of a value",
            label: "belongs to SQLAlchemy's own classes".to_owned(),
            says: "Unable to generate pydantic-core schema for sqlalchemy.orm.base.Mapped",
            instead:
                "annotate the type itself, and say the column in `Field`: `made: datetime = Field(sa_type=DateTime)`"
                    .to_owned(),
        }
    }

    fn no_column(instead: &str) -> Self {
        Self {
            message: "and SQLModel knows no column for that",
            label: "has no column type".to_owned(),
            says: NO_TYPE,
            instead: instead.to_owned(),
        }
    }

    fn unbound(name: &str, how: &str) -> Self {
        Self {
            message: "which leads to no class while the table is made",
            label: format!("`{name}` {how}"),
            says: NO_CLASS,
            instead: format!("import `{name}` before the class, outside of `if TYPE_CHECKING:`"),
        }
    }
}

/// Why no column comes out of an annotation; `None`: one does, or it cannot be told.
pub(super) fn refusal(facts: &Facts, class: &Class, written: &TypeExpression) -> Option<Refusal> {
    refused(facts, class, written, defers(facts, &class.name.span.path))
}

fn refused(facts: &Facts, class: &Class, written: &TypeExpression, is_text: bool) -> Option<Refusal> {
    match written {
        TypeExpression::Text(inner) => match type_expression(inner) {
            TypeExpression::Text(_) => None,
            inner => refused(facts, class, &inner, true),
        },
        TypeExpression::Union(all) => of_union(facts, class, all, is_text),
        TypeExpression::Applied(name, inner) => {
            let Named::Outside(name) = resolved(facts, class, name) else { return None };
            let name = name.replace("typing_extensions.", "typing.");
            match (name.as_str(), inner.as_slice()) {
                ("typing.Optional", [inner]) => refused(facts, class, inner, is_text),
                ("typing.Union", all) => of_union(facts, class, all, is_text),
                ("typing.Annotated", [first, rest @ ..]) if rest.iter().all(|it| *it == TypeExpression::Other) => {
                    refused(facts, class, first, is_text)
                }
                ("typing.Literal", _) => Some(Refusal {
                    says: NO_CLASS,
                    ..Refusal::no_column("say `sa_type=String` in `Field`, or make it an `Enum`")
                }),
                _ => of_outside(&name),
            }
        }
        TypeExpression::Name(name) => match resolved(facts, class, name) {
            Named::Outside(name) => of_outside(&name.replace("typing_extensions.", "typing.")),
            Named::Class(index) if is_text && is_behind(facts, class, index) => {
                Some(Refusal::unbound(name, "is made further down"))
            }
            Named::Class(index) if facts.project.python.classes.is_model(index) => Some(Refusal::no_column(
                "relate rows of another table by `Relationship()` and a column with `foreign_key=…`, or store it as `sa_type=JSON`",
            )),
            Named::CheckedOnly if is_text => Some(Refusal::unbound(name, "is only imported for the type checker")),
            Named::Unknown if is_text && is_nowhere(facts, class, name) => {
                Some(Refusal::unbound(name, "is bound nowhere in the file"))
            }
            _ => None,
        },
        TypeExpression::None | TypeExpression::Other => None,
    }
}

fn of_outside(name: &str) -> Option<Refusal> {
    if COLLECTIONS.contains(&name) {
        return Some(Refusal::no_column(
            "say how it is stored: `sa_type=JSON` in `Field`, or `Relationship()` for rows of another table",
        ));
    }
    OTHERS.contains(&name).then(|| Refusal::no_column("say how it is stored: `sa_type=…` in `Field`"))
}

/// Of two types that both are there, neither is the column's.
fn of_union(facts: &Facts, class: &Class, all: &[TypeExpression], is_text: bool) -> Option<Refusal> {
    let some: Vec<&TypeExpression> = all.iter().filter(|one| **one != TypeExpression::None).collect();
    if let [one] = some.as_slice() {
        return refused(facts, class, one, is_text);
    }
    let mut distinct: BTreeSet<String> = BTreeSet::new();
    for one in some {
        let (TypeExpression::Name(name) | TypeExpression::Applied(name, _)) = one else { return None };
        distinct.insert(match resolved(facts, class, name) {
            Named::Outside(name) if matches!(name.as_str(), "typing.Optional" | "typing.Union") => return None,
            Named::Outside(name) => name,
            Named::Class(index) => index.to_string(),
            Named::CheckedOnly | Named::Unknown => return None,
        });
    }
    (distinct.len() > 1).then(|| Refusal {
        says: "Cannot have a (non-optional) union as a SQLAlchemy field",
        ..Refusal::no_column("say how it is stored: `sa_type=…` in `Field`, or keep to one type")
    })
}

/// Whether a class stands in the same file behind the one that names it.
fn is_behind(facts: &Facts, class: &Class, index: usize) -> bool {
    facts.project.python.classes.get(index).is_some_and(|other| {
        other.statement.path == class.statement.path && other.statement.start > class.statement.start
    })
}

/// Whether nothing binds a name where a class stands.
fn is_nowhere(facts: &Facts, class: &Class, name: &str) -> bool {
    let span = &class.name.span;
    let Some(shape) = facts.project.python.shapes.get(&*span.path) else { return false };
    let is_bound = name.contains('.') || shape.bound.iter().any(|bound| bound == name || bound == "*");
    !is_bound && facts.source(&span.path).is_some_and(|source| !may_be_bound(source.text(), name, span.start))
}
