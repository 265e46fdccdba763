//! `devdoctor undo`: takes a run of `fix` back, the last step first.

use super::Status;
use super::carry_out::{Theatre, mounted_singly, paths};
use super::fix::state_directory;
use super::gather::{gather_as, project_root};
use super::output::Output;
use crate::cli::{ProjectArgs, UndoArgs};
use crate::config::Configuration;
use crate::error::Error;
use crate::facts::{Environment, Owner, SeenPath};
use crate::fix::apply::edit;
use crate::fix::apply::record::{Records, Unusable};
use crate::fix::journal::{Change, DatabaseIdentity, Entry, Journal, StepState};
use crate::fix::{Chown, ChownPlace, Sql};
use crate::report::wrapped;

/// Runs the command.
///
/// # Errors
/// When there is nothing to take back, or the journal cannot be used.
pub fn run(arguments: &UndoArgs, environment: &Environment, output: &mut Output) -> Result<Status, Error> {
    let root = project_root(arguments.project.as_deref(), environment)?;
    let records = Records::new(&state_directory(environment)?);
    // Another run may be writing the journal that is to be read. A list is only looked at.
    let _lock = if arguments.list { None } else { Some(records.lock()?) };
    let (journals, unusable) = records.of_project(&root.display().to_string())?;
    for Unusable { id, reason } in &unusable {
        output.talk(&format!("warning: the run `{id}` cannot be used: {reason}\n"));
    }
    if arguments.list {
        let text: String = journals.iter().map(listed).collect();
        let nothing = text.is_empty() && unusable.is_empty();
        output.result(if nothing { "devdoctor has repaired nothing in this project\n" } else { &text });
        return Ok(if unusable.is_empty() { Status::Clean } else { Status::Failed });
    }
    let journal = match &arguments.id {
        Some(id) => journals
            .iter()
            .find(|journal| journal.run.id == *id)
            .ok_or_else(|| Error::NothingToUndo(format!("there is no run `{id}` in this project")))?,
        None => journals.iter().find(|journal| !journal.open().is_empty()).ok_or_else(|| {
            Error::NothingToUndo("there is no run of `fix` left to take back in this project".to_owned())
        })?,
    };
    let outside = journal.open().iter().any(|(_, change)| !matches!(change, Change::Edit { .. }));
    let project = ProjectArgs { path: Some(root.clone()), offline: !outside, outside: arguments.outside.clone() };
    // What is taken back does not hang on the configuration, which may be what is broken.
    let gathered = gather_as(Configuration::default(), &project, environment, output)?;
    let theatre = Theatre { root: &root, facts: &gathered.facts, arguments: &project, environment };
    let mut record = records.reopen(&journal.run.id)?;
    let mut left = 0;
    for (step, change) in journal.open() {
        let begun = journal.steps.get(step).is_some_and(|(_, state)| *state == StepState::Begun);
        let words = named(change);
        let done = take_back(change, begun, &theatre, &records, journal);
        let width = output.style().width;
        match done {
            Ok(changed) => {
                record.append(&Entry::Undone { step })?;
                let word = if changed { "undone" } else { "nothing to take back" };
                output.result(&format!("{}\n", wrapped(&format!("{word}: {words}"), width, "  ")));
            }
            Err(error) => {
                left += 1;
                output.result(&format!("{}\n", wrapped(&format!("left: {words}: {error}"), width, "  ")));
            }
        }
    }
    Ok(if left == 0 { Status::Clean } else { Status::Found })
}

fn listed(journal: &Journal) -> String {
    let open = journal.open().len();
    let state = match (open, journal.steps.len()) {
        (_, 0) => "nothing was done",
        (0, _) => "taken back",
        (open, all) if open < all => "taken back in part",
        _ => "can be taken back",
    };
    let mut text = format!("{}  {state}\n", journal.run.id);
    journal.run.titles.iter().for_each(|title| text.push_str(&format!("  {title}\n")));
    for (change, step) in &journal.steps {
        if let StepState::Failed(error) = step {
            text.push_str(&format!("  failed: {}: {error}\n", named(change)));
        }
    }
    text
}

fn named(change: &Change) -> String {
    match change {
        Change::Edit { path, .. } => format!("the edit of `{path}`"),
        Change::Chown { paths: changed, to, .. } => format!("{} given to {to}", paths(changed.len())),
        Change::Sql { statement, database, .. } => format!("{statement} in {database}"),
    }
}

/// Takes a change back. Returns whether there was anything to take back.
fn take_back(
    change: &Change,
    begun: bool,
    theatre: &Theatre<'_>,
    records: &Records,
    journal: &Journal,
) -> Result<bool, String> {
    match change {
        Change::Edit { path, before, after_sha256, before_sha256 } => {
            let bytes = records.before(&journal.run.id, before).map_err(|error| error.to_string())?;
            let in_place = mounted_singly(theatre.facts, theatre.root, path);
            match edit::write(theatre.root, path, after_sha256, &bytes, in_place) {
                Ok(()) => Ok(true),
                // A step that was begun and not done left the former bytes: there is nothing to take back.
                Err(edit::EditError::Changed(_)) if edit::has(theatre.root, path, before_sha256) => Ok(false),
                Err(edit::EditError::Changed(_)) => Err(format!(
                    "it has changed since; its former text is {}",
                    records.path(&journal.run.id, before).display()
                )),
                Err(error) => Err(error.to_string()),
            }
        }
        Change::Chown { place, paths, to } => chown_back(theatre, place, paths, *to),
        Change::Sql { reverse: None, .. } => Err("nothing takes it back".to_owned()),
        Change::Sql { reverse: Some(reverse), .. } if begun => {
            Err(format!("it is not known whether it was run; if it was, `{reverse}` takes it back"))
        }
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

/// Runs a statement's reverse in the very database in which the statement was run. Several URLs may have the file and the key
/// that the journal names; the database itself says which one it is.
fn sql_back(
    theatre: &Theatre<'_>,
    (file, key): &(String, String),
    identity: &DatabaseIdentity,
    step: impl Fn(usize) -> Sql,
) -> Result<bool, String> {
    let urls = theatre.facts.project.urls.iter().enumerate();
    let candidates: Vec<Sql> = urls
        .filter(|(_, url)| url.span.path.as_ref() == file && url.key == *key)
        .map(|(index, _)| step(index))
        .collect();
    let mut reasons: Vec<String> = vec![];
    for candidate in &candidates {
        match theatre.identity(candidate) {
            Ok(found) if found == *identity => {
                return theatre.sql(candidate, identity).map(|()| true).map_err(|failure| failure.words);
            }
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

/// Gives paths back to their former owners, those that still belong to whom the fix gave them.
fn chown_back(
    theatre: &Theatre<'_>,
    place: &ChownPlace,
    paths: &[(SeenPath, Owner)],
    given_to: Owner,
) -> Result<bool, String> {
    let mut owners: Vec<Owner> = paths.iter().map(|(_, owner)| *owner).collect();
    owners.sort();
    owners.dedup();
    let mut changed = false;
    let direct = theatre.facts.host.as_ref().is_ok_and(|host| host.effective_uid == 0);
    for owner in owners {
        let of_owner = paths.iter().filter(|(_, former)| *former == owner).map(|(path, _)| (path.clone(), given_to));
        let mut paths: Vec<(SeenPath, Owner)> = of_owner.collect();
        if *place == ChownPlace::Project {
            paths.retain(|(path, _)| crate::fix::apply::chown::belongs_to(theatre.root, path, given_to));
        }
        if !paths.is_empty() {
            theatre.chown(&Chown { place: place.clone(), paths, to: owner, direct }, true)?;
            changed = true;
        }
    }
    Ok(changed)
}
