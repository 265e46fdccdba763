//! A user or a group is named that the container does not have: the engine starts nothing as it.

use crate::access::RunsAs;
use crate::access::interest::{exec_lines, user_of_line};
use crate::access::user::Unresolved;
use crate::facts::{Container, Facts};
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::text::Span;

/// Login numbers of people, as images have them.
const PEOPLE: std::ops::Range<u32> = 1000..60_000;

pub(super) fn check(facts: &Facts) -> Checked {
    let docker = facts.docker()?;
    let person = facts.developer();
    let mut findings = vec![];
    for (service, container) in docker.services(&facts.project) {
        if container.mounts.iter().any(|mount| matches!(mount.target.as_str(), "/etc/passwd" | "/etc/group")) {
            continue;
        }
        // One that runs has found its user.
        let own = service.user.as_ref().filter(|user| !container.running && user.value == container.user);
        let own = own.map(|user| (&user.span, container.user.clone()));
        let lines = exec_lines(&facts.project, &service.name).filter_map(|line| {
            let user = user_of_line(line, person)?.ok()?;
            Some((&line.call.user.as_ref()?.written.span, user))
        });
        for (place, user) in own.into_iter().chain(lines) {
            let refused = RunsAs::by_exec(container, Some(&user), &[]).err();
            findings.extend(refused.and_then(|why| told(container, &service.name.value, place, why)));
        }
    }
    Ok(findings)
}

fn told(container: &Container, service: &str, place: &Span, why: Unresolved) -> Option<Finding> {
    let (kind, name, file) = match why {
        Unresolved::NoSuchUser(name) => ("user", name, "passwd"),
        Unresolved::NoSuchGroup(name) => ("group", name, "group"),
        Unresolved::OutOfRange(_) | Unresolved::Unknown(_) => return None,
    };
    let people = container.passwd.iter().flatten().filter(|entry| PEOPLE.contains(&entry.uid));
    let people: Vec<String> = people.map(|entry| format!("`{}`", entry.name)).collect();
    let finding = Finding::at(place, format!("{service}: {name}"), format!("`{service}` has no {kind} `{name}`"))
        .label(format!("unable to find {kind} {name}: no matching entries in {file} file"))
        .seen(format!("/etc/{file} of {}", container.name), name, "no such entry")
        .service(service);
    let finding = match people.as_slice() {
        [] => finding,
        people => finding.help(format!("know who has a login there: {}", people.join(", "))),
    };
    Some(finding.fix(Fix::manual("name one that is there, or numbers: -u \"$(id -u):$(id -g)\"")))
}
