//! Files of the project belong to somebody else than the project: a container wrote them as root.

use std::collections::BTreeMap;
use std::path::Path;

use crate::access::Decides;
use crate::facts::{Facts, FileKind, Filesystem, ForeignFile, Host, Missing, Need};
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::discover;

use super::cure::cure;
use super::makers::{counted, groups, is_gits};
use super::suspects::{Suspect, because, belongs_there, responsible, suspects};

/// Folders of the system, where root's files are in their place.
const SYSTEM: [&str; 14] =
    ["bin", "boot", "dev", "etc", "lib", "lib64", "nix", "proc", "run", "sbin", "snap", "sys", "usr", "var"];

/// So many folders that could not be entered are named.
const CLOSED: usize = 5;

/// Evidence names at most so many files.
const SHOWN: usize = 50;

pub(super) fn check(facts: &Facts) -> Checked {
    let host = facts.host()?;
    if host.root_owner.uid == 0 {
        return Ok(whole_project(&facts.project.root, host).into_iter().collect());
    }
    let suspects = suspects(facts);
    // What lies in git's own directories is told by itself: other things fail there. So is what a mount's own finding gives away.
    let mut elsewhere = super::bind_not_writable::given_away(facts);
    elsewhere.extend(super::bind_source_is_directory::removed(facts));
    let told = |file: &&ForeignFile| is_gits(file.path.as_path()) || elsewhere.contains(&file.path);
    let stories = stories(facts, &suspects, host.walk.foreign.iter().filter(|file| !told(file)));
    let closed = closed(facts, host, &suspects);
    if stories.is_empty() && !closed.is_empty() {
        return Err(Missing::new(Need::Host, format!("could not look into {}", closed.join(", "))));
    }
    if let (true, Some(reason)) = (stories.is_empty(), &host.walk.cut_short) {
        return Err(Missing::new(Need::Host, format!("not all of the project's files were looked at: {reason}")));
    }
    let told = |((makers, uid), files): (&(Vec<usize>, u32), &Vec<&ForeignFile>)| {
        let mut finding = story(facts, host, &suspects, makers, *uid, files);
        for folder in &closed {
            finding = finding.seen("walk", "the project", format!("could not look into {folder}"));
        }
        for folder in &host.walk.other_filesystems {
            finding = finding.seen("walk", folder.display(), "not entered: another file system");
        }
        cure(facts, host, files, finding)
    };
    Ok(stories.iter().map(told).collect())
}

/// Files by the services that can have made them, and by owner.
pub(super) type Stories<'a> = BTreeMap<(Vec<usize>, u32), Vec<&'a ForeignFile>>;

/// Sorts foreign files by who made them; what belongs to a service by right, or is shared through a group, is left out.
pub(super) fn stories<'a>(
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

/// Folders that could not be entered and are no service's own, with the reason. At most a few by name.
fn closed(facts: &Facts, host: &Host, suspects: &[Suspect<'_>]) -> Vec<String> {
    let by_right = |path: &Path| {
        let at = host.walk.foreign.binary_search_by(|file| file.path.as_path().cmp(path)).ok();
        at.and_then(|at| host.walk.foreign.get(at)).is_some_and(|file| {
            let path = format!("{}/{}", facts.project.root, path.to_string_lossy());
            belongs_there(file, &path, suspects, facts)
        })
    };
    let unreadable = host.walk.unreadable.iter().filter(|(path, _)| !path.as_path().ancestors().any(by_right));
    let mut folders: Vec<String> =
        unreadable.map(|(path, reason)| format!("`{}` ({reason})", path.display())).collect();
    let more = folders.len().saturating_sub(CLOSED);
    folders.truncate(CLOSED);
    if more > 0 {
        folders.push(format!("{more} more folders"));
    }
    folders
}

/// The project as a whole belongs to root and an ordinary user works on it, as where a repository was cloned under sudo.
///
/// Nothing is said to root, nor under sudo, nor where the person may write all the same, nor about the system's own folders.
fn whole_project(root: &str, host: &Host) -> Option<Finding> {
    let person = &host.person;
    let writable = host.stat(root).flatten().is_some_and(|stat| {
        let in_group = person.owner.gid == stat.owner.gid || person.groups.contains(&stat.owner.gid);
        stat.mode & 0o002 != 0 || in_group && stat.mode & 0o020 != 0
    });
    let keeps_no_owners = host.filesystem.as_ref().is_some_and(Filesystem::keeps_no_owners);
    let top = root.split('/').find(|part| !part.is_empty()).unwrap_or_default();
    let of_system = SYSTEM.contains(&top) || discover::is_of_system(root);
    let by_root = person.owner.uid == 0 || host.effective_uid == 0 || host.through_sudo;
    if by_root || writable || keeps_no_owners || of_system || top.is_empty() {
        return None;
    }
    let owner = person.owner;
    let title = format!(
        "give the project to {owner}, where it is meant to be yours: run `sudo chown -hR --from=0 {owner} .`, which leaves \
         what belongs to others as it is"
    );
    let finding = Finding::at_path(".", ".", "`.` belongs to root, not to you");
    Some(finding.seen("lstat", ".", host.root_owner).fix(Fix::manual(title)))
}

/// Puts a finding about files of a user at the mount through which they were made, and names who can have made them; it stays
/// where it is when nobody is known.
pub(super) fn blamed(suspects: &[Suspect<'_>], makers: &[usize], uid: u32, mut finding: Finding) -> Finding {
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
    // What is beyond the names that are kept is counted all the same.
    let unnamed = host.walk.foreign_count.saturating_sub(host.walk.foreign.len() as u64);
    let at_least = if unnamed > 0 { "at least " } else { "" };
    let belong = if files.len() == 1 { "belongs" } else { "belong" };
    let words: Vec<String> = groups.iter().map(super::makers::Group::words).collect();
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
                "run `devdoctor fix` again afterwards: {unnamed} more foreign files and folders are not named here"
            ));
    }
    if let Some(reason) = &host.walk.cut_short {
        finding = finding.seen("walk", "the project", format!("not all was looked at: {reason}"));
    }
    finding
}
