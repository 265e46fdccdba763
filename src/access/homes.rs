//! Whose home a process in a container has, whether it can write there, and which programs want to.

use crate::facts::{Container, Owner};
use crate::project::Project;
use crate::project::commands::CommandLine;

use super::caches::look;
use super::ids::IdMaps;
use super::interest::{commands, exec_lines, user_of_line};
use super::layout::Layout;
use super::rights::{Process, Seen, Verdict, may_fill};
use super::user::{RunsAs, exec_environment};

/// Programs that make folders in the home of their user, and the variables that put them elsewhere.
const WRITERS: [(&str, &[&str]); 17] = [
    ("uv", &["UV_CACHE_DIR", "XDG_CACHE_HOME", "UV_NO_CACHE"]),
    ("uvx", &["UV_CACHE_DIR", "XDG_CACHE_HOME", "UV_NO_CACHE"]),
    ("pip", &["PIP_CACHE_DIR", "XDG_CACHE_HOME", "PIP_NO_CACHE_DIR"]),
    ("pip3", &["PIP_CACHE_DIR", "XDG_CACHE_HOME", "PIP_NO_CACHE_DIR"]),
    ("poetry", &["POETRY_CACHE_DIR", "XDG_CACHE_HOME"]),
    ("pdm", &["PDM_CACHE_DIR", "XDG_CACHE_HOME"]),
    ("pre-commit", &["PRE_COMMIT_HOME", "XDG_CACHE_HOME"]),
    ("npm", &["npm_config_cache", "NPM_CONFIG_CACHE"]),
    ("npx", &["npm_config_cache", "NPM_CONFIG_CACHE"]),
    ("pnpm", &["PNPM_HOME", "XDG_DATA_HOME"]),
    ("yarn", &["YARN_CACHE_FOLDER"]),
    ("cargo", &["CARGO_HOME"]),
    ("go", &["GOCACHE", "XDG_CACHE_HOME"]),
    ("composer", &["COMPOSER_HOME", "COMPOSER_CACHE_DIR"]),
    ("gradle", &["GRADLE_USER_HOME"]),
    ("mvn", &["MAVEN_USER_HOME"]),
    ("dotnet", &["DOTNET_CLI_HOME"]),
];

/// A program in a container that writes into the home of its user.
#[derive(Clone, Debug)]
pub struct HomeUse<'a> {
    /// Its name.
    pub program: &'static str,
    /// The command line of the project that runs it; `None`: the service itself.
    pub line: Option<&'a CommandLine>,
    /// As whom it runs; `None` when that cannot be said.
    pub runs: Option<RunsAs>,
}

/// What is wrong with a home.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HomeTrouble {
    /// A number without login: the engine makes `/` its home.
    RootDirectory,
    /// `HOME` names a folder that this user cannot write.
    SomeoneElses,
    /// The home of the login is not there and cannot be made.
    Missing,
}

/// The programs in a container that write into a home, with the command line that runs each.
pub fn programs<'a>(
    container: &'a Container,
    project: &'a Project,
) -> impl Iterator<Item = (&'static str, Option<&'a CommandLine>)> {
    let service = container.service.as_deref().unwrap_or_default();
    let own = commands(container, project).flat_map(|word| writers(word)).map(|program| (program, None));
    let lines = exec_lines(project, service).flat_map(|line| {
        line.call.command.iter().flat_map(|word| writers(&word.value)).map(move |program| (program, Some(line)))
    });
    own.chain(lines)
}

fn writers(word: &str) -> impl Iterator<Item = &'static str> {
    word.split(|character: char| character.is_whitespace() || ";&|()".contains(character))
        .filter_map(|part| part.rsplit('/').next())
        .filter_map(|program| WRITERS.iter().find(|(name, _)| *name == program))
        .map(|(name, _)| *name)
}

/// The programs that write into a home because no variable puts their folders elsewhere, and as whom they run.
pub fn uses<'a>(container: &'a Container, project: &'a Project, person: Option<Owner>) -> Vec<HomeUse<'a>> {
    let mut found: Vec<HomeUse<'a>> = vec![];
    for (program, line) in programs(container, project) {
        let given = line.map_or(&[][..], |line| line.call.environment.as_slice());
        let environment = exec_environment(container, given);
        let elsewhere = WRITERS.iter().filter(|(name, _)| *name == program).flat_map(|(_, variables)| *variables);
        let moved = elsewhere.into_iter().any(|variable| environment.get_nonempty(variable).is_some());
        let known = found
            .iter()
            .any(|other| other.program == program && other.line.map(|line| &line.span) == line.map(|line| &line.span));
        if moved || known {
            continue;
        }
        let user = line.and_then(|line| user_of_line(line, person));
        let runs = match user {
            Some(Err(())) => None,
            Some(Ok(user)) => RunsAs::by_exec(container, Some(&user), given).ok(),
            None => RunsAs::by_exec(container, None, given).ok(),
        };
        found.push(HomeUse { program, line, runs });
    }
    found
}

/// What keeps a process from writing into its home; `given` are the `-e` variables it was started with.
pub fn trouble(
    container: &Container,
    runs: &RunsAs,
    given: &[(String, Option<String>)],
    maps: &IdMaps,
) -> Option<HomeTrouble> {
    let home = runs.home.as_deref().filter(|home| home.starts_with('/') && runs.identity.owner.uid != 0)?;
    let named = exec_environment(container, given).get_nonempty("HOME").is_some();
    if home == "/" && !named && !runs.has_login() {
        return Some(HomeTrouble::RootDirectory);
    }
    let process = Process::in_container(&runs.identity, maps);
    let there = look(container, home);
    let verdict = may_fill(&process, home, &Layout::of_container(container), &|path| look(container, path));
    match (verdict, there, named) {
        (Verdict::No(_), Seen::There(_), true) => Some(HomeTrouble::SomeoneElses),
        (Verdict::No(_), Seen::Absent, _) => Some(HomeTrouble::Missing),
        // What nobody could look at is told by its name alone: root's own home is closed in every image.
        (Verdict::Unknown(_), Seen::NotLooked, true) if home == "/root" => Some(HomeTrouble::SomeoneElses),
        (Verdict::Unknown(_), Seen::NotLooked, _) if home == "/nonexistent" => Some(HomeTrouble::Missing),
        _ => None,
    }
}
