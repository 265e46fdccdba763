//! Columns whose type is of another package than SQLAlchemy, which is what `user_module_prefix` is written before.

use super::super::tables::seen;
use crate::facts::Facts;
use crate::project::alembic::Alembic;
use crate::project::python::{CallSite, Class, Member, MemberSort, Table};
use crate::text::Span;
use crate::text::python::{TypeExpression, type_expression};

/// Packages whose types have no place in SQLAlchemy.
const PACKAGES: [&str; 3] = ["geoalchemy2.", "pgvector.", "sqlalchemy_utils."];

/// What makes a column.
const COLUMNS: [&str; 3] = ["Field", "mapped_column", "Column"];

/// How deep calls are looked into: `Field(sa_column=Column(Vector(3)))`.
const DEEPEST: usize = 3;

/// The first column of a table of an environment that certainly has such a type.
pub(super) fn with_prefix<'facts>(facts: &'facts Facts, environment: &Alembic) -> Option<&'facts Span> {
    let python = &facts.project.python;
    let own = seen(facts, environment);
    let is_own = |table: &&Table| own.is_none_or(|own| own.tables.contains(&table.class));
    python.tables.iter().filter(is_own).find_map(|table| {
        let all: Vec<&Class> = python.classes.line(table.class).map(|(_, class)| class).collect();
        // What two of them define may be anything.
        let is_single = |name: &str| {
            all.iter().flat_map(|class| &class.body).filter(|member| member.name.value == name).count() == 1
        };
        let by_name = python.classes.is_sqlmodel(table.class);
        let has = |member: &&&Member| {
            is_single(&member.name.value) && (of_package(member) || by_name && is_text(facts, member))
        };
        let members: Vec<&Member> = all.iter().flat_map(|class| &class.body).collect();
        members.iter().find(has).map(|member| &member.name.span)
    })
}

/// Whether a column is made with a type of one of the packages.
fn of_package(member: &Member) -> bool {
    let value = member.calls.iter().filter(|call| Some(&call.span) == member.value.as_ref());
    value.into_iter().any(|call| COLUMNS.iter().any(|name| call.is(name)) && holds(call, 0))
}

fn holds(call: &CallSite, depth: usize) -> bool {
    PACKAGES.iter().any(|package| call.outside.starts_with(package))
        || depth < DEEPEST
            && call.arguments.iter().filter_map(|argument| argument.call.as_ref()).any(|inner| holds(inner, depth + 1))
}

/// Whether SQLModel makes a column of its own `AutoString` of a field: `str`, with no type or column given.
fn is_text(facts: &Facts, member: &Member) -> bool {
    if !matches!(member.kind, MemberSort::Field { .. }) || member.name.value.starts_with('_') {
        return false;
    }
    let Some(annotation) = &member.annotation else { return false };
    let written = facts.source(&annotation.path).map_or("", |source| source.slice(annotation));
    let gives = |call: &CallSite| {
        !call.is_field() || ["sa_type", "sa_column", "**"].iter().any(|name| call.keyword(name).is_some())
    };
    let is_text = |kind: &TypeExpression| matches!(kind, TypeExpression::Name(name) if name == "str");
    let holds = match type_expression(written) {
        TypeExpression::Applied(name, inner) => {
            name.rsplit('.').next() == Some("Optional") && inner.iter().all(is_text)
        }
        TypeExpression::Union(all) => {
            all.iter().all(|one| is_text(one) || *one == TypeExpression::None) && all.iter().any(is_text)
        }
        kind => is_text(&kind),
    };
    holds && !member.calls.iter().any(gives)
}
