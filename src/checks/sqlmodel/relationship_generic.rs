//! A relationship whose annotation is a text: SQLAlchemy takes the whole of it for the name of a class.

mod cure;

use super::types::{annotated, defers};
use crate::checks::python_fix::{text, with_fix};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::project::python::{CallSite, Class, Member};
use crate::text::python::{TypeExpression, type_expression};

/// One relationship that leads to no class.
struct Lost<'a> {
    class: &'a Class,
    member: &'a Member,
    call: &'a CallSite,
    /// What the text says.
    says: TypeExpression,
    /// Whether it is a text since the file defers its annotations.
    deferred: bool,
}

pub(super) fn check(facts: &Facts) -> Checked {
    let python = &facts.project.python;
    let mut findings = vec![];
    for (index, class) in python.classes.iter().enumerate() {
        if !python.is_table(index) || !python.classes.is_sqlmodel(index) {
            continue;
        }
        findings.extend(class.body.iter().filter_map(|member| finding(facts, &lost(facts, class, member)?)));
    }
    Ok(findings)
}

fn lost<'a>(facts: &Facts, class: &'a Class, member: &'a Member) -> Option<Lost<'a>> {
    let written = annotated(facts, member)?;
    let value = member.value.as_ref()?;
    let call = member.calls.iter().find(|call| call.span == *value && call.is("Relationship"))?;
    // What is handed over ready-made takes no annotation.
    if call.keyword("sa_relationship").is_some_and(|given| text(facts, &given.value) != "None")
        || call.keyword("**").is_some()
    {
        return None;
    }
    let deferred = defers(facts, &class.name.span.path);
    let says = match (deferred, written) {
        (true, written) => written,
        (false, TypeExpression::Text(text)) => type_expression(&text),
        (false, _) => return None,
    };
    // The name of a class is what is asked for.
    (!matches!(says, TypeExpression::Name(_) | TypeExpression::Other)).then_some(Lost {
        class,
        member,
        call,
        says,
        deferred,
    })
}

/// What stands between the quotes of a string.
fn inside(written: &str) -> &str {
    let quotes = ['"', '\''];
    let bare = written.trim_start_matches(['r', 'R', 'u', 'U']);
    if bare.starts_with(quotes) { bare.trim_matches(quotes) } else { written }
}

fn finding(facts: &Facts, lost: &Lost<'_>) -> Option<Finding> {
    let (name, of) = (&lost.member.name.value, &lost.class.name.value);
    let annotation = lost.member.annotation.as_ref()?;
    let written = text(facts, annotation);
    let inner = if lost.deferred { written } else { inside(written) };
    let path = &annotation.path;
    let message = format!("`{name}` of `{of}` is related to a class by the text `{inner}`, which is the name of none");
    let mut finding = Finding::at(annotation, format!("{path}: {of}: {name}"), message)
        .label("is taken whole for the name of a class")
        .seen("annotation", format!("{of}.{name}"), inner);
    let imports = facts.project.python.shapes.get(&**path).map(|shape| shape.imports.as_slice()).unwrap_or_default();
    if let Some(future) = imports.iter().find(|import| import.from == "__future__" && import.name == "annotations") {
        finding = finding.related(&future.span, "makes a text of every annotation");
    }
    let help = if lost.deferred {
        "do without `from __future__ import annotations` here, and quote only the class: `list[\"Hero\"]`"
    } else {
        "quote only the class: `list[\"Hero\"]`, `Optional[\"Hero\"]`"
    };
    Some(with_fix(finding, cure::fix(facts, lost), help))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_told_without_its_quotes() {
        for written in ["'list[Hero]'", "\"list[Hero]\"", "r'list[Hero]'", "R\"\"\"list[Hero]\"\"\"", "list[Hero]"] {
            assert_eq!(inside(written), "list[Hero]", "{written}");
        }
    }
}
