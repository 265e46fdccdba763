//! Several revisions of one environment have no successor, so that `head` names none of them.

use std::collections::BTreeSet;

use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::alembic::Alembic;
use crate::project::alembic::revisions::{Graph, Revision};

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for environment in facts.project.alembic.iter().filter(|environment| !environment.revisions.uncertain) {
        let graph = environment.revisions.graph();
        let heads = graph.heads();
        // A broken chain is told as such; its pieces are no branches.
        let broken = !graph.missing().is_empty() || graph.duplicates().count() > 0 || !graph.cycle().is_empty();
        let [first, .., last] = heads.as_slice() else { continue };
        let is_meant = are_labelled(&graph, &heads) || are_apart(environment, &graph, &heads);
        let (all, one) = (&environment.revisions.runs_all_heads, &environment.revisions.runs_one_head);
        if broken || is_meant && one.is_none() {
            continue;
        }
        let ids: Vec<&str> = heads.iter().map(|head| head.id.value.as_str()).collect();
        let message = format!(
            "`{}` has {} heads: `{}`",
            environment.version_directories.join("`, `"),
            heads.len(),
            ids.join("`, `")
        );
        let mut finding =
            Finding::at(&last.id.span, format!("{}: heads", environment.version_directories.join(", ")), message)
                .label("`alembic upgrade head` does not know which one is meant")
                .seen("revisions", "heads", ids.join(", "));
        for head in heads.iter().filter(|head| head.path != last.path) {
            finding = finding.related(&head.id.span, "has no successor either");
        }
        if let Some(fork) = fork(&graph, first, last) {
            finding = finding.related(&fork.id.span, "the last that both follow");
        }
        match (all, one) {
            // Which environment is meant there cannot be told.
            (_, Some(path)) if is_meant => {
                finding = finding.seen("files", path, "runs up to `head`, where `heads` are all of them").only_info();
            }
            (Some(path), None) => {
                finding = finding.seen("files", path, "runs up to `heads`, all of them").only_info();
            }
            _ => {}
        }
        let command = format!("merge them: alembic merge -m \"merge heads\" {}", ids.join(" "));
        findings.push(finding.fix(Fix::manual(command)));
    }
    Ok(findings)
}

/// Whether each head lies on a branch with a label of its own, one at most excepted: then they are meant to stay apart.
fn are_labelled(graph: &Graph<'_>, heads: &[&Revision]) -> bool {
    let labels = |head: &&Revision| -> Vec<String> {
        let before = heads.iter().find(|one| one.id == head.id).map(|one| graph.ancestors(one)).unwrap_or_default();
        before.iter().flat_map(|one| one.labels.clone()).chain(head.labels.clone()).collect()
    };
    let all: Vec<Vec<String>> = heads.iter().map(labels).collect();
    let own = |at: usize, label: &String| {
        all.iter().enumerate().all(|(other, labels)| other == at || !labels.contains(label))
    };
    let unlabelled = all.iter().enumerate().filter(|(at, labels)| !labels.iter().any(|label| own(*at, label)));
    unlabelled.count() < 2
}

/// Whether each head lies in a folder of its own and follows none that another follows too.
fn are_apart(environment: &Alembic, graph: &Graph<'_>, heads: &[&Revision]) -> bool {
    let folder = |head: &&Revision| {
        let inside = |one: &&String| head.path.starts_with(&format!("{one}/"));
        environment.version_directories.iter().filter(inside).max_by_key(|one| one.len())
    };
    let folders: BTreeSet<_> = heads.iter().filter_map(folder).collect();
    let pairs =
        || heads.iter().enumerate().flat_map(|(at, one)| heads.iter().skip(at + 1).map(move |other| (one, other)));
    folders.len() == heads.len() && pairs().all(|(one, other)| fork(graph, one, other).is_none())
}

/// The nearest revision that two heads follow.
fn fork<'a>(graph: &Graph<'a>, one: &'a Revision, other: &'a Revision) -> Option<&'a Revision> {
    let theirs: BTreeSet<&str> = graph.ancestors(other).into_iter().map(|before| before.id.value.as_str()).collect();
    let mut shared = graph.ancestors(one);
    shared.retain(|before| theirs.contains(before.id.value.as_str()));
    let followed: BTreeSet<&str> =
        shared.iter().flat_map(|one| &one.parents).map(|parent| parent.value.as_str()).collect();
    shared.into_iter().find(|before| !followed.contains(before.id.value.as_str()))
}
