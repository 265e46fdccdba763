//! Types that autogenerate did not recognise: it writes `sa.NullType()` for them, which `sqlalchemy` does not even have.

use std::ops::Range;

use crate::text::python::{Call, Module, Value};
use crate::text::{Source, Spanned};

/// What SQLAlchemy's own module lacks, wherever it is written.
const ABSENT: [&str; 2] = ["sa.NullType", "sqlalchemy.NullType"];

/// The names of such types that end the revision: those that are not there, and those that columns are made of.
pub(super) fn types(file: &Source, module: &Module) -> Vec<Spanned<String>> {
    let mut named: Vec<&(String, Range<usize>)> =
        module.names.iter().filter(|(name, _)| name.rsplit('.').next() == Some("NullType")).collect();
    if named.is_empty() {
        return vec![];
    }
    let columns = columns(module);
    let of_column = |range: &Range<usize>| columns.iter().any(|one| one.start <= range.start && range.end <= one.end);
    named.retain(|(name, range)| ABSENT.contains(&name.as_str()) || of_column(range));
    named.into_iter().map(|(name, range)| Spanned::new(name.clone(), file.span(range.clone()))).collect()
}

/// Where the types of columns stand that are made.
fn columns(module: &Module) -> Vec<Range<usize>> {
    let makes = |call: &&Call| matches!(call.function(), "create_table" | "add_column");
    let made = module.calls.iter().filter(makes).flat_map(|call| &call.arguments);
    let columns = made.filter_map(|argument| match &argument.value {
        Value::Call(column) if column.function() == "Column" => Some(column),
        _ => None,
    });
    let sort = columns.filter_map(|column| {
        let positional = column.arguments.iter().filter(|one| one.keyword.is_none()).nth(1);
        let named = || column.arguments.iter().find(|one| one.keyword.as_deref() == Some("type_"));
        positional.or_else(named).map(|one| one.range.clone())
    });
    sort.collect()
}
