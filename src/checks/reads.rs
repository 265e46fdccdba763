//! What of the project a check reads, so that nothing is called clean that stands on what could not be read.

mod parts;

use crate::facts::Facts;
use crate::project::commands::{CommandLine, Meant, Occasion};
use crate::project::compose::Service;
use parts::{Part, lost, reads};

/// Checks that read the steps of Dockerfiles in the text of their files.
const READ_STEPS: [&str; 3] = ["cache/mount-owned-by-root", "cache/venv-hidden-by-bind", "ownership/copy-as-root"];

/// Why a check that found nothing cannot say that there is nothing.
pub fn unknown(path: &str, facts: &Facts) -> Option<String> {
    let project = &facts.project;
    // Where there is no WSL nothing depends on files.
    if path.starts_with("wsl/") && facts.host.as_ref().is_ok_and(|host| host.wsl.kind.name().is_none()) {
        return None;
    }
    let unreadable = project.unreadable.iter().find(|entry| lost(entry).iter().any(|part| reads(path, *part)));
    if let Some(entry) = unreadable {
        return Some(format!("`{}` cannot be read: {}", entry.path.escape_debug(), entry.message));
    }
    let unclear = || project.alembic.iter().find_map(|environment| environment.revisions.uncertain_by.as_ref());
    if let (true, Some(revision)) = (reads(path, Part::Revisions), unclear()) {
        return Some(format!("which revision `{}` is cannot be told without running it", revision.escape_debug()));
    }
    if let (true, Some(reason)) = (reads(path, Part::Services), unchosen(&project.compose_unchosen)) {
        return Some(reason);
    }
    let inline = |service: &&Service| service.build.as_ref().is_some_and(|build| build.inline.is_some());
    if let (true, Some(service)) = (READ_STEPS.contains(&path), project.services().find(inline)) {
        return Some(format!(
            "the Dockerfile of `{}` stands in the Compose file, where its steps are not read",
            service.name.value
        ));
    }
    let other = (path == "exec/as-root").then(|| project.commands.iter().find_map(|line| other_set(facts, line)));
    other.flatten()
}

/// Why none of several Compose files was read, and how to name one.
fn unchosen(files: &[String]) -> Option<String> {
    let first = files.first()?;
    let what = unchosen_files(files)?;
    let (folder, name) = first.rsplit_once('/').unwrap_or(("", first));
    let how = match folder {
        // By its name alone Compose does not find it, nor by its folder.
        _ if !is_usual(name) => format!("COMPOSE_FILE={first} devdoctor check"),
        folder => format!("devdoctor check {folder}"),
    };
    Some(format!("{what}; name one: {how}"))
}

/// Why none of several Compose files was read.
pub fn unchosen_files(files: &[String]) -> Option<String> {
    const SHOWN: usize = 5;
    files.first()?;
    let listed: Vec<String> = files.iter().take(SHOWN).map(|file| format!("`{}`", file.escape_debug())).collect();
    let more = if files.len() > SHOWN { format!(" and {} more", files.len() - SHOWN) } else { String::new() };
    let what = match files {
        [_] => "Compose does not find this file by itself",
        _ => "several Compose files, and nothing says which is meant",
    };
    Some(format!("{what}: {}{more}", listed.join(", ")))
}

fn is_usual(name: &str) -> bool {
    matches!(name, "compose.yaml" | "compose.yml" | "docker-compose.yml" | "docker-compose.yaml")
}

/// A line that lays further Compose files over those that were read, where one is not there or broken: as whom its service
/// runs is decided there.
fn other_set(facts: &Facts, line: &CommandLine) -> Option<String> {
    let compose = facts.project.compose.as_ref()?;
    let name = |file: &str| file.rsplit('/').next().unwrap_or_default().to_owned();
    let known = |file: &&String| compose.files.iter().any(|ours| name(ours) == name(file));
    let files = &line.call.compose_files;
    let judged = line.meant != Meant::Unknown || line.occasion != Occasion::Called;
    let other = files.iter().find(|file| !known(file)).filter(|_| !judged)?;
    files.iter().any(|file| known(&file)).then(|| {
        let place = facts.source(&line.call.head.path).map(|source| source.position(line.call.head.start).line);
        let place = place.map(|line| format!(":{line}")).unwrap_or_default();
        let path = &line.call.head.path;
        format!("`{path}{place}` adds `{}`, which is no Compose file that could be read", other.escape_debug())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{Format, Unreadable};

    fn with(path: &str, format: Format, unseen: &str) -> Facts {
        let (path, unseen, message) = (path.to_owned(), unseen.to_owned(), "is bad".to_owned());
        let mut facts = Facts::default();
        facts.project.unreadable = vec![Unreadable { path, format, span: None, message, unseen }];
        facts
    }

    #[test]
    fn what_stands_on_an_unreadable_file_is_unknown_and_the_rest_is_not() {
        let compose = with("compose.yaml", Format::Compose, "its services");
        for path in
            ["ownership/service-writes-as-root", "exec/as-root", "url/placeholder", "cache/venv-is-volume", "new/one"]
        {
            assert_eq!(unknown(path, &compose).unwrap(), "`compose.yaml` cannot be read: is bad", "{path}");
        }
        for path in ["compose/unreadable", "files/unreadable", "ownership/foreign-files", "exec/tty-in-hook"] {
            assert_eq!(unknown(path, &compose), None, "{path}");
        }
        let variables = with("compose.yaml", Format::Compose, "its variables");
        assert!(unknown("url/placeholder", &variables).is_some() && unknown("exec/as-root", &variables).is_none());
        let lines = with("Makefile", Format::Make, "commands");
        assert!(unknown("exec/as-root", &lines).is_some() && unknown("url/placeholder", &lines).is_none());
    }

    #[test]
    fn several_compose_files_are_named_with_the_way_to_choose() {
        let named = |files: &[&str]| unchosen(&files.iter().map(|file| (*file).to_owned()).collect::<Vec<_>>());
        assert_eq!(named(&[]), None);
        assert_eq!(
            named(&["a/compose.yaml", "b/compose.yaml"]).unwrap(),
            "several Compose files, and nothing says which is meant: `a/compose.yaml`, `b/compose.yaml`; name one: \
             devdoctor check a"
        );
        assert_eq!(
            named(&["docker-compose.dev.yml"]).unwrap(),
            "Compose does not find this file by itself: `docker-compose.dev.yml`; name one: \
             COMPOSE_FILE=docker-compose.dev.yml devdoctor check"
        );
    }
}
