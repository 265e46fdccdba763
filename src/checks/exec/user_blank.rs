//! A service's `user:` comes out blank because its variables are set nowhere, and a blank user is root.

use crate::access::service::service_changes_user;
use crate::access::user_variables::{UnsetVariable, unset_variables};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::project::compose::Service;

use super::as_root::root_is_the_person;
use super::numbers_in_env::{exported_somewhere, harms, own_numbers};

pub(super) fn check(facts: &Facts) -> Checked {
    let host = facts.host()?;
    if host.root_owner.uid == 0 {
        return Ok(vec![]);
    }
    let blank: Vec<(&Service, Vec<UnsetVariable>)> = facts
        .project
        .services()
        .filter(|service| is_blank(facts, service))
        .map(|service| {
            let unset = unset_variables(facts, service).into_iter().filter(|variable| !variable.has_default);
            (service, unset.collect::<Vec<_>>())
        })
        .filter(|(_, unset)| !unset.is_empty() && !unset.iter().any(|one| exported_somewhere(facts, &one.name)))
        .collect();
    let Some(((service, unset), others)) = blank.split_first() else { return Ok(vec![]) };
    let Some(first) = unset.first() else { return Ok(vec![]) };
    let names: Vec<String> = unset.iter().map(|one| format!("`{}`", one.name)).collect();
    let set = if names.len() == 1 { "is set" } else { "are set" };
    let written = service.user.as_ref().map(|user| user.value.clone()).unwrap_or_default();
    let name = &service.name.value;
    let message = format!("`{name}` runs as root: {} {set} nowhere, so its user comes out blank", names.join(" and "));
    let subject = unset.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(":");
    let mut finding = Finding::at(&first.span, subject, message)
        .label(format!("comes out as `{written}`, which is root without a word"))
        .seen("environment and .env", "for Compose", format!("{} not set", names.join(" and ")))
        .service(name);
    for mount in service.mounts.iter().filter(|mount| harms(facts, mount)).take(2) {
        finding = finding.related(&mount.span, "what it writes here belongs to root");
    }
    for (other, unset) in others {
        finding = finding.service(&other.name.value);
        if let Some(first) = unset.first() {
            finding = finding.related(&first.span, format!("`{}` as well", other.name.value));
        }
    }
    if let Some(container) = facts.docker.as_ref().ok().and_then(|docker| docker.container_of(name)) {
        finding = finding.seen("docker inspect", &container.name, format!("Config.User \"{}\"", container.user));
    }
    let services: Vec<&Service> = blank.iter().map(|(service, _)| *service).collect();
    Ok(vec![finding.fix(own_numbers(facts, host, &services))])
}

/// Whether a service's `user:` says no user number, and root's leftovers would be the person's trouble.
fn is_blank(facts: &Facts, service: &Service) -> bool {
    let container = facts.docker.as_ref().ok().and_then(|docker| docker.container_of(&service.name));
    // Somebody starts it with the variables set.
    let runs_as_somebody = container.is_some_and(|container| !container.user.trim_matches(':').is_empty());
    service.user.as_ref().is_some_and(|user| user.value.split(':').next().unwrap_or_default().trim().is_empty())
        && !runs_as_somebody
        && service.mounts.iter().any(|mount| harms(facts, mount))
        && !root_is_the_person(facts, service)
        && !service_changes_user(service, &facts.project, container)
}
