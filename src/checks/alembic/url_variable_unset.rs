//! `env.py` cannot do without a variable that the service lacks in which alembic is run.

mod arguments;
mod given;
mod runs;
mod surely;
mod words;

use std::collections::BTreeSet;

use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;

use given::has;
use runs::{called, started};

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    let [environment] = facts.project.alembic.as_slice() else { return Ok(findings) };
    let mut environments = facts.project.python.environments.iter();
    let Some(script) = environments.find(|it| Some(&it.env_py) == environment.env_py.as_ref()) else {
        return Ok(findings);
    };
    let mut seen = BTreeSet::new();
    for run in called(facts).into_iter().chain(facts.project.services().filter_map(|service| started(facts, service))) {
        let service = run.service;
        // uv reads that file.
        if has(facts, service, "UV_ENV_FILE") {
            continue;
        }
        for variable in &script.required {
            let name = variable.value.as_str();
            if run.gives(name) || has(facts, service, name) || !seen.insert((service.name.value.clone(), name)) {
                continue;
            }
            let message = format!("`env.py` reads `{name}`, which `{}` does not have", service.name.value);
            findings.push(
                Finding::at(&variable.span, format!("{}: {name}", service.name.value), message)
                    .label(format!("KeyError: '{name}'"))
                    .related(run.span, "runs alembic there")
                    .related(&service.name.span, "gives no such variable")
                    .seen(
                        "compose",
                        &service.name.value,
                        format!("no `{name}` in `environment:`, `env_file:` or the image's ENV"),
                    )
                    .service(service.name.value.clone())
                    .fix(Fix::manual(format!("give `{name}` to `{}` in `environment:`", service.name.value))),
            );
        }
    }
    Ok(findings)
}
