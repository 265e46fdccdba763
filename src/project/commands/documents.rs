//! Command lines that documents show to people: the code blocks of README.md, CONTRIBUTING.md and `docs/`.

use super::scripts::shell_lines;
use super::{CommandLine, Language, Occasion, Reading, directory};
use crate::text::{Mapped, Source};

/// How many documents are read.
const MOST: usize = 200;

/// What a code block that holds commands is called.
const SHELLS: [&str; 9] =
    ["bash", "console", "fish", "sh", "shell", "shell-session", "shellsession", "terminal", "zsh"];

/// Reads the documents of the project.
pub fn read(reading: &mut Reading) -> Vec<CommandLine> {
    let mut lines = vec![];
    let document = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
        let told = name.starts_with("readme") || name.starts_with("contributing");
        let docs = || path.split('/').rev().skip(1).any(|part| matches!(part, "docs" | "doc"));
        name.ends_with(".md") && (told || docs())
    };
    for path in reading.whole_paths(document).into_iter().take(MOST) {
        let Some(source) = reading.source(&path, None).filter(|source| source.text().contains("docker")) else {
            continue;
        };
        // A README tells of its own folder, a page of `docs` of the whole project.
        let docs = path.split('/').any(|part| matches!(part, "docs" | "doc"));
        let folder = if docs { "" } else { directory::of(&path) };
        let mut found = vec![];
        for text in blocks(&source) {
            // It is typed into the person's own shell, whatever that sets.
            found.extend(shell_lines(&text, Language::Shell, None, "zsh", Some(folder)));
        }
        found.iter_mut().for_each(|line| line.occasion = Occasion::Shown);
        if !found.is_empty() {
            reading.keep(&source);
        }
        lines.extend(found);
    }
    lines
}

/// A code block that is open.
struct Fence<'text> {
    indent: usize,
    mark: &'text str,
    holds_commands: bool,
    /// Its lines so far: start and text, without their indentation.
    lines: Vec<(usize, &'text str)>,
}

/// The commands of each code block that speaks of docker.
fn blocks(source: &Source) -> Vec<Mapped> {
    let mut found = vec![];
    let mut open: Option<Fence> = None;
    let mut at = 0;
    for line in source.text().split_inclusive('\n') {
        let start = at;
        at += line.len();
        let content = line.trim_start_matches([' ', '\t']);
        let indent = line.len() - content.len();
        let letter = content.chars().next().filter(|letter| matches!(letter, '`' | '~'));
        let mark = letter
            .map_or("", |letter| content.get(..content.len() - content.trim_start_matches(letter).len()).unwrap_or(""));
        match &mut open {
            None if mark.len() >= 3 => {
                let info = content.get(mark.len()..).unwrap_or("").trim();
                let name = info.split([' ', ',', '{', '\t']).next().unwrap_or("").to_ascii_lowercase();
                let holds_commands = SHELLS.contains(&name.as_str());
                open = Some(Fence { indent, mark, holds_commands, lines: vec![] });
            }
            None => {}
            Some(fence) if mark.starts_with(fence.mark) && content.trim_end() == mark => {
                found.extend(open.take().and_then(|fence| fence.commands(source)));
            }
            Some(fence) => {
                let stripped = indent.min(fence.indent);
                fence.lines.push((start + stripped, line.get(stripped..).unwrap_or("")));
            }
        }
    }
    found
}

impl Fence<'_> {
    /// Its commands: behind the prompts where it shows some, since the rest is what they answer.
    fn commands(self, source: &Source) -> Option<Mapped> {
        let speaks = self.holds_commands && self.lines.iter().any(|(_, line)| line.contains("docker"));
        let prompts = self.lines.iter().any(|(_, line)| line.trim_start().starts_with("$ "));
        let mut text = Mapped::default();
        let mut goes_on = false;
        for (start, line) in self.lines.iter().filter(|_| speaks) {
            let own = line.trim_start();
            let command = match own.strip_prefix("$ ") {
                Some(command) if prompts => command,
                None if prompts && goes_on => own.strip_prefix("> ").unwrap_or(own),
                _ if prompts => continue,
                _ => line,
            };
            let from = start + line.len() - command.len();
            text.push_literal(command, source.span(from..from + command.len()));
            goes_on = line.trim_end().ends_with('\\');
        }
        speaks.then_some(text)
    }
}
