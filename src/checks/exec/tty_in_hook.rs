//! A hook asks docker for a terminal that it does not have.
//!
//! Seen with Compose 2.40.3 and engine 20.10: where standard output is a terminal and standard input is not, as git and
//! pre-commit start their hooks, `compose exec` without `-T` ends with "the input device is not a TTY". `compose run`,
//! `docker exec` and `docker run` do so where `-t` and `-i` are both given, with any output. All others go on.

use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::commands::options;
use crate::project::commands::{CommandLine, DockerVerb};
use crate::text::{Source, Span};

/// Folders whose scripts git runs, wherever they are in the project.
const FOLDERS: [&str; 4] = [".husky", ".githooks", "githooks", "git-hooks"];

pub(super) fn check(facts: &Facts) -> Checked {
    let told = |line: &CommandLine| told(facts.source(&line.call.head.path)?, line);
    Ok(facts.project.commands.iter().filter(|line| is_hook(line)).filter_map(told).collect())
}

fn is_hook(line: &CommandLine) -> bool {
    let mut parts = line.span.path.split('/').rev();
    let name = parts.next().unwrap_or_default();
    matches!(name, ".pre-commit-config.yaml" | ".pre-commit-config.yml") || parts.any(|part| FOLDERS.contains(&part))
}

/// The options of a call that decide about its terminal.
#[derive(Default)]
struct Terminal {
    /// The word with `t` in it, when it is asked for: its place and text.
    asked: Option<(Span, String)>,
    interactive: bool,
    refused: bool,
}

/// Reads the options as they stand between the verb and the service. Those with quoted blanks end it.
fn terminal(source: &Source, line: &CommandLine) -> Option<Terminal> {
    let head = &line.call.head;
    let table = options::of(line.call.verb);
    let rest = source.text().get(head.end..)?;
    let mut found = Terminal::default();
    let mut at = head.end;
    let mut skip = false;
    for word in rest.split_inclusive([' ', '\t', '\n']) {
        let (start, text) = (at, word.trim_end());
        at += word.len();
        if text.is_empty() || std::mem::take(&mut skip) {
            continue;
        }
        let mut take = |letter: char| match letter {
            't' => found.asked = Some((source.span(start..start + text.len()), text.to_owned())),
            'i' => found.interactive = true,
            'T' => found.refused = true,
            _ => {}
        };
        match text.strip_prefix("--") {
            Some("tty") => take('t'),
            Some("interactive") => take('i'),
            Some("no-TTY" | "no-tty" | "tty=false") => take('T'),
            Some(long) => skip = !long.contains('=') && table.long_takes_value(long),
            None => match text.strip_prefix('-') {
                Some(letters) if !letters.is_empty() => {
                    for (index, letter) in letters.char_indices() {
                        if table.short_takes_value(letter) {
                            skip = index + letter.len_utf8() == letters.len();
                            break;
                        }
                        take(letter);
                    }
                }
                _ => break,
            },
        }
    }
    Some(found)
}

fn told(source: &Source, line: &CommandLine) -> Option<Finding> {
    let terminal = terminal(source, line)?;
    let call = &line.call;
    let always = terminal.asked.is_some() && terminal.interactive;
    let fails = match call.verb {
        DockerVerb::ComposeExec => !terminal.refused,
        DockerVerb::ComposeRun | DockerVerb::Exec | DockerVerb::Run => always && !terminal.refused,
        DockerVerb::ComposeOther => false,
    };
    let program = call.command.first().map_or("its command", |word| word.value.as_str());
    let holder = line.holder.as_deref().unwrap_or(&line.span.path);
    let message = format!("hook `{holder}` asks for a terminal to run `{program}`, and hooks have none to read from");
    let label = match (&terminal.asked, call.verb) {
        (_, DockerVerb::ComposeExec) => "asks for a terminal unless `-T` says otherwise",
        _ => "asks for a terminal",
    };
    let place = terminal.asked.as_ref().map_or(&line.call.head, |(span, _)| span);
    let finding = Finding::at(place, format!("{holder}: {program}"), message).label(label);
    let finding = finding.seen(line.span.path.to_string(), "call", source.slice(&line.call.head));
    fails.then(|| match cure(line, &terminal) {
        Some(fix) => finding.fix(fix),
        None => finding.help("put `-T` behind `exec`, or leave `-t` out"),
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
