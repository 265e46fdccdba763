//! Columns of a revision whose type autogenerate did not recognise: it writes `sa.NullType()`, which no database has.

use crate::text::python::{Call, Module, Value};
use crate::text::{Source, Spanned};

/// The columns that are made so, by table and name, each with the place of its type.
pub(super) fn columns(file: &Source, module: &Module) -> Vec<Spanned<String>> {
    let makes = |call: &&Call| matches!(call.function(), "create_table" | "add_column");
    let mut found = vec![];
    for call in module.calls.iter().filter(makes) {
        let table = call.positional(0).and_then(Value::as_text).map_or("", |text| text.value.as_str());
        for argument in &call.arguments {
            let Value::Call(column) = &argument.value else { continue };
            if column.function() != "Column" {
                continue;
            }
            let sort = column.arguments.iter().filter(|one| one.keyword.is_none()).nth(1);
            let sort = sort.or_else(|| column.arguments.iter().find(|one| one.keyword.as_deref() == Some("type_")));
            let Some(sort) = sort.filter(|sort| is_null(&sort.value)) else { continue };
            let name = column.positional(0).and_then(Value::as_text).map_or("", |text| text.value.as_str());
            let whole = if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") };
            found.push(Spanned::new(whole, file.span(sort.range.clone())));
        }
    }
    found
}

fn is_null(value: &Value) -> bool {
    let name = match value {
        Value::Name(name) => name.as_str(),
        Value::Call(call) => call.callee.as_str(),
        _ => return false,
    };
    name.rsplit('.').next() == Some("NullType")
}
