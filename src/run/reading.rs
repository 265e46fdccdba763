//! Reads the project's files within a time limit that no single file can overrun.
//!
//! A parser does not look at the clock. So it works in a thread of its own: when one file takes too large a part of the time,
//! that reading is left behind, and another begins that passes over the file and says so.

use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::gather::{learn_given, learn_secrets};
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
    let mut known = redactor.clone();
    learn_given(environment, database_url, &mut known);
    let (environment, url) = (environment.clone(), database_url.map(str::to_owned));
    let (top, before) = (root.display().to_string(), redactor.clone());
    let work = move |files: &DiskFiles| {
        let mut project = read::project(files, &environment, url.as_deref());
        files.are_read();
        project.root.clone_from(&top);
        follow_links(&mut project);
        let mut redactor = before.clone();
        learn_secrets(&project, &environment, url.as_deref(), &mut redactor);
        Read { project, redactor }
    };
    watched(root, &known, limits, &Arc::new(work))
}

/// Has `work` done within the limits, again and again without the files that take too long. `known` is what may not be said
/// whatever comes of it.
fn watched<Work>(root: &Path, known: &Redactor, limits: &Limits<'_>, work: &Arc<Work>) -> Read
where
    Work: Fn(&DiskFiles) -> Read + Send + Sync + 'static,
{
    let mut passed_over: Vec<String> = vec![];
    loop {
        let files = Arc::new(DiskFiles::until(root, (limits.after)(FOR_FILES)).without(passed_over.clone()));
        let (sender, receiver) = channel();
        let (theirs, work) = (files.clone(), work.clone());
        let started = std::thread::Builder::new().name("files".to_owned()).spawn(move || {
            // Nobody waits any more where it took too long.
            _ = sender.send(work(&theirs));
        });
        if started.is_err() {
            return nothing(root, known, "no thread could be started".to_owned());
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
                    return nothing(root, known, "reading the project's files crashed".to_owned());
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            let (now, reading) = ((limits.seconds)(), files.being_read());
            if now >= limits.whole * FOR_PARSERS {
                let file = reading.map(|(_, path)| format!(" at `{}`", path.escape_debug())).unwrap_or_default();
                return nothing(root, known, format!("{TIME_IS_UP}{file}"));
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::project::files::Files;
    use crate::run::gather::Stopwatch;

    const WHOLE: f64 = 1.0;

    /// What is read in a second, and how often it was begun.
    fn read_in_time(work: impl Fn(&DiskFiles) + Send + Sync + 'static) -> (Project, usize) {
        let root = tempfile::tempdir().unwrap();
        let watch = Stopwatch::start();
        let after = |part: f64| watch.after(Duration::from_secs_f64(WHOLE * part));
        let limits = Limits { after: &after, seconds: &|| watch.seconds(), whole: WHOLE };
        let begun = Arc::new(AtomicUsize::new(0));
        let counted = begun.clone();
        let work = move |files: &DiskFiles| {
            counted.fetch_add(1, Ordering::Relaxed);
            // Not there, but turned to all the same.
            _ = files.bytes("compose.yaml");
            work(files);
            Read { project: Project::default(), redactor: Redactor::default() }
        };
        let read = watched(root.path(), &Redactor::default(), &limits, &Arc::new(work));
        (read.project, begun.load(Ordering::Relaxed))
    }

    fn half() {
        std::thread::sleep(Duration::from_secs_f64(WHOLE * 0.5));
    }

    #[test]
    fn only_while_it_is_understood_is_a_file_to_blame() {
        let understood_slowly = read_in_time(|files| {
            if files.bytes("compose.yaml") == Err(crate::project::files::ReadError::NotFound) {
                half();
            }
        });
        assert_eq!(understood_slowly.1, 2, "the second reading passes over it");
        let (project, begun) = read_in_time(|files| {
            files.are_read();
            half();
        });
        assert_eq!((project.unreadable, begun), (vec![], 1));
        let (project, begun) = read_in_time(|files| {
            files.are_read();
            half();
            half();
        });
        let said: Vec<String> = project.unreadable.into_iter().map(|entry| entry.message).collect();
        assert_eq!((said, begun), (vec![TIME_IS_UP.to_owned()], 1));
    }

    #[test]
    fn what_the_person_brought_along_is_known_though_no_file_was_read() {
        let root = tempfile::tempdir().unwrap();
        let watch = Stopwatch::start();
        // More time was used than there is before the first look.
        let (after, late) = (|_: f64| watch.after(Duration::ZERO), || f64::MAX);
        let limits = Limits { after: &after, seconds: &late, whole: WHOLE };
        let environment: Environment =
            [("DB_PASSWORD".to_owned(), "hunter2-of-the-shell".to_owned())].into_iter().collect();
        let url = Some("postgresql://app:hunter3-of-the-option@db/app");
        let mut read = read_project(root.path(), &environment, url, &Redactor::default(), &limits);
        for secret in ["hunter2-of-the-shell", "hunter3-of-the-option"] {
            let said = read.redactor.redact(secret).into_owned();
            assert!(!said.contains(secret), "{said}");
        }
        let mut known = Redactor::default();
        learn_given(&environment, url, &mut known);
        let mut nothing = watched(
            root.path(),
            &known,
            &limits,
            &Arc::new(|_: &DiskFiles| -> Read {
                half();
                Read { project: Project::default(), redactor: Redactor::default() }
            }),
        );
        for secret in ["hunter2-of-the-shell", "hunter3-of-the-option"] {
            let said = nothing.redactor.redact(secret).into_owned();
            assert!(!said.contains(secret), "{said}");
        }
    }
}
