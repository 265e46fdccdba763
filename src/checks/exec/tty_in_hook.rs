//! A hook, or a job of a CI service, asks docker for a terminal that it does not have.

use super::terminal::{Place, Terminal};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::commands::{CommandLine, DockerVerb, Occasion, reads_input_of_git};
use crate::text::Source;

/// Folders whose scripts git runs, wherever they are in the project. lefthook gives what it starts a terminal of its own, unless
/// it is told to hand git's input on.
const FOLDERS: [&str; 4] = [".husky", ".githooks", "githooks", "git-hooks"];

pub(super) fn check(facts: &Facts) -> Checked {
    let told = |line: &CommandLine| {
        let source = facts.source(&line.call.head.path)?;
        told(source, line, place(source, line)?)
    };
    Ok(facts.project.commands.iter().filter_map(told).collect())
}

fn place(source: &Source, line: &CommandLine) -> Option<Place> {
    let mut parts = line.span.path.split('/').rev();
    let name = parts.next().unwrap_or_default();
    let hook = matches!(name, ".pre-commit-config.yaml" | ".pre-commit-config.yml")
        || line.span.path.starts_with(".git/hooks/")
        || parts.any(|part| FOLDERS.contains(&part));
    match line.occasion {
        _ if hook => Some(Place::Hook),
        Occasion::Runner => Some(Place::Runner),
        _ => reads_input_of_git(source, &line.call.head).then_some(Place::Handed),
    }
}

fn told(source: &Source, line: &CommandLine, place: Place) -> Option<Finding> {
    let terminal = Terminal::of(source, line).filter(|terminal| terminal.fails(line.call.verb, place))?;
    let call = &line.call;
    let program = call.command.first().map_or("its command", |word| word.value.as_str());
    let holder = line.holder.as_deref().unwrap_or(&line.span.path);
    let (kind, reason) = match place {
        Place::Hook => ("hook", "hooks have none to read from"),
        Place::Runner => ("job", "a runner has none"),
        Place::Handed => ("hook", "`use_stdin` hands it what git gives, which is none"),
    };
    let message = format!("{kind} `{holder}` asks for a terminal to run `{program}`, and {reason}");
    let label = match (&terminal.asked, call.verb) {
        (_, DockerVerb::ComposeExec) | (None, _) => "asks for a terminal unless `-T` says otherwise",
        _ => "asks for a terminal",
    };
    let place = terminal.asked.as_ref().map_or(&line.call.head, |(span, _)| span);
    let finding = Finding::at(place, format!("{holder}: {program}"), message).label(label);
    let finding = finding.seen(line.span.path.to_string(), "call", source.slice(&line.call.head));
    Some(match cure(line, &terminal) {
        Some(fix) => finding.fix(fix),
        None => finding.help("put `-T` behind the verb, or leave `-t` out"),
    })
}

fn cure(line: &CommandLine, terminal: &Terminal) -> Option<Fix> {
    if let Some((span, text)) = terminal.asked.clone() {
        let compose = matches!(line.call.verb, DockerVerb::ComposeExec | DockerVerb::ComposeRun);
        let text = match (compose, text.as_str()) {
            (true, "-t" | "--tty" | "-it" | "-ti") => "-T".to_owned(),
            (false, "-t" | "--tty") => "-i".to_owned(),
            (true, bundle) => format!("-T {}", bundle.replacen('t', "", 1)),
            (false, bundle) => bundle.replacen('t', "", 1),
        };
        return Some(Fix::safe(format!("ask for no terminal: `{text}`"), vec![Step::Edit(Edit { span, text })]));
    }
    let span = line.call.insert_at.clone().filter(|_| !line.call.inserts_into_variable)?;
    Some(Fix::safe("ask for no terminal: `-T`", vec![Step::Edit(Edit { span, text: " -T".to_owned() })]))
}
