//! Shows the fixes of a round and asks the person which of them to make.

use std::collections::BTreeMap;

use console::{Key, Term};

use super::output::Output;
use crate::cli::FixArgs;
use crate::error::Error;
use crate::fix::plan::{FileChange, Item, Plan};
use crate::fix::{Applicability, Fix, Step, diff, show};
use crate::report::{Report, wrapped};
use crate::text::Source;

/// Whether a fix may be offered at all.
pub fn may_be_made(arguments: &FixArgs, fix: &Fix) -> bool {
    arguments.include_unsafe || fix.applicability == Applicability::Safe
}

/// The plan that the person agreed to, of the fixes of `report`: all under `--yes`, else what they say yes to. Fixes that have to
/// wait for these are in it as such; they are asked for when their turn comes. `None`: nothing.
///
/// # Errors
/// When an edit does not fit its file.
pub fn asked(
    arguments: &FixArgs,
    report: &Report,
    sources: &BTreeMap<String, Source>,
    output: &mut Output,
) -> Result<Option<Plan>, Error> {
    let plan = Plan::new(report, |_, fix| may_be_made(arguments, fix));
    show_plan(&plan, &plan.file_changes(sources)?, output);
    if arguments.yes {
        return Ok(Some(plan));
    }
    if !output.terminal.can_ask {
        output.talk("nothing is applied: there is no terminal to ask at\nhelp: apply all safe fixes with --yes, or see the patch with --dry-run\n");
        return Ok(None);
    }
    if !arguments.select && !arguments.include_unsafe {
        let question = match plan.items.len() {
            1 => "apply this fix?".to_owned(),
            count => format!("apply these {count} fixes?"),
        };
        return Ok((ask(&question, output) == Some(true)).then_some(plan));
    }
    let mut answers: BTreeMap<String, bool> = BTreeMap::new();
    let mut offered = plan;
    loop {
        let Some(now) = agreed(&offered, arguments.select, |question| ask(&question, output)) else {
            output.talk("stopped: nothing is applied\n");
            return Ok(None);
        };
        answers.extend(now);
        let not_declined = |fingerprint: &str| answers.get(fingerprint) != Some(&false);
        let mut next =
            Plan::new(report, |judged, fix| may_be_made(arguments, fix) && not_declined(&judged.fingerprint));
        if next.items.iter().all(|item| answers.contains_key(&item.fingerprint)) {
            return Ok((!next.is_empty()).then_some(next));
        }
        // What would have had to wait for one that was declined need not wait any more.
        next.items.retain(|item| !answers.contains_key(&item.fingerprint));
        show_plan(&next, &next.file_changes(sources)?, output);
        offered = next;
    }
}

/// The answers for all fixes of a plan, by fingerprint. The safe ones are asked for together, the unsafe ones one by one; where the
/// person selects, each is asked for by itself. `None` when the person stops: then nothing is applied, not even what was agreed
/// to before. Whoever stops half-way may have seen that it goes wrong.
fn agreed(plan: &Plan, select: bool, mut ask: impl FnMut(String) -> Option<bool>) -> Option<BTreeMap<String, bool>> {
    let together = |item: &&Item| !select && item.fix.applicability == Applicability::Safe;
    let safe = match plan.items.iter().filter(together).count() {
        0 => true,
        1 => ask("apply this safe fix? q stops".to_owned())?,
        count => ask(format!("apply these {count} safe fixes? q stops"))?,
    };
    let mut answers = BTreeMap::new();
    for item in &plan.items {
        let answer = if together(&item) {
            safe
        } else {
            let place = if item.place.is_empty() { String::new() } else { format!(", {}", item.place) };
            ask(format!("{} ({}{place})? q stops", item.fix.title, item.fix.applicability))?
        };
        answers.insert(item.fingerprint.clone(), answer);
    }
    Some(answers)
}

/// Asks for a yes or a no; what is neither is no answer. `None`: the person wants to stop, or cannot answer any more.
fn ask(question: &str, output: &mut Output) -> Option<bool> {
    let terminal = Term::stderr();
    output.talk(&format!("{question} [y/N] "));
    let answer = loop {
        // Raw, so that the line is ended whichever way the person leaves.
        match terminal.read_key_raw() {
            Ok(Key::Char('y' | 'Y')) => break Some(true),
            Ok(Key::Char('n' | 'N') | Key::Enter) => break Some(false),
            Ok(Key::Char('q' | 'Q') | Key::Escape | Key::CtrlC) | Err(_) => break None,
            Ok(_) => {}
        }
    };
    output.talk(match answer {
        Some(true) => "yes\n",
        Some(false) => "no\n",
        None => "stop\n",
    });
    answer
}

fn show_plan(plan: &Plan, changes: &[FileChange], output: &mut Output) {
    let text = shown(plan, changes, output.style().width);
    output.result(&text);
}

/// The plan for people: each fix with its steps, then the patch.
fn shown(plan: &Plan, changes: &[FileChange], width: usize) -> String {
    let mut text = String::new();
    for item in &plan.items {
        let undoable = if item.fix.undoable() { "can be undone" } else { "cannot be undone" };
        let place = if item.place.is_empty() { String::new() } else { format!(", {}", item.place) };
        let title = format!("{} · {}, {undoable} ({}{place})", item.fix.title, item.fix.applicability, item.id);
        text.push_str(&wrapped(&title, width, "  "));
        text.push('\n');
        for step in item.fix.steps.iter().filter(|step| !matches!(step, Step::Edit(_))) {
            let lines = show::lines(step);
            lines.iter().take(10).for_each(|line| text.push_str(&format!("  {line}\n")));
            if lines.len() > 10 {
                text.push_str(&format!("  and {} more, all named by --dry-run\n", lines.len() - 10));
            }
        }
    }
    for item in &plan.later {
        text.push_str(&wrapped(&format!("after these: {}, which touches the same place", item.line()), width, "  "));
        text.push('\n');
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_who_stops_gets_nothing_applied() {
        let item = |name: &str, applicability: Applicability| Item {
            id: "exec-as-root".into(),
            fingerprint: name.into(),
            place: format!("Makefile:{name}"),
            fix: Fix { applicability, ..Fix::safe("run it", vec![]) },
        };
        let items =
            vec![item("1", Applicability::Safe), item("2", Applicability::Unsafe), item("3", Applicability::Safe)];
        let plan = Plan { items, ..Plan::default() };
        let mut asked = vec![];
        let wanted = agreed(&plan, true, |question| {
            asked.push(question);
            Some(asked.len() != 2)
        });
        let answers = |all: [bool; 3]| Some(["1", "2", "3"].map(str::to_owned).into_iter().zip(all).collect());
        assert_eq!(wanted, answers([true, false, true]));
        assert_eq!(asked[1], "run it (unsafe, Makefile:2)? q stops");
        let mut asked = vec![];
        let wanted = agreed(&plan, false, |question| {
            asked.push(question);
            Some(asked.len() == 1)
        });
        assert_eq!(wanted, answers([true, false, true]));
        assert_eq!(asked, ["apply these 2 safe fixes? q stops", "run it (unsafe, Makefile:2)? q stops"]);
        assert_eq!(agreed(&plan, false, |_| Some(false)), answers([false; 3]));
        assert_eq!(agreed(&plan, false, |question| (!question.starts_with("run")).then_some(true)), None);
    }
}
