//! A module with tables has two names in one process, so that Python runs it twice, and each table is made twice.

use std::collections::BTreeSet;

use super::table_arguments::has_plain_arguments;
use crate::checks::python_fix::{edit, listed, text, with_fix};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Fix, Step};
use crate::project::python::{Ancestor, Class, Environment, ImportedAs, Twice};

pub(super) fn check(facts: &Facts) -> Checked {
    let python = &facts.project.python;
    let mut findings: Vec<Finding> = vec![];
    let mut told: BTreeSet<(&str, &str)> = BTreeSet::new();
    for environment in &python.environments {
        for twice in &environment.twice {
            // A table may say that it takes what is there.
            let tables = python.tables.iter().filter_map(|it| Some((it.class, python.classes.get(it.class)?)));
            let (indices, tables): (Vec<usize>, Vec<&Class>) =
                tables.filter(|(_, class)| *class.name.span.path == *twice.path).unzip();
            let Some(source) = facts.source(&twice.path) else { continue };
            let takes = ["extend_existing", "keep_existing"].iter().any(|word| source.text().contains(word));
            let Some((kept, other)) = sides(environment, twice) else { continue };
            if takes || !indices.into_iter().all(|table| is_made_plainly(facts, table)) {
                continue;
            }
            if tables.is_empty() || !told.insert((&twice.path, &other.module.value)) {
                continue;
            }
            findings.push(finding(facts, twice, &tables, kept, other));
        }
    }
    Ok(findings)
}

/// Whether all that a table is told is in its own class, to be read there.
fn is_made_plainly(facts: &Facts, table: usize) -> bool {
    let classes = &facts.project.python.classes;
    let is_known = |ancestor: &Ancestor| match ancestor {
        Ancestor::Class(at) if *at == table => {
            classes.get(table).is_some_and(|table| has_plain_arguments(facts, table))
        }
        Ancestor::Class(at) => {
            classes.get(*at).is_some_and(|class| !text(facts, &class.statement).contains("__table_args__"))
        }
        Ancestor::Outside(name) => {
            let known = ["sqlmodel", "sqlalchemy", "pydantic", "typing", "typing_extensions", "abc", "enum", "object"];
            name.split('.').next().is_some_and(|first| known.contains(&first))
        }
        Ancestor::Unknown => false,
    };
    classes.ancestors(table).all(is_known)
}

/// The name that the project itself uses, and the other one: that of `env.py` where it is there alone.
fn sides<'a>(environment: &Environment, twice: &'a Twice) -> Option<(&'a ImportedAs, &'a ImportedAs)> {
    let in_env = |name: &&ImportedAs| *name.module.span.path == *environment.env_py;
    let kept = twice.names.iter().find(|name| !in_env(name)).or_else(|| twice.names.first())?;
    let other = twice.names.iter().find(|name| in_env(name) && *name != kept);
    Some((kept, other.or_else(|| twice.names.iter().find(|name| *name != kept))?))
}

fn finding(facts: &Facts, twice: &Twice, tables: &[&Class], kept: &ImportedAs, other: &ImportedAs) -> Finding {
    let (one, two) = (&kept.module, &other.module);
    let path = &twice.path;
    let message =
        format!("`{path}` is imported as `{}` here and as `{}` elsewhere, and so run twice", two.value, one.value);
    let names: Vec<&str> = tables.iter().map(|table| table.name.value.as_str()).collect();
    let mut finding = Finding::at(&two.span, format!("{path}: {}", two.value), message)
        .label(format!("makes {} a second time", listed(&names)))
        .related(&one.span, format!("imports it as `{}`", one.value))
        .seen("imports", path, format!("{}, {}", two.value, one.value));
    if let Some(table) = tables.first() {
        finding = finding.related(&table.name.span, "is a table that can be made once");
    }
    let steps: Option<Vec<Step>> =
        other.written.iter().map(|written| renamed(facts, written.as_ref()?, &two.value, &one.value)).collect();
    let fix = steps
        .filter(|steps| !steps.is_empty())
        .map(|steps| Fix::safe(format!("import it as `{}` here too", one.value), steps));
    with_fix(finding, fix, "import it under one name everywhere")
}

/// The import under the other name: `src.app.models` whole, or `src.app` of `from src.app import models`.
fn renamed(facts: &Facts, written: &crate::text::Span, from: &str, to: &str) -> Option<Step> {
    let before = text(facts, written);
    let rest = from.strip_prefix(before)?;
    let after = to.strip_suffix(rest).filter(|after| !after.is_empty())?;
    Some(edit(written, after))
}
