//! A revision uses names that nothing in the file binds: it ends in a `NameError` when it is run.

use std::collections::BTreeMap;

use super::edits::{if_python, imports};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Applicability, Fix};
use crate::project::alembic::revisions::{Revision, Revisions};
use crate::text::Spanned;

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for environment in &facts.project.alembic {
        for revision in &environment.revisions.files {
            let mut by_root: BTreeMap<&str, Vec<&Spanned<String>>> = BTreeMap::new();
            for name in &revision.unbound {
                by_root.entry(name.value.split('.').next().unwrap_or("")).or_default().push(name);
            }
            let all = by_root.into_iter();
            findings
                .extend(all.filter_map(|(root, uses)| unbound(facts, &environment.revisions, revision, root, &uses)));
            findings.extend(half_imported(facts, &environment.version_directories, revision));
        }
    }
    Ok(findings)
}

fn unbound(
    facts: &Facts,
    revisions: &Revisions,
    revision: &Revision,
    root: &str,
    uses: &[&Spanned<String>],
) -> Option<Finding> {
    let (first, source) = (uses.first()?, facts.source(&revision.path)?);
    let message = format!("`{root}` is not defined in `{}`, which uses it", revision.path);
    let mut finding = Finding::at(&first.span, format!("{}: {root}", revision.path), message)
        .label("a NameError when this line is run")
        .seen("syntax tree", &revision.path, format!("{} of `{root}`, bound by no import", times(uses.len())));
    for other in uses.iter().skip(1).take(2) {
        finding = finding.related(&other.span, "is not bound here either");
    }
    // Each name may lie in a module of its own.
    let mut lines: Vec<(String, Applicability)> = vec![];
    for name in uses {
        match import_of(revisions, name) {
            Some(line) if !lines.contains(&line) => lines.push(line),
            Some(_) => {}
            None => {
                return Some(finding.help(format!("import `{root}` in `{}`, or write a type that is", revision.path)));
            }
        }
    }
    let lines_of: Vec<&str> = lines.iter().map(|(line, _)| line.as_str()).collect();
    let edits = imports(facts, source, revision.import_after.as_ref(), &lines_of);
    let Some(steps) = if_python(source, edits) else {
        return Some(finding.help(format!("put `{}` at the top of `{}`", lines_of.join("`, `"), revision.path)));
    };
    let title = format!("put `{}` into `{}`", lines_of.join("`, `"), revision.path);
    let safe = lines.iter().all(|(_, how)| *how == Applicability::Safe);
    Some(finding.fix(if safe { Fix::safe(title, steps) } else { Fix::risky(title, steps) }))
}

fn times(count: usize) -> String {
    if count == 1 { "one use".to_owned() } else { format!("{count} uses") }
}

/// The one import that always binds a name.
fn import_of(revisions: &Revisions, name: &str) -> Option<(String, Applicability)> {
    let root = name.split('.').next().unwrap_or(name);
    let safe = |line: String| Some((line, Applicability::Safe));
    match root {
        "op" => return safe("from alembic import op".to_owned()),
        "sa" => return safe("import sqlalchemy as sa".to_owned()),
        "Text" if name == root => return safe("from sqlalchemy import Text".to_owned()),
        "mssql" | "mysql" | "oracle" | "postgresql" | "sqlite" => {
            return safe(format!("from sqlalchemy.dialects import {root}"));
        }
        // The package alone does not have the part, and the module of the class is called otherwise in each version.
        "pgvector" => return safe("import pgvector.sqlalchemy".to_owned()),
        "geoalchemy2" | "sqlalchemy" | "sqlalchemy_utils" | "sqlmodel" => return safe(format!("import {root}")),
        _ => {}
    }
    if let Some(module) = revisions.own_modules.get(name) {
        return safe(format!("import {module}"));
    }
    // Autogenerate writes the module of a type before its class.
    let parts: Vec<&str> = name.split('.').collect();
    let class = parts.iter().position(|part| part.starts_with(char::is_uppercase))?;
    let module = parts.get(..class).filter(|module| module.len() > 1)?.join(".");
    Some((format!("import {module}"), Applicability::Unsafe))
}

/// `import pgvector` alone, in a project whose own code never imports the part that is used.
fn half_imported(facts: &Facts, versions: &[String], revision: &Revision) -> Option<Finding> {
    let (span, source) = (revision.half_imported.as_ref()?, facts.source(&revision.path)?);
    let is_revision = |path: &str| versions.iter().any(|directory| path.starts_with(&format!("{directory}/")));
    let imported_elsewhere = facts.project.wants_vector.iter().any(|place| {
        place.value == "imports pgvector" && place.span.path.ends_with(".py") && !is_revision(&place.span.path)
    });
    if imported_elsewhere {
        return None;
    }
    let message = "`import pgvector` alone does not bring `pgvector.sqlalchemy`, which is used below".to_owned();
    let finding = Finding::at(span, format!("{}: pgvector", revision.path), message)
        .label("an AttributeError when the revision is run")
        .seen("syntax tree", &revision.path, "no file of the project imports `pgvector.sqlalchemy`");
    let edits = imports(facts, source, Some(span), &["import pgvector.sqlalchemy"]);
    Some(match if_python(source, edits) {
        Some(steps) => {
            finding.fix(Fix::safe(format!("put `import pgvector.sqlalchemy` into `{}`", revision.path), steps))
        }
        None => finding.help("write `import pgvector.sqlalchemy`"),
    })
}
