//! Database URLs: where they stand, who reads them, and how SQLAlchemy and libpq really read their text.

mod collect;
mod given;
mod intent;
pub mod libpq;
mod login;
mod mapped;
mod other_programs;
mod packages;
mod parts;
mod python_files;
mod repair;
mod services;
pub mod sqlalchemy;
mod text_of;

use serde::{Deserialize, Serialize};

use crate::text::{Span, Spanned};

pub use collect::{Given, read};
pub use given::{is_in_no_file, refusal};
pub use login::Login;
pub use other_programs::{Program, of_other_programs};
pub use repair::{
    Replacement, apply, characters_to_encode, has_escapes_in_password, password_replacements, repaired,
    scheme_replacement,
};
pub use services::{container_port, is_postgres_service, postgres_services};
pub use text_of::text_of;

pub(in crate::project) use packages::asks_for;

/// One place that names a Postgres database by a URL (or something that should be one).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DatabaseUrl {
    /// What holds it: `DATABASE_URL`, `sqlalchemy.url`.
    pub key: String,
    /// The URL's text in its file.
    pub span: Span,
    /// The file's format, which decides how a new value must be written.
    pub holder: Holder,
    /// Who reads it.
    pub readers: Vec<Reader>,
    /// How it reads, what variables bring into it included.
    pub parts: Parts,
    /// The place that puts another URL in force, so that this text is never read (`env.py` overrides `sqlalchemy.url`).
    pub overridden_by: Option<Span>,
    /// Places of Compose files that hand this text on to their service by naming its variable.
    pub passed_on: Vec<Span>,
    /// What shows that SQLAlchemy reads it: the Alembic environment, `create_engine`, a dependency. `None`: not known.
    pub read_by_sqlalchemy: Option<Span>,
    /// Where code puts another scheme in place of `postgres://` before SQLAlchemy sees it.
    pub scheme_rewritten: Option<Span>,
}

/// What holds a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// A line of a `.env` file.
    Dotenv,
    /// `environment:` of a Compose file.
    Compose,
    /// An ini file, where `%` must be doubled.
    Ini,
    /// A TOML file.
    Toml,
    /// A string in Python.
    Python,
    /// The environment of devdoctor itself, or `--database-url`; such a text has a source of its own, which is no file.
    Process,
}

/// Who reads a URL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reader {
    /// Programs on the host.
    Host,
    /// Programs in a service's container.
    Service(String),
}

/// A URL taken apart twice: as SQLAlchemy reads it, and as its author must have meant it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Parts {
    /// Scheme as written, such as `postgresql+psycopg`.
    pub scheme: Option<Spanned<String>>,
    /// User name, decoded.
    pub user: Option<String>,
    /// Whether there is a password.
    pub has_password: bool,
    /// The password's bytes in the file: up to the last `@` before the host.
    pub password: Option<Span>,
    /// Host as meant (after the last `@`).
    pub host: Option<Spanned<String>>,
    /// Port as meant.
    pub port: Option<Spanned<u16>>,
    /// Database name, decoded.
    pub database: Option<Spanned<String>>,
    /// Query parameters, decoded.
    pub query: Vec<(String, String)>,
    /// What is wrong with the text, in the order it stands.
    pub defects: Vec<UrlDefect>,
}

/// Something wrong with a URL's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UrlDefect {
    /// The very bytes.
    pub span: Span,
    /// What is wrong.
    pub kind: UrlDefectKind,
    /// The variable that brings these characters into the text; the bytes are those of its reference then.
    pub from_variable: Option<String>,
}

/// What can be wrong with a URL's text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UrlDefectKind {
    /// A character in the password that must be percent-encoded: it ends the password for a reader.
    RawInPassword {
        /// The character.
        character: char,
        /// The host that SQLAlchemy takes because of it, without secret bytes; `None` when SQLAlchemy reads it right.
        sqlalchemy_host: Option<String>,
        /// Whether libpq reads it wrong or refuses it.
        libpq_breaks: bool,
    },
    /// A scheme that SQLAlchemy has no dialect for.
    UnknownScheme {
        /// The scheme that is meant, such as `postgresql+psycopg`.
        meant: String,
    },
    /// The template's text that nobody has filled in (`driver://user:pass@localhost/dbname`).
    Placeholder,
    /// A `%` that the ini format takes as the start of an interpolation.
    PercentInIni,
    /// `%(name)s` in an ini file that has no such option: configparser does not look into the environment.
    UnknownOption {
        /// The name in lower case.
        name: String,
    },
    /// The port is no number.
    BadPort,
    /// Not a URL at all (no `://`, quotes around it, a shell variable the format does not know).
    NotAUrl,
}

impl DatabaseUrl {
    /// A URL as it was found, with its first reader; nothing else is known of it yet.
    fn found(key: &str, parts: Parts, span: Span, holder: Holder, reader: Reader) -> Self {
        Self {
            key: key.to_owned(),
            parts,
            span,
            holder,
            readers: vec![reader],
            overridden_by: None,
            passed_on: vec![],
            read_by_sqlalchemy: None,
            scheme_rewritten: None,
        }
    }

    /// Host and port as they are meant, such as `db:5432`; the directory of a socket stands for itself.
    pub fn named(&self) -> String {
        let host = self.host();
        let port = self.port();
        if host.starts_with('/') {
            format!("{host}/.s.PGSQL.{port}")
        } else if host.contains(':') {
            format!("[{host}]:{port}")
        } else {
            format!("{host}:{port}")
        }
    }

    /// The host as meant: of the authority, else of the query; empty when none is named.
    pub fn host(&self) -> &str {
        let host = self.parts.host.as_ref().map(|host| host.value.as_str());
        host.or_else(|| self.parameter("host")).unwrap_or("")
    }

    /// The port as meant.
    pub fn port(&self) -> u16 {
        let port = self.parts.port.as_ref().map(|port| port.value);
        port.or_else(|| self.parameter("port")?.parse().ok()).unwrap_or(5432)
    }

    /// A query parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parts.query.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The services that read it.
    pub fn services(&self) -> impl Iterator<Item = &str> {
        self.readers.iter().filter_map(|reader| match reader {
            Reader::Service(name) => Some(name.as_str()),
            Reader::Host => None,
        })
    }

    /// Whether it names the machine its reader runs on.
    pub fn is_loopback(&self) -> bool {
        is_loopback(self.host())
    }
}

/// Whether a host is the machine itself.
pub fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback() || address.is_unspecified())
}

#[cfg(test)]
mod tests;
