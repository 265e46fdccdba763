//! URLs of Redis, MySQL and others that send a container to itself, where another service is the server that is meant.

use super::localhost_in_container::{shares_network, steps};
use super::with_readers;
use crate::facts::Facts;
use crate::finding::Finding;
use crate::fix::Fix;
use crate::project::compose::Service;
use crate::project::urls::{DatabaseUrl, Program, of_other_programs};

/// The findings. Without a service that is meant there is none: then nobody knows who listens in the container.
pub(super) fn findings(facts: &Facts) -> Vec<Finding> {
    let urls = of_other_programs(&facts.project);
    urls.iter().filter(|(url, _)| url.is_loopback()).filter_map(|(url, program)| of_url(facts, url, program)).collect()
}

fn of_url(facts: &Facts, url: &DatabaseUrl, program: &Program) -> Option<Finding> {
    let project = &facts.project;
    let host = url.parts.host.as_ref()?;
    let port = url.parts.port.as_ref().map_or(program.port, |port| port.value);
    let misled: Vec<&str> = url
        .services()
        .filter_map(|name| project.service(name))
        .filter(|service| !shares_network(facts, service) && !program.is_served_by(service))
        .map(|service| service.name.value.as_str())
        .collect();
    let first = *misled.first()?;
    let servers: Vec<&Service> = project
        .services()
        .filter(|service| program.is_served_by(service) && !misled.contains(&service.name.value.as_str()))
        .collect();
    let publishes = |server: &&&Service| server.ports.iter().any(|known| known.host == Some(port));
    let server = match servers.as_slice() {
        [only] => *only,
        several => several.iter().find(publishes).copied()?,
    };
    let published = server.ports.iter().find(|known| known.host == Some(port)).map(|known| known.container);
    let own = published.unwrap_or(program.port);
    let who = misled.join("`, `");
    let target = format!("{}:{own}", server.name.value);
    let message =
        format!("`{}` sends `{who}` to `{}`, which in a container is the container itself", url.key, host.value);
    let mut finding = Finding::at(&host.span, format!("{first}: {}", url.key), message)
        .label(format!("inside `{who}` this is `{who}`"));
    finding = with_readers(facts, finding, url)
        .related(&server.name.span, format!("{} listens here, at `{target}` for the other services", program.name));
    let written = format!("{}:{port}", host.value);
    let fix = match steps(facts, url, &server.name.value, own, program.port) {
        Some(steps) => Fix::risky(format!("write `{target}` in place of `{written}` in `{}`", url.span.path), steps),
        None => Fix::manual(format!("give `{who}` a URL with `{target}` in place of `{written}`: `{}`", url.key)),
    };
    Some(finding.fix(super::recreated(fix, url)))
}
