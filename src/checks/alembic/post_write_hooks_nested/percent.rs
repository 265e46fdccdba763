//! Strings of `[tool.alembic]` with a `%` that Alembic takes for its own.

use crate::facts::Facts;
use crate::finding::Finding;
use crate::fix::{Edit, Fix, Step};
use crate::project::alembic::Alembic;
use crate::text::{Source, ini, toml};

/// What Alembic reads of the section at every command, as text that it puts something into. The rest it passes over, and
/// switches (`sourceless`) are no text to it.
const READ: [&str; 8] = [
    "file_template",
    "output_encoding",
    "prepend_sys_path",
    "revision_environment",
    "script_location",
    "timezone",
    "truncate_slug_length",
    "version_locations",
];

/// Strings of `[tool.alembic]` with a `%` that Alembic cannot put anything in for.
pub(super) fn percent(facts: &Facts, environment: &Alembic, source: &Source, toml: &toml::Toml) -> Vec<Finding> {
    let section = ["tool", "alembic"];
    let mut findings = vec![];
    for key in toml.keys(&section).into_iter().filter(|key| is_read(facts, environment, key)) {
        let path = [section[0], section[1], key.as_str()];
        for text in toml.text(&path).into_iter().chain(toml.texts(&path)) {
            findings.extend(doubled(source, &key, &text));
        }
    }
    findings
}

/// Whether Alembic takes a key from `pyproject.toml`: it asks for it, or `env.py` does, and the ini file does not have it.
fn is_read(facts: &Facts, environment: &Alembic, key: &str) -> bool {
    let of_ini = || {
        let ini = ini::parse(facts.source(environment.ini.as_ref()?)?.text()).ok()?;
        ini.entry(&environment.section, key).map(drop)
    };
    let asked = || {
        let text = environment.env_py.as_ref().and_then(|path| facts.source(path)).map_or("", Source::text);
        let is_quoted = |quote: char| text.contains(&format!("{quote}{key}{quote}"));
        text.contains("get_alembic_option") && (is_quoted('"') || is_quoted('\''))
    };
    (READ.contains(&key) || asked()) && of_ini().is_none()
}

/// The same in the tables of hooks.
pub(super) fn in_hooks(source: &Source, toml: &toml::Toml) -> Vec<Finding> {
    let texts = toml.texts_below(&super::HOOKS);
    let in_array = texts.iter().filter(|(keys, _)| keys.first().is_some_and(|key| key.parse::<usize>().is_ok()));
    in_array.filter_map(|(keys, text)| doubled(source, keys.last()?, text)).collect()
}

fn doubled(source: &Source, key: &str, text: &toml::Text) -> Option<Finding> {
    let raw = source.text().get(text.range.clone()).unwrap_or("");
    let at = bad_percents(raw);
    let first = at.first()?;
    let place = |at: usize| source.span(text.range.start + at..text.range.start + at + 1);
    // Alembic puts the parts of a file's name into what has come out of that.
    let is_name = |at: &usize| raw.get(at + 1..).is_some_and(|rest| rest.starts_with('('));
    let more = |at: &usize| if key == "file_template" && !is_name(at) { "%%%" } else { "%" }.to_owned();
    let double = |at: &usize| {
        Step::Edit(Edit { span: source.span(text.range.start + at..text.range.start + at), text: more(at) })
    };
    let fix = Fix::safe(format!("double the `%` in `{key}`"), at.iter().map(double).collect());
    Some(
        Finding::at(
            &place(*first),
            format!("{}: {key}", source.path()),
            format!("`{key}` holds a `%` that Alembic takes for its own"),
        )
        .label("is written `%%`")
        .seen("pyproject.toml", key, "only `%(here)s` and `%%` may stand there")
        .fix(fix),
    )
}

fn bad_percents(text: &str) -> Vec<usize> {
    let (mut found, mut at) = (vec![], 0);
    while let Some(next) = text.get(at..).and_then(|rest| rest.find('%')) {
        let rest = text.get(at + next..).unwrap_or("");
        let taken = ["%%", "%(here)s"].iter().find(|fine| rest.starts_with(**fine)).map_or(1, |fine| fine.len());
        if taken == 1 {
            found.push(at + next);
        }
        at += next + taken;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_alembic_knows_may_follow_a_percent() {
        assert_eq!(bad_percents("%(here)s/%%(rev)s_%(rev)s_100%"), [18, 29]);
    }
}
