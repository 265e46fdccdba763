//! A field with a value has the name of its own type: by the time the annotation is looked at, the name is the value.

mod cure;

use super::types::{Named, annotated, resolved_in};
use crate::checks::python_fix::{text, with_fix};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::project::python::{Class, Member, Shape};

pub(super) fn check(facts: &Facts) -> Checked {
    let python = &facts.project.python;
    let mut findings = vec![];
    for (index, class) in python.classes.iter().enumerate() {
        let Some(shape) = python.shapes.get(&*class.name.span.path).filter(|_| python.classes.is_model(index)) else {
            continue;
        };
        let shadowing = class.body.iter().enumerate().filter(|(_, member)| shadows(facts, shape, member));
        findings.extend(shadowing.map(|(at, member)| {
            // What stands behind it and names the type gets the value too.
            let behind = class.body.iter().skip(at + 1).filter(|other| names(facts, other, &member.name.value));
            finding(facts, shape, class, member, &behind.collect::<Vec<_>>())
        }));
    }
    Ok(findings)
}

/// Whether an annotation names something by this name, or by what it holds.
fn names(facts: &Facts, member: &Member, name: &str) -> bool {
    // Reading an annotation takes longer than looking for a word.
    if !member.annotation.as_ref().is_some_and(|annotation| text(facts, annotation).contains(name)) {
        return false;
    }
    let Some(written) = annotated(facts, member) else { return false };
    written.names().iter().any(|other| other.split('.').next() == Some(name))
        && !member.calls.iter().any(|call| call.is("Relationship"))
}

fn shadows(facts: &Facts, shape: &Shape, member: &Member) -> bool {
    let (name, path) = (&member.name.value, &member.name.span.path);
    let value = member.value.as_ref().map(|value| text(facts, value));
    value.is_some_and(|value| value != name)
        && names(facts, member, name)
        && matches!(resolved_in(facts, shape, path, name, ""), Named::Outside(_) | Named::Class(_))
}

fn finding(facts: &Facts, shape: &Shape, class: &Class, member: &Member, behind: &[&Member]) -> Finding {
    let (name, of) = (&member.name.value, &class.name.value);
    let path = &member.name.span.path;
    let message = format!("`{name}` of `{of}` has the name of its own type, and a value, which hides the type");
    let mut finding = Finding::at(&member.name.span, format!("{path}: {of}: {name}"), message)
        .label("is the value by the time the annotation is looked at")
        .seen("class body", format!("{of}.{name}"), text(facts, &member.statement));
    for other in behind {
        finding = finding.related(&other.name.span, format!("its `{name}` is that value too"));
    }
    let fix = cure::fix(facts, shape, class, member);
    with_fix(finding, fix, "import the type under another name, or through its module: `datetime.date`")
}
