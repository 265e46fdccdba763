//! An import or an alias in the body of a model: pydantic takes what it binds for a field without a type.

mod taken;

use super::moved;
use crate::checks::python_fix::{listed, text, with_fix};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::project::python::{Ancestor, Class, Member, MemberSort};
use crate::text::counted;

use taken::{class_variables, cure, is_taken};

pub(super) fn check(facts: &Facts) -> Checked {
    let classes = &facts.project.python.classes;
    let mut findings = vec![];
    // A model may say which types are no fields.
    let ignoring = classes.with_heirs_of(|it| match it {
        Ancestor::Class(at) => {
            classes.get(*at).is_some_and(|class| text(facts, &class.statement).contains("ignored_types"))
        }
        _ => false,
    });
    for ((index, class), ignoring) in classes.iter().enumerate().zip(ignoring) {
        if class.in_function || ignoring || !classes.is_model(index) {
            continue;
        }
        let variables = class_variables(facts, index);
        let taken = class.body.iter().filter(|member| is_taken(facts, index, member, &variables));
        let (movable, fixed): (Vec<&Member>, Vec<&Member>) = taken.partition(|member| is_movable(member));
        if !movable.is_empty() {
            findings.push(finding(facts, class, &movable, true));
        }
        findings.extend(fixed.into_iter().map(|member| finding(facts, class, &[member], false)));
    }
    Ok(findings)
}

fn is_import(member: &Member) -> bool {
    matches!(member.kind, MemberSort::ImportedModule | MemberSort::ImportedName)
}

/// Imports, and other names for types, mean the same at the top of the module.
fn is_movable(member: &Member) -> bool {
    is_import(member) || member.kind == MemberSort::Assigned && !member.literal && member.calls.is_empty()
}

fn finding(facts: &Facts, class: &Class, members: &[&Member], movable: bool) -> Finding {
    let names: Vec<&str> = members.iter().map(|member| member.name.value.as_str()).collect();
    let path = class.name.span.path.to_string();
    let taken = if names.len() > 1 { "are taken for fields" } else { "is taken for a field" };
    let message = format!("{} in the body of `{}` {taken} without a type", listed(&names), class.name.value);
    let subject = format!("{path}: {}: {}", class.name.value, names.join(" "));
    let mut finding = match members {
        [first, ..] if matches!(first.kind, MemberSort::Function(_)) => Finding::at(&first.name.span, subject, message),
        [first, ..] => Finding::at(&first.statement, subject, message),
        [] => Finding::at_path(path.clone(), subject, message),
    };
    for other in members.iter().skip(1).filter(|it| Some(&it.statement) != members.first().map(|it| &it.statement)) {
        finding = finding.related(&other.statement, "is taken for one too");
    }
    finding = finding.related(&class.name.span, format!("`{}` is a model of pydantic's", class.name.value)).seen(
        "read",
        path,
        counted(
            members.len(),
            "statement of the body binds a name without a type",
            "statements of the body bind names without a type",
        ),
    );
    if let Some(first) = members.first().filter(|_| !movable) {
        return finding.help(cure(first));
    }
    match moved::fix(facts, class, members) {
        Ok(fix) => with_fix(finding, Some(fix), "move it to the top of the module"),
        Err(help) => finding.help(help),
    }
}
