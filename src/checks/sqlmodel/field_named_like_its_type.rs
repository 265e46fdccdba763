//! A field with a value has the name of its own type: by the time the annotation is looked at, the name is the value.

use super::types::{Named, annotated, resolved_in};
use crate::checks::python_fix::{edit, listed, range, text, with_fix};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Fix, Step};
use crate::project::python::{Class, Member, Shape, is_model};
use crate::text::Span;

pub(super) fn check(facts: &Facts) -> Checked {
    let python = &facts.project.python;
    let mut findings = vec![];
    for (index, class) in python.classes.iter().enumerate() {
        let Some(shape) = python.shapes.get(&*class.name.span.path).filter(|_| is_model(&python.classes, index)) else {
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
    let annotations: Vec<&Span> =
        [&member].into_iter().chain(behind).filter_map(|member| member.annotation.as_ref()).collect();
    let fix = fix(facts, shape, name, &annotations);
    with_fix(facts, finding, fix, "import the type under another name, or through its module: `datetime.date`")
}

/// Another name for the type, in the same import, and in the annotations.
fn fix(facts: &Facts, shape: &Shape, name: &str, annotations: &[&Span]) -> Option<Fix> {
    let mut imports = shape.imports.iter().filter(|import| import.bound == name);
    let (Some(import), None) = (imports.next(), imports.next()) else { return None };
    let other = format!("{name}_type");
    let source = facts.source(&import.span.path)?;
    if source.text().contains(&other) || import.from.is_empty() && import.name.contains('.') {
        return None;
    }
    let mut steps: Vec<Step> =
        vec![edit(&range(&import.span, import.span.end, import.span.end), format!(", {} as {other}", import.name))];
    for annotation in annotations {
        let written = text(facts, annotation);
        if written.contains("Literal") {
            return None;
        }
        steps.extend(places(written, name).into_iter().map(|at| {
            let start = annotation.start + at;
            edit(&range(annotation, start, start + name.len()), other.clone())
        }));
    }
    Some(Fix::safe(format!("import {} as `{other}` too, and annotate by that", listed(&[name])), steps))
}

/// Where a name stands that is no part of another one and no attribute.
fn places(written: &str, name: &str) -> Vec<usize> {
    let is_of_name = |character: char| character.is_alphanumeric() || matches!(character, '_' | '.');
    let stands_alone = |at: &usize| {
        let before = written.get(..*at).and_then(|before| before.chars().next_back());
        let after = written.get(at + name.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(is_of_name) && !after.is_some_and(|after| after != '.' && is_of_name(after))
    };
    written.match_indices(name).map(|(at, _)| at).filter(stands_alone).collect()
}
