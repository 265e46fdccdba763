//! Signals to this process, handed on to the command. The engine has no request for that, but a command's process can be seen
//! on the engine's machine, and reached from it or from within the container.

#![expect(clippy::disallowed_methods, reason = "the command's process is looked at in /proc")]

use std::time::Duration;

use bollard::exec::StartExecOptions;
use bollard::models::ExecConfig;
use futures_util::future::select_all;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

use super::Running;
use crate::probe::docker::{AskError, is_of_container, told};

/// How often the engine is asked for the number of a process that runs, 20 ms apart.
const MOST_TRIES: u32 = 100;

/// A signal that was caught.
pub(super) type Caught = Signal;

/// The terminal has another size.
pub(super) const RESIZED: Caught = Signal::SIGWINCH;

/// Nobody reads any more.
pub(super) const PIPE: Caught = Signal::SIGPIPE;

/// How long it may take to hand a signal on.
const PATIENCE: Duration = Duration::from_secs(5);

/// The signals that are caught from now on.
pub(super) struct Signals(Vec<(Caught, Stream)>);

impl Signals {
    /// Catches what ends a program, and, for a command with a terminal, changes of its size.
    ///
    /// # Errors
    /// When the kernel does not let it.
    pub(super) fn caught(tty: bool) -> Result<Self, AskError> {
        use Signal::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
        let wanted = [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2].into_iter().chain(tty.then_some(RESIZED));
        let caught = wanted.map(|wanted| Ok((wanted, signal(SignalKind::from_raw(wanted as i32))?)));
        caught.collect::<Result<_, std::io::Error>>().map(Self).map_err(|error| AskError::Broken(error.to_string()))
    }

    /// The next one.
    pub(super) async fn next(&mut self) -> Caught {
        let streams = self.0.iter_mut().map(|(caught, stream)| {
            Box::pin(async move {
                stream.recv().await;
                *caught
            })
        });
        select_all(streams).await.0
    }
}

/// The exit status of a process that a signal ended, as shells have it.
pub(super) fn status(signal: Caught) -> u8 {
    u8::try_from(128 + signal as i32).unwrap_or(255)
}

/// Hands a signal on to the command and what it started.
///
/// # Errors
/// Why it cannot, for people.
pub(super) async fn deliver(running: &Running<'_>, signal: Caught) -> Result<(), String> {
    tokio::time::timeout(PATIENCE, delivered(running, signal))
        .await
        .unwrap_or_else(|_| Err(AskError::TimedOut.to_string()))
}

async fn delivered(running: &Running<'_>, signal: Caught) -> Result<(), String> {
    let mut tries = 0;
    let answer = loop {
        tries += 1;
        let answer = running.asked().await.map_err(|error| error.to_string())?;
        // Under load its number is known a while after it runs.
        let is_numbered = answer.get("Pid").and_then(Value::as_i64).is_some_and(|pid| pid > 0);
        let is_running = answer.get("Running").and_then(Value::as_bool) == Some(true);
        if is_running && (is_numbered || tries > MOST_TRIES) {
            break answer;
        }
        if !is_running && answer.get("ExitCode").is_some_and(Value::is_number) {
            // It ended meanwhile; its status is on the way.
            return Ok(());
        }
        // The engine notes a process a moment after it has begun.
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    let pid = answer.get("Pid").and_then(Value::as_i64).and_then(|pid| i32::try_from(pid).ok()).filter(|pid| *pid > 1);
    let Some(pid) = pid.filter(|pid| running.local && is_of_container(*pid, &running.plan.container)) else {
        return Err("its process cannot be seen from here".to_owned());
    };
    // A command leads a group of its own: what it started is told as well, as a terminal would.
    match kill(Pid::from_raw(-pid), signal).or_else(|_| kill(Pid::from_raw(pid), signal)) {
        Ok(()) | Err(Errno::ESRCH) => Ok(()),
        Err(Errno::EPERM) => from_within(running, pid, signal).await,
        Err(error) => Err(error.desc().to_lowercase()),
    }
}

/// Has the container's own `kill` tell it, as the same user.
async fn from_within(running: &Running<'_>, pid: i32, signal: Caught) -> Result<(), String> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let inside =
        status.lines().find_map(|line| line.strip_prefix("NSpid:")?.split_whitespace().last()?.parse::<i32>().ok());
    let inside = inside.ok_or("its number in the container is not known")?;
    let name = signal.as_str().trim_start_matches("SIG");
    // Small images have one or the other.
    let program = ["kill".to_owned(), format!("-{name}"), format!("-{inside}")].to_vec();
    let shell = ["sh".to_owned(), "-c".to_owned(), format!("kill -s {name} -- -{inside}")].to_vec();
    for command in [program, shell] {
        let config = ExecConfig { user: running.plan.user.clone(), cmd: Some(command), ..ExecConfig::default() };
        let client = running.engine.client();
        let made =
            client.create_exec(&running.plan.container, config).await.map_err(|error| told(&error).to_string())?;
        let start = StartExecOptions { detach: true, ..StartExecOptions::default() };
        if client.start_exec(&made.id, Some(start)).await.is_ok() {
            return Ok(());
        }
    }
    Err("it belongs to another user, and the container has no `kill`".to_owned())
}
