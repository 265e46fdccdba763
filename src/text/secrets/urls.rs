//! The passwords of URLs.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::{REFERENCE, merged, pattern};

/// The start of a URL with a password, up to the `:` after the user.
static URL_START: LazyLock<Regex> = LazyLock::new(|| pattern(r#"([A-Za-z][A-Za-z0-9+.-]*)://[^\s'"`<>/:]*:"#));

/// The start of what was meant as a database's URL: slashes are missing, or the scheme is, where the key says that it is a URL.
static TORN_START: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r#"(?i)(?:\b(?:postgres(?:ql)?|mysql|mariadb|cockroachdb|mssql|oracle|redis|mongodb|amqp)(?:\+[a-z0-9_]+)?:/?"#,
        r#"|(?:url|uri|dsn)["']?[ \t]*[=:][ \t]*["']?(?:[a-z0-9+.-]*:/*)?)"#,
        r#"[^\s'"`<>/:@]*:"#
    ))
});

/// Two slashes with a user behind them, whatever stands before: `postgresql//me:`, `://me:`, `: / /me:`; a `:` may be escaped.
static SLASHES: LazyLock<Regex> = LazyLock::new(|| pattern(r#"/[ \t]*/[^\s'"`<>/:@]*(?::|%3[Aa])"#));

/// The start of a database's URL, up to the `:` behind what is a host, or a user where the `@` was forgotten.
static PORT_START: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r#"(?i)\b(?:postgres(?:ql)?|mysql|mariadb|cockroachdb|mssql|oracle|redis|mongodb|amqp)(?:\+[a-z0-9_]+)?"#,
        r#"://[^\s'"`<>/:@]*:"#
    ))
});

/// A URL with a user and no password.
static URL_USER: LazyLock<Regex> = LazyLock::new(|| pattern(r#"([A-Za-z][A-Za-z0-9+.-]*)://([^\s'"`<>/:@?#]+)@"#));

/// The passwords of URLs, and users that are tokens: everything between the first `:` of the user part and the last `@` of the word, since that is what
/// its author meant, however a reader splits it. Where the word holds no `@`, a blank or a quote stands in the password of a
/// server's URL; then the line's last `@` counts.
pub(super) fn url_passwords(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = vec![];
    if !text.contains("://") && !text.contains('@') {
        return found;
    }
    let word_from = |start: usize| {
        let rest = text.get(start..)?;
        rest.get(..rest.find(|one: char| one.is_whitespace() || "'\"`<>".contains(one)).unwrap_or(rest.len()))
    };
    found.extend(TORN_START.find_iter(text).chain(SLASHES.find_iter(text)).filter_map(|start| {
        let password = start.end()..start.end() + word_from(start.end())?.rfind('@')?;
        let inside = text.get(password.clone())?;
        // `DATABASE_URL=postgresql://me@host` is whole, and has no password.
        let is_scheme = inside.starts_with("//");
        (!password.is_empty() && !is_scheme && !REFERENCE.is_match(inside)).then_some(password)
    }));
    // Without an `@`, what is no port was meant as a password.
    found.extend(PORT_START.find_iter(text).filter_map(|start| {
        let word = word_from(start.end()).filter(|word| !word.contains('@'))?;
        let port = word.get(..word.find(['/', '?', '#']).unwrap_or(word.len()))?;
        // Several hosts have a port each: `one:1,two:2`.
        let behind = port.trim_start_matches(|digit: char| digit.is_ascii_digit());
        let is_port = behind.is_empty() || behind.starts_with(',');
        (!is_port && !REFERENCE.is_match(port)).then(|| start.end()..start.end() + port.len())
    }));
    for captures in URL_START.captures_iter(text) {
        let (Some(whole), Some(scheme)) = (captures.get(0), captures.get(1)) else { continue };
        let start = whole.end();
        let rest = &text[start..];
        let word = rest.find(|character: char| character.is_whitespace() || "'\"`<>".contains(character));
        let line = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let in_word = rest[..word.unwrap_or(rest.len())].rfind('@');
        let is_web = scheme.as_str().to_ascii_lowercase().starts_with("http");
        let end = in_word.or_else(|| rest[..line].rfind('@').filter(|_| !is_web));
        let password = start..start + end.unwrap_or(0);
        if !password.is_empty() && !REFERENCE.is_match(&text[password.clone()]) {
            found.push(password);
        }
    }
    found.extend(URL_USER.captures_iter(text).filter_map(|captures| {
        let (scheme, user) = (captures.get(1)?.as_str().to_ascii_lowercase(), captures.get(2)?);
        let is_web = scheme.starts_with("http") || scheme.starts_with("git+http");
        let shown = REFERENCE.is_match(user.as_str()) || user.as_str() == "git";
        (!shown && (is_web || is_token(user.as_str()))).then(|| user.range())
    }));
    merged(found)
}

/// Whether a name looks as only machines make names: long, of letters and digits alone.
pub(super) fn is_token(name: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| name.bytes().any(|byte| kind(&byte));
    name.len() >= 16
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
}
