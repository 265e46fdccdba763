//! Whether a text that is meant as the URL of a database can lead to one.

use super::collect::{LONGEST, is_postgres};
use super::intent;
use crate::text::Span;

/// What stands for a file where `--database-url` gives a URL.
pub(super) const COMMAND_LINE: &str = "(command line)";
/// The same for a variable of devdoctor's own environment.
pub(super) const ENVIRONMENT: &str = "(environment)";

/// Whether a span is of a text that no file holds.
pub fn is_in_no_file(span: &Span) -> bool {
    [COMMAND_LINE, ENVIRONMENT].contains(&&*span.path)
}

/// Why a text that somebody named outright cannot be the URL of a Postgres database. Nothing of a password is said.
pub fn refusal(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("it is empty".to_owned());
    }
    if text.len() > LONGEST {
        return Some(format!("it is longer than {LONGEST} bytes"));
    }
    let Some(intent) = intent::read(text) else {
        return Some("it is no URL".to_owned());
    };
    let scheme = text.get(intent.scheme).unwrap_or("");
    if !is_postgres(text) || scheme.eq_ignore_ascii_case("driver") {
        return Some(format!("its scheme `{scheme}` is none of Postgres"));
    }
    let port = intent.port.and_then(|range| text.get(range));
    let is_number = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    let wrong = port.is_some_and(|port| !port.is_empty() && !port.contains(',') && !is_number(port));
    wrong.then(|| "its port is no number from 1 to 65535".to_owned())
}

#[cfg(test)]
mod tests {
    use super::refusal;

    #[test]
    fn what_leads_to_no_postgres_is_told_without_its_password() {
        for (text, expected) in [
            ("notaurl", Some("it is no URL")),
            ("", Some("it is empty")),
            ("postgresql://a:hunter2@localhost:abc/x", Some("its port is no number from 1 to 65535")),
            ("postgresql://a:hunter2@localhost:0/x", Some("its port is no number from 1 to 65535")),
            ("mysql://a:hunter2@localhost/x", Some("its scheme `mysql` is none of Postgres")),
            ("driver://user:hunter2@localhost/x", Some("its scheme `driver` is none of Postgres")),
            ("postgres//a:hunter2@localhost/x", Some("it is no URL")),
            ("postgresql://a:hunter2@localhost:5432/x", None),
            ("postgresql+asyncpg://a:hun@ter/2@localhost:/x", None),
            ("postgres:///x?host=/run/postgresql", None),
            ("postgresql://a@h1:5432,h2:5433/x", None),
        ] {
            assert_eq!(refusal(text).as_deref(), expected, "{text}");
        }
    }
}
