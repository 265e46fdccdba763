//! A URL in a container names a host that nothing in its networks is called.

use super::published_port_in_container::has_other_network;
use super::{in_force, is_in_file, recreated, with_readers};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::Project;
use crate::project::compose::Service;
use crate::project::urls::{Reader, postgres_services};

pub(super) fn check(facts: &Facts) -> Checked {
    let project = &facts.project;
    // What could not be read, or stands in a Compose file that is not merged, may bring the name.
    let Some(compose) = project.compose.as_ref().filter(|_| project.unreadable.is_empty()) else { return Ok(vec![]) };
    let servers = postgres_services(project);
    // What has no Postgres of its own is a part of something that has one: another Compose file includes it.
    if servers.is_empty() {
        return Ok(vec![]);
    }
    let mut findings = vec![];
    for url in in_force(facts) {
        let Some(host) = &url.parts.host else { continue };
        let name = host.value.as_str();
        if url.is_loopback() || !is_plain(name) || compose.named_elsewhere.iter().any(|other| other == name) {
            continue;
        }
        let lost: Vec<&str> = url
            .services()
            .filter(|reader| !has_other_network(facts, reader))
            .filter(|reader| project.service(reader).is_some_and(|reader| !finds(project, reader, name)))
            .collect();
        if lost.is_empty() {
            continue;
        }
        let who = lost.join("`, `");
        let message = format!("`{}` sends `{who}` to `{name}`, and no service is called so", url.key);
        let mut finding = Finding::at(&host.span, format!("{}: {}", lost.join(", "), url.key), message)
            .label("no service, alias, container or extra host has this name");
        finding = with_readers(facts, finding, url);
        let [server] = servers.as_slice() else {
            findings.push(finding.help(format!("write the name of the service that is meant in place of `{name}`")));
            continue;
        };
        let meant = &server.name.value;
        finding = finding.related(&server.name.span, "Postgres runs here");
        let text = facts.source(&host.span.path).map_or("", |source| source.slice(&host.span));
        let fix = if is_in_file(url) && !url.readers.contains(&Reader::Host) && text == name {
            let title = format!("write `{meant}` in place of `{name}` in `{}`", url.span.path);
            Fix::risky(title, vec![Step::Edit(Edit { span: host.span.clone(), text: meant.clone() })])
        } else {
            Fix::manual(format!("give `{who}` a URL with `{meant}` in place of `{name}`"))
        };
        findings.push(finding.fix(recreated(fix, url)));
    }
    Ok(findings)
}

/// Whether a host is a plain name: what has a dot, or is no name at all, may be found elsewhere.
fn is_plain(name: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '-' | '_');
    name.starts_with(|character: char| character.is_ascii_alphabetic()) && name.chars().all(plain)
}

/// Whether a service finds a name, or may find it.
fn finds(project: &Project, reader: &Service, name: &str) -> bool {
    let same = |other: &str| other.eq_ignore_ascii_case(name);
    let is_called = |service: &Service| {
        let made = ['-', '_'].map(|sign| format!("{}{sign}{}{sign}", project.name(), service.name.value));
        same(&service.name.value)
            || service.container_name.as_ref().is_some_and(|other| same(&other.value))
            || service.other_names.iter().any(|other| same(other))
            || made.iter().any(|start| name.to_ascii_lowercase().starts_with(start.as_str()))
    };
    reader.has_strangers || reader.known_hosts.iter().any(|other| same(other)) || project.services().any(is_called)
}
