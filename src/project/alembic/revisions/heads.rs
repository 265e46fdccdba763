//! Whether a project runs up to all of its heads on purpose.

use std::sync::LazyLock;

use regex::bytes::Regex;

use super::Revisions;
use crate::project::files::Files;
use crate::text::bytes_pattern;

/// `alembic upgrade heads`, `command.upgrade(config, "heads")`; in no comment, and over the lines of a list or a call.
static UPGRADE: LazyLock<Regex> = LazyLock::new(|| {
    bytes_pattern(
        r#"(?m)^[^\n#]*\bupgrade\b(?:[^\n#]{0,80}?["'\s]|["']?,?\s+-?\s*["']?|\([^)#]{0,80}?["'\s])(heads?)(?:["'\s;&|)]|$)"#,
    )
});

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
        for said in UPGRADE.captures_iter(&bytes).filter_map(|captures| captures.get(1)) {
            let which = if said.as_bytes() == b"head" { &mut single } else { &mut all };
            which.get_or_insert_with(|| path.clone());
        }
    }
    (all, single)
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
        let said = |text: &str| {
            let found = UPGRADE.captures(text.as_bytes());
            found.map(|one| String::from_utf8_lossy(&one[1]).into_owned()).unwrap_or_default()
        };
        for (text, expected) in [
            ("\talembic upgrade heads\n", "heads"),
            ("alembic upgrade head && serve", "head"),
            ("command.upgrade(config, \"heads\")", "heads"),
            ("[\"alembic\", \"upgrade\", \"heads\"]", "heads"),
            ("alembic -c a.ini upgrade shop@head", ""),
            ("apt upgrade # heads up", ""),
            ("upgrade headers", ""),
            ("# alembic upgrade heads", ""),
            ("command:\n  - alembic\n  - upgrade\n  - heads\n", "heads"),
            ("command.upgrade(\n    config,\n    \"head\",\n)", "head"),
        ] {
            assert_eq!(said(text), expected, "{text}");
        }
    }
}
