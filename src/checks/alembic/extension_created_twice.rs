//! A revision creates pgvector's extension where it is there already, without `IF NOT EXISTS`.

use std::sync::LazyLock;

use regex::Regex;

use super::tables::operations;
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::alembic::Alembic;
use crate::project::alembic::revisions::{Graph, Operation, Revision};
use crate::text::python::{Call, Value};
use crate::text::{Span, pattern};

/// What is executed as it is written: the statement alone at the start of its text, for the extension of just this name.
static PLAIN: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r#"(?i)^\s*create\s+extension\s+(if\s+not\s+exists\s+)?("vector"|vector)(?:\s*;|\s*$|\s+[a-z])"#)
});

/// The same in Python, without a condition; where the condition would stand is its end.
static BARE: LazyLock<Regex> = LazyLock::new(|| pattern(r#"(?i-u)\bcreate\s+extension\s+(?:\\?"|)vector\b"#));

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for environment in &facts.project.alembic {
        let revisions = &environment.revisions;
        let graph = revisions.graph();
        for revision in revisions.files.iter().filter(|_| !revisions.uncertain) {
            let Some((place, at)) = bare(facts, revision) else { continue };
            let Some((by, other)) = earlier(facts, environment, &graph, revision) else { continue };
            let message = format!("revision `{}` creates the extension `vector`, which {by}", revision.id.value);
            let mut finding = Finding::at(&place, format!("{}: extension", revision.path), message)
                .label("DuplicateObject: extension \"vector\" already exists")
                .seen("revisions", &revision.path, "no `IF NOT EXISTS`");
            if let Some(other) = other {
                finding = finding.related(&other, "creates it before");
            }
            let edit = Edit { span: Span { start: at, end: at, ..place.clone() }, text: "IF NOT EXISTS ".to_owned() };
            let title = format!("create it in `{}` only where it is not there", revision.path);
            findings.push(finding.fix(Fix::safe(title, vec![Step::Edit(edit)])));
        }
    }
    Ok(findings)
}

/// The statement, where it is run whenever the revision is: in `upgrade()` itself, with no condition around or before it.
fn creation(facts: &Facts, revision: &Revision) -> Option<Span> {
    let upgrade = revision.upgrade.as_ref()?;
    let mut all = upgrade.operations.iter().filter(|one| one.value == Operation::CreatesVector);
    let (only, None) = (&all.next()?.span, all.next()) else { return None };
    let source = facts.source(&revision.path)?;
    let (module, _) = source.python();
    let executes = |call: &&Call| {
        let context = &call.context;
        matches!(call.function(), "execute" | "exec_driver_sql")
            && call.range.start <= only.start
            && only.end <= call.range.end
            && (context.function.as_deref(), &context.condition, &context.class) == (Some("upgrade"), &None, &None)
    };
    let call = module.calls.iter().find(executes)?;
    let text = match call.positional(0)? {
        Value::Text(text) => text,
        Value::Call(made) if made.function() == "text" => made.positional(0)?.as_text()?,
        _ => return None,
    };
    (PLAIN.is_match(&text.value) && !module.may_leave(&(upgrade.body.start..only.start))).then(|| only.clone())
}

/// The statement without a condition, and where the condition belongs.
fn bare(facts: &Facts, revision: &Revision) -> Option<(Span, usize)> {
    let span = creation(facts, revision)?;
    let text = facts.source(&span.path)?.slice(&span);
    let mut all = BARE.find_iter(text);
    let (found, None) = (all.next()?, all.next()) else { return None };
    let name = found.as_str().to_ascii_lowercase().rfind("vector")?;
    let name = name - found.as_str().get(..name)?.chars().rev().take_while(|one| matches!(one, '"' | '\\')).count();
    Some((span.clone(), span.start + found.start() + name))
}

/// Whether an extension is dropped on the way, or the schema that it lies in.
fn drops(revision: &Revision) -> bool {
    operations(revision).iter().any(|one| matches!(one.value, Operation::Drop(_)))
}

/// Who has created it when this revision is run, for certain.
fn earlier(
    facts: &Facts,
    environment: &Alembic,
    graph: &Graph<'_>,
    revision: &Revision,
) -> Option<(String, Option<Span>)> {
    let before = graph.ancestors(revision);
    if before.iter().copied().chain([revision]).any(drops) {
        return None;
    }
    if let Some((other, span)) = before.iter().find_map(|one| Some((one, creation(facts, one)?))) {
        return Some((format!("`{}` before it creates too", other.id.value), Some(span)));
    }
    // A database that is still to run it.
    let after = graph.descendants(revision);
    let databases = facts.postgres.as_ref().ok().map(|postgres| &postgres.databases)?;
    databases.iter().filter(|_| !environment.revisions.environment.other_version_table).find_map(|database| {
        let server = database.answered()?;
        let at = server.alembic_versions.as_ref()?;
        let has_run = at.iter().any(|id| {
            *id == revision.id.value || after.iter().any(|one| one.id.value == *id) || graph.get(id).is_none()
        });
        (server.vector.created.is_some() && !has_run)
            .then(|| (format!("the database `{}` has already", database.name), None))
    })
}
