//! Command lines of shell scripts and justfiles.

use std::collections::{BTreeMap, BTreeSet};

use super::user::{Lookup, Reference};
use super::{CommandLine, Context, Language, Numbers, Reading, directory};
use crate::project::Format;
use crate::text::{Mapped, Source, Span, just, shell};

/// How many files without an ending are looked into for a `#!` line.
const MOST_WITHOUT_ENDING: usize = 300;

/// Names without an ending that are no scripts.
const NO_SCRIPTS: [&str; 12] = [
    "AUTHORS",
    "CHANGELOG",
    "CODEOWNERS",
    "Containerfile",
    "Dockerfile",
    "Gemfile",
    "LICENSE",
    "Makefile",
    "NOTICE",
    "Procfile",
    "README",
    "Vagrantfile",
];

/// Hooks that git runs from its own folder, which no listing shows.
const GIT_HOOKS: [&str; 9] = [
    "commit-msg",
    "post-checkout",
    "post-commit",
    "post-merge",
    "post-rewrite",
    "pre-commit",
    "pre-push",
    "pre-rebase",
    "prepare-commit-msg",
];

/// Reads all scripts and justfiles of the project.
pub fn read(reading: &mut Reading) -> Vec<CommandLine> {
    let mut lines = vec![];
    for hook in GIT_HOOKS {
        let Some(source) = reading.source(&format!(".git/hooks/{hook}"), None) else { continue };
        lines.extend(interpreter(source.text()).into_iter().flat_map(|shell| script(reading, &source, shell)));
    }
    for path in reading.paths(|name| name.ends_with(".sh") || name.ends_with(".bash")) {
        let Some(source) = reading.source(&path, Some(Format::Shell)) else { continue };
        lines.extend(script(reading, &source, interpreter(source.text()).unwrap_or("sh")));
    }
    let justfile =
        |name: &str| matches!(name.to_ascii_lowercase().as_str(), "justfile" | ".justfile") || name.ends_with(".just");
    for path in reading.paths(justfile) {
        let Some(source) = reading.source(&path, Some(Format::Shell)) else { continue };
        lines.extend(recipes(reading, &source));
    }
    let plain = |name: &str| !name.contains('.') && !NO_SCRIPTS.contains(&name) && !justfile(name);
    for path in reading.paths(plain).into_iter().take(MOST_WITHOUT_ENDING) {
        let Some(source) = reading.source(&path, None) else { continue };
        let husky = path.split('/').any(|part| part == ".husky");
        if let Some(interpreter) = interpreter(source.text()).or(husky.then_some("sh")) {
            lines.extend(script(reading, &source, interpreter));
        }
    }
    lines
}

/// The shell that a `#!` line names.
pub fn interpreter(text: &str) -> Option<&'static str> {
    let line = text.trim_start_matches('\u{feff}').strip_prefix("#!")?.lines().next()?;
    let names = || line.split(['/', ' ', '\t']).map(str::trim);
    ["bash", "zsh", "dash", "ash", "ksh", "sh"].into_iter().find(|shell| names().any(|name| name == *shell))
}

fn script(reading: &mut Reading, source: &Source, interpreter: &str) -> Vec<CommandLine> {
    if !source.text().contains("docker") {
        return vec![];
    }
    let text = Mapped::literal(source.text(), source.span(0..source.text().len()));
    let lines = shell_lines(&text, Language::Shell, None, interpreter, None);
    if !lines.is_empty() {
        reading.keep(source);
    }
    lines
}

/// The command lines of a text that `interpreter` runs.
pub fn shell_lines(
    text: &Mapped,
    language: Language,
    holder: Option<String>,
    interpreter: &str,
    directory: Option<&str>,
) -> Vec<CommandLine> {
    let variables = Variables::of(text, interpreter);
    let context = Context {
        language,
        holder,
        numbers: &|_| Numbers::default(),
        variables: &|name, reference| variables.lookup(name, reference),
        programs: &|name| variables.set.get(name).cloned().flatten(),
        functions: &|name| variables.functions.get(name).cloned(),
        exported: &|name| variables.handed_on(name),
        directory,
    };
    context.lines(text)
}

/// Numbers that a shell may hold.
const NUMBERS: [&str; 4] = ["UID", "EUID", "GID", "EGID"];

/// The variables that a script sets.
#[derive(Default)]
pub struct Variables {
    /// Value by name; `None` when it is set in several ways.
    pub set: BTreeMap<String, Option<Mapped>>,
    /// What functions that hand all their words on, and aliases, stand for.
    functions: BTreeMap<String, Mapped>,
    /// Names that it exports.
    exported: BTreeSet<String>,
    /// The shell sets `UID` by itself.
    has_uid: bool,
    /// The shell sets `GID` by itself.
    has_gid: bool,
    /// The script reads other files, or ends at a variable that is not set, so that nothing is silently empty.
    careful: bool,
}

impl Variables {
    /// The variables that `text` sets when `interpreter` runs it.
    pub fn of(text: &Mapped, interpreter: &str) -> Self {
        let mut variables =
            Self { has_uid: matches!(interpreter, "bash" | "zsh"), has_gid: interpreter == "zsh", ..Self::default() };
        for command in shell::commands(text.text()) {
            let word = |range: &std::ops::Range<usize>| text.text().get(range.clone()).unwrap_or("");
            let first = command.words.first().map_or("", word);
            variables.functions.extend(handed_on(text, &command));
            if first == "alias" {
                for (range, assigned) in
                    command.words.iter().filter_map(|range| Some((range, shell::assignment(word(range))?)))
                {
                    let value = shell::unquoted(text, range.start + assigned.value_at..range.end);
                    variables.functions.insert(assigned.name.to_owned(), value);
                }
            }
            // In front of a command they hold for it alone, and not yet when its words are made.
            let mut assignments = if first.is_empty() { command.assignments.clone() } else { vec![] };
            match first {
                "export" | "local" | "readonly" | "declare" | "typeset" => {
                    assignments.extend(command.words.iter().cloned())
                }
                "source" | "." | "eval" | "read" => variables.careful = true,
                "set" => {
                    let nounset =
                        |option: &str| option == "nounset" || (option.starts_with('-') && option.contains('u'));
                    variables.careful |= command.words.iter().skip(1).any(|option| nounset(word(option)));
                }
                _ => {}
            }
            if first == "export" {
                let names = command.words.iter().skip(1).map(word);
                variables.exported.extend(names.map(|name| name.split(['=', '+']).next().unwrap_or(name).to_owned()));
            }
            for range in assignments {
                if let Some(assigned) = shell::assignment(word(&range)) {
                    let value = shell::unquoted(text, range.start + assigned.value_at..range.end);
                    let value = (!assigned.appends).then_some(value);
                    let entry = variables.set.entry(assigned.name.to_owned()).or_insert_with(|| value.clone());
                    if entry.as_ref().map(Mapped::text) != value.as_ref().map(Mapped::text) {
                        *entry = None;
                    }
                }
            }
        }
        // `: "${UID:=1000}"` sets it too.
        for name in NUMBERS {
            if [":=", "="].iter().any(|operator| text.text().contains(&format!("${{{name}{operator}"))) {
                variables.set.insert(name.to_owned(), None);
            }
        }
        variables
    }

    /// What the commands of the text get under a name that it exports; `None` within: it is set in several ways, or made.
    pub fn handed_on(&self, name: &str) -> Option<Option<String>> {
        let value = self.set.get(name).filter(|_| self.exported.contains(name))?;
        Some(value.as_ref().map(|value| value.text().to_owned()))
    }

    /// What a variable is.
    pub fn lookup(&self, name: &str, reference: Reference) -> Lookup {
        match (name, self.set.get(name)) {
            _ if reference == Reference::Parenthesis => Lookup::Unknown, // a command, not a variable
            ("UID" | "EUID", _) if self.has_uid => Lookup::Set("$(id -u)".to_owned()),
            ("GID" | "EGID", None) if self.has_gid => Lookup::Set("$(id -g)".to_owned()),
            (_, Some(Some(value))) => Lookup::Set(value.text().to_owned()),
            (_, Some(None)) => Lookup::Unknown,
            ("UID" | "EUID" | "GID" | "EGID", None) if !self.careful => Lookup::Blank,
            _ => Lookup::Unknown,
        }
    }
}

/// The function that a command opens and what it stands for, when all it does is hand its words on: `dc() { docker compose
/// "$@"; }`. One that says itself what runs in a container is read where it stands.
fn handed_on(text: &Mapped, command: &shell::Command) -> Option<(String, Mapped)> {
    let word = |range: &std::ops::Range<usize>| text.text().get(range.clone()).unwrap_or("");
    let (last, before) = command.words.split_last()?;
    let name = word(command.function.as_ref()?).to_owned();
    let all = matches!(word(last).trim_matches('"').trim_start_matches('$').trim_matches(['{', '}']), "@" | "*");
    let runs = before.iter().any(|range| matches!(word(range), "exec" | "run"));
    let range = before.first()?.start..before.last()?.end;
    (all && !runs && word(&range).contains("docker")).then(|| (name, text.part(range)))
}

fn recipes(reading: &mut Reading, source: &Source) -> Vec<CommandLine> {
    if !source.text().contains("docker") {
        return vec![];
    }
    let file = just::parse(source.text());
    let values = just::Values::of(source, &file);
    let mut lines = vec![];
    for recipe in &file.recipes {
        let values = values.with(source, recipe);
        let first_line = recipe.interpreter.clone().and_then(|range| source.text().get(range));
        let shell = match first_line {
            Some(line) => interpreter(line),
            None => Some("just"), // `sh -cu`: a variable that is not set is an error
        };
        let Some(shell) = shell else { continue };
        for script in &recipe.scripts {
            let Some(written) = source.text().get(script.clone()) else { continue };
            let text = values.expand(&Mapped::literal(written, source.span(script.clone())));
            if text.text().contains("docker") {
                lines.extend(recipe_lines(&text, &recipe.name, shell, directory::of(source.path())));
            }
        }
    }
    if !lines.is_empty() {
        reading.keep(source);
    }
    lines
}

fn recipe_lines(text: &Mapped, name: &str, shell: &str, directory: &str) -> Vec<CommandLine> {
    let mut variables = Variables::of(text, shell);
    variables.careful |= shell == "just";
    let context = Context {
        language: Language::Just,
        holder: Some(name.to_owned()),
        numbers: &|_: &Span| Numbers::default(),
        variables: &|name, reference| variables.lookup(name, reference),
        programs: &|name| variables.set.get(name).cloned().flatten(),
        functions: &|name| variables.functions.get(name).cloned(),
        exported: &|name| variables.handed_on(name),
        directory: Some(directory),
    };
    context.lines(text)
}
