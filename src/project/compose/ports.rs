//! `ports:` of a service.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::Port;
use super::load::Reader;
use super::tree::{Data, Tree};

impl Reader<'_> {
    /// The published TCP ports of a service.
    pub(super) fn ports(&mut self, name: &str, service: &Tree) -> Vec<Port> {
        let mut ports: Vec<Port> = vec![];
        let mut known = BTreeSet::new();
        for tree in self.list(service, name, "ports") {
            let read = match &tree.data {
                Data::Text { text, .. } => short(text, &tree),
                Data::Mapping(_) => long(&tree),
                _ => Err("a port must be a number, a string or a mapping".to_owned()),
            };
            match read {
                Ok(read) => {
                    for port in read {
                        if known.insert((port.container, port.host, port.address.clone())) {
                            ports.push(port);
                        }
                    }
                }
                Err(message) => self.refuse(&tree.span, message, format!("ports of `{name}`")),
            }
        }
        ports
    }
}

/// `[[address:]host:]container[/protocol]`, with ranges.
fn short(text: &str, tree: &Tree) -> Result<Vec<Port>, String> {
    let (text, protocol) = text.split_once('/').unwrap_or((text, "tcp"));
    let (rest, container) = text.rsplit_once(':').unwrap_or(("", text));
    let (address, host) = match rest.rsplit_once(':') {
        Some((address, host)) => (address.trim_start_matches('[').trim_end_matches(']'), host),
        None => ("", rest),
    };
    if container.is_empty() {
        return Err("no container port is given".to_owned());
    }
    if !matches!(protocol.to_ascii_lowercase().as_str(), "tcp" | "udp" | "sctp") {
        return Err(format!("invalid protocol `{}`", protocol.escape_debug()));
    }
    if !address.is_empty() && address.parse::<IpAddr>().is_err() {
        return Err(format!("invalid address `{}`", address.escape_debug()));
    }
    let (first, last) =
        range(container).ok_or_else(|| format!("invalid container port `{}`", container.escape_debug()))?;
    let hosts = match host {
        "" => None,
        _ => Some(range(host).ok_or_else(|| format!("invalid host port `{}`", host.escape_debug()))?),
    };
    let count = last - first;
    if hosts.is_some_and(|(first, last)| last - first != count && count > 0) {
        return Err(format!("ranges of different length: `{container}` and `{host}`"));
    }
    if !protocol.eq_ignore_ascii_case("tcp") {
        return Ok(vec![]);
    }
    Ok((0..=count)
        .map(|offset| Port {
            container: first + offset,
            // Of a range for one container port the engine takes any.
            host: hosts.filter(|(first, last)| last - first == count).map(|(first, _)| first + offset),
            address: address.to_owned(),
            span: tree.span.clone(),
        })
        .map(|port| Port { host: port.host.filter(|host| *host > 0), ..port })
        .collect())
}

fn long(tree: &Tree) -> Result<Vec<Port>, String> {
    let text = |key: &str| tree.present(key).and_then(Tree::text).unwrap_or("");
    let target = text("target");
    if target.is_empty() {
        return Err("a port in long form needs a `target`".to_owned());
    }
    let container = target.parse().map_err(|_| format!("invalid `target` port `{}`", target.escape_debug()))?;
    let address = text("host_ip");
    if tree.present("host_ip").is_some() && address.parse::<IpAddr>().is_err() {
        return Err(format!("invalid `host_ip` `{}`", address.escape_debug()));
    }
    let published = text("published");
    if !published.is_empty() && range(published).is_none() {
        return Err(format!("invalid `published` port `{}`", published.escape_debug()));
    }
    if !matches!(text("protocol"), "" | "tcp") {
        return Ok(vec![]);
    }
    let host = published.parse().ok().filter(|host| *host > 0);
    Ok(vec![Port { container, host, address: address.to_owned(), span: tree.span.clone() }])
}

fn range(text: &str) -> Option<(u16, u16)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last).then_some((first, last))
}
