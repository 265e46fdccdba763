//! A revision uses pgvector's type, and no revision before it creates the extension.

mod applied;

use super::edits::{if_python, statement_before};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::alembic::Alembic;
use crate::project::alembic::revisions::{Graph, Operation, Revision, Upgrade};
use crate::text::{Span, Spanned};
use applied::applied;

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for environment in &facts.project.alembic {
        let revisions = &environment.revisions;
        if revisions.uncertain || revisions.environment.creates_vector || revisions.created_at_start.is_some() {
            continue;
        }
        let graph = revisions.graph();
        // What a hole in the chain hides may create it.
        let holes: Vec<&str> = graph.missing().iter().map(|(revision, _)| revision.id.value.as_str()).collect();
        let uses = revisions.files.iter().filter_map(|revision| Some((revision, first_use(revision)?)));
        for (revision, place) in uses {
            let before = graph.ancestors(revision);
            let hidden = before.iter().chain([&revision]).any(|one| holes.contains(&one.id.value.as_str()));
            // Whatever an earlier revision suffers from is told there.
            let settled =
                before.iter().any(|one| creates(one).is_some() || one.may_create_vector || first_use(one).is_some());
            if !settled
                && !hidden
                && !revision.may_create_vector
                && creates(revision).is_none_or(|at| at > place.span.start)
            {
                let own = may_create(revision).filter(|one| one.start < place.span.start);
                let untold = before.iter().find_map(|one| may_create(one)).or(own);
                let untold = untold.or(revisions.environment.may_create_vector.as_ref());
                let untold = untold.map(|place| (place, "may create it: what this runs cannot be told from here"));
                let recipe = revisions.created_by_recipe.as_ref().map(|place| (place, "creates it, where this is run"));
                findings.extend(finding(facts, environment, &graph, revision, place, untold.or(recipe)));
            }
        }
    }
    Ok(findings)
}

fn operations(revision: &Revision) -> impl Iterator<Item = &Spanned<Operation>> {
    revision.upgrade.iter().flat_map(|upgrade| &upgrade.operations)
}

fn first_use(revision: &Revision) -> Option<&Spanned<Operation>> {
    operations(revision).find(|one| matches!(one.value, Operation::UsesVector(_)))
}

/// Where a revision creates the extension first.
fn creates(revision: &Revision) -> Option<usize> {
    operations(revision).find(|one| one.value == Operation::CreatesVector).map(|one| one.span.start)
}

/// Where a revision runs what may create it.
fn may_create(revision: &Revision) -> Option<&Span> {
    operations(revision).find(|one| one.value == Operation::MayCreateVector).map(|one| &one.span)
}

fn finding(
    facts: &Facts,
    environment: &Alembic,
    graph: &Graph<'_>,
    revision: &Revision,
    place: &Spanned<Operation>,
    elsewhere: Option<(&Span, &str)>,
) -> Option<Finding> {
    let source = facts.source(&revision.path)?;
    let upgrade: &Upgrade = revision.upgrade.as_ref()?;
    let late = operations(revision).find(|one| one.value == Operation::CreatesVector);
    let creates = if elsewhere.is_some() { "is seen to create" } else { "creates" };
    let id = &revision.id.value;
    let message = format!("revision `{id}` uses pgvector's type before any revision {creates} the extension");
    let mut finding = Finding::at(&place.span, format!("{}: extension", revision.path), message)
        .label("on a new database: type \"vector\" does not exist")
        .seen(
            "revisions",
            &revision.path,
            format!("{} before it, none creates `vector`", graph.ancestors(revision).len()),
        );
    if let Some((place, what)) = elsewhere {
        finding = finding.related(place, what).only_info();
    }
    if let Some(late) = late {
        finding = finding.related(&late.span, "creates it only here, too late");
    }
    let sql = facts
        .project
        .wants_vector
        .iter()
        .find(|one| one.span.path.ends_with(".sql") && one.value.starts_with("creates"));
    if let Some(place) = sql {
        finding = finding.related(&place.span, "creates it, but no service is seen to run this file");
    }
    let create = "CREATE EXTENSION IF NOT EXISTS vector";
    let steps = revision.operations_name.as_ref().and_then(|name| {
        let edit = statement_before(source, &upgrade.body, &format!("{name}.execute(\"{create}\")"));
        if_python(source, vec![edit])
    });
    let Some(steps) = steps else {
        return Some(finding.help(format!("run `{create}` first in `upgrade()` of `{}`", revision.path)));
    };
    let title = format!("create the extension first in `{}`", revision.path);
    let fix = match applied(facts, environment, graph, revision) {
        Some(false) if elsewhere.is_none() => Fix::safe(title, steps),
        Some(true) => Fix::risky(title, steps).afterwards("create the extension where the revision was run already"),
        _ => Fix::risky(title, steps),
    };
    Some(finding.fix(fix))
}
