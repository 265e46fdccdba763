//! `devdoctor explain`: a check's words, and what it sees in this project.

use std::sync::Arc;

use super::gather::{Stopwatch, gather};
use super::output::Output;
use super::{Status, judge, selection};
use crate::checks::Words;
use crate::cli::ExplainArgs;
use crate::error::Error;
use crate::facts::Environment;
use crate::report::{self, HumanStyle, Outcome, wrapped};

/// Runs the command.
///
/// # Errors
/// When there is no such check, or the project cannot be looked at.
pub fn run(arguments: &ExplainArgs, environment: &Environment, output: &mut Output) -> Result<Status, Error> {
    let check = selection::one(&arguments.id)?;
    let style = output.style();
    output.result(&explained(check.words(), style.width));
    let started = Stopwatch::start();
    let gathered = gather(&arguments.project, environment, output)?;
    let left = judge::time_left(&started, arguments.project.outside.timeout);
    let facts = Arc::new(gathered.facts);
    let report = judge::judge_until(&[check], &facts, arguments.project.offline, &left);
    let mut here = heading("here");
    match report.checks.first().map(|(_, outcome)| outcome) {
        Some(Outcome::Found) => {
            here.push_str(&report::human(&report, HumanStyle { quiet: true, verbose: true, ..style }));
        }
        Some(Outcome::Skipped { reason }) => here.push_str(&format!("could not look: {reason}\n")),
        Some(Outcome::Crashed { reason }) => here.push_str(&format!("crashed: {reason}\n")),
        Some(Outcome::Clean) | None => {
            here.push_str(&format!("looked at `{}` and found nothing\n", facts.project.root))
        }
    }
    output.result(&here);
    Ok(Status::Clean)
}

fn heading(words: &str) -> String {
    format!("\n{}\n", console::style(words).bold())
}

fn explained(words: &Words, width: usize) -> String {
    let needs: Vec<String> = words.needs.iter().map(ToString::to_string).collect();
    let mut text = format!("{}\n{}\n", console::style(&words.id).bold(), wrapped(&words.title, width, ""));
    text.push_str(&format!("{} · looks at {} · {}\n", words.severity, needs.join(", "), words.fix.shown()));
    text.push_str(&heading("why"));
    text.push_str(&paragraphs(&words.why, width));
    if !words.symptoms.is_empty() {
        text.push_str(&heading("what you see when it bites (regular expressions)"));
        words.symptoms.iter().for_each(|symptom| text.push_str(&format!("  {symptom}\n")));
    }
    text.push_str(&heading("how to see it by hand"));
    text.push_str(&indented(&words.see_by_hand));
    text.push_str(&heading("how to fix it by hand"));
    text.push_str(&indented(&words.fix_by_hand));
    for example in words.examples.iter().filter(|example| !example.reports.is_empty()).take(1) {
        text.push_str(&heading(&format!("an example: {}", example.name)));
        for (path, content) in &example.files {
            text.push_str(&format!("  {path}:\n"));
            content.lines().for_each(|line| text.push_str(&format!("      {line}\n")));
        }
        example.reports.iter().for_each(|line| text.push_str(&format!("  reported: {line}\n")));
    }
    text
}

fn paragraphs(text: &str, width: usize) -> String {
    let joined = text.trim().split("\n\n").map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "));
    joined.map(|paragraph| wrapped(&paragraph, width, "") + "\n").collect::<Vec<_>>().join("\n")
}

fn indented(text: &str) -> String {
    text.trim_end().lines().map(|line| format!("  {line}\n")).collect()
}
