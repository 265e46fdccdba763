//! Secrets that are told by the program they are given to, or by their own looks.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::named::{SECRET_NAME, SECRET_WORD};
use super::pattern;

/// Between a program and its option: the same command, on one line or as items below each other.
const BETWEEN: &str = r"(?:[^\n|;&]|\n[ \t]*-[ \t])*?";

/// Before an option.
const BEFORE: &str = r#"(?:[ \t"']|\n[ \t]*-[ \t]+)"#;

/// Between an option and its value: blanks, or the end of one item of a list and the start of the next.
const NEXT: &str = r#"(?:\\?["']?[ \t]*,\s*|["']?[ \t]*\r?\n[ \t]*-[ \t]+|[ \t]+)\\?["']?"#;

/// The patterns that hold anywhere; the first group is the secret.
static ANYWHERE: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        // `docker login -p x`, `mysql -px`, `redis-cli -a x`, also as `"-p", "x"` and as items of a list.
        format!(
            r#"(?m)\b(?:(?:login|mysql(?:dump|admin)?|mariadb(?:-dump|-admin)?|sshpass|mongo(?:sh|dump|restore|export|import)?)\b{BETWEEN}{BEFORE}-p|redis-cli\b{BETWEEN}{BEFORE}-a|ldap[a-z]+\b{BETWEEN}{BEFORE}-w)(?:{NEXT}|=["']?|["']?)([^\s"',]+)"#
        ),
        r#"(?m)\bhtpasswd\b[^\n|;&]*?[ \t]-[A-Za-z]*b[A-Za-z]*[ \t]+([^\n|;&>]+)"#.to_owned(),
        r#"(?m)\brabbitmqctl\b[^\n|;&]*?\b(?:add_user|change_password)["', \t]+[^\s"',]+["', \t]+([^\s"',]+)"#.to_owned(),
        // What is piped or written to where a secret goes.
        format!(
            r#"(?im)\b(?:echo|printf)[ \t]+([^\n|]+?)[ \t]*(?:\|[^\n]*(?:-stdin|secret[ \t]+create|passwd\b)|>>?[ \t]*["']?[^\s"']*(?:{SECRET_WORD}|netrc)[^\s"']*)"#
        ),
        r#"(?im)\bsecret[ \t]+create\b[^\n<]*<<<[ \t]*["']?([^\n"']+)"#.to_owned(),
        // `.netrc` and `.pgpass`.
        r#"(?i)\blogin\s+\S+\s+password\s+([^\s"']+)"#.to_owned(),
        r#"(?m)(?:^|[\s"'=])[\w.*-]+:(?:\d{2,5}|\*):[\w.*-]+:[\w.*@-]+:([^\s"']+)"#.to_owned(),
        // Headers, with the name of the method before the secret.
        r#"(?i)\b(?:proxy-)?authorization\\?["']?[ \t]*[:=,][ \t]*[a-z]{0,3}\\?["']?((?:[A-Za-z]+[ \t]+)?[^\s"'\\{][^\s"'\\]*)"#
            .to_owned(),
        r#"\b[Bb]earer[ \t]+([A-Za-z0-9._~+/-]*\d[A-Za-z0-9._~+/=-]*)"#.to_owned(),
        r#"(?i)"auth"[ \t]*:[ \t]*"([^"\n]+)""#.to_owned(),
        // Connection strings.
        r#"(?i);[ \t]*pwd=([^;"'\s]+)"#.to_owned(),
        r#"\b[\w.+-]+:([^\s:@/'"]+)@(?:tcp|unix)\("#.to_owned(),
        r#"(?:^|[\s"'=])[\w.+-]+:([^\s@/:'"]+)@[A-Za-z][\w.-]*(?::\d+)?/[\w-]"#.to_owned(),
        r#"(?i)%3A%2F%2F[^\s%&"']*%3A([^\s&"']+?)%40"#.to_owned(),
        r#"(?i)\bidentified\s+by\s+'((?:[^'\n]|'')*)'"#.to_owned(),
        r#"(?i)\bpassword\s+'((?:[^'\n]|'')*)'"#.to_owned(),
        // Tokens that say themselves what they are.
        r#"\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abprs]-[\w-]{10,}|(?:sk|rk|pk)_(?:live|test)_\w{10,}|sk-[\w-]{20,}|hf_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{30,}|pypi-[\w-]{30,}|AKIA[0-9A-Z]{16}|eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+)"#
            .to_owned(),
        // `name: PASSWORD` and beside it `value: x`.
        format!(
            r#"(?im)\bname["']?[ \t]*:[ \t]*["']?(?:{})["']?[ \t]*,?\s*["']?value["']?[ \t]*:[ \t]*["']?([^\s"',}}][^\n"'}}]*)"#,
            *SECRET_NAME
        ),
    ]
    .iter()
    .map(|text| pattern(text))
    .collect()
});

/// The patterns that hold where a line is a command or a setting, and not code.
static OUTSIDE_CODE: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        // A line that is a secret's name and its value with only a blank between them, as in a broken `.env` or `ENV NAME value`.
        r#"(?m)^[ \t]*(?:-[ \t]+)?["']?(?:(?:ENV|ARG|export|set)[ \t]+)?[A-Z0-9_]*(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIAL|_PWD)[A-Z0-9_]*[ \t]+([^\s=:?+!][^\n\r]*?)["']?[ \t]*\r?$"#.to_owned(),
        // `curl -u me:x`.
        r#"(?m)\bcurl\b[^\n|;&]*?[ \t"',](?:-[A-Za-z]*[uU]|--user|--proxy-user)\\?["']?[ \t=,]*\\?["']?[^\s"':\\]+:([^\s"'\\]+)"#.to_owned(),
    ]
    .iter()
    .map(|text| pattern(text))
    .collect()
});

/// A private key in its armour.
static ARMOURED_KEY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(.*?)(?:-----END|\z)"));

/// The secrets of a text.
pub(super) fn secrets(text: &str, code: bool) -> Vec<Range<usize>> {
    let outside = (!code).then(|| OUTSIDE_CODE.iter());
    let patterns = ANYWHERE.iter().chain(outside.into_iter().flatten());
    let groups = |pattern: &Regex| -> Vec<Range<usize>> {
        pattern.captures_iter(text).filter_map(|captures| Some(captures.get(1)?.range())).collect()
    };
    let mut found: Vec<Range<usize>> = patterns.flat_map(groups).collect();
    if text.contains("PRIVATE KEY") {
        found.extend(groups(&ARMOURED_KEY));
    }
    found
}
