//! Runs a planned command: makes it on the engine, joins its streams with this process's own, and waits for its end.

mod signals;
mod terminal;
mod wire;

use std::io::ErrorKind;
use std::time::Duration;

use bollard::models::ExecConfig;
use serde_json::Value;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

use super::ExecPlan;
use super::frames::Channel;
use crate::probe::docker::{AskError, Engine, told};
use crate::text::percent_encoded;

use signals::Signals;
use terminal::{RawTerminal, size};
use wire::{Attached, Output};

pub use terminal::are_terminals;

/// How long the engine may take to make a command, or to tell how one ended.
const PATIENCE: Duration = Duration::from_secs(30);

/// How Podman begins what it says instead of starting a command.
const PODMANS: &[u8] = b"Error: ";

/// How a session ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The command ended with this status.
    Status(u8),
    /// The engine could not start it; its words, and 126 or 127.
    NotStarted {
        /// The engine's words.
        words: String,
        /// 126, or 127 when there is no such program.
        status: u8,
    },
    /// devdoctor was told to end and could not hand that on: the command goes on in the container.
    Left {
        /// Why it could not.
        reason: String,
        /// 128 and the signal's number.
        status: u8,
    },
    /// Whoever read the command's output is gone.
    ReaderGone,
}

/// How often a command's terminal is given its size until the engine takes it: 30 s.
const MOST_FITS: u32 = 65;

/// A command that the engine knows.
struct Running<'a> {
    engine: &'a Engine,
    plan: &'a ExecPlan,
    id: String,
    local: bool,
}

/// Runs a command to its end. `local`: the engine runs on this machine, so that its processes can be seen.
///
/// # Errors
/// When the engine does not take it, or its answers break off.
pub async fn run(engine: &Engine, plan: &ExecPlan, local: bool) -> Result<Ended, AskError> {
    let mut signals = Signals::caught(plan.tty)?;
    let config = ExecConfig {
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        tty: Some(plan.tty),
        user: plan.user.clone(),
        working_dir: plan.working_dir.clone(),
        env: Some(plan.environment.iter().map(|set| format!("{}={}", set.name, set.value)).collect()),
        cmd: Some(plan.command.clone()),
        console_size: size().filter(|_| plan.tty).map(|(rows, columns)| vec![rows.into(), columns.into()]),
        // The engine's own keys would hold back every ^P, which shells use.
        detach_keys: plan.tty.then(|| "ctrl-^,ctrl-^,ctrl-^,ctrl-^".to_owned()),
        ..ExecConfig::default()
    };
    let made = tokio::time::timeout(PATIENCE, engine.client().create_exec(&plan.container, config)).await;
    let made = made.map_err(|_| AskError::TimedOut)?.map_err(|error| told(&error))?;
    let running = Running { engine, plan, id: made.id, local };
    let attached = wire::attach(engine, &running.id, plan.tty);
    let Attached { output, input } =
        tokio::time::timeout(PATIENCE, attached).await.map_err(|_| AskError::TimedOut)??;
    let _raw = if plan.tty { Some(RawTerminal::set()?) } else { None };

    let sent = send(input);
    let received = running.receive(output);
    let resized = running.fit();
    tokio::pin!(sent, received, resized);
    let mut resizing = plan.tty;
    loop {
        tokio::select! {
            ended = &mut received => return match ended {
                Ok(Some(ended)) => Ok(ended),
                Ok(None) => running.wait().await,
                Err(Broken::Engine(error)) => Err(error),
                Err(Broken::Reader) => {
                    // As the kernel would have told it.
                    _ = signals::deliver(&running, signals::PIPE).await;
                    Ok(Ended::ReaderGone)
                }
            },
            // The command's end is what counts, not that of its input.
            () = &mut sent => {}
            () = &mut resized, if resizing => resizing = false,
            signal = signals.next() => {
                if signal == signals::RESIZED {
                    resized.set(running.fit());
                    resizing = true;
                } else if let Err(reason) = signals::deliver(&running, signal).await {
                    return Ok(Ended::Left { reason, status: signals::status(signal) });
                }
            }
        }
    }
}

/// What broke while output was received.
enum Broken {
    Engine(AskError),
    Reader,
}

impl From<AskError> for Broken {
    fn from(error: AskError) -> Self {
        Self::Engine(error)
    }
}

/// Hands standard input on until it ends, and then says so.
async fn send(mut input: Box<dyn AsyncWrite + Send + Unpin>) {
    let mut stdin = tokio::io::stdin();
    // A command that ends before its input does is no trouble.
    _ = tokio::io::copy(&mut stdin, &mut input).await;
    _ = input.shutdown().await;
    // Dropping half of a connection may close the whole.
    std::future::pending::<()>().await;
}

impl Running<'_> {
    /// Hands output on until it ends. What the engine says instead of starting a command comes as output too.
    async fn receive(&self, mut output: Output) -> Result<Option<Ended>, Broken> {
        let (mut out, mut err) = (tokio::io::stdout(), tokio::io::stderr());
        let mut first = true;
        while let Some((channel, bytes)) = output.next().await? {
            let begins_so = bytes.ends_with(b"\r\n") || bytes.starts_with(PODMANS);
            let may_be_the_engines = first && (begins_so || !output.is_framed());
            if may_be_the_engines && let Some(ended) = self.not_started(&bytes).await? {
                return Ok(Some(ended));
            }
            first = false;
            if channel == Channel::Err && is_podmans(&bytes) && self.has_ended().await {
                continue;
            }
            let written = match channel {
                Channel::Out => write(&mut out, &bytes).await,
                Channel::Err => write(&mut err, &bytes).await,
            };
            if let Err(error) = written {
                return Err(match error.kind() {
                    ErrorKind::BrokenPipe => Broken::Reader,
                    _ => AskError::Broken(format!("output cannot be written: {}", crate::error::said(&error))).into(),
                });
            }
        }
        Ok(None)
    }

    async fn asked(&self) -> Result<Value, AskError> {
        self.engine.get(&format!("/exec/{}/json", percent_encoded(&self.id)), Instant::now() + PATIENCE).await
    }

    /// Whether the engine never started the command: it has a status, and never had a process.
    async fn not_started(&self, words: &[u8]) -> Result<Option<Ended>, AskError> {
        let answer = self.asked().await?;
        let status = answer.get("ExitCode").and_then(Value::as_i64);
        let pid = answer.get("Pid").and_then(Value::as_i64).unwrap_or(0);
        Ok(match status {
            Some(126..) if pid == 0 => {
                let words = crate::probe::docker::one_line(&String::from_utf8_lossy(words));
                let status = if status == Some(127) || is_missing(&words) { 127 } else { 126 };
                Some(Ended::NotStarted { words, status })
            }
            _ => None,
        })
    }

    /// Whether the engine says that the command has ended.
    async fn has_ended(&self) -> bool {
        self.asked().await.is_ok_and(|answer| answer.get("Running").and_then(Value::as_bool) == Some(false))
    }

    /// How the command ended, once it has. Its output may have ended long before.
    async fn wait(&self) -> Result<Ended, AskError> {
        let mut pause = Duration::from_millis(2);
        loop {
            let answer = self.asked().await?;
            let is_running = answer.get("Running").and_then(Value::as_bool).unwrap_or(false);
            match answer.get("ExitCode").and_then(Value::as_i64) {
                // A status above 255 is none that a process can have.
                Some(status) if !is_running => return Ok(Ended::Status(u8::try_from(status).unwrap_or(255))),
                _ => {
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_millis(250));
                }
            }
        }
    }

    /// Gives the command's terminal the size of this one. It may not be there yet, for seconds on a busy engine.
    async fn fit(&self) {
        let mut pause = Duration::from_millis(10);
        for _ in 0..MOST_FITS {
            let Some((rows, columns)) = size() else { return };
            let options = bollard::query_parameters::ResizeExecOptions { h: i32::from(rows), w: i32::from(columns) };
            if self.engine.client().resize_exec(&self.id, options).await.is_ok() {
                return;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(500));
        }
    }
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> std::io::Result<()> {
    stream.write_all(bytes).await?;
    stream.flush().await
}

/// Whether Podman complains among a command's own words that the command ended before its input did.
fn is_podmans(bytes: &[u8]) -> bool {
    let words = std::str::from_utf8(bytes).unwrap_or_default();
    let rest = ["read", "write"].iter().find_map(|call| {
        let rest = words.strip_prefix(&format!("Error: {call} unixpacket @->/proc/self/fd/"))?;
        let rest = rest.trim_start_matches(|character: char| character.is_ascii_digit());
        rest.strip_prefix(&format!("/attach: {call}: "))
    });
    rest.is_some_and(|reason| matches!(reason.trim_end(), "connection reset by peer" | "broken pipe"))
}

/// Whether the engine's words say that there is no such program; a working directory that is not there is another matter.
fn is_missing(words: &str) -> bool {
    let absent = words.contains("executable file not found") || words.contains("no such file or directory");
    absent && !words.contains("chdir to cwd")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn podmans_complaint_about_unread_input_is_told_from_a_commands_words() {
        let complaint = "Error: write unixpacket @->/proc/self/fd/17/attach: write: connection reset by peer\n";
        assert!(is_podmans(complaint.as_bytes()) && is_podmans(complaint.replace("write", "read").as_bytes()));
        for other in
            ["Error: write unixpacket @->/proc/self/fd/17/attach: no", "Error: x", "", &format!("x {complaint}")]
        {
            assert!(!is_podmans(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn a_program_that_is_absent_is_told_from_one_that_is_none() {
        let begin = "OCI runtime exec failed: exec failed: unable to start container process: ";
        for (words, missing) in [
            ("exec: \"nope\": executable file not found in $PATH: unknown", true),
            ("exec: \"/nope\": stat /nope: no such file or directory: unknown", true),
            ("exec: \"/etc/passwd\": permission denied: unknown", false),
            ("chdir to cwd (\"/nowhere\") set in config.json failed: no such file or directory: unknown", false),
            ("unable to find user nobodyx: no matching entries in passwd file", false),
        ] {
            assert_eq!(is_missing(&format!("{begin}{words}")), missing, "{words}");
        }
    }
}
