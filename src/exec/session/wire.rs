//! The connection that carries a command's streams. Spoken byte by byte: the client's own reading of it takes some output of
//! a terminal for a head. Only behind TLS the client has to do.

use std::collections::VecDeque;

use bollard::container::LogOutput;
use bollard::exec::{StartExecOptions, StartExecResults};
use futures_util::{Stream, StreamExt};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpStream, UnixStream};

use crate::exec::frames::{Channel, Frames};
use crate::probe::docker::{Address, AskError, Engine, one_line, told};
use crate::text::percent_encoded;

/// Longer heads are no engine's.
const LONGEST_HEAD: u64 = 64_000;

type Reading = BufReader<Box<dyn AsyncRead + Send + Unpin>>;
type Writing = Box<dyn AsyncWrite + Send + Unpin>;

/// A command's streams.
pub(super) struct Attached {
    /// What it writes.
    pub output: Output,
    /// What it reads; shut down for its end.
    pub input: Writing,
}

/// What a command writes.
pub(super) enum Output {
    /// With a terminal: its bytes, and nothing else.
    Plain(Reading, Vec<u8>),
    /// Without one: two streams in one.
    Framed(Reading, Vec<u8>, Box<Frames>, VecDeque<(Channel, Vec<u8>)>),
    /// Taken apart by the client.
    Parted(std::pin::Pin<Box<dyn Stream<Item = Result<LogOutput, bollard::errors::Error>> + Send>>),
}

impl Output {
    /// Whether standard output and standard error come apart.
    pub(super) fn is_framed(&self) -> bool {
        !matches!(self, Self::Plain(..))
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// When the connection breaks.
    pub(super) async fn next(&mut self) -> Result<Option<(Channel, Vec<u8>)>, AskError> {
        match self {
            Self::Plain(connection, buffer) => {
                let length = read(connection, buffer).await?;
                Ok((length > 0).then(|| (Channel::Out, buffer.get(..length).unwrap_or_default().to_vec())))
            }
            Self::Framed(connection, buffer, frames, waiting) => loop {
                if let Some(piece) = waiting.pop_front() {
                    return Ok(Some(piece));
                }
                let length = read(connection, buffer).await?;
                if length == 0 {
                    return Ok(None);
                }
                let mut bytes = buffer.get(..length).unwrap_or_default();
                let broken = |error: crate::exec::frames::BrokenStream| AskError::NotUnderstood(error.to_string());
                while let Some((channel, piece)) = frames.next(&mut bytes).map_err(broken)? {
                    match waiting.back_mut() {
                        Some((last, bytes)) if *last == channel => bytes.extend_from_slice(piece),
                        _ => waiting.push_back((channel, piece.to_vec())),
                    }
                }
            },
            Self::Parted(stream) => Ok(match stream.next().await.transpose().map_err(|error| told(&error))? {
                None => None,
                Some(LogOutput::StdErr { message }) => Some((Channel::Err, message.to_vec())),
                Some(output) => Some((Channel::Out, output.into_bytes().to_vec())),
            }),
        }
    }
}

async fn read(connection: &mut (impl AsyncRead + Unpin), buffer: &mut [u8]) -> Result<usize, AskError> {
    match connection.read(buffer).await {
        Ok(length) => Ok(length),
        // The engine closes hard when the container is gone.
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => Ok(0),
        Err(error) => Err(broken(&error)),
    }
}

fn broken(error: &std::io::Error) -> AskError {
    AskError::Broken(format!("the connection to the engine broke: {}", crate::error::said(error)))
}

/// Starts a command and takes its streams.
///
/// # Errors
/// When the engine does not start it.
pub(super) async fn attach(engine: &Engine, id: &str, tty: bool) -> Result<Attached, AskError> {
    let (reading, mut writing): (Box<dyn AsyncRead + Send + Unpin>, Writing) = match engine.address() {
        Some(Address::Unix(path)) => {
            let (reading, writing) = UnixStream::connect(path).await.map_err(|error| broken(&error))?.into_split();
            (Box::new(reading), Box::new(writing))
        }
        Some(Address::Tcp(host, port)) => {
            let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(|error| broken(&error))?;
            // Keys are typed one by one.
            _ = stream.set_nodelay(true);
            let (reading, writing) = stream.into_split();
            (Box::new(reading), Box::new(writing))
        }
        None => return behind_tls(engine, id, tty).await,
    };
    let mut reading = BufReader::new(reading);
    let body = format!("{{\"Detach\":false,\"Tty\":{tty}}}");
    let request = format!(
        "POST /v{}/exec/{}/start HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        engine.api(),
        percent_encoded(id),
        body.len()
    );
    writing.write_all(request.as_bytes()).await.map_err(|error| broken(&error))?;
    match head(&mut reading).await? {
        // Older engines and those behind a proxy that knows no upgrade say 200 and do the same.
        101 | 200 => {}
        status => return Err(refusal(status, &mut reading).await),
    }
    let buffer = vec![0; 64 * 1024];
    let output = if tty {
        Output::Plain(reading, buffer)
    } else {
        Output::Framed(reading, buffer, Box::default(), VecDeque::new())
    };
    Ok(Attached { output, input: writing })
}

/// Reads the head of an answer and gives its status.
async fn head(reading: &mut (impl AsyncBufReadExt + Unpin)) -> Result<u16, AskError> {
    let no_head = || AskError::NotUnderstood("its answer is no HTTP".to_owned());
    let (mut status, mut line) = (None, vec![]);
    let mut reading = reading.take(LONGEST_HEAD);
    loop {
        line.clear();
        reading.read_until(b'\n', &mut line).await.map_err(|error| broken(&error))?;
        let text = String::from_utf8_lossy(&line);
        match (text.trim_end(), status) {
            // An end of the stream has no line end either.
            ("", Some(status)) if text.ends_with('\n') => return Ok(status),
            (_, _) if !text.ends_with('\n') => return Err(no_head()),
            (first, None) => {
                let code = first.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)?.parse().ok());
                status = Some(code.ok_or_else(no_head)?);
            }
            _ => {}
        }
    }
}

/// The engine's no, with its words.
async fn refusal(status: u16, reading: &mut (impl AsyncRead + Unpin)) -> AskError {
    let mut body = vec![0; 4096];
    let length = reading.read(&mut body).await.unwrap_or(0);
    let text = String::from_utf8_lossy(body.get(..length).unwrap_or_default()).into_owned();
    // What comes in pieces has their lengths around it.
    let json = text.find('{').and_then(|start| text.get(start..=text.rfind('}')?));
    let said = json.and_then(|json| serde_json::from_str::<Value>(json).ok());
    let message = said.as_ref().and_then(|said| said.get("message")?.as_str()).unwrap_or(&text);
    AskError::Refused { status, message: one_line(message) }
}

async fn behind_tls(engine: &Engine, id: &str, tty: bool) -> Result<Attached, AskError> {
    let options = StartExecOptions { detach: false, tty, output_capacity: None };
    match engine.client().start_exec(id, Some(options)).await.map_err(|error| told(&error))? {
        StartExecResults::Attached { output, input } => {
            Ok(Attached { output: Output::Parted(output), input: Box::new(input) })
        }
        StartExecResults::Detached => Err(AskError::NotUnderstood("it let go of the command".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
    }

    #[test]
    fn what_follows_the_head_is_left_alone() {
        let mut reading = &b"HTTP/1.1 101 UPGRADED\r\nUpgrade: tcp\r\n\r\n\r\nhello"[..];
        assert_eq!(run(head(&mut reading)), Ok(101));
        assert_eq!(reading, b"\r\nhello");
    }

    #[test]
    fn heads_that_are_none_are_refused() {
        for bytes in
            [&b""[..], b"HTTP/1.1 200 OK\r\n", b"\r\n\r\n", b"SSH-2.0\r\n\r\n", b"HTTP/1.1 x\r\n\r\n", &[b'x'; 100_000]]
        {
            let mut reading = bytes;
            assert!(run(head(&mut reading)).is_err(), "{:?}", bytes.get(..20));
        }
    }

    #[test]
    fn a_refusal_keeps_the_engines_words() {
        let body = b"4f\r\n{\"message\":\"container 1 is paused\"}\r\n0\r\n\r\n";
        let expected = AskError::Refused { status: 409, message: "container 1 is paused".to_owned() };
        assert_eq!(run(refusal(409, &mut &body[..])), expected);
    }
}
