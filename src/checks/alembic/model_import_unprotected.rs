//! Ruff would remove an import that nothing uses by name, and with it the tables that it makes known.

use std::collections::BTreeSet;

use crate::checks::python_fix::{edit, listed, with_fix};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::python::Unprotected;
use crate::text::counted;

pub(super) fn check(facts: &Facts) -> Checked {
    // One comment keeps all names of a statement.
    let mut statements: Vec<Vec<&Unprotected>> = vec![];
    for import in facts.project.python.environments.iter().flat_map(|it| &it.unprotected) {
        let same = |names: &&mut Vec<&Unprotected>| names.iter().any(|other| other.cure == import.cure);
        match statements.iter_mut().find(same) {
            // Several environments may share a registry.
            Some(names) if names.iter().any(|other| other.name.span == import.name.span) => {}
            Some(names) => names.push(import),
            None => statements.push(vec![import]),
        }
    }
    Ok(statements.iter().filter_map(|names| finding(facts, names)).collect())
}

/// What is said of one statement, by the names in it that Ruff would remove.
fn finding(facts: &Facts, imports: &[&Unprotected]) -> Option<Finding> {
    let (first, others) = imports.split_first()?;
    let classes = &facts.project.python.classes;
    let names: Vec<&str> = imports.iter().map(|import| import.name.value.as_str()).collect();
    let known: BTreeSet<usize> = imports.iter().flat_map(|import| import.tables.iter().copied()).collect();
    let tables: Vec<&str> =
        known.iter().filter_map(|table| classes.get(*table)).map(|class| class.name.value.as_str()).collect();
    let path = first.name.span.path.to_string();
    let (these, import) = if others.is_empty() { ("this import", "import") } else { ("these imports", "imports") };
    // The name comes second in a sentence that begins with a small letter.
    let message = format!(
        "nothing uses {these} by name: Ruff removes the {import} of {} from `{path}`, and autogenerate no longer sees {}",
        listed(&names),
        listed(&tables)
    );
    let mut finding = Finding::at(&first.name.span, format!("{path}: {}", names.join(" ")), message)
        .label("only runs the module, which F401 calls unused");
    for other in others {
        finding = finding.related(&other.name.span, "unused by name too");
    }
    finding = finding.related(&first.ruff.span, first.ruff.value.clone());
    for import in imports {
        let makes = format!("`{}` makes {} known", import.name.value, counted(import.tables.len(), "table", "tables"));
        finding = finding.seen("imports", &path, makes);
    }
    let fix = Fix::safe(
        format!("say `noqa: F401` behind the import in `{path}`"),
        vec![edit(&first.cure.span, first.cure.value.clone())],
    );
    Some(with_fix(finding, Some(fix), "write `# noqa: F401` behind the import"))
}
