//! Database URLs: where they stand, who reads them, and how SQLAlchemy and libpq really read their text.

use serde::{Deserialize, Serialize};

use crate::text::{Span, Spanned};

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
    /// How it reads. `None` for a reference such as `${DATABASE_URL}`.
    pub parts: Parts,
    /// The place that puts another URL in force, so that this text is never read (`env.py` overrides `sqlalchemy.url`).
    pub overridden_by: Option<Span>,
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
    /// The environment of devdoctor itself, or `--database-url`.
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
    /// The port is no number.
    BadPort,
    /// Not a URL at all (no `://`, quotes around it, a shell variable the format does not know).
    NotAUrl,
}
