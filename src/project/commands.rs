//! Command lines that speak to Docker, from Makefiles, justfiles, Taskfiles, package.json, pyproject.toml, shell scripts,
//! hook configurations, editors' tasks, CI pipelines and what is told to people.

pub(in crate::project) mod directory;
mod docker;
mod documents;
mod editors;
mod hooks;
mod makefiles;
mod meant;
mod mounts;
pub mod options;
mod pipelines;
mod pyproject;
mod scripts;
mod tasks;
#[cfg(test)]
mod tests;
mod unshelled;
pub mod user;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::files::{Files, ReadError};
use super::whose::is_installed;
use super::{Format, Unreadable};
use crate::text::{Mapped, Source, Span, Spanned, SyntaxError, shell};
use directory::Place;
use docker::{Found, Word};
pub use meant::Meant;
pub(in crate::project) use pipelines::{is_pipeline, is_workflow, join};
pub use scripts::interpreter;
pub use tasks::reads_input_of_git;
pub(in crate::project) use tasks::with_templates_as_words;
pub use user::{Blank, UserOption};
use user::{Lookup, Reference, Variables};

/// One command line, as its file's language means it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandLine {
    /// What holds it, such as target `migrate` or script `dev`.
    pub holder: Option<String>,
    /// The file's language, which decides how a fix must be written.
    pub language: Language,
    /// The command from its first word to its last.
    pub span: Span,
    /// The call of docker in it.
    pub call: DockerCall,
    /// Whether it stands inside the quotes of another word or between backticks, so that no quotes can be put in.
    pub nested: bool,
    /// How the file names the person's numbers.
    pub numbers: Numbers,
    /// The Compose file that Compose finds from the directory the line runs in, where that directory is known and the line
    /// names no file and no project.
    #[serde(default)]
    pub compose_file: Option<String>,
    /// Which Compose project it means.
    #[serde(default)]
    pub meant: Meant,
    /// Whether a `cd` before it leads to where only running it could tell.
    #[serde(default)]
    pub strayed: bool,
    /// Who runs it.
    #[serde(default)]
    pub occasion: Occasion,
}

/// Who runs a line, which decides how much it hurts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Occasion {
    /// A person, by a tool or a script of the project.
    #[default]
    Called,
    /// A runner of a CI service, in a workspace of its own.
    Runner,
    /// Nobody yet: a document shows it to people.
    Shown,
}

/// What may stand before `UID` and `GID` in the name of a new variable, the best first.
pub const PREFIXES: [&str; 5] = ["", "HOST_", "CALLER_", "DOCKER_", "DEVDOCTOR_"];

/// How a file names the numbers of the person who runs it, for a fix in its own words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbers {
    /// A variable that holds the user number.
    pub uid: Option<String>,
    /// A variable that holds the group number.
    pub gid: Option<String>,
    /// Names that a new variable would like to have and that are taken.
    pub taken: Vec<String>,
    /// Where new variables are set: the empty range at the top of the file that the fix edits.
    pub define_at: Option<Span>,
}

/// The language that a command line is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// A recipe of a Makefile.
    Make,
    /// A recipe of a justfile.
    Just,
    /// A shell script.
    Shell,
    /// A string in JSON (package.json scripts), run by `sh -c`.
    JsonShell,
    /// Words in JSON that no shell runs (devcontainer.json's lists).
    JsonWords,
    /// A string in TOML (pyproject.toml's tasks) that a shell runs.
    TomlShell,
    /// A string in TOML that is split into words, and that no shell runs.
    TomlWords,
    /// A scalar in YAML that a shell runs.
    YamlShell,
    /// A scalar in YAML that no shell runs (pre-commit's `entry`): only words, no substitution.
    YamlWords,
}

/// Which command of docker is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DockerVerb {
    /// `docker compose exec`, `docker-compose exec`.
    ComposeExec,
    /// `docker compose run`, `docker-compose run`.
    ComposeRun,
    /// `docker exec`.
    Exec,
    /// `docker run`.
    Run,
    /// Any other command of Compose that names its files: it tells which are meant, and is no line of its own.
    ComposeOther,
}

/// A call of docker that runs a command in a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DockerCall {
    /// Which command.
    pub verb: DockerVerb,
    /// From `docker` to the verb, such as `docker compose exec`.
    pub head: Span,
    /// Service (compose) or container or image (docker) that is named; `None` when it is a variable or missing.
    pub target: Option<Spanned<String>>,
    /// The user option and how its value reads after the file's own variables are put in.
    pub user: Option<UserOption>,
    /// Variables given by `-e NAME=value` (or `-e NAME`): the names, with the value when it is given.
    pub environment: Vec<(String, Option<String>)>,
    /// The empty range where an option can be put in, right after the verb (or, where the verb comes from a variable, after
    /// the options in the line). `None` when the bytes cannot be edited one by one.
    pub insert_at: Option<Span>,
    /// Whether that is in the value of a variable, which other lines may use.
    pub inserts_into_variable: bool,
    /// The command that runs inside, word by word, quotes removed, variables as written.
    pub command: Vec<Spanned<String>>,
    /// `--entrypoint` of `run`, when given.
    pub entrypoint: Option<String>,
    /// `--workdir`, when given.
    pub working_dir: Option<String>,
    /// The values of `-v`, as written.
    #[serde(default)]
    pub volumes: Vec<String>,
    /// Whether `-f`, `-p` or `--project-directory` name a project or a Compose file.
    pub other_project: bool,
    /// The files of `-f`, as written.
    pub compose_files: Vec<String>,
    /// The files of `--env-file` before the verb, as written.
    #[serde(default)]
    pub env_files: Vec<String>,
    /// The project name of `-p`, as written.
    pub project_name: Option<String>,
    /// `--project-directory`, as written.
    pub project_directory: Option<String>,
    /// Whether `-H` or `--context` name another engine.
    pub other_engine: bool,
}

/// Reads the command lines of all files of the project that hold some, and the sets of Compose files that what people call
/// names with `-f`, each once. Files that speak of docker are put into `sources`.
pub fn read(
    files: &dyn Files,
    sources: &mut BTreeMap<String, Source>,
    unreadable: &mut Vec<Unreadable>,
) -> (Vec<CommandLine>, Vec<Vec<String>>) {
    let mut reading = Reading { files, sources, unreadable };
    let mut lines = makefiles::read(&mut reading);
    lines.extend(scripts::read(&mut reading));
    lines.extend(hooks::read(&mut reading));
    lines.extend(tasks::read(&mut reading));
    lines.extend(pyproject::read(&mut reading));
    lines.extend(editors::read(&mut reading));
    lines.extend(pipelines::read(&mut reading));
    lines.extend(documents::read(&mut reading));
    let named = directory::named_files(files, &lines);
    lines.retain(|line| line.call.verb != DockerVerb::ComposeOther);
    directory::look_for_compose(files, &mut lines);
    lines.sort_by(|a, b| a.span.cmp(&b.span));
    (lines, named)
}

/// The files that are read, and what came of it.
struct Reading<'a> {
    files: &'a dyn Files,
    sources: &'a mut BTreeMap<String, Source>,
    unreadable: &'a mut Vec<Unreadable>,
}

/// What could not be judged when a file of commands cannot be read.
const UNSEEN: &str = "commands that run in containers";

impl Reading<'_> {
    /// Paths of the project's own files whose name `wanted` knows.
    fn paths(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        self.whole_paths(|path| wanted(path.rsplit('/').next().unwrap_or("")))
    }

    /// Paths of the project's own files that `wanted` knows.
    fn whole_paths(&self, wanted: impl Fn(&str) -> bool) -> Vec<String> {
        self.files.list().iter().filter(|path| !is_installed(path) && wanted(path)).cloned().collect()
    }

    /// The text of a file. One that is there and is no text is noted, unless its `format` was only guessed.
    fn source(&mut self, path: &str, format: Option<Format>) -> Option<Source> {
        if let Some(source) = self.sources.get(path) {
            return Some(source.clone());
        }
        match (self.files.read(path), format) {
            (Ok(source), _) => Some(source),
            (Err(ReadError::NotFound), _) | (Err(_), None) => None,
            (Err(error), Some(format)) => {
                let message = error.to_string();
                self.unreadable.push(Unreadable {
                    path: path.into(),
                    format,
                    span: None,
                    message,
                    unseen: UNSEEN.into(),
                });
                None
            }
        }
    }

    fn keep(&mut self, source: &Source) {
        self.sources.entry(source.path().to_owned()).or_insert_with(|| source.clone());
    }

    fn refuse(&mut self, source: &Source, format: Format, error: SyntaxError) {
        self.keep(source);
        let span = Some(source.span(error.offset..error.offset + 1));
        let message = error.message;
        self.unreadable.push(Unreadable { path: source.path().into(), format, span, message, unseen: UNSEEN.into() });
    }
}

/// What is known around a shell text.
struct Context<'a> {
    language: Language,
    holder: Option<String>,
    numbers: &'a dyn Fn(&Span) -> Numbers,
    variables: &'a Variables<'a>,
    /// The text that a variable in the place of a program stands for.
    programs: &'a dyn Fn(&str) -> Option<Mapped>,
    /// The text that the name of a function or an alias stands for.
    functions: &'a dyn Fn(&str) -> Option<Mapped>,
    /// What the text hands on to its commands under a name, where it does; `None` within: only running it could tell.
    exported: &'a dyn Fn(&str) -> Option<Option<String>>,
    /// The directory that the text starts in, where it is known.
    directory: Option<&'a str>,
}

/// Where a text stands in the one around it.
#[derive(Clone, Copy)]
struct Inside<'a> {
    nested: bool,
    /// A shell of its own runs it, which sets `UID` by itself.
    in_bash: bool,
    depth: usize,
    directory: Option<&'a str>,
    /// A `cd` led to where only running it could tell.
    strayed: bool,
}

/// How often a text in a text is followed: `sh -c "…"`, a variable that holds the command.
const DEEPEST: usize = 4;

impl Context<'_> {
    /// The command lines in a shell text.
    fn lines(&self, text: &Mapped) -> Vec<CommandLine> {
        let mut lines = vec![];
        let inside = Inside { nested: false, in_bash: false, depth: 0, directory: self.directory, strayed: false };
        self.collect(text, inside, &mut lines);
        lines
    }

    fn collect(&self, text: &Mapped, inside: Inside, lines: &mut Vec<CommandLine>) {
        if inside.depth >= DEEPEST {
            return;
        }
        let mut place = Place::new(inside.directory, inside.strayed);
        for command in shell::commands(text.text()) {
            let (Some(first), Some(last)) = (command.words.first(), command.words.last()) else { continue };
            let written = text.text().get(first.start..last.end).unwrap_or("");
            place.go_into(&command.subshells);
            let deeper = Inside {
                nested: inside.nested || command.in_backticks,
                depth: inside.depth + 1,
                directory: place.directory(),
                strayed: place.strayed(),
                ..inside
            };
            if let Some(program) = self.stands_for(text, first) {
                let mut put_in = text.part(0..0);
                put_in.push_part(&program, 0..program.text().len(), text.place(first.clone()).as_ref());
                put_in.push_part(text, first.end..last.end, None);
                self.collect(&put_in, deeper, lines);
                continue;
            }
            if let Some(target) = written.strip_prefix("cd ") {
                place.enter(target, self.language);
                continue;
            }
            if !written.contains("docker") {
                continue;
            }
            let words: Vec<Word> = command.words.iter().filter_map(|word| Word::of(text, word.clone())).collect();
            let own_uid = |name: &str, reference: Reference| {
                inside.in_bash && reference != Reference::Parenthesis && matches!(name, "UID" | "EUID")
            };
            let variables = |name: &str, reference: Reference| match own_uid(name, reference) {
                true => Lookup::Set("$(id -u)".to_owned()),
                false => (self.variables)(name, reference),
            };
            match docker::find(&words, self.language == Language::Make, &variables) {
                Some(Found::Script { text: script, shell, literal }) => {
                    let in_bash = literal && matches!(shell.as_str(), "bash" | "zsh");
                    self.collect(&script, Inside { nested: true, in_bash, ..deeper }, lines);
                }
                Some(Found::Call(mut call)) => {
                    let Some(span) = text.place(command.range()) else { continue };
                    call.surrounded_by(|name| {
                        let in_front = command.assignments.iter().rev().find_map(|range| {
                            let assigned = shell::assignment(text.text().get(range.clone())?)?;
                            let value = shell::unquoted(text, range.start + assigned.value_at..range.end);
                            (assigned.name == name).then(|| Some(value.text().to_owned()))
                        });
                        in_front.or_else(|| (self.exported)(name))
                    });
                    let numbers = (self.numbers)(call.insert_at.as_ref().unwrap_or(&call.head));
                    lines.push(CommandLine {
                        holder: self.holder.clone(),
                        language: self.language,
                        span,
                        call: *call,
                        nested: deeper.nested,
                        numbers,
                        // The directory for now; `directory::look_for_compose` finds the file.
                        compose_file: place.directory().map(str::to_owned),
                        meant: Meant::Own,
                        strayed: place.strayed(),
                        occasion: Occasion::Called,
                    });
                }
                None => {}
            }
        }
    }

    /// What the first word of a command stands for, when it is a variable, a function or an alias.
    fn stands_for(&self, text: &Mapped, word: &std::ops::Range<usize>) -> Option<Mapped> {
        let written = text.text().get(word.clone())?;
        if written.starts_with(['$', '"']) { self.program(text, word) } else { (self.functions)(written) }
    }

    /// The text of a variable that stands where a program should.
    fn program(&self, text: &Mapped, word: &std::ops::Range<usize>) -> Option<Mapped> {
        let word = shell::unquoted(text, word.clone());
        let reference = word.text().strip_prefix('$')?;
        let inner = reference.strip_prefix('{').and_then(|inner| inner.strip_suffix('}')).unwrap_or(reference);
        let end = inner.find(|character: char| !character.is_ascii_alphanumeric() && character != '_');
        let name = inner.get(..end.unwrap_or(inner.len()))?;
        if let Some(value) = (self.programs)(name) {
            return Some(value);
        }
        let default = inner.get(name.len()..)?.trim_start_matches(':').strip_prefix(['-', '='])?;
        let start = word.text().len() - default.len() - usize::from(reference.starts_with('{'));
        Some(word.part(start..start + default.len()))
    }
}
