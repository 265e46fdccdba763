//! Command lines of pyproject.toml: the tasks of Poe, PDM, Hatch and taskipy.

use super::hooks::mentioning_docker;
use super::scripts::shell_lines;
use super::unshelled::{self, Unshelled};
use super::{CommandLine, Language, Reading, directory};
use crate::project::Format;
use crate::text::toml::{self, Toml};
use crate::text::{Mapped, Source, json};

/// A runner of tasks, by the table that it reads and by how it starts what is there.
struct Runner {
    table: &'static [&'static str],
    /// The keys between the table and its tasks.
    scripts: Option<&'static str>,
    /// Whether a string is run by a shell. Poe and PDM split it into words.
    shell: bool,
    /// Whether the strings of a list are commands. Those of Poe are names of tasks.
    listed: bool,
}

const RUNNERS: [Runner; 4] = [
    Runner { table: &["tool", "poe", "tasks"], scripts: None, shell: false, listed: false },
    Runner { table: &["tool", "pdm", "scripts"], scripts: None, shell: false, listed: false },
    Runner { table: &["tool", "taskipy", "tasks"], scripts: None, shell: true, listed: false },
    Runner { table: &["tool", "hatch", "envs"], scripts: Some("scripts"), shell: true, listed: true },
];

/// Reads all pyproject.toml of the project.
pub fn read(reading: &mut Reading) -> Vec<CommandLine> {
    let mut lines = vec![];
    for path in reading.paths(|name| name == "pyproject.toml") {
        let Some(source) = mentioning_docker(reading, &path, Format::Toml) else { continue };
        let tree = match toml::parse(source.text()) {
            Ok(tree) => tree,
            Err(error) => {
                reading.refuse(&source, Format::Toml, error);
                continue;
            }
        };
        let found: Vec<CommandLine> = RUNNERS.iter().flat_map(|runner| runner.lines(&source, &tree)).collect();
        if !found.is_empty() {
            reading.keep(&source);
        }
        lines.extend(found);
    }
    lines
}

impl Runner {
    fn lines(&self, source: &Source, tree: &Toml) -> Vec<CommandLine> {
        let mut lines = vec![];
        for (keys, text) in tree.texts_below(self.table) {
            if !text.value.contains("docker") {
                continue;
            }
            let mut keys = keys.iter().map(String::as_str);
            // The environment of Hatch.
            if self.scripts.is_some() && (keys.next().is_none() || keys.next() != self.scripts) {
                continue;
            }
            let Some(name) = keys.next() else { continue };
            let kind: Vec<&str> = keys.collect();
            let shell = match kind.as_slice() {
                [] => self.shell,
                ["cmd"] | [_, "cmd"] | ["sequence" | "parallel", _, "cmd"] => self.shell,
                ["shell"] | [_, "shell"] | ["sequence" | "parallel", _, "shell"] => true,
                ["composite", _] => false,
                [index] if self.listed && index.parse::<usize>().is_ok() => true,
                _ => continue,
            };
            let directory = Some(directory::of(source.path()));
            let text = mapped(source, &text);
            let Some(span) = text.place(0..text.text().len()) else { continue };
            let holder = Some(name.to_owned());
            if shell {
                lines.extend(shell_lines(&text, Language::TomlShell, holder, "sh", directory));
            } else if let Some(words) = unshelled::words(&text) {
                let found = Unshelled { words: &words, span, holder, directory };
                lines.extend(found.lines(Language::TomlWords, Language::TomlShell));
            }
        }
        lines
    }
}

/// A string of TOML, every byte with its place where it is written in a line.
fn mapped(source: &Source, text: &toml::Text) -> Mapped {
    let span = source.span(text.range.clone());
    let written = source.slice(&span);
    if written == text.value {
        return Mapped::literal(written, span);
    }
    // A text of several lines starts behind the first line end.
    if let Some(rest) = written.strip_prefix('\n').filter(|rest| *rest == text.value) {
        return Mapped::literal(rest, span.part(1..1 + rest.len()));
    }
    // The escapes that people write are those of JSON.
    if let Some(read) = json::unquoted(source, text.range.clone()).filter(|read| read.text() == text.value) {
        return read;
    }
    let mut made = Mapped::default();
    made.push_decoded(&text.value, span);
    made
}
