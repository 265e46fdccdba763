//! Finds passwords in texts, so that nothing devdoctor prints or records can hold one.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// What stands where a secret stood in messages.
pub const MASK: &str = "***";

/// The start of a URL with a password, up to the `:` after the user.
static URL_START: LazyLock<Regex> = LazyLock::new(|| pattern(r#"([A-Za-z][A-Za-z0-9+.-]*)://[^\s'"`<>/:]*:"#));

/// The passwords of URLs: everything between the first `:` of the user part and the last `@` of the word, since that is what
/// its author meant, however a reader splits it. Where the word holds no `@`, a blank or a quote stands in the password of a
/// server's URL; then the line's last `@` counts.
fn url_passwords(text: &str) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = vec![];
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
    merged(found)
}

/// A value whose key says that it is secret: `KEY=value`, `key: value`, `"key": "value"`, `--key value`.
static NAMED_VALUE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?im)[A-Za-z0-9_.-]*(?:passw(?:or)?d|passphrase|pgpass|secret|token|api_?key|access_?key|private_?key|credential|basic[_-]?auth|auth_?config|authorization)[A-Za-z0-9_.-]*["']?[ \t]*(?:=|:|[ ]["'])[ \t]*(?:"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)'|["']([^\n]+)|(\$\{[^}\n]*\}|\$\([^)\n]*\)|[^\s"',;#\]})][^\s"',;\]})]*))"#,
    )
});

/// A private key in its armour.
static ARMOURED_KEY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----(.*?)(?:-----END|\z)"));

/// A value that is only a reference to another one is no secret: `${X}`, `$(X)`, `$X`, `%(X)s`, `{x}`.
static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^(?:\$\{[A-Za-z0-9_]+\}|\$\([A-Za-z0-9_]+\)|\$\$?[A-Za-z0-9_]+|%\([A-Za-z0-9_]+\)s|\{[A-Za-z0-9_.]*\}|\*+)$",
    )
});

fn pattern(text: &str) -> Regex {
    #[expect(clippy::expect_used, reason = "the patterns are constants and are compiled in the tests")]
    Regex::new(text).expect("a pattern of this file compiles")
}

/// The byte ranges of `text` that hold secrets, sorted, without overlap. `path` tells code from settings: in Python only
/// quoted values count, since `password = settings.password` holds none.
pub(super) fn ranges(path: &str, text: &str) -> Vec<Range<usize>> {
    let code = [".py", ".pyi", ".mako", ".js", ".ts"].iter().any(|ending| path.ends_with(ending));
    let mut found: Vec<Range<usize>> = vec![];
    let mut take = |range: Range<usize>| {
        if !range.is_empty() && !REFERENCE.is_match(&text[range.clone()]) {
            found.push(range);
        }
    };
    if text.contains("://") {
        url_passwords(text).into_iter().for_each(&mut take);
    }
    for captures in NAMED_VALUE.captures_iter(text) {
        // A quote that is not closed hides the rest of its line: in a broken file that is where the secret stands.
        let quoted = [captures.get(1), captures.get(2), captures.get(3)];
        for group in quoted.into_iter().chain([captures.get(4).filter(|_| !code)]).flatten() {
            // A URL in a secret-looking variable is masked by its password alone: the rest is needed to understand it.
            if !group.as_str().contains("://") {
                take(group.range());
            }
        }
    }
    if text.contains("PRIVATE KEY-----") {
        ARMOURED_KEY.captures_iter(text).filter_map(|captures| captures.get(1)).for_each(|group| take(group.range()));
    }
    merged(found)
}

fn merged(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|range| (range.start, range.end));
    let mut merged: Vec<Range<usize>> = vec![];
    for range in ranges {
        match merged.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => merged.push(range),
        }
    }
    merged
}

/// `text` with the bytes of `ranges` replaced by `*`, line ends kept, so that offsets and lines stay as they are.
pub(super) fn mask_ranges(text: &str, ranges: &[Range<usize>]) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut done = 0;
    for range in ranges {
        masked.push_str(&text[done..range.start]);
        masked.extend(text[range.clone()].bytes().map(
            |byte| {
                if matches!(byte, b'\n' | b'\r') { byte as char } else { '*' }
            },
        ));
        done = range.end;
    }
    masked.push_str(&text[done..]);
    masked
}

/// A text for people with the password of every URL in it replaced by `***`.
pub fn mask_url(text: &str) -> String {
    let mut masked = text.to_owned();
    url_passwords(text).into_iter().rev().for_each(|password| masked.replace_range(password, MASK));
    masked
}

/// The value of a setting as it may be shown: `***` when its key says that it is secret, URLs without their password.
pub fn mask_setting(key: &str, value: &str) -> String {
    let line = format!("{key}={value}");
    let hidden = ranges("", &line);
    let Some(first) = hidden.first() else {
        return value.to_owned();
    };
    if first.start == key.len() + 1 { MASK.to_owned() } else { mask_url(value) }
}

/// Takes known secrets out of any text: the last guard before output, for the ways that the masks above do not see (the
/// text of an error from another program, say).
#[derive(Clone, Default)]
pub struct Redactor {
    secrets: Vec<String>,
}

/// Words that stand in for passwords on so many machines that hiding them would only hide ordinary words.
const ORDINARY: [&str; 8] =
    ["postgres", "password", "changeme", "changethis", "secret", "example", "localhost", "devdoctor"];

impl Redactor {
    /// Learns the secrets of a source.
    pub fn learn(&mut self, source: &super::Source) {
        for range in source.secrets() {
            self.learn_secret(&source.text()[range.clone()]);
        }
    }

    /// Learns the secrets of one setting, such as a variable of a container.
    pub fn learn_setting(&mut self, key: &str, value: &str) {
        let line = format!("{key}={value}");
        for range in ranges("", &line) {
            self.learn_secret(&line[range]);
        }
    }

    /// Learns one secret. Too short ones and everyday words are left to the masks: taking them out of every text would
    /// tear other words apart.
    pub fn learn_secret(&mut self, secret: &str) {
        if secret.chars().count() < 6 || ORDINARY.contains(&secret) || self.secrets.iter().any(|known| known == secret)
        {
            return;
        }
        let escaped = serde_json::to_string(secret).unwrap_or_default();
        let escaped = escaped.trim_matches('"').to_owned();
        for form in [secret.to_owned(), percent_encoded(secret), escaped] {
            if !self.secrets.contains(&form) {
                self.secrets.push(form);
            }
        }
        // Longest first, so that a secret that contains another is taken out whole.
        self.secrets.sort_by(|a, b| b.len().cmp(&a.len()).then(a.cmp(b)));
    }

    /// `text` without any known secret.
    pub fn redact<'text>(&self, text: &'text str) -> Cow<'text, str> {
        let mut clean = Cow::Borrowed(text);
        for secret in &self.secrets {
            if clean.contains(secret.as_str()) {
                clean = Cow::Owned(clean.replace(secret.as_str(), MASK));
            }
        }
        clean
    }
}

/// `text` with everything but unreserved characters (RFC 3986, 2.3) percent-encoded, as `urllib.parse.quote(safe="")`.
pub fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(byte as char);
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(path: &str, text: &str) -> String {
        mask_ranges(text, &ranges(path, text))
    }

    #[test]
    fn passwords_are_masked_wherever_they_stand() {
        for (path, text, expected) in [
            (".env", "DATABASE_URL=postgres://app:p@ss@db:5432/app", "DATABASE_URL=postgres://app:****@db:5432/app"),
            (".env", "A=postgres://u:p ss@h/d B", "A=postgres://u:****@h/d B"),
            (".env", "A=postgres://me@corp:p'ss@h/d", "A=postgres://me@corp:****@h/d"),
            ("README.md", "see http://localhost:8000/ or mail me@x.y", "see http://localhost:8000/ or mail me@x.y"),
            (".env", "POSTGRES_PASSWORD=hunter2\nX=1", "POSTGRES_PASSWORD=*******\nX=1"),
            (".env", "export API_KEY='a b'", "export API_KEY='***'"),
            ("a.toml", "token = \"hunter2 a\nx = 1", "token = \"*********\nx = 1"),
            ("compose.yaml", "  POSTGRES_PASSWORD: \"a\\\"b\"", "  POSTGRES_PASSWORD: \"****\""),
            ("compose.yaml", "      - PGPASSWORD=hunter2", "      - PGPASSWORD=*******"),
            ("a.json", r#"{"client_secret": "abc", "x": 1}"#, r#"{"client_secret": "***", "x": 1}"#),
            ("env.py", "password = settings.password", "password = settings.password"),
            ("env.py", "password=\"abc\"", "password=\"***\""),
            ("compose.yaml", "POSTGRES_PASSWORD: ${PW}", "POSTGRES_PASSWORD: ${PW}"),
            (
                "alembic.ini",
                "sqlalchemy.url = driver://user:pass@localhost/dbname",
                "sqlalchemy.url = driver://user:****@localhost/dbname",
            ),
        ] {
            assert_eq!(masked(path, text), expected);
        }
    }

    #[test]
    fn settings_are_shown_without_their_secret() {
        assert_eq!(mask_setting("PGPASSWORD", "hunter2"), "***");
        assert_eq!(mask_setting("DATABASE_URL", "postgres://a:b@c/d"), "postgres://a:***@c/d");
        assert_eq!(mask_setting("HOME", "/root"), "/root");
    }

    #[test]
    fn a_redactor_knows_the_encoded_and_the_quoted_form() {
        let mut redactor = Redactor::default();
        redactor.learn_setting("DB_PASSWORD", "p@ss\\word1");
        assert_eq!(redactor.redact("a p@ss\\word1 b p%40ss%5Cword1 c p@ss\\\\word1"), "a *** b *** c ***");
    }

    #[test]
    fn masking_keeps_lengths_and_lines() {
        let text = "-----BEGIN RSA PRIVATE KEY-----\nabc\ndef\n-----END RSA PRIVATE KEY-----\n";
        let masked = masked("id", text);
        assert_eq!(masked.len(), text.len());
        assert!(masked.contains("\n***\n***\n"), "{masked}");
    }
}
