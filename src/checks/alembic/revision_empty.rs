//! No revision does anything, and the project has models: autogenerate did not see them.

use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for environment in &facts.project.alembic {
        let revisions = &environment.revisions;
        let Some(model) = revisions.models.get("sqlmodel").filter(|_| revisions.all_empty()) else { continue };
        let own: Vec<_> = revisions.files.iter().filter(|revision| revision.parents.len() < 2).collect();
        let [first, others @ ..] = own.as_slice() else { continue };
        let Some(upgrade) = &first.upgrade else { continue };
        let message =
            format!("revision `{}` does nothing, nor does any other, though the project has models", first.id.value);
        let finding = Finding::at(&upgrade.body, format!("{}: upgrade", first.path), message)
            .label("`alembic upgrade head` makes no table")
            .related(model, "a model is written here")
            .seen("revisions", &first.path, format!("{} revisions, each with an empty `upgrade()`", own.len()));
        let finding = others
            .iter()
            .filter_map(|one| one.upgrade.as_ref())
            .take(2)
            .fold(finding, |finding, other| finding.related(&other.body, "does nothing either"));
        findings.push(
            finding
                .help("see that `env.py` imports every module with models, and hands their metadata to `configure`")
                .fix(Fix::manual("delete the empty revision and write it anew: alembic revision --autogenerate")),
        );
    }
    Ok(findings)
}
