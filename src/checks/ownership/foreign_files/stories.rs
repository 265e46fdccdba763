//! Sorts the files of others by who made them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::facts::{Facts, FileKind, ForeignFile, Host};

use super::super::suspects::{Suspect, belongs_there, responsible};

/// Files by the services that can have made them, and by owner.
pub(in crate::checks::ownership) type Stories<'a> = BTreeMap<(Vec<usize>, u32), Vec<&'a ForeignFile>>;

/// Sorts foreign files by who made them; what belongs to a service by right, or is shared through a group, is left out.
pub(in crate::checks::ownership) fn stories<'a>(
    facts: &Facts,
    suspects: &[Suspect<'_>],
    files: impl Iterator<Item = &'a ForeignFile>,
) -> Stories<'a> {
    let mut stories = Stories::new();
    // Files of one folder and one owner have one story, so it is found out once for all of them.
    let mut known: BTreeMap<(&Path, u32), Option<Vec<usize>>> = BTreeMap::new();
    let shared = |file: &ForeignFile| facts.host.as_ref().is_ok_and(|host| is_shared(host, file));
    for file in files.filter(|file| !shared(file)) {
        let uid = file.stat.owner.uid;
        let folder = file.path.as_path().parent().filter(|_| file.stat.kind != FileKind::Directory);
        let makers = || {
            let path = format!("{}/{}", facts.project.root, file.path.as_path().to_string_lossy());
            (!belongs_there(file, &path, suspects, facts)).then(|| responsible(&path, uid, suspects))
        };
        let makers = match folder {
            Some(folder) => known.entry((folder, uid)).or_insert_with(makers).clone(),
            None => makers(),
        };
        if let Some(makers) = makers {
            stories.entry((makers, uid)).or_default().push(file);
        }
    }
    stories
}

/// Whether the developer writes a file of another person through a group that both are in: that is how people share.
fn is_shared(host: &Host, file: &ForeignFile) -> bool {
    let (person, stat) = (&host.person, &file.stat);
    let member = match person.owner.uid {
        0 => host.root_owner.gid == stat.owner.gid,
        _ => person.owner.gid == stat.owner.gid || person.groups.contains(&stat.owner.gid),
    };
    let wanted = if stat.kind == FileKind::Directory { 0o030 } else { 0o020 };
    // Root's own group is nobody's way to share.
    member && stat.owner.gid != 0 && stat.mode & wanted == wanted
}
