//! Carries out the steps of a plan or of an undo, each noted in the journal before it is done.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::gather::Stopwatch;
use super::output::Output;
use crate::cli::ProjectArgs;
use crate::error::Error;
use crate::facts::{Environment, Facts, SeenPath};
use crate::fix::apply::record::{Record, Records};
use crate::fix::apply::{chown, edit, engine, sql};
use crate::fix::journal::{Change, Entry, RunEntry, sha256};
use crate::fix::plan::{FileChange, Plan};
use crate::fix::{Applicability, Chown, ChownPlace, Sql, Step};
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
        let run =
            RunEntry { id: id.clone(), root: root.to_owned(), devdoctor: env!("CARGO_PKG_VERSION").to_owned(), titles };
        Ok(Self { id, root: PathBuf::from(root), record: records.begin(run)? })
    }

    /// The run's name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Carries out all steps: files, then host and engine, then database. Returns how many failed; a failed step ends the
    /// round, since later ones may build on it.
    ///
    /// # Errors
    /// When the journal cannot be written; the step that could not be noted is not done.
    pub fn carry_out(
        &mut self,
        plan: &Plan,
        changes: &[FileChange],
        facts: &Facts,
        arguments: &ProjectArgs,
        environment: &Environment,
        output: &mut Output,
    ) -> Result<usize, Error> {
        let root = self.root.clone();
        let theatre = Theatre { root: &root, facts, arguments, environment };
        for change in changes {
            let before = self.record.keep(change.before.as_bytes())?;
            let noted = Change::Edit {
                path: change.path.clone(),
                before,
                before_sha256: sha256(change.before.as_bytes()),
                after_sha256: sha256(change.after.as_bytes()),
            };
            let words = format!("edited `{}`", change.path);
            let in_place = mounted_singly(facts, &root, &change.path);
            let write = || {
                edit::write(&root, &change.path, &sha256(change.before.as_bytes()), change.after.as_bytes(), in_place)
                    .map_err(|error| error.to_string())
            };
            if !self.step(noted, &words, output, write)? {
                return Ok(1);
            }
        }
        for (item, step) in plan.other_steps() {
            // A person who said yes to an unsafe fix said yes to all names of a hard-linked file.
            let hard_links = item.fix.applicability == Applicability::Unsafe;
            let (noted, words) = match step {
                Step::Edit(_) => continue,
                Step::Chown(step) => (
                    Change::Chown { place: step.place.clone(), paths: step.paths.clone(), to: step.to },
                    format!("gave {} to {}", paths(step.paths.len()), step.to),
                ),
                Step::Sql(step) => (
                    Change::Sql {
                        url: url_name(facts, step.url),
                        database: step.database.clone(),
                        statement: step.statement.clone(),
                        reverse: step.reverse.clone(),
                    },
                    format!("ran {} in {}", step.statement, step.database),
                ),
            };
            let done = self.step(noted, &words, output, || match step {
                Step::Edit(_) => Ok(()),
                Step::Chown(step) => theatre.chown(step, hard_links),
                Step::Sql(step) => theatre.sql(step),
            })?;
            if !done {
                return Ok(1);
            }
        }
        Ok(0)
    }

    fn step(
        &mut self,
        change: Change,
        words: &str,
        output: &mut Output,
        work: impl FnOnce() -> Result<(), String>,
    ) -> Result<bool, Error> {
        let step = self.record.step(change)?;
        let width = output.style().width;
        match work() {
            Ok(()) => {
                self.record.append(&Entry::Done { step })?;
                output.result(&format!("{}\n", wrapped(&format!("done: {words}"), width, "  ")));
                Ok(true)
            }
            Err(error) => {
                self.record.append(&Entry::Failed { step, error: error.clone() })?;
                output.result(&format!("{}\n", wrapped(&format!("failed: {words}: {error}"), width, "  ")));
                Ok(false)
            }
        }
    }
}

impl Theatre<'_> {
    /// Gives paths away: directly where devdoctor may, else through the engine.
    ///
    /// # Errors
    /// What went wrong, for people.
    pub fn chown(&self, step: &Chown, hard_links: bool) -> Result<(), String> {
        if step.place == ChownPlace::Project && step.direct {
            let outcomes = chown::chown(self.root, step, hard_links);
            let failed: Vec<String> = outcomes.iter().filter_map(|outcome| outcome.error()).collect();
            return match failed.first() {
                None => Ok(()),
                Some(first) => Err(some_failed(first, failed.len(), step.paths.len())),
            };
        }
        let docker = self.facts.docker().map_err(|missing| missing.reason)?;
        let runtime = probe::runtime()?;
        let options = super::gather::engine_options(self.arguments, self.environment);
        let person = probe::host::person(self.environment);
        let home = person.home.as_ref().map(|home| home.as_path());
        let deadline = Stopwatch::start().after(Duration::from_secs_f64(self.arguments.timeout));
        runtime.block_on(async {
            let engine = probe::docker::connect(&options, &person.identity, home, deadline.into())
                .await
                .map_err(|missing| missing.reason)?;
            engine::chown(&engine, docker, self.root, step).await.map_err(|error| error.to_string())
        })?;
        if step.place == ChownPlace::Project {
            // The engine's word is not enough: some file systems say yes to every chown and change nothing.
            let lying: Vec<&SeenPath> = chown::not_owned_by(self.root, step);
            if let Some(first) = lying.first() {
                let first = format!("`{}` still belongs to somebody else", first.display());
                return Err(some_failed(&first, lying.len(), step.paths.len()));
            }
        }
        Ok(())
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// What went wrong, for people, without any secret.
    pub fn sql(&self, step: &Sql) -> Result<(), String> {
        let runtime = probe::runtime()?;
        let docker = self.facts.docker.as_ref().ok();
        let options = probe::postgres::PostgresOptions { allow_remote: self.arguments.allow_remote };
        runtime.block_on(sql::run(&self.facts.project, docker, step, &options)).map_err(|error| error.to_string())
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
