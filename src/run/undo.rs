//! `devdoctor undo`: takes a run of `fix` back, the last step first.

use std::collections::BTreeMap;
use std::path::Path;

use super::Status;
use super::carry_out::{Theatre, mounted_singly, paths};
use super::fix::state_directory;
use super::gather::{Stopwatch, gather_as, place, project_root};
use super::output::Output;
use crate::cli::{ProjectArgs, UndoArgs};
use crate::config::Configuration;
use crate::error::Error;
use crate::facts::{Environment, Owner, SeenPath};
use crate::fix::apply::record::{PATIENCE, Records, Runs, Unusable, in_time};
use crate::fix::apply::{edit, owner, path, sql};
use crate::fix::journal::{Change, DatabaseIdentity, Entry, Journal, StepState, sha256};
use crate::fix::{Chown, ChownPlace, PathChange, PathStep, Sql, show};
use crate::probe::postgres::PostgresOptions;
use crate::probe::{self, files};
use crate::report::wrapped;

/// The SQLSTATE of what is not there: somebody else took it back.
const UNDEFINED_OBJECT: &str = "42704";

/// Runs the command.
///
/// # Errors
/// When there is nothing to take back, or the journal cannot be used.
pub fn run(arguments: &UndoArgs, environment: &Environment, output: &mut Output) -> Result<Status, Error> {
    let (watch, theirs) = (Stopwatch::start(), environment.clone());
    let root = place(arguments.project.as_deref(), &watch, arguments.outside.timeout, move |path, _| {
        project_root(path, &theirs)
    })?;
    let records = Records::new(&state_directory(environment)?);
    // Another run may be writing the journal that is to be read. A list is only looked at.
    let _lock = if arguments.list { None } else { Some(records.lock(PATIENCE)?) };
    let runs = records.of_project(&root.display().to_string())?;
    let chosen = match &arguments.id {
        Some(id) => named_run(&runs, id),
        None => last_run(&runs),
    };
    for Unusable { id, reason } in &runs.unusable {
        // What ends the command is said once.
        if arguments.list || !matches!(&chosen, Err(Error::Run { id: said, .. }) if said == id) {
            output.talk(&format!("warning: the run `{id}` cannot be used: {reason}\n"));
        }
    }
    if arguments.list {
        let text: String = runs.journals.iter().map(listed).collect();
        let nothing = text.is_empty() && runs.unusable.is_empty();
        output.result(if nothing { "devdoctor has repaired nothing in this project\n" } else { &text });
        return Ok(if runs.unusable.is_empty() { Status::Clean } else { Status::Failed });
    }
    let journal = chosen?;
    if journal.open().is_empty() {
        output.result(&format!("nothing of the run `{}` is left to take back\n", journal.run.id));
        return Ok(Status::Clean);
    }
    let by_files = |change: &Change| match change {
        Change::Edit { .. } => true,
        Change::Path { step } => !matches!(step.change, PathChange::RemoveFolder { .. }),
        Change::Chown { .. } | Change::Sql { .. } => false,
    };
    let outside = !journal.open().iter().all(|(_, change)| by_files(change));
    let project = ProjectArgs { path: Some(root.clone()), offline: !outside, outside: arguments.outside.clone() };
    // What is taken back does not hang on the configuration, which may be what is broken.
    let gathered = gather_as(Configuration::default(), &project, environment, output)?;
    let theatre = Theatre { root: &root, facts: &gathered.facts, arguments: &project, environment };
    let mut record = records.reopen(&journal.run.id)?;
    let (mut left, mut edited) = (0, false);
    for (step, change) in journal.open() {
        let begun = journal.steps.get(step).is_some_and(|(_, state)| *state == StepState::Begun);
        let words = named(change);
        let done = take_back(change, begun, &theatre, &records, journal);
        let width = output.style().width;
        match done {
            Ok(taken) => {
                record.append(&Entry::Undone { step })?;
                edited |= matches!((change, &taken), (Change::Edit { .. }, Taken::Whole));
                let text = match taken {
                    Taken::Whole => format!("undone: {}", taken_back(change)),
                    Taken::Paths(count) => format!("undone: {count} of {}", taken_back(change)),
                    Taken::Nothing => format!("nothing to take back: {words}"),
                };
                output.result(&format!("{}\n", wrapped(&text, width, "  ")));
            }
            Err(error) => {
                left += 1;
                output.result(&format!("{}\n", wrapped(&format!("left: {words}: {error}"), width, "  ")));
            }
        }
    }
    for words in journal.run.afterwards.iter().filter(|_| edited) {
        output.result(&format!("{}\n", wrapped(&format!("then: {words}"), output.style().width, "  ")));
    }
    Ok(if left == 0 { Status::Clean } else { Status::Found })
}

/// The run that the person named.
fn named_run<'runs>(runs: &'runs Runs, id: &str) -> Result<&'runs Journal, Error> {
    if let Some(journal) = runs.journals.iter().find(|journal| journal.run.id == id) {
        return Ok(journal);
    }
    if let Some(Unusable { id, reason }) = runs.unusable.iter().find(|unusable| unusable.id == id) {
        return Err(Error::Run { id: id.clone(), reason: reason.clone() });
    }
    Err(Error::NothingToUndo(match runs.elsewhere.iter().find(|run| run.id == id) {
        Some(run) => {
            let gone = if files::exists(&run.root) { "" } else { ", which is not there any more" };
            format!("the run `{id}` repaired the project `{}`{gone}", run.root.escape_debug())
        }
        None => format!("there is no run `{id}` in this project"),
    }))
}

/// The last run of which something is left. A run that may be a later one, and does not tell what it did, is not passed over:
/// to take an older one back first would be to guess.
fn last_run(runs: &Runs) -> Result<&Journal, Error> {
    let last = runs.journals.iter().find(|journal| !journal.is_settled());
    if let Some(Unusable { id, reason }) = runs.unusable.first()
        && last.is_none_or(|journal| in_time(&journal.run.id) < in_time(id))
    {
        return Err(Error::Run { id: id.clone(), reason: reason.clone() });
    }
    let last = last
        .ok_or_else(|| Error::NothingToUndo("there is no run of `fix` left to take back in this project".to_owned()))?;
    if last.open().is_empty() {
        let reason = "its journal is cut off and does not say what was done".to_owned();
        return Err(Error::Run { id: last.run.id.clone(), reason });
    }
    Ok(last)
}

fn listed(journal: &Journal) -> String {
    let undone = journal.steps.iter().any(|(_, state)| *state == StepState::Undone);
    let state = match (journal.open().is_empty(), undone) {
        (true, true) => "taken back",
        (true, false) => "nothing was done",
        (false, true) => "taken back in part",
        (false, false) => "can be taken back",
    };
    let mut text = format!("{}  {state}\n", journal.run.id);
    journal.run.titles.iter().for_each(|title| text.push_str(&format!("  {title}\n")));
    for (change, step) in &journal.steps {
        match step {
            StepState::Failed(error) => text.push_str(&format!("  failed: {}: {error}\n", named(change))),
            StepState::Begun => text.push_str(&format!("  not known whether it was done: {}\n", named(change))),
            StepState::Done | StepState::Undone => {}
        }
    }
    text
}

/// What was taken back of a change.
enum Taken {
    /// All of it.
    Whole,
    /// So many of its paths; the others have another owner by now, or are gone.
    Paths(usize),
    /// There was nothing: it was not done, or somebody has taken it back already.
    Nothing,
}

fn named(change: &Change) -> String {
    match change {
        Change::Edit { path, .. } => format!("the edit of `{path}`"),
        Change::Chown { paths: changed, to, .. } => format!("{} given to {to}", paths(changed.len())),
        Change::Path { step } => show::of_path(step),
        Change::Sql { statement, database, .. } => format!("{statement} in {database}"),
    }
}

/// What was done to take a change back.
fn taken_back(change: &Change) -> String {
    let Change::Chown { paths: changed, .. } = change else { return named(change) };
    let mut owners: Vec<Owner> = changed.iter().map(|(_, former)| *former).collect();
    owners.sort();
    owners.dedup();
    let count = paths(changed.len());
    match owners.as_slice() {
        [only] => format!("{count} given back to {only}"),
        _ => format!("{count} given back to their former owners"),
    }
}

/// Removes what a run that was ended in the middle of a step left beside the file it was about to write.
pub fn sweep(root: &Path, journal: &Journal) {
    // The name of a run ends with the number of its process.
    let process = journal.run.id.rsplit('-').next().and_then(|number| number.parse::<u32>().ok());
    for (change, state) in &journal.steps {
        if let (Change::Edit { path, .. }, StepState::Begun, Some(process)) = (change, state, process) {
            edit::sweep(root, path, process);
        }
    }
}

/// Takes a change back.
fn take_back(
    change: &Change,
    begun: bool,
    theatre: &Theatre<'_>,
    records: &Records,
    journal: &Journal,
) -> Result<Taken, String> {
    match change {
        Change::Edit { path, before, after_sha256, before_sha256, in_place } => {
            if begun {
                sweep(theatre.root, journal);
            }
            if edit::has(theatre.root, path, before_sha256) {
                return Ok(Taken::Nothing);
            }
            let bytes = records.before(&journal.run.id, before).map_err(|error| error.to_string())?;
            let kept = records.path(&journal.run.id, before).display().to_string();
            if sha256(&bytes) != *before_sha256 {
                return Err(format!("its former text was changed in the journal, `{kept}`"));
            }
            // Of edits alone the engine is not asked; its containers were seen when the file was edited.
            let in_place = *in_place || mounted_singly(theatre.facts, theatre.root, path);
            match edit::write(theatre.root, path, after_sha256, &bytes, in_place) {
                Ok(()) => Ok(Taken::Whole),
                Err(edit::EditError::Changed(_)) => Err(format!("it has changed since; its former text is {kept}")),
                Err(error @ edit::EditError::Vanished(_)) => Err(format!("{error}; its former text is {kept}")),
                Err(error) => Err(error.to_string()),
            }
        }
        Change::Chown { place, paths, to } => chown_back(theatre, place, paths, *to),
        Change::Path { step } => path_back(theatre, step),
        Change::Sql { reverse: None, .. } => Err("nothing takes it back".to_owned()),
        Change::Sql { statement, reverse: Some(reverse), .. } if begun => Err(format!(
            "it is not known whether it was run{}; if it was, `{reverse}` takes it back",
            to_see(statement).map(|query| format!(": `{query}` shows a row if it was")).unwrap_or_default()
        )),
        Change::Sql { identity: None, .. } => {
            Err("the journal does not say in which database of which server it was run".to_owned())
        }
        Change::Sql { url, database, identity: Some(identity), reverse: Some(reverse), statement } => {
            let step = |url| Sql {
                url,
                database: database.clone(),
                statement: reverse.clone(),
                reverse: Some(statement.clone()),
            };
            sql_back(theatre, url, identity, step)
        }
    }
}

/// Takes back what was done with a path. A folder that belonged to somebody else goes back to them, as far as anybody here can.
fn path_back(theatre: &Theatre<'_>, step: &PathStep) -> Result<Taken, String> {
    if !path::take_back(theatre.root, step)? {
        return Ok(Taken::Nothing);
    }
    if let (PathChange::RemoveFolder { owner: former, .. }, Ok(Some(now))) =
        (&step.change, owner::of(theatre.root, &step.path))
        && now != *former
    {
        let paths = vec![(step.path.clone(), now)];
        let chown = Chown { place: ChownPlace::Project, paths, to: *former, direct: false };
        theatre
            .chown(&chown, false, false)
            .map_err(|error| format!("it is there again, but belongs to {now}: {error}"))?;
    }
    Ok(Taken::Whole)
}

/// The query that shows whether a statement was run.
fn to_see(statement: &str) -> Option<String> {
    let name = statement.strip_prefix("CREATE EXTENSION ")?.split([' ', ';']).next()?;
    Some(format!("SELECT extversion FROM pg_extension WHERE extname = '{}'", name.trim_matches('"')))
}

/// Runs a statement's reverse in the very database in which the statement was run. Several URLs may have the file and the key
/// that the journal names, and the person may name one; the database itself says which one it is.
fn sql_back(
    theatre: &Theatre<'_>,
    (file, key): &(String, String),
    identity: &DatabaseIdentity,
    step: impl Fn(usize) -> Sql,
) -> Result<Taken, String> {
    let urls = theatre.facts.project.urls.iter().enumerate();
    let candidates: Vec<Sql> = urls
        .filter(|(_, url)| url.key == "--database-url" || url.span.path.as_ref() == file && url.key == *key)
        .map(|(index, _)| step(index))
        .collect();
    let mut reasons: Vec<String> = vec![];
    for candidate in &candidates {
        match theatre.identity(candidate) {
            Ok(found) if found == *identity => return reversed(theatre, candidate, identity),
            Ok(found) if found.system == identity.system => {
                reasons.push(format!("the URL leads to another database, `{}`, by now", found.database));
            }
            Ok(_) => reasons.push("the URL leads to another server by now".to_owned()),
            Err(error) => reasons.push(error),
        }
    }
    reasons.dedup();
    Err(match (reasons.is_empty(), key.as_str()) {
        (false, _) => reasons.join("; "),
        (true, "--database-url") => "its URL was named by --database-url: name it again to `undo`".to_owned(),
        (true, key) => format!("`{key}` in `{file}` names no database any more"),
    })
}

fn reversed(theatre: &Theatre<'_>, step: &Sql, identity: &DatabaseIdentity) -> Result<Taken, String> {
    let options = PostgresOptions { allow_remote: theatre.arguments.outside.allow_remote };
    let docker = theatre.facts.docker.as_ref().ok();
    let ran = sql::run(&theatre.facts.project, docker, step, identity, &options);
    match probe::runtime()?.block_on(ran) {
        Ok(()) => Ok(Taken::Whole),
        Err(sql::SqlError::Refused { trouble, .. }) if trouble.sqlstate.as_deref() == Some(UNDEFINED_OBJECT) => {
            Ok(Taken::Nothing)
        }
        Err(error) => Err(error.to_string()),
    }
}

/// Gives paths back to their former owners, those that still belong to whom the fix gave them.
fn chown_back(
    theatre: &Theatre<'_>,
    place: &ChownPlace,
    paths: &[(SeenPath, Owner)],
    given_to: Owner,
) -> Result<Taken, String> {
    let direct = theatre.facts.host.as_ref().is_ok_and(|host| host.effective_uid == 0);
    let mut errors: Vec<String> = vec![];
    let mut by_owner: BTreeMap<Owner, Vec<(SeenPath, Owner)>> = BTreeMap::new();
    for (path, former) in paths {
        let still_given = match place {
            ChownPlace::Project => owner::of(theatre.root, path),
            // Whoever gives it back in the container looks there.
            ChownPlace::Container { .. } => Ok(Some(given_to)),
        };
        match still_given {
            Ok(now) if now == Some(given_to) => {
                by_owner.entry(*former).or_default().push((path.clone(), given_to));
            }
            Ok(_) => {}
            Err(error) => errors.push(format!("`{}` cannot be looked at: {error}", path.display())),
        }
    }
    let mut given_back = 0;
    for (owner, paths) in by_owner {
        // Those of the project were looked at above.
        let passing_over = *place != ChownPlace::Project;
        match theatre.chown(&Chown { place: place.clone(), paths, to: owner, direct }, true, passing_over) {
            Ok(count) => given_back += count,
            Err(error) => errors.push(error),
        }
    }
    match (errors.is_empty(), given_back) {
        (false, _) => Err(errors.join("; ")),
        (true, 0) => Ok(Taken::Nothing),
        (true, count) if count == paths.len() => Ok(Taken::Whole),
        (true, count) => Ok(Taken::Paths(count)),
    }
}
