//! A URL carries an option that the driver which SQLAlchemy hands it to does not know: `?ssl=` for psycopg, `?sslmode=` for asyncpg.

use super::{edits, in_force, is_in_file, is_read_by, raw, recreated, with_readers};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::urls::{DatabaseUrl, Holder, Replacement, libpq};

/// Keywords of libpq that asyncpg's `connect` takes as well (0.32); options that libpq does not have may be asyncpg's or
/// SQLAlchemy's own.
const OF_BOTH: [&str; 10] = [
    "gsslib",
    "host",
    "krbsrvname",
    "passfile",
    "password",
    "port",
    "service",
    "servicefile",
    "target_session_attrs",
    "user",
];

/// What `connect` of psycopg and of psycopg2 takes besides libpq's keywords.
const OF_PSYCOPG: [&str; 9] = [
    "async",
    "async_",
    "autocommit",
    "connection_factory",
    "context",
    "cursor_factory",
    "dsn",
    "prepare_threshold",
    "row_factory",
];

/// What other programs put into URLs, which no driver of Python takes: Prisma's.
const OF_OTHERS: [&str; 5] = ["connection_limit", "pgbouncer", "pool_timeout", "schema", "socket_timeout"];

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for url in in_force(facts).filter(|url| url.read_by_sqlalchemy.is_some() && url.scheme_rewritten.is_none()) {
        // A variable may have other readers, or lose its options in code; what `env.py` takes as it is counts.
        let is_taken = |environment| url.holder == Holder::Ini || is_read_by(url, environment);
        if !facts.project.alembic.iter().any(is_taken) {
            continue;
        }
        let Some((driver, knows)) = driver(url) else { continue };
        for (option, value) in &url.parts.query {
            if !knows(option) {
                findings.push(unknown(facts, url, driver, option, value));
            }
        }
    }
    Ok(findings)
}

/// Whether a driver may know an option.
type Knows = fn(&str) -> bool;

/// The driver that a URL names, and whether it may know an option; `None` for drivers whose options are not known.
fn driver(url: &DatabaseUrl) -> Option<(&'static str, Knows)> {
    let of_libpq: Knows = |option| libpq::knows_keyword(option) || OF_PSYCOPG.contains(&option);
    let of_asyncpg: Knows =
        |option| OF_BOTH.contains(&option) || !(libpq::knows_keyword(option) || OF_OTHERS.contains(&option));
    match url.parts.scheme.as_ref()?.value.as_str() {
        "postgresql+psycopg" | "postgresql+psycopg_async" => Some(("psycopg", of_libpq)),
        "postgresql+psycopg2" => Some(("psycopg2", of_libpq)),
        // Whichever of both it is for this version of SQLAlchemy.
        "postgresql" => Some(("libpq", of_libpq)),
        "postgresql+asyncpg" => Some(("asyncpg", of_asyncpg)),
        _ => None,
    }
}

fn unknown(facts: &Facts, url: &DatabaseUrl, driver: &str, option: &str, value: &str) -> Finding {
    let text = raw(facts, url);
    let start = ['?', '&'].iter().find_map(|before| text.rfind(&format!("{before}{option}=")));
    let range = start.map(|start| start + 1..start + 1 + option.len());
    let span = range.clone().map_or_else(|| url.span.clone(), |range| url.span.part(range));
    let error = match driver {
        "asyncpg" => format!("TypeError: connect() got an unexpected keyword argument '{option}'"),
        _ => format!("invalid connection option \"{option}\""),
    };
    let message = format!("`{}` sets `{option}`, which `{driver}` does not know", url.key);
    let finding = with_readers(facts, Finding::at(&span, format!("{}: {option}", url.key), message).label(error), url);
    match (meant(driver, option, value), range.filter(|_| is_in_file(url))) {
        (Some((option, value)), Some(range)) => {
            let end = range.end + 1 + text.get(range.end + 1..).map_or(0, |rest| rest.find('&').unwrap_or(rest.len()));
            // Whatever stands behind the URL in its line is not the option's.
            let end = text
                .get(range.end..end)
                .and_then(|rest| rest.find([' ', '"', '\'', '#']))
                .map_or(end, |at| range.end + at);
            let replacement = Replacement { range: range.start..end, text: format!("{option}={value}") };
            let title = format!("write `{option}={value}` in `{}`", url.span.path);
            finding.fix(recreated(Fix::risky(title, edits(url, vec![replacement])), url))
        }
        (Some((option, value)), None) => finding.help(format!("write `{option}={value}` in its place")),
        (None, _) if option == "schema" => {
            finding.help("leave it out, and set the search path: `options=-csearch_path%3D` and the schema's name")
        }
        (None, _) => finding.help(format!("leave `{option}` out: it is another program's")),
    }
}

/// The option of the same meaning that the driver knows, with its value.
fn meant(driver: &str, option: &str, value: &str) -> Option<(&'static str, String)> {
    const MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
    let mode = match value {
        "true" | "1" => "require",
        mode => MODES.into_iter().find(|known| *known == mode)?,
    };
    match (driver, option) {
        ("asyncpg", "sslmode") => Some(("ssl", mode.to_owned())),
        ("asyncpg", _) => None,
        (_, "ssl") => Some(("sslmode", mode.to_owned())),
        _ => None,
    }
}
