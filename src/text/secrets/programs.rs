//! Secrets that are told by the program they are given to, or by their own looks.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::named::{SECRET_NAME, SECRET_WORD};
use super::{Names, pattern};

/// Between a program and its option: the same command, on one line or as items below each other.
const BETWEEN: &str = r"(?:[^\n|;&]|\n[ \t]*-[ \t])*?";

/// Before an option.
const BEFORE: &str = r#"(?:[ \t"']|\n[ \t]*-[ \t]+)"#;

/// Between an option and its value: blanks, or the end of one item of a list and the start of the next.
const NEXT: &str = r#"(?:\\?["']?[ \t]*,\s*|["']?[ \t]*\r?\n[ \t]*-[ \t]+|[ \t]+)\\?["']?"#;

/// A pattern whose first group is a secret.
pub(super) struct Told {
    /// Words without which the pattern cannot match, in lower case: most texts have none of them, and a pattern is costly.
    words: &'static [&'static str],
    /// What else a text has to have, as far as that is easily told.
    pub needs: fn(&str, &Names<'_>) -> bool,
    /// Whether it holds in code as well.
    in_code: bool,
    pub pattern: LazyLock<Regex>,
}

impl Told {
    const fn new(words: &'static [&'static str], in_code: bool, make: fn() -> Regex) -> Self {
        Self::only_if(|_, _| true, words, in_code, make)
    }

    /// Whether it is asked at all.
    pub fn is_asked(&self, lower: &str, names: &Names<'_>) -> bool {
        self.words.iter().any(|word| lower.contains(word)) && (self.needs)(lower, names)
    }

    const fn only_if(
        needs: fn(&str, &Names<'_>) -> bool,
        words: &'static [&'static str],
        in_code: bool,
        make: fn() -> Regex,
    ) -> Self {
        Self { words, needs, in_code, pattern: LazyLock::new(make) }
    }
}

pub(super) static TABLE: [Told; 20] = [
    // `docker login -p x`, `mysql -px`, `redis-cli -a x`, also as `"-p", "x"` and as items of a list.
    Told::new(&["login", "mysql", "mariadb", "sshpass", "mongo", "redis-cli", "ldap"], true, || {
        pattern(&format!(
            r#"(?-u:\b)(?:(?:login|mysql(?:dump|admin)?|mariadb(?:-dump|-admin)?|sshpass|mongo(?:sh|dump|restore|export|import)?)(?-u:\b){BETWEEN}{BEFORE}-p|redis-cli{BETWEEN}{BEFORE}-a|ldap[a-z]+{BETWEEN}{BEFORE}-w)(?:{NEXT}|=["']?|["']?)([^\s"',]+)"#
        ))
    }),
    Told::new(&["htpasswd"], true, || pattern(r"htpasswd[^\n|;&]*?[ \t]-[A-Za-z]*b[A-Za-z]*[ \t]+([^\n|;&>]+)")),
    Told::new(&["rabbitmqctl"], true, || {
        pattern(r#"rabbitmqctl[^\n|;&]*?(?:add_user|change_password)["', \t]+[^\s"',]+["', \t]+([^\s"',]+)"#)
    }),
    // What is piped or written to where a secret goes.
    Told::new(&["echo", "printf"], true, || {
        pattern(&format!(
            r#"(?:echo|printf)[ \t]+([^\n|]+?)[ \t]*(?:\|[^\n]*(?:-stdin|secret[ \t]+create|passwd)|>>?[ \t]*["']?[^\s"']*(?i-u:{SECRET_WORD}|netrc)[^\s"']*)"#
        ))
    }),
    Told::new(&["<<<"], true, || pattern(r#"secret[ \t]+create[^\n<]*<<<[ \t]*["']?([^\n"']+)"#)),
    // `--auth=me:x`, `--auth me:x`.
    Told::new(&["--auth", "--http-auth"], true, || {
        pattern(r#"--(?:http-)?auth\\?["']?(?:[= \t]|,[ \t]*)\\?["']?[^\s"':=,\\]+:([^\s"'\\]+)"#)
    }),
    // A comment that says it in words: `the password is x1`. What has neither digit nor sign is a word of the sentence.
    Told::only_if(
        |lower, _| is_told(lower),
        &["passw", "secret", "token", "api key", "pw"],
        true,
        || {
            pattern(
                r#"(?i-u:\b(?:passw(?:or)?d|pw|secret|token|api key)[ \t]+(?:is|was|are|now|=>|->)[ \t]*:?[ \t]*["'`]?)([^\s"'`]*[0-9!@$%^&*+=][^\s"'`]*)"#,
            )
        },
    ),
    // `.netrc` and `.pgpass`.
    Told::new(&["login"], true, || pattern(r#"login\s+\S+\s+password\s+([^\s"']+)"#)),
    Told::new(&[":*:", "pgpass"], true, || {
        pattern(r#"(?m)(?:^|[\s"'=])[A-Za-z0-9_.*-]+:(?:[0-9]{2,5}|\*):[A-Za-z0-9_.*-]+:[A-Za-z0-9_.*@-]+:([^\s"']+)"#)
    }),
    // Headers, with the name of the method before the secret.
    Told::new(&["authorization"], true, || {
        pattern(
            r#"(?i-u:authorization)\\?["']?[ \t]*[:=,][ \t]*[a-z]{0,3}\\?["']?((?:[A-Za-z]+[ \t]+)?[^\s"'\\{][^\s"'\\]*)"#,
        )
    }),
    Told::new(&["bearer"], true, || pattern(r"[Bb]earer[ \t]+([A-Za-z0-9._~+/-]*[0-9][A-Za-z0-9._~+/=-]*)")),
    Told::new(&["\"auth\""], true, || pattern(r#""auth"[ \t]*:[ \t]*"([^"\n]+)""#)),
    // Connection strings.
    Told::new(&["pwd="], true, || pattern(r#";[ \t]*(?i-u:pwd)=([^;"'\s]+)"#)),
    Told::new(&["@"], true, || {
        pattern(
            r#"(?m)(?:^|[\s"'=])[A-Za-z0-9_.+-]+:([^\s@/:'"]+)@(?:(?:tcp|unix)\(|[A-Za-z][A-Za-z0-9_.-]*(?::[0-9]+)?/[A-Za-z0-9_-])"#,
        )
    }),
    Told::new(&["%3a%2f%2f"], true, || pattern(r#"(?i-u:%3A%2F%2F)[^\s%&"']*(?i-u:%3A)([^\s&"']+?)%40"#)),
    Told::only_if(
        |lower, _| is_sql(lower),
        &["identified", "password"],
        true,
        || pattern(r"(?i-u:\bidentified[ \t\r\n]+by|\bpassword)\s+'((?:[^'\n]|'')*)'"),
    ),
    // Tokens that say themselves what they are.
    Told::new(
        &[
            "ghp_",
            "gho_",
            "ghu_",
            "ghs_",
            "ghr_",
            "github_pat_",
            "glpat-",
            "xox",
            "_live_",
            "_test_",
            "sk-",
            "hf_",
            "npm_",
            "pypi-",
            "akia",
            "eyj",
        ],
        true,
        || {
            pattern(
                r"(?-u:\b(gh[pousr]_[A-Za-z0-9]{20,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,}|xox[abprs]-[A-Za-z0-9_-]{10,}|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9_]{4,}|sk-[A-Za-z0-9_-]{20,}|hf_[A-Za-z0-9]{20,}|npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{30,}|AKIA[0-9A-Z]{16}|eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+))",
            )
        },
    ),
    // `name: PASSWORD` and beside it `value: x`.
    Told::only_if(
        |_, names| names.is_paired(),
        &["value"],
        true,
        || {
            pattern(&format!(
                r#"(?-u:\b)name["']?[ \t]*:[ \t]*["']?(?:{})["']?[ \t]*,?\s*["']?value["']?[ \t]*:[ \t]*["']?([^\s"',}}][^\n"'}}]*)"#,
                *SECRET_NAME
            ))
        },
    ),
    // A line that is a secret's name and its value with only a blank between them, as in a broken `.env` or `ENV NAME value`.
    Told::only_if(
        |_, names| names.is_before_blank(),
        &["pass", "secret", "token", "key", "credential", "_pwd"],
        false,
        || {
            pattern(
                r#"(?m)^[ \t]*(?:-[ \t]+)?["']?(?:(?:ENV|ARG|export|set)[ \t]+)?[A-Z0-9_]*(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIAL|_PWD)[A-Z0-9_]*[ \t]+([^\s=:?+!][^\n\r]*?)["']?[ \t]*\r?$"#,
            )
        },
    ),
    // `curl -u me:x`.
    Told::new(&["curl"], false, || {
        pattern(
            r#"(?-u:\b)curl(?-u:\b)[^\n|;&]*?[ \t"',](?:-[A-Za-z]*[uU]|--user|--proxy-user)\\?["']?[ \t=,]*\\?["']?[^\s"':\\]+:([^\s"'\\]+)"#,
        )
    }),
];

/// A private key in its armour.
static ARMOURED_KEY: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----(.*?)(?:-----END|\z)"));

/// Whether a sentence may tell a secret: `the password is x1`.
fn is_told(lower: &str) -> bool {
    let verb = |rest: &str| {
        let verb = rest.trim_start_matches([' ', '\t']);
        verb.len() < rest.len() && ["is", "was", "are", "now", "=>", "->"].iter().any(|word| verb.starts_with(word))
    };
    let words = ["passwd", "password", "pw", "secret", "token", "api key"];
    words.iter().any(|word| lower.match_indices(word).any(|(at, _)| lower.get(at + word.len()..).is_some_and(verb)))
}

/// Whether a statement may give a password to a user: on the same line or on the next.
fn is_sql(lower: &str) -> bool {
    let quoted = |rest: &str| rest.starts_with(char::is_whitespace) && rest.trim_start().starts_with('\'');
    let named = |(at, word): (usize, &str)| lower.get(at + word.len()..).is_some_and(quoted);
    lower.contains("identified") || lower.match_indices("password").any(named)
}

/// The secrets of a text, given in lower case as well.
pub(super) fn secrets(text: &str, lower: &str, names: &Names<'_>, code: bool) -> Vec<Range<usize>> {
    let groups = |pattern: &Regex| -> Vec<Range<usize>> {
        pattern.captures_iter(text).filter_map(|captures| Some(captures.get(1)?.range())).collect()
    };
    let holds = |told: &&Told| (told.in_code || !code) && told.is_asked(lower, names);
    let mut found: Vec<Range<usize>> = TABLE.iter().filter(holds).flat_map(|told| groups(&told.pattern)).collect();
    if text.contains("PRIVATE KEY") {
        found.extend(groups(&ARMOURED_KEY));
    }
    found
}
