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
use crate::probe::attention::{Attention, PassedOver, TAKES_TOO_LONG};
use crate::probe::files::{DiskFiles, TIME_IS_UP, follow_links};
use crate::probe::patience::NO_ANSWER;
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
/// One file that takes more to understand is passed over.
const FOR_ONE_FILE: f64 = 0.3;
/// One path that takes more to look at is passed over.
const FOR_ONE_ANSWER: f64 = 0.2;
/// Git tells what is staged by then; what is left has to do for reading it.
const FOR_GIT: f64 = 0.8;
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

impl Limits<'_> {
    /// When files are no longer read.
    pub fn for_files(&self) -> Instant {
        (self.after)(FOR_FILES)
    }

    /// When git has told what is staged.
    pub fn for_git(&self) -> Instant {
        (self.after)(FOR_GIT)
    }

    /// When nothing is waited for any more.
    pub fn for_all(&self) -> Instant {
        (self.after)(FOR_PARSERS)
    }
}

/// Reads the project at `root`.
pub fn read_project(
    root: &Path,
    environment: &Environment,
    database_url: Option<&str>,
    redactor: &Redactor,
    limits: &Limits<'_>,
) -> Read {
    let (top, before, until) = (root.to_owned(), redactor.clone(), limits.for_files());
    let (theirs, url) = (environment.clone(), database_url.map(str::to_owned));
    let work = move |attention: &Arc<Attention>| {
        let files = DiskFiles::until(&top, until).noting(attention.clone());
        let mut project = read::project(&files, &theirs, url.as_deref());
        attention.turn_away();
        project.root = top.display().to_string();
        follow_links(&mut project, files.patience());
        let mut redactor = before.clone();
        learn_secrets(&project, &theirs, url.as_deref(), &mut redactor);
        if let Some(reason) = files.cut_short() {
            say_cut_short(&mut project, reason);
        }
        project.not_entered = files.not_entered().to_vec();
        project.not_listed.extend_from_slice(files.not_listed());
        Read { project, redactor }
    };
    match watched(limits, &Arc::new(work)) {
        Ok((mut read, passed_over)) => {
            name_unanswered(&mut read.project, &passed_over);
            read
        }
        Err(reason) => {
            let mut project = Project { root: root.display().to_string(), ..Project::default() };
            say_cut_short(&mut project, reason);
            let mut redactor = redactor.clone();
            learn_given(environment, database_url, &mut redactor);
            Read { project, redactor }
        }
    }
}

/// Has `work` done within the limits, again and again without the paths that take too long, which come with what was done.
///
/// # Errors
/// Why it was not done.
pub fn watched<Answer, Work>(limits: &Limits<'_>, work: &Arc<Work>) -> Result<(Answer, PassedOver), String>
where
    Answer: Send + 'static,
    Work: Fn(&Arc<Attention>) -> Answer + Send + Sync + 'static,
{
    let mut passed_over: PassedOver = vec![];
    loop {
        let attention = Arc::new(Attention::without(passed_over.clone()));
        let (sender, receiver) = channel();
        let (theirs, work) = (attention.clone(), work.clone());
        let started = std::thread::Builder::new().name("files".to_owned()).spawn(move || {
            // Nobody waits any more where it took too long.
            _ = sender.send(work(&theirs));
        });
        if started.is_err() {
            return Err("no thread could be started".to_owned());
        }
        let (mut understood, mut answered) = (Watched::default(), Watched::default());
        let stuck = loop {
            match receiver.recv_timeout(LOOK) {
                Ok(answer) => return Ok((answer, passed_over)),
                Err(RecvTimeoutError::Disconnected) => return Err("reading the project's files crashed".to_owned()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let now = (limits.seconds)();
            if now >= limits.whole * FOR_PARSERS {
                let at = attention.asked().or_else(|| attention.understood());
                let file = at.map(|(_, path)| format!(" at `{}`", path.escape_debug())).unwrap_or_default();
                return Err(format!("{TIME_IS_UP}{file}"));
            }
            if let Some(path) = answered.stuck(attention.asked(), now, limits.whole * FOR_ONE_ANSWER) {
                break (path, NO_ANSWER);
            }
            if let Some(path) = understood.stuck(attention.understood(), now, limits.whole * FOR_ONE_FILE) {
                break (path, TAKES_TOO_LONG);
            }
        };
        passed_over.push(stuck);
    }
}

/// Names the paths of which nobody knows what is there, or what it means. One that was wanted and takes too long is named by
/// whoever wanted it, who says what is unknown without it.
pub fn name_unanswered(project: &mut Project, passed_over: &PassedOver) {
    let wanted = |path: &String| project.unreadable.iter().any(|entry| entry.is_late() && entry.path == *path);
    let unnamed = passed_over.iter().filter(|(path, reason)| *reason == NO_ANSWER || !wanted(path));
    let unnamed: Vec<_> = unnamed.map(|(path, reason)| (path.clone(), (*reason).to_owned())).collect();
    project.not_listed.extend(unnamed);
    // Of several reasons the first, which is that of the path itself and not that of the time.
    project.not_listed.sort_unstable();
    project.not_listed.dedup_by(|next, first| next.0 == first.0);
}

/// Since when somebody is at one thing, by its number.
#[derive(Default)]
struct Watched(Option<(u64, f64)>);

impl Watched {
    /// The path that they have been at for longer than `most` seconds `now`.
    fn stuck(&mut self, at: Option<(u64, String)>, now: f64, most: f64) -> Option<String> {
        let Some((number, path)) = at else {
            self.0 = None;
            return None;
        };
        match self.0 {
            Some((same, since)) if same == number => (now - since >= most).then_some(path),
            _ => {
                self.0 = Some((number, now));
                None
            }
        }
    }
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
    use crate::run::gather::Stopwatch;

    const WHOLE: f64 = 1.0;

    /// What comes of a second of work, and how often it was begun.
    fn in_a_second(work: impl Fn(&Attention) + Send + Sync + 'static) -> (Result<PassedOver, String>, usize) {
        let watch = Stopwatch::start();
        let after = |part: f64| watch.after(Duration::from_secs_f64(WHOLE * part));
        let limits = Limits { after: &after, seconds: &|| watch.seconds(), whole: WHOLE };
        let begun = Arc::new(AtomicUsize::new(0));
        let counted = begun.clone();
        let work = move |attention: &Arc<Attention>| {
            counted.fetch_add(1, Ordering::Relaxed);
            attention.turn_to("compose.yaml");
            work(attention);
        };
        let done = watched(&limits, &Arc::new(work)).map(|((), passed_over)| passed_over);
        (done, begun.load(Ordering::Relaxed))
    }

    fn half() {
        std::thread::sleep(Duration::from_secs_f64(WHOLE * 0.5));
    }

    #[test]
    fn only_while_it_is_understood_is_a_file_to_blame() {
        let slow = |attention: &Attention| {
            if attention.passes_over("compose.yaml").is_none() {
                half();
            }
        };
        let blamed = vec![("compose.yaml".to_owned(), TAKES_TOO_LONG)];
        assert_eq!(in_a_second(slow), (Ok(blamed), 2), "the second reading passes over it");
        let later = |attention: &Attention| {
            attention.turn_away();
            half();
        };
        assert_eq!(in_a_second(later), (Ok(vec![]), 1));
        let too_late = move |attention: &Attention| {
            later(attention);
            half();
        };
        assert_eq!(in_a_second(too_late), (Err(TIME_IS_UP.to_owned()), 1));
    }

    #[test]
    fn several_paths_that_do_not_answer_are_passed_over_one_by_one() {
        let work = |attention: &Attention| {
            for path in ["a", "b", "c"] {
                if attention.passes_over(path).is_none() {
                    attention.ask(path, half);
                }
            }
        };
        let silent = ["a", "b", "c"].map(|path| (path.to_owned(), NO_ANSWER)).to_vec();
        assert_eq!(in_a_second(work), (Ok(silent), 4));
    }

    #[test]
    fn each_path_that_was_passed_over_is_named_once() {
        let named = |path: &str, reason, unreadable| {
            let mut project = Project { unreadable, ..Project::default() };
            name_unanswered(&mut project, &vec![(path.to_owned(), reason)]);
            project.not_listed.into_iter().map(|(path, _)| path).collect::<Vec<_>>()
        };
        let wanted = |path: &str, reason: &str| Unreadable {
            path: path.to_owned(),
            format: Format::Make,
            span: None,
            message: reason.to_owned(),
            unseen: "commands".to_owned(),
        };
        assert_eq!(named("a", NO_ANSWER, vec![]), ["a"]);
        assert_eq!(named("a", TAKES_TOO_LONG, vec![]), ["a"], "nobody else names it");
        assert_eq!(named("a", TAKES_TOO_LONG, vec![wanted("b", TAKES_TOO_LONG)]), ["a"]);
        assert_eq!(named("a", TAKES_TOO_LONG, vec![wanted("a", TAKES_TOO_LONG)]), [""; 0]);
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
    }
}
