//! Finds passwords in texts, so that nothing devdoctor prints or records can hold one.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};

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

/// What a name holds that says its value is secret.
const SECRET_WORD: &str = "passw(?:or)?d|passphrase|pgpass|secret|token|api_?key|access_?key|private_?key|credential|basic[_-]?auth|auth_?config|authorization";

/// A value whose key says that it is secret: `KEY=value`, `key: value`, `"key": "value"`, `KEY ?= value`, `--key=value`.
static NAMED_VALUE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r#"(?im)(?P<key>[A-Za-z0-9_.-]*(?:{SECRET_WORD})[A-Za-z0-9_.-]*|[A-Za-z0-9.-]+[A-Za-z0-9_.-]*_pwd)["']?[ \t]*(?:[?:+!]{{0,3}}=|:|[ ]["'])[ \t]*{VALUE}"#
    ))
});

/// The word after an option whose name says that it is secret: `--token x`, `"--password", "x"`.
static OPTION_VALUE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r#"(?im)(?P<key>--?[A-Za-z0-9_-]*(?:{SECRET_WORD})[A-Za-z0-9_-]*)\\?["']?(?:[ \t]*,[ \t]*|[ \t]+){VALUE}"#
    ))
});

/// A line that is a secret's name and its value with only a blank between them, as in a broken `.env` or `ENV NAME value`.
static NAME_BLANK_VALUE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?m)^[ \t]*(?:-[ \t]+)?["']?(?:(?:ENV|ARG|export|set)[ \t]+)?[A-Z0-9_]*(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIAL|_PWD)[A-Z0-9_]*[ \t]+([^\s=:?+!][^\n\r]*?)["']?[ \t]*\r?$"#,
    )
});

/// The password that curl is given beside a user: `curl -u me:x`.
static CURL_USER: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?m)\bcurl\b[^\n|;&]*?[ \t"',](?:-[A-Za-z]*[uU]|--user|--proxy-user)\\?["']?[ \t=,]*\\?["']?[^\s"':\\]+:([^\s"'\\]+)"#,
    )
});

/// The password after `-p` (or `-a` of redis-cli) of programs where that is what it means: `docker login -p x`, `mysql -px`.
static SHORT_OPTION: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?m)\b(?:(?:login|mysql(?:dump|admin)?|mariadb(?:-dump|-admin)?|sshpass)\b[^\n|;&]*?[ \t]-p|redis-cli\b[^\n|;&]*?[ \t]-a)[ \t]*["']?([^\s"']+)"#,
    )
});

/// A value: in double quotes, in single ones, in quotes that were escaped, behind a quote that is never closed, a reference,
/// or a bare word.
const VALUE: &str = r#"(?:"((?:[^"\\\n]|\\.)*)"|'([^'\n]*)'|\\+["']([^"'\\\n]*)|["']([^\n]+)|(\$\{[^}\n]*\}|\$\([^)\n]*\)|[^\s"',;#\]})][^\s"']*))"#;

/// Endings of names that say where a secret is, or how it comes, and not what it is.
const NO_SECRET: [&str; 6] = ["-stdin", "-file", "-path", "-url", "-name", "-id"];

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
        if let Some(value) =
            value_of(&captures, text, code).filter(|value| !is_directory(&captures, &text[value.clone()]))
        {
            take(value);
        }
    }
    for captures in OPTION_VALUE.captures_iter(text).filter(|captures| is_secret_option(&captures["key"])) {
        if let Some(value) = value_of(&captures, text, code).filter(|value| !text[value.clone()].starts_with('-')) {
            take(value);
        }
    }
    if !code {
        for pattern in [&NAME_BLANK_VALUE, &CURL_USER] {
            pattern.captures_iter(text).filter_map(|captures| captures.get(1)).for_each(|group| take(group.range()));
        }
    }
    SHORT_OPTION.captures_iter(text).filter_map(|captures| captures.get(1)).for_each(|group| take(group.range()));
    if text.contains("PRIVATE KEY-----") {
        ARMOURED_KEY.captures_iter(text).filter_map(|captures| captures.get(1)).for_each(|group| take(group.range()));
    }
    merged(found)
}

/// The value of a match of `VALUE`.
fn value_of(captures: &Captures<'_>, text: &str, code: bool) -> Option<Range<usize>> {
    let group = (2..=6).find_map(|index| captures.get(index).map(|group| (index, group)));
    let (index, group) = group.filter(|(index, _)| *index < 6 || !code)?;
    // A URL in a secret-looking variable is masked by its password alone: the rest is needed to understand it.
    if group.as_str().contains("://") {
        return None;
    }
    let mut range = group.range();
    let word = group.as_str();
    let separators = [',', ';', ']', '}', ')'];
    if index == 6 && !word.starts_with("${") && !word.starts_with("$(") {
        let first = word.split(separators).next().unwrap_or("");
        let shown = if REFERENCE.is_match(first) { first } else { word.trim_end_matches(separators) };
        range.end = range.start + shown.len();
    }
    // A quote that opens or ends in the midst of a word is broken quoting: then the rest of the line is hidden. What comes
    // behind a well-formed value is a blank, a bracket, a comma or the next command.
    let after = &text[captures.get(0)?.end()..];
    let quote = (index == 6).then(|| after.chars().next()).flatten().filter(|quote| "'\"".contains(*quote));
    let next = if quote.is_some() { after.chars().nth(1) } else { after.chars().next() };
    let doubled = quote.is_none() && (index == 2 && next == Some('"') || index == 3 && next == Some('\''));
    if !code && (index <= 3 || quote.is_some()) && next.is_some_and(|next| doubled || goes_on(next)) {
        range.end += text[range.end..].find(['\n', '\r']).unwrap_or(text.len() - range.end);
    }
    Some(range)
}

/// Whether a character behind a quote belongs to the same word.
fn goes_on(character: char) -> bool {
    !(character.is_whitespace() || ",;:]})#\"'&|<>\\`".contains(character))
}

/// Whether `*_PWD` means a working directory. `MYSQL_PWD` never does.
fn is_directory(captures: &Captures<'_>, value: &str) -> bool {
    let key = captures["key"].to_ascii_lowercase();
    key.ends_with("_pwd")
        && !key.ends_with("mysql_pwd")
        && (value == "."
            || value.starts_with("$(")
            || ["/", "./", "../", "~/"].iter().any(|start| value.starts_with(start)))
}

/// Whether the word after an option is a secret: `--token` and `--password`, not `--password-stdin`.
fn is_secret_option(word: &str) -> bool {
    static OPTION: LazyLock<Regex> =
        LazyLock::new(|| pattern(&format!(r"(?i)^--?[A-Za-z0-9_-]*(?:{SECRET_WORD})[A-Za-z0-9_-]*$")));
    let word = word.to_ascii_lowercase();
    OPTION.is_match(&word) && !NO_SECRET.iter().any(|ending| word.ends_with(ending))
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

/// A text for people with every secret in it replaced by `***`.
pub fn mask_text(text: &str) -> String {
    let mut masked = text.to_owned();
    ranges("", text).into_iter().rev().for_each(|secret| masked.replace_range(secret, MASK));
    masked
}

/// The word of a command line as it may be shown, by the word before it.
pub fn mask_word(before: &str, word: &str) -> String {
    if is_secret_option(before) && !word.starts_with('-') && !REFERENCE.is_match(word) {
        return MASK.to_owned();
    }
    mask_text(word)
}

/// The value of a setting as it may be shown: `***` when its key says that it is secret, and without the secrets in it.
pub fn mask_setting(key: &str, value: &str) -> String {
    let line = format!("{key}={value}");
    let hidden = ranges("", &line);
    if hidden.first().is_some_and(|first| first.start == key.len() + 1) { MASK.to_owned() } else { mask_text(value) }
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
mod tests;
