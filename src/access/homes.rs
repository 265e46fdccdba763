//! Whose home a process in a container has, whether it can write there, and which programs want to.

use std::collections::BTreeSet;

use crate::facts::{Container, Environment, Owner};
use crate::project::Project;
use crate::project::commands::CommandLine;

use super::caches::others::AT_HOME;
use super::caches::{Tool, look};
use super::commands::{ran, started};
use super::ids::IdMaps;
use super::interest::{commands, exec_lines, is_other_yarn, user_of_line};
use super::layout::Layout;
use super::rights::{Process, Seen, Verdict, may_fill};
use super::user::{RunsAs, exec_environment};

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

/// The programs that a command runs and that write into the home of their user, since no variable puts their folders elsewhere.
pub fn at_home<W: AsRef<str>>(words: &[W], environment: &Environment, project: &Project) -> BTreeSet<&'static str> {
    let tools = Tool::ALL.into_iter().filter(|tool| !is_other_yarn(*tool, project)).filter_map(|tool| {
        let rule = tool.rule();
        let search = if rule.always_home { started } else { ran };
        let ran = search(words, rule.programs, rule.options)?;
        let cache = tool.cache(environment, "/home", "/")?;
        let is_spared = tool.only_runs_elsewhere(words, environment, project);
        (cache.variable == "HOME" && !is_spared).then_some(ran.program)
    });
    let others = AT_HOME.iter().filter(|row| row.variables.iter().all(|name| environment.get_nonempty(name).is_none()));
    tools.chain(others.filter_map(|row| ran(words, row.programs, &[]).map(|ran| ran.program))).collect()
}

/// The programs that write into a home, and as whom they run: the service's own, then those of the project's command lines.
pub fn uses<'a>(container: &'a Container, project: &'a Project, person: Option<Owner>) -> Vec<HomeUse<'a>> {
    let service = container.service.as_deref().unwrap_or_default();
    let own: Vec<&str> = commands(container, project).map(String::as_str).collect();
    let words = |line: &'a CommandLine| line.call.command.iter().map(|word| word.value.as_str()).collect();
    let lines = exec_lines(project, service).map(|line| (Some(line), words(line)));
    let mut found: Vec<HomeUse<'a>> = vec![];
    for (line, words) in [(None, own)].into_iter().chain(lines) {
        let given = line.map_or(&[][..], |line| line.call.environment.as_slice());
        let user = line.and_then(|line| user_of_line(line, person));
        let runs = match user {
            Some(Err(())) => None,
            Some(Ok(user)) => RunsAs::by_exec(container, Some(&user), given).ok(),
            None => RunsAs::by_exec(container, None, given).ok(),
        };
        let programs = at_home(&words, &exec_environment(container, given), project);
        found.extend(programs.into_iter().map(|program| HomeUse { program, line, runs: runs.clone() }));
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
