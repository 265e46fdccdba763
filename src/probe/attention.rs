//! What a reader of files is at, so that somebody else can tell which file takes long.

use std::sync::{Mutex, MutexGuard, PoisonError};

pub use crate::project::files::TAKES_TOO_LONG;

/// Paths that took too long, each with what did.
pub type PassedOver = Vec<(String, &'static str)>;

/// A thing that somebody is at, if at any, with a number that is another for each.
#[derive(Debug, Default)]
struct At(Mutex<(u64, Option<String>)>);

impl At {
    fn lock(&self) -> MutexGuard<'_, (u64, Option<String>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, path: Option<&str>) {
        let mut at = self.lock();
        at.0 += 1;
        at.1 = path.map(str::to_owned);
    }

    fn get(&self) -> Option<(u64, String)> {
        let at = self.lock();
        at.1.clone().map(|path| (at.0, path))
    }
}

/// What one reader is at.
#[derive(Debug, Default)]
pub struct Attention {
    understood: At,
    asked: At,
    passed_over: PassedOver,
}

impl Attention {
    /// Of a reader who passes these paths over.
    pub fn without(passed_over: PassedOver) -> Self {
        Self { passed_over, ..Self::default() }
    }

    /// Why a path is passed over.
    pub fn passes_over(&self, path: &str) -> Option<&'static str> {
        self.passed_over.iter().find(|(slow, _)| slow == path).map(|(_, reason)| *reason)
    }

    /// The file that was turned to last, and so is being understood now, with a number that is another for each; `None` before
    /// the first, while files are listed, and after the last.
    pub fn understood(&self) -> Option<(u64, String)> {
        self.understood.get()
    }

    /// The path that the kernel is asked about now and does not answer, with a number that is another for each question.
    pub fn asked(&self) -> Option<(u64, String)> {
        self.asked.get()
    }

    /// Notes which file is turned to.
    pub fn turn_to(&self, path: &str) {
        self.understood.note(Some(path));
    }

    /// Notes that no file is turned to. What takes long from here on is no file's doing.
    pub fn turn_away(&self) {
        self.understood.note(None);
    }

    /// Asks the kernel about a path; meanwhile everybody can see which.
    pub fn ask<Answer>(&self, path: &str, question: impl FnOnce() -> Answer) -> Answer {
        self.asked.note(Some(path));
        let answer = question();
        self.asked.note(None);
        answer
    }
}
