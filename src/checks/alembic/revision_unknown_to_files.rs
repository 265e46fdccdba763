//! A database is at a revision that no file has.

mod elsewhere;

pub(super) use elsewhere::is_plain;

use super::databases;
use crate::facts::Facts;
use crate::finding::{Checked, Finding, Place};
use crate::fix::Fix;
use crate::text::counted;

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for unknown in databases::unknown(facts)? {
        let (at, id, environment) = (unknown.at, unknown.id, unknown.environment);
        let directories = environment.version_directories.join("`, `");
        let on_branches = facts.branches.as_ref().map(|branches| elsewhere::Elsewhere::of(branches, &unknown));
        let where_it_is = on_branches.as_ref().and_then(elsewhere::Elsewhere::place);
        let message = match &where_it_is {
            Some(place) => format!("database `{}` is at revision `{id}`, whose file is {place}", at.database.name),
            None => {
                format!("database `{}` is at revision `{id}`, which no file of `{directories}` has", at.database.name)
            }
        };
        let mut finding = Finding::at_path(directories.clone(), format!("{}: {id}", at.name()), message);
        if let Some(location) = &environment.script_location {
            finding = finding.related(Place::from(&location.span), "the revisions are looked for here");
        }
        if let Some(service) = &at.database.service {
            finding = finding.service(service.clone());
        }
        finding = finding.seen("select version_num from alembic_version", at.name(), at.versions.join(", "));
        let files =
            counted(environment.revisions.files.len(), "file, and it is not the one", "files, and none is the one");
        finding = finding.seen("revisions", &directories, format!("{files} of `{id}`"));
        finding = match &on_branches {
            Some(elsewhere) => elsewhere.told(finding),
            None => finding,
        };
        if where_it_is.is_none() && is_plain(id) {
            finding = finding.help(format!(
                "look for it in what git still has: git log --all --reflog --oneline --name-only -G \"revision.*{id}\" -- \"*.py\""
            ));
        }
        // Where the file is known to be, the ways that lead there are told one by one.
        let way = match &where_it_is {
            Some(_) => format!("go where the file of `{id}` is, or bring it here"),
            None => format!(
                "bring the file of `{id}` back, take the database back on the branch that has it, or make the database anew"
            ),
        };
        findings.push(
            finding
                .help("leave `alembic stamp head` alone: it only hides that tables and revisions differ")
                .fix(Fix::manual(way)),
        );
    }
    Ok(findings)
}
