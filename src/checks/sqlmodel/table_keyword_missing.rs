//! A model has a primary key and is used as a table, and is none: `table=True` is missing.

mod evidence;

use crate::checks::python_fix::{range, text, with_fix};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::python::{Class, Member};

pub(super) fn check(facts: &Facts) -> Checked {
    let python = &facts.project.python;
    let mut findings = vec![];
    for (index, class) in python.classes.iter().enumerate() {
        if class.in_function || !python.classes.is_sqlmodel(index) || python.is_table(index) {
            continue;
        }
        // `table=…` that cannot be told is somebody's decision.
        if class.keywords.iter().any(|(name, _)| matches!(name.as_str(), "table" | "**")) {
            continue;
        }
        let Some(key) = class.body.iter().find(|member| is_key(facts, member)) else { continue };
        if let Some((path, how)) = evidence::used_as_table(facts, index).filter(|_| !evidence::is_schema(python, index))
        {
            findings.push(finding(facts, class, key).seen(path, &class.name.value, how));
        }
    }
    Ok(findings)
}

fn is_key(facts: &Facts, member: &Member) -> bool {
    let keys = member.calls.iter().filter(|call| call.is_field()).filter_map(|call| call.keyword("primary_key"));
    keys.into_iter().any(|key| text(facts, &key.value) == "True")
}

fn finding(facts: &Facts, class: &Class, key: &Member) -> Finding {
    let name = &class.name;
    let path = &name.span.path;
    let source = facts.source(path);
    let finding = Finding::at(
        &name.span,
        format!("{path}: {}", name.value),
        format!("`{}` has a primary key and is no table", name.value),
    )
    .label("without `table=True` it is a schema: neither `create_all` nor autogenerate sees it")
    .related(&key.statement, "only a table has a primary key")
    .seen("class", &name.value, "keyword `table` is not given, and no table inherits from it");
    let ends = class.bases.iter().map(|base| base.written.span.end);
    let end = ends.chain(class.keywords.iter().map(|(_, value)| value.span.end)).max();
    let fix = source.zip(end).map(|(_, end)| {
        let step = Step::Edit(Edit { span: range(&name.span, end, end), text: ", table=True".to_owned() });
        Fix::risky(format!("make `{}` a table", name.value), vec![step]).afterwards("write a revision for it")
    });
    with_fix(finding, fix, "give the class `table=True`")
}
