//! A URL sends a container to `localhost`, which in there is the container itself.

use super::{in_force, is_in_file, localhost_of_others, raw, with_readers};
use crate::checks::recreate::recreate;
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::compose::Service;
use crate::project::urls::{DatabaseUrl, Reader, container_port, is_postgres_service, postgres_services};
use crate::text::Span;

pub(super) fn check(facts: &Facts) -> Checked {
    let project = &facts.project;
    let mut findings = vec![];
    for url in in_force(facts).filter(|url| url.is_loopback()) {
        let Some(host) = &url.parts.host else { continue };
        let misled: Vec<&Service> = url
            .services()
            .filter_map(|name| project.service(name))
            .filter(|service| !shares_network(facts, service) && !is_postgres_service(project, service))
            .collect();
        let Some(first) = misled.first() else { continue };
        let names: Vec<&str> = misled.iter().map(|service| service.name.value.as_str()).collect();
        let who = names.join("`, `");
        let mut finding = Finding::at(
            &host.span,
            format!("{}: {}", first.name.value, url.key),
            format!("`{}` sends `{who}` to `{}`, which in a container is the container itself", url.key, host.value),
        )
        .label(format!("inside `{who}` this is `{who}`"));
        finding = with_readers(facts, finding, url);
        let servers: Vec<&Service> = postgres_services(project)
            .into_iter()
            .filter(|server| !names.contains(&server.name.value.as_str()))
            .collect();
        let by_port = servers.iter().filter(|server| server.ports.iter().any(|port| port.host == Some(url.port())));
        let meant = match servers.as_slice() {
            [only] => Some(*only),
            _ => by_port.copied().next(),
        };
        findings.push(match meant {
            Some(server) => toward(facts, finding, url, server, first),
            None if servers.is_empty() => finding.help(
                "name the machine that runs Postgres as the container sees it: `host.docker.internal`, with `extra_hosts: [\"host.docker.internal:host-gateway\"]` in the service",
            ),
            None => finding.help(format!("write the name of the service that is meant in place of `{}`", host.value)),
        });
    }
    findings.extend(localhost_of_others::findings(facts));
    Ok(findings)
}

/// Whether `localhost` in a service is more than its own container: it joins another network, or another joins its own.
pub(super) fn shares_network(facts: &Facts, service: &Service) -> bool {
    let mode = |service: &Service| service.network_mode.as_ref().map_or(String::new(), |mode| mode.value.clone());
    let own = mode(service);
    let joined = format!("service:{}", service.name.value);
    own == "host"
        || own.starts_with("service:")
        || own.starts_with("container:")
        || facts.project.services().any(|other| mode(other) == joined)
}

/// Adds the way to the service that is meant.
fn toward(facts: &Facts, finding: Finding, url: &DatabaseUrl, server: &Service, reader: &Service) -> Finding {
    let port = container_port(server);
    let target = format!("{}:{port}", server.name.value);
    let finding =
        finding.related(&server.name.span, format!("Postgres listens here, at `{target}` for the other services"));
    let recreate = recreate(facts, &[&reader.name.value]);
    let also_host = url.readers.contains(&Reader::Host);
    match steps(facts, url, &server.name.value, port, 5432).filter(|_| !also_host) {
        Some(steps) => {
            let title = format!("write `{target}` in place of `{}` in `{}`", url.named(), url.span.path);
            finding.fix(Fix::risky(title, steps).afterwards(recreate))
        }
        None => {
            // The same text is right for programs on the host, so it stays, and the service gets one of its own.
            let title = format!(
                "give `{}` a URL of its own: in its `environment:`, `{}` with `{target}` in place of `{}`",
                reader.name.value,
                url.key,
                url.named()
            );
            finding.fix(Fix::manual(title).afterwards(recreate))
        }
    }
}

/// The edits that lead to the service, where host and port stand in the text itself. `usual`: the port of a URL that names
/// none.
pub(super) fn steps(facts: &Facts, url: &DatabaseUrl, name: &str, port: u16, usual: u16) -> Option<Vec<Step>> {
    let host = url.parts.host.as_ref().filter(|_| is_in_file(url))?;
    let source = facts.source(&host.span.path)?;
    (source.slice(&host.span) == host.value).then_some(())?;
    let mut span = host.span.clone();
    let bracket = Span { start: span.start.checked_sub(1)?, end: span.end + 1, ..span.clone() };
    if source.slice(&bracket).starts_with('[') && source.slice(&bracket).ends_with(']') {
        span = bracket;
    }
    let mut steps = vec![];
    match &url.parts.port {
        Some(written) if written.value == port => steps.push(Edit { span, text: name.to_owned() }),
        Some(written) if source.slice(&written.span) == written.value.to_string() => {
            steps.push(Edit { span, text: name.to_owned() });
            steps.push(Edit { span: written.span.clone(), text: port.to_string() });
        }
        None if port == usual => steps.push(Edit { span, text: name.to_owned() }),
        None => steps.push(Edit { span, text: format!("{name}:{port}") }),
        Some(_) => return None,
    }
    (!raw(facts, url).is_empty()).then(|| steps.into_iter().map(Step::Edit).collect())
}
