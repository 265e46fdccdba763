//! `Field` is told what becomes of a row by a rule that cannot be: without a foreign key, or NULL where none may be.

use super::members::Members;
use crate::checks::python_fix::text;
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::python::{CallArgument, CallSite, Class, Member, MemberSort};

pub(super) fn check(facts: &Facts) -> Checked {
    let members = Members::of(&facts.project.python);
    let mut findings = vec![];
    for (index, class, member) in members.all() {
        for call in member.calls.iter().filter(|call| call.is_field()) {
            let Some(rule) = said(facts, call, "ondelete") else { continue };
            // Beside a column it is refused for another reason, and a mapping may bring the key.
            if call.keyword("sa_column").is_some() || call.keyword("**").is_some() {
                continue;
            }
            if call.keyword("foreign_key").is_none() {
                findings.push(without_key(class, member, rule));
            } else if cannot_be_null(facts, member, call, rule)
                && !members.tables_of_sqlmodel(index, &member.name.value).is_empty()
            {
                findings.push(not_null(class, member, call, rule));
            }
        }
    }
    Ok(findings)
}

/// An argument that says something.
fn said<'a>(facts: &Facts, call: &'a CallSite, keyword: &str) -> Option<&'a CallArgument> {
    call.keyword(keyword).filter(|argument| !matches!(text(facts, &argument.value), "Undefined" | "PydanticUndefined"))
}

fn cannot_be_null(facts: &Facts, member: &Member, call: &CallSite, rule: &CallArgument) -> bool {
    let nullable = match call.keyword("nullable").map(|it| text(facts, &it.value)) {
        None => member.kind != MemberSort::Field { optional: false },
        Some("False") => false,
        // What is no literal cannot be told.
        Some(_) => true,
    };
    // An alias may bring `None` along.
    rule.text.as_deref() == Some("SET NULL") && !nullable && member.objects.is_empty()
}

fn begin(class: &Class, member: &Member, rule: &CallArgument, message: String) -> Finding {
    let (name, of) = (&member.name.value, &class.name.value);
    Finding::at(&rule.whole, format!("{}: {of}: {name}", rule.whole.path), message)
}

fn without_key(class: &Class, member: &Member, rule: &CallArgument) -> Finding {
    let (name, of) = (&member.name.value, &class.name.value);
    begin(
        class,
        member,
        rule,
        format!("`{name}` of `{of}` says `ondelete` and has no `foreign_key`, which SQLModel refuses"),
    )
    .label("belongs to a foreign key")
    .seen("Field", format!("{of}.{name}"), "`ondelete` without `foreign_key`")
    .fix(Fix::manual("say `foreign_key=\"table.column\"` beside it, or leave it out"))
}

fn not_null(class: &Class, member: &Member, call: &CallSite, rule: &CallArgument) -> Finding {
    let (name, of) = (&member.name.value, &class.name.value);
    let said = call.keyword("nullable").map(|argument| &argument.whole);
    let cause = said.or(member.annotation.as_ref()).unwrap_or(&member.statement);
    let cure = if said.is_some() { "say `nullable=True`" } else { "annotate it with `| None`" };
    begin(class, member, rule, format!("`{name}` of `{of}` becomes NULL when its row goes, and must not be NULL"))
        .label("needs a column that takes NULL")
        .related(cause, "makes the column NOT NULL")
        .seen("Field", format!("{of}.{name}"), "`ondelete=\"SET NULL\"`, not nullable")
        .fix(Fix::manual(format!("{cure}, or choose another rule such as `ondelete=\"CASCADE\"`")))
}
