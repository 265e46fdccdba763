//! `env.py` cannot do without a variable that the service lacks in which alembic is run.

use std::collections::BTreeSet;

use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::commands::{DockerCall, DockerVerb};

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    let [environment] = facts.project.alembic.as_slice() else { return Ok(findings) };
    let script = &environment.revisions.environment;
    let mut seen = BTreeSet::new();
    for line in &facts.project.commands {
        let call = &line.call;
        let of_compose = matches!(call.verb, DockerVerb::ComposeExec | DockerVerb::ComposeRun);
        let target = call.target.as_ref().filter(|_| of_compose && runs_alembic(call) && !script.loads_dotenv);
        let Some(service) = target.and_then(|target| facts.project.service(&target.value)) else { continue };
        for variable in &script.required {
            let name = variable.value.as_str();
            let given = call.environment.iter().any(|(given, _)| given == name)
                || call.command.iter().any(|word| word.value.contains(name));
            if given || has(facts, service, name) || !seen.insert((service.name.value.clone(), name)) {
                continue;
            }
            let message = format!("`env.py` reads `{name}`, which `{}` does not have", service.name.value);
            findings.push(
                Finding::at(&variable.span, format!("{}: {name}", service.name.value), message)
                    .label(format!("KeyError: '{name}'"))
                    .related(&line.span, "runs alembic there")
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

fn runs_alembic(call: &DockerCall) -> bool {
    call.command.iter().any(|word| word.value.split(|one: char| !one.is_alphanumeric()).any(|part| part == "alembic"))
}

/// Whether a service has a variable, by its files or as it runs. What cannot be seen counts as if it did.
fn has(facts: &Facts, service: &crate::project::compose::Service, name: &str) -> bool {
    if service.environment.get(name).is_some() {
        return true;
    }
    if let Some(container) = facts.docker.as_ref().ok().and_then(|docker| docker.container_of(&service.name.value)) {
        return container.environment.get(name).is_some();
    }
    match &service.build {
        Some(build) => facts
            .project
            .dockerfile_of(service)
            .is_none_or(|file| file.variable_of(build.target.as_deref(), name).is_some()),
        None => false,
    }
}
