//! Puts the caller's numbers into a command line, in the language of its file.

use crate::facts::{Facts, Owner};
use crate::fix::{Edit, Fix, Step};
use crate::project::commands::{CommandLine, Language};
use crate::project::compose::Service;
use crate::text::Span;

/// How the caller's numbers are written in a line.
struct Numbers {
    uid: String,
    gid: String,
    /// Lines that must stand at the top of the file for that, without line ends.
    definitions: Vec<String>,
}

/// The fix of a line; `None` where its language has no way to say it.
pub(super) fn cure(facts: &Facts, service: &Service, line: &CommandLine) -> Option<Fix> {
    let source = facts.source(&line.span.path)?;
    let numbers = numbers(line)?;
    let mut steps = vec![];
    if let Some(definition) = definition(facts, line, &numbers) {
        steps.push(definition);
    }
    let mut risky = false;
    let title = match &line.call.user {
        Some(option) => {
            // In Make a definition is enough where the variable is Make's own; anything else is put in where it stands.
            for blank in option.blank.iter().filter(|blank| !is_defined(source.slice(&blank.span), &numbers, line)) {
                let group = crate::project::commands::user::names_a_group(&blank.value);
                let text = if group { numbers.gid.clone() } else { numbers.uid.clone() };
                steps.push(Step::Edit(Edit { span: blank.span.clone(), text }));
            }
            "set the numbers that the line names".to_owned()
        }
        None => {
            let place = line.call.insert_at.clone()?;
            risky = line.call.inserts_into_variable;
            let quoted = matches!(line.language, Language::Shell | Language::Just) && !line.nested;
            let user = format!("{}:{}", numbers.uid, numbers.gid);
            let user = if quoted { format!("\"{user}\"") } else { user };
            let variable = variable(facts, service, line, &numbers.uid);
            steps.push(Step::Edit(Edit { span: place, text: format!(" -u {user}{variable}") }));
            format!("run it as you: `-u {}:{}`", numbers.uid, numbers.gid)
        }
    };
    // A variable that several lines use changes all of them.
    (!steps.is_empty()).then(|| if risky { Fix::risky(title, steps) } else { Fix::safe(title, steps) })
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

fn numbers(line: &CommandLine) -> Option<Numbers> {
    let shell = || Numbers { uid: "$(id -u)".to_owned(), gid: "$(id -g)".to_owned(), definitions: vec![] };
    match line.language {
        Language::Make => Some(make_numbers(line)),
        Language::Shell | Language::Just | Language::JsonShell | Language::YamlShell => Some(shell()),
        Language::YamlWords => None,
    }
}

/// Make's own variables: those the file has, else new ones. Make does not see the shell's `UID`, which is not exported.
fn make_numbers(line: &CommandLine) -> Numbers {
    let known = &line.numbers;
    let blank = |group: bool| {
        let blanks = line.call.user.iter().flat_map(|option| &option.blank);
        let mut named = blanks.filter(|blank| crate::project::commands::user::names_a_group(&blank.value) == group);
        named.next().map(|blank| blank.value.clone())
    };
    let free = |name: &str| {
        if known.taken.iter().any(|taken| taken == name) { format!("HOST_{name}") } else { name.to_owned() }
    };
    let mut definitions = vec![];
    let mut name = |has: &Option<String>, group: bool, usual: &str, command: &str| match (has, blank(group)) {
        (Some(name), None) => name.clone(),
        (_, wanted) => {
            let name = wanted.unwrap_or_else(|| free(usual));
            definitions.push(format!("{name} := $(shell {command})"));
            name
        }
    };
    let uid = name(&known.uid, false, "UID", "id -u");
    let gid = name(&known.gid, true, "GID", "id -g");
    // A line that names one number only needs no other.
    let wanted: Vec<String> = match &line.call.user {
        Some(option) => {
            let named = |definition: &String| {
                option.blank.iter().any(|blank| definition.starts_with(&format!("{} :=", blank.value)))
            };
            definitions.iter().filter(|definition| named(definition)).cloned().collect()
        }
        None => definitions,
    };
    Numbers { uid: format!("$({uid})"), gid: format!("$({gid})"), definitions: wanted }
}

fn is_defined(written: &str, numbers: &Numbers, line: &CommandLine) -> bool {
    let name = written.trim_start_matches("$(").trim_start_matches("${").trim_end_matches([')', '}']);
    line.language == Language::Make
        && !written.starts_with("$$")
        && numbers.definitions.iter().any(|definition| definition.starts_with(&format!("{name} :=")))
}

fn definition(facts: &Facts, line: &CommandLine, numbers: &Numbers) -> Option<Step> {
    if numbers.definitions.is_empty() {
        return None;
    }
    let span = line.numbers.define_at.clone()?;
    let source = facts.source(&span.path)?;
    let end = source.line_end();
    let mut text: String = numbers.definitions.iter().map(|definition| format!("{definition}{end}")).collect();
    let follows = source.text().get(span.start..).unwrap_or("");
    if !follows.is_empty() && !follows.starts_with(['\n', '\r']) {
        text.push_str(end);
    }
    Some(Step::Edit(Edit { span: Span { end: span.start, ..span }, text }))
}

/// The variable that a number without login needs to have a cache: `HOME` is `/` for it. Empty when nothing is needed.
fn variable(facts: &Facts, service: &Service, line: &CommandLine, uid: &str) -> String {
    let person = facts.host.as_ref().map_or(Owner { uid: 1000, gid: 1000 }, |host| host.root_owner);
    let docker = facts.docker.as_ref().ok();
    let passwd = docker.and_then(|docker| docker.container_of(&service.name)).map(|container| &container.passwd);
    let has_login = passwd
        .is_some_and(|passwd| passwd.as_ref().is_ok_and(|entries| entries.iter().any(|entry| entry.uid == person.uid)));
    let has = |name: &str| {
        service.environment.contains_key(name) || line.call.environment.iter().any(|(given, _)| given == name)
    };
    let runs = |programs: &[&str]| {
        let words = line.call.command.iter().flat_map(|word| word.value.split([' ', ';', '&', '|']));
        words.filter_map(|word| word.rsplit('/').next()).any(|word| programs.contains(&word))
    };
    if has_login || has("HOME") {
        String::new()
    } else if runs(&["uv", "uvx"]) {
        if has("UV_CACHE_DIR") || has("XDG_CACHE_HOME") {
            String::new()
        } else {
            format!(" -e UV_CACHE_DIR=/tmp/uv-cache-{uid}")
        }
    } else if runs(&["pip", "pip3", "npm", "npx", "pnpm", "yarn", "poetry", "pdm", "pre-commit", "cargo", "go"]) {
        " -e HOME=/tmp".to_owned()
    } else {
        String::new()
    }
}
