//! `env.py` hands a URL to configparser as it is, and what the URL will be is not known: a `%` in it would end alembic.

use crate::checks::url::{doubling, is_read_by};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;

/// What is said of a URL that is text, and of one that is an object: the message, the label, what was seen, and the repair.
const TEXT: (&str, &str, &str, &str) = (
    "`env.py` hands a URL to configparser, which would take a `%` in it for an interpolation",
    "a `%` in this value must be written `%%`",
    "no `.replace(\"%\", \"%%\")`; the URL is in no file",
    "double the `%` on the way into configparser",
);
const OBJECT: (&str, &str, &str, &str) = (
    "`env.py` hands configparser a URL object, where it takes text only",
    "TypeError: option values must be strings",
    "a URL object of SQLAlchemy, and no `render_as_string`",
    "write the URL as text, with its password and with doubled `%`, on the way into configparser",
);

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for environment in &facts.project.alembic {
        let Some(value) = &environment.undoubled else { continue };
        // A URL that is known is judged by itself: with a `%` in it this is an error, without one it is fine.
        if !value.is_object && facts.project.urls.iter().any(|url| is_read_by(url, environment)) {
            continue;
        }
        let (message, label, seen, title) = if value.is_object { OBJECT } else { TEXT };
        let script = environment.env_py.as_deref().unwrap_or("env.py");
        let finding = Finding::at(&value.span, format!("{}: env.py", environment.configuration), message)
            .label(label)
            .seen("syntax tree", script, seen);
        // Of a variable that is not set, `.replace` would only say less.
        let is_lost = value.optional.as_ref().is_some_and(|optional| optional.instead.is_none());
        findings.push(if is_lost {
            finding.fix(Fix::manual(
                "read the variable as `os.environ[...]`, and double its `%` by `.replace(\"%\", \"%%\")`",
            ))
        } else {
            finding.fix(Fix::safe(title, doubling(environment)))
        });
    }
    Ok(findings)
}
