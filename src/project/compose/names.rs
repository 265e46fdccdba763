//! The names by which services find each other: `hostname:`, `aliases:`, `links:`, `extra_hosts:`, external networks.

use super::tree::Tree;
use super::{Service, scalars};

/// Adds the names to a service. `service` is its tree, `file` that of the whole file.
pub(super) fn add(made: &mut Service, service: &Tree, file: &Tree) {
    let texts = |tree: &Tree| tree.items().iter().filter_map(|item| item.text().map(str::to_owned)).collect::<Vec<_>>();
    let mut joined: Vec<&str> = vec![];
    if let Some(networks) = service.present("networks") {
        joined.extend(networks.items().iter().filter_map(Tree::text));
        for (name, network) in networks.entries() {
            joined.push(&name.value);
            made.other_names.extend(network.present("aliases").map(texts).unwrap_or_default());
        }
    }
    if joined.is_empty() {
        joined.push("default");
    }
    made.other_names.extend(service.present("hostname").and_then(Tree::text).map(str::to_owned));
    for key in ["links", "external_links"] {
        for link in service.present(key).map(texts).unwrap_or_default() {
            made.known_hosts.extend(link.split(':').map(str::to_owned));
        }
    }
    if let Some(hosts) = service.present("extra_hosts") {
        let name = |host: &str| host.split([':', '=']).next().unwrap_or(host).to_owned();
        made.known_hosts.extend(texts(hosts).iter().map(|host| name(host)));
        made.known_hosts.extend(hosts.entries().iter().map(|(host, _)| host.value.clone()));
    }
    let is_external = |name: &str| {
        let external = file.present("networks").and_then(|all| all.present(name)?.present("external"));
        external
            .is_some_and(|external| external.is_mapping() || external.text().and_then(scalars::boolean) != Some(false))
    };
    // Whoever has the network of another, or a name server of its own, knows other names.
    let elsewhere = ["network_mode", "dns", "net"].iter().any(|key| service.present(key).is_some());
    made.has_strangers = elsewhere || joined.into_iter().any(is_external);
}
