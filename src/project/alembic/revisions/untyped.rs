//! Types that autogenerate did not recognise: it writes `sa.NullType()` for them, which `sqlalchemy` does not even have.

use std::ops::Range;

use crate::text::python::{Call, Import, Module, Value};
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
    let is_absent = |name: &str| ABSENT.contains(&name) && is_sqlalchemy(module, name);
    named.retain(|(name, range)| !is_conditional(module, range) && (is_absent(name) || of_column(range)));
    named.into_iter().map(|(name, range)| Spanned::new(name.clone(), file.span(range.clone()))).collect()
}

/// Whether a condition is around a place.
fn is_conditional(module: &Module, place: &Range<usize>) -> bool {
    let conditions = module.calls.iter().filter_map(|call| call.context.condition.as_ref());
    conditions.into_iter().any(|range| range.start <= place.start && place.end <= range.end)
}

/// Whether what a name begins with is SQLAlchemy as it came, by `import sqlalchemy as sa` and nothing else.
fn is_sqlalchemy(module: &Module, name: &str) -> bool {
    let root = name.split('.').next().unwrap_or(name);
    let mut binding = module.imports.iter().filter(|import| import.binds.iter().any(|bound| bound == root)).peekable();
    let is_plain = |import: &Import| {
        let is_part = root == "sqlalchemy" && import.module.starts_with("sqlalchemy.");
        import.names.is_empty() && (import.module == "sqlalchemy" || is_part)
    };
    let assigned = module.assignments.iter().any(|one| one.target == root || one.target == name);
    // Who asks whether it has a name, or gives it one, knows.
    let asks = module.calls.iter().any(|call| matches!(call.function(), "hasattr" | "setattr"));
    binding.peek().is_some() && binding.all(is_plain) && !assigned && !asks
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
