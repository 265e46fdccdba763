//! What the statements of a class body say.

use super::classes::{Member, MemberSort};
use super::fields::calls_in;
use super::modules::{File, Modules};
use super::names::{Meaning, meaning};
use crate::text::Spanned;
use crate::text::python::{self, MemberKind, Value};

/// `declarative_base(metadata=…)` says the same as `metadata = …` in a body.
pub(super) fn metadata_member(modules: &mut Modules<'_>, file: &File, call: &python::Call) -> Vec<Member> {
    let argument = call.arguments.iter().find(|argument| argument.keyword.as_deref() == Some("metadata"));
    let range = argument.map_or(call.range.clone(), |argument| argument.range.clone());
    let span = file.source.span(range);
    let leads_to = match argument.map(|argument| &argument.value) {
        Some(Value::Name(name)) => meaning(modules, file, name),
        _ => Meaning::Unknown,
    };
    let (outside, objects) = match leads_to {
        Meaning::Outside(name) => (Some(name), vec![]),
        Meaning::Object(path, name) => (None, vec![(path, name)]),
        _ => (None, vec![]),
    };
    vec![Member {
        name: Spanned::new("metadata".to_owned(), span.clone()),
        statement: span.clone(),
        kind: MemberSort::Assigned,
        annotation: None,
        value: Some(span),
        literal: false,
        outside,
        objects,
        calls: vec![],
    }]
}

/// What a statement of a body says; an import says one thing for each name.
pub(super) fn members(modules: &mut Modules<'_>, file: &File, member: &python::Member) -> Vec<Member> {
    let span = |range: &std::ops::Range<usize>| file.source.span(range.clone());
    let mut entry = Member {
        name: Spanned::new(member.name.clone(), span(&member.name_range)),
        statement: span(&member.range),
        kind: MemberSort::Other,
        annotation: None,
        value: member.value.as_ref().map(|(_, range)| span(range)),
        literal: member.literal,
        outside: None,
        objects: vec![],
        calls: vec![],
    };
    let mut looked_at = vec![];
    match &member.kind {
        MemberKind::Annotated { annotation, optional, class_variable } => {
            entry.kind =
                if *class_variable { MemberSort::ClassVariable } else { MemberSort::Field { optional: *optional } };
            entry.annotation = Some(span(annotation));
            looked_at.push(annotation.clone());
        }
        MemberKind::Assigned => entry.kind = MemberSort::Assigned,
        MemberKind::Function(decorators) => entry.kind = MemberSort::Function(decorators.clone()),
        MemberKind::Import(import) => {
            return import
                .names
                .iter()
                .map(|imported| Member {
                    name: Spanned::new(super::names::bound(import, imported), span(&imported.range)),
                    kind: if import.is_from { MemberSort::ImportedName } else { MemberSort::ImportedModule },
                    outside: import.is_from.then(|| format!("{}.{}", import.from, imported.name)),
                    ..entry.clone()
                })
                .collect();
        }
        MemberKind::Other => return vec![entry],
    }
    if let Some((value, range)) = &member.value {
        looked_at.push(range.clone());
        if let Value::Name(name) = value
            && let Meaning::Outside(name) = meaning(modules, file, name)
        {
            entry.outside = Some(name);
        }
    }
    for range in looked_at {
        entry.calls.extend(calls_in(modules, file, &range));
        let names: Vec<&String> = file.module.names_within(&range).map(|(name, _)| name).collect();
        for name in names {
            if let Meaning::Object(path, name) = meaning(modules, file, name) {
                entry.objects.push((path, name));
            }
        }
    }
    vec![entry]
}
