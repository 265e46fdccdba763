//! A connection to one engine: questions as raw JSON, with the API version pinned.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bollard::query_parameters::ContainerArchiveInfoOptions;
use bollard::{BollardRequest, Docker as Client, errors::Error as ClientError};
use futures_util::{Stream, StreamExt};
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};

use crate::text::mask_url;

/// The API version that the answers are understood in. Engines since 2024 speak it or a later one that still answers in it;
/// older ones are asked in theirs.
const API: (u32, u32) = (1, 44);

/// How long one question may take: Podman thinks a second about `/info`.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How many questions may be open at once.
const AT_ONCE: usize = 8;

/// Answers above this size are not an engine's: a thousand containers make about four megabytes.
const LARGEST_ANSWER: usize = 64_000_000;

/// A connection to one engine. Cheap to clone; every request is a connection of its own, so that dropping one ends it.
#[derive(Clone, Debug)]
pub struct Engine {
    client: Client,
    api: String,
    slots: Arc<Semaphore>,
    address: Option<Address>,
    /// The endpoint, as [`crate::facts::EndpointTried::url`].
    pub(crate) endpoint: String,
}

/// Where an engine listens without TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// A socket of this machine.
    Unix(PathBuf),
    /// Host and port.
    Tcp(String, u16),
}

/// Why a question got no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    /// HTTP 404: there is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// Another HTTP status that says no.
    #[error("the engine answered with status {status}: {message}")]
    Refused {
        /// HTTP status.
        status: u16,
        /// The engine's words, one line.
        message: String,
    },
    /// The time was up.
    #[error("the engine did not answer in time")]
    TimedOut,
    /// The answer is no JSON, is half, or is too large.
    #[error("{0}")]
    NotUnderstood(String),
    /// The connection broke or could not be made.
    #[error("{0}")]
    Broken(String),
}

impl Engine {
    /// A connection whose version is not agreed on yet: only `/version` may be asked.
    pub(super) fn unversioned(client: Client, endpoint: &str) -> Self {
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        Self { client, api: String::new(), slots, address: None, endpoint: endpoint.to_owned() }
    }

    /// The same connection, which knows where it leads.
    #[must_use]
    pub(super) fn listening_at(mut self, address: Option<Address>) -> Self {
        self.address = address;
        self
    }

    /// Where the engine listens, for whoever must speak with it in bytes; `None` behind TLS.
    pub(crate) fn address(&self) -> Option<&Address> {
        self.address.as_ref()
    }

    /// The same connection, speaking the version that both sides know.
    #[must_use]
    pub(super) fn pinned(mut self, newest: &str, oldest: &str) -> Self {
        self.api = agreed(newest, oldest);
        let prefix = format!("/v{}", self.api);
        self.client = self.client.with_request_modifier(move |mut request| {
            let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
            let path = format!("{prefix}{path}");
            redirect(&mut request, &path);
            request
        });
        self
    }

    /// The API version that was agreed on, such as `1.41`.
    pub(crate) fn api(&self) -> &str {
        &self.api
    }

    /// The client for everything that is more than a question: only `fix::apply` and `exec::session` may use it.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// Leave to ask one more question, which ends when it is dropped.
    ///
    /// # Errors
    /// When `deadline` comes first.
    pub(super) async fn slot(&self, deadline: Instant) -> Result<SemaphorePermit<'_>, AskError> {
        let slot = timeout_at(deadline, self.slots.acquire()).await.map_err(|_| AskError::TimedOut)?;
        slot.map_err(|_| AskError::TimedOut)
    }

    /// The bytes that `GET path` answers. `path` begins with a slash and is encoded.
    pub(super) fn stream(&self, path: &str) -> impl Stream<Item = Result<Vec<u8>, AskError>> + use<> {
        let path = if self.api.is_empty() { path.to_owned() } else { format!("/v{}{path}", self.api) };
        let asking = self.client.clone().with_request_modifier(move |mut request| {
            redirect(&mut request, &path);
            request
        });
        // The client's own answers are closed types: one unknown word of a newer engine would lose a whole container.
        // Its one method that hands out bytes as they come is borrowed for every question instead.
        asking.export_container("any").map(|chunk| chunk.map(|bytes| bytes.to_vec()).map_err(|error| told(&error)))
    }

    /// Size, time and mode of a file in a container (HEAD), which change whenever its content does.
    pub(super) async fn print_of(&self, container: &str, path: &str, deadline: Instant) -> Option<String> {
        let _slot = self.slot(deadline).await.ok()?;
        let options = ContainerArchiveInfoOptions { path: path.to_owned() };
        let deadline = deadline.min(Instant::now() + PATIENCE);
        let asked = timeout_at(deadline, self.client.get_container_archive_info(container, Some(options))).await;
        asked.ok()?.ok().map(|seen| format!("{seen:?}"))
    }

    /// The mode of a path in a container when it is an ordinary directory (HEAD, which costs an older engine no process).
    pub(super) async fn mode_of_directory(&self, container: &str, path: &str, deadline: Instant) -> Option<u32> {
        let _slot = self.slot(deadline).await.ok()?;
        let options = ContainerArchiveInfoOptions { path: path.to_owned() };
        let deadline = deadline.min(Instant::now() + PATIENCE);
        let asked = timeout_at(deadline, self.client.get_container_archive_info(container, Some(options))).await;
        let mode = asked.ok()?.ok()?.file_mode;
        // Go's `FileMode`: the highest bit says directory, and 20 is the sticky one. What has other bits is looked at.
        let sticky = if mode & (1 << 20) == 0 { 0 } else { 0o1000 };
        (mode & !(1 << 20) & !0o777 == 1 << 31).then_some(mode & 0o777 | sticky)
    }

    /// What `GET path` answers, as JSON, within `deadline` and [`PATIENCE`].
    ///
    /// # Errors
    /// When the engine does not answer, says no, or answers something that is no JSON.
    pub(crate) async fn get(&self, path: &str, deadline: Instant) -> Result<Value, AskError> {
        let _slot = self.slot(deadline).await?;
        let mut stream = std::pin::pin!(self.stream(path));
        let mut answer: Vec<u8> = vec![];
        let deadline = deadline.min(Instant::now() + PATIENCE);
        while let Some(chunk) = timeout_at(deadline, stream.next()).await.map_err(|_| AskError::TimedOut)? {
            answer.extend_from_slice(&chunk?);
            if answer.len() > LARGEST_ANSWER {
                return Err(AskError::NotUnderstood("its answer does not end".to_owned()));
            }
        }
        serde_json::from_slice(&answer).map_err(|error| {
            let what = if error.is_eof() { "its answer breaks off" } else { "its answer is no JSON" };
            AskError::NotUnderstood(what.to_owned())
        })
    }
}

/// Sends a request to another path of the same engine.
fn redirect(request: &mut BollardRequest, path: &str) {
    let uri = request.uri().to_string();
    let authority = uri.find("://").map_or(0, |at| at + 3);
    let end = uri.get(authority..).and_then(|rest| rest.find('/')).map_or(uri.len(), |at| authority + at);
    if let Ok(other) = format!("{}{path}", uri.get(..end).unwrap_or_default()).parse() {
        *request.uri_mut() = other;
    }
}

/// The version to speak with an engine that knows `oldest` to `newest`.
fn agreed(newest: &str, oldest: &str) -> String {
    let number = |text: &str| {
        let (major, minor) = text.split_once('.')?;
        Some((major.parse::<u32>().ok()?, minor.parse::<u32>().ok()?))
    };
    let wanted = API.max(number(oldest).unwrap_or(API));
    let (major, minor) = number(newest).map_or(wanted, |newest| newest.min(wanted));
    format!("{major}.{minor}")
}

/// An error of the client in the words of this program.
pub(crate) fn told(error: &ClientError) -> AskError {
    match error {
        ClientError::DockerResponseServerError { status_code, message } => {
            let message = one_line(message);
            if *status_code == 404 {
                AskError::NotFound(message)
            } else {
                AskError::Refused { status: *status_code, message }
            }
        }
        ClientError::RequestTimeoutError => AskError::TimedOut,
        ClientError::JsonDataError { .. } | ClientError::JsonSerdeError { .. } => {
            AskError::NotUnderstood("its answer is no JSON that is known".to_owned())
        }
        other => {
            let mut deepest: &dyn std::error::Error = other;
            while let Some(source) = deepest.source() {
                deepest = source;
            }
            let kernel = deepest.downcast_ref::<std::io::Error>().filter(|error| error.raw_os_error().is_some());
            let words = kernel.map_or_else(|| deepest.to_string(), crate::error::said);
            // hyper's words for a peer that hangs up, or that speaks something else.
            if words.contains("before message completed") {
                AskError::NotUnderstood("it closes the connection without an answer".to_owned())
            } else if words.starts_with("invalid HTTP") || words.contains("invalid HTTP") {
                AskError::NotUnderstood("its answer is no HTTP".to_owned())
            } else if words.contains("end of file before message") || words.contains("unexpected EOF") {
                AskError::NotUnderstood("its answer breaks off".to_owned())
            } else {
                AskError::Broken(one_line(&words))
            }
        }
    }
}

/// The engine's words on one line, not too long, without passwords.
pub(crate) fn one_line(words: &str) -> String {
    let mut line: String = words.split_whitespace().collect::<Vec<_>>().join(" ");
    line.retain(|character| !character.is_control());
    if line.chars().count() > 300 {
        line = line.chars().take(300).collect::<String>() + "…";
    }
    mask_url(&line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_sides_speak_the_version_that_both_know() {
        for (newest, oldest, expected) in [
            ("1.41", "1.12", "1.41"),
            ("1.44", "1.24", "1.44"),
            ("1.53", "1.44", "1.44"),
            ("1.60", "1.50", "1.50"),
            ("1.41", "", "1.41"),
            ("nonsense", "1.24", "1.44"),
        ] {
            assert_eq!(agreed(newest, oldest), expected, "{oldest}..{newest}");
        }
    }

    #[test]
    fn words_of_the_engine_stay_on_one_line() {
        assert_eq!(one_line("a\n\tb\u{1b}[1m postgres://u:pw@h"), "a b[1m postgres://u:***@h");
        assert_eq!(one_line(&"x".repeat(1000)).chars().count(), 301);
    }
}
