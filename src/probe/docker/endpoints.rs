//! Decides where the engine is, as the docker CLI would: flags, `DOCKER_HOST`, `DOCKER_CONTEXT`, the current context,
//! the default socket.

use std::path::{Path, PathBuf};

use super::EngineOptions;
use super::contexts::{DockerConfig, StoredContext};
use crate::facts::{EndpointTried, EndpointTrouble};
use crate::text::mask_url;

/// Where the engine listens when nobody says otherwise.
const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// One place where an engine may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// As a URL, passwords masked.
    pub url: String,
    /// What named it.
    pub named_by: String,
    /// Whether the docker CLI would use it.
    pub chosen: bool,
    /// What to connect to, or why that cannot be.
    pub target: Result<Target, EndpointTrouble>,
}

impl Candidate {
    /// What came of it.
    pub fn tried(&self, answer: Result<String, EndpointTrouble>) -> EndpointTried {
        EndpointTried { url: self.url.clone(), named_by: self.named_by.clone(), answer, chosen: self.chosen }
    }
}

/// What to connect to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A socket on this machine.
    Unix(PathBuf),
    /// A port, with the folder of `ca.pem`, `cert.pem` and `key.pem` when it wants TLS.
    Tcp { host: String, port: u16, certificates: Option<PathBuf> },
}

/// How a connection over TCP is secured.
#[derive(Clone, Debug, Default)]
struct Security {
    certificates: Option<PathBuf>,
    unverified: bool,
}

/// The endpoint that the docker CLI would use.
pub(super) fn chosen(options: &EngineOptions, config: &DockerConfig) -> Candidate {
    let environment = &options.environment;
    if let (Some(host), Some(context)) = (&options.docker_host, &options.context) {
        let trouble = format!("`--docker-host {}` and `--context {context}` name two engines", mask_url(host));
        return refused(host, "--docker-host", EndpointTrouble::BadContext(trouble));
    }
    let named = match (&options.context, &options.docker_host) {
        (Some(name), _) => Some((name.as_str(), format!("--context {name}"))),
        (None, Some(_)) => None,
        (None, None) if environment.get_nonempty("DOCKER_HOST").is_some() => None,
        (None, None) => match (environment.get_nonempty("DOCKER_CONTEXT"), &config.current_context) {
            (Some(name), _) => Some((name, format!("DOCKER_CONTEXT={name}"))),
            (None, Some(name)) => {
                Some((name.as_str(), format!("context \"{name}\" (currentContext in {})", config.shown_path())))
            }
            (None, None) => None,
        },
    };
    match named {
        Some((name, named_by)) if name != "default" => of_context(options, config, name, named_by),
        _ => default_endpoint(options, config),
    }
}

/// What the context `default` stands for: a host that is named outright, or the default socket.
fn default_endpoint(options: &EngineOptions, config: &DockerConfig) -> Candidate {
    let environment = &options.environment;
    let verified = environment.get_nonempty("DOCKER_TLS_VERIFY").is_some();
    let folder = environment.get_nonempty("DOCKER_CERT_PATH").map(PathBuf::from).or_else(|| config.directory.clone());
    let security = Security {
        certificates: folder.filter(|_| verified),
        unverified: !verified && environment.get_nonempty("DOCKER_TLS").is_some(),
    };
    let (host, named_by) = match (&options.docker_host, environment.get("DOCKER_HOST")) {
        (Some(host), _) => (host.trim(), "--docker-host"),
        (None, Some(host)) if !host.trim().is_empty() => (host.trim(), "DOCKER_HOST"),
        _ => ("", "default"),
    };
    let default = if verified { "tcp://localhost:2376".to_owned() } else { format!("unix://{DEFAULT_SOCKET}") };
    let host = if host.is_empty() { default } else { host.to_owned() };
    let mut candidate = at_host(options, &host, named_by, &security);
    if let Some(trouble) = &config.trouble {
        // The CLI warns and goes on without the file; whoever reads the report should know that it did.
        candidate.named_by = format!("{named_by} ({} {trouble})", config.shown_path());
    }
    candidate
}

/// The endpoint of a context of the store.
fn of_context(options: &EngineOptions, config: &DockerConfig, name: &str, named_by: String) -> Candidate {
    let Some(context) = config.contexts.iter().find(|context| context.name == name) else {
        let mut known = vec!["`default`".to_owned()];
        known.extend(config.contexts.iter().map(|context| format!("`{}`", context.name)));
        let mut trouble = format!("context `{name}` does not exist; there is {}", known.join(", "));
        if let Some(store) = &config.store_trouble {
            trouble = format!("context `{name}` was not found: {store}");
        }
        return refused("", &named_by, EndpointTrouble::BadContext(trouble));
    };
    match &context.host {
        Ok(host) => at_host(options, host, &named_by, &security_of(context)),
        Err(trouble) => {
            let trouble = format!("context `{name}` cannot be read: {trouble}");
            refused("", &named_by, EndpointTrouble::BadContext(trouble))
        }
    }
}

fn security_of(context: &StoredContext) -> Security {
    Security { certificates: context.certificates.clone(), unverified: context.skip_tls_verify }
}

fn refused(url: &str, named_by: &str, trouble: EndpointTrouble) -> Candidate {
    Candidate { url: mask_url(url), named_by: named_by.to_owned(), chosen: true, target: Err(trouble) }
}

/// A host as `DOCKER_HOST` and contexts write it.
fn at_host(options: &EngineOptions, host: &str, named_by: &str, security: &Security) -> Candidate {
    let (scheme, address) = host.split_once("://").unwrap_or(("tcp", host));
    let unsupported = |what: &str| Err(EndpointTrouble::Unsupported(what.to_owned()));
    let mut url = format!("{scheme}://{address}");
    let target = match scheme {
        "unix" => {
            let path = if address.is_empty() { DEFAULT_SOCKET } else { address };
            url = format!("unix://{path}");
            Ok(Target::Unix(PathBuf::from(path)))
        }
        "tcp" => match tcp(address) {
            Some((host, port)) => {
                url = format!("tcp://{}:{port}", if host.contains(':') { format!("[{host}]") } else { host.clone() });
                if security.unverified {
                    unsupported("asks for TLS without verification, which devdoctor does not do")
                } else if !options.allow_remote && !is_loopback(&host) {
                    unsupported("is another machine; `--allow-remote` lets devdoctor contact it")
                } else {
                    Ok(Target::Tcp { host, port, certificates: security.certificates.clone() })
                }
            }
            None => Err(EndpointTrouble::Other("is no address of the form tcp://host:port".to_owned())),
        },
        "ssh" => unsupported("is reached over ssh, which devdoctor does not speak"),
        "npipe" => unsupported("is a named pipe of Windows, which devdoctor does not speak"),
        "fd" => unsupported("is a file descriptor, which only the engine itself can use"),
        other => Err(EndpointTrouble::Other(format!("has the unknown scheme `{other}`"))),
    };
    Candidate { url: mask_url(&url), named_by: named_by.to_owned(), chosen: true, target }
}

/// Host and port of what follows `tcp://`, with the CLI's defaults.
fn tcp(address: &str) -> Option<(String, u16)> {
    let address = address.strip_suffix('/').unwrap_or(address);
    if address.contains(['/', '@', '?', '#', ' ']) {
        return None;
    }
    let (host, port) = if let Some(rest) = address.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        (host, port.strip_prefix(':').unwrap_or(port))
    } else {
        match address.split_once(':') {
            Some((_, port)) if port.contains(':') => (address, ""),
            Some(pair) => pair,
            None => (address, ""),
        }
    };
    let host = if host.is_empty() { "localhost" } else { host };
    let port = if port.is_empty() { 2375 } else { port.parse().ok().filter(|port| *port != 0)? };
    Some((host.to_owned(), port))
}

/// Whether a host name means this machine, told without asking anybody.
fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

/// Where engines use to listen, for telling the person where one answers when the chosen one does not.
pub(super) fn elsewhere(
    options: &EngineOptions,
    config: &DockerConfig,
    uid: u32,
    home: Option<&Path>,
    chosen: &Candidate,
) -> Vec<Candidate> {
    let runtime = options.environment.get_nonempty("XDG_RUNTIME_DIR").map(PathBuf::from);
    let runtimes = [runtime, Some(PathBuf::from(format!("/run/user/{uid}")))];
    let mut places = vec![("the default socket".to_owned(), PathBuf::from(DEFAULT_SOCKET))];
    for context in &config.contexts {
        if let Some(path) = context.host.as_ref().ok().and_then(|host| host.strip_prefix("unix://")) {
            places.push((format!("context \"{}\"", context.name), PathBuf::from(path)));
        }
    }
    for runtime in runtimes.iter().flatten() {
        places.push(("rootless Docker".to_owned(), runtime.join("docker.sock")));
    }
    for (name, path) in [
        ("Docker Desktop", ".docker/desktop/docker.sock"),
        ("Docker Desktop", ".docker/run/docker.sock"),
        ("colima", ".colima/default/docker.sock"),
        ("colima", ".colima/docker.sock"),
        ("Rancher Desktop", ".rd/docker.sock"),
    ] {
        places.extend(home.map(|home| (name.to_owned(), home.join(path))));
    }
    for runtime in runtimes.iter().flatten() {
        places.push(("Podman".to_owned(), runtime.join("podman/podman.sock")));
    }
    places.push(("Podman".to_owned(), PathBuf::from("/run/podman/podman.sock")));
    let mut seen = vec![];
    seen.extend(chosen.target.as_ref().ok().cloned());
    let mut candidates = vec![];
    for (named_by, path) in places {
        let url = format!("unix://{}", path.display());
        let target = Target::Unix(path);
        if !seen.contains(&target) {
            seen.push(target.clone());
            candidates.push(Candidate { url, named_by, chosen: false, target: Ok(target) });
        }
    }
    candidates
}

#[cfg(test)]
mod tests;
