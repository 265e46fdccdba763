//! Connects to an endpoint, and tells apart why one does not answer.

#![expect(clippy::disallowed_methods, reason = "sockets and the group database lie outside the project")]

use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::{API_DEFAULT_VERSION, Docker as Client};
use serde_json::Value;
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{Instant, timeout_at};

use super::endpoints::{Candidate, Target};
use super::engine::{Address, AskError, Engine};
use crate::facts::{EndpointTrouble, Identity};

/// The client's own time limit, in seconds, is only the last resort: every question here has its own.
const LAST_RESORT: u64 = 3600;

/// How long an engine may take to say who it is.
const GREETING: Duration = Duration::from_secs(2);

/// With less time than this nobody is asked: that no answer comes would say nothing about who was asked.
const LEAST: Duration = Duration::from_millis(200);

/// Whether devdoctor itself used up the time before anybody could answer.
pub(super) fn is_too_late(deadline: Instant) -> bool {
    deadline.saturating_duration_since(Instant::now()) < LEAST
}

/// Who listens behind a socket of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Listener {
    /// User number of the process.
    pub uid: u32,
    /// Its process number, when it can be seen from here.
    pub pid: Option<i32>,
}

/// An engine that answered.
#[derive(Debug)]
pub(super) struct Reached {
    /// The connection, its version pinned.
    pub engine: Engine,
    /// What it said to `GET /version`.
    pub version: Value,
    /// Who listens, when it is a socket.
    pub listener: Option<Listener>,
}

/// Connects to an endpoint and asks its version.
pub(super) async fn reach(
    candidate: &Candidate,
    person: &Identity,
    deadline: Instant,
) -> Result<Reached, EndpointTrouble> {
    // Never more than half of what is left: another engine may have to be looked for.
    let now = Instant::now();
    let patience = now + deadline.saturating_duration_since(now) / 2;
    let deadline = deadline.min(patience).min(now + GREETING);
    let (client, listener) = match candidate.target.as_ref().map_err(Clone::clone)? {
        Target::Unix(path) => {
            let listener = knock(path, person, deadline).await?;
            let address = path.to_str().ok_or_else(|| EndpointTrouble::Other("has a name that is no text".into()))?;
            (Client::connect_with_unix(address, LAST_RESORT, API_DEFAULT_VERSION), Some(listener))
        }
        Target::Tcp { host, port, certificates } => {
            knock_at_port(host, *port, deadline).await?;
            let bracketed = if host.contains(':') { format!("[{host}]") } else { host.clone() };
            (over_tcp(&format!("tcp://{bracketed}:{port}"), certificates.as_deref())?, None)
        }
    };
    let client = client.map_err(|error| EndpointTrouble::Other(error.to_string()))?;
    let address = match candidate.target.as_ref() {
        Ok(Target::Unix(path)) => Some(Address::Unix(path.clone())),
        Ok(Target::Tcp { host, port, certificates: None }) => Some(Address::Tcp(host.clone(), *port)),
        _ => None,
    };
    let engine = Engine::unversioned(client, &candidate.url).listening_at(address);
    let version = version(&engine, deadline, patience).await.map_err(|error| no_engine(error, &shown(candidate)))?;
    let newest = version.get("ApiVersion").and_then(Value::as_str);
    let newest = newest.ok_or_else(|| EndpointTrouble::NotAnEngine("its version names no `ApiVersion`".to_owned()))?;
    let oldest = version.get("MinAPIVersion").and_then(Value::as_str).unwrap_or_default();
    Ok(Reached { engine: engine.pinned(newest, oldest), version, listener })
}

/// What an engine says to `GET /version`. Podman starts other programs before it answers, which takes long on a busy machine:
/// who answers a simpler question meanwhile is waited for.
async fn version(engine: &Engine, deadline: Instant, patience: Instant) -> Result<Value, AskError> {
    let asking = engine.get("/version", patience);
    tokio::pin!(asking);
    if let Ok(answer) = timeout_at(deadline, &mut asking).await {
        return answer;
    }
    match engine.get("/_ping", patience.min(Instant::now() + LEAST)).await {
        Err(AskError::TimedOut | AskError::Broken(_)) => Err(AskError::TimedOut),
        // Its answer is no JSON.
        Ok(_) | Err(_) => asking.await,
    }
}

#[cfg(feature = "tls")]
fn over_tcp(
    address: &str,
    certificates: Option<&Path>,
) -> Result<Result<Client, bollard::errors::Error>, EndpointTrouble> {
    let Some(folder) = certificates else {
        return Ok(Client::connect_with_http(address, LAST_RESORT, API_DEFAULT_VERSION));
    };
    let [ca, certificate, key] = ["ca.pem", "cert.pem", "key.pem"].map(|name| folder.join(name));
    // Where it has none to show, the client finds nothing when it looks for it.
    for file in std::iter::once(&ca).chain(own_certificate(folder).iter().flatten()) {
        if let Err(error) = std::fs::File::open(file) {
            let reason = crate::error::said(&error);
            return Err(EndpointTrouble::Other(format!(
                "wants TLS, and `{}` cannot be read: {reason}",
                file.display()
            )));
        }
    }
    Ok(Client::connect_with_ssl(address, &key, &certificate, &ca, LAST_RESORT, API_DEFAULT_VERSION))
}

#[cfg(not(feature = "tls"))]
fn over_tcp(
    address: &str,
    certificates: Option<&Path>,
) -> Result<Result<Client, bollard::errors::Error>, EndpointTrouble> {
    match certificates {
        None => Ok(Client::connect_with_http(address, LAST_RESORT, API_DEFAULT_VERSION)),
        Some(_) => Err(EndpointTrouble::Unsupported("wants TLS, which this devdoctor was built without".to_owned())),
    }
}

/// What is to be said of the certificate that an engine over TLS was shown, when it was shown none.
fn shown(candidate: &Candidate) -> String {
    match &candidate.target {
        Ok(Target::Tcp { certificates: Some(folder), .. }) if own_certificate(folder).is_none() => {
            format!(", and `{}` holds no certificate with its key to show", folder.display())
        }
        _ => String::new(),
    }
}

/// The person's own certificate in a folder, and its key. As the CLI has it: who has no certificate, or one without its key, shows
/// none, and the engine says whether it wants one.
fn own_certificate(folder: &Path) -> Option<[PathBuf; 2]> {
    let own = ["cert.pem", "key.pem"].map(|name| folder.join(name));
    own.iter().all(|file| file.exists()).then_some(own)
}

fn no_engine(error: AskError, shown: &str) -> EndpointTrouble {
    match error {
        AskError::TimedOut => EndpointTrouble::Silent,
        AskError::Broken(words) if words.contains("certificate") || words.contains("received fatal alert") => {
            EndpointTrouble::Other(format!("does not agree on TLS: {words}{shown}"))
        }
        AskError::Broken(words) | AskError::NotUnderstood(words) => EndpointTrouble::NotAnEngine(words),
        AskError::NotFound(_) => EndpointTrouble::NotAnEngine("it knows no `GET /version`".to_owned()),
        AskError::Refused { status, message } => {
            EndpointTrouble::NotAnEngine(format!("status {status}: {message}").trim_end_matches([':', ' ']).to_owned())
        }
    }
}

/// Connects to a socket once, for the kernel's own word on what is wrong.
async fn knock(path: &Path, person: &Identity, deadline: Instant) -> Result<Listener, EndpointTrouble> {
    let seen = std::fs::metadata(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => EndpointTrouble::NoSocket,
        ErrorKind::PermissionDenied => denied(None, person, ""),
        _ => EndpointTrouble::Other(crate::error::said(&error)),
    })?;
    if !seen.file_type().is_socket() {
        return Err(EndpointTrouble::NotASocket);
    }
    match timeout_at(deadline, UnixStream::connect(path)).await {
        Err(_) => Err(EndpointTrouble::Silent),
        Ok(Ok(stream)) => {
            let peer = stream.peer_cred().map_err(|error| EndpointTrouble::Other(crate::error::said(&error)))?;
            Ok(Listener { uid: peer.uid(), pid: peer.pid().filter(|pid| *pid > 0) })
        }
        Ok(Err(error)) => Err(match error.kind() {
            ErrorKind::PermissionDenied => {
                let group = Some(seen.gid()).filter(|_| seen.mode() & 0o020 != 0);
                denied(group, person, &std::fs::read_to_string("/etc/group").unwrap_or_default())
            }
            ErrorKind::ConnectionRefused => EndpointTrouble::Refused,
            ErrorKind::NotFound => EndpointTrouble::NoSocket,
            // The queue of connections is full: nobody takes any.
            ErrorKind::WouldBlock => EndpointTrouble::Silent,
            _ => EndpointTrouble::Other(crate::error::said(&error)),
        }),
    }
}

async fn knock_at_port(host: &str, port: u16, deadline: Instant) -> Result<(), EndpointTrouble> {
    let connecting = async {
        let addresses: Vec<_> = tokio::net::lookup_host((host, port))
            .await
            .map_err(|error| EndpointTrouble::Unresolved(crate::error::said(&error)))?
            .collect();
        let mut last = EndpointTrouble::Unresolved("it has no address".to_owned());
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(_) => return Ok(()),
                Err(error) => last = port_trouble(&error),
            }
        }
        Err(last)
    };
    timeout_at(deadline, connecting).await.unwrap_or(Err(EndpointTrouble::Silent))
}

fn port_trouble(error: &io::Error) -> EndpointTrouble {
    match error.kind() {
        ErrorKind::ConnectionRefused => EndpointTrouble::Refused,
        _ => EndpointTrouble::Other(crate::error::said(error)),
    }
}

/// The kernel forbids the person to connect: which group may, and whether a new login would be enough.
fn denied(group: Option<u32>, person: &Identity, groups: &str) -> EndpointTrouble {
    let line = groups.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| {
        let number = fields.get(2).and_then(|number| number.parse::<u32>().ok());
        number.is_some() && number == group
    });
    let listed = line.as_ref().and_then(|fields| fields.get(3)).is_some_and(|members| {
        person.name.as_deref().is_some_and(|name| members.split(',').any(|member| member.trim() == name))
    });
    let already = group.is_some_and(|group| person.owner.gid == group || person.groups.contains(&group));
    EndpointTrouble::PermissionDenied {
        socket_group: group,
        group_name: line.and_then(|fields| fields.first().map(|name| (*name).to_owned())),
        member_after_login: listed && !already,
    }
}

/// Tries endpoints that the CLI would not use, a moment each; those where nothing is are left out.
pub(super) async fn survey(
    candidates: Vec<Candidate>,
    person: &Identity,
    deadline: Instant,
) -> Vec<crate::facts::EndpointTried> {
    let deadline = deadline.min(Instant::now() + Duration::from_millis(500));
    let asked = candidates.iter().map(async |candidate| match reach(candidate, person, deadline).await {
        Err(EndpointTrouble::NoSocket) => None,
        answer => Some(candidate.tried(answer.map(|reached| version_of(&reached.version)))),
    });
    futures_util::future::join_all(asked).await.into_iter().flatten().collect()
}

/// The engine's version as it says it.
pub(super) fn version_of(version: &Value) -> String {
    version.get("Version").and_then(Value::as_str).unwrap_or("unknown").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Owner;

    #[test]
    fn a_new_login_is_enough_for_who_is_already_listed() {
        let person = |groups: &[u32]| Identity {
            owner: Owner { uid: 1000, gid: 1000 },
            groups: groups.to_vec(),
            name: Some("me".to_owned()),
        };
        let groups = "root:x:0:\nbroken\n:::\ndocker:x:999:you,me\n";
        for (group, groups_now, name, after_login) in [
            (Some(999), &[][..], Some("docker"), true),
            (Some(999), &[999][..], Some("docker"), false),
            (Some(0), &[][..], Some("root"), false),
            (Some(7), &[][..], None, false),
            (None, &[][..], None, false),
        ] {
            let expected = EndpointTrouble::PermissionDenied {
                socket_group: group,
                group_name: name.map(str::to_owned),
                member_after_login: after_login,
            };
            assert_eq!(denied(group, &person(groups_now), groups), expected);
        }
    }
}
