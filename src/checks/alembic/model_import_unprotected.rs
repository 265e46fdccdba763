//! Ruff would remove an import that nothing uses by name, and with it the tables that it makes known.

use crate::checks::python_fix::{edit, listed, with_fix};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::python::Unprotected;

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings: Vec<Finding> = vec![];
    let mut seen = vec![];
    for import in facts.project.python.environments.iter().flat_map(|it| &it.unprotected) {
        // Several environments may share a registry.
        if !seen.contains(&&import.name.span) {
            seen.push(&import.name.span);
            findings.push(finding(facts, import));
        }
    }
    Ok(findings)
}

fn finding(facts: &Facts, import: &Unprotected) -> Finding {
    let classes = &facts.project.python.classes;
    let names: Vec<&str> =
        import.tables.iter().filter_map(|table| classes.get(*table)).map(|class| class.name.value.as_str()).collect();
    let path = import.name.span.path.to_string();
    let message = format!(
        "Ruff removes the import of `{}` from `{path}`, and autogenerate no longer sees {}",
        import.name.value,
        listed(&names)
    );
    // The name comes second in a sentence that begins with a small letter.
    let message = format!("nothing uses this import by name: {message}");
    let finding = Finding::at(&import.name.span, format!("{path}: {}", import.name.value), message)
        .label("only runs the module, which F401 calls unused")
        .related(&import.ruff.span, import.ruff.value.clone())
        .seen("imports", &path, format!("`{}` makes {} tables known", import.name.value, names.len()));
    let fix = Fix::safe(
        format!("say `noqa: F401` behind the import in `{path}`"),
        vec![edit(&import.cure.span, import.cure.value.clone())],
    );
    with_fix(facts, finding, Some(fix), "write `# noqa: F401` behind the import")
}
