//! A build reads a folder in which something lies that the person may not read, and nothing leaves it out.

use std::collections::BTreeSet;
use std::path::Path;

use crate::access::rights::Want;
use crate::access::{Process, normal};
use crate::facts::{Facts, FileKind, Host};
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, PathChange, PathStep, Step};
use crate::project::compose::{Build, is_below};
use crate::project::dockerfile::Stage;
use crate::text::dockerignore::Ignored;

pub(super) fn check(facts: &Facts) -> Checked {
    let host = facts.host()?;
    let closed = closed(host);
    let mut findings: Vec<Finding> = vec![];
    for (service, build) in facts.project.services().filter_map(|service| Some((service, service.build.as_ref()?))) {
        let [own, common] = build.ignore_files();
        let file = if facts.source(&own).is_some() { own } else { common };
        let ignored = facts.source(&file).map(|source| Ignored::read(source.text())).unwrap_or_default();
        let inside: Vec<(&str, &str)> =
            closed.iter().filter_map(|path| Some((path.as_str(), below(path, build)?))).collect();
        let read: Vec<&(&str, &str)> =
            inside.iter().filter(|(_, path)| !ignored.skips(path) && takes(facts, build, path)).collect();
        let Some((first, _)) = read.first() else { continue };
        let name = &service.name.value;
        let more = if read.len() == 1 { String::new() } else { format!(" and {} more", read.len() - 1) };
        let mut finding = Finding::at(
            &build.context.span,
            name,
            format!("the build of `{name}` reads `{first}`{more}, which you may not open"),
        )
        .label("the build reads this folder");
        for (path, _) in &read {
            finding = finding.seen("walk", *path, "permission denied");
        }
        let lines: Vec<&str> = read.iter().map(|(_, path)| *path).collect();
        findings.push(finding.service(name).fix(cure(facts, host, &file, &lines)));
    }
    Ok(findings)
}

/// What the person may not open, relative to the root, the uppermost of each.
fn closed(host: &Host) -> BTreeSet<String> {
    let person = Process::here(&host.person);
    if host.person.owner.uid == 0 {
        return BTreeSet::new();
    }
    let denied = host.walk.foreign.iter().filter(|file| {
        let folder = file.stat.kind == FileKind::Directory;
        (folder || file.stat.kind == FileKind::File)
            && !(person.may(Want::Read, &file.stat) && (!folder || person.may(Want::Search, &file.stat)))
    });
    let seen = denied.map(|file| &file.path).chain(host.walk.unreadable.iter().map(|(path, _)| path));
    let all: BTreeSet<String> = seen.filter_map(|path| path.as_path().to_str().map(str::to_owned)).collect();
    let lies_in = |path: &str| all.iter().any(|other| other != path && Path::new(path).starts_with(other));
    all.iter().filter(|path| !lies_in(path)).cloned().collect()
}

/// A path of the project as the build sees it; `None` outside its context.
fn below<'path>(path: &'path str, build: &Build) -> Option<&'path str> {
    let context = normal(&build.context.value);
    let inside = path.strip_prefix(context.trim_matches('/'))?;
    let outside =
        build.context.value.starts_with(['/', '$']) || build.context.value.split('/').any(|part| part == "..");
    let whole = context == "/" || inside.starts_with('/');
    (!outside && whole).then(|| inside.trim_start_matches('/')).filter(|inside| !inside.is_empty())
}

/// Whether BuildKit reads a path: it asks for what the Dockerfile copies.
fn takes(facts: &Facts, build: &Build, path: &str) -> bool {
    let Some(dockerfile) = facts.project.dockerfiles.get(&build.dockerfile) else { return false };
    let copies = dockerfile.stages.iter().flat_map(Stage::copies).filter(|copied| copied.from.is_none());
    let covers = |source: &String| match source.find(['*', '?', '[']) {
        Some(at) => format!("/{path}").starts_with(&normal(source.get(..at).unwrap_or(""))),
        None => !source.contains("://") && is_below(&format!("/{path}"), &normal(source)),
    };
    copies.flat_map(|copied| &copied.sources).any(covers)
}

/// Adds lines to the ignore file, or makes it.
fn cure(facts: &Facts, host: &Host, file: &str, paths: &[&str]) -> Fix {
    let title = format!(
        "leave {} out of the build, in `{file}`",
        paths.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ")
    );
    let plain =
        |path: &&&str| path.chars().all(|character| character.is_alphanumeric() || "/._-+@ ".contains(character));
    if paths.iter().filter(plain).count() != paths.len() {
        return Fix::manual(title);
    }
    let step = match facts.source(file) {
        Some(source) => {
            let end = source.line_end();
            let length = source.text().len();
            let joint = if source.text().is_empty() || source.text().ends_with('\n') { "" } else { end };
            let text = format!("{joint}{}", paths.iter().map(|path| format!("{path}{end}")).collect::<String>());
            // A line that takes something inside back makes the builder look into the folder, whatever comes after.
            let after = Ignored::read(&format!("{}{text}", source.text()));
            if !paths.iter().all(|path| after.skips(path)) {
                return Fix::manual(format!("{title}, where a line with `!` takes something in it back"));
            }
            Step::Edit(Edit { span: source.span(length..length), text })
        }
        None => {
            let text = paths.iter().map(|path| format!("{path}\n")).collect();
            let path = crate::facts::SeenPath(file.into());
            Step::Path(PathStep { path, change: PathChange::NewFile { text, owner: host.root_owner } })
        }
    };
    Fix::safe(title, vec![step])
}
