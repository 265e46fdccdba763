//! The indexes of pgvector that models and revisions ask for, each over one column whose type is known.

use std::collections::BTreeMap;

use crate::checks::python_fix::text;
use crate::facts::Facts;
use crate::project::alembic::revisions::{Operation, Revisions};
use crate::project::python::{CallArgument, CallSite, Class, Member, PythonProject};
use crate::project::vector_index::{Dimensions, VectorType, dimensions, operators};
use crate::text::Span;

/// One index.
pub(super) struct VectorIndex {
    /// Where it is asked for.
    pub place: Span,
    /// Its table, when it can be told.
    pub table: Option<String>,
    /// `hnsw` or `ivfflat`.
    pub method: String,
    /// Its column.
    pub column: String,
    /// Where the column is written.
    pub column_place: Span,
    /// The column's type.
    pub kind: (VectorType, Dimensions),
    /// Its operator class: `Some(None)` when none is named, `None` when it cannot be told.
    pub operators: Option<Option<String>>,
}

fn is_vectors(method: &str) -> bool {
    matches!(method, "hnsw" | "ivfflat")
}

/// Those of the models.
pub(super) fn in_models(facts: &Facts) -> Vec<VectorIndex> {
    let python = &facts.project.python;
    python.indexes.iter().filter_map(|call| in_model(facts, python, call)).collect()
}

fn in_model(facts: &Facts, python: &PythonProject, call: &CallSite) -> Option<VectorIndex> {
    let method = call.keyword("postgresql_using")?.text.as_ref()?.to_lowercase();
    let mut columns = call.positional().skip(1);
    let (Some(column), None, true) = (columns.next(), columns.next(), is_vectors(&method)) else { return None };
    let (class, attribute) = owner(python, call, column)?;
    let member = member(python, class, &attribute)?;
    let kind = member.calls.iter().find_map(|call| vector_type(facts, call))?;
    // A column may have another name than its attribute.
    let name = member.calls.iter().find_map(column_name).unwrap_or_else(|| attribute.clone());
    let given = match call.keyword("postgresql_ops") {
        Some(given) => operators(text(facts, &given.value)),
        None if call.keyword("**").is_some() => None,
        None => Some(BTreeMap::new()),
    };
    Some(VectorIndex {
        place: call.span.clone(),
        table: python.table(class).and_then(|table| table.name.clone()),
        method,
        column_place: member.statement.clone(),
        kind,
        operators: given.map(|given| given.get(&name).or_else(|| given.get(&attribute)).cloned()),
        column: name,
    })
}

/// The class whose column it is, and the attribute: `"embedding"` within the class, `Item.embedding` outside of it.
fn owner(python: &PythonProject, call: &CallSite, column: &CallArgument) -> Option<(usize, String)> {
    let around = |class: &Class| {
        let statement = &class.statement;
        statement.path == call.span.path && statement.start <= call.span.start && call.span.end <= statement.end
    };
    let within = || python.classes.iter().rposition(around);
    match (&column.text, &column.name) {
        (Some(name), _) => Some((within()?, name.clone())),
        (None, Some(dotted)) => match dotted.rsplit_once('.') {
            None => Some((within()?, dotted.clone())),
            Some((class, attribute)) => {
                let [one] = python.classes.named(class) else { return None };
                Some((*one, attribute.to_owned()))
            }
        },
        (None, None) => None,
    }
}

fn member<'a>(python: &'a PythonProject, class: usize, attribute: &str) -> Option<&'a Member> {
    python.classes.line(class).flat_map(|(_, class)| &class.body).find(|member| member.name.value == attribute)
}

/// The type of pgvector that a field, a column or a type gives.
pub(super) fn vector_type(facts: &Facts, call: &CallSite) -> Option<(VectorType, Dimensions)> {
    if call.outside.starts_with("pgvector.") {
        let sort = VectorType::of(call.outside.rsplit('.').next()?)?;
        let size = call.arguments.first().map_or(Dimensions::Free, |one| dimensions(text(facts, &one.value)));
        return Some((sort, size));
    }
    let is_column = call.is("Column") || call.is("mapped_column");
    if !is_column && !call.is_field() {
        return None;
    }
    call.arguments.iter().filter(|one| is_column || one.keyword.is_some()).find_map(|argument| {
        if let Some(inner) = &argument.call {
            return vector_type(facts, inner);
        }
        let is_type = matches!(argument.keyword.as_deref(), None | Some("type_" | "sa_type"));
        let name = argument.name.as_ref().filter(|_| is_type)?.rsplit('.').next()?;
        let sort = VectorType::of(name).filter(|_| name.starts_with(char::is_uppercase))?;
        let imported = facts.source(&call.span.path)?.text().contains("pgvector");
        imported.then_some((sort, Dimensions::Free))
    })
}

/// The name that `Column("name", …)` gives.
fn column_name(call: &CallSite) -> Option<String> {
    if call.is("Column") || call.is("mapped_column") {
        return call.positional().next()?.text.clone();
    }
    call.keyword("sa_column")?.call.as_deref().and_then(column_name)
}

/// Those of the revisions.
pub(super) fn in_revisions(facts: &Facts) -> Vec<VectorIndex> {
    facts.project.alembic.iter().flat_map(|environment| of_revisions(&environment.revisions)).collect()
}

/// What a column is made to be, each time a revision makes or changes it.
type Columns<'a> = BTreeMap<(&'a str, &'a str), Vec<(Option<(VectorType, Dimensions)>, &'a Span)>>;

fn of_revisions(revisions: &Revisions) -> Vec<VectorIndex> {
    let upgrades = || revisions.files.iter().filter_map(|revision| revision.upgrade.as_ref());
    let mut columns = Columns::new();
    for one in upgrades().flat_map(|upgrade| &upgrade.operations) {
        if let Operation::VectorColumn(column) = &one.value {
            columns.entry((&column.table, &column.name)).or_default().push((column.kind, &one.span));
        }
    }
    let mut found = vec![];
    for one in upgrades().flat_map(|upgrade| &upgrade.operations) {
        let Operation::CreateIndex(index) = &one.value else { continue };
        let (Some(table), Some(method), [column]) = (&index.table, &index.method, index.columns.as_slice()) else {
            continue;
        };
        // A column that is changed on the way is another one by then.
        let Some([(Some(kind), place)]) = columns.get(&(table.as_str(), column.as_str())).map(Vec::as_slice) else {
            continue;
        };
        if is_vectors(method) {
            found.push(VectorIndex {
                place: one.span.clone(),
                table: Some(table.clone()),
                method: method.clone(),
                column: column.clone(),
                column_place: (*place).clone(),
                kind: *kind,
                operators: index.operators.as_ref().map(|given| given.get(column).cloned()),
            });
        }
    }
    found
}
