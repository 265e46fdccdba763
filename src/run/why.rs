//! `devdoctor why`: takes an error text, names the problems it is a symptom of, and looks whether they are so here.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::gather::{Stopwatch, gather};
use super::output::Output;
use super::{Status, check, judge, nowhere};
use crate::checks::symptoms::{Named, named};
use crate::checks::{Check, Severity};
use crate::cli::{Format, ProjectArgs, WhyArgs};
use crate::error::Error;
use crate::facts::Environment;
use crate::probe::files::read_standard_input;
use crate::report::{self, HumanStyle, Judged, Outcome, Report, wrapped};
use crate::text::{log, mask_text};

/// How much of a log is read: its last bytes.
const LOG_SIZE: usize = 16_000_000;

/// How many characters of a recognised text are shown.
const SHOWN: usize = 160;

/// Runs the command.
///
/// # Errors
/// When there is no text, or the project cannot be looked at.
pub fn run(arguments: &WhyArgs, environment: &Environment, output: &mut Output) -> Result<Status, Error> {
    let text = match arguments.text.as_deref() {
        Some(text) if text != "-" => text.to_owned(),
        _ if output.terminal.input_is_terminal => {
            return Err(Error::NoText("standard input is a terminal".to_owned()));
        }
        _ => read_standard_input(LOG_SIZE).map_err(|reason| Error::NoText(format!("standard input: {reason}")))?,
    };
    let lines = log::lines(&text);
    if lines.iter().all(|line| line.text.is_empty()) {
        return Err(Error::NoText("it is empty".to_owned()));
    }
    let named = named(&lines);
    let checks: Vec<&'static Check> =
        crate::checks::all().filter(|check| named.iter().any(|named| std::ptr::eq(named.check, *check))).collect();
    if checks.is_empty() && arguments.format == Format::Human {
        output.result("no problem that devdoctor knows is named in this text\n");
        output.chat("help: look at everything with `devdoctor check`\n");
        return Ok(Status::Clean);
    }
    let project =
        ProjectArgs { path: arguments.project.clone(), offline: arguments.offline, outside: arguments.outside.clone() };
    let started = Stopwatch::start();
    // The text names its problems anywhere; whether they are so here can only be said of a project.
    let (mut report, no_project) = match gather(&project, environment, output) {
        Ok(gathered) => {
            let left = judge::time_left(&started, project.outside.timeout);
            let mut report = judge::judge_until(&checks, &Arc::new(gathered.facts), arguments.offline, &left);
            narrow(&mut report, &named);
            (report, None)
        }
        Err(error) if error.is_no_project() => {
            let results = checks.iter().map(|check| nowhere::not_looked_at(check)).collect();
            (Report::new("", arguments.offline, results, &BTreeMap::new()), Some(error))
        }
        Err(error) => return Err(error),
    };
    let answer = match arguments.format {
        Format::Json => json(&named, &report),
        Format::Human => human(&named, &mut report, output.style()),
    };
    output.result(&answer);
    if let Some(error) = no_project {
        return Err(error);
    }
    Ok(check::status(&report, Severity::Warning, false))
}

/// Where a text names things, and some findings of its check speak of them, the others are of something else.
fn narrow(report: &mut Report, named: &[Named]) {
    let mut kept: Vec<String> = vec![];
    for Named { check, text, .. } in named {
        let id = check.id();
        // What stands in quotes: every other part of the text.
        let names: Vec<&str> =
            text.split(['\'', '"', '`']).skip(1).step_by(2).filter(|name| !name.is_empty()).collect();
        let of_check = || report.findings.iter().filter(|judged| judged.id == id);
        let says = |judged: &&Judged, name: &str| {
            let is_part = |one: char| one.is_alphanumeric() || one == '_';
            let mut words = judged.finding.message.split(|one: char| !is_part(one));
            words.any(|word| word == name)
        };
        let speaks = |judged: &&Judged| names.iter().any(|name| says(judged, name));
        let is_narrower = of_check().any(|judged| speaks(&judged));
        kept.extend(
            of_check().filter(|judged| !is_narrower || speaks(judged)).map(|judged| judged.fingerprint.clone()),
        );
    }
    report.keep(|judged| kept.contains(&judged.fingerprint));
}

#[derive(Serialize)]
struct Answer<'text> {
    schema: &'static str,
    named: Vec<Entry<'text>>,
    report: serde_json::Value,
}

#[derive(Serialize)]
struct Entry<'text> {
    id: String,
    title: &'text str,
    line: usize,
    text: String,
    symptom: &'text str,
}

fn json(named: &[Named], report: &Report) -> String {
    let entry = |named| {
        let Named { check, line, text, symptom }: &Named = named;
        Entry { id: check.id(), title: &check.words().title, line: *line, text: shown(text), symptom }
    };
    let entries = named.iter().map(entry).collect();
    let report = serde_json::from_str(&report::json(report)).unwrap_or_default();
    let answer = Answer { schema: "devdoctor.why.v1", named: entries, report };
    serde_json::to_string_pretty(&answer).unwrap_or_default() + "\n"
}

/// The recognised words, on one line and without a password.
fn shown(text: &str) -> String {
    let words = mask_text(text).split_whitespace().collect::<Vec<_>>().join(" ");
    match words.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", words.get(..end).unwrap_or_default()),
        None => words,
    }
}

fn human(named: &[Named], report: &mut Report, style: HumanStyle) -> String {
    let outcome = |id: &str| report.checks.iter().find(|(other, _)| other == id).map(|(_, outcome)| outcome);
    let mut text = String::new();
    let mut last = None;
    // What is so here comes first; of the rest, what says most.
    let mut sorted: Vec<&Named> = named.iter().collect();
    sorted.sort_by_key(|named| !matches!(outcome(&named.check.id()), Some(Outcome::Found)));
    for named in sorted {
        let place = (named.line, shown(&named.text));
        if last.as_ref() != Some(&place) {
            text.push_str(&wrapped(&format!("line {}: {}", place.0, place.1), style.width, "  "));
            text.push('\n');
            last = Some(place);
        }
        let id = named.check.id();
        let here = match outcome(&id) {
            Some(Outcome::Found) => "found here".to_owned(),
            Some(Outcome::Clean) => "looked, and it is not so here".to_owned(),
            Some(Outcome::Skipped { reason }) => format!("could not look: {reason}"),
            Some(Outcome::Crashed { reason }) => format!("crashed: {reason}"),
            None => continue,
        };
        let line = format!("  {}: {}: {here}", console::style(&id).bold(), named.check.words().title);
        text.push_str(&wrapped(&line, style.width, "    "));
        text.push('\n');
    }
    if report.findings.is_empty() {
        text.push_str("\nnothing that the text names is found here\n");
        text.push_str(
            "help: read about one with `devdoctor explain CHECK`, or look at everything with `devdoctor check`\n",
        );
        return text;
    }
    report.scene.clear();
    text.push('\n');
    text.push_str(&report::human(report, HumanStyle { quiet: true, ..style }));
    text
}
