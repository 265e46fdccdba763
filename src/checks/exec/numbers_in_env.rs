//! The cure for user numbers that nothing sets: names that no shell keeps for itself, set in the project's `.env`.

use crate::access::user_variables::dotenv_of;
use crate::facts::{Facts, Host};
use crate::fix::{Edit, Fix, Step};
use crate::project::compose::{Mount, MountSource, Service};
use crate::text::dotenv;

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
///
/// Never a line `UID=`: bash keeps that name for itself, and a script that reads the `.env` ends at it. Without a `.env` the
/// person's own numbers are the default.
pub(super) fn own_numbers(facts: &Facts, host: &Host, services: &[&Service]) -> Fix {
    let me = host.developer();
    let compose = facts.project.compose.as_ref();
    let path = dotenv_of(compose.map_or("", |compose| compose.directory.as_str()));
    let title = format!("run as {me}: `HOST_UID` and `HOST_GID` instead of names that shells keep for themselves");
    let dotenv = facts.source(&path);
    let (uid, gid) = if dotenv.is_some() { (1000, 1000) } else { (me.uid, me.gid) };
    let mut steps = vec![];
    for user in services.iter().filter_map(|service| service.user.as_ref()) {
        let edit = Edit { span: user.span.clone(), text: format!("${{HOST_UID:-{uid}}}:${{HOST_GID:-{gid}}}") };
        let plain = facts.source(&user.span.path).is_some_and(|source| source.slice(&user.span).contains('$'));
        if !plain {
            return Fix::manual(format!("{title}: user: \"${{HOST_UID:-1000}}:${{HOST_GID:-1000}}\""));
        }
        if !steps.contains(&Step::Edit(edit.clone())) {
            steps.push(Step::Edit(edit));
        }
    }
    if let Some(source) = dotenv.filter(|_| (me.uid, me.gid) != (1000, 1000)) {
        let known = dotenv::parse(source, &|_| None);
        let end = source.line_end();
        let lines = [("HOST_UID", me.uid), ("HOST_GID", me.gid)];
        let missing = lines.into_iter().filter(|(name, _)| known.get(name).is_none());
        let text: String = missing.map(|(name, number)| format!("{name}={number}{end}")).collect();
        let length = source.text().len();
        let between = if source.text().is_empty() || source.text().ends_with('\n') { "" } else { end };
        if !text.is_empty() {
            steps.push(Step::Edit(Edit { span: source.span(length..length), text: format!("{between}{text}") }));
        }
    }
    let names: Vec<&str> = services.iter().map(|service| service.name.value.as_str()).collect();
    Fix::risky(title, steps).afterwards(format!("recreate `{0}`: docker compose up -d {0}", names.join(" ")))
}
