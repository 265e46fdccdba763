//! A program that looks its user up runs as a number that the container's passwd file does not have.

use crate::access::RunsAs;
use crate::access::interest::{exec_lines, user_of_line};
use crate::facts::{Container, Facts};
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::commands::CommandLine;
use crate::project::compose::Service;

/// Programs that end when their user number has no name, and what they say.
const PROGRAMS: [(&str, &str); 9] = [
    ("ssh", "No user exists for uid"),
    ("scp", "No user exists for uid"),
    ("sftp", "No user exists for uid"),
    ("ssh-keygen", "No user exists for uid"),
    ("ssh-add", "No user exists for uid"),
    ("initdb", "could not look up effective user ID"),
    ("pg_ctl", "could not look up effective user ID"),
    ("pg_dumpall", "local user with ID … does not exist"),
    ("whoami", "cannot find name for user ID"),
];

pub(super) fn check(facts: &Facts) -> Checked {
    let docker = facts.docker()?;
    let person = facts.developer();
    let mut findings = vec![];
    for (service, container) in docker.services(&facts.project) {
        let own = container.command.iter().chain(service.command.iter().flat_map(|words| &words.value));
        let lines = exec_lines(&facts.project, &service.name).filter_map(|line| {
            let words = line.call.command.iter().map(|word| &word.value);
            let user = match user_of_line(line, person) {
                Some(user) => Some(user.ok()?),
                None => None,
            };
            let runs = RunsAs::by_exec(container, user.as_deref(), &line.call.environment).ok()?;
            Some((needs_a_name(words)?, Some(line), runs))
        });
        let own = needs_a_name(own).and_then(|program| Some((program, None, RunsAs::of(container).ok()?)));
        let mut sufferers = own.into_iter().chain(lines).filter(|(_, _, runs)| is_nameless(container, runs));
        if let Some((program, line, runs)) = sufferers.next() {
            findings.push(told(service, container, program, line, &runs));
        }
    }
    Ok(findings)
}

/// Whether a passwd file was read and has no such number. Root has a name in every image that matters.
fn is_nameless(container: &Container, runs: &RunsAs) -> bool {
    let mounted = container.mounts.iter().any(|mount| mount.target == "/etc/passwd");
    runs.identity.owner.uid != 0 && container.passwd.is_ok() && !runs.has_login() && !mounted
}

fn needs_a_name<'a>(words: impl Iterator<Item = &'a String>) -> Option<(&'static str, &'static str)> {
    words
        .flat_map(|word| word.split(|character: char| character.is_whitespace() || ";&|()".contains(character)))
        .filter_map(|part| part.rsplit('/').next())
        .find_map(|program| PROGRAMS.iter().find(|(name, _)| *name == program).copied())
}

fn told(
    service: &Service,
    container: &Container,
    (program, says): (&str, &str),
    line: Option<&CommandLine>,
    runs: &RunsAs,
) -> Finding {
    let (name, owner) = (&service.name.value, runs.identity.owner);
    let place = match (line, &service.user) {
        (Some(line), _) => line.call.user.as_ref().map_or(&line.call.head, |user| &user.written.span),
        (None, Some(user)) => &user.span,
        (None, None) => &service.name.span,
    };
    let message = format!("`{program}` in `{name}` runs as {owner}, a number without a name in the container");
    Finding::at(place, format!("{name}: {program}"), message)
        .label(format!("`{program}` looks it up and ends: {says}"))
        .seen(format!("/etc/passwd of {}", container.name), owner.uid.to_string(), "no such entry")
        .service(name)
        .fix(Fix::manual(format!(
            "give {owner} a name in the image: `RUN useradd --uid {} --create-home dev` in its Dockerfile",
            owner.uid
        )))
}
