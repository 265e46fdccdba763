//! A Dockerfile makes a user or group with a number that its base image gave away already.

use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::compose::Build;
use crate::project::dockerfile::Stage;
use crate::text::Span;

/// The number that these bases give to a user and a group of their own.
const TAKEN: &str = "1000";

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings: Vec<Finding> = vec![];
    for service in facts.project.services() {
        let Some(build) = &service.build else { continue };
        let Some(dockerfile) = facts.project.dockerfiles.get(&build.dockerfile) else { continue };
        let target = build.target.as_deref();
        let Some(base) = dockerfile.base_image_of(target) else { continue };
        let Some(owner) = owner_of_1000(&base.value) else { continue };
        let mut stages: Vec<&Stage> = dockerfile.lineage(target).collect();
        stages.reverse();
        let Some((span, command)) = makes(facts, build, &stages) else { continue };
        let group = if command == "groupadd" || command == "addgroup" { "group" } else { "user" };
        let message = format!("`{command}` makes a {group} {TAKEN}, which `{}` has as `{owner}`", base.value);
        let fix = format!("take `{owner}` as the {group}, or remove it before: `RUN userdel -r {owner}`");
        let finding = Finding::at(&span, &build.dockerfile, message)
            .label(format!("{TAKEN} is taken"))
            .related(&base.span, format!("this image has `{owner}` with {TAKEN}:{TAKEN}"))
            .seen("known base", &base.value, format!("{owner} is {TAKEN}:{TAKEN}"))
            .fix(Fix::manual(fix));
        if !findings.iter().any(|other| other.place == finding.place) {
            findings.push(finding);
        }
    }
    Ok(findings)
}

/// The user whom an image gives the number 1000: Ubuntu's since 23.04, and Node's.
fn owner_of_1000(image: &str) -> Option<&'static str> {
    let (name, tag) = image.rsplit_once(':').unwrap_or((image, "latest"));
    let official = |wanted: &str| {
        [wanted.to_owned(), format!("library/{wanted}"), format!("docker.io/library/{wanted}")]
            .contains(&name.to_owned())
    };
    if official("node") {
        return Some("node");
    }
    const NAMES: [&str; 8] = ["latest", "rolling", "lunar", "mantic", "noble", "oracular", "plucky", "questing"];
    let version = tag.split(['-', '@']).next().unwrap_or(tag);
    let new = version.split_once('.').and_then(|(year, _)| year.parse::<u32>().ok()).is_some_and(|year| year >= 23);
    (official("ubuntu") && (new || NAMES.contains(&version))).then_some("ubuntu")
}

/// The first command that makes the number anew, unless something before it may have freed it.
fn makes(facts: &Facts, build: &Build, stages: &[&Stage]) -> Option<(Span, String)> {
    for span in stages.iter().flat_map(|stage| stage.runs()).map(|run| &run.command) {
        let text = facts.source(&span.path)?.slice(span);
        // Whoever looks first, or frees the number, knows of it.
        let knows =
            ["userdel", "deluser", "groupdel", "delgroup", "usermod", "groupmod", "getent", "id -u", "||", "if "];
        if knows.iter().any(|word| text.contains(word)) {
            return None;
        }
        let mut start = 0;
        for part in text.split_inclusive("&&") {
            let words: Vec<&str> = part.split_whitespace().filter(|word| !["&&", "\\"].contains(word)).collect();
            if let Some(command) = of_command(&words, &|name| argument(facts, build, name)) {
                let from = start + part.find(command).unwrap_or(0);
                let written =
                    part.get(part.find(command).unwrap_or(0)..).unwrap_or("").trim_end_matches("&&").trim_end();
                let span = Span { start: span.start + from, end: span.start + from + written.len(), ..span.clone() };
                return Some((span, command.to_owned()));
            }
            start += part.len();
        }
    }
    None
}

fn of_command<'text>(words: &[&'text str], value: &dyn Fn(&str) -> Option<String>) -> Option<&'text str> {
    let at = words.iter().position(|word| ["useradd", "adduser", "groupadd", "addgroup"].contains(word))?;
    let (command, rest) = (words.get(at)?, words.get(at + 1..)?);
    let options: &[&str] = if command.contains("group") { &["-g", "--gid"] } else { &["-u", "--uid"] };
    let given = rest.iter().enumerate().find_map(|(index, word)| match word.split_once('=') {
        Some((option, value)) if options.contains(&option) => Some(value),
        None if options.contains(word) => rest.get(index + 1).copied(),
        _ => None,
    })?;
    let shared = rest.iter().any(|word| ["-o", "--non-unique", "-f", "--force"].contains(word));
    let given = given.trim_matches(['"', '\'']);
    let number = match given.strip_prefix('$') {
        Some(name) => value(name.trim_matches(['{', '}']).split(':').next()?)?,
        None => given.to_owned(),
    };
    (number == TAKEN && !shared).then_some(command)
}

/// The value of a build argument: Compose's, else the default in the Dockerfile.
fn argument(facts: &Facts, build: &Build, name: &str) -> Option<String> {
    if let Some(value) = build.arguments.get(name) {
        return Some(value.clone());
    }
    let lines = facts.source(&build.dockerfile)?.text().lines();
    let mut defaults = lines.filter_map(|line| line.trim().strip_prefix("ARG ")?.trim().split_once('='));
    defaults.find(|(other, _)| *other == name).map(|(_, value)| value.trim_matches(['"', '\'']).to_owned())
}
