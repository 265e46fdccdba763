//! Checks of the family `url`.

mod encoding;
mod host_unknown;
mod localhost_in_container;
mod localhost_of_others;
mod option_unknown;
mod password_not_encoded;
mod percent_in_alembic_ini;
mod placeholder;
mod published_port_in_container;
mod scheme_unknown;

use super::{Check, check};
use crate::facts::Facts;
use crate::finding::Finding;
use crate::fix::{Edit, Fix, Step};
use crate::project::alembic::Alembic;
use crate::project::urls::{DatabaseUrl, Holder, Replacement};
use crate::text::{Span, mask_setting};

/// The checks of this family, sorted by path.
pub(super) static TABLE: [Check; 8] = [
    check!("url/host-unknown", host_unknown::check),
    check!("url/localhost-in-container", localhost_in_container::check),
    check!("url/option-unknown", option_unknown::check),
    check!("url/password-not-encoded", password_not_encoded::check),
    check!("url/percent-in-alembic-ini", percent_in_alembic_ini::check),
    check!("url/placeholder", placeholder::check),
    check!("url/published-port-in-container", published_port_in_container::check),
    check!("url/scheme-unknown", scheme_unknown::check),
];

/// The URLs that somebody reads: not those that another place puts out of force.
fn in_force(facts: &Facts) -> impl Iterator<Item = &DatabaseUrl> {
    facts.project.urls.iter().filter(|url| url.overridden_by.is_none())
}

/// The raw text of a URL in its file.
fn raw<'facts>(facts: &'facts Facts, url: &DatabaseUrl) -> &'facts str {
    facts.source(&url.span.path).map_or("", |source| source.slice(&url.span))
}

/// Replacements in the raw text of a URL as steps.
fn edits(url: &DatabaseUrl, replacements: Vec<Replacement>) -> Vec<Step> {
    let edit = |part: Replacement| Step::Edit(Edit { span: url.span.part(part.range), text: part.text });
    replacements.into_iter().map(edit).collect()
}

/// Says that the containers which got the old text must be made anew.
fn recreated(fix: Fix, url: &DatabaseUrl) -> Fix {
    let services: Vec<&str> = url.services().collect();
    if services.is_empty() {
        return fix;
    }
    fix.afterwards(format!("recreate `{}`: docker compose up -d {}", services.join("`, `"), services.join(" ")))
}

/// Whether the text of a URL stands in a file that can be edited.
fn is_in_file(url: &DatabaseUrl) -> bool {
    url.holder != Holder::Process
}

/// Names the services that read a URL and the places that hand it to them, with the URL itself, masked, as evidence.
fn with_readers(facts: &Facts, finding: Finding, url: &DatabaseUrl) -> Finding {
    let mut finding = finding.seen(url.span.path.to_string(), &url.key, mask_setting(&url.key, raw(facts, url)));
    for span in &url.passed_on {
        finding = finding.related(span, format!("hands `{}` on", url.key));
    }
    url.services().fold(finding, |finding, service| finding.service(service))
}

/// Whether `env.py` of an environment gets this URL.
pub(in crate::checks) fn is_read_by(url: &DatabaseUrl, environment: &Alembic) -> bool {
    let names = &environment.variables_read;
    matches!(url.holder, Holder::Dotenv | Holder::Compose | Holder::Process)
        && names.iter().any(|name| name.value.eq_ignore_ascii_case(&url.key))
}

/// The edits of `env.py` that double percent signs, where they are not; a variable that is not set is then told by its name.
pub(in crate::checks) fn doubling(environment: &Alembic) -> Vec<Step> {
    let Some(value) = &environment.undoubled else { return vec![] };
    let edit = |start: usize, end: usize, text: String| {
        Step::Edit(Edit { span: Span { start, end, ..value.span.clone() }, text })
    };
    let (open, close) = if value.needs_brackets { ("(", ")") } else { ("", "") };
    let text = if value.is_object { ".render_as_string(hide_password=False)" } else { "" };
    let behind = format!("{close}{text}.replace(\"%\", \"%%\")");
    let mut steps = vec![];
    if !open.is_empty() {
        steps.push(edit(value.span.start, value.span.start, open.to_owned()));
    }
    let optional = value.optional.as_ref().and_then(|it| Some((&it.span, it.instead.as_ref()?)));
    match optional {
        // In one edit where it ends the value: two would meet there.
        Some((span, instead)) if span.end == value.span.end => {
            steps.push(edit(span.start, span.end, format!("{instead}{behind}")));
        }
        optional => {
            steps.extend(optional.map(|(span, instead)| edit(span.start, span.end, instead.clone())));
            steps.push(edit(value.span.end, value.span.end, behind));
        }
    }
    steps
}

#[cfg(test)]
mod tests;
