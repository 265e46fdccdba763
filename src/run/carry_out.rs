//! Carries out the steps of a plan or of an undo, each noted in the journal before it is done.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::gather::Stopwatch;
use super::output::Output;
use crate::cli::ProjectArgs;
use crate::error::Error;
use crate::facts::{Docker, Environment, Facts, SeenPath};
use crate::fix::apply::record::{Record, Records};
use crate::fix::apply::{chown, edit, engine, path, sql};
use crate::fix::journal::{Change, DatabaseIdentity, Entry, RunEntry, sha256};
use crate::fix::plan::{Item, Plan, file_changes};
use crate::fix::{Applicability, Chown, ChownPlace, Sql, Step, show};
use crate::probe;
use crate::report::wrapped;

/// One run of `fix`, with its journal.
pub struct Treatment {
    id: String,
    root: PathBuf,
    record: Record,
}

/// The world in which steps are carried out.
pub struct Theatre<'run> {
    /// The project's root.
    pub root: &'run Path,
    /// What was gathered.
    pub facts: &'run Facts,
    /// How engine and databases are reached.
    pub arguments: &'run ProjectArgs,
    /// devdoctor's own environment.
    pub environment: &'run Environment,
}

impl Treatment {
    /// Begins a journal for the fixes of `plan`.
    ///
    /// # Errors
    /// When the journal cannot be written; then nothing may be done.
    pub fn begin(records: &Records, root: &str, plan: &Plan) -> Result<Self, Error> {
        let id = probe::host::run_id();
        let titles = plan.items.iter().chain(&plan.later).map(|item| item.fix.title.clone()).collect();
        let run = RunEntry {
            id: id.clone(),
            root: root.to_owned(),
            devdoctor: env!("CARGO_PKG_VERSION").to_owned(),
            titles,
            afterwards: plan.for_containers().into_iter().map(str::to_owned).collect(),
        };
        Ok(Self { id, root: PathBuf::from(root), record: records.begin(run)? })
    }

    /// The run's name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Carries out all steps: files, then host and engine, then database. Returns the fingerprints of the items that failed;
    /// what a failed item still had to do is not tried, the other items go on.
    ///
    /// # Errors
    /// When the journal cannot be written; the step that could not be noted is not done.
    pub fn carry_out(
        &mut self,
        plan: &Plan,
        facts: &Facts,
        arguments: &ProjectArgs,
        environment: &Environment,
        output: &mut Output,
    ) -> Result<BTreeSet<String>, Error> {
        let root = self.root.clone();
        let theatre = Theatre { root: &root, facts, arguments, environment };
        let mut failed = BTreeSet::new();
        let mut not_tried = 0;
        let edits = |item: &Item, path: &str| {
            item.fix.steps.iter().any(|step| matches!(step, Step::Edit(edit) if edit.span.path.as_ref() == path))
        };
        for change in plan.file_changes(&facts.project.sources)? {
            let touching: Vec<&Item> = plan.items.iter().filter(|item| edits(item, &change.path)).collect();
            not_tried += touching.iter().filter(|item| failed.contains(&item.fingerprint)).count();
            // Of items that failed at another file nothing more is done here.
            let steps =
                touching.iter().filter(|item| !failed.contains(&item.fingerprint)).flat_map(|item| &item.fix.steps);
            let wanted = steps.filter_map(|step| match step {
                Step::Edit(edit) if edit.span.path.as_ref() == change.path => Some(edit),
                Step::Edit(_) | Step::Chown(_) | Step::Path(_) | Step::Sql(_) => None,
            });
            let Some(change) = file_changes(wanted, &facts.project.sources)?.into_iter().next() else { continue };
            let before = self.record.keep(change.before.as_bytes())?;
            let in_place = mounted_singly(facts, &root, &change.path);
            let noted = Change::Edit {
                path: change.path.clone(),
                before,
                before_sha256: sha256(change.before.as_bytes()),
                after_sha256: sha256(change.after.as_bytes()),
                in_place,
            };
            let words = (format!("edited `{}`", change.path), format!("edit of `{}`", change.path));
            let write = || {
                edit::write(&root, &change.path, &sha256(change.before.as_bytes()), change.after.as_bytes(), in_place)
                    .map_err(|error| Failure::known(error.to_string()))
            };
            if !self.step(noted, &words, output, write)? {
                failed.extend(touching.iter().map(|item| item.fingerprint.clone()));
            }
        }
        let mut done_before: Vec<&Step> = vec![];
        for (item, step) in plan.other_steps() {
            if failed.contains(&item.fingerprint) {
                not_tried += 1;
                continue;
            }
            // Two findings may want the same folder.
            if done_before.contains(&step) {
                continue;
            }
            // A person who said yes to an unsafe fix said yes to all names of a hard-linked file.
            let hard_links = item.fix.applicability == Applicability::Unsafe;
            let done = match step {
                Step::Edit(_) => continue,
                Step::Chown(step) => {
                    let noted = Change::Chown { place: step.place.clone(), paths: step.paths.clone(), to: step.to };
                    let given = format!("{} to {}", paths(step.paths.len()), step.to);
                    let words = (format!("gave {given}"), format!("giving {given}"));
                    let give = || theatre.chown(step, hard_links, false).map(drop).map_err(Failure::known);
                    self.step(noted, &words, output, give)?
                }
                Step::Path(step) => {
                    let what = show::of_path(step);
                    let words = (what.clone(), what);
                    let noted = Change::Path { step: step.clone() };
                    self.step(noted, &words, output, || path::change(&root, step).map_err(Failure::known))?
                }
                Step::Sql(step) => {
                    // Asked before it is noted: the journal must say where the statement is run before it is.
                    let identity = theatre.identity(step);
                    let noted = Change::Sql {
                        url: url_name(facts, step.url),
                        database: step.database.clone(),
                        identity: identity.as_ref().ok().cloned(),
                        statement: step.statement.clone(),
                        reverse: step.reverse.clone(),
                    };
                    let what = format!("{} in {}", step.statement, step.database);
                    let words = (format!("ran {what}"), what);
                    self.step(noted, &words, output, || {
                        identity.map_err(Failure::known).and_then(|identity| theatre.sql(step, &identity))
                    })?
                }
            };
            if done {
                done_before.push(step);
            } else {
                failed.insert(item.fingerprint.clone());
            }
        }
        if not_tried > 0 {
            let steps = if not_tried == 1 { "1 step" } else { &format!("{not_tried} steps") };
            output.result(&format!("not tried: {steps} of fixes that failed before\n"));
        }
        Ok(failed)
    }

    /// Does one step. `words` name it when it was done, and when it was not.
    fn step(
        &mut self,
        change: Change,
        words: &(String, String),
        output: &mut Output,
        work: impl FnOnce() -> Result<(), Failure>,
    ) -> Result<bool, Error> {
        let step = self.record.step(change)?;
        let width = output.style().width;
        match work() {
            Ok(()) => {
                self.record.append(&Entry::Done { step })?;
                output.result(&format!("{}\n", wrapped(&format!("done: {}", words.0), width, "  ")));
                Ok(true)
            }
            Err(Failure { words: error, known }) => {
                // What is not known to have failed stays begun.
                if known {
                    self.record.append(&Entry::Failed { step, error: error.clone() })?;
                }
                output.result(&format!("{}\n", wrapped(&format!("failed: {}: {error}", words.1), width, "  ")));
                Ok(false)
            }
        }
    }
}

/// Why a step was not done.
pub struct Failure {
    /// For people.
    pub words: String,
    /// Whether it is certain that it failed.
    pub known: bool,
}

impl Failure {
    fn known(words: String) -> Self {
        Self { words, known: true }
    }
}

impl Theatre<'_> {
    /// Gives paths away: directly where devdoctor may, else through the engine. Returns how many changed owner. `passing_over`:
    /// through the engine, what is gone or belongs to somebody else by now is no failure.
    ///
    /// # Errors
    /// What went wrong, for people.
    pub fn chown(&self, step: &Chown, hard_links: bool, passing_over: bool) -> Result<usize, String> {
        let seen = self.facts.host.as_ref().map(|host| host.walk.foreign.as_slice()).unwrap_or_default();
        let terms = chown::Terms { hard_links, seen, passing_over, program: None };
        if step.place == ChownPlace::Project && step.direct {
            let outcomes = chown::chown(self.root, step, terms);
            let failed: Vec<String> = outcomes.iter().filter_map(|outcome| outcome.error()).collect();
            return match failed.first() {
                None => Ok(outcomes.len()),
                Some(first) => Err(some_failed(first, failed.len(), step.paths.len())),
            };
        }
        let docker = self.facts.docker().map_err(|missing| missing.reason)?;
        let runtime = probe::runtime()?;
        let options = super::gather::engine_options(self.arguments, self.environment);
        let person = probe::host::person(self.environment);
        let home = person.home.as_ref().map(|home| home.as_path());
        let deadline = Stopwatch::start().after(Duration::from_secs_f64(self.arguments.outside.timeout));
        let given = runtime.block_on(async {
            let engine = probe::docker::connect(&options, &person.identity, home, deadline.into())
                .await
                .map_err(|missing| missing.reason)?;
            engine::chown(&engine, docker, self.root, step, terms).await.map_err(|error| error.to_string())
        })?;
        if step.place == ChownPlace::Project {
            // The engine's word is not enough: some file systems say yes to every chown and change nothing.
            let lying: Vec<&SeenPath> = chown::not_owned_by(self.root, step);
            if let Some(first) = lying.first() {
                let first = format!("`{}` still belongs to somebody else", first.display());
                return Err(some_failed(&first, lying.len(), step.paths.len()));
            }
        }
        Ok(given)
    }

    /// Which database the URL of a step leads to.
    ///
    /// # Errors
    /// What went wrong, for people, without any secret.
    pub fn identity(&self, step: &Sql) -> Result<DatabaseIdentity, String> {
        let (docker, options) = self.postgres();
        let asked = sql::identity(&self.facts.project, docker, step, &options);
        probe::runtime()?.block_on(asked).map_err(|error| error.to_string())
    }

    /// Runs a statement, if its URL leads to `expected`.
    ///
    /// # Errors
    /// What went wrong, for people, without any secret.
    pub fn sql(&self, step: &Sql, expected: &DatabaseIdentity) -> Result<(), Failure> {
        let (docker, options) = self.postgres();
        let ran = sql::run(&self.facts.project, docker, step, expected, &options);
        probe::runtime().map_err(Failure::known)?.block_on(ran).map_err(|error| Failure {
            known: !matches!(error, sql::SqlError::NoAnswer { .. }),
            words: error.to_string(),
        })
    }

    fn postgres(&self) -> (Option<&Docker>, probe::postgres::PostgresOptions) {
        let options = probe::postgres::PostgresOptions { allow_remote: self.arguments.outside.allow_remote };
        (self.facts.docker.as_ref().ok(), options)
    }
}

fn some_failed(first: &str, failed: usize, all: usize) -> String {
    if failed == 1 && all == 1 { first.to_owned() } else { format!("{first} ({failed} of {all} paths)") }
}

/// A number of paths in words.
pub fn paths(count: usize) -> String {
    if count == 1 { "1 path".to_owned() } else { format!("{count} paths") }
}

/// Where a URL stands, by file and key, which outlives edits of the file.
fn url_name(facts: &Facts, index: usize) -> (String, String) {
    facts.project.urls.get(index).map(|url| (url.span.path.to_string(), url.key.clone())).unwrap_or_default()
}

/// Whether a file is mounted by itself into a container: a rename would leave the container with the old inode.
pub fn mounted_singly(facts: &Facts, root: &Path, path: &str) -> bool {
    let absolute = root.join(path).display().to_string();
    let containers = facts.docker.iter().flat_map(|docker| &docker.containers);
    let mut live = containers.flat_map(|container| &container.mounts).map(|mount| mount.source.as_str());
    let mut written = facts.project.services().flat_map(|service| service.binds().map(|(_, source)| source));
    live.any(|source| source == absolute) || written.any(|source| source == absolute)
}
