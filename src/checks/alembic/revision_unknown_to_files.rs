//! A database is at a revision that no file has.

use super::databases;
use crate::facts::Facts;
use crate::finding::{Checked, Finding, Place};
use crate::fix::Fix;

pub(super) fn check(facts: &Facts) -> Checked {
    facts.postgres()?;
    let mut findings = vec![];
    for environment in &facts.project.alembic {
        let revisions = &environment.revisions;
        let graph = revisions.graph();
        if revisions.uncertain || environment.version_directories.is_empty() {
            continue;
        }
        for at in databases::of(facts, environment)? {
            for id in at.versions.iter().filter(|id| graph.get(id).is_none()) {
                let directories = environment.version_directories.join("`, `");
                let message = format!(
                    "database `{}` is at revision `{id}`, which no file of `{directories}` has",
                    at.database.name
                );
                let mut finding = Finding::at_path(directories.clone(), format!("{}: {id}", at.name()), message);
                if let Some(location) = &environment.script_location {
                    finding = finding.related(Place::from(&location.span), "the revisions are looked for here");
                }
                if let Some(service) = &at.database.service {
                    finding = finding.service(service.clone());
                }
                findings.push(
                    finding
                        .seen("select version_num from alembic_version", at.name(), at.versions.join(", "))
                        .seen("revisions", &directories, format!("{} files, none with `{id}`", revisions.files.len()))
                        .help(format!("look for it on other branches: git log --all --oneline --name-only -G \"revision.*{id}\" -- \"*.py\""))
                        .help("leave `alembic stamp head` alone: it only hides that tables and revisions differ")
                        .fix(Fix::manual(format!("bring the file of `{id}` back, take the database back on the branch that has it, or make the database anew"))),
                );
            }
        }
    }
    Ok(findings)
}
