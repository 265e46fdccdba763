//! A URL in a container names the port that a service publishes on the host, where between services its own port counts.

use super::{in_force, is_in_file, recreated, with_readers};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::compose::Service;
use crate::project::urls::{Reader, container_port, is_postgres_service};

pub(super) fn check(facts: &Facts) -> Checked {
    let project = &facts.project;
    let mut findings = vec![];
    for url in in_force(facts) {
        let (Some(server), Some(port)) = (project.service(url.host()), &url.parts.port) else { continue };
        let own = container_port(server);
        let readers: Vec<&str> = url.services().filter(|name| !has_other_network(facts, name)).collect();
        let misled = server.ports.iter().find(|known| known.host == Some(port.value) && known.container == own);
        let Some(published) = misled.filter(|_| !listens_at(server, port.value) && !readers.is_empty()) else {
            continue;
        };
        if own == port.value || !is_postgres_service(project, server) {
            continue;
        }
        let (name, who) = (&server.name.value, readers.join("`, `"));
        let message =
            format!("`{}` sends `{who}` to port {} of `{name}`, which counts on the host only", url.key, port.value);
        let mut finding = Finding::at(&port.span, format!("{}: {}", readers.join(", "), url.key), message)
            .label(format!("for other services `{name}` listens at {own}"))
            .related(&published.span, "published on the host here");
        finding = with_readers(facts, finding, url);
        let text = facts.source(&port.span.path).map_or("", |source| source.slice(&port.span));
        let editable = is_in_file(url) && !url.readers.contains(&Reader::Host) && text == port.value.to_string();
        let fix = if editable {
            let title = format!("write `{name}:{own}` in place of `{}` in `{}`", url.named(), url.span.path);
            Fix::risky(title, vec![Step::Edit(Edit { span: port.span.clone(), text: own.to_string() })])
        } else {
            Fix::manual(format!("give `{who}` a URL with `{name}:{own}` in place of `{}`", url.named()))
        };
        findings.push(finding.fix(recreated(fix, url)));
    }
    Ok(findings)
}

/// Whether a service is told to listen at a port by other means than `ports:`.
fn listens_at(server: &Service, port: u16) -> bool {
    let words = server.command.iter().chain(&server.entrypoint).flat_map(|words| &words.value);
    words.into_iter().any(|word| word.contains(&port.to_string()))
        || server.ports.iter().any(|known| known.container == port)
}

/// Whether a service is not in the network where services find each other by name.
pub(super) fn has_other_network(facts: &Facts, name: &str) -> bool {
    facts.project.service(name).is_none_or(|service| service.network_mode.is_some())
}
