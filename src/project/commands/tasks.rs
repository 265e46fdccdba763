//! Command lines of task runners and hook managers that are written in YAML: Taskfile.yml and lefthook.yml.

use super::hooks::mentioning_docker;
use super::scripts::shell_lines;
use super::{CommandLine, Language, Reading, directory};
use crate::project::Format;
use crate::text::yaml::{self, Node, mapped};
use crate::text::{Mapped, Source, Span};

/// Reads all Taskfiles and lefthook configurations of the project.
pub fn read(reading: &mut Reading) -> Vec<CommandLine> {
    let mut lines = vec![];
    let taskfile = |name: &str| {
        let stem = name.strip_suffix(".yml").or(name.strip_suffix(".yaml"));
        matches!(stem, Some("Taskfile" | "taskfile" | "Taskfile.dist" | "taskfile.dist"))
    };
    for path in reading.paths(|name| taskfile(name) || is_lefthook(name)) {
        let Some(source) = mentioning_docker(reading, &path, Format::Yaml) else { continue };
        let tree = match yaml::parse(&source) {
            Ok(tree) => tree,
            Err(error) => {
                reading.refuse(&source, Format::Yaml, error);
                continue;
            }
        };
        let is_taskfile = path.rsplit('/').next().is_some_and(taskfile);
        let scripts = if is_taskfile { tasks(&tree) } else { hooks(&tree) };
        for (name, script, within) in scripts {
            let Some(text) = mapped(&source, script) else { continue };
            let start = match within {
                // A directory that only running it could tell.
                Some(inner) => directory::entered(Some(directory::of(&path)), inner, Language::YamlShell),
                None => Some(directory::of(&path).to_owned()),
            };
            // Task's shell is mvdan/sh, whose interpreter sets `UID`, `EUID` and `GID` (and not `EGID`) when it starts, as zsh
            // does: `interp/api.go`, `Runner.Reset`. Held against the real one by `tests/exec_real/runners.rs`.
            let text = with_templates_as_words(&text);
            let shell = if is_taskfile { "zsh" } else { "sh" };
            lines.extend(shell_lines(&text, Language::YamlShell, Some(name), shell, start.as_deref()));
        }
        reading.keep(&source);
    }
    lines
}

fn is_lefthook(name: &str) -> bool {
    let stem = name.trim_start_matches('.');
    matches!(stem, "lefthook.yml" | "lefthook.yaml" | "lefthook-local.yml" | "lefthook-local.yaml")
}

/// A name, the scalar that a shell runs, and the directory it is run in when one is named.
type Script<'a> = (String, &'a Node, Option<&'a str>);

/// `tasks:` with `cmds:`, `cmd:`, or the short forms of a task that is a command or a list of them.
fn tasks(tree: &Node) -> Vec<Script<'_>> {
    let mut scripts = vec![];
    for entry in tree.get("tasks").map(Node::entries).unwrap_or_default() {
        let Some(name) = entry.key.as_str() else { continue };
        let within = entry.value.get("dir").and_then(Node::as_str);
        let listed = entry.value.get("cmds").unwrap_or(&entry.value);
        let alone = [Some(&entry.value), entry.value.get("cmd")].into_iter().flatten();
        for command in listed.items().iter().chain(alone) {
            let script = command.get("cmd").or(command.get("defer")).unwrap_or(command);
            if script.as_str().is_some_and(|text| text.contains("docker")) {
                scripts.push((name.to_owned(), script, within));
            }
        }
    }
    scripts.dedup_by(|a, b| a.1.span == b.1.span);
    scripts
}

/// Whether lefthook hands git's own input on to the command of which this is a part (`use_stdin: true`), instead of giving it
/// a terminal.
pub fn reads_input_of_git(source: &Source, part: &Span) -> bool {
    if !is_lefthook(source.path().rsplit('/').next().unwrap_or_default()) {
        return false;
    }
    let says = |node: &Node| node.get("use_stdin").and_then(Node::as_str) == Some("true");
    yaml::parse(source).is_ok_and(|tree| {
        let holds = |run: &&Node| run.span.start <= part.start && part.end <= run.span.end;
        jobs(&tree).iter().any(|(_, job)| says(job) && job.get("run").as_ref().is_some_and(holds))
    })
}

/// Every `run:` of every hook, in `commands:`, in `jobs:` and in groups of jobs.
fn hooks(tree: &Node) -> Vec<Script<'_>> {
    let mut scripts = vec![];
    for (name, job) in jobs(tree) {
        if let Some(script) = job.get("run").filter(|run| run.as_str().is_some_and(|text| text.contains("docker"))) {
            scripts.push((name, script, job.get("root").and_then(Node::as_str)));
        }
    }
    scripts
}

/// Every command and job of every hook, those of groups as well, by name.
fn jobs(tree: &Node) -> Vec<(String, &Node)> {
    let mut found = vec![];
    let mut open: Vec<(String, &Node)> = vec![];
    for hook in tree.entries() {
        let Some(name) = hook.key.as_str() else { continue };
        for command in hook.value.get("commands").map(Node::entries).unwrap_or_default() {
            open.push((command.key.as_str().unwrap_or(name).to_owned(), &command.value));
        }
        open.extend(
            hook.value.get("jobs").map(Node::items).unwrap_or_default().iter().map(|job| (name.to_owned(), job)),
        );
    }
    while let Some((name, job)) = open.pop() {
        let name = job.get("name").and_then(Node::as_str).map_or(name, str::to_owned);
        open.extend(
            job.at(&["group", "jobs"]).map(Node::items).unwrap_or_default().iter().map(|job| (name.clone(), job)),
        );
        found.push((name, job));
    }
    found
}

/// A text whose templates (`{{.NAME}}`, `${{ name }}`) are one word each, of which only running it could tell what it is.
pub fn with_templates_as_words(text: &Mapped) -> Mapped {
    let whole = text.text();
    let mut made = Mapped::default();
    let mut kept = 0;
    while let Some(open) = whole.get(kept..).and_then(|rest| rest.find("{{")).map(|found| kept + found) {
        let Some(close) = whole.get(open..).and_then(|rest| rest.find("}}")).map(|found| open + found + 2) else {
            break;
        };
        let start = if whole.get(..open).is_some_and(|before| before.ends_with('$')) { open - 1 } else { open };
        made.push_part(text, kept..start.max(kept), None);
        let inner = whole.get(open + 2..close - 2).unwrap_or("");
        let plain: String =
            inner.chars().filter(|character| character.is_alphanumeric() || matches!(character, '_' | '.')).collect();
        if let Some(place) = text.place(start..close) {
            made.push_decoded(&format!("{{{{{plain}}}}}"), place);
        }
        kept = close;
    }
    made.push_part(text, kept..whole.len(), None);
    made
}
