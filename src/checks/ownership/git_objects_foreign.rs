//! Files of git's own directories belong to somebody else, and git has to write them.

use std::path::Path;

use crate::access::rights::{Process, Want};
use crate::facts::{Facts, FileKind, ForeignFile, Git, GitDirectory, Host, Identity, Missing, Need};
use crate::finding::{Checked, Finding};
use crate::fix::Fix;

use super::cure::cure;
use super::foreign_files::{blamed, stories};
use super::makers::{counted, is_gits};
use super::suspects::{responsible, suspects};

/// Evidence names at most so many files.
const SHOWN: usize = 20;

pub(super) fn check(facts: &Facts) -> Checked {
    let host = facts.host()?;
    if host.root_owner.uid == 0 {
        return Ok(vec![]);
    }
    let suspects = suspects(facts);
    let inside = host.walk.foreign.iter().filter(|file| is_gits(file.path.as_path()));
    let mut findings = vec![];
    for ((makers, uid), files) in stories(facts, &suspects, inside) {
        let first = files.iter().map(|file| git_directory(file.path.as_path())).min().unwrap_or_default();
        let Some(finding) = told(host, &first, uid, &files) else { continue };
        findings.push(cure(facts, host, &files, blamed(&suspects, &makers, uid, finding)));
    }
    for directory in host.git.iter().flat_map(|git: &Git| &git.outside) {
        let path = directory.path.display();
        let Some(uid) = directory.walk.foreign.first().map(|file| file.stat.owner.uid) else { continue };
        let files: Vec<&ForeignFile> =
            directory.walk.foreign.iter().filter(|file| file.stat.owner.uid == uid).collect();
        let Some(finding) = told(host, &path, uid, &files) else { continue };
        let makers = responsible(&path, uid, &suspects);
        findings.push(blamed(&suspects, &makers, uid, finding).fix(by_hand(host, directory, uid, &files)));
    }
    match (findings.is_empty(), &host.walk.cut_short) {
        (true, Some(reason)) => {
            Err(Missing::new(Need::Host, format!("not all of the project's files were looked at: {reason}")))
        }
        _ => Ok(findings),
    }
}

/// The part of a path up to its `.git`.
fn git_directory(path: &Path) -> String {
    let until = path.ancestors().find(|part| part.file_name().is_some_and(|name| name == ".git"));
    crate::facts::SeenPath(until.unwrap_or(path).to_owned()).display()
}

fn told(host: &Host, directory: &str, uid: u32, files: &[&ForeignFile]) -> Option<Finding> {
    let (hurting, others): (Vec<&ForeignFile>, Vec<&ForeignFile>) =
        files.iter().copied().partition(|file| hurts(host, file));
    if hurting.is_empty() {
        return None;
    }
    let them = if uid == 0 { "root".to_owned() } else { format!("user {uid}") };
    let belong = if hurting.len() == 1 { "belongs" } else { "belong" };
    let you = if host.person.owner.uid == host.root_owner.uid { "you".to_owned() } else { host.root_owner.to_string() };
    let message = format!("git cannot write in `{directory}`: {} {belong} to {them}, not to {you}", counted(&hurting));
    let mut finding = Finding::at_path(directory, directory, message);
    for file in hurting.iter().chain(&others).take(SHOWN) {
        finding = finding.seen("lstat", file.path.display(), file.stat);
    }
    if files.len() > SHOWN {
        finding = finding.seen("lstat", directory, format!("{} more of {them}", files.len() - SHOWN));
    }
    Some(finding)
}

/// Whether git fails on what it finds there: in a directory that takes no new entries, and at a file that it writes in place.
/// All other files it replaces by new ones, and objects are only read (seen with git 2.47, each by itself; `tests/git_real.rs`).
fn hurts(host: &Host, file: &ForeignFile) -> bool {
    let path = file.path.as_path();
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let within = |names: &[&str]| path.components().any(|part| names.iter().any(|name| part.as_os_str() == *name));
    // The person's groups count where the project is theirs.
    let identity = match host.person.owner.uid == host.root_owner.uid {
        true => host.person.clone(),
        false => Identity { owner: host.root_owner, groups: vec![], name: None },
    };
    if name == ".git" {
        // The "dubious ownership" of a repository is asked of this one too, whatever its mode.
        return true;
    }
    let in_place = within(&["logs"]) || name == "FETCH_HEAD" || name.ends_with("_EDITMSG") || name.ends_with("_MSG");
    let matters = match file.stat.kind {
        FileKind::Directory => !within(&["hooks", "branches"]),
        FileKind::File => in_place,
        FileKind::Symlink | FileKind::Other => false,
    };
    matters && !Process::here(&identity).may(Want::Write, &file.stat)
}

fn by_hand(host: &Host, directory: &GitDirectory, uid: u32, files: &[&ForeignFile]) -> Fix {
    let (to, path) = (host.root_owner, directory.path.display().replace('\'', "'\\''"));
    Fix::manual(format!(
        "give {} back to {to}, outside of this project: run `sudo chown -hR --from={uid} {to} '{path}'`",
        counted(files)
    ))
}
