//! The words about files of one owner that the same services can have made.

use crate::access::Decides;
use crate::facts::{Facts, ForeignFile, Host};
use crate::finding::Finding;
use crate::text;

use super::super::makers::{Group, counted, groups};
use super::super::suspects::{Suspect, because};

/// Evidence names at most so many files.
const SHOWN: usize = 50;

/// Puts a finding about files of a user at the mount through which they were made, and names who can have made them; it stays
/// where it is when nobody is known.
pub(in crate::checks::ownership) fn blamed(
    suspects: &[Suspect<'_>],
    makers: &[usize],
    uid: u32,
    mut finding: Finding,
) -> Finding {
    let makers: Vec<&Suspect<'_>> = makers.iter().filter_map(|index| suspects.get(*index)).collect();
    let Some(maker) = makers.first() else { return finding };
    let them = if uid == 0 { "root".to_owned() } else { format!("user {uid}") };
    let name = &maker.service.name.value;
    let own = maker.user.as_ref().filter(|_| maker.is_own(uid));
    let does = if own.is_some() { "writes here" } else { "mounts this writable" };
    finding.place = Some((&maker.mount.span).into());
    finding.label = because(own, name, does);
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
    finding
}

pub(super) fn story(
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
    // What is beyond the names that are kept is counted all the same.
    let unnamed = host.walk.foreign_count.saturating_sub(host.walk.foreign.len() as u64);
    let at_least = if unnamed > 0 { "at least " } else { "" };
    let belong = if files.len() == 1 { "belongs" } else { "belong" };
    let words: Vec<String> = groups.iter().map(Group::words).collect();
    let folders: Vec<&String> = groups.iter().flat_map(|group| &group.folders).collect();
    let (subject, message) = match (folders.as_slice(), files) {
        ([_], [only]) => {
            let path = only.path.display();
            (path.clone(), format!("`{path}` belongs to {them}, not to {you}"))
        }
        ([folder], _) if *folder != "." => {
            ((*folder).clone(), format!("{at_least}{} in `{folder}` {belong} to {them}, not to {you}", counted(files)))
        }
        _ => (
            format!("files of {them}"),
            format!("{at_least}{} {belong} to {them}, not to {you}: {}", counted(files), words.join(", ")),
        ),
    };
    let folder = folders.first().map_or(".", |folder| folder.as_str());
    let mut finding = blamed(suspects, makers, uid, Finding::at_path(folder, subject, message));
    // One of each group first, so that every kind is shown.
    let (first, rest): (Vec<_>, Vec<_>) =
        groups.iter().flat_map(|group| group.files.iter().enumerate()).partition(|(at, _)| *at == 0);
    for (_, file) in first.into_iter().chain(rest).take(SHOWN) {
        finding = finding.seen("lstat", file.path.display(), file.stat);
    }
    if files.len() > SHOWN {
        finding = finding.seen("lstat", "the project", format!("{} more of {them}", files.len() - SHOWN));
    }
    if unnamed > 0 {
        finding =
            finding.seen("walk", "the project", format!("{} foreign in all", host.walk.foreign_count)).help(format!(
                "let `devdoctor fix` take them up in a further round: {} here",
                text::counted(
                    unnamed,
                    "more foreign file or folder is not named",
                    "more foreign files and folders are not named"
                )
            ));
    }
    if let Some(reason) = &host.walk.cut_short {
        finding = finding.seen("walk", "the project", format!("not all was looked at: {reason}"));
    }
    finding
}
