//! Command lines of package.json scripts and of pre-commit hooks.

use super::scripts::shell_lines;
use super::unshelled::{self, Unshelled};
use super::{CommandLine, Language, Reading, directory};
use crate::project::Format;
use crate::text::yaml::{self, mapped};
use crate::text::{Source, json};

/// Reads all package.json and .pre-commit-config.yaml of the project.
pub fn read(reading: &mut Reading) -> Vec<CommandLine> {
    let mut lines = vec![];
    for path in reading.paths(|name| name == "package.json") {
        let Some(source) = reading.source(&path, Some(Format::Json)) else { continue };
        // What breaks off may have been about to speak of docker.
        let broken = || path == "package.json" && json::strings_of(&source, "scripts").is_err();
        if !source.text().contains("docker") && !broken() {
            continue;
        }
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
    let Some(mut words) = unshelled::words(&text) else { return vec![] };
    for argument in hook.get("args").map(yaml::Node::items).unwrap_or_default() {
        if let Some(value) = mapped(source, argument) {
            words.push(unshelled::listed(value, argument.span.clone()));
        }
    }
    // Hooks run at the top of the repository.
    let found = Unshelled { words: &words, span: entry.span.clone(), holder, directory: Some("") };
    found.lines(Language::YamlWords, Language::YamlShell)
}
