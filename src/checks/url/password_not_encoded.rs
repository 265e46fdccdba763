//! A password in a URL holds a character that ends it, or makes it unreadable, for who reads it.

mod words;

use super::encoding::{encoded, how_to_write, listed, written};
use super::{doubling, edits, in_force, is_in_file, is_read_by, raw, recreated, with_readers};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::urls::{
    DatabaseUrl, UrlDefect, UrlDefectKind, characters_to_encode, has_escapes_in_password, password_replacements,
    text_of,
};
use crate::text::mask_url;

use words::{default_at, words};

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for url in in_force(facts) {
        let biting: Vec<&UrlDefect> = url.parts.defects.iter().filter(|defect| bites(url, &defect.kind)).collect();
        if let Some(first) = biting.first() {
            findings.push(of_url(facts, url, first, &biting));
        }
    }
    for environment in &facts.project.alembic {
        // Where a URL is repaired, its fix repairs this too.
        let encoded = in_force(facts).find(|url| {
            is_read_by(url, environment)
                && url.parts.defects.is_empty()
                && has_escapes_in_password(url, raw(facts, url))
        });
        if let (Some(value), Some(url)) = (&environment.undoubled, encoded) {
            let message =
                format!("`env.py` hands `{}` to configparser, which takes the `%` in it for an interpolation", url.key);
            let fix = Fix::safe("double the `%` on the way into configparser", doubling(environment));
            findings.push(
                Finding::at(&value.span, format!("{}: env.py", url.key), message)
                    .label("a `%` in this value must be written `%%`")
                    .related(&url.span, "this is what it gets")
                    .seen(url.span.path.to_string(), &url.key, mask_url(raw(facts, url)))
                    .fix(fix),
            );
        }
    }
    Ok(findings)
}

/// Whether a defect bites: a `/` or `%` is fine for SQLAlchemy, so it counts only where other readers must be expected.
fn bites(url: &DatabaseUrl, kind: &UrlDefectKind) -> bool {
    match kind {
        UrlDefectKind::RawInPassword { sqlalchemy_host, libpq_breaks, .. } => {
            sqlalchemy_host.is_some() || *libpq_breaks && url.read_by_sqlalchemy.is_none()
        }
        UrlDefectKind::PercentInIni => true,
        _ => false,
    }
}

fn of_url(facts: &Facts, url: &DatabaseUrl, first: &UrlDefect, biting: &[&UrlDefect]) -> Finding {
    let (message, label) = words(url, &first.kind);
    let mut finding = Finding::at(&first.span, url.key.clone(), message).label(label);
    for other in &biting[1..] {
        finding = finding.related(&other.span, words(url, &other.kind).1);
    }
    finding = with_readers(facts, finding, url);
    if let Some(variable) = &first.from_variable {
        let characters = text_of(&facts.project, url).map(|text| characters_to_encode(&text)).unwrap_or_default();
        let mut characters: Vec<String> = characters.into_iter().map(encoded).collect();
        if characters.is_empty() {
            characters = biting.iter().filter_map(|defect| written(&defect.kind)).collect();
        }
        return finding.help(format!(
            "put the encoded password ({}) into a variable of its own and name that one here: `{variable}` itself is the password and stays as it is",
            listed(&characters)
        ));
    }
    let text = raw(facts, url);
    let replacements = password_replacements(url, text);
    if !is_in_file(url) || replacements.is_empty() {
        let characters: Vec<String> = biting.iter().filter_map(|defect| written(&defect.kind)).collect();
        let place = match default_at(text, first.span.start.saturating_sub(url.span.start)) {
            Some(variable) => format!("in the default of `{variable}`, and so in every value that it is given"),
            None => format!("in the password of `{}`", url.key),
        };
        return finding.help(format!("write {} {place}", listed(&characters)));
    }
    finding = finding.help(how_to_write(url, text, &replacements));
    let mut steps = edits(url, replacements);
    for environment in facts.project.alembic.iter().filter(|environment| is_read_by(url, environment)) {
        // Otherwise the encoded `%` would be the next error.
        steps.extend(doubling(environment));
    }
    let title = format!("encode the password in `{}` for its readers", url.key);
    let ambiguous = biting.iter().any(|defect| matches!(defect.kind, UrlDefectKind::RawInPassword { .. }))
        && has_escapes_in_password(url, text);
    // With `%40` beside a raw `@` it is a guess that `%40` is meant as `@`.
    let fix = if ambiguous { Fix::risky(title, steps) } else { Fix::safe(title, steps) };
    finding.fix(recreated(fix, url))
}
