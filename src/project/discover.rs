//! Finds the root of the project that encloses a directory, by the files that mark one.

/// Files of Compose.
const COMPOSE: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];

/// Other files that make a directory a project, or a part of one.
const MARKS: [&str; 6] = ["alembic.ini", "pyproject.toml", "Makefile", "package.json", "justfile", "devdoctor.yaml"];

/// What shows in a directory that somebody works on a project there, though it is no reason to look for the root above it.
const TRACES: [&str; 9] = [
    ".devcontainer",
    ".env",
    ".pre-commit-config.yaml",
    "Dockerfile",
    "Taskfile.yml",
    "requirements.txt",
    "setup.cfg",
    "setup.py",
    "uv.lock",
];

/// Folders of the system and those that everybody's folders lie in. What is in them has many owners and none is wrong.
const SYSTEM: [&str; 38] = [
    "/",
    "/bin",
    "/boot",
    "/dev",
    "/dev/shm",
    "/etc",
    "/home",
    "/lib",
    "/lib64",
    "/media",
    "/mnt",
    "/nix",
    "/opt",
    "/proc",
    "/run",
    "/run/user",
    "/sbin",
    "/snap",
    "/srv",
    "/sys",
    "/tmp",
    "/usr",
    "/usr/bin",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local",
    "/usr/sbin",
    "/usr/share",
    "/usr/src",
    "/var",
    "/var/cache",
    "/var/home",
    "/var/lib",
    "/var/log",
    "/var/opt",
    "/var/run",
    "/var/spool",
    "/var/tmp",
];

/// Whether an absolute directory is one of the system's, or one that everybody's folders lie in.
pub fn is_of_system(directory: &str) -> bool {
    SYSTEM.contains(&without_last_slash(directory))
}

/// What lies directly below a root.
#[derive(Clone, Debug, Default)]
pub struct Below {
    /// Names of files.
    pub files: Vec<String>,
    /// Names of folders.
    pub folders: Vec<String>,
}

/// Whether `root` is a project, and not merely where the search for one ended.
///
/// The system's folders never are. A person's home is one only by a Compose file or a `devdoctor.yaml` of its own: nearly
/// everything in it belongs to something else, whatever repository its dotfiles are in. Any other directory is one by a mark or
/// a trace, or by exactly one folder with a Compose file, unless several repositories lie beside one another there.
pub fn is_project(root: &str, homes: &[String], below: &Below, exists: &dyn Fn(&str) -> bool) -> bool {
    if is_of_system(root) {
        return false;
    }
    let composed = has_any(&COMPOSE, root, exists) || below.files.iter().any(|name| is_compose_name(name));
    if homes.iter().any(|home| without_last_slash(home) == without_last_slash(root)) {
        return composed || exists(&inside(root, "devdoctor.yaml"));
    }
    let with =
        |names: &[&str]| below.folders.iter().filter(|folder| has_any(names, &inside(root, folder), exists)).count();
    composed
        || is_marked(root, exists)
        || exists(&inside(root, ".git"))
        || has_any(&TRACES, root, exists)
        || (with(&COMPOSE) == 1 && with(&[".git"]) == 0)
}

/// Whether a file may be a Compose file by its name: one of the usual, or one with a word in it, as `compose.dev.yaml`.
pub fn is_compose_name(name: &str) -> bool {
    let stem = name.strip_suffix(".yaml").or_else(|| name.strip_suffix(".yml"));
    let rest = stem.and_then(|stem| stem.strip_prefix("docker-compose").or_else(|| stem.strip_prefix("compose")));
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-', '_']))
}

/// The root of the project around the absolute directory `start`.
///
/// In git, from `start` up to the top of the repository, that is the nearest directory with a Compose file; without any, the
/// top when it is marked; else the nearest marked directory; else the top. Outside of git, it is the topmost of the marked
/// directories that lie directly in one another from the nearest marked one upwards; without any, `start` itself.
/// Neither `home` nor a folder of the system is ever found by climbing: both hold much that is no part of the project, such as
/// the repository of somebody's dotfiles.
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

/// `start` and the directories above it, up to and without `home` and the system's.
fn candidates<'a>(start: &'a str, home: Option<&'a str>) -> Vec<&'a str> {
    let home = home.map(without_last_slash);
    let above = |directory: &&'a str| {
        let parent = without_last_slash(&directory[..directory.rfind('/')?]);
        let too_high = parent.is_empty() || is_of_system(parent) || Some(parent) == home || Some(*directory) == home;
        (!too_high).then_some(parent)
    };
    std::iter::successors(Some(start), above).collect()
}

fn is_marked(directory: &str, exists: &dyn Fn(&str) -> bool) -> bool {
    has_any(&COMPOSE, directory, exists) || has_any(&MARKS, directory, exists)
}

fn has_any(names: &[&str], directory: &str, exists: &dyn Fn(&str) -> bool) -> bool {
    names.iter().any(|name| exists(&inside(directory, name)))
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
    fn a_mark_of_its_own_makes_a_project_but_not_everywhere() {
        let table: [(&str, &[&str], bool); 12] = [
            ("/w", &["/w/.git"], true),
            ("/w", &["/w/Dockerfile"], true),
            ("/w", &["/w/api/compose.yaml"], true),
            ("/w", &["/w/api/compose.yaml", "/w/web/compose.yaml"], false),
            ("/w", &["/w/api/compose.yaml", "/w/api/.git"], false),
            ("/w", &[], false),
            ("/home/me", &["/home/me/.git", "/home/me/pyproject.toml"], false),
            ("/home/me", &["/home/me/api/compose.yaml"], false),
            ("/home/me", &["/home/me/compose.yaml"], true),
            ("/tmp", &["/tmp/compose.yaml"], false),
            ("/", &["/compose.yaml", "/.git"], false),
            ("/opt", &["/opt/api/compose.yaml"], false),
        ];
        let below = Below { files: vec![], folders: vec!["api".to_owned(), "web".to_owned()] };
        for (root, files, project) in table {
            let exists = |path: &str| files.contains(&path);
            assert_eq!(is_project(root, &["/home/me/".to_owned()], &below, &exists), project, "{root} with {files:?}");
        }
    }

    #[test]
    fn compose_files_are_known_by_name() {
        let names = ["compose.yaml", "docker-compose.dev.yml", "compose-ci.yaml", "docker-compose.override.yml"];
        assert!(names.into_iter().all(is_compose_name));
        let others = ["composer.yaml", "compose.json", "my-compose.yaml", "docker.yml", "composers.yml", "compose"];
        assert!(!others.into_iter().any(is_compose_name));
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
