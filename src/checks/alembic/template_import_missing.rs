//! `script.py.mako` lacks an import that the types of the project's models need: the next revision will be broken.

mod types;

use super::edits::line_behind;
use crate::checks::python_fix::listed;
use crate::facts::Facts;
use crate::finding::{Checked, Finding, Place};
use crate::fix::{Fix, Step};
use crate::project::alembic::Alembic;
use crate::project::alembic::revisions::Template;
use crate::text::Spanned;

/// What Alembic puts the imports of types into.
const SLOT: &str = "${imports if imports else \"\"}";

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for environment in &facts.project.alembic {
        let Some(template) = &environment.revisions.template else { continue };
        findings.extend(imports(facts, environment, template));
        if !template.writes_imports {
            findings.extend(slot(facts, template));
        }
    }
    Ok(findings)
}

/// The import lines that are missing, with the package of each.
fn imports(facts: &Facts, environment: &Alembic, template: &Template) -> Option<Finding> {
    let revisions = &environment.revisions;
    let added = revisions.environment.rendered_imports.as_ref();
    if added.is_some_and(Vec::is_empty) {
        return None; // `render_item` of another module: what it adds cannot be told
    }
    if let Some(prefix) = &revisions.environment.types_prefix {
        if added.is_some() {
            return None; // what `render_item` writes has no prefix, or one that it imports
        }
        return prefixed(facts, environment, template, prefix);
    }
    let adds = |root: &str| {
        let imports = |line: &String| line.split([' ', '.', ',']).nth(1) == Some(root);
        added.is_some_and(|added| added.iter().any(imports))
    };
    let missing: Vec<(&String, _)> =
        revisions.models.iter().filter(|(root, _)| !template.binds.contains(root) && !adds(root)).collect();
    let roots: Vec<&str> = missing.iter().map(|(root, _)| root.as_str()).collect();
    let lines: Vec<&str> = roots.iter().map(|root| line_of(root)).collect();
    let source = facts.source(&template.path)?;
    roots.first()?;
    let named = roots.join("` and `");
    let message =
        format!("revisions written from `{}` will not import `{named}`, whose types the models use", template.path);
    let mut finding = Finding::at(place(template), format!("{}: {}", template.path, roots.join(", ")), message)
        .label(format!("{} {} missing", listed(&lines), if lines.len() > 1 { "are" } else { "is" }))
        .seen("script.py.mako", &template.path, format!("does not bind {}", listed(&roots)));
    for (root, model) in missing {
        finding = finding.related(model, format!("a model uses types of `{root}`"));
    }
    let edit = line_behind(source, template.import_after.as_ref(), &lines.join(source.line_end()));
    let title = format!("put {} into `{}`", listed(&lines), template.path);
    Some(finding.fix(Fix::safe(title, vec![Step::Edit(edit)])))
}

/// `user_module_prefix` stands in place of every type's own module: what it begins with is imported, or nothing.
fn prefixed(facts: &Facts, environment: &Alembic, template: &Template, prefix: &Spanned<String>) -> Option<Finding> {
    let revisions = &environment.revisions;
    let root = revisions.environment.types_root().filter(|root| !template.binds.iter().any(|bound| bound == root))?;
    let model = types::with_prefix(facts, environment)?;
    let source = facts.source(&template.path)?;
    let message =
        format!("revisions written from `{}` will not import `{root}`, which every type begins with", template.path);
    let finding = Finding::at(place(template), format!("{}: {root}", template.path), message)
        .label(format!("`{root}` is missing"))
        .related(&prefix.span, "puts it before the types of the models")
        .related(model, "a column of such a type")
        .seen("script.py.mako", &template.path, format!("does not bind `{root}`"));
    if !revisions.models.contains_key(root) {
        return Some(
            finding.help(format!("import `{root}` in `{}`, or leave out `user_module_prefix`", template.path)),
        );
    }
    let edit = line_behind(source, template.import_after.as_ref(), line_of(root));
    let title = format!("put `{}` into `{}`", line_of(root), template.path);
    Some(finding.fix(Fix::safe(title, vec![Step::Edit(edit)])))
}

fn line_of(root: &str) -> &'static str {
    match root {
        "pgvector" => "import pgvector.sqlalchemy",
        "geoalchemy2" => "import geoalchemy2",
        "sqlalchemy_utils" => "import sqlalchemy_utils",
        _ => "import sqlmodel",
    }
}

fn place(template: &Template) -> Place {
    template.import_after.as_ref().map_or_else(|| Place::Path(template.path.clone()), Place::from)
}

fn slot(facts: &Facts, template: &Template) -> Option<Finding> {
    let source = facts.source(&template.path)?;
    let message = format!("`{}` has no place for the imports that types ask for, such as `postgresql`", template.path);
    let edit = line_behind(source, template.import_after.as_ref(), SLOT);
    let title = format!("put `{SLOT}` into `{}`", template.path);
    Some(
        Finding::at(place(template), format!("{}: imports", template.path), message)
            .label("`${imports}` is missing")
            .seen("script.py.mako", &template.path, "no expression names `imports`")
            .fix(Fix::safe(title, vec![Step::Edit(edit)])),
    )
}
