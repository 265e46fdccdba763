//! Who in a service cannot use which tool's cache: the service's own user, and each user that command lines run as.

use crate::access::caches::deeds::User;
use crate::access::caches::{State, holds_finished, look, state_of};
use crate::access::interest::{Use, Using, cache_of, moved_by_configuration, tools_of, user_of_line};
use crate::access::user::exec_environment;
use crate::access::{Cache, IdMaps, Obstacle, Process, RunsAs, Seen, Tool};
use crate::access::{caches::Loss, layout::Layout};
use crate::facts::{Container, Docker, Facts, Owner};
use crate::project::Project;
use crate::project::commands::CommandLine;

/// A process that cannot use a tool's cache.
pub(super) struct Sufferer<'a> {
    pub(super) tool: Tool,
    pub(super) cache: Cache,
    pub(super) runs: RunsAs,
    /// The command line that runs as this user; `None`: the service itself.
    pub(super) line: Option<&'a CommandLine>,
    pub(super) obstacles: Vec<Obstacle>,
}

/// What came of looking at one container.
pub(super) struct Looked<'a> {
    pub(super) sufferers: Vec<Sufferer<'a>>,
    /// Why somebody could not be judged, sorted.
    pub(super) unknown: Vec<String>,
}

/// Everybody in a container who cannot use the cache of a tool that they run, where that costs them `loss`.
pub(super) fn look_at<'a>(facts: &'a Facts, docker: &Docker, container: &Container, loss: Loss) -> Looked<'a> {
    let mut looked = Looked { sufferers: vec![], unknown: vec![] };
    // A namespace that could not be found out matters to root only, whose power ends at it.
    let maps = IdMaps::of(docker, &container.userns_mode).unwrap_or_default();
    let person = facts.developer();
    for using in tools_of(container, &facts.project) {
        if moved_by_configuration(using.tool, &facts.project) {
            continue;
        }
        if let Some(variable) = outdated(container, using.tool, &facts.project) {
            let service = container.service.as_deref().unwrap_or(&container.name);
            looked.unknown.push(format!("`{service}` was made before its `{variable}` changed"));
            continue;
        }
        let Some(runs) = who(container, &using, person) else { continue };
        let given = using.line.map_or(&[][..], |line| line.call.environment.as_slice());
        let Some(cache) = cache_of(using.tool, &runs, container, given) else { continue };
        if using.tool.loss(&cache) != loss || is_told_as_foreign(facts, container, &cache.path) {
            continue;
        }
        // A cache that is only prepared for and that nobody made yet harms nobody yet.
        let absent = look(container, &cache.path) == Seen::Absent;
        let prepared = using.certainty == Use::Prepared;
        if prepared && absent && !is_asked_for(using.tool, container) {
            continue;
        }
        if prepared && holds_finished(using.tool, &cache.path, container) {
            continue;
        }
        let fill = fill_for(&using, container, &facts.project, &runs, &cache);
        if fill.is_empty() {
            continue;
        }
        let process = Process::in_container(&runs.identity, &maps);
        match state_of(using.tool, &fill, &process, &cache.path, container) {
            State::Fine => {}
            State::Unknown(path) => {
                let why = container.paths.get(&path).and_then(|fact| fact.as_ref().err());
                let why = why.map_or(String::new(), |missing| format!(": {missing}"));
                looked.unknown.push(format!("`{path}` in `{}` could not be looked at{why}", container.name));
            }
            State::Blocked(obstacles) => {
                looked.sufferers.push(Sufferer { tool: using.tool, cache, runs, line: using.line, obstacles });
            }
        }
    }
    looked.unknown.sort_unstable();
    looked.unknown.dedup();
    looked
}

/// The folders of a cache that the use of its tool must fill.
fn fill_for(
    using: &Using<'_>,
    container: &Container,
    project: &Project,
    runs: &RunsAs,
    cache: &Cache,
) -> Vec<&'static str> {
    let words: Option<Vec<&str>> =
        using.line.map(|line| line.call.command.iter().map(|word| word.value.as_str()).collect());
    let given = using.line.map_or(&[][..], |line| line.call.environment.as_slice());
    let user = User {
        container,
        project,
        line: words.as_deref(),
        environment: &exec_environment(container, given),
        home: runs.home.as_deref().unwrap_or("/"),
    };
    using.tool.fill_for(&user, &cache.path)
}

/// Whether the cache lies in the project and is named among the files of others there, whose fix cures it.
fn is_told_as_foreign(facts: &Facts, container: &Container, path: &str) -> bool {
    let spot = Layout::of_container(container).spot(path);
    let (Some(on_host), Ok(host)) = (spot.host_path, &facts.host) else { return false };
    let Some(relative) = on_host.strip_prefix(&format!("{}/", facts.project.root)) else { return false };
    let relative = std::path::Path::new(relative);
    host.walk.foreign.iter().any(|foreign| foreign.path.as_path().starts_with(relative))
}

fn who(container: &Container, using: &Using<'_>, person: Option<Owner>) -> Option<RunsAs> {
    let Some(line) = using.line else { return RunsAs::of(container).ok() };
    let user = match user_of_line(line, person) {
        None => None,
        Some(Ok(user)) => Some(user),
        // Without knowing the person it cannot be said as whom the line runs.
        Some(Err(())) => return None,
    };
    RunsAs::by_exec(container, user.as_deref(), &line.call.environment).ok()
}

/// Whether the cache's place was chosen on purpose.
fn is_asked_for(tool: Tool, container: &Container) -> bool {
    tool.moved_to(&exec_environment(container, &[])).is_some()
}

/// The variable by which the Compose file moves the cache to another place by now than the container has it.
fn outdated(container: &Container, tool: Tool, project: &Project) -> Option<&'static str> {
    let service = project.service(container.service.as_deref()?)?;
    tool.rule().variables.iter().map(|(name, _)| *name).find(|name| {
        let written = service.environment.get(*name).and_then(|value| value.value.as_deref());
        written.is_some() && written != container.environment.get(name)
    })
}
