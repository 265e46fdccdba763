//! Pure: where a URL's database is to be contacted from here, or why it is not.

use std::net::IpAddr;

use crate::facts::{Container, Docker, EngineKind, Trouble, TroubleKind};
use crate::project::Project;
use crate::project::urls::{DatabaseUrl, Reader, container_port, is_loopback, postgres_services};

/// Where to contact a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contact {
    /// At the first of these addresses that does not refuse.
    Tcp {
        /// Addresses, or for remote hosts names.
        addresses: Vec<String>,
        /// The port.
        port: u16,
        /// The service whose container is there.
        service: Option<String>,
        /// Whether the engine forwards this port.
        published: bool,
    },
    /// At the first of these directories that has a socket.
    Socket {
        /// Directories.
        directories: Vec<String>,
        /// The port, which is part of the socket's name.
        port: u16,
    },
    /// Nobody is asked, for this reason.
    Nowhere(String),
}

impl Contact {
    /// The service whose container is there.
    pub fn service(&self) -> Option<&str> {
        match self {
            Self::Tcp { service, .. } => service.as_deref(),
            _ => None,
        }
    }

    /// Whether both lead to the same place: `localhost` is `127.0.0.1` first.
    pub fn is_at(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Nowhere(_), _) | (_, Self::Nowhere(_)) => self == other,
            _ => self.shown() == other.shown() && self.service() == other.service(),
        }
    }

    /// The first place, for people; empty when nobody is asked.
    pub fn shown(&self) -> String {
        match self {
            Self::Tcp { addresses, port, .. } => {
                addresses.first().map(|address| joined(address, *port)).unwrap_or_default()
            }
            Self::Socket { directories, port } => {
                directories.first().map(|directory| format!("{directory}/.s.PGSQL.{port}")).unwrap_or_default()
            }
            Self::Nowhere(_) => String::new(),
        }
    }
}

/// `address:port`, with brackets around IPv6.
pub fn joined(address: &str, port: u16) -> String {
    if address.contains(':') { format!("[{address}]:{port}") } else { format!("{address}:{port}") }
}

/// Decides where the database of a URL is contacted from here.
pub fn contact(project: &Project, docker: Option<&Docker>, url: &DatabaseUrl, allow_remote: bool) -> Contact {
    // libpq goes to `hostaddr` whatever the host's name is.
    let host = url.parameter("hostaddr").unwrap_or(url.host()).to_owned();
    let port = url.port();
    let decision = Decision { project, docker, port };
    if host.contains(',') {
        return Contact::Nowhere(format!("`{host}` names several hosts"));
    }
    if host.is_empty() || host.starts_with('/') || host.starts_with('@') {
        return decision.socket(url, &host);
    }
    if is_loopback(&host) || host == "host.docker.internal" {
        return decision.loopback(url, &host);
    }
    if let Some(contact) = decision.named(&host) {
        return contact;
    }
    if allow_remote {
        return Contact::Tcp { addresses: vec![host], port, service: None, published: false };
    }
    Contact::Nowhere(format!(
        "`{host}` is neither this machine nor a container of its engine; `--allow-remote` lets devdoctor ask it"
    ))
}

/// The trouble of a database whose container has ended with an error, or does so again and again, while others of the
/// project run: somebody stopped neither it nor the project. With the name of its service.
pub fn ended(project: &Project, docker: Option<&Docker>, url: &DatabaseUrl) -> Option<(String, Trouble)> {
    let docker = docker?;
    let host = url.host();
    let of_host = |container: &&Container| {
        let service = container.service.as_deref().and_then(|name| project.service(name));
        let named = service.and_then(|service| service.container_name.as_ref()).is_some_and(|name| name.value == host);
        named || container.service.as_deref() == Some(host) || container.name == host
    };
    let service = docker.containers.iter().find(of_host)?.service.clone()?;
    let container = docker.container_of(&service)?;
    // The statuses of what was stopped: 130, 137 and 143 are those of signals that `stop` and Ctrl-C send.
    let status = container.ended.filter(|status| !matches!(status, 0 | 130 | 137 | 143))?;
    let runs = |other: &Container| other.running && !other.restarting && !other.one_off;
    let others = docker.containers.iter().any(|other| runs(other) && other.service.as_ref() != Some(&service));
    let message = match container.restarting {
        true => format!("`{service}` ends with status {status} again and again"),
        false => format!("`{service}` has ended with status {status}"),
    };
    others.then_some((service, Trouble { kind: TroubleKind::Ended, sqlstate: None, message }))
}

struct Decision<'a> {
    project: &'a Project,
    docker: Option<&'a Docker>,
    port: u16,
}

impl Decision<'_> {
    fn socket(&self, url: &DatabaseUrl, host: &str) -> Contact {
        if host.starts_with('@') {
            return Contact::Nowhere(format!("`{host}` is an abstract socket"));
        }
        if !url.readers.is_empty() && !url.readers.contains(&Reader::Host) {
            return Contact::Nowhere("the URL names a socket inside a container".to_owned());
        }
        let directories = if host.is_empty() {
            // The defaults of Debian's libpq and of its source.
            vec!["/var/run/postgresql".to_owned(), "/tmp".to_owned()]
        } else {
            vec![host.to_owned()]
        };
        Contact::Socket { directories, port: self.port }
    }

    fn loopback(&self, url: &DatabaseUrl, host: &str) -> Contact {
        let on_host_network = |service: &str| {
            let mode = self.project.service(service).and_then(|service| service.network_mode.as_ref());
            mode.is_some_and(|mode| mode.value == "host")
        };
        let here = host == "host.docker.internal"
            || url.readers.is_empty()
            || url.readers.contains(&Reader::Host)
            || url.services().any(on_host_network);
        if !here {
            // `localhost` in a container is the container itself. What is meant is the one Postgres service there is.
            let services = postgres_services(self.project);
            let [service] = services.as_slice() else {
                let reader = url.services().next().unwrap_or("the service");
                return Contact::Nowhere(format!("`{host}` inside `{reader}` is the container itself"));
            };
            let meant = Decision { port: container_port(service), ..*self };
            return meant.of_service(&service.name);
        }
        let addresses = match host.trim_matches(['[', ']']).parse::<IpAddr>() {
            Ok(address) if address.is_loopback() => vec![address.to_string()],
            Ok(IpAddr::V4(_)) => vec!["127.0.0.1".to_owned()],
            Ok(IpAddr::V6(_)) => vec!["::1".to_owned()],
            Err(_) => vec!["127.0.0.1".to_owned(), "::1".to_owned()],
        };
        let service =
            self.docker.filter(|docker| docker.local).and_then(|docker| super::published(docker).remove(&self.port));
        let published = service.is_some();
        Contact::Tcp { addresses, port: self.port, service, published }
    }

    /// A host that names a service, a container or its address.
    fn named(&self, host: &str) -> Option<Contact> {
        if self.project.service(host).is_some() {
            return Some(self.of_service(host));
        }
        let by_name = self
            .project
            .services()
            .find(|service| service.container_name.as_ref().is_some_and(|name| name.value == host));
        if let Some(service) = by_name {
            return Some(self.of_service(&service.name));
        }
        let docker = self.docker?;
        let is_it = |container: &&Container| {
            container.name == host || container.addresses.iter().any(|address| address == host)
        };
        let container = docker.containers.iter().find(is_it)?;
        Some(self.of_container(docker, container, host))
    }

    fn of_service(&self, service: &str) -> Contact {
        let Some(docker) = self.docker else {
            return Contact::Nowhere(format!(
                "no engine answered, so it is not known where the container of `{service}` is"
            ));
        };
        match docker.container_of(service) {
            Some(container) => self.of_container(docker, container, service),
            None => Contact::Nowhere(format!("`{service}` has no container; start it: docker compose up -d {service}")),
        }
    }

    fn of_container(&self, docker: &Docker, container: &Container, name: &str) -> Contact {
        if !container.running {
            let start = match container.service.as_deref().filter(|service| self.project.service(service).is_some()) {
                Some(service) => format!("docker compose up -d {service}"),
                None => format!("docker start {}", container.name),
            };
            return Contact::Nowhere(format!("the container of `{name}` is stopped; start it: {start}"));
        }
        if !docker.local {
            return Contact::Nowhere(format!("the container of `{name}` is on the engine's machine, not on this one"));
        }
        let service = container.service.clone();
        if container.network_mode == "host" {
            return Contact::Tcp {
                addresses: vec!["127.0.0.1".to_owned()],
                port: self.port,
                service,
                published: false,
            };
        }
        if let Some(published) = container.ports.iter().find(|published| published.container == self.port) {
            let address = match published.address.as_str() {
                "" | "0.0.0.0" | "::" => "127.0.0.1".to_owned(),
                address => address.to_owned(),
            };
            return Contact::Tcp { addresses: vec![address], port: published.host, service, published: true };
        }
        // Addresses of containers can be reached from the machine of an engine that is no machine of its own.
        if matches!(docker.kind, EngineKind::Rootful | EngineKind::UsernsRemap) && !container.addresses.is_empty() {
            return Contact::Tcp { addresses: container.addresses.clone(), port: self.port, service, published: false };
        }
        Contact::Nowhere(format!("port {} of `{name}` is not published, so it cannot be reached from here", self.port))
    }
}

#[cfg(test)]
mod tests;
