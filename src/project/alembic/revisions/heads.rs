//! Whether a project runs up to all of its heads on purpose.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::Revisions;
use crate::project::files::Files;
use crate::text::bytes_pattern;

/// Between two words: of a line, of a list over lines, or of one in brackets.
const GAP: &str = r#"["']?(?:[ \t]*,\s*|[ \t]+(?:\\\r?\n[ \t]*)?|\s*\n\s*-[ \t]+)["']?"#;

/// `alembic -c a.ini upgrade heads`, in no comment, and over the lines of a list: nothing but options between its words.
static UPGRADE: LazyLock<Regex> = LazyLock::new(|| command(r"^[^\n#]*\b(?i:alembic)[)}]?"));

/// The same in Python, where it is a text or a list of texts: prose is neither.
static IN_PYTHON: LazyLock<Regex> = LazyLock::new(|| {
    command(r#"^[^\n#]*(?:[^"'\n]|^)["'](?:[^"'\n]*&&[ ]*)?(?:(?:uv|poetry) run )?(?:python3? -m )?alembic"#)
});

/// `command.upgrade(config, "heads")`.
static CALLED: LazyLock<Regex> =
    LazyLock::new(|| bytes_pattern(r#"(?m)^[^\n#]*\bupgrade\([^)#]{0,80}?["'](heads?)["']"#));

fn command(start: &str) -> Regex {
    let options = format!(r#"(?:{GAP}-[-\w]+(?:={VALUE})?(?:{GAP}{VALUE})?){{0,4}}"#);
    bytes_pattern(&format!(r#"(?m){start}{options}{GAP}upgrade{options}{GAP}(heads?)(?:["'\s;&|)\],]|$)"#))
}

/// The value of an option.
const VALUE: &str = r#"[^\s"',-][^\s"',]*"#;

/// The last parts of the names of files that say what is run.
const RUN: [&str; 10] = ["sh", "bash", "yaml", "yml", "toml", "json", "py", "mk", "just", "ini"];

/// The first file that runs up to all heads, and the first that runs up to a single one; both only where there are several.
pub(super) fn run(files: &dyn Files, revisions: &Revisions) -> (Option<String>, Option<String>) {
    let (mut all, mut single) = (None, None);
    if revisions.graph().heads().len() < 2 {
        return (all, single);
    }
    for path in files.list().iter().filter(|path| says_what_is_run(path)) {
        let Ok(bytes) = files.bytes(path) else { continue };
        for said in said(path, &bytes) {
            let which = if said == b"head" { &mut single } else { &mut all };
            which.get_or_insert_with(|| path.clone());
        }
    }
    (all, single)
}

/// What a file runs up to.
fn said<'bytes>(path: &str, bytes: &'bytes [u8]) -> Vec<&'bytes [u8]> {
    let patterns: &[&Regex] = if path.ends_with(".py") { &[&IN_PYTHON, &CALLED] } else { &[&UPGRADE] };
    let found = patterns.iter().flat_map(|pattern| pattern.captures_iter(bytes));
    found.filter_map(|captures| Some(captures.get(1)?.as_bytes())).collect()
}

fn says_what_is_run(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_own_name = ["makefile", "justfile", "dockerfile", "procfile"].iter();
    let lower = name.to_ascii_lowercase();
    lower.rsplit_once('.').is_some_and(|(_, end)| RUN.contains(&end))
        || is_own_name.clone().any(|own| lower.starts_with(own))
        || !name.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_head_is_told_from_all_of_them() {
        let said = |path: &str, text: &str| {
            let found = said(path, text.as_bytes());
            found.first().map(|one| String::from_utf8_lossy(one).into_owned()).unwrap_or_default()
        };
        for (path, text, expected) in [
            ("Makefile", "\talembic upgrade heads\n", "heads"),
            ("Makefile", "\t$(ALEMBIC) upgrade heads\n", "heads"),
            ("a.sh", "alembic upgrade head && serve", "head"),
            (
                "a.sh",
                "docker compose run --rm api uv run python -m alembic -c a.ini -x data=1 upgrade --sql head\n",
                "head",
            ),
            ("a.yml", "    command: sh -c \"alembic upgrade head\"\n", "head"),
            ("a.yml", "[\"alembic\", \"upgrade\", \"heads\"]", "heads"),
            ("a.yml", "command:\n  - alembic\n  - upgrade\n  - heads\n", "heads"),
            ("a.yml", "command: [alembic, upgrade, heads]\n", "heads"),
            ("a.py", "command.upgrade(config, \"heads\")", "heads"),
            ("a.py", "command.upgrade(\n    config,\n    \"head\",\n)", "head"),
            ("a.py", "subprocess.run(['alembic', 'upgrade', 'head'])", "head"),
            ("a.py", "os.system(\"cd api && uv run alembic upgrade head\")", "head"),
            ("a.sh", "alembic -c a.ini upgrade shop@head", ""),
            ("a.sh", "apt upgrade # heads up", ""),
            ("a.sh", "upgrade headers", ""),
            ("a.sh", "# alembic upgrade heads", ""),
            ("README.yml", "to upgrade, look at the head of the file\n", ""),
            ("a.yml", "note: use alembic to upgrade the database, up to its head\n", ""),
            ("a.yml", "note: alembic cannot upgrade to a head\n", ""),
            ("a.py", "\"\"\"To upgrade, look at the head of the file.\"\"\"\n", ""),
            ("a.py", "def test():\n    \"\"\"Run alembic upgrade head first\"\"\"\n", ""),
        ] {
            assert_eq!(said(path, text), expected, "{path}: {text}");
        }
    }
}
