//! `devdoctor undo`: takes a run of `fix` back, the last step first.

use super::Status;
use super::carry_out::{Theatre, mounted_singly, paths};
use super::fix::state_directory;
use super::gather::{gather, project_root};
use super::output::Output;
use crate::cli::{ProjectArgs, UndoArgs};
use crate::error::Error;
use crate::facts::{Environment, Facts, Owner, SeenPath};
use crate::fix::apply::edit;
use crate::fix::apply::record::Records;
use crate::fix::journal::{Change, Entry, Journal, StepState};
use crate::fix::{Chown, ChownPlace, Sql};
use crate::report::wrapped;

/// Runs the command.
///
/// # Errors
/// When there is nothing to take back, or the journal cannot be used.
pub fn run(arguments: &UndoArgs, environment: &Environment, output: &mut Output) -> Result<Status, Error> {
    let root = project_root(arguments.project.as_deref(), environment)?;
    let records = Records::new(&state_directory(environment)?);
    let journals = records.of_project(&root.display().to_string());
    if arguments.list {
        let text: String = journals.iter().map(listed).collect();
        output.result(if text.is_empty() { "devdoctor has repaired nothing in this project\n" } else { &text });
        return Ok(Status::Clean);
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
    let _lock = records.lock()?;
    let outside = journal.open().iter().any(|(_, change)| !matches!(change, Change::Edit { .. }));
    let project = ProjectArgs {
        path: Some(root.clone()),
        offline: !outside,
        timeout: arguments.timeout,
        docker_host: arguments.docker_host.clone(),
        context: arguments.context.clone(),
        database_url: None,
        allow_remote: arguments.allow_remote,
    };
    let gathered = gather(&project, environment, output)?;
    let theatre = Theatre { root: &root, facts: &gathered.facts, arguments: &project, environment };
    let mut record = records.reopen(&journal.run.id)?;
    let mut left = 0;
    for (step, change) in journal.open() {
        let (words, done) = take_back(change, &theatre, &records, journal);
        let width = output.style().width;
        match done {
            Ok(()) => {
                record.append(&Entry::Undone { step })?;
                output.result(&format!("{}\n", wrapped(&format!("undone: {words}"), width, "  ")));
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

fn take_back(
    change: &Change,
    theatre: &Theatre<'_>,
    records: &Records,
    journal: &Journal,
) -> (String, Result<(), String>) {
    let done = match change {
        Change::Edit { path, before, after_sha256, before_sha256 } => {
            records.before(&journal.run.id, before).map_err(|error| error.to_string()).and_then(|bytes| {
                let in_place = mounted_singly(theatre.facts, theatre.root, path);
                match edit::write(theatre.root, path, after_sha256, &bytes, in_place) {
                    // A step that was begun and not done left the former bytes: there is nothing to take back.
                    Err(edit::EditError::Changed(_)) if edit::has(theatre.root, path, before_sha256) => Ok(()),
                    Err(edit::EditError::Changed(_)) => Err(format!(
                        "it has changed since; its former text is {}",
                        records.path(&journal.run.id, before).display()
                    )),
                    done => done.map_err(|error| error.to_string()),
                }
            })
        }
        Change::Chown { place, paths, to } => chown_back(theatre, place, paths, *to),
        Change::Sql { reverse: None, .. } => Err("nothing takes it back".to_owned()),
        Change::Sql { url, database, reverse: Some(reverse), statement } => match url_index(theatre.facts, url) {
            None => Err(format!("`{}` names no database any more", url.0)),
            Some(url) => theatre.sql(&Sql {
                url,
                database: database.clone(),
                statement: reverse.clone(),
                reverse: Some(statement.clone()),
            }),
        },
    };
    (named(change), done)
}

fn url_index(facts: &Facts, url: &(String, String)) -> Option<usize> {
    facts.project.urls.iter().position(|other| other.span.path.as_ref() == url.0 && other.key == url.1)
}

/// Gives paths back to their former owners, those that still belong to whom the fix gave them.
fn chown_back(
    theatre: &Theatre<'_>,
    place: &ChownPlace,
    paths: &[(SeenPath, Owner)],
    given_to: Owner,
) -> Result<(), String> {
    let mut owners: Vec<Owner> = paths.iter().map(|(_, owner)| *owner).collect();
    owners.sort();
    owners.dedup();
    let direct = theatre.facts.host.as_ref().is_ok_and(|host| host.effective_uid == 0);
    for owner in owners {
        let of_owner = paths.iter().filter(|(_, former)| *former == owner).map(|(path, _)| (path.clone(), given_to));
        let mut paths: Vec<(SeenPath, Owner)> = of_owner.collect();
        if *place == ChownPlace::Project {
            paths.retain(|(path, _)| crate::fix::apply::chown::belongs_to(theatre.root, path, given_to));
        }
        if !paths.is_empty() {
            theatre.chown(&Chown { place: place.clone(), paths, to: owner, direct }, true)?;
        }
    }
    Ok(())
}
