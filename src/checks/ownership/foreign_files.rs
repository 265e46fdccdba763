//! Files of the project belong to somebody else than the project: a container wrote them as root.

mod stories;
mod story;
mod whole_project;

use std::path::Path;

use crate::facts::{Facts, ForeignFile, Host, Missing, Need};
use crate::finding::Checked;
use crate::text::counted;

use super::cure::cure;
use super::makers::is_gits;
use super::suspects::{Suspect, belongs_there, suspects};

use story::story;
use whole_project::whole_project;

pub(super) use stories::stories;
pub(super) use story::blamed;

/// So many folders that could not be entered are named.
const CLOSED: usize = 5;

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
        folders.push(counted(more, "more folder", "more folders"));
    }
    folders
}
