//! What git keeps outside of the project's folder, and whose repositories it trusts.

use serde::{Deserialize, Serialize};

use super::{Owner, SeenPath, Walk};

/// The git repository around the project's root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Git {
    /// Top of the work tree, the directory that holds `.git`.
    pub top: SeenPath,
    /// To whom it belongs: git asks this before it does anything.
    pub top_owner: Owner,
    /// Git's own directories that do not lie in the project's root, as of a worktree, a submodule or a project below the
    /// top of its repository, each with what in it belongs to somebody else than the project.
    pub outside: Vec<GitDirectory>,
    /// The values of `safe.directory` in the system's and the person's git configuration, in order; an empty one
    /// takes those before it back.
    pub safe_directories: Vec<String>,
}

/// One of git's own directories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitDirectory {
    /// Absolute path.
    pub path: SeenPath,
    /// What was found in it, paths relative to it.
    pub walk: Walk,
}

/// Where git's branches have revisions that databases name and that no file of the work tree has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branches {
    /// How many were looked at: local ones, and those of remotes as they were fetched last.
    pub looked_at: usize,
    /// What was found.
    pub revisions: Vec<RevisionOnBranch>,
    /// Why they, or the rest of them, could not be looked at.
    #[serde(default)]
    pub trouble: Option<String>,
}

/// A revision that lies on branches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevisionOnBranch {
    /// `revision`.
    pub id: String,
    /// The file, relative to the project's root.
    pub path: String,
    /// `down_revision`: none for a base, several for a merge.
    pub parents: Vec<String>,
    /// Where it is: the commit that is checked out, then local branches, then those of remotes, the newest first.
    pub branches: Vec<Branch>,
}

/// A branch that has a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Branch {
    /// Its name as git takes it: `feature/x`, `origin/feature/x`; `HEAD` for the commit that is checked out.
    pub name: String,
    /// Which kind it is.
    pub kind: BranchKind,
    /// The other work tree that it is checked out in.
    #[serde(default)]
    pub worktree: Option<String>,
}

/// The kinds of branches that are reached in different ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BranchKind {
    /// What is checked out here, where the file is gone.
    Here,
    /// What is checked out here, where the file is another one by now.
    Changed,
    /// A local one.
    Local,
    /// One of a remote.
    Remote,
    /// One of a remote, while a local one of the same name lacks the file.
    RemoteOfLocal,
}

impl Git {
    /// Whether `safe.directory` lets git trust a repository (`git-config(1)`): its exact path, a directory above it with `/*`
    /// at the end, or `*`.
    pub fn trusts(&self, top: &str, home: Option<&str>) -> bool {
        self.safe_directories.iter().fold(false, |trusted, value| {
            let value = match (value.strip_prefix("~/"), home) {
                (Some(rest), Some(home)) => format!("{home}/{rest}"),
                _ => value.clone(),
            };
            let below = value.strip_suffix("/*").map(|directory| format!("{directory}/"));
            let exact = |value: &str| value.trim_end_matches('/') == top.trim_end_matches('/');
            !value.is_empty()
                && (trusted || value == "*" || exact(&value) || below.is_some_and(|below| top.starts_with(&below)))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[test]
    fn safe_directories_are_read_as_git_does() {
        for (values, trusted) in [
            (&[][..], false),
            (&["/w/shop"], true),
            (&["/w/shop/"], true),
            (&["/w/shop/api"], false),
            (&["/w"], false),
            (&["/w/*"], true),
            (&["~/shop"], true),
            (&["*"], true),
            (&["*", ""], false),
            (&["", "/w/shop"], true),
        ] {
            let git = Git {
                top: SeenPath(PathBuf::from("/w/shop")),
                top_owner: Owner { uid: 0, gid: 0 },
                outside: vec![],
                safe_directories: values.iter().map(|value| (*value).to_owned()).collect(),
            };
            assert_eq!(git.trusts("/w/shop", Some("/w")), trusted, "{values:?}");
        }
    }
}
