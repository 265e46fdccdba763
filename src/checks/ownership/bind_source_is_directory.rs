//! The source of a bind mount is meant to be a file and is an empty folder, which the engine made when the file was not there.

use std::path::Path;

use crate::access::normal;
use crate::facts::{Facts, FileKind, Host, PathStat, SeenPath};
use crate::finding::{Checked, Finding};
use crate::fix::{Fix, PathChange, PathStep, Step};

use super::places::{is_active, is_file, shown};

pub(super) fn check(facts: &Facts) -> Checked {
    let host = facts.host()?;
    let root = &facts.project.root;
    let mut findings = vec![];
    for service in facts.project.services().filter(|service| is_active(facts, service)) {
        for (mount, source) in service.binds() {
            let source = normal(source);
            let Some(stat) = host.stat(&source).flatten() else { continue };
            if stat.kind != FileKind::Directory
                || !is_file(&source, &mount.target)
                || !is_empty(facts, host, &source, &stat)
            {
                continue;
            }
            let (name, folder) = (&service.name.value, shown(root, &source));
            let finding = Finding::at(
                &mount.span,
                name,
                format!("`{name}` mounts `{folder}` as a file, and it is an empty folder"),
            )
            .label("the engine made the folder when there was no file")
            .seen("lstat", &folder, stat)
            .help(format!(
                "put the file `{folder}` there, then make the container again: `docker compose up -d {name}`"
            ));
            let fix = match Path::new(&source).strip_prefix(root) {
                Ok(path) => {
                    let change = PathChange::RemoveFolder { owner: stat.owner, mode: stat.mode };
                    let step = Step::Path(PathStep { path: SeenPath(path.to_owned()), change });
                    Fix::safe(format!("remove the empty folder `{folder}`"), vec![step])
                        .afterwards(format!("put the file `{folder}` there before `docker compose up -d {name}`"))
                }
                Err(_) => Fix::manual(format!("remove the empty folder: rmdir {}", crate::fix::show::quoted(&folder))),
            };
            findings.push(finding.service(name).fix(fix));
        }
    }
    Ok(findings)
}

/// The folders that this check removes, so that no other finding gives them to somebody.
pub(super) fn removed(facts: &Facts) -> Vec<SeenPath> {
    let steps =
        check(facts).unwrap_or_default().into_iter().filter_map(|finding| finding.fix).flat_map(|fix| fix.steps);
    let path = |step| match step {
        Step::Path(step) => Some(step.path),
        _ => None,
    };
    steps.filter_map(path).collect()
}

/// Whether a folder holds nothing, as far as was seen: no folder inside (its own two names are all it has), no file that was
/// read, and nothing of somebody else's. Removing it is left to the kernel, which refuses what holds anything.
fn is_empty(facts: &Facts, host: &Host, source: &str, stat: &PathStat) -> bool {
    let Ok(path) = Path::new(source).strip_prefix(&facts.project.root) else {
        return stat.links <= 2 && stat.owner.uid == 0;
    };
    let foreign =
        host.walk.foreign.iter().any(|file| file.path.as_path() != path && file.path.as_path().starts_with(path));
    let read = facts.project.sources.keys().any(|file| Path::new(file).starts_with(path));
    stat.links <= 2 && !foreign && !read
}
