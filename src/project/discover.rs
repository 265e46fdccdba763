//! Finds the root of the project that encloses a directory, by the files that mark one.

/// Files of Compose.
const COMPOSE: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// Other files that make a directory a project, or a part of one.
const MARKS: [&str; 6] = ["alembic.ini", "pyproject.toml", "Makefile", "package.json", "justfile", "devdoctor.yaml"];

/// The root of the project around the absolute directory `start`.
///
/// In git, from `start` up to the top of the repository, that is the nearest directory with a Compose file; without any, the
/// top when it is marked; else the nearest marked directory; else the top. Outside of git, it is the topmost of the marked
/// directories that lie directly in one another from the nearest marked one upwards; without any, `start` itself.
/// Neither `home` nor `/` is ever found by climbing: both hold much that is no part of the project, such as the
/// repository of somebody's dotfiles.
pub fn root_of(start: &str, home: Option<&str>, exists: &dyn Fn(&str) -> bool) -> String {
    let start = without_last_slash(start);
    let candidates = candidates(start, home);
    if let Some(index) = candidates.iter().position(|directory| exists(&inside(directory, ".git"))) {
        let (below, top) = (&candidates[..index], candidates[index]);
        let composed = below.iter().chain([&top]).find(|directory| has_any(&COMPOSE, directory, exists));
        let marked = || below.iter().find(|directory| !is_marked(top, exists) && is_marked(directory, exists));
        return (*composed.or_else(marked).unwrap_or(&top)).to_owned();
    }
    let from_nearest = candidates.iter().skip_while(|directory| !is_marked(directory, exists));
    let topmost = from_nearest.take_while(|directory| is_marked(directory, exists)).last();
    (*topmost.unwrap_or(&start)).to_owned()
}

/// The root for a directory that the person named: the directory itself when it is marked, else as [`root_of`].
pub fn root_at(path: &str, home: Option<&str>, exists: &dyn Fn(&str) -> bool) -> String {
    let path = without_last_slash(path);
    if is_marked(path, exists) { path.to_owned() } else { root_of(path, home, exists) }
}

/// `start` and the directories above it, up to and without `home` and `/`.
fn candidates<'a>(start: &'a str, home: Option<&'a str>) -> Vec<&'a str> {
    let home = home.map(without_last_slash);
    let above = |directory: &&'a str| {
        let parent = without_last_slash(&directory[..directory.rfind('/')?]);
        (!parent.is_empty() && parent != "/" && Some(parent) != home && Some(*directory) != home).then_some(parent)
    };
    std::iter::successors(Some(start), above).collect()
}

fn is_marked(directory: &str, exists: &dyn Fn(&str) -> bool) -> bool {
    has_any(&COMPOSE, directory, exists) || has_any(&MARKS, directory, exists)
}

fn has_any(names: &[&str], directory: &str, exists: &dyn Fn(&str) -> bool) -> bool {
    names.iter().any(|name| exists(&inside(directory, name)))
}

/// Whether anything marks a root that was found; else it is only where the search began.
pub fn is_found(root: &str, exists: &dyn Fn(&str) -> bool) -> bool {
    is_marked(root, exists) || exists(&inside(root, ".git"))
}

fn inside(directory: &str, name: &str) -> String {
    format!("{}/{name}", directory.trim_end_matches('/'))
}

fn without_last_slash(path: &str) -> &str {
    match path.trim_end_matches('/') {
        "" => path.get(..1).unwrap_or(""),
        trimmed => trimmed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: Option<&str> = Some("/home/me");

    #[test]
    fn the_root_is_found_by_git_and_then_by_marks() {
        let table: [(&str, &[&str], &str); 26] = [
            // In git the nearest Compose file decides, then the top of the nearest repository.
            ("/w/app/src/api", &["/w/app/.git", "/w/app/src/pyproject.toml"], "/w/app/src"),
            ("/w/app/src/api", &["/w/app/.git", "/w/app/Makefile", "/w/app/src/pyproject.toml"], "/w/app"),
            ("/w/app/backend", &["/w/app/.git", "/w/app/compose.yaml", "/w/app/backend/pyproject.toml"], "/w/app"),
            ("/w/apps/a", &["/w/.git", "/w/package.json", "/w/apps/a/compose.yaml", "/w/apps/a/Makefile"], "/w/apps/a"),
            ("/w/apps/a/src", &["/w/.git", "/w/apps/a/compose.yml", "/w/compose.yaml"], "/w/apps/a"),
            ("/w/app/sub/x", &["/w/app/.git", "/w/app/sub/.git"], "/w/app/sub"),
            ("/w/app", &["/w/app/.git", "/w/compose.yaml"], "/w/app"),
            ("/w/app/src/", &["/w/app/.git"], "/w/app"),
            ("/w/app/src", &["/w/.git", "/w/app/compose.yaml"], "/w/app"),
            // Marks, in an unbroken chain.
            ("/w/app/src", &["/w/app/compose.yaml"], "/w/app"),
            ("/w/app/api/src", &["/w/app/compose.yml", "/w/app/api/pyproject.toml"], "/w/app"),
            ("/w/app/x/api", &["/w/app/compose.yml", "/w/app/x/api/alembic.ini"], "/w/app/x/api"),
            ("/w/a/b/c", &["/w/a/b/justfile", "/w/a/package.json", "/w/Makefile"], "/w"),
            ("/w/a/b", &["/w/a/b/devdoctor.yaml", "/compose.yaml"], "/w/a/b"),
            ("/w/a", &["/w/a/docker-compose.yml", "/w/docker-compose.yaml", "/Makefile"], "/w"),
            // Nothing, or nothing but what lies too high.
            ("/w/a/b", &[], "/w/a/b"),
            ("/w/a", &["/.git", "/compose.yaml"], "/w/a"),
            ("/", &["/compose.yaml"], "/"),
            ("/", &[], "/"),
            // Home counts only where one stands in it, and nothing above it does.
            ("/home/me", &["/home/me/compose.yaml", "/home/.git"], "/home/me"),
            ("/home/me/", &["/home/me/.git"], "/home/me"),
            ("/home/me/a", &["/home/me/compose.yaml", "/home/me/.git"], "/home/me/a"),
            ("/home/me/a/b", &["/home/me/.git", "/home/me/a/compose.yaml"], "/home/me/a"),
            ("/home/me/a/b", &["/home/me/Makefile", "/home/me/a/compose.yaml", "/home/compose.yaml"], "/home/me/a"),
            ("/home/me/a/b", &["/home/.git"], "/home/me/a/b"),
            ("/home/meg/a", &["/home/meg/.git"], "/home/meg"),
        ];
        for (start, files, root) in table {
            let exists = |path: &str| files.contains(&path);
            assert_eq!(root_of(start, HOME, &exists), root, "{start} with {files:?}");
            assert_eq!(root_of(start, Some("/home/me/"), &exists), root, "{start} with {files:?}");
        }
    }

    #[test]
    fn a_named_directory_that_is_marked_is_the_root() {
        let exists = |path: &str| ["/w/.git", "/w/app/compose.yaml", "/home/me/compose.yaml"].contains(&path);
        let table = [("/w/app", "/w/app"), ("/w/app//", "/w/app"), ("/w/app/src", "/w/app"), ("/w", "/w")];
        for (path, root) in table.into_iter().chain([("/home/me", "/home/me"), ("/home/me/x", "/home/me/x")]) {
            assert_eq!(root_at(path, HOME, &exists), root, "{path}");
        }
    }

    #[test]
    fn odd_starts_and_homes_end() {
        for start in ["", "/", "//", "///a//b", "a", "a/b", "é/ü", "/é\n/ü"] {
            for home in [None, Some(""), Some("/"), Some("//"), Some("a")] {
                assert!(!root_of(start, home, &|_| true).is_empty() || start.is_empty());
                assert_eq!(root_of(start, home, &|_| false), without_last_slash(start));
            }
        }
    }
}
