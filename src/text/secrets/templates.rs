//! Values of an ini file that name other options with `%`: what of them is no name may be a secret.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::pattern;

/// A setting of one line whose value holds a `%`.
static SETTING: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?m)^(?P<key>[A-Za-z_][A-Za-z0-9_.]*)[ \t]*[=:][ \t]*(?P<value>[^\r\n]*%[^\r\n]*)"));

/// What configparser reads: a doubled `%`, and the name of an option.
static READ: LazyLock<Regex> = LazyLock::new(|| pattern(r"%%|%\([^()\r\n]*\)s"));

/// A part of a template: a name with its form, doubled or not, or a code of dates.
static PART: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"%%?\([a-z_]+\)(?:[-+#0-9.]*[a-z])?|%%?[A-Za-z](?:[^A-Za-z0-9]|$)|%"));

/// Text that is no part: words, with what stands between their letters.
static WORDS: LazyLock<Regex> = LazyLock::new(|| pattern(r"[^\s_./:,;\[\]()-]+"));

/// Whether an option is one of a database, whose value may be a part of a URL.
fn names_a_url(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    key.starts_with("sqlalchemy.")
        || ["url", "uri", "dsn", "database", "connection"].iter().any(|one| key.contains(one))
}

/// The words in templates of file names, and in the values of URLs that configparser would stop at: checks show such lines,
/// and whatever is in them besides names may be a secret.
pub(super) fn secrets(text: &str) -> Vec<Range<usize>> {
    let mut found = vec![];
    for captures in SETTING.captures_iter(text) {
        let (Some(key), Some(value)) = (captures.name("key"), captures.name("value")) else { continue };
        let is_template = key.as_str() == "file_template";
        let is_stopped_at = || READ.replace_all(value.as_str(), "").contains('%');
        // The password of a URL is masked alone, and options that are named as secrets are by their names.
        if value.as_str().contains("://") || !(is_template || names_a_url(key.as_str()) && is_stopped_at()) {
            continue;
        }
        let mut at = value.start();
        let parts = PART.find_iter(value.as_str()).map(|part| value.start() + part.start()..value.start() + part.end());
        for part in parts.chain(std::iter::once(value.end()..value.end())) {
            let between = text.get(at..part.start).unwrap_or_default();
            found.extend(WORDS.find_iter(between).map(|words| at + words.start()..at + words.end()));
            at = part.end;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::{mask_ranges, ranges};

    #[test]
    fn what_is_no_name_in_a_template_is_masked() {
        for (line, shown) in [
            ("file_template = %%(year)d_%%(month).2d-%%(rev)s_%%(slug)s", None),
            ("file_template = %(year)d_%(month).2d_%(slug)s", None),
            ("file_template = %Y-%m-%d_%%(rev)s", None),
            ("file_template = %(rev)s_hunter2", Some("file_template = %(rev)s_*******")),
            ("file_template = hun%ter2", Some("file_template = ***%****")),
            ("file_template = %(x)s p4ss%w0rd", Some("file_template = %(x)s ****%****")),
            ("sqlalchemy.url = %(x)s p4ss%w0rd", Some("sqlalchemy.url = %(x)s ****%****")),
            ("DB_URL = p4ss%w0rd", Some("DB_URL = ****%****")),
            ("note = 100% sure", None),
            ("name: 50%", None),
            ("ruff.options = check --fix %(REVISION_SCRIPT)s 50%", None),
            ("black.options = -l 79 %(script)s 100%", None),
            ("script_location = %(here)s/migrations", None),
            ("sqlalchemy.url = postgresql://app@db/100%", None),
            ("format = %(levelname)-5.5s [%(name)s] %(message)s", None),
            ("datefmt = %H:%M:%S", None),
            ("notes = 100%% sure", None),
        ] {
            let text = format!("[alembic]\n{line}\nscript = 1\n");
            let masked = mask_ranges(&text, &ranges("alembic.ini", &text));
            assert_eq!(masked, format!("[alembic]\n{}\nscript = 1\n", shown.unwrap_or(line)));
        }
    }
}
