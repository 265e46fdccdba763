//! Puts the caller's numbers into a command line, in the language of its file.

use super::variables::variable;
use crate::facts::Facts;
use crate::fix::{Edit, Fix, Step};
use crate::project::commands::user::names_a_group;
use crate::project::commands::{CommandLine, Language, PREFIXES, UserOption};
use crate::project::compose::{MountSource, Service, is_below};
use crate::text::Source;

/// The fix of a line; `None` where its language has no way to say it.
pub(super) fn cure(facts: &Facts, service: &Service, line: &CommandLine) -> Option<Fix> {
    let source = facts.source(&line.span.path)?;
    let mut numbers = Numbers { line, definitions: vec![] };
    let (title, mut edits) = match &line.call.user {
        Some(option) => {
            let mut edits = numbers.fill(facts, option)?;
            edits.extend(numbers.cache(facts, service));
            (option_title(line, option), edits)
        }
        None if line.language == Language::YamlWords => {
            ("run it through a shell as you".to_owned(), in_a_shell(source, line)?)
        }
        None => {
            let (uid, gid) = (numbers.number(false)?, numbers.number(true)?);
            let quoted = matches!(line.language, Language::Shell | Language::Just) && !line.nested;
            let user = if quoted { format!("\"{uid}:{gid}\"") } else { format!("{uid}:{gid}") };
            let text = format!(" -u {user}{}", variable(facts, service, line, &uid));
            let edit = Edit { span: line.call.insert_at.clone()?, text };
            (format!("run it as you: `-u {uid}:{gid}`"), vec![edit])
        }
    };
    edits.extend(numbers.define(facts)?);
    // A variable that several lines use changes all of them; a tool's own volume in the project may not let others write.
    let risky = (line.call.user.is_none() && line.call.inserts_into_variable) || fills_a_volume(service, line);
    let steps: Vec<Step> = edits.into_iter().map(Step::Edit).collect();
    (!steps.is_empty()).then(|| if risky { Fix::risky(title, steps) } else { Fix::safe(title, steps) })
}

fn option_title(line: &CommandLine, option: &UserOption) -> String {
    let names = option.blank.iter().map(|blank| format!("`{}`", blank.value)).collect::<Vec<_>>().join(" and ");
    let number = if option.blank.len() == 1 { "number" } else { "numbers" };
    match line.language {
        Language::Make => format!("set {names} to your {number}"),
        _ => format!("put your {number} in for {names}"),
    }
}

/// What a person can do where nothing can be put in.
pub(super) fn without_fix(line: &CommandLine) -> String {
    match line.language {
        Language::YamlWords => {
            "run it through a shell, which knows your numbers: entry: bash -c 'docker compose exec -T -u \"$(id -u):$(id -g)\" …'".to_owned()
        }
        _ => "give it your numbers: -u \"$(id -u):$(id -g)\"".to_owned(),
    }
}

/// The caller's numbers as a line's language writes them.
struct Numbers<'a> {
    line: &'a CommandLine,
    /// Variables of Make that must be set for that, each with what is set.
    definitions: Vec<(String, &'static str)>,
}

impl Numbers<'_> {
    /// A number as it can be had without setting anything.
    fn known(&self, group: bool) -> Option<String> {
        match self.line.language {
            Language::Make => {
                let known = if group { &self.line.numbers.gid } else { &self.line.numbers.uid };
                known.as_ref().map(|name| format!("$({name})"))
            }
            Language::Shell | Language::Just | Language::JsonShell | Language::YamlShell => {
                Some(if group { "$(id -g)" } else { "$(id -u)" }.to_owned())
            }
            Language::YamlWords => None,
        }
    }

    /// A number, for a new option. Make does not see the shell's `UID`, which is not exported.
    fn number(&mut self, group: bool) -> Option<String> {
        let known = self.known(group);
        if known.is_some() || self.line.language != Language::Make {
            return known;
        }
        let usual = if group { "GID" } else { "UID" };
        let free = |name: &String| !self.line.numbers.taken.contains(name);
        let name = PREFIXES.map(|prefix| format!("{prefix}{usual}")).into_iter().find(free)?;
        self.set(&name, group);
        Some(format!("$({name})"))
    }

    fn set(&mut self, name: &str, group: bool) {
        let definition = (name.to_owned(), if group { "id -g" } else { "id -u" });
        if !self.definitions.contains(&definition) {
            self.definitions.push(definition);
        }
    }

    /// Edits that give the blank variables of an option a value; `None` when their bytes cannot be replaced.
    fn fill(&mut self, facts: &Facts, option: &UserOption) -> Option<Vec<Edit>> {
        let mut edits: Vec<Edit> = vec![];
        for blank in &option.blank {
            let (name, group) = (blank.value.as_str(), names_a_group(&blank.value));
            let span = blank.stands.clone()?;
            let written = facts.source(&span.path)?.slice(&span);
            if self.line.language == Language::Make && (written.starts_with("$(") || written.starts_with("${")) {
                // Make puts it in. One that the file sets to nothing is set below the definition again.
                (!self.line.numbers.taken.iter().any(|taken| taken == name)).then(|| self.set(name, group))?;
            } else if names(written, name) {
                edits.push(Edit { span, text: self.number(group)? });
            } else if option.stands.as_ref() == Some(&span) {
                // A variable that brings in the whole value.
                return Some(vec![Edit { span, text: format!("{}:{}", self.number(false)?, self.number(true)?) }]);
            } else {
                return None;
            }
        }
        Some(edits)
    }

    /// The edit that gives a tool a cache it can write, beside an option that is there.
    fn cache(&mut self, facts: &Facts, service: &Service) -> Option<Edit> {
        let defined = self.definitions.iter().find(|(_, command)| *command == "id -u").map(|(name, _)| name.clone());
        let uid = match defined {
            Some(name) => format!("$({name})"),
            None => self.known(false)?,
        };
        let text = variable(facts, service, self.line, &uid);
        let span = self.line.call.insert_at.clone().filter(|_| !self.line.call.inserts_into_variable)?;
        (!text.is_empty()).then_some(Edit { span, text })
    }

    /// The edit that sets Make's variables at the top of the file; `None` when they must be set and cannot.
    fn define(&self, facts: &Facts) -> Option<Option<Edit>> {
        if self.definitions.is_empty() {
            return Some(None);
        }
        let span = self.line.numbers.define_at.clone()?;
        let source = facts.source(&span.path)?;
        let end = source.line_end();
        let lines = self.definitions.iter().map(|(name, command)| format!("{name} := $(shell {command}){end}"));
        let mut text: String = lines.collect();
        let follows = source.text().get(span.start..).unwrap_or("");
        if !follows.is_empty() && !follows.starts_with(['\n', '\r']) {
            text.push_str(end);
        }
        Some(Some(Edit { span, text }))
    }
}

/// Whether `written` is a reference to the variable `name` and not to one that brings it in.
fn names(written: &str, name: &str) -> bool {
    let inner = written.trim_start_matches('$').trim_start_matches('{');
    let end = inner.find(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    inner.get(..end.unwrap_or(inner.len())) == Some(name)
}

/// pre-commit starts `entry` without a shell, and adds the names of files: `sh -c 'exec … "$@"' --` takes both.
fn in_a_shell(source: &Source, line: &CommandLine) -> Option<Vec<Edit>> {
    let entry = source.slice(&line.span);
    let before = source.text().get(..line.span.start)?;
    // What a shell or YAML would read otherwise than pre-commit does stays for the person.
    let plain = |character: char| character.is_ascii_alphanumeric() || " -_./=,:@%+".contains(character);
    if !entry.chars().all(plain) || before.ends_with(['\'', '"']) || entry.starts_with("exec ") {
        return None;
    }
    let insert_at = line.call.insert_at.clone()?;
    let edit = |start: usize, text: &str| Edit { span: source.span(start..start), text: text.to_owned() };
    Some(vec![
        edit(line.span.start, "sh -c 'exec "),
        edit(insert_at.start, " -u \"$(id -u):$(id -g)\""),
        edit(line.span.end, " \"$@\"' --"),
    ])
}

/// Whether a package manager fills a volume that lies in the mounted project, such as `node_modules`: it belongs to whom
/// filled it first, so that another user may be refused.
fn fills_a_volume(service: &Service, line: &CommandLine) -> bool {
    const MANAGERS: [&str; 10] = ["bun", "composer", "npm", "pdm", "pip", "pip3", "pnpm", "poetry", "uv", "yarn"];
    let inside =
        service.mounts.iter().filter(|mount| matches!(mount.source, MountSource::Volume(_) | MountSource::Anonymous));
    let in_project = |target: &str| service.binds().any(|(bind, _)| is_below(target, &bind.target));
    let manages = line.call.command.iter().any(|word| MANAGERS.contains(&word.value.as_str()));
    manages && inside.into_iter().any(|mount| in_project(&mount.target))
}

#[cfg(test)]
mod tests;
