//! What is said of an `env.py` that imports its models by a call, whose modules are known only when it runs.

use crate::checks::python_fix::listed;
use crate::facts::Facts;
use crate::finding::Finding;
use crate::project::python::Environment;
use crate::text::Span;
use crate::text::counted;

/// What is imported only when it runs cannot be told from here; where nothing hints at a module, that is said.
pub(super) fn uncertain(facts: &Facts, environment: &Environment, call: &Span) -> Option<Finding> {
    let text = facts.source(&call.path)?.text();
    let hinted = |path: &str| {
        let parts = path.strip_suffix(".py").unwrap_or(path).split('/');
        parts
            .filter(|part| part.len() > 2 && !matches!(*part, "src" | "app" | "__init__"))
            .any(|part| text.contains(part))
    };
    let classes = environment.unreached.iter().filter_map(|(class, _)| facts.project.python.classes.get(*class));
    let classes: Vec<_> = classes.map(|class| &class.name).filter(|name| !hinted(&name.span.path)).collect();
    if classes.is_empty() {
        return None;
    }
    let names: Vec<&str> = classes.iter().map(|name| name.value.as_str()).collect();
    let env_py = &environment.env_py;
    let message = format!("whether `{env_py}` imports {} cannot be told without running it", listed(&names));
    let finding = Finding::at(call, format!("{env_py}: {}", names.join(" ")), message)
        .label("which modules this imports is only known when it runs")
        .seen(
            "imports",
            env_py,
            counted(
                environment.reached.len() - 1,
                "file of the project is reached for certain",
                "files of the project are reached for certain",
            ),
        );
    let finding = classes
        .iter()
        .take(4)
        .fold(finding, |finding, name| finding.related(&name.span, format!("`{}` is a table", name.value)));
    Some(finding.help("print `sorted(target_metadata.tables)` in `env.py` and run `alembic current`").only_info())
}
