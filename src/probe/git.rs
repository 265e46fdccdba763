//! The git repository around the project: whose it is, where its own directories are, and what git's configuration trusts.
#![expect(clippy::disallowed_methods, reason = "this is a place where files are read")]

use std::path::{Path, PathBuf};
use std::time::Instant;

use nix::sys::stat::{lstat, stat};

use crate::facts::{Environment, Git, GitDirectory, SeenPath};
use crate::text::gitconfig;

use super::walk::{path_stat, walk};

/// A configuration file larger than this is none.
const LARGEST: u64 = 1_000_000;

/// How deep included files are followed.
const DEEPEST: usize = 5;

/// Looks for the repository around `root` and at git's own directories outside of it; `owner` is whose they should be.
pub fn look(root: &Path, home: Option<&Path>, environment: &Environment, owner: u32, deadline: Instant) -> Option<Git> {
    let root = std::fs::canonicalize(root).ok()?;
    let top = root.ancestors().find(|directory| lstat(&directory.join(".git")).is_ok())?;
    let own = directory_of(&top.join(".git"))?;
    // A worktree shares all but a few files with the repository it was made from.
    let shared = text(&own.join("commondir")).map(|path| own.join(path.trim()));
    let shared = shared.and_then(|path| std::fs::canonicalize(path).ok());
    let mut outside: Vec<PathBuf> = [Some(own), shared].into_iter().flatten().collect();
    outside.retain(|directory| !directory.starts_with(&root));
    outside.sort();
    outside.dedup_by(|one, before| one.starts_with(before));
    let outside = outside
        .into_iter()
        .filter_map(|path| Some(GitDirectory { walk: walk(&path, owner, deadline).ok()?, path: SeenPath(path) }));
    Some(Git {
        top: SeenPath(top.to_owned()),
        top_owner: path_stat(&stat(top).ok()?).owner,
        outside: outside.collect(),
        safe_directories: safe_directories(home, environment),
    })
}

/// Where `.git` is: the directory itself, or the one that the file names (`gitrepository-layout(5)`, "gitdir:").
fn directory_of(path: &Path) -> Option<PathBuf> {
    if path.is_dir() {
        return std::fs::canonicalize(path).ok();
    }
    let named = text(path)?;
    let named = named.strip_prefix("gitdir:")?.trim_matches(['\n', '\r', ' ']);
    std::fs::canonicalize(path.parent()?.join(named)).ok()
}

fn text(path: &Path) -> Option<String> {
    let is_small_file = std::fs::metadata(path).is_ok_and(|data| data.is_file() && data.len() <= LARGEST);
    is_small_file.then(|| std::fs::read_to_string(path).ok()).flatten()
}

/// The values of `safe.directory`, of which git heeds those of the system, the person and the environment only.
fn safe_directories(home: Option<&Path>, environment: &Environment) -> Vec<String> {
    let configured = |name: &str| environment.get_nonempty(name).map(PathBuf::from);
    let mut files = vec![];
    if environment.get_nonempty("GIT_CONFIG_NOSYSTEM").is_none() {
        files.push(configured("GIT_CONFIG_SYSTEM").unwrap_or_else(|| PathBuf::from("/etc/gitconfig")));
    }
    match (configured("GIT_CONFIG_GLOBAL"), home) {
        (Some(file), _) => files.push(file),
        (None, Some(home)) => {
            let xdg = configured("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
            files.extend([xdg.join("git/config"), home.join(".gitconfig")]);
        }
        (None, None) => {}
    }
    let mut found = vec![];
    for file in files {
        read(&file, home, 0, &mut found);
    }
    let count = environment.get("GIT_CONFIG_COUNT").and_then(|count| count.parse::<usize>().ok()).unwrap_or(0);
    for index in 0..count.min(100) {
        let given = |part: &str| environment.get(&format!("GIT_CONFIG_{part}_{index}"));
        if given("KEY").is_some_and(|key| key.eq_ignore_ascii_case("safe.directory")) {
            found.extend(given("VALUE").map(str::to_owned));
        }
    }
    found
}

fn read(file: &Path, home: Option<&Path>, depth: usize, found: &mut Vec<String>) {
    let Some(text) = text(file).filter(|_| depth <= DEEPEST) else { return };
    for (key, value) in gitconfig::values(&text) {
        if key == "safe.directory" {
            found.push(value);
        } else if key == "include.path" || (key.starts_with("includeif.") && key.ends_with(".path")) {
            // Whether a condition holds is not asked: what may be trusted is not complained about.
            let path = match (value.strip_prefix("~/"), home) {
                (Some(rest), Some(home)) => home.join(rest),
                _ => file.parent().unwrap_or(Path::new("/")).join(&value),
            };
            read(&path, home, depth + 1, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(9)
    }

    #[test]
    fn worktrees_and_submodules_lead_to_the_directories_outside() {
        let base = tempfile::tempdir().unwrap();
        let at = |path: &str| base.path().canonicalize().unwrap().join(path);
        let make = |path: &str, text: &str| {
            std::fs::create_dir_all(at(path).parent().unwrap()).unwrap();
            std::fs::write(at(path), text).unwrap();
        };
        make("main/.git/HEAD", "ref: refs/heads/main\n");
        make("main/sub/deeper/x", "");
        make("main/.git/worktrees/side/commondir", "../..\n");
        make("side/.git", &format!("gitdir: {}\n", at("main/.git/worktrees/side").display()));
        make("main/.git/modules/lib/HEAD", "");
        make("main/lib/.git", "gitdir: ../.git/modules/lib\n");
        make("broken/.git", "gitdir: /nowhere\n");
        let outside = |root: &str| {
            let git = look(&at(root), None, &Environment::default(), 4_000_000, soon())?;
            assert!(git.outside.iter().all(|directory| directory.walk.foreign_count > 0));
            Some(git.outside.iter().map(|directory| directory.path.0.clone()).collect::<Vec<_>>())
        };
        assert_eq!(outside("main"), Some(vec![]));
        assert_eq!(outside("main/sub/deeper"), Some(vec![at("main/.git")]));
        assert_eq!(outside("side"), Some(vec![at("main/.git")]));
        assert_eq!(outside("main/lib"), Some(vec![at("main/.git/modules/lib")]));
        assert_eq!(outside("broken"), None);
    }

    #[test]
    fn trust_is_read_from_all_places_that_git_heeds() {
        let home = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(home.path().join(name), text).unwrap();
        std::fs::create_dir_all(home.path().join(".config/git")).unwrap();
        write(".config/git/config", "[safe]\n\tdirectory = /one\n");
        write(
            ".gitconfig",
            "[include]\n\tpath = more\n[include]\n\tpath = ~/.gitconfig\n[safe]\n\tdirectory = /three\n",
        );
        write("more", "[safe]\n\tdirectory = /two\n");
        let set = |pairs: &[(&str, &str)]| -> Environment {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let alone = [("GIT_CONFIG_NOSYSTEM", "1")];
        let found = safe_directories(Some(home.path()), &set(&alone));
        assert_eq!(found[..2], ["/one", "/two"]);
        assert_eq!(found.last().unwrap(), "/three");
        let given = set(&[
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/none"),
            ("GIT_CONFIG_COUNT", "1"),
            ("GIT_CONFIG_KEY_0", "safe.directory"),
            ("GIT_CONFIG_VALUE_0", "/four"),
        ]);
        assert_eq!(safe_directories(Some(home.path()), &given), ["/four"]);
    }
}
