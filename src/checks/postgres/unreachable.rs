//! A database that a URL names does not let us in; every kind of trouble has its own cure.

mod cure;
mod words;

use super::{asked, shown, url_of};
use crate::facts::{Facts, TroubleKind};
use crate::finding::{Checked, Finding};
use crate::fix::Fix;

use cure::{cure, psql};
use words::message;

pub(super) use cure::superuser;

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for database in asked(facts)? {
        let (Ok(Err(trouble)), Some(url)) = (&database.server, url_of(facts, database)) else { continue };
        let at = if database.contacted.is_empty() { &database.named } else { &database.contacted };
        let mut finding = Finding::at(&url.span, shown(database), message(database, trouble))
            .label(format!("`{}` leads to `{at}`", url.key));
        for other in database.urls.iter().skip(1).filter_map(|index| facts.project.urls.get(*index)) {
            finding = finding.related(&other.span, format!("`{}` leads there too", other.key));
        }
        let said = match &trouble.sqlstate {
            Some(code) => format!("{} (SQLSTATE {code})", trouble.message),
            None => trouble.message.clone(),
        };
        let source = if trouble.kind == TroubleKind::Ended { "GET /containers/json" } else { "connect" };
        finding = finding.seen(source, at, said);
        if let Some(service) = &database.service {
            finding = finding.service(service);
        }
        for (index, service) in url.services().enumerate() {
            finding = if index < 8 { finding.service(service) } else { finding };
        }
        if trouble.kind == TroubleKind::WrongPassword {
            // Servers answer the same for a role that is not there, so that nobody can find roles out.
            let psql = psql(facts, database);
            finding = finding.help(format!(
                "create the role first where `\\du` does not list it: {psql} -c 'CREATE ROLE \"{}\" LOGIN'",
                database.role
            ));
        }
        findings.push(finding.fix(Fix::manual(cure(facts, database, trouble))));
    }
    Ok(findings)
}
