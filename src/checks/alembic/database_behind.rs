//! A database has not run all revisions that the files hold.

use super::databases;
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;

pub(super) fn check(facts: &Facts) -> Checked {
    facts.postgres()?;
    let mut findings = vec![];
    for environment in &facts.project.alembic {
        let revisions = &environment.revisions;
        let graph = revisions.graph();
        let heads = graph.heads();
        for at in databases::of(facts, environment)? {
            let known: Option<Vec<_>> = at.versions.iter().map(|id| graph.get(id)).collect();
            // What no file has is told by itself; a graph with holes counts nothing.
            let Some(known) = known.filter(|_| !revisions.uncertain && graph.missing().is_empty()) else { continue };
            let mut run: Vec<&str> =
                known.iter().flat_map(|one| graph.ancestors(one)).map(|one| one.id.value.as_str()).collect();
            run.extend(known.iter().map(|one| one.id.value.as_str()));
            let waiting: Vec<_> = revisions.files.iter().filter(|one| !run.contains(&one.id.value.as_str())).collect();
            let Some(head) = heads.iter().find(|head| waiting.iter().any(|one| one.id == head.id)) else { continue };
            let count = match waiting.len() {
                1 => "one revision".to_owned(),
                count => format!("{count} revisions"),
            };
            let stands = match at.versions {
                [] => "has run no revision".to_owned(),
                versions => format!("is at `{}`", versions.join("`, `")),
            };
            let message =
                format!("database `{}` {stands}, {count} before the head `{}`", at.database.name, head.id.value);
            let mut finding =
                Finding::at(&head.id.span, format!("{}: {}", at.name(), environment.configuration), message)
                    .label("not run there yet")
                    .seen(
                        "select version_num from alembic_version",
                        at.name(),
                        if at.versions.is_empty() { "nothing".to_owned() } else { at.versions.join(", ") },
                    );
            if let Some(service) = &at.database.service {
                finding = finding.service(service.clone());
            }
            findings.push(finding.fix(Fix::manual("run the waiting revisions: alembic upgrade head")));
        }
    }
    Ok(findings)
}
