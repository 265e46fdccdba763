//! Command lines of package.json scripts and of pre-commit hooks.

use super::docker::{self, Found, Word};
use super::scripts::shell_lines;
use super::user::Lookup;
use super::{CommandLine, Language, Numbers, Reading, directory};
use crate::project::Format;
use crate::text::{Mapped, Source, json, shell, yaml};

/// Reads all package.json and .pre-commit-config.yaml of the project.
pub fn read(reading: &mut Reading) -> Vec<CommandLine> {
    let mut lines = vec![];
    for path in reading.paths(|name| name == "package.json") {
        let Some(source) = mentioning_docker(reading, &path, Format::Json) else { continue };
        match json::strings_of(&source, "scripts") {
            Ok(scripts) => {
                for (name, script) in scripts.iter().filter(|(_, script)| script.text().contains("docker")) {
                    let directory = Some(directory::of(&path));
                    lines.extend(shell_lines(script, Language::JsonShell, Some(name.clone()), "sh", directory));
                }
                reading.keep(&source);
            }
            Err(error) => reading.refuse(&source, Format::Json, error),
        }
    }
    for path in reading.paths(|name| matches!(name, ".pre-commit-config.yaml" | ".pre-commit-config.yml")) {
        let Some(source) = mentioning_docker(reading, &path, Format::Yaml) else { continue };
        match yaml::parse(&source) {
            Ok(tree) => {
                let repositories = tree.get("repos").map(yaml::Node::items).unwrap_or_default();
                let hooks = repositories.iter().filter_map(|one| one.get("hooks")).flat_map(yaml::Node::items);
                hooks.for_each(|hook| lines.extend(hook_lines(&source, hook)));
                reading.keep(&source);
            }
            Err(error) => reading.refuse(&source, Format::Yaml, error),
        }
    }
    lines
}

/// A file that speaks of docker.
pub fn mentioning_docker(reading: &mut Reading, path: &str, format: Format) -> Option<Source> {
    reading.source(path, Some(format)).filter(|source| source.text().contains("docker"))
}

/// pre-commit splits `entry` into words, adds `args` and the file names, and starts that without a shell.
fn hook_lines(source: &Source, hook: &yaml::Node) -> Vec<CommandLine> {
    let Some(entry) = hook.get("entry") else { return vec![] };
    let Some(text) = mapped(source, entry) else { return vec![] };
    let holder = hook.get("id").and_then(yaml::Node::as_str).map(str::to_owned);
    let Some(command) = shell::commands(text.text()).into_iter().next_back() else { return vec![] };
    let mut words: Vec<Word> = command.words.iter().filter_map(|word| Word::of(&text, word.clone())).collect();
    for argument in hook.get("args").map(yaml::Node::items).unwrap_or_default() {
        if let Some(value) = mapped(source, argument) {
            // Words of a list: an option cannot be put in as text.
            words.push(Word { place: argument.span.clone(), value, after: None, literal: false });
        }
    }
    match docker::find(&words, false, &|_, _| Lookup::Unknown) {
        Some(Found::Script { text: script, shell, .. }) => {
            // Hooks run at the top of the repository.
            let mut lines = shell_lines(&script, Language::YamlShell, holder, &shell, Some(""));
            lines.iter_mut().for_each(|line| line.nested = true);
            lines
        }
        Some(Found::Call(call)) => vec![CommandLine {
            holder,
            language: Language::YamlWords,
            span: entry.span.clone(),
            call: *call,
            nested: false,
            numbers: Numbers::default(),
            compose_file: Some(String::new()),
        }],
        None => vec![],
    }
}

/// A scalar's text. Its bytes have places of their own when they stand in the file as they are.
pub fn mapped(source: &Source, node: &yaml::Node) -> Option<Mapped> {
    let value = node.as_str()?;
    let mut text = Mapped::default();
    if source.slice(&node.span) == value && !node.aliased && !node.shared {
        text.push_literal(value, node.span.clone());
    } else {
        text.push_decoded(value, node.span.clone());
    }
    Some(text)
}
