//! The cure of a service that works as root in the project: it runs as the person, with a home, caches and mounts that work.

use crate::access::Tool;
use crate::checks::own_numbers::own_numbers;
use crate::checks::recreate::recreate;
use crate::facts::{Container, Facts, Owner};
use crate::finding::Finding;
use crate::fix::Fix;
use crate::project::compose::Service;

use super::edits::run_as;
use super::other_mounts::OtherMounts;

/// Adds the fix, and what has to be done before it where the person could not write all that the service keeps.
pub(super) fn run_as_person(
    facts: &Facts,
    service: &Service,
    container: Option<&Container>,
    finding: Finding,
) -> Finding {
    let (before, fix) = cure(facts, service, container);
    before.into_iter().fold(finding, Finding::help).fix(fix)
}

/// The fix that makes a service run as the owner of the project, and what has to be done before it.
pub(super) fn cure(facts: &Facts, service: &Service, container: Option<&Container>) -> (Vec<String>, Fix) {
    let mut before = vec![];
    let person = facts.host.as_ref().map_or(Owner { uid: 1000, gid: 1000 }, |host| host.root_owner);
    let (user, in_env) = own_numbers(facts, person);
    let name = &service.name.value;
    let others = OtherMounts::of(facts, service, container, person);
    let closed: Vec<String> = others.closed.iter().map(|(target, _)| target.clone()).collect();
    let waits = [closed.as_slice(), &others.unknown].concat();
    if !waits.is_empty() {
        for (target, stat) in &others.closed {
            let chown = match container {
                Some(container) if container.running => {
                    format!("docker compose exec -u 0 {name} chown -hR {person} {target}")
                }
                _ => format!("docker compose run --rm --no-deps -u 0 --entrypoint chown {name} -hR {person} {target}"),
            };
            before.push(format!("give it `{target}` first, which is {stat}: {chown}"));
        }
        if !others.unknown.is_empty() {
            let unknown = listed(&others.unknown);
            before.push(format!("see first who can write {unknown}: that could not be looked at"));
        }
        let title = format!("run `{name}` as {person} when it can write {}", listed(&waits));
        return (before, Fix::manual(format!("{title}: set `user: \"{user}\"`")));
    }
    let mut title = format!("run `{name}` as {person}");
    if !others.given.is_empty() {
        title.push_str(&format!(", and give it {}", listed(&others.given)));
    }
    let variables = variables(service, container, person);
    let steps = facts.source(&service.block.span.path).and_then(|source| run_as(service, source, &user, &variables));
    let fix = match steps {
        Some(steps) => {
            let steps = steps.into_iter().chain(in_env).chain(others.step).collect();
            Fix::risky(title, steps).afterwards(recreate(facts, &[name]))
        }
        None => Fix::manual(format!("{title}: set `user: \"{user}\"` where the service gets its keys from")),
    };
    (before, fix)
}

/// The variables that a number without login needs.
fn variables(service: &Service, container: Option<&Container>, person: Owner) -> Vec<(&'static str, &'static str)> {
    let has_login = container.is_some_and(|container| {
        container.passwd.as_ref().is_ok_and(|entries| entries.iter().any(|entry| entry.uid == person.uid))
    });
    let mut variables = vec![];
    let home = container.and_then(|container| container.environment.get("HOME"));
    let unusable = !has_login || home.is_some_and(|home| home.starts_with("/root"));
    if unusable && !service.environment.contains_key("HOME") {
        variables.push(("HOME", "/tmp"));
    }
    // A cache that the image fixes to a folder of root's moves as well.
    for (tool, path) in [(Tool::Uv, "/tmp/uv-cache"), (Tool::Pip, "/tmp/pip-cache"), (Tool::Npm, "/tmp/npm-cache")] {
        let fixed = container.is_some_and(|container| tool.moved_to(&container.environment).is_some());
        let said = service.environment.keys().any(|name| tool.is_moved_by(name));
        variables.extend(tool.variable().filter(|_| fixed && !said).map(|variable| (variable, path)));
    }
    variables
}

/// `` `/a`, `/b` and `/c` ``.
fn listed(paths: &[String]) -> String {
    let quoted: Vec<String> = paths.iter().map(|path| format!("`{path}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, first)) => format!("{} and {last}", first.join(", ")),
        None => String::new(),
    }
}
