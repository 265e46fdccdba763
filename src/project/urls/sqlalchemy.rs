//! How SQLAlchemy's `make_url` reads a text. Its pattern is not anchored at the end and takes whatever it can.

use std::ops::Range;

/// A URL as SQLAlchemy takes it apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Dialect and driver, such as `postgresql+psycopg`.
    pub name: String,
    /// User name, decoded.
    pub username: Option<String>,
    /// Password, decoded.
    pub password: Option<String>,
    /// Host, not decoded.
    pub host: Option<String>,
    /// Bytes of the host in the text.
    pub host_range: Range<usize>,
    /// Port.
    pub port: Option<u64>,
    /// Database, decoded.
    pub database: Option<String>,
    /// Query parameters in order, decoded; those without a value are dropped.
    pub query: Vec<(String, String)>,
}

/// Why SQLAlchemy refuses a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// `ArgumentError: Could not parse SQLAlchemy URL from given URL string`.
    #[error("is no URL for SQLAlchemy")]
    NotAUrl,
    /// `ValueError: invalid literal for int()`.
    #[error("has a port that is no number")]
    BadPort(Range<usize>),
}

/// The dialects and drivers of Postgres that SQLAlchemy itself has.
pub const DIALECTS: [&str; 7] = [
    "postgresql",
    "postgresql+asyncpg",
    "postgresql+pg8000",
    "postgresql+psycopg",
    "postgresql+psycopg2",
    "postgresql+psycopg2cffi",
    "postgresql+psycopg_async",
];

/// Reads a text.
///
/// # Errors
/// Where SQLAlchemy raises.
pub fn read(text: &str) -> Result<Reading, Refusal> {
    let name_end = text.find(|character: char| !(character.is_alphanumeric() || matches!(character, '_' | '+')));
    let name = name_end.map_or("", |end| &text[..end]);
    if name.is_empty() || !text[name.len()..].starts_with("://") {
        return Err(Refusal::NotAUrl);
    }
    let mut reading = Reading { name: name.to_owned(), ..Reading::default() };
    let mut at = name.len() + "://".len();

    // `(?:(?P<username>[^:/]*)(?::(?P<password>[^@]*))?@)?`
    let rest = &text[at..];
    let run = rest.find([':', '/']).unwrap_or(rest.len());
    let password = rest[run..].strip_prefix(':').and_then(|after| after.split_once('@')).map(|(password, _)| password);
    if let Some(password) = password {
        reading.username = Some(unquoted(&rest[..run]));
        reading.password = Some(unquoted(password));
        at += run + 1 + password.len() + 1;
    } else if let Some(end) = rest[..run].rfind('@') {
        reading.username = Some(unquoted(&rest[..end]));
        at += end + 1;
    }

    // `(?:\[(?P<ipv6host>[^/\?]+)\]|(?P<ipv4host>[^/:\?]+))?(?::(?P<port>[^/\?]*))?`
    let rest = &text[at..];
    let authority = &rest[..rest.find(['/', '?']).unwrap_or(rest.len())];
    let bracketed = authority.strip_prefix('[').and_then(|inner| inner.rfind(']')).filter(|end| *end > 0);
    let host = match bracketed {
        Some(end) => 1..1 + end,
        None => 0..authority.find(':').unwrap_or(authority.len()),
    };
    if !host.is_empty() {
        reading.host = Some(authority[host.clone()].to_owned());
        reading.host_range = at + host.start..at + host.end;
    }
    at += if bracketed.is_some() { host.end + 1 } else { host.end };
    if let Some(after) = text[at..].strip_prefix(':') {
        let port = &after[..after.find(['/', '?']).unwrap_or(after.len())];
        let range = at + 1..at + 1 + port.len();
        reading.port = Some(number(port).ok_or(Refusal::BadPort(range.clone()))?);
        at = range.end;
    }

    // `(?:/(?P<database>[^\?]*))?(?:\?(?P<query>.*))?`
    if let Some(after) = text[at..].strip_prefix('/') {
        let database = &after[..after.find('?').unwrap_or(after.len())];
        reading.database = Some(unquoted(database));
        at += 1 + database.len();
    }
    if let Some(query) = text[at..].strip_prefix('?') {
        reading.query = parameters(query.split('\n').next().unwrap_or(""));
    }
    Ok(reading)
}

/// What Python's `int()` makes of a text, for the numbers a port can have.
fn number(text: &str) -> Option<u64> {
    let digits = text.trim().strip_prefix('+').unwrap_or(text.trim());
    let grouped = digits.split('_').all(|group| !group.is_empty() && group.bytes().all(|byte| byte.is_ascii_digit()));
    grouped.then(|| digits.replace('_', "").parse().ok()).flatten()
}

/// `urllib.parse.parse_qsl`: pairs without a value are dropped.
pub(super) fn parameters(query: &str) -> Vec<(String, String)> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('=').filter(|(_, value)| !value.is_empty()))
        .map(|(name, value)| (unquoted(&name.replace('+', " ")), unquoted(&value.replace('+', " "))))
        .collect()
}

/// `urllib.parse.unquote`: what is no valid escape stays, bytes that are no UTF-8 are replaced.
pub(super) fn unquoted(text: &str) -> String {
    let mut decoded = String::with_capacity(text.len());
    let mut bytes: Vec<u8> = vec![];
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some(byte) = escape(rest) {
            bytes.push(byte);
            rest = &rest[3..];
            continue;
        }
        // Python decodes each run of ASCII by itself.
        if character.is_ascii() {
            bytes.push(character as u8);
        } else {
            decoded.push_str(&String::from_utf8_lossy(&bytes));
            bytes.clear();
            decoded.push(character);
        }
        rest = &rest[character.len_utf8()..];
    }
    decoded.push_str(&String::from_utf8_lossy(&bytes));
    decoded
}

/// The byte of a `%XX` at the start of a text.
pub(super) fn escape(text: &str) -> Option<u8> {
    let digits = text.strip_prefix('%')?.get(..2)?;
    if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) { u8::from_str_radix(digits, 16).ok() } else { None }
}
