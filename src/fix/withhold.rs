//! Withholds what would change nothing (owners and modes where the file system keeps none), and what would be put at a wrong
//! place of a file whose text is not its bytes, whichever check asked for it.

use super::{Applicability, Chown, ChownPlace, Fix, PathChange, Step};
use crate::facts::{Facts, Filesystem};
use crate::finding::Finding;
use crate::project::compose::{MountSource, is_below};

/// The finding with its fix turned into words, when one of its steps cannot be carried out as it is meant.
pub fn withheld(mut finding: Finding, facts: &Facts) -> Finding {
    let Some(fix) = finding.fix.take() else { return finding };
    let reason = fix.steps.iter().find_map(|step| match step {
        Step::Chown(chown) => reason(chown, facts),
        Step::Path(step) if matches!(step.change, PathChange::Mode { .. }) => {
            let filesystem = facts.host.as_ref().ok()?.filesystem.as_ref();
            filesystem.filter(|filesystem| filesystem.keeps_no_owners()).map(|it| words(it, "modes", "chmod"))
        }
        Step::Edit(edit) => {
            let source = facts.source(&edit.span.path).filter(|source| source.is_decoded())?;
            Some(format!("`{}` is not written in UTF-8", source.path().escape_debug()))
        }
        Step::Path(_) | Step::Sql(_) => None,
    });
    finding.fix = Some(match reason {
        Some(reason) if fix.applicability > Applicability::Manual => {
            Fix::manual(format!("{}: not by devdoctor, since {reason}", fix.title))
        }
        _ => fix,
    });
    finding
}

/// Why a chown would change nothing, in words; `None` where nothing is known against it.
fn reason(chown: &Chown, facts: &Facts) -> Option<String> {
    let host = facts.host.as_ref().ok()?;
    let filesystem = match &chown.place {
        ChownPlace::Project => host.filesystem.as_ref().filter(|filesystem| filesystem.keeps_no_owners()),
        ChownPlace::Container { service, id, .. } => chown.paths.iter().find_map(|(path, _)| {
            let source = source_of(facts, service, id, path.as_path().to_str()?)?;
            let asked = host.filesystems.get(&source);
            let of_root = || host.filesystem.as_ref().filter(|_| is_below(&source, &facts.project.root));
            asked.or_else(of_root).filter(|filesystem| filesystem.keeps_no_owners())
        }),
    };
    filesystem.map(|filesystem| words(filesystem, "owners", "chown"))
}

/// The path on the host of what is bound where a path of a container lies. The Compose file comes first: an engine in a
/// machine of its own names sources as that machine sees them.
fn source_of(facts: &Facts, service: &str, id: &str, path: &str) -> Option<String> {
    let declared = facts.project.service(service).and_then(|service| service.mount_at(path));
    if let Some(mount) = declared {
        return match &mount.source {
            MountSource::Bind(source) => Some(source.clone()),
            _ => None,
        };
    }
    let container = facts.docker.as_ref().ok()?.containers.iter().find(|container| container.id == id)?;
    let mounts = container.mounts.iter().filter(|mount| is_below(path, &mount.target));
    let mount = mounts.max_by_key(|mount| mount.target.len())?;
    (mount.kind == crate::facts::MountKind::Bind).then(|| mount.source.clone())
}

/// What a file system that keeps no owners and modes is, for people.
fn words(filesystem: &Filesystem, what: &str, command: &str) -> String {
    let point = &filesystem.point;
    match filesystem.drive() {
        Some(drive) => {
            format!("`{point}` is the Windows drive `{drive}` without `metadata`, where a {command} changes nothing")
        }
        None => format!("`{point}` is {}, which keeps no {what}", filesystem.kind),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Owner, SeenPath};

    fn finding(applicability: Applicability, direct: bool) -> Finding {
        let paths = vec![(SeenPath("a".into()), Owner { uid: 0, gid: 0 })];
        let to = Owner { uid: 1000, gid: 1000 };
        let steps = vec![Step::Chown(Chown { place: ChownPlace::Project, paths, to, direct })];
        Finding::nowhere("a", "a").fix(Fix { applicability, ..Fix::safe("give `a` back", steps) })
    }

    #[test]
    fn what_is_not_known_is_not_withheld() {
        let safe = finding(Applicability::Safe, true);
        assert_eq!(withheld(safe.clone(), &Facts::default()), safe);
        let words = Finding::nowhere("a", "a");
        assert_eq!(withheld(words.clone(), &Facts::default()), words);
    }

    #[test]
    fn the_words_name_the_mount_and_what_it_is() {
        let drive = Filesystem {
            kind: "9p".into(),
            source: r"C:\".into(),
            point: "/mnt/c".into(),
            options: "aname=drvfs".into(),
        };
        assert!(
            words(&drive, "owners", "chown").starts_with(r"`/mnt/c` is the Windows drive `C:\` without `metadata`")
        );
        let stick = Filesystem { kind: "vfat".into(), point: "/media/x".into(), ..Filesystem::default() };
        assert_eq!(words(&stick, "modes", "chmod"), "`/media/x` is vfat, which keeps no modes");
    }
}
