//! `devdoctor fix`: plans repairs, shows them, asks, applies, and looks again.

use std::path::Path;

use super::carry_out::{Treatment, paths};
use super::gather::{Gathered, gather};
use super::output::Output;
use super::verify::{Verdict, Watch};
use super::{Status, judge, selection};
use crate::checks::Check;
use crate::cli::FixArgs;
use crate::error::Error;
use crate::facts::Environment;
use crate::fix::apply::record::Records;
use crate::fix::plan::{FileChange, Item, Plan};
use crate::fix::{Applicability, diff, show};
use crate::probe::host::Person;
use crate::report::{Judged, Report, wrapped};

/// How often fixes are taken up again: those that had to wait for others, and those of what could not be seen before. Each
/// closed folder in a closed folder is a round.
const ROUNDS: usize = 32;

/// Runs the command.
///
/// # Errors
/// When devdoctor cannot do its work.
pub fn run(arguments: &FixArgs, environment: &Environment, output: &mut Output) -> Result<Status, Error> {
    let gathered = gather(&arguments.project, environment, output)?;
    let checks = selection::selected(&arguments.checks, &gathered.configuration)?;
    let before = judge::judge(&checks, &gathered.facts, arguments.project.offline);
    if arguments.timings {
        gathered
            .timings
            .iter()
            .for_each(|(part, seconds)| output.talk(&format!("{:>8.1} ms  {part}\n", seconds * 1000.0)));
    }
    let plan = Plan::new(&before, |_, fix| arguments.include_unsafe || fix.applicability == Applicability::Safe);
    let changes = plan.file_changes(&gathered.facts.project.sources)?;
    if arguments.dry_run {
        output.result(&diff::patch(&plan, &changes));
        held_back(&plan, &before, arguments.include_unsafe, output);
        return Ok(left(&before));
    }
    if plan.is_empty() {
        output.chat(if before.findings.is_empty() {
            "nothing to repair\n"
        } else {
            "nothing that devdoctor repairs by itself\n"
        });
        held_back(&plan, &before, arguments.include_unsafe, output);
        return Ok(left(&before));
    }
    let Some(plan) = consented(arguments, plan, &before, &changes, output)? else {
        let declined = Plan::new(&before, |_, _| false);
        held_back(&declined, &before, arguments.include_unsafe, output);
        return Ok(left(&before));
    };
    let records = Records::new(&state_directory(environment)?);
    let _lock = records.lock()?;
    let mut patient = Patient { arguments, environment, checks, records };
    patient.treat(plan, gathered, &before, output)
}

/// The project under treatment: what is needed to look at it again and again.
struct Patient<'run> {
    arguments: &'run FixArgs,
    environment: &'run Environment,
    checks: Vec<&'static Check>,
    records: Records,
}

impl Patient<'_> {
    fn treat(&mut self, plan: Plan, gathered: Gathered, before: &Report, output: &mut Output) -> Result<Status, Error> {
        let mut watch = Watch::new(before);
        let mut waiting: Vec<String> = plan.later.iter().map(|item| item.fingerprint.clone()).collect();
        let mut afterwards: Vec<String> = vec![];
        let mut treatment = Treatment::begin(&self.records, &gathered.facts.project.root, &plan)?;
        let mut failures = 0;
        let (mut plan, mut gathered, mut after) = (plan, gathered, None);
        for _ in 0..ROUNDS {
            let failed =
                treatment.carry_out(&plan, &gathered.facts, &self.arguments.project, self.environment, output)?;
            failures += failed.len();
            plan.items.iter().for_each(|item| watch.tries(item));
            // What was not done takes no effect.
            plan.items.retain(|item| !failed.contains(&item.fingerprint));
            afterwards.extend(plan.afterwards().into_iter().map(str::to_owned));
            let last = gathered.facts;
            gathered = gather(&self.arguments.project, self.environment, output)?;
            let report = judge::judge(&self.checks, &gathered.facts, self.arguments.project.offline);
            // Fixes that had to wait for others are made now, on the new bytes.
            plan = Plan::new(&report, |judged, _| {
                waiting.contains(&judged.fingerprint) && !watch.has_tried(&judged.fingerprint)
            });
            waiting = plan.later.iter().map(|item| item.fingerprint.clone()).collect();
            let seen_now = watch.further(&report, &last);
            plan.items.extend(self.further(&report, seen_now, output)?);
            after = Some(report);
            if plan.is_empty() {
                break;
            }
        }
        let Some(after) = after else { return Ok(left(before)) };
        let verdict = watch.verdict(before, &after, &gathered.facts);
        tell(&verdict, &afterwards, treatment.id(), output);
        held_back(&Plan::new(&after, |_, _| false), &after, self.arguments.include_unsafe, output);
        Ok(if failures == 0 && verdict.new.is_empty() { left(&after) } else { Status::Found })
    }

    /// The fixes of what a round before this one could not see, as far as the person agrees.
    fn further(&self, report: &Report, findings: Vec<Judged>, output: &mut Output) -> Result<Vec<Item>, Error> {
        let width = output.style().width;
        for judged in &findings {
            let text = wrapped(&format!("seen only now: {}", judged.finding.message), width, "  ");
            output.result(&format!("{text}\n"));
        }
        let only = Report { findings, ..report.clone() };
        let unsafe_too = self.arguments.include_unsafe;
        let plan = Plan::new(&only, |_, fix| unsafe_too || fix.applicability == Applicability::Safe);
        if plan.is_empty() {
            return Ok(vec![]);
        }
        Ok(consented(self.arguments, plan, &only, &[], output)?.map(|plan| plan.items).unwrap_or_default())
    }
}

/// What the person agreed to: everything under `--yes`, else what they say yes to. `None`: nothing.
fn consented(
    arguments: &FixArgs,
    plan: Plan,
    report: &Report,
    changes: &[FileChange],
    output: &mut Output,
) -> Result<Option<Plan>, Error> {
    output.result(&shown(&plan, changes, output.style().width));
    if arguments.yes {
        return Ok(Some(plan));
    }
    if !output.terminal.can_ask {
        output.talk("nothing is applied: there is no terminal to ask at\nhelp: apply all safe fixes with --yes, or see the patch with --dry-run\n");
        return Ok(None);
    }
    let ask =
        |question: String| dialoguer::Confirm::new().with_prompt(question).default(false).interact().unwrap_or(false);
    if !arguments.select && !arguments.include_unsafe {
        let question = match plan.items.len() {
            1 => "apply this fix?".to_owned(),
            count => format!("apply these {count} fixes?"),
        };
        return Ok(ask(question).then_some(plan));
    }
    // Unsafe fixes are asked for one by one; with --select the safe ones too.
    let wanted: Vec<String> = plan
        .items
        .iter()
        .filter(|item| {
            let by_itself = arguments.select || item.fix.applicability == Applicability::Unsafe;
            !by_itself || ask(format!("{} ({})?", item.fix.title, item.fix.applicability))
        })
        .map(|item| item.fingerprint.clone())
        .collect();
    let chosen = Plan::new(report, |judged, _| wanted.contains(&judged.fingerprint));
    Ok((!chosen.is_empty()).then_some(chosen))
}

/// The plan for people: each fix with its steps, then the patch.
fn shown(plan: &Plan, changes: &[FileChange], width: usize) -> String {
    let mut text = String::new();
    for item in &plan.items {
        let undoable = if item.fix.undoable() { "can be undone" } else { "cannot be undone" };
        let title = format!("{} · {}, {undoable} ({})", item.fix.title, item.fix.applicability, item.id);
        text.push_str(&wrapped(&title, width, "  "));
        text.push('\n');
        for step in item.fix.steps.iter().filter(|step| !matches!(step, crate::fix::Step::Edit(_))) {
            let lines = show::lines(step);
            lines.iter().take(10).for_each(|line| text.push_str(&format!("  {line}\n")));
            if lines.len() > 10 {
                text.push_str(&format!("  and {} more, all named by --dry-run\n", lines.len() - 10));
            }
        }
    }
    if !changes.is_empty() {
        text.push('\n');
    }
    for change in changes {
        text.push_str(&diff::file_shown(change));
    }
    text.push('\n');
    text
}

fn tell(verdict: &Verdict, afterwards: &[String], id: &str, output: &mut Output) {
    let width = output.style().width;
    let mut say = |word: &str, message: &str| {
        let text = wrapped(&format!("{word}: {message}"), width, "  ");
        output.result(&format!("{text}\n"));
    };
    verdict.cured.iter().for_each(|message| say("cured", message));
    for (message, right, all) in &verdict.in_part {
        say("cured in part", &format!("{message}: {right} of {} are right", paths(*all)));
    }
    verdict.still_there.iter().for_each(|message| say("still there", message));
    verdict.left.iter().for_each(|words| say("left", words));
    verdict.meanwhile.iter().for_each(|words| say("made meanwhile by somebody else", words));
    verdict.unseen.iter().for_each(|(id, reason)| say("cannot be seen any more", &format!("{id}: {reason}")));
    for message in &verdict.new {
        say("new", message);
    }
    let mut told: Vec<&str> = vec![];
    for words in afterwards {
        if !told.contains(&words.as_str()) {
            say("then", words);
            told.push(words);
        }
    }
    if !verdict.new.is_empty() {
        say("help", &format!("a fix made something new: take it back with `devdoctor undo {id}`"));
    }
    output.chat(&format!("take it back with `devdoctor undo {id}`\n"));
}

/// Says how many fixes are held back and which flag releases them, and what is left for a person.
fn held_back(plan: &Plan, report: &Report, released: bool, output: &mut Output) {
    let held = plan.held_back.len();
    if held > 0 {
        let noun = if held == 1 { "fix is" } else { "fixes are" };
        output.chat(&if released {
            format!("{held} unsafe {noun} not applied\n")
        } else {
            format!("{held} unsafe {noun} held back: --unsafe releases them\n")
        });
    }
    let manual = report.findings.iter().filter(|judged| !judged.fixable()).count();
    if manual > 0 {
        let noun = if manual == 1 { "finding needs" } else { "findings need" };
        output.chat(&format!("{manual} {noun} your hands: `devdoctor check` says how\n"));
    }
}

fn left(report: &Report) -> Status {
    if report.findings.is_empty() { Status::Clean } else { Status::Found }
}

/// Where the journals lie: `$XDG_STATE_HOME`, else `~/.local/state` (XDG base directory specification).
pub fn state_directory(environment: &Environment) -> Result<std::path::PathBuf, Error> {
    let absolute = |path: &&str| Path::new(path).is_absolute();
    match environment.get_nonempty("XDG_STATE_HOME").filter(absolute) {
        Some(state) => Ok(state.into()),
        // Under sudo the person's own home, whatever sudo made of HOME: `undo` is to find it with and without sudo.
        None => match crate::probe::host::person(environment) {
            Person { through_sudo: true, home: Some(home), .. } => Ok(home.as_path().join(".local/state")),
            _ => match environment.get_nonempty("HOME") {
                Some(home) => Ok(Path::new(home).join(".local/state")),
                None => Err(Error::NoStateDirectory),
            },
        },
    }
}
