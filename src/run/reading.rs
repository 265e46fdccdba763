//! Reads the project's files within a time limit that no single file can overrun.
//!
//! A parser does not look at the clock. So it works in a thread of its own: when one file takes too large a part of the time,
//! that reading is left behind, and another begins that passes over the file and says so.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::gather::learn_secrets;
use crate::facts::Environment;
use crate::probe::files::{DiskFiles, TIME_IS_UP, follow_links};
use crate::project::{Format, Project, Unreadable, read};
use crate::text::Redactor;

/// What came of it.
pub struct Read {
    /// The project, links in its mounts followed.
    pub project: Project,
    /// What may not be said.
    pub redactor: Redactor,
}

/// How the time is shared, as parts of all of it.
const FOR_FILES: f64 = 0.7;
/// After this nothing of the files is known but that they were not read.
const FOR_PARSERS: f64 = 0.85;
/// One file that takes more is passed over.
const FOR_ONE_FILE: f64 = 0.3;
/// How often the reading is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// A moment by its part of the time.
pub struct Limits<'a> {
    /// The moment after a part of the whole time.
    pub after: &'a dyn Fn(f64) -> Instant,
    /// Seconds since the start.
    pub seconds: &'a dyn Fn() -> f64,
    /// Seconds in all.
    pub whole: f64,
}

/// Reads the project at `root`.
pub fn read_project(
    root: &Path,
    environment: &Environment,
    database_url: Option<&str>,
    redactor: &Redactor,
    limits: &Limits<'_>,
) -> Read {
    let mut passed_over: Vec<String> = vec![];
    loop {
        let files = Arc::new(DiskFiles::until(root, (limits.after)(FOR_FILES)).without(passed_over.clone()));
        let (sender, receiver) = channel();
        let (theirs, environment, url) = (files.clone(), environment.clone(), database_url.map(str::to_owned));
        let (top, mut redactor_there) = (root.display().to_string(), redactor.clone());
        let started = std::thread::Builder::new().name("files".to_owned()).spawn(move || {
            let mut project = read::project(&*theirs, &environment, url.as_deref());
            project.root = top;
            follow_links(&mut project);
            learn_secrets(&project, &environment, url.as_deref(), &mut redactor_there);
            // Nobody waits any more where it took too long.
            _ = sender.send(Read { project, redactor: redactor_there });
        });
        if started.is_err() {
            return nothing(root, redactor, "no thread could be started".to_owned());
        }
        let mut at: Option<(u64, f64)> = None;
        let stuck = loop {
            match receiver.recv_timeout(LOOK) {
                Ok(mut read) => {
                    if let Some(reason) = files.cut_short() {
                        say_cut_short(&mut read.project, reason);
                    }
                    read.project.not_entered = files.not_entered().to_vec();
                    read.project.not_listed = files.not_listed().to_vec();
                    return read;
                }
                Err(RecvTimeoutError::Disconnected) => {
                    return nothing(root, redactor, "reading the project's files crashed".to_owned());
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            let (now, reading) = ((limits.seconds)(), files.being_read());
            if now >= limits.whole * FOR_PARSERS {
                let file = reading.map(|(_, path)| format!(" at `{}`", path.escape_debug())).unwrap_or_default();
                return nothing(root, redactor, format!("{TIME_IS_UP}{file}"));
            }
            let Some((count, path)) = reading else {
                at = None;
                continue;
            };
            match at {
                Some((same, since)) if same == count => {
                    if now - since >= limits.whole * FOR_ONE_FILE {
                        break path;
                    }
                }
                _ => at = Some((count, now)),
            }
        };
        passed_over.push(stuck);
    }
}

/// A project of which no file is known.
fn nothing(root: &Path, redactor: &Redactor, reason: String) -> Read {
    let mut project = Project { root: root.display().to_string(), ..Project::default() };
    say_cut_short(&mut project, reason);
    Read { project, redactor: redactor.clone() }
}

/// Notes that not every file was read. No single file is to blame for it.
fn say_cut_short(project: &mut Project, reason: String) {
    project.unreadable.retain(|entry| !entry.message.ends_with(TIME_IS_UP));
    project.unreadable.push(Unreadable {
        path: ".".to_owned(),
        format: Format::Folder,
        span: None,
        message: reason,
        unseen: "what the other files say".to_owned(),
    });
    project.unreadable.sort();
}
