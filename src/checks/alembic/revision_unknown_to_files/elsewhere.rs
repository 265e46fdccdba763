//! Where git has the file of a revision that is not here, and how to get at it.

use crate::checks::alembic::databases::Unknown;
use crate::facts::{Branch, BranchKind, Branches, RevisionOnBranch};
use crate::finding::Finding;
use crate::fix::show::quoted;

/// What git's branches say of a revision.
pub(super) struct Elsewhere<'facts> {
    branches: &'facts Branches,
    found: Option<(&'facts RevisionOnBranch, &'facts Branch)>,
    /// What the database is to be taken back to before the branch is left, when that can be told.
    back_to: Option<&'facts str>,
}

impl<'facts> Elsewhere<'facts> {
    pub fn of(branches: &'facts Branches, unknown: &Unknown<'facts>) -> Self {
        let below = |path: &str| {
            let directories = &unknown.environment.version_directories;
            directories.iter().any(|directory| directory.is_empty() || path.starts_with(&format!("{directory}/")))
        };
        let found = branches.revisions.iter().find(|one| one.id == unknown.id && below(&one.path));
        let graph = unknown.environment.revisions.graph();
        let parents = found.map_or(&[][..], |found| &found.parents);
        let back_to = match (parents, unknown.at.versions) {
            ([], [_]) => Some("base"),
            ([parent], [_]) => Some(parent.as_str()).filter(|parent| graph.get(parent).is_some() && is_plain(parent)),
            _ => None,
        };
        Self { branches, found: found.and_then(|found| Some((found, found.branches.first()?))), back_to }
    }

    /// Where it is, behind "whose file is".
    pub fn place(&self) -> Option<String> {
        let (_, branch) = self.found?;
        Some(match branch.kind {
            BranchKind::Here => "in the last commit, but no longer in the folder".to_owned(),
            BranchKind::Changed => "in the last commit, and was changed since".to_owned(),
            BranchKind::Local => format!("on branch `{}`", branch.name),
            BranchKind::Remote | BranchKind::RemoteOfLocal => format!("on the remote branch `{}`", branch.name),
        })
    }

    /// Says what was seen, and what to do with it.
    pub fn told(&self, finding: Finding) -> Finding {
        let Some((revision, branch)) = self.found else {
            let none = match self.branches.looked_at {
                0 => "there is no other one".to_owned(),
                1 => "the one other lacks it".to_owned(),
                count => format!("none of {count} others has it"),
            };
            return finding.seen("git", "branches", self.branches.trouble.clone().unwrap_or(none));
        };
        let others = match revision.branches.len() {
            0 | 1 => String::new(),
            2 => ", and one more branch has it".to_owned(),
            count => format!(", and {} more branches have it", count - 1),
        };
        let finding = finding.seen("git", &branch.name, format!("{}{others}", revision.path));
        let (name, path) = (quoted(&branch.name), quoted(&revision.path));
        // git takes a name that starts like an option for one.
        if branch.name.starts_with('-') {
            return finding;
        }
        let finding = match (&branch.worktree, branch.kind) {
            (_, BranchKind::Here) => {
                return finding.help(format!("bring it back: git restore --source=HEAD --staged --worktree -- {path}"));
            }
            (_, BranchKind::Changed) => {
                return finding.help(format!("look what was changed: git diff HEAD -- {path}"));
            }
            (Some(worktree), _) => {
                finding.help(format!("go on where this branch is checked out: cd {}", quoted(worktree)))
            }
            (None, BranchKind::Local) => finding.help(format!("go on where it is: git switch {name}")),
            (None, BranchKind::Remote) => finding.help(format!("go on where it is: git switch --track {name}")),
            (None, _) => finding.help(format!("go on where it is: git switch --detach {name}")),
        };
        finding.help(match self.back_to {
            Some(back_to) => {
                format!("or take the database back there before you go on here: alembic downgrade {back_to}")
            }
            None => "or take the database back there, to a revision that is here, too".to_owned(),
        })
    }
}

/// Whether a revision's name means nothing to a shell or to a pattern.
pub(in crate::checks::alembic) fn is_plain(id: &str) -> bool {
    !id.starts_with('-') && id.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}
