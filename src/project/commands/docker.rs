//! Finds the call of docker in a shell command: verb, options, service and the command that runs inside.

use std::ops::Range;

use super::mounts;
use super::options::{self, Table};
use super::user::{self, Variables};
use super::{DockerCall, DockerVerb};
use crate::text::{Insertion, Mapped, Span, Spanned, shell};

/// One word of a command, as docker gets it.
#[derive(Clone, Debug)]
pub struct Word {
    /// Its text, quotes removed, variables as written.
    pub value: Mapped,
    /// Where it stands in the line.
    pub place: Span,
    /// Where something can be put in right after it.
    pub after: Option<Insertion>,
    /// Whether quotes keep a `$` in it from meaning anything.
    pub literal: bool,
}

impl Word {
    /// A word of a shell command.
    pub fn of(text: &Mapped, range: Range<usize>) -> Option<Self> {
        let place = text.place(range.clone())?;
        let literal = text.text().get(range.clone()).is_some_and(shell::has_literal_dollar);
        Some(Self { after: text.after(range.end), value: shell::unquoted(text, range), place, literal })
    }

    fn text(&self) -> &str {
        self.value.text()
    }

    /// Whether the word is a single reference to a variable and nothing else.
    fn is_reference(&self) -> bool {
        let text = self.text();
        let enclosed = |open: &str, close: &str| text.starts_with(open) && text.ends_with(close);
        enclosed("$(", ")") || enclosed("${", "}") || enclosed("{{", "}}") || (text.starts_with('$') && text.len() > 1)
    }

    /// Whether a reference in the place of an option most likely holds options (or nothing).
    fn holds_options(&self, make: bool) -> bool {
        let text = self.text();
        let upper = text.to_ascii_uppercase();
        self.is_reference()
            && ((make && text.starts_with("$("))
                || text.contains(":+")
                || ["OPT", "FLAG", "ARG", "TTY"].iter().any(|part| upper.contains(part)))
    }
}

/// What was found in one command.
pub enum Found {
    /// A call of docker.
    Call(Box<DockerCall>),
    /// A shell that runs a text: `sh -c "…"`.
    Script {
        /// The text.
        text: Mapped,
        /// The shell, such as `bash`.
        shell: String,
        /// Whether that shell, and not the one around it, puts the variables in.
        literal: bool,
    },
}

/// Programs that run the rest of their words.
const WRAPPERS: [&str; 22] = [
    "aws-vault",
    "caffeinate",
    "chronic",
    "command",
    "direnv",
    "doppler",
    "dotenv",
    "env",
    "exec",
    "infisical",
    "ionice",
    "nice",
    "nohup",
    "op",
    "script",
    "stdbuf",
    "sudo",
    "time",
    "timeout",
    "unbuffer",
    "winpty",
    "xargs",
];

/// Looks at the words of one command. `make` tells that Make made the text, where an unset variable is empty.
pub fn find(words: &[Word], make: bool, variables: &Variables) -> Option<Found> {
    let program = |word: &Word| word.text().rsplit('/').next().unwrap_or("").to_owned();
    let interesting = |name: &str| matches!(name, "docker" | "docker-compose" | "sh" | "bash" | "dash" | "ash" | "zsh");
    let first = program(words.first()?);
    let start = if interesting(&first) {
        0
    } else if WRAPPERS.contains(&first.as_str()) {
        words.iter().position(|word| interesting(&program(word)))?
    } else {
        return None;
    };
    let name = program(words.get(start)?);
    if !name.starts_with("docker") {
        let option = words.iter().skip(start + 1).position(|word| {
            let text = word.text();
            text.starts_with('-') && !text.starts_with("--") && text.ends_with('c')
        })?;
        let script = words.get(start + option + 2)?;
        return Some(Found::Script { text: script.value.clone(), shell: name, literal: script.literal });
    }
    let mut reader = Reader { words, at: start + 1, make, options: vec![] };
    let call = reader.call(start, name == "docker-compose", variables)?;
    Some(Found::Call(Box::new(call)))
}

impl DockerCall {
    /// Takes over what the variables around the call say to Compose; its own options go before. `variable` tells what the call
    /// gets under a name, and within whether that is known.
    pub(super) fn surrounded_by(&mut self, variable: impl Fn(&str) -> Option<Option<String>>) {
        if !matches!(self.verb, DockerVerb::ComposeExec | DockerVerb::ComposeRun) {
            return;
        }
        // What is not known stays a reference, which is no file.
        let value = |name: &str| variable(name).map(|value| value.unwrap_or_else(|| format!("${name}")));
        if self.compose_files.is_empty()
            && let Some(files) = value("COMPOSE_FILE").filter(|files| !files.is_empty())
        {
            self.compose_files = files.split(':').filter(|file| !file.is_empty()).map(str::to_owned).collect();
        }
        if self.project_name.is_none() {
            self.project_name = value("COMPOSE_PROJECT_NAME").filter(|name| !name.is_empty());
        }
        self.other_project |= !self.compose_files.is_empty() || self.project_name.is_some();
    }
}

/// An option that was given.
struct Given {
    /// Its name: a letter, or the long name.
    name: String,
    value: Option<Mapped>,
    /// Whether quotes keep a `$` in the value from meaning anything.
    literal: bool,
    /// Index of its last word.
    last: usize,
}

impl Given {
    fn is(&self, short: &str, long: &str) -> bool {
        (!short.is_empty() && self.name == short) || self.name == long
    }

    fn text(&self) -> &str {
        self.value.as_ref().map_or("", Mapped::text)
    }
}

struct Reader<'words> {
    words: &'words [Word],
    at: usize,
    make: bool,
    options: Vec<Given>,
}

impl Reader<'_> {
    fn call(&mut self, start: usize, standalone: bool, variables: &Variables) -> Option<DockerCall> {
        let mut compose = standalone;
        if !standalone {
            self.read_options(&options::DOCKER, true);
            match self.words.get(self.at)?.text() {
                "compose" => {
                    compose = true;
                    self.at += 1;
                }
                "container" => self.at += 1,
                _ => {}
            }
        }
        if compose {
            self.read_options(&options::COMPOSE, true);
        }
        let verb = match (self.words.get(self.at)?.text(), compose) {
            ("exec", true) => DockerVerb::ComposeExec,
            ("run", true) => DockerVerb::ComposeRun,
            ("exec", false) => DockerVerb::Exec,
            ("run", false) => DockerVerb::Run,
            (_, true) if self.options.iter().any(|given| given.is("f", "file")) => DockerVerb::ComposeOther,
            _ => return None,
        };
        let global = std::mem::take(&mut self.options);
        let verb_at = self.at;
        self.at += 1;
        self.read_options(options::of(verb), false);
        let head = joined(&self.words.get(start)?.place, &self.words.get(verb_at)?.place);
        let insertion = self.insertion(verb_at);
        let target = self.words.get(self.at).filter(|word| !word.text().contains(['$', '`', '{']));
        let value = |given: &Given| given.value.as_ref().map(|value| value.text().to_owned());
        let last = |short: &str, long: &str| self.options.iter().rev().find(|given| given.is(short, long));
        let globally =
            |short: &str, long: &str| global.iter().filter(move |given| given.is(short, long)).collect::<Vec<_>>();
        let user_place = self.words.get(verb_at)?.place.clone();
        let user = last("u", "user").and_then(|given| {
            let value = given.value.as_ref()?;
            // Between quotes Make still puts its own variables in.
            let lookup = |name: &str, reference| match reference {
                user::Reference::Parenthesis if self.make => variables(name, reference),
                _ => user::Lookup::Unknown,
            };
            let option = if given.literal { user::option(value, &lookup) } else { user::option(value, variables) };
            Some(option.unwrap_or_else(|| super::UserOption {
                written: Spanned::new(String::new(), user_place),
                resolved: String::new(),
                blank: vec![],
                stands: None,
            }))
        });
        Some(DockerCall {
            verb,
            head,
            target: target.map(|word| Spanned::new(word.text().to_owned(), word.place.clone())),
            user,
            environment: self
                .options
                .iter()
                .filter(|given| given.is("e", "env"))
                .map(|given| match given.text().split_once('=') {
                    Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                    None => (given.text().to_owned(), None),
                })
                .collect(),
            insert_at: insertion.as_ref().map(|insertion| insertion.place.clone()),
            inserts_into_variable: insertion.is_some_and(|insertion| !insertion.direct),
            command: self
                .words
                .iter()
                .skip(self.at + 1)
                .map(|word| Spanned::new(word.text().to_owned(), word.place.clone()))
                .collect(),
            entrypoint: last("", "entrypoint").and_then(value),
            working_dir: last("w", "workdir").and_then(value),
            volumes: self
                .options
                .iter()
                .filter_map(|given| match given.name.as_str() {
                    "mount" => mounts::as_volume(given.text()),
                    _ => value(given).filter(|_| given.is("v", "volume")),
                })
                .collect(),
            compose_files: globally("f", "file").into_iter().filter_map(value).collect(),
            env_files: globally("", "env-file").into_iter().filter_map(value).collect(),
            other_project: !globally("p", "project-name").is_empty()
                || !globally("f", "file").is_empty()
                || !globally("", "project-directory").is_empty(),
            other_engine: !globally("H", "host").is_empty() || !globally("c", "context").is_empty(),
            project_name: globally("p", "project-name").last().and_then(|given| value(given)),
            project_directory: globally("", "project-directory").last().and_then(|given| value(given)),
        })
    }

    /// Where an option can be put in: right after the verb, or after a later option when the verb came from a variable
    /// that others use and the option did not.
    fn insertion(&self, verb_at: usize) -> Option<Insertion> {
        let after = |index: usize| self.words.get(index).and_then(|word| word.after.clone());
        let ends = std::iter::once(verb_at).chain(self.options.iter().map(|given| given.last));
        ends.clone().filter_map(after).find(|insertion| insertion.direct).or_else(|| after(verb_at))
    }

    /// Reads options up to the first word that is none. `before_verb`: a reference there is never the service.
    fn read_options(&mut self, table: &Table, before_verb: bool) {
        while let Some(word) = self.words.get(self.at) {
            let text = word.text();
            if text == "--" {
                self.at += 1;
                return;
            }
            if let Some(long) = text.strip_prefix("--") {
                let (name, inline) = match long.find('=') {
                    Some(equals) => (&long[..equals], Some(word.value.part(equals + 3..text.len()))),
                    None => (long, None),
                };
                let takes = inline.is_none() && table.long_takes_value(name);
                self.take(name, inline, takes);
            } else if text.len() > 1 && text.starts_with('-') {
                self.bundle(table, word, text);
            } else if (before_verb && (text.is_empty() || word.is_reference())) || word.holds_options(self.make) {
                self.at += 1;
            } else {
                return;
            }
        }
    }

    /// `-it`, `-eNAME=value`, `-u 1000`, `-u=1000`.
    fn bundle(&mut self, table: &Table, word: &Word, text: &str) {
        for (at, letter) in text.char_indices().skip(1) {
            let rest = at + letter.len_utf8();
            if table.short_takes_value(letter) {
                let start = if text.get(rest..).is_some_and(|rest| rest.starts_with('=')) { rest + 1 } else { rest };
                let inline = (rest < text.len()).then(|| word.value.part(start..text.len()));
                let takes = inline.is_none();
                return self.take(letter.encode_utf8(&mut [0; 4]), inline, takes);
            }
            self.options.push(Given { name: letter.to_string(), value: None, literal: false, last: self.at });
        }
        self.at += 1;
    }

    fn take(&mut self, name: &str, inline: Option<Mapped>, takes_next: bool) {
        let last = self.at + usize::from(takes_next);
        let word = self.words.get(last);
        let value = if takes_next { word.map(|word| word.value.clone()) } else { inline };
        let literal = word.is_some_and(|word| word.literal);
        self.options.push(Given { name: name.to_owned(), value, literal, last });
        self.at = last + 1;
    }
}

/// From the first place to the second, when they lie in one file.
pub fn joined(first: &Span, second: &Span) -> Span {
    let mut whole = first.clone();
    if first.path == second.path && second.end >= first.start {
        whole.end = second.end;
    }
    whole
}
