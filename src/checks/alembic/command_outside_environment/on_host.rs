//! The same outside of containers: jobs of pipelines, recipes and scripts.

use super::super::bare_commands::{Bare, How};
use super::{run_by_manager, shadowed};
use crate::facts::Facts;
use crate::finding::Finding;
use crate::project::alembic::on_host::HostRun;

/// What runs there, but for what runs in a container too.
pub(super) fn findings(facts: &Facts, known: &[Bare]) -> Vec<Finding> {
    let runs = facts.project.alembic_on_host.iter();
    let others = runs.filter(|run| !known.iter().any(|bare| bare.span == run.word));
    others.filter_map(|run| finding(facts, run)).collect()
}

fn finding(facts: &Facts, run: &HostRun) -> Option<Finding> {
    let bare = Bare {
        span: run.word.clone(),
        whole: run.whole.clone(),
        how: run.how,
        service: run.holder.clone().unwrap_or_else(|| run.word.path.to_string()),
        occasion: run.occasion,
    };
    let shadow = shadow_in(facts, run.directory.as_deref());
    let Some(manager) = &run.only_in else {
        return shadow.filter(|_| run.how != How::Script).map(|path| shadowed(facts, &bare, path));
    };
    let job = &bare.service;
    let message = format!("`alembic` is run in the job `{job}`, where it lives only in the environment of {manager}");
    let label = match bare.how {
        How::Script => "not in PATH: command not found",
        _ => "a module of another Python: No module named alembic",
    };
    let finding = Finding::at(&bare.span, format!("{job}: alembic"), message).label(label);
    let finding =
        finding.seen("files", &*run.word.path, format!("no step before puts the environment of {manager} into PATH"));
    Some(run_by_manager(facts, &bare, finding, manager, shadow))
}

/// What Python finds in place of Alembic in a folder.
fn shadow_in<'facts>(facts: &'facts Facts, directory: Option<&str>) -> Option<&'facts str> {
    let shadows = facts.project.alembic.iter().filter_map(|environment| environment.revisions.shadowed_by.as_deref());
    let folder = |path: &'facts str| {
        let module = path.strip_suffix("/__init__.py").unwrap_or(path);
        module.rsplit_once('/').map_or("", |(folder, _)| folder)
    };
    shadows.into_iter().find(|path| Some(folder(path)) == directory)
}
