//! `Field` is given a column and beside it what the column should say: SQLModel refuses that when the class is made.

mod mapping;

use super::arguments::{Changes, beside};
use crate::checks::python_fix::{import_too, listed, text, with_fix};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Fix, Step};
use crate::project::python::{CallArgument, CallSite};

use mapping::{REFUSED, by_mapping};

pub(super) fn check(facts: &Facts) -> Checked {
    let calls = facts.project.python.column_fields.iter();
    Ok(calls.filter_map(|call| finding(facts, call).or_else(|| by_mapping(facts, call))).collect())
}

fn finding(facts: &Facts, call: &CallSite) -> Option<Finding> {
    // What is `Undefined` is as good as not given.
    let is_given = |it: &CallArgument| !it.name.as_deref().is_some_and(|name| name.ends_with("Undefined"));
    let is_named = |it: &CallArgument| it.keyword.as_deref().is_some_and(|keyword| REFUSED.contains(&keyword));
    let refused: Vec<&CallArgument> = call.arguments.iter().filter(|it| is_named(it) && is_given(it)).collect();
    let names: Vec<&str> = refused.iter().filter_map(|argument| argument.keyword.as_deref()).collect();
    let (first, column) = (refused.first()?, call.keyword("sa_column")?);
    let path = call.span.path.to_string();
    let line = facts.source(&path)?.position(call.span.start).line;
    let message = format!("`{}` gets {} beside `sa_column`, which SQLModel refuses", call.callee, listed(&names));
    let mut finding = Finding::at(&first.whole, format!("{path}: {}", names.join(" ")), message)
        .label("belongs into the column")
        .related(&column.whole, "is the column")
        .seen("read", format!("{path}:{line}"), format!("{} with `sa_column`", listed(&names)));
    for other in refused.iter().skip(1) {
        finding = finding.related(&other.whole, "is refused too");
    }
    let fix = fix(facts, call, column, &refused);
    Some(with_fix(finding, fix, "say it in the `Column(…)` instead, and nothing of it in `Field`"))
}

fn fix(facts: &Facts, call: &CallSite, given: &CallArgument, refused: &[&CallArgument]) -> Option<Fix> {
    let source = facts.source(&call.span.path)?;
    let mut changes = Changes::default();
    if text(facts, &given.value) == "None" {
        changes.remove(source, call, &[given]);
        return Some(Fix::safe("take out `sa_column=None`, which says nothing", changes.edits(&call.span)));
    }
    let column = given.call.as_deref().filter(|column| column.is("Column"))?;
    if column.arguments.iter().any(|it| text(facts, &it.whole).starts_with('*')) {
        return None;
    }
    let (mut positional, mut keywords): (Vec<String>, Vec<String>) = (vec![], vec![]);
    let first_is_name = column.positional().next().is_some_and(|first| first.text.is_some());
    let types: Vec<&CallArgument> = column.positional().skip(usize::from(first_is_name)).collect();
    let has_key = types.iter().any(|it| it.call.as_ref().is_some_and(|call| call.is("ForeignKey")));
    let has_type = column.keyword("type_").is_some()
        || types.first().is_some_and(|it| !it.call.as_ref().is_some_and(|call| call.is("ForeignKey")));
    let ondelete = refused.iter().find(|it| it.keyword.as_deref() == Some("ondelete"));
    let (mut leading, mut imported): (Option<String>, Vec<Vec<Step>>) = (None, vec![]);
    for argument in refused {
        let (keyword, value) = (argument.keyword.as_deref()?, text(facts, &argument.value));
        let empty = matches!(value, "None" | "[]" | "()" | "{}" | "Undefined");
        match keyword {
            "ondelete" => {}
            "foreign_key" if has_key || empty => {}
            "foreign_key" => {
                let (name, import) = beside(&facts.project.python, &column.callee, source.path(), "ForeignKey")?;
                imported.extend(import.map(|import| import_too(facts, source, import, &name)));
                let rule = ondelete.map(|it| text(facts, &it.value)).filter(|rule| *rule != "None");
                positional.push(match rule {
                    Some(rule) => format!("{name}({value}, ondelete={rule})"),
                    None => format!("{name}({value})"),
                });
            }
            "sa_type" if has_type || empty => {}
            // The type stands before keys and constraints.
            "sa_type" if first_is_name || !types.is_empty() => return None,
            "sa_type" => leading = Some(value.to_owned()),
            "sa_column_args" if empty => {}
            "sa_column_args" => {
                let inner = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
                positional.push(match inner.filter(|inner| !inner.contains('#')) {
                    Some(inner) => inner.trim().trim_end_matches(',').to_owned(),
                    None => format!("*{value}"),
                });
            }
            "sa_column_kwargs" if empty => {}
            "sa_column_kwargs" => keywords.push(format!("**{value}")),
            _ if column.keyword(keyword).is_some() || value == "None" => {}
            _ => keywords.push(format!("{keyword}={value}")),
        }
    }
    // Without the key that it belongs to, or beside one that says otherwise, it cannot be put anywhere.
    if ondelete.is_some_and(|it| text(facts, &it.value) != "None")
        && !refused.iter().any(|it| it.keyword.as_deref() == Some("foreign_key"))
    {
        return None;
    }
    positional.splice(0..0, leading);
    // A mapping comes last.
    keywords.sort_by_key(|keyword| keyword.starts_with("**"));
    changes.remove(source, call, refused);
    let some = !positional.is_empty();
    if some {
        changes.put_positional(source, column, &positional);
    }
    if !keywords.is_empty() {
        changes.put_keywords(source, column, &keywords, some);
    }
    imported.push(changes.edits(&call.span));
    Some(Fix::safe("say it in the column", imported.concat()))
}
