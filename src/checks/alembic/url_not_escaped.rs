//! `env.py` hands a URL to configparser as it is, and what the URL will be is not known: a `%` in it would end alembic.

use crate::checks::url::{doubling, is_read_by};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for environment in &facts.project.alembic {
        let Some(value) = &environment.undoubled else { continue };
        // A URL that is known is judged by itself: with a `%` in it this is an error, without one it is fine.
        if !value.is_object && facts.project.urls.iter().any(|url| is_read_by(url, environment)) {
            continue;
        }
        if value.is_object {
            let message = "`env.py` hands configparser a URL object, where it takes text only";
            findings.push(
                Finding::at(&value.span, format!("{}: env.py", environment.configuration), message)
                    .label("TypeError: option values must be strings")
                    .seen(
                        "syntax tree",
                        environment.env_py.as_deref().unwrap_or("env.py"),
                        "a URL object of SQLAlchemy, and no `render_as_string`",
                    )
                    .fix(Fix::safe(
                        "write the URL as text, with its password and with doubled `%`, on the way into configparser",
                        doubling(environment),
                    )),
            );
            continue;
        }
        let message = "`env.py` hands a URL to configparser, which would take a `%` in it for an interpolation";
        findings.push(
            Finding::at(&value.span, format!("{}: env.py", environment.configuration), message)
                .label("a `%` in this value must be written `%%`")
                .seen(
                    "syntax tree",
                    environment.env_py.as_deref().unwrap_or("env.py"),
                    "no `.replace(\"%\", \"%%\")`; the URL is in no file",
                )
                .fix(Fix::safe("double the `%` on the way into configparser", doubling(environment))),
        );
    }
    Ok(findings)
}
