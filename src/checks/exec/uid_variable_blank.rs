//! The number that stands in a service's `user:` for a variable that is set nowhere is not the person's.

use crate::access::shows_project;
use crate::access::user_variables::unset_variables;
use crate::facts::{Facts, Host};
use crate::finding::{Checked, Finding};
use crate::project::commands::user::{names_a_group, names_a_number};
use crate::project::compose::Service;

use super::as_root::root_is_the_person;
use super::numbers_in_env::{exported_somewhere, own_numbers};

pub(super) fn check(facts: &Facts) -> Checked {
    let host = facts.host()?;
    // Root asks for a project of somebody else's; whose number is meant cannot be said.
    if host.developer().uid == 0 || host.developer().uid != host.root_owner.uid {
        return Ok(vec![]);
    }
    let mut findings: Vec<Finding> = vec![];
    for service in facts.project.services() {
        findings.extend(judged(facts, host, service));
    }
    // One cure is enough: it edits all of them.
    let services: Vec<&Service> =
        findings.iter().filter_map(|finding| facts.project.service(finding.services.first()?)).collect();
    let fix = own_numbers(facts, host, &services);
    let mut findings = findings.into_iter();
    let Some(mut finding) = findings.next() else { return Ok(vec![]) };
    for other in findings {
        if let Some(place) = other.place {
            finding = finding.related(place, other.message);
        }
        finding.services.extend(other.services);
    }
    Ok(vec![finding.fix(fix)])
}

fn judged(facts: &Facts, host: &Host, service: &Service) -> Option<Finding> {
    let user = service.user.as_ref()?;
    let number = user.value.split(':').next()?.parse::<u32>().ok().filter(|number| *number != 0)?;
    let me = host.developer();
    let variable = unset_variables(facts, service)
        .into_iter()
        .find(|variable| variable.has_default && names_a_number(&variable.name) && !names_a_group(&variable.name))?;
    let container = facts.docker.as_ref().ok().and_then(|docker| docker.container_of(&service.name));
    let runs_as_me = container.is_some_and(|container| container.user.split(':').next() == Some(&me.uid.to_string()));
    let mount = service.mounts.iter().find(|mount| shows_project(facts, mount))?;
    if number == me.uid || runs_as_me || root_is_the_person(facts, service) || exported_somewhere(facts, &variable.name)
    {
        return None;
    }
    let name = &service.name.value;
    let message = format!("`{name}` runs as {number}, and you are {}: `{}` is set nowhere", me.uid, variable.name);
    Some(
        Finding::at(&variable.span, &variable.name, message)
            .label(format!("its default {number} stands in its place"))
            .related(&mount.span, format!("what it writes here belongs to {number}, and what is yours it cannot write"))
            .seen("environment and .env", "for Compose", format!("`{}` not set", variable.name))
            .seen("id", "you", me)
            .service(name),
    )
}
