//! Gives the type another name wherever a class body means it.

use crate::checks::python_fix::{edit, listed, range, text};
use crate::facts::Facts;
use crate::fix::{Fix, Step};
use crate::project::python::{Class, Member, MemberSort, Shape};
use crate::text::python::{TypeExpression, type_expression};
use crate::text::{Span, python};

/// Another name for the type, in the same import, and wherever the body means the type behind the value.
pub(super) fn fix(facts: &Facts, shape: &Shape, class: &Class, member: &Member) -> Option<Fix> {
    let name = member.name.value.as_str();
    let mut imports = shape.imports.iter().filter(|import| import.bound == name);
    let (Some(import), None) = (imports.next(), imports.next()) else { return None };
    let other = format!("{name}_type");
    let source = facts.source(&import.span.path)?;
    if source.text().contains(&other) || import.from.is_empty() && import.name.contains('.') {
        return None;
    }
    let read = python::parse(source.text());
    let stands = |span: &Span| -> Vec<Span> {
        let named = read.names.iter().filter(|(written, at)| {
            written.split('.').next() == Some(name) && span.start <= at.start && at.end <= span.end
        });
        named.map(|(_, at)| range(span, at.start, at.start + name.len())).collect()
    };
    let mut places = in_annotation(facts, member.annotation.as_ref()?, name, &stands)?;
    // Its own value is made before the name is bound to it.
    for behind in class.body.iter().filter(|other| other.statement.start >= member.statement.end) {
        match behind.kind {
            MemberSort::Field { .. } | MemberSort::ClassVariable | MemberSort::Assigned => {
                if let Some(annotation) = &behind.annotation {
                    places.extend(in_annotation(facts, annotation, name, &stands)?);
                }
                places.extend(behind.value.as_ref().map(&stands).unwrap_or_default());
            }
            // What a function or a block means by it depends on when it is run.
            _ if !stands(&behind.statement).is_empty() => return None,
            _ => {}
        }
    }
    if places.iter().any(|place| text(facts, place) != name) {
        return None;
    }
    let end = import.span.end;
    let mut steps: Vec<Step> = vec![edit(&range(&import.span, end, end), format!(", {} as {other}", import.name))];
    steps.extend(places.iter().map(|place| edit(place, other.clone())));
    Some(Fix::safe(format!("import {} as `{other}` too, and annotate by that", listed(&[name])), steps))
}

/// Where an annotation names the type; `None` where a string within it does, of which it cannot be told what it is.
fn in_annotation(
    facts: &Facts,
    annotation: &Span,
    name: &str,
    stands: &dyn Fn(&Span) -> Vec<Span>,
) -> Option<Vec<Span>> {
    let written = text(facts, annotation);
    let mut places = match type_expression(written) {
        TypeExpression::Text(inner) if inner.contains(['"', '\'', '\\']) && inner.contains(name) => return None,
        TypeExpression::Text(_) => words(written, name)
            .into_iter()
            .map(|at| range(annotation, annotation.start + at, annotation.start + at + name.len()))
            .collect(),
        _ => stands(annotation),
    };
    places.sort_by_key(|place| place.start);
    places.dedup();
    let mut left = written.to_owned();
    for place in places.iter().rev() {
        left.replace_range(place.start - annotation.start..place.end - annotation.start, "_");
    }
    let remains = type_expression(&left).names().iter().any(|other| other.split('.').next() == Some(name));
    (!remains).then_some(places)
}

/// Where a name stands in the text of an annotation that is no part of another one and no attribute.
fn words(written: &str, name: &str) -> Vec<usize> {
    let is_of_name = |character: char| character.is_alphanumeric() || matches!(character, '_' | '.');
    let stands_alone = |at: &usize| {
        let before = written.get(..*at).and_then(|before| before.chars().next_back());
        let after = written.get(at + name.len()..).and_then(|after| after.chars().next());
        !before.is_some_and(is_of_name) && !after.is_some_and(|after| after != '.' && is_of_name(after))
    };
    written.match_indices(name).map(|(at, _)| at).filter(stands_alone).collect()
}
