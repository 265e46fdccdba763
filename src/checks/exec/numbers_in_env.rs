//! The cure for user numbers that nothing sets: names that no shell keeps for itself, set in the project's `.env`.

use crate::checks::own_numbers;
use crate::checks::recreate::recreate;
use crate::facts::{Facts, Host};
use crate::fix::{Edit, Fix, Step};
use crate::project::compose::{Mount, MountSource, Service};

/// Whether root's leftovers in a mount are the person's trouble: a writable folder of this machine.
pub(super) fn harms(facts: &Facts, mount: &Mount) -> bool {
    let MountSource::Bind(source) = &mount.source else { return false };
    let file = facts.host.as_ref().ok().and_then(|host| host.stat(source).flatten());
    mount.writable
        && file.is_none_or(|stat| stat.kind == crate::facts::FileKind::Directory)
        && !source.ends_with(".sock")
}

/// Whether a file of the project hands a variable to Compose: `export UID`, or set in front of the command.
pub(super) fn exported_somewhere(facts: &Facts, name: &str) -> bool {
    let compose = facts.project.compose.as_ref();
    let is_other = |path: &str| compose.is_none_or(|compose| !compose.files.iter().any(|file| file == path));
    let names = |line: &str| {
        line.split(|character: char| !character.is_ascii_alphanumeric() && character != '_').any(|word| word == name)
    };
    let sets = |line: &str| line.contains(&format!("{name}=")) && line.contains("docker");
    facts.project.sources.values().filter(|source| is_other(source.path())).any(|source| {
        let everything = source.text().lines().any(|line| line.trim() == "export");
        source.text().lines().any(|line| {
            let line = line.trim_start();
            (line.starts_with("export ") && names(line)) || sets(line) || (everything && names(line))
        })
    })
}

/// Lets services run as `${HOST_UID:-1000}:${HOST_GID:-1000}`, and sets both in `.env` where the person has other numbers.
pub(super) fn own_numbers(facts: &Facts, host: &Host, services: &[&Service]) -> Fix {
    let me = host.developer();
    let title = format!("run as {me}: `HOST_UID` and `HOST_GID` instead of names that shells keep for themselves");
    let (own, in_env) = own_numbers::own_numbers(facts, me);
    let mut steps = vec![];
    for user in services.iter().filter_map(|service| service.user.as_ref()) {
        let edit = Edit { span: user.span.clone(), text: own.clone() };
        let plain = facts.source(&user.span.path).is_some_and(|source| source.slice(&user.span).contains('$'));
        if !plain {
            return Fix::manual(format!("{title}: user: \"${{HOST_UID:-1000}}:${{HOST_GID:-1000}}\""));
        }
        if !steps.contains(&Step::Edit(edit.clone())) {
            steps.push(Step::Edit(edit));
        }
    }
    steps.extend(in_env);
    let names: Vec<&str> = services.iter().map(|service| service.name.value.as_str()).collect();
    Fix::risky(title, steps).afterwards(recreate(facts, &names))
}
