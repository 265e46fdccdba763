//! The last revisions do nothing, and the project has models that no revision makes: autogenerate did not see them.

use super::tables::{may_make, named, operations, seen};
use crate::checks::python_fix::listed;
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::alembic::Alembic;
use crate::project::alembic::revisions::{Graph, Operation, Revision};
use crate::project::python::Class;
use crate::text::counted;

pub(super) fn check(facts: &Facts) -> Checked {
    Ok(facts.project.alembic.iter().filter_map(|environment| finding(facts, environment)).collect())
}

fn finding(facts: &Facts, environment: &Alembic) -> Option<Finding> {
    let revisions = &environment.revisions;
    let graph = revisions.graph();
    let empty: Vec<&Revision> =
        revisions.files.iter().filter(|one| does_nothing(one) && ends_in_nothing(&graph, one)).collect();
    let [first, others @ ..] = empty.as_slice() else { return None };
    let upgrade = first.upgrade.as_ref()?;
    let unmade = unmade(facts, environment);
    let id = &first.id.value;
    let message = if unmade.is_empty() {
        revisions.models.get("sqlmodel").filter(|_| revisions.all_empty())?;
        format!("revision `{id}` does nothing, nor does any other, though the project has models")
    } else {
        let names: Vec<&str> = unmade.iter().map(|(_, class)| class.name.value.as_str()).collect();
        format!("revision `{id}` does nothing, though no revision makes a table for {}", listed(&names))
    };
    let mut finding = Finding::at(&upgrade.body, format!("{}: upgrade", first.path), message)
        .label("`alembic upgrade head` makes no table");
    for (table, class) in unmade.iter().take(4) {
        finding = finding.related(&class.name.span, format!("`{}` is table `{table}`", class.name.value));
    }
    if let Some(model) = revisions.models.get("sqlmodel").filter(|_| unmade.is_empty()) {
        finding = finding.related(model, "a model is written here");
    }
    let others = others.iter().filter_map(|one| one.upgrade.as_ref());
    finding = others.take(2).fold(finding, |finding, other| finding.related(&other.body, "does nothing either"));
    if let Some(filter) = &revisions.environment.filter {
        finding = finding.related(filter, "decides which tables autogenerate sees");
    }
    let count = empty.len();
    finding =
        finding.seen("revisions", &first.path, format!("{count} with an empty `upgrade()`, and no other after them"));
    if let Some(env_py) = &environment.env_py {
        let reached = seen(facts, environment).map_or(0, |seen| seen.reached.len().saturating_sub(1));
        finding = finding.seen(
            "imports",
            env_py,
            counted(reached, "file of the project is reached", "files of the project are reached"),
        );
    }
    Some(
        finding
            .help("see that `env.py` imports every module with models, and hands their metadata to `configure`")
            .fix(Fix::manual("delete the empty revision and write it anew: alembic revision --autogenerate")),
    )
}

fn does_nothing(revision: &Revision) -> bool {
    revision.parents.len() < 2 && revision.upgrade.as_ref().is_some_and(|upgrade| upgrade.does_nothing)
}

/// Whether nothing that comes after a revision does anything either: a first revision is often empty on purpose.
fn ends_in_nothing(graph: &Graph<'_>, revision: &Revision) -> bool {
    let Some(known) = graph.get(&revision.id) else { return false };
    graph.descendants(known).iter().all(|after| after.upgrade.as_ref().is_some_and(|upgrade| upgrade.does_nothing))
}

/// The tables that no revision makes, as far as that can be told.
fn unmade<'facts>(facts: &'facts Facts, environment: &Alembic) -> Vec<(&'facts str, &'facts Class)> {
    let revisions = &environment.revisions;
    if revisions.uncertain || !revisions.strays.is_empty() {
        return vec![];
    }
    let done: Vec<&Operation> = revisions.files.iter().flat_map(operations).map(|one| &one.value).collect();
    // A statement from elsewhere may make any table.
    let named_only = |operation: &&Operation| **operation == Operation::Execute(String::new());
    let statements = revisions.files.iter().filter_map(|one| facts.source(&one.path));
    let texts: Vec<&str> = statements.map(|source| source.text()).collect();
    if done.iter().any(named_only)
        && !done.iter().any(|one| matches!(one, Operation::CreateTable(_) | Operation::EnsureTable(_)))
    {
        return vec![];
    }
    let mut found = named(facts, environment);
    found.retain(|(table, _)| {
        let bare = table.rsplit('.').next().unwrap_or(table);
        !done.iter().any(|one| may_make(one, table)) && !texts.iter().any(|text| has_word(text, bare))
    });
    found
}

/// Whether a name stands in a text as a word.
fn has_word(text: &str, name: &str) -> bool {
    let is_part = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    text.match_indices(name).any(|(at, _)| {
        let bytes = text.as_bytes();
        !is_part(at.checked_sub(1).and_then(|before| bytes.get(before))) && !is_part(bytes.get(at + name.len()))
    })
}
