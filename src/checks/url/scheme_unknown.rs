//! A URL that SQLAlchemy reads has a scheme that SQLAlchemy has no dialect for.

use super::{edits, in_force, is_in_file, raw, recreated, with_readers};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::urls::{UrlDefectKind, scheme_replacement};

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for url in in_force(facts) {
        // Other readers take `postgres://`; and code may put the right scheme in place before SQLAlchemy sees it.
        let Some(shown) = url.read_by_sqlalchemy.as_ref().filter(|_| url.scheme_rewritten.is_none()) else { continue };
        for defect in &url.parts.defects {
            let UrlDefectKind::UnknownScheme { meant } = &defect.kind else { continue };
            let scheme = url.parts.scheme.as_ref().map_or("", |scheme| scheme.value.as_str());
            let mut finding = Finding::at(
                &defect.span,
                url.key.clone(),
                format!("SQLAlchemy has no dialect `{scheme}`, which `{}` names", url.key),
            )
            .label(format!("SQLAlchemy knows `{meant}`"));
            if *shown != url.span {
                finding = finding.related(shown, "SQLAlchemy reads the project's URLs");
            }
            finding = with_readers(facts, finding, url);
            let replacement = scheme_replacement(url, raw(facts, url)).filter(|_| is_in_file(url));
            findings.push(match (replacement, &defect.from_variable) {
                (Some(replacement), None) => {
                    let title = format!("write `{meant}://` in place of `{scheme}://` in `{}`", url.span.path);
                    finding.fix(recreated(Fix::risky(title, edits(url, vec![replacement])), url))
                }
                _ => finding.help(format!("write `{meant}://` in place of `{scheme}://`")),
            });
        }
    }
    Ok(findings)
}
