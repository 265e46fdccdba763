//! Command lines of task runners and hook managers that are written in YAML: Taskfile.yml and lefthook.yml.

use super::hooks::{mapped, mentioning_docker};
use super::scripts::shell_lines;
use super::{CommandLine, Language, Reading, directory};
use crate::project::Format;
use crate::text::yaml::{self, Node};

/// Reads all Taskfiles and lefthook configurations of the project.
pub fn read(reading: &mut Reading) -> Vec<CommandLine> {
    let mut lines = vec![];
    let taskfile = |name: &str| {
        let stem = name.strip_suffix(".yml").or(name.strip_suffix(".yaml"));
        matches!(stem, Some("Taskfile" | "taskfile" | "Taskfile.dist" | "taskfile.dist"))
    };
    let lefthook = |name: &str| {
        let stem = name.trim_start_matches('.');
        matches!(stem, "lefthook.yml" | "lefthook.yaml" | "lefthook-local.yml" | "lefthook-local.yaml")
    };
    for path in reading.paths(|name| taskfile(name) || lefthook(name)) {
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
            // Task's own shell sets `UID` by itself, as zsh does.
            let shell = if is_taskfile { "zsh" } else { "sh" };
            lines.extend(shell_lines(&text, Language::YamlShell, Some(name), shell, start.as_deref()));
        }
        reading.keep(&source);
    }
    lines
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

/// Every `run:` of every hook, in `commands:`, in `jobs:` and in groups of jobs.
fn hooks(tree: &Node) -> Vec<Script<'_>> {
    let mut scripts = vec![];
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
        if let Some(script) = job.get("run").filter(|run| run.as_str().is_some_and(|text| text.contains("docker"))) {
            scripts.push((name.clone(), script, job.get("root").and_then(Node::as_str)));
        }
        open.extend(
            job.at(&["group", "jobs"]).map(Node::items).unwrap_or_default().iter().map(|job| (name.clone(), job)),
        );
    }
    scripts
}
