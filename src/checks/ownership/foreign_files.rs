//! Files of the project belong to somebody else than the project: a container wrote them as root.

use std::collections::BTreeMap;
use std::path::Path;

use crate::access::Decides;
use crate::facts::{Facts, FileKind, ForeignFile, Host, Missing, Need};
use crate::finding::{Checked, Finding};

use super::cure::cure;
use super::makers::{counted, groups};
use super::suspects::{Suspect, because, belongs_there, responsible, suspects};

/// Evidence names at most so many files.
const SHOWN: usize = 5;

pub(super) fn check(facts: &Facts) -> Checked {
    let host = facts.host()?;
    if host.root_owner.uid == 0 {
        return Ok(vec![]);
    }
    let suspects = suspects(facts);
    let mut stories: BTreeMap<(Vec<usize>, u32), Vec<&ForeignFile>> = BTreeMap::new();
    // Files of one folder and one owner have one story, so it is found out once for all of them.
    let mut known: BTreeMap<(&Path, u32), Option<Vec<usize>>> = BTreeMap::new();
    for file in &host.walk.foreign {
        let uid = file.stat.owner.uid;
        let folder = file.path.as_path().parent().filter(|_| file.stat.kind != FileKind::Directory);
        let makers = || {
            let path = format!("{}/{}", facts.project.root, file.path.as_path().to_string_lossy());
            (!belongs_there(file, &path, &suspects, facts)).then(|| responsible(&path, uid, &suspects))
        };
        let makers = match folder {
            Some(folder) => known.entry((folder, uid)).or_insert_with(makers).clone(),
            None => makers(),
        };
        if let Some(makers) = makers {
            stories.entry((makers, uid)).or_default().push(file);
        }
    }
    if let (true, Some(reason)) = (stories.is_empty(), &host.walk.cut_short) {
        return Err(Missing::new(Need::Host, format!("not all of the project's files were looked at: {reason}")));
    }
    Ok(stories.iter().map(|((makers, uid), files)| story(facts, host, &suspects, makers, *uid, files)).collect())
}

fn story(
    facts: &Facts,
    host: &Host,
    suspects: &[Suspect<'_>],
    makers: &[usize],
    uid: u32,
    files: &[&ForeignFile],
) -> Finding {
    let groups = groups(files, &facts.project);
    let them = if uid == 0 { "root".to_owned() } else { format!("user {uid}") };
    let you = if host.person.owner.uid == host.root_owner.uid { "you".to_owned() } else { host.root_owner.to_string() };
    let belong = if files.len() == 1 { "belongs" } else { "belong" };
    let words: Vec<String> = groups.iter().map(super::makers::Group::words).collect();
    let folders: Vec<&String> = groups.iter().flat_map(|group| &group.folders).collect();
    let (subject, message) = match (folders.as_slice(), files) {
        ([_], [only]) => {
            let path = only.path.display();
            (path.clone(), format!("`{path}` belongs to {them}, not to {you}"))
        }
        ([folder], _) if *folder != "." => {
            ((*folder).clone(), format!("{} in `{folder}` {belong} to {them}, not to {you}", counted(files)))
        }
        _ => (
            format!("files of {them}"),
            format!("{} {belong} to {them}, not to {you}: {}", counted(files), words.join(", ")),
        ),
    };
    let makers: Vec<&Suspect<'_>> = makers.iter().filter_map(|index| suspects.get(*index)).collect();
    let mut finding = match makers.first() {
        Some(maker) => {
            let name = &maker.service.name.value;
            let own = maker.user.as_ref().filter(|_| maker.is_own(uid));
            let does = if own.is_some() { "writes here" } else { "mounts this writable" };
            Finding::at(&maker.mount.span, subject, message).label(because(own, name, does))
        }
        None => Finding::at_path(folders.first().map_or(".", |folder| folder.as_str()), subject, message),
    };
    for maker in &makers {
        if let Some(Decides::Compose(span) | Decides::Dockerfile(span)) =
            maker.user.as_ref().filter(|_| maker.is_own(uid)).map(|user| &user.decides)
        {
            finding = finding.related(span, "this decides it");
        }
        for (line, _) in maker.lines.iter().filter(|(_, line)| *line == uid).take(3) {
            finding = finding.related(&line.call.head, format!("runs as {them}, so what it writes belongs to {them}"));
        }
        finding = finding.service(&maker.service.name.value);
    }
    // One of each group first, so that every kind is shown.
    let (first, rest): (Vec<_>, Vec<_>) =
        groups.iter().flat_map(|group| group.files.iter().enumerate()).partition(|(at, _)| *at == 0);
    for (_, file) in first.into_iter().chain(rest).take(SHOWN) {
        finding = finding.seen("lstat", file.path.display(), file.stat);
    }
    if files.len() > SHOWN {
        finding = finding.seen("lstat", "the project", format!("{} more of {them}", files.len() - SHOWN));
    }
    if let Some(reason) = &host.walk.cut_short {
        finding = finding.seen("walk", "the project", format!("not all was looked at: {reason}"));
    }
    cure(facts, host, files, finding)
}
