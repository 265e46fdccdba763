//! What the author of a URL must have meant: the password goes to the last `@` that a host can follow.

use std::ops::Range;

/// The parts of a URL as byte ranges of its text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Intent {
    /// The scheme, without `://`.
    pub scheme: Range<usize>,
    /// The user name.
    pub user: Option<Range<usize>>,
    /// The password.
    pub password: Option<Range<usize>>,
    /// The host, without brackets.
    pub host: Option<Range<usize>>,
    /// The port.
    pub port: Option<Range<usize>>,
    /// The database.
    pub database: Option<Range<usize>>,
    /// The query, without `?`.
    pub query: Option<Range<usize>>,
}

/// Reads a text. `None` when it has no `scheme://`.
pub fn read(text: &str) -> Option<Intent> {
    let scheme = 0..text.find("://")?;
    let valid = |character: char| character.is_alphanumeric() || matches!(character, '_' | '+' | '-' | '.');
    if scheme.is_empty() || !text[scheme.clone()].chars().all(valid) {
        return None;
    }
    let mut intent = Intent { scheme: scheme.clone(), ..Intent::default() };
    let start = scheme.end + "://".len();
    let query = query_start(&text[start..]).map(|at| start + at);
    let head = start..query.unwrap_or(text.len());
    intent.query = query.map(|at| at + 1..text.len());
    let mut at = head.start;
    if let Some(end) = credentials_end(&text[head.clone()]).map(|end| start + end) {
        let colon = text[start..end].find(':').map(|colon| start + colon);
        intent.user = Some(start..colon.unwrap_or(end));
        intent.password = colon.map(|colon| colon + 1..end);
        at = end + 1;
    }
    let authority_end = text[at..head.end].find(['/', '?']).map_or(head.end, |end| at + end);
    let authority = &text[at..authority_end];
    let bracketed = authority.strip_prefix('[').and_then(|inner| inner.find(']'));
    let host = match bracketed {
        Some(end) => at + 1..at + 1 + end,
        None => at..at + authority.find(':').unwrap_or(authority.len()),
    };
    let behind = if bracketed.is_some() { host.end + 1 } else { host.end };
    if text[behind..authority_end].starts_with(':') {
        intent.port = Some(behind + 1..authority_end);
    }
    intent.host = (!host.is_empty()).then_some(host);
    if text[authority_end..head.end].starts_with('/') {
        intent.database = Some(authority_end + 1..head.end).filter(|range| !range.is_empty());
    }
    Some(intent)
}

/// Where the query starts: at a `?` that `name=` follows, once the credentials are over. A `?` in a password is none.
fn query_start(text: &str) -> Option<usize> {
    text.match_indices('?').map(|(at, _)| at).find(|at| {
        let named = text[at + 1..].split_once('=').is_some_and(|(name, _)| {
            !name.is_empty()
                && name.chars().all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '.'))
        });
        let over = text[..*at].contains('@') || !text[at + 1..].contains('@') || !text[..*at].contains(':');
        over && (named || text[at + 1..].is_empty())
    })
}

/// Where the credentials end: the last `@` that a host can follow, or the first where both could be (an `@` in the name of the
/// database is rarer than a `/` in a password only when no path follows it).
fn credentials_end(text: &str) -> Option<usize> {
    let candidates: Vec<usize> = text
        .match_indices('@')
        .map(|(at, _)| at)
        .filter(|at| {
            let before = &text[..*at];
            follows_host(&text[at + 1..]) && (before.contains(':') || !before.contains('/'))
        })
        .collect();
    let last = *candidates.last()?;
    let first = *candidates.first()?;
    // `u:p@h/a@b` has a database `a@b`; `u:p@s/s@h/db` has a password `p@s/s`.
    if text[first..last].contains('/') && !text[last..].contains('/') { Some(first) } else { Some(last) }
}

/// Whether a text starts with `host[:port]` and then ends, or goes on with a path or a query.
fn follows_host(text: &str) -> bool {
    let authority = &text[..text.find(['/', '?']).unwrap_or(text.len())];
    authority.chars().all(|character| {
        character.is_alphanumeric()
            || matches!(character, '.' | '_' | '-' | ':' | ',' | '[' | ']' | '%' | '$' | '{' | '}')
    })
}
