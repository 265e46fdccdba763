//! The journal of a run of `fix`: what was done, in which order, and what takes it back. Data only; `fix::apply` writes it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{ChownPlace, PathStep};
use crate::facts::{Owner, SeenPath};

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "entry")]
pub enum Entry {
    /// A run begins.
    Run {
        /// Form of this journal; without it the first.
        #[serde(default = "first_schema")]
        schema: u64,
        /// The run.
        #[serde(flatten)]
        run: RunEntry,
    },
    /// A step is about to be done. Written and synced before anything is touched.
    Begin {
        /// Number of the step in this run, from 0.
        step: usize,
        /// What will be done.
        change: Change,
    },
    /// The step was done.
    Done {
        /// Its number.
        step: usize,
    },
    /// The step failed; it may have been done in part.
    Failed {
        /// Its number.
        step: usize,
        /// Why.
        error: String,
    },
    /// The step was taken back by `undo`.
    Undone {
        /// Its number.
        step: usize,
    },
}

/// The form of the journals that are written. One that means something that older devdoctors do not know gets the next number:
/// 2 brought [`Change::Path`].
pub const SCHEMA: u64 = 2;

fn first_schema() -> u64 {
    1
}

/// The head of a journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunEntry {
    /// Name of the run: the time it began, UTC, then the process number.
    pub id: String,
    /// Absolute path of the project's root.
    pub root: String,
    /// devdoctor's version.
    pub devdoctor: String,
    /// Titles of the fixes that were chosen.
    pub titles: Vec<String>,
    /// What makes containers follow the edits, which they have to once more when those are taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub afterwards: Vec<String>,
}

/// One change with everything that takes it back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "change")]
pub enum Change {
    /// A file got other bytes.
    Edit {
        /// Path relative to the root.
        path: String,
        /// File beside the journal that holds the former bytes.
        before: String,
        /// SHA-256 of the former bytes, in hexadecimal.
        before_sha256: String,
        /// SHA-256 of the new bytes.
        after_sha256: String,
        /// Whether a container has the file mounted by itself, so that its inode has to stay.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        in_place: bool,
    },
    /// Paths got another owner.
    Chown {
        /// Where the paths are.
        place: ChownPlace,
        /// Each path with its former owner.
        paths: Vec<(SeenPath, Owner)>,
        /// The new owner.
        to: Owner,
    },
    /// A path was made or removed, or got another mode.
    Path {
        /// What was done; it says what takes it back.
        step: PathStep,
    },
    /// A statement was run.
    Sql {
        /// File that holds the URL, and its key there.
        url: (String, String),
        /// Database, for people.
        database: String,
        /// Which database of which server it was, by its own word. Without it nothing is taken back.
        #[serde(default)]
        identity: Option<DatabaseIdentity>,
        /// What was run.
        statement: String,
        /// What takes it back.
        reverse: Option<String>,
    },
}

/// Which database a statement was run in, as the server itself says, so that it is never taken back in another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseIdentity {
    /// `system_identifier` of the cluster, made by `initdb`; it outlives restarts.
    pub system: String,
    /// `current_database()`.
    pub database: String,
    /// Number of the database in its cluster: a database that was dropped and made again is another one.
    pub number: String,
}

/// A whole journal, as read back.
#[derive(Clone, Debug, PartialEq)]
pub struct Journal {
    /// Its head.
    pub run: RunEntry,
    /// The steps in the order they were begun, each with what became of it.
    pub steps: Vec<(Change, StepState)>,
    /// Whether its last line was cut off.
    pub cut_off: bool,
}

/// What became of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepState {
    /// Begun, and then nothing: devdoctor was ended in the middle, or no answer came. It may have been done.
    Begun,
    /// Done.
    Done,
    /// Failed; it may have been done in part.
    Failed(String),
    /// Taken back.
    Undone,
}

/// Why a journal cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// It does not begin with the run.
    #[error("the journal has no head")]
    NoHead,
    /// It has a form that this devdoctor does not know.
    #[error("the journal was written by a newer devdoctor")]
    Newer,
    /// A line says nothing that fits what stands before it.
    #[error("line {0} of the journal is damaged")]
    Damaged(usize),
}

impl Journal {
    /// Reads a journal. A last line that was cut off by a crash is left out; what it would have said was not done yet.
    ///
    /// # Errors
    /// When it has no head, or a line that is not the cut-off last one cannot be understood.
    pub fn parse(text: &str) -> Result<Self, JournalError> {
        let run = Self::head(text)?;
        let whole = text.rfind('\n').and_then(|end| text.get(..end)).unwrap_or("");
        let cut_off = !text.ends_with('\n');
        let mut steps: Vec<(Change, StepState)> = vec![];
        for (number, line) in (2..).zip(whole.lines().skip(1)) {
            let damaged = JournalError::Damaged(number);
            let (step, state) = match serde_json::from_str::<Entry>(line) {
                Ok(Entry::Begin { step, change }) if step == steps.len() => {
                    steps.push((change, StepState::Begun));
                    continue;
                }
                Ok(Entry::Done { step }) => (step, StepState::Done),
                Ok(Entry::Failed { step, error }) => (step, StepState::Failed(error)),
                Ok(Entry::Undone { step }) => (step, StepState::Undone),
                Ok(Entry::Run { .. } | Entry::Begin { .. }) | Err(_) => return Err(damaged),
            };
            steps.get_mut(step).ok_or(damaged)?.1 = state;
        }
        Ok(Self { run, steps, cut_off })
    }

    /// The head of a journal, also of a damaged one.
    ///
    /// # Errors
    /// When there is none, or a newer devdoctor wrote it.
    pub fn head(text: &str) -> Result<RunEntry, JournalError> {
        let first = text.split_once('\n').ok_or(JournalError::NoHead)?.0;
        let schema = serde_json::from_str::<serde_json::Value>(first).ok();
        let schema = schema.as_ref().and_then(|head| head.get("schema")).and_then(serde_json::Value::as_u64);
        if schema.is_some_and(|schema| schema > SCHEMA) {
            return Err(JournalError::Newer);
        }
        match serde_json::from_str(first) {
            Ok(Entry::Run { run, .. }) => Ok(run),
            _ => Err(JournalError::NoHead),
        }
    }

    /// The root of the project that a journal is about, as far as its first line can be understood at all.
    pub fn root(text: &str) -> Option<String> {
        let head: serde_json::Value = serde_json::from_str(text.lines().next()?).ok()?;
        Some(head.get("root")?.as_str()?.to_owned())
    }

    /// Whether it tells of a run from its beginning to the end of its undo: nothing is left that would have to be taken back, as
    /// far as anybody can know. A journal without a step, or with a line that was cut off, may have lost what it said.
    pub fn is_settled(&self) -> bool {
        !self.cut_off && !self.steps.is_empty() && self.open().is_empty()
    }

    /// The steps that are still to be taken back, the last first. A statement that failed was never run.
    pub fn open(&self) -> Vec<(usize, &Change)> {
        let open = |change: &Change, state: &StepState| match state {
            StepState::Undone => false,
            StepState::Failed(_) => !matches!(change, Change::Sql { .. }),
            StepState::Begun | StepState::Done => true,
        };
        self.steps
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, (change, state))| open(change, state))
            .map(|(step, (change, _))| (step, change))
            .collect()
    }
}

/// The SHA-256 of bytes in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One line of a journal file, with its line end.
pub fn line(entry: &Entry) -> String {
    let mut line = serde_json::to_string(entry).unwrap_or_default();
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(statement: &str) -> Change {
        Change::Sql {
            url: (".env".into(), "URL".into()),
            database: "app".into(),
            identity: None,
            statement: statement.into(),
            reverse: None,
        }
    }

    #[test]
    fn a_journal_that_was_cut_off_says_what_may_have_been_done() {
        let run =
            RunEntry { id: "1".into(), root: "/p".into(), devdoctor: "0".into(), titles: vec![], afterwards: vec![] };
        let entries = [
            Entry::Run { schema: SCHEMA, run: run.clone() },
            Entry::Begin { step: 0, change: sql("a") },
            Entry::Done { step: 0 },
            Entry::Begin { step: 1, change: sql("b") },
            Entry::Failed { step: 1, error: "no".into() },
            Entry::Begin { step: 2, change: sql("c") },
            Entry::Undone { step: 0 },
        ];
        let whole: String = entries.iter().map(line).collect();
        let journal = Journal::parse(&format!("{whole}{{\"entry\":\"do")).unwrap();
        assert_eq!(journal.run, run);
        assert!(journal.cut_off && !journal.is_settled());
        // Step 1 was refused, so there is nothing to take back.
        assert_eq!(journal.open().iter().map(|(step, _)| *step).collect::<Vec<_>>(), [2]);
        let lines: Vec<&str> = whole.lines().collect();
        let without = |number: usize| [&lines[..number], &lines[number + 1..]].concat().join("\n") + "\n";
        assert_eq!(Journal::parse(&without(0)), Err(JournalError::NoHead));
        let of_schema =
            |number: u64| whole.replacen(&format!("\"schema\":{SCHEMA}"), &format!("\"schema\":{number}"), 1);
        let newer = of_schema(SCHEMA + 1);
        assert_eq!(Journal::parse(&newer), Err(JournalError::Newer));
        assert_eq!(Journal::parse(&of_schema(1)).unwrap().run, run, "older journals are taken back as well");
        assert_eq!(Journal::root(&newer).as_deref(), Some("/p"));
        let first = whole.replacen(&format!("\"schema\":{SCHEMA},"), "", 1);
        assert_eq!(Journal::parse(&first).unwrap().run, run, "journals had no number at first");
        assert_eq!(Journal::parse(&without(1)), Err(JournalError::Damaged(2)), "a step without its beginning");
        assert_eq!(Journal::parse(&whole.replacen("\"done\"", "\"dnoe\"", 1)), Err(JournalError::Damaged(3)));
        for cut in 0..whole.len() {
            // Never a panic, and what was cut off is never taken for settled.
            assert!(!Journal::parse(&whole[..cut]).is_ok_and(|journal| journal.is_settled()), "{cut}");
        }
    }
}
