//! `[tool.alembic]` holds what Alembic trips over at every command: hooks in the form of an ini file, or a bare `%`.

mod entries;
mod percent;

use std::collections::BTreeSet;

use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::alembic::Alembic;
use crate::text::toml::hooks::{Shape, as_array};
use crate::text::{Source, Version, ini, toml};

use entries::entries;
use percent::{in_hooks, percent};

/// The keys that lead to the hooks.
pub(super) const HOOKS: [&str; 3] = ["tool", "alembic", "post_write_hooks"];

pub(super) fn check(facts: &Facts) -> Checked {
    let (mut findings, mut seen) = (vec![], BTreeSet::new());
    for environment in &facts.project.alembic {
        let version = environment.revisions.packages.alembic.as_deref();
        if version.is_some_and(|version| !reads_toml(version)) {
            continue;
        }
        for path in pyprojects(environment) {
            let Some(source) = facts.source(&path).filter(|_| seen.insert(path.clone())) else { continue };
            let Ok(toml) = toml::parse(source.text()) else { continue };
            if hooks_of_ini(facts, environment).is_none() {
                findings.extend(hooks(source, &toml, version));
                findings.extend(entries(source, &toml));
                findings.extend(in_hooks(source, &toml));
            }
            findings.extend(percent(facts, environment, source, &toml));
        }
    }
    Ok(findings)
}

/// Whether a version of Alembic reads `pyproject.toml`. One that cannot be read is taken for a new one, as none at all is.
pub(super) fn reads_toml(version: &str) -> bool {
    Version::parse(version).is_none_or(|version| version >= Version::new(1, 16, 0))
}

/// Where it is looked up, which is where alembic runs: beside the configuration, or at the top for
/// `alembic -c backend/alembic.ini`.
pub(super) fn pyprojects(environment: &Alembic) -> [String; 2] {
    let beside =
        environment.configuration.rsplit_once('/').map_or(String::new(), |(directory, _)| format!("{directory}/"));
    [format!("{beside}pyproject.toml"), "pyproject.toml".to_owned()]
}

/// The ini file, where it has a section of hooks, even an empty one: then those of `pyproject.toml` are not read.
pub(super) fn hooks_of_ini<'facts>(facts: &'facts Facts, environment: &Alembic) -> Option<(&'facts Source, ini::Ini)> {
    let source = environment.ini.as_ref().and_then(|path| facts.source(path))?;
    let ini = ini::parse(source.text()).ok()?;
    ini.sections.contains_key("post_write_hooks").then_some((source, ini))
}

fn hooks(source: &Source, toml: &toml::Toml, version: Option<&str>) -> Option<Finding> {
    let (shape, range) = toml.shape_of_hooks(&HOOKS);
    let (what, error) = match shape {
        Shape::Fine => return None,
        Shape::Nested => ("tables", "TypeError: unsupported operand type(s) for %: 'dict' and 'dict'"),
        Shape::List => ("a list", "TypeError: unsupported operand type(s) for %: 'list' and 'dict'"),
        Shape::Strings => ("strings", "ValueError: dictionary update sequence element #0 has length 1; 2 is required"),
    };
    let message = format!("`post_write_hooks` is a table of {what}, where Alembic reads an array of tables")
        .replace("of a list", "with a list");
    let finding = Finding::at(&source.span(range), format!("{}: post_write_hooks", source.path()), message)
        .label("ends every command of alembic")
        .seen("pyproject.toml", "tool.alembic.post_write_hooks", format!("{what}; so each command says: {error}"))
        .seen("lock file", "alembic", version.unwrap_or("version not pinned, taken for 1.16 or newer"));
    let Some(edit) = as_array(source.text(), &HOOKS).and_then(|written| difference(source, &written)) else {
        return Some(
            finding.help("write each hook as `[[tool.alembic.post_write_hooks]]` with `name`, `type` and its settings"),
        );
    };
    let title = format!("write the hooks of `{}` as `[[tool.alembic.post_write_hooks]]`", source.path());
    Some(finding.fix(Fix::safe(title, vec![Step::Edit(edit)])))
}

/// One edit that makes a source what was written, in whole characters.
fn difference(source: &Source, written: &str) -> Option<Edit> {
    let text = source.text();
    let common = |one: &mut dyn Iterator<Item = char>, other: &mut dyn Iterator<Item = char>| {
        one.zip(other).take_while(|(one, other)| one == other).map(|(one, _)| one.len_utf8()).sum::<usize>()
    };
    let start = common(&mut text.chars(), &mut written.chars());
    let (left, right) = (text.get(start..)?, written.get(start..)?);
    let end = common(&mut left.chars().rev(), &mut right.chars().rev());
    let span = source.span(start..text.len() - end);
    Some(Edit { span, text: right.get(..right.len() - end)?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alembic_reads_toml_since_1_16() {
        assert!(reads_toml("1.16.0") && reads_toml("2.0") && !reads_toml("1.15.2") && reads_toml("x"));
    }
}
