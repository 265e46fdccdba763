//! `sa_column` is given a function instead of a column: SQLModel makes the column by the annotation, and asks nobody.

use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::python::CallSite;

pub(super) fn check(facts: &Facts) -> Checked {
    Ok(facts.project.python.column_fields.iter().filter_map(|call| finding(facts, call)).collect())
}

fn finding(facts: &Facts, call: &CallSite) -> Option<Finding> {
    let column = call.keyword("sa_column").filter(|column| column.is_function)?;
    let path = &call.span.path;
    let line = facts.source(path)?.position(column.whole.start).line;
    let written = column.name.as_deref().unwrap_or("lambda: …");
    let message = format!("`{}` gets a function as `sa_column`, which SQLModel never calls", call.callee);
    Some(
        Finding::at(&column.value, format!("{path}: sa_column"), message)
            .label("says nothing of the column that is made")
            .seen("syntax tree", format!("{path}:{line}"), format!("`sa_column={written}`"))
            .fix(Fix::manual("say `sa_type=…` and `sa_column_kwargs={…}`, or hand over the `Column(…)` itself")),
    )
}
