//! The passwords of URLs.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::{REFERENCE, merged, pattern};

/// The start of a URL with a password, up to the `:` after the user, or after the host where there is none.
static URL_START: LazyLock<Regex> = LazyLock::new(|| pattern(r#"([A-Za-z][A-Za-z0-9+._-]*)://([^\s'"`<>/:]*):"#));

/// The start of what was meant as a database's URL: slashes are missing, or the scheme is, where the key says that it is a URL.
/// For texts in lower case: to ignore case makes such a pattern many times as large.
static TORN_START: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r#"(?:\b(?:postgres(?:ql)?|mysql|mariadb|cockroachdb|mssql|oracle|redis|mongodb|amqp)(?:\+[a-z0-9_]+)?:/?"#,
        r#"|(?:url|uri|dsn)["']?[ \t]*[=:][ \t]*["']?(?:[a-z0-9+.-]*:/*)?)"#,
        r#"[^\s'"`<>/:@]*:"#
    ))
});

/// Two slashes with a user behind them, whatever stands before: `postgresql//me:`, `://me:`, `: / /me:`; a `:` may be escaped.
static SLASHES: LazyLock<Regex> = LazyLock::new(|| pattern(r#"/[ \t]*/[^\s'"`<>/:@]*(?::|%3[Aa])"#));

/// The schemes of databases and brokers, of which a URL with no `@` may have a password where its port should be.
const SERVERS: [&str; 10] =
    ["postgres", "postgresql", "mysql", "mariadb", "cockroachdb", "mssql", "oracle", "redis", "mongodb", "amqp"];

/// A URL with a user and no password.
static URL_USER: LazyLock<Regex> = LazyLock::new(|| pattern(r#"([A-Za-z][A-Za-z0-9+.-]*)://([^\s'"`<>/:@?#]+)@"#));

/// The passwords of URLs, and users that are tokens: everything between the first `:` of the user part and the last `@` of the word, since that is what
/// its author meant, however a reader splits it. Where the word holds no `@`, a blank or a quote stands in the password of a
/// server's URL; then the line's last `@` counts, and without one what is no port.
pub(super) fn url_passwords(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = vec![];
    let may_be_whole = text.contains("://");
    let has_user = text.contains('@');
    if has_user {
        let lower = text.to_ascii_lowercase();
        found.extend(TORN_START.find_iter(&lower).chain(SLASHES.find_iter(&lower)).filter_map(|start| {
            let password = start.end()..start.end() + word_from(text, start.end())?.rfind('@')?;
            let inside = text.get(password.clone())?;
            // `DATABASE_URL=postgresql://me@host` is whole, and has no password.
            let is_scheme = inside.starts_with("//");
            (!password.is_empty() && !is_scheme && !REFERENCE.is_match(inside)).then_some(password)
        }));
    }
    // Most URLs have neither a user nor a port.
    if may_be_whole && (has_user || text.matches(':').nth(1).is_some()) {
        found.extend(URL_START.captures_iter(text).filter_map(|captures| {
            let (start, scheme, user) = (captures.get(0)?.end(), captures.get(1)?.as_str(), captures.get(2)?.as_str());
            let scheme = scheme.to_ascii_lowercase();
            let password = password_from(text, start, &scheme)
                .or_else(|| if user.contains('@') { None } else { in_place_of_a_port(text, start, &scheme) })?;
            (!REFERENCE.is_match(&text[password.clone()])).then_some(password)
        }));
    }
    if !(may_be_whole && has_user) {
        return merged(found);
    }
    found.extend(URL_USER.captures_iter(text).filter_map(|captures| {
        let (scheme, user) = (captures.get(1)?.as_str().to_ascii_lowercase(), captures.get(2)?);
        let is_web = scheme.starts_with("http") || scheme.starts_with("git+http");
        let shown = REFERENCE.is_match(user.as_str()) || user.as_str() == "git";
        (!shown && (is_web || is_token(user.as_str()))).then(|| user.range())
    }));
    merged(found)
}

/// The rest of the word that goes on at `start`.
fn word_from(text: &str, start: usize) -> Option<&str> {
    let rest = text.get(start..)?;
    rest.get(..rest.find(|one: char| one.is_whitespace() || "'\"`<>".contains(one)).unwrap_or(rest.len()))
}

/// What stands between the `:` before `start` and the last `@` of the word, or else of the line.
fn password_from(text: &str, start: usize, scheme: &str) -> Option<Range<usize>> {
    let rest = text.get(start..)?;
    let line = rest.find(['\n', '\r']).unwrap_or(rest.len());
    let in_line = || rest[..line].rfind('@').filter(|_| !scheme.starts_with("http"));
    let length = word_from(text, start)?.rfind('@').or_else(in_line)?;
    (length > 0).then(|| start..start + length)
}

/// What stands behind the host's `:` of a server's URL, and is no port.
fn in_place_of_a_port(text: &str, start: usize, scheme: &str) -> Option<Range<usize>> {
    let is_server = scheme.split(['+', '.', '-', '_']).any(|part| SERVERS.contains(&part));
    let word = word_from(text, start).filter(|word| is_server && !word.contains('@'))?;
    let port = word.get(..word.find(['/', '?', '#']).unwrap_or(word.len()))?;
    // Several hosts have a port each: `one:1,two:2`.
    let behind = port.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let is_port = behind.is_empty() || behind.starts_with(',');
    (!is_port).then(|| start..start + port.len())
}

/// Whether a name looks as only machines make names: long, of letters and digits alone.
pub(super) fn is_token(name: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| name.bytes().any(|byte| kind(&byte));
    name.len() >= 16
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
}
