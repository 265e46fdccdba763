//! How libpq reads a connection URI: credentials end at the first `@`, unless a `/` comes before it.

use std::collections::BTreeMap;

/// The parameters that libpq takes from a URI, by keyword.
pub type Reading = BTreeMap<String, String>;

/// Why libpq refuses a text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It does not start with `postgresql://` or `postgres://`, so that libpq takes it for `keyword=value` pairs.
    #[error("missing \"=\" after the text in connection info string")]
    NotAUri,
    /// A `%` without two hexadecimal digits, or `%00`.
    #[error("invalid percent-encoded token")]
    BadEscape,
    /// A space between other characters.
    #[error("unexpected spaces")]
    Spaces,
    /// `[` without `]`, nothing between them, or something odd behind.
    #[error("the IPv6 address is not closed, empty, or followed by something else than a port")]
    BadAddress,
    /// A query parameter without `=`, or with two.
    #[error("a query parameter has no \"=\", or two of them")]
    BadParameter,
    /// A query parameter that libpq does not know.
    #[error("invalid URI query parameter: \"{0}\"")]
    UnknownParameter(String),
}

/// The keywords of libpq 18.
const KEYWORDS: [&str; 54] = [
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "dbname",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "oauth_client_id",
    "oauth_client_secret",
    "oauth_issuer",
    "oauth_scope",
    "options",
    "passfile",
    "password",
    "port",
    "replication",
    "require_auth",
    "requirepeer",
    "scram_client_key",
    "scram_server_key",
    "service",
    "servicefile",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslkeylogfile",
    "sslmode",
    "sslnegotiation",
    "sslpassword",
    "sslrootcert",
    "sslsni",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
    "authtype",
    "requiressl",
    "tty",
];

/// Whether libpq knows a keyword.
pub fn knows_keyword(keyword: &str) -> bool {
    KEYWORDS.contains(&keyword)
}

/// Whether a scheme is one that libpq knows.
pub fn knows_scheme(scheme: &str) -> bool {
    matches!(scheme, "postgresql" | "postgres")
}

/// Reads a text.
///
/// # Errors
/// Where libpq refuses it.
pub fn read(text: &str) -> Result<Reading, Refusal> {
    let after =
        text.strip_prefix("postgresql://").or_else(|| text.strip_prefix("postgres://")).ok_or(Refusal::NotAUri)?;
    let mut reading = Reading::new();
    let mut rest = after;
    let end = after.find(['@', '/']).filter(|end| after[*end..].starts_with('@'));
    if let Some(end) = end {
        let (user, password) = match after[..end].split_once(':') {
            Some((user, password)) => (user, password),
            None => (&after[..end], ""),
        };
        store(&mut reading, "user", user)?;
        store(&mut reading, "password", password)?;
        rest = &after[end + 1..];
    }
    let (mut hosts, mut ports) = (String::new(), String::new());
    loop {
        if let Some(inner) = rest.strip_prefix('[') {
            let (host, behind) = inner.split_once(']').ok_or(Refusal::BadAddress)?;
            if host.is_empty() || !(behind.is_empty() || behind.starts_with([':', '/', '?', ','])) {
                return Err(Refusal::BadAddress);
            }
            hosts.push_str(host);
            rest = behind;
        } else {
            let end = rest.find([':', '/', '?', ',']).unwrap_or(rest.len());
            hosts.push_str(&rest[..end]);
            rest = &rest[end..];
        }
        if let Some(behind) = rest.strip_prefix(':') {
            let end = behind.find(['/', '?', ',']).unwrap_or(behind.len());
            ports.push_str(&behind[..end]);
            rest = &behind[end..];
        }
        let Some(behind) = rest.strip_prefix(',') else {
            break;
        };
        hosts.push(',');
        ports.push(',');
        rest = behind;
    }
    store(&mut reading, "host", &hosts)?;
    store(&mut reading, "port", &ports)?;
    if let Some(behind) = rest.strip_prefix('/') {
        let end = behind.find('?').unwrap_or(behind.len());
        store(&mut reading, "dbname", &behind[..end])?;
        rest = &behind[end..];
    }
    if let Some(query) = rest.strip_prefix('?') {
        parameters(&mut reading, query)?;
    }
    Ok(reading)
}

fn store(reading: &mut Reading, keyword: &str, value: &str) -> Result<(), Refusal> {
    if !value.is_empty() {
        reading.insert(keyword.to_owned(), decoded(value)?);
    }
    Ok(())
}

fn parameters(reading: &mut Reading, query: &str) -> Result<(), Refusal> {
    let mut rest = query;
    while !rest.is_empty() {
        let (pair, behind) = rest.split_once('&').unwrap_or((rest, ""));
        let (keyword, value) = pair.split_once('=').ok_or(Refusal::BadParameter)?;
        if value.contains('=') {
            return Err(Refusal::BadParameter);
        }
        let (mut keyword, mut value) = (decoded(keyword)?, decoded(value)?);
        if keyword == "ssl" && value == "true" {
            (keyword, value) = ("sslmode".to_owned(), "require".to_owned());
        }
        if keyword == "requiressl" {
            let mode = if value.starts_with('1') { "require" } else { "prefer" };
            (keyword, value) = ("sslmode".to_owned(), mode.to_owned());
        }
        if !KEYWORDS.contains(&keyword.as_str()) {
            return Err(Refusal::UnknownParameter(keyword));
        }
        reading.insert(keyword, value);
        rest = behind;
    }
    Ok(())
}

/// Decodes `%XX`; spaces around are skipped, within they are refused (since libpq 17).
fn decoded(text: &str) -> Result<String, Refusal> {
    let is_space = |character: char| matches!(character, ' ' | '\t'..='\r');
    let text = text.trim_matches(is_space);
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if is_space(character) {
            return Err(Refusal::Spaces);
        }
        if character == '%' {
            let byte = super::sqlalchemy::escape(rest).filter(|byte| *byte != 0).ok_or(Refusal::BadEscape)?;
            bytes.push(byte);
            rest = &rest[3..];
        } else {
            bytes.extend_from_slice(&rest.as_bytes()[..character.len_utf8()]);
            rest = &rest[character.len_utf8()..];
        }
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
