//! `devdoctor fix`: plans repairs, shows them, asks, applies, and looks again.

use std::path::Path;
use std::sync::Arc;

use super::carry_out::{Treatment, paths};
use super::consent::{asked, may_be_made};
use super::gather::{Gathered, Stopwatch, gather};
use super::output::Output;
use super::verify::{Verdict, Watch};
use super::{Status, judge, selection, undo};
use crate::checks::Check;
use crate::cli::{FixArgs, ProjectArgs};
use crate::error::Error;
use crate::facts::{Environment, Facts};
use crate::fix::apply::record::{PATIENCE, Records};
use crate::fix::diff;
use crate::fix::plan::Plan;
use crate::probe::host::Person;
use crate::report::{Judged, Outcome, Report, wrapped};

/// How often fixes are taken up again: those that had to wait for others, and those of what could not be seen before. Each
/// closed folder in a closed folder is a round.
const ROUNDS: usize = 32;

/// Runs the command.
///
/// # Errors
/// When devdoctor cannot do its work.
pub fn run(arguments: &FixArgs, environment: &Environment, output: &mut Output) -> Result<Status, Error> {
    let started = Stopwatch::start();
    let Gathered { facts, configuration, timings } = gather(&arguments.project, environment, output)?;
    let facts = Arc::new(facts);
    let checks = selection::selected(&arguments.checks, &configuration)?;
    let before = judged(&checks, &facts, &arguments.project, &started, output);
    if arguments.timings {
        timings.iter().for_each(|(part, seconds)| output.talk(&format!("{:>8.1} ms  {part}\n", seconds * 1000.0)));
    }
    let plan = Plan::new(&before, |_, fix| may_be_made(arguments, fix));
    if arguments.dry_run {
        output.result(&diff::patch(&plan, &plan.file_changes(&facts.project.sources)?));
        held_back(&plan, &before, arguments.include_unsafe, output);
        return Ok(left(&before));
    }
    if plan.is_empty() {
        output.chat(if before.findings.is_empty() {
            "nothing to repair\n"
        } else {
            "nothing that devdoctor repairs by itself\n"
        });
        not_looked(&before, output);
        held_back(&plan, &before, arguments.include_unsafe, output);
        return Ok(left(&before));
    }
    let Some(plan) = asked(arguments, &before, &facts.project.sources, output)? else {
        let declined = Plan::new(&before, |_, _| false);
        held_back(&declined, &before, arguments.include_unsafe, output);
        return Ok(left(&before));
    };
    let records = Records::new(&state_directory(environment)?);
    let _lock = records.lock(PATIENCE)?;
    if let Ok(runs) = records.of_project(&facts.project.root) {
        runs.journals.iter().for_each(|journal| undo::sweep(Path::new(&facts.project.root), journal));
    }
    let mut patient = Patient { arguments, environment, checks, records };
    patient.treat(plan, facts, &before, output)
}

/// What the checks say within the time limit, which began with `started`. Those whose turn did not come are named: nobody is to
/// take their silence for health.
fn judged(
    checks: &[&'static Check],
    facts: &Arc<Facts>,
    arguments: &ProjectArgs,
    started: &Stopwatch,
    output: &mut Output,
) -> Report {
    let left = judge::time_left(started, arguments.outside.timeout);
    let report = judge::judge_until(checks, facts, arguments.offline, &left);
    judge::tell_not_judged(&report, output);
    report
}

/// The project under treatment: what is needed to look at it again and again.
struct Patient<'run> {
    arguments: &'run FixArgs,
    environment: &'run Environment,
    checks: Vec<&'static Check>,
    records: Records,
}

impl Patient<'_> {
    fn treat(&mut self, plan: Plan, facts: Arc<Facts>, before: &Report, output: &mut Output) -> Result<Status, Error> {
        let mut watch = Watch::new(before);
        let mut waiting: Vec<String> = plan.later.iter().map(|item| item.fingerprint.clone()).collect();
        let mut afterwards: Vec<String> = vec![];
        let mut treatment = Treatment::begin(&self.records, &facts.project.root, &plan)?;
        let mut failures = 0;
        let (mut plan, mut facts, mut after) = (plan, facts, None);
        for round in 1..=ROUNDS {
            let failed = treatment.carry_out(&plan, &facts, &self.arguments.project, self.environment, output)?;
            failures += failed.len();
            plan.items.iter().for_each(|item| watch.tries(item));
            // What was not done takes no effect.
            plan.items.retain(|item| !failed.contains(&item.fingerprint));
            afterwards.extend(plan.afterwards().into_iter().map(str::to_owned));
            let (last, started) = (facts, Stopwatch::start());
            let gathered = gather(&self.arguments.project, self.environment, output)
                .inspect_err(|_| output.chat(&way_back(treatment.id())))?;
            facts = Arc::new(gathered.facts);
            let report = judged(&self.checks, &facts, &self.arguments.project, &started, output);
            let seen_now = watch.further(&report, &last);
            let waited: Vec<Judged> = report
                .findings
                .iter()
                .filter(|judged| waiting.contains(&judged.fingerprint) && !watch.has_tried(&judged.fingerprint))
                .cloned()
                .collect();
            // Nobody is asked for what no round is left to do.
            let next = if round == ROUNDS { None } else { self.further(&report, seen_now, waited, &facts, output)? };
            after = Some(report);
            let Some(next) = next else { break };
            waiting = next.later.iter().map(|item| item.fingerprint.clone()).collect();
            plan = next;
        }
        let Some(after) = after else { return Ok(left(before)) };
        let verdict = watch.verdict(before, &after, &facts);
        tell(&verdict, &afterwards, treatment.id(), output);
        held_back(&Plan::new(&after, |_, _| false), &after, self.arguments.include_unsafe, output);
        Ok(if failures == 0 && verdict.new.is_empty() { left(&after) } else { Status::Found })
    }

    /// The fixes of what a round before this one could not see, and of what had to wait for others, as far as the person agrees
    /// to them: what they were shown before stood in other bytes.
    fn further(
        &self,
        report: &Report,
        seen_now: Vec<Judged>,
        waited: Vec<Judged>,
        facts: &Facts,
        output: &mut Output,
    ) -> Result<Option<Plan>, Error> {
        let width = output.style().width;
        for (words, findings) in [("seen only now", &seen_now), ("its turn comes now", &waited)] {
            for judged in findings {
                let text = wrapped(&format!("{words}: {}", judged.finding.message), width, "  ");
                output.result(&format!("{text}\n"));
            }
        }
        let only = Report { findings: [seen_now, waited].concat(), ..report.clone() };
        if Plan::new(&only, |_, fix| may_be_made(self.arguments, fix)).is_empty() {
            return Ok(None);
        }
        asked(self.arguments, &only, &facts.project.sources, output)
    }
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
    output.chat(&way_back(id));
}

fn way_back(id: &str) -> String {
    format!("take it back with `devdoctor undo {id}`\n")
}

/// That nothing is to be repaired can only be said of what was looked at.
fn not_looked(report: &Report, output: &mut Output) {
    let skipped = report.checks.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Skipped { .. })).count();
    if skipped > 0 {
        let noun = if skipped == 1 { "check" } else { "checks" };
        output.chat(&format!("{skipped} {noun} could not look: `devdoctor check` says why\n"));
    }
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
    let crashed = report.checks.iter().any(|(_, outcome)| matches!(outcome, Outcome::Crashed { .. }));
    match (crashed, report.findings.is_empty()) {
        (true, _) => Status::Failed,
        (false, true) => Status::Clean,
        (false, false) => Status::Found,
    }
}

/// Where the journals lie: `$XDG_STATE_HOME`, else `~/.local/state` (XDG base directory specification).
pub fn state_directory(environment: &Environment) -> Result<std::path::PathBuf, Error> {
    let absolute = |path: &&str| Path::new(path).is_absolute();
    match environment.get_nonempty("XDG_STATE_HOME").filter(absolute) {
        Some(state) => Ok(state.into()),
        // Under sudo the person's own home, whatever sudo made of HOME: `undo` is to find it with and without sudo.
        None => match crate::probe::host::person(environment) {
            Person { through_sudo: true, home: Some(home), .. } => Ok(home.as_path().join(".local/state")),
            _ => match environment.get_nonempty("HOME").filter(absolute) {
                Some(home) => Ok(Path::new(home).join(".local/state")),
                None => Err(Error::NoStateDirectory),
            },
        },
    }
}
