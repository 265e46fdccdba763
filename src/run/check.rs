//! `devdoctor check`: diagnoses the project and changes nothing.

use std::path::Path;

use super::gather::{Gathered, gather};
use super::output::Output;
use super::{Status, gather, judge, selection};
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
        None => gather(&arguments.project, environment, output)?,
    };
    let checks = selection::selected(&arguments.select, &gathered.configuration)?;
    let mut report = judge::judge(&checks, &gathered.facts, arguments.project.offline);
    let no_project = gathered.nothing_found && report.findings.is_empty();
    if gathered.nothing_found {
        report.doubt("no project found here");
    }
    report.timings = if arguments.output.timings { gathered.timings.clone() } else { vec![] };
    report.summary.seconds = started.seconds();
    if arguments.output.timings {
        report.timings.push(("all".to_owned(), report.summary.seconds));
    }
    write(&report, &arguments.output, output)?;
    if no_project {
        return Ok(Status::Failed);
    }
    Ok(status(&report, threshold(&arguments.output, &gathered.configuration), arguments.output.strict))
}

fn recorded(path: &Path) -> Result<Gathered, Error> {
    let text = probe::files::read_named(path).map_err(|reason| Error::Path { path: path.to_owned(), reason })?;
    let facts: Facts = serde_json::from_str(&text)
        .map_err(|error| Error::Facts { path: path.to_owned(), reason: error.to_string() })?;
    Ok(Gathered { facts, configuration: Configuration::default(), timings: vec![], nothing_found: false })
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
