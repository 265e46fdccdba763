//! Where a service expects the project's virtual environment, and which mounts decide what it finds there.

use crate::facts::{Container, MountKind, PathWish};
use crate::project::Project;
use crate::project::commands::CommandLine;
use crate::project::compose::is_below;
use crate::project::python_environment::VirtualEnvironment;

use super::commands::{Programs, command_lines, ran};
use super::interest::{commands, exec_lines};
use super::layout::{Layout, absolute, ancestors};

/// The path of the project's environment in a container: `UV_PROJECT_ENVIRONMENT`, else `.venv` in the working directory.
pub fn environment_path(container: &Container) -> String {
    let directory = if container.working_dir.is_empty() { "/" } else { &container.working_dir };
    let written = container.environment.get_nonempty("UV_PROJECT_ENVIRONMENT").unwrap_or(".venv");
    absolute(written, directory)
}

/// Whether what runs in a container uses the environment at a path: by name, by `PATH` or `VIRTUAL_ENV`, or through uv.
pub fn uses_environment(container: &Container, words: &[&str], path: &str) -> bool {
    let on_path =
        container.environment.get("PATH").is_some_and(|list| list.split(':').any(|entry| is_below(entry, path)));
    let chosen = container.environment.get("VIRTUAL_ENV") == Some(path);
    let name = path.rsplit('/').next().unwrap_or(path);
    let named = words.iter().any(|word| word.contains(&format!("{name}/bin/")));
    on_path || chosen || named || syncs(words)
}

/// Whether a command makes the project's environment anew where it does not fit: `uv run`, `uv sync`, `poetry install`, ….
pub fn syncs(words: &[&str]) -> bool {
    ran(words, &[("uv", &["run", "sync", "venv"])], &["--no-sync"]).is_some() || ran(words, MAKERS, &[]).is_some()
}

/// Programs that make or fill an environment, besides those of uv.
const MAKERS: Programs = &[
    ("poetry", &["install", "sync"]),
    ("pip", &["install"]),
    ("pip3", &["install"]),
    ("uv", &["pip"]),
    ("-m", &["venv", "virtualenv"]),
];

/// Whether a command certainly makes the environment at this path where there is none, so that it fails where it cannot.
pub fn makes(words: &[&str], path: &str, container: &Container) -> bool {
    let directory = if container.working_dir.is_empty() { "/" } else { &container.working_dir };
    let is_fixed = container.environment.get("UV_PROJECT_ENVIRONMENT").is_some_and(|path| path.starts_with('/'));
    makes_at(words, path, directory, is_fixed)
}

/// The same for a working directory; the path may be the same in all of them.
fn makes_at(words: &[&str], path: &str, directory: &str, is_fixed: bool) -> bool {
    const ELSEWHERE: [&str; 4] = ["UV_PROJECT_ENVIRONMENT", "UV_NO_PROJECT", "UV_ISOLATED", "VIRTUAL_ENV"];
    const NONE: [&str; 9] =
        ["--no-project", "--isolated", "--dry-run", "--active", "--script", "--gui-script", "-s", "--help", "-h"];
    let text = words.join(" ");
    let moves = ["cd", "pushd", "--directory", "--project"];
    let is_moved = text.split([' ', ';', '=', '\n', '"', '\'']).any(|word| moves.contains(&word));
    if ELSEWHERE.iter().any(|name| text.contains(name)) || is_moved && !is_fixed {
        return false;
    }
    let is_path = |word: &str| absolute(word.trim_matches(['"', '\'']), directory).trim_end_matches('/') == path;
    let by_venv = command_lines(words).iter().any(|line| {
        let line: Vec<&str> = line.iter().map(String::as_str).collect();
        let Some(at) = line.iter().position(|word| ["venv", "virtualenv"].contains(word)) else { return false };
        let (before, after) = (line.get(..at).unwrap_or_default(), line.get(at + 1..).unwrap_or_default());
        let by_module = before.last() == Some(&"-m");
        let by_uv = ran(&line, &[("uv", &["venv"])], &NONE).is_some();
        let named: Vec<&&str> = after.iter().filter(|word| !word.starts_with('-')).collect();
        (by_module || by_uv)
            && !after.iter().any(|word| NONE.contains(word))
            && match named.as_slice() {
                [] => by_uv,
                [one] => after.first() == Some(*one) && is_path(one),
                _ => false,
            }
    });
    by_venv
        || ran(words, &[("uv", &["run"])], &NONE).is_some()
        || ran(words, &[("uv", &["sync"])], &[&NONE[..], &["--check"]].concat()).is_some()
}

/// What the checks of environments have to look at in a container: the interpreter that an environment of the project needs
/// where it is mounted, and what lies in a volume that holds one.
pub fn environment_wishes(container: &Container, project: &Project) -> Vec<PathWish> {
    let layout = Layout::of_container(container);
    let expected = environment_path(container);
    let spot = layout.spot(&expected);
    let plain = |path: String| PathWish { path, listing: false };
    match (spot.kind, spot.host_path) {
        (Some(MountKind::Volume), _) if is_mount_point(container, &expected) => {
            let inside = SIGNS_OF_USE.iter().chain(["pyvenv.cfg"].iter());
            inside.map(|name| plain(format!("{expected}/{name}"))).chain([plain(expected.clone())]).collect()
        }
        (Some(MountKind::Bind), Some(on_host)) => {
            let relative = on_host.strip_prefix(&format!("{}/", project.root)).unwrap_or_default();
            let environment = project.virtual_environments.get(relative);
            let wanted = |environment: &VirtualEnvironment| {
                [environment.interpreter(), environment.alembic_interpreter.clone()].into_iter().flatten()
            };
            environment.into_iter().flat_map(wanted).map(plain).collect()
        }
        // What is to be made in the container itself: each folder on the way decides.
        (None, _) if is_chosen(container) || is_made(container, project) => {
            ancestors(&expected).into_iter().filter(|path| path != "/").chain([expected]).map(plain).collect()
        }
        _ => vec![],
    }
}

fn is_chosen(container: &Container) -> bool {
    container.environment.get_nonempty("UV_PROJECT_ENVIRONMENT").is_some()
}

/// Whether what a service runs, or what is run in it, makes the environment.
fn is_made(container: &Container, project: &Project) -> bool {
    let own: Vec<&str> = commands(container, project).map(String::as_str).collect();
    let lines = || container.service.iter().flat_map(|service| exec_lines(project, service));
    let makes = |line: &CommandLine| {
        let words: Vec<&str> = line.call.command.iter().map(|word| &*word.value).collect();
        syncs(&words)
    };
    syncs(&own) || lines().any(makes)
}

/// What lies at the top of an environment that was begun, besides `pyvenv.cfg`: uv (0.13) fills an empty folder, and refuses
/// one that holds any of these and no `pyvenv.cfg`. The whole of it is not listed: an environment has thousands of files.
pub const SIGNS_OF_USE: [&str; 5] = [".gitignore", ".lock", "CACHEDIR.TAG", "bin", "lib"];

/// Where services that are built here and mount a folder of the project would find an environment of the host's.
pub fn hidden_environments(project: &Project) -> Vec<String> {
    let built = project.services().filter(|service| service.build.is_some());
    let folders = built.flat_map(|service| service.binds().map(|(_, source)| source.to_owned()).collect::<Vec<_>>());
    folders.filter(|folder| is_below(folder, &project.root)).map(|folder| format!("{folder}/.venv")).collect()
}

/// Whether a volume is mounted at exactly this path.
pub fn is_mount_point(container: &Container, path: &str) -> bool {
    container.mounts.iter().any(|mount| mount.kind == MountKind::Volume && mount.target.trim_end_matches('/') == path)
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn commands_that_fail_where_the_environment_cannot_be_made_are_told_from_those_that_need_none() {
        for (command, expected) in [
            ("uv sync --frozen", true),
            ("uv run --no-sync true", true),
            ("sh -c 'cd /app && exec uv run uvicorn app:app'", true),
            ("uv venv", true),
            ("uv venv /opt/venv --seed", true),
            ("python3 -m venv ../opt/venv", true),
            ("uv pip list --system", false),
            ("uv pip install ruff", false),
            ("pip install ruff", false),
            ("poetry install", false),
            ("uv run --no-project true", false),
            ("uv run --isolated --offline true", false),
            ("uv sync --dry-run --offline", false),
            ("uv sync --help", false),
            ("uv venv /tmp/x", false),
            ("uv venv --python 3.12 /tmp/x", false),
            ("python3 -m venv /tmp/y", false),
            ("env UV_PROJECT_ENVIRONMENT=/tmp/z uv sync --offline", false),
            ("uvicorn app:app", false),
        ] {
            let words: Vec<&str> = command.split(' ').collect();
            assert_eq!(makes_at(&words, "/opt/venv", "/app", true), expected, "{command}");
            assert_eq!(makes_at(&[command], "/opt/venv", "/app", true), expected, "{command}");
        }
    }

    #[test]
    fn the_place_of_an_environment_that_is_to_be_made_is_looked_at() {
        let container = |words: &[&str], environment: &[(&str, &str)]| Container {
            running: true,
            environment: environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            working_dir: "/app".to_owned(),
            command: words.iter().map(|word| (*word).to_owned()).collect(),
            ..Container::new(String::new())
        };
        for (words, environment, expected) in [
            (&["uv", "run", "app"][..], &[][..], &["/app", "/app/.venv"][..]),
            (&["app"], &[], &[]),
            (&["app"], &[("UV_PROJECT_ENVIRONMENT", "/venv")], &["/venv"]),
        ] {
            let wishes = environment_wishes(&container(words, environment), &Project::default());
            let paths: Vec<&str> = wishes.iter().map(|wish| wish.path.as_str()).collect();
            assert_eq!(paths, expected, "{words:?}");
        }
    }

    #[test]
    fn commands_that_make_an_environment_are_known() {
        for (words, expected) in [
            (&["uv", "run", "uvicorn"][..], true),
            (&["sh", "-c", "uv sync && uvicorn app:app"], true),
            (&["/bin/uv", "run", "--no-sync", "uvicorn"], false),
            (&["uvicorn", "app:app"], false),
            (&["python", "-m", "venv", ".venv"], true),
            (&["poetry", "run", "x"], false),
            (&[], false),
        ] {
            assert_eq!(syncs(words), expected, "{words:?}");
        }
    }
}
