//! `devdoctor check`: diagnoses the project and changes nothing.

use std::path::Path;
use std::sync::Arc;

use super::gather::{Gathered, gather};
use super::output::Output;
use super::{Status, facts, gather, judge, nowhere, selection};
use crate::checks::Severity;
use crate::cli::{CheckArgs, Format, OutputArgs};
use crate::config::Configuration;
use crate::error::Error;
use crate::facts::{Environment, Facts};
use crate::probe;
use crate::report::{self, Outcome, Report};

/// Runs the command.
///
/// # Errors
/// When devdoctor cannot do its work.
pub fn run(arguments: &CheckArgs, environment: &Environment, output: &mut Output) -> Result<Status, Error> {
    let started = gather::Stopwatch::start();
    let gathered = match &arguments.facts {
        Some(path) => recorded(path)?,
        None => match gather(&arguments.project, environment, output) {
            Err(error) if error.is_no_project() => return nowhere(error, arguments, environment, output),
            gathered => gathered?,
        },
    };
    let checks = selection::selected(&arguments.select, &gathered.configuration)?;
    let left = judge::time_left(&started, arguments.project.outside.timeout);
    let facts = Arc::new(gathered.facts);
    let mut report = judge::judge_until(&checks, &facts, arguments.project.offline, &left);
    report.timings = if arguments.output.timings { gathered.timings.clone() } else { vec![] };
    report.summary.seconds = started.seconds();
    if arguments.output.timings {
        report.timings.push(("all".to_owned(), report.summary.seconds));
    }
    write(&report, &arguments.output, output)?;
    Ok(status(&report, threshold(&arguments.output, &gathered.configuration), arguments.output.strict))
}

fn recorded(path: &Path) -> Result<Gathered, Error> {
    let text = probe::files::read_named(path).map_err(|reason| Error::Path { path: path.to_owned(), reason })?;
    let unusable = |reason: String| Error::Facts { path: path.to_owned(), reason };
    let facts: Facts = serde_json::from_str(&text).map_err(|error| unusable(error.to_string()))?;
    // They point into the texts that they bring along; what was changed by hand may point anywhere.
    let value = serde_json::from_str(&text).map_err(|error| unusable(error.to_string()))?;
    if let Some(reason) = facts::pointing_nowhere(&value, &facts.project.sources) {
        return Err(unusable(reason));
    }
    Ok(Gathered { facts, configuration: Configuration::default(), timings: vec![] })
}

/// Where there is no project the engine can be asked, and a database that the person named. Where that is all they asked for,
/// it is an answer like any other.
fn nowhere(
    error: Error,
    arguments: &CheckArgs,
    environment: &Environment,
    output: &mut Output,
) -> Result<Status, Error> {
    let configuration = Configuration::default();
    let checks = selection::selected(&arguments.select, &configuration)?;
    let database_named = arguments.project.outside.database_url.is_some();
    let asked_for = database_named || checks.iter().all(|check| nowhere::may_speak(check, database_named));
    let report = nowhere::report(&checks, &arguments.project, environment, output);
    if asked_for || !report.findings.is_empty() || arguments.output.format != Format::Human {
        write(&report, &arguments.output, output)?;
    }
    match asked_for {
        true => Ok(status(&report, threshold(&arguments.output, &configuration), arguments.output.strict)),
        false => Err(error),
    }
}

fn write(report: &Report, arguments: &OutputArgs, output: &mut Output) -> Result<(), Error> {
    let text = match arguments.format {
        Format::Json => report::json(report),
        Format::Human if arguments.output.is_some() => {
            report::human(report, crate::report::HumanStyle { colour: false, ..output.style() })
        }
        Format::Human => report::human(report, output.style()),
    };
    match &arguments.output {
        Some(path) => output.result_to(path, &text),
        None => {
            output.result(&text);
            Ok(())
        }
    }
}

fn threshold(arguments: &OutputArgs, configuration: &Configuration) -> Severity {
    arguments.fail_on.map(Severity::from).or(configuration.fail_on).unwrap_or(Severity::Warning)
}

/// The exit status of a report.
pub fn status(report: &Report, threshold: Severity, strict: bool) -> Status {
    let outcome = |wanted: fn(&Outcome) -> bool| report.checks.iter().any(|(_, outcome)| wanted(outcome));
    if outcome(|outcome| matches!(outcome, Outcome::Crashed { .. }))
        || strict && outcome(|outcome| matches!(outcome, Outcome::Skipped { .. }))
    {
        return Status::Failed;
    }
    if report.worst().is_some_and(|worst| worst >= threshold) { Status::Found } else { Status::Clean }
}
