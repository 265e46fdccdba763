//! Which tools a service uses, as whom, and so which paths of its container have to be looked at.

use std::collections::{BTreeMap, BTreeSet};

use crate::facts::{Container, Environment, MountKind, PathWish};
use crate::project::Project;
use crate::project::commands::{CommandLine, DockerVerb, Meant, Occasion};
use crate::project::compose::{Service, is_below};

use super::caches::{Cache, Inside, Tool};
use super::commands::ran;
use super::environments::environment_wishes;
use super::image_writes::writes_into_image;
use super::layout::{absolute, ancestors};
use super::normal;
use super::service::says_root;
use super::user::{RunsAs, exec_environment};

/// How sure it is that a tool runs in a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Use {
    /// Something in the service is set up for it: its cache variable, a mount of its cache, a lock file in the project.
    Prepared,
    /// The service's own command or a command line of the project runs it.
    Runs,
}

/// A tool in a service, and as whom it runs.
#[derive(Clone, Debug)]
pub struct Using<'a> {
    /// The tool.
    pub tool: Tool,
    /// How sure it is.
    pub certainty: Use,
    /// The command line of the project that runs it by exec; `None`: the service's own user.
    pub line: Option<&'a CommandLine>,
}

/// The tools that run in a container's service: as its own user, and by command lines of the project.
pub fn tools_of<'a>(container: &Container, project: &'a Project) -> Vec<Using<'a>> {
    let Some(service) = container.service.as_deref() else { return vec![] };
    let lines: Vec<&CommandLine> = exec_lines(project, service).collect();
    let own: Vec<&str> = commands(container, project).map(String::as_str).collect();
    let mut uses = vec![];
    for tool in Tool::ALL {
        if is_other_yarn(tool, project) {
            continue;
        }
        let certainty = if runs(tool, &own) {
            Some(Use::Runs)
        } else if is_prepared(tool, container, project) {
            Some(Use::Prepared)
        } else {
            None
        };
        uses.extend(certainty.map(|certainty| Using { tool, certainty, line: None }));
        let lines = lines.iter().filter(|line| {
            let words: Vec<&str> = line.call.command.iter().map(|word| word.value.as_str()).collect();
            runs(tool, &words)
        });
        uses.extend(lines.map(|line| Using { tool, certainty: Use::Runs, line: Some(*line) }));
    }
    uses
}

/// Both generations of Yarn are called `yarn`; the settings file tells which one the project means.
pub(super) fn is_other_yarn(tool: Tool, project: &Project) -> bool {
    let berry = || project.has_marker(".yarnrc.yml");
    (tool == Tool::Yarn && berry()) || (tool == Tool::YarnBerry && !berry())
}

/// The words that the service itself runs: as the container was made, and as the Compose file says.
pub fn commands<'a>(container: &'a Container, project: &'a Project) -> impl Iterator<Item = &'a String> {
    let service = container.service.as_deref().and_then(|name| project.service(name));
    let written = service.into_iter().flat_map(|service| [&service.entrypoint, &service.command]).flatten();
    container.command.iter().chain(written.flat_map(|words| &words.value))
}

/// The command lines that a person calls and that run something in a service's container.
pub fn exec_lines<'a>(project: &'a Project, service: &str) -> impl Iterator<Item = &'a CommandLine> {
    lines_in(project, service).filter(|line| {
        line.occasion == Occasion::Called && (line.meant == Meant::Own || names_this_project(project, line))
    })
}

/// The command lines that run something in a service as the project's own Compose files have it, those of CI runners and of
/// documents included.
pub fn all_exec_lines<'a>(project: &'a Project, service: &str) -> impl Iterator<Item = &'a CommandLine> {
    lines_in(project, service).filter(|line| line.meant == Meant::Own)
}

/// The command lines that run something in a service, whoever runs them, and those that run it in a new container of its image.
pub fn every_line<'a>(project: &'a Project, service: &'a Service) -> impl Iterator<Item = &'a CommandLine> {
    let name = &service.name.value;
    let image = service.image.as_ref().map(|image| image.value.clone());
    // What Compose calls an image that it builds.
    let built = || ["-", "_"].map(|joint| [project.name(), name].join(joint));
    let images = image.map_or_else(|| built().to_vec(), |image| vec![image]);
    let lines = lines_in(project, name);
    let lines = lines.filter(|line| line.meant == Meant::Own || names_this_project(project, line));
    lines.chain(project.commands.iter().filter(move |line| {
        let target = line.call.target.as_ref().filter(|_| line.call.verb == DockerVerb::Run && !line.call.other_engine);
        let untagged = |target: &str| images.iter().any(|image| image == target.trim_end_matches(":latest"));
        target.is_some_and(|target| images.contains(&target.value) || untagged(&target.value))
    }))
}

/// The command lines that run something in a service's container, whatever Compose files they lay over the project's own.
fn lines_in<'a>(project: &'a Project, service: &str) -> impl Iterator<Item = &'a CommandLine> {
    let chosen = project.service(service).and_then(|service| service.container_name.as_ref());
    // Compose calls the first container `<project>-<service>-1`; its first version joined by `_`.
    let names = match chosen {
        Some(name) => vec![name.value.clone()],
        None => ["-", "_"].map(|joint| [project.name(), service, "1"].join(joint)).to_vec(),
    };
    let service = service.to_owned();
    project.commands.iter().filter(move |line| {
        let Some(target) = &line.call.target else { return false };
        let named = match line.call.verb {
            DockerVerb::ComposeExec | DockerVerb::ComposeRun => target.value == service,
            DockerVerb::Exec => names.contains(&target.value),
            DockerVerb::Run | DockerVerb::ComposeOther => false,
        };
        named && !line.call.other_engine
    })
}

/// Whether a line's `-f`, `-p` and `--project-directory` still mean this project's containers.
fn names_this_project(project: &Project, line: &CommandLine) -> bool {
    let (call, compose) = (&line.call, project.compose.as_ref());
    let directory = line.span.path.rsplit_once('/').map_or("", |(directory, _)| directory);
    // Scripts are called from the root as well as from where they lie.
    let beside = |file: &str| [normal(&format!("/{directory}/{file}")), normal(&format!("/{file}"))];
    let is_ours = |file: &String| {
        let places = beside(file);
        compose.is_some_and(|compose| compose.files.iter().any(|known| places.contains(&normal(&format!("/{known}")))))
    };
    // Below a directory with a Compose file of its own another project is meant.
    let elsewhere = line.compose_file.as_deref().and_then(|file| file.rsplit_once('/')).is_some_and(|(found, _)| {
        !compose.is_some_and(|compose| {
            compose.files.iter().any(|file| file.rsplit_once('/').is_some_and(|(directory, _)| directory == found))
        })
    });
    !elsewhere
        && call.project_directory.as_deref().is_none_or(|directory| matches!(directory, "." | "./"))
        && call.project_name.as_deref().is_none_or(|name| compose.is_some_and(|compose| compose.name == name))
        && (call.compose_files.is_empty() || call.compose_files.iter().any(is_ours))
}

/// Whether the words of a command (scripts given to `sh -c` among them) use a tool's cache.
pub fn runs(tool: Tool, words: &[&str]) -> bool {
    ran(words, tool.rule().programs, tool.rule().options).is_some()
}

fn is_prepared(tool: Tool, container: &Container, project: &Project) -> bool {
    let rule = tool.rule();
    let service = container.service.as_deref().and_then(|name| project.service(name));
    // `GOPATH` and `CARGO_HOME` are set by images that only happen to have the tool.
    let in_compose = service.is_some_and(|service| service.environment.keys().any(|name| tool.is_moved_by(name)));
    let moved = tool.moved_to(&container.environment);
    let mounted = container.mounts.iter().any(|mount| {
        rule.mounts.iter().any(|end| mount.target.ends_with(end))
            || moved.as_ref().is_some_and(|(_, path)| mount.target == *path)
    });
    let locked = match tool {
        Tool::Uv => {
            project.has_marker("uv.lock")
                || project.sources.values().any(|source| is_uv_project(source.path(), source.text()))
        }
        Tool::Npm => project.has_marker("package-lock.json") && container.environment.get("NODE_VERSION").is_some(),
        _ => false,
    };
    in_compose || mounted || (locked && mounts_project(container, project))
}

fn is_uv_project(path: &str, text: &str) -> bool {
    path.rsplit('/').next() == Some("pyproject.toml") && text.contains("[tool.uv")
}

fn mounts_project(container: &Container, project: &Project) -> bool {
    container.mounts.iter().any(|mount| crate::project::compose::is_below(&mount.source, &project.root))
}

/// Whether a tool's settings file moves the cache in a way that is not read here.
pub fn moved_by_configuration(tool: Tool, project: &Project) -> bool {
    if tool == Tool::Poetry && project.poetry.cache {
        return true;
    }
    let (files, keys) = tool.rule().settings;
    project.sources.values().any(|source| {
        files.iter().any(|file| source.path().rsplit('/').next() == Some(file))
            && source
                .text()
                .lines()
                .any(|line| line.split_once(['=', ':']).is_some_and(|(key, _)| keys.contains(&key.trim())))
    })
}

/// The user of a command line with the person's numbers put in; `None` when the line gives none, and as an error when the
/// person is not known.
pub fn user_of_line(line: &CommandLine, person: Option<crate::facts::Owner>) -> Option<Result<String, ()>> {
    let user = line.call.user.as_ref()?;
    if !user.resolved.contains('<') {
        return Some(Ok(user.resolved.clone()));
    }
    let Some(person) = person else { return Some(Err(())) };
    let text = user.resolved.replace("<uid>", &person.uid.to_string()).replace("<gid>", &person.gid.to_string());
    // Anything else between angle brackets is not known.
    Some(if text.contains('<') { Err(()) } else { Ok(text) })
}

/// The cache of a tool for a process in a container that `given` (its `-e` options) starts.
pub fn cache_of(tool: Tool, runs: &RunsAs, container: &Container, given: &[(String, Option<String>)]) -> Option<Cache> {
    let directory = if container.working_dir.is_empty() { "/" } else { &container.working_dir };
    tool.cache(&exec_environment(container, given), runs.home.as_deref()?, directory)
}

/// Which paths of a container the checks need: homes, and the caches of the tools that its service uses. Its passwd file has
/// to be read before.
///
/// The person's number is not known here, so that for a command line that runs as "me" every ordinary login's home is wished
/// for, and `/`, the home of a number without login.
pub fn paths_of_interest(container: &Container, project: &Project) -> Vec<PathWish> {
    let mut wishes: BTreeMap<String, bool> = BTreeMap::new();
    let mut wish = |path: String, listing: bool| {
        // Who may go through the folders above decides as well. Of `/` the engine's own choice is known.
        for above in ancestors(&path).into_iter().skip(1) {
            wishes.entry(above).or_default();
        }
        *wishes.entry(path).or_default() |= listing;
    };
    for using in tools_of(container, project) {
        let given = using.line.map_or(&[][..], |line| line.call.environment.as_slice());
        let environment = exec_environment(container, given);
        let directory = if container.working_dir.is_empty() { "/" } else { &container.working_dir };
        for home in homes(container, using.line, &environment) {
            if let Some(cache) = using.tool.cache(&environment, &home, directory) {
                wish(absolute(&home, "/"), false);
                let of_environments = using.tool.environment_paths(&environment, &home, directory);
                of_environments.into_iter().for_each(|path| wish(path, false));
                let rule = using.tool.rule();
                rule.fill.iter().for_each(|place| wish(absolute(&format!("{}{place}", cache.path), "/"), false));
                wish(cache.path, rule.inside != Inside::TooMuch);
            }
        }
    }
    // Whether a user without power may write into its volumes. What root may is known.
    if !says_root(&container.user) {
        volumes(container).for_each(|target| wish(normal(target), true));
        let service = container.service.as_deref().and_then(|name| project.service(name));
        let writes = service.map(|service| writes_into_image(service, Some(container), project));
        writes.into_iter().flatten().for_each(|write| wish(write.path, false));
    }
    for used in super::homes::uses(container, project, None) {
        for home in homes(container, used.line, &exec_environment(container, &[])) {
            wish(absolute(&home, "/"), false);
        }
    }
    for PathWish { path, listing } in super::tops::wishes_of_mounts(container, project) {
        wish(path, listing);
    }
    // Without the folders above them: each is one look.
    for PathWish { path, listing } in environment_wishes(container, project) {
        *wishes.entry(path).or_default() |= listing;
    }
    wishes.into_iter().map(|(path, listing)| PathWish { path, listing }).collect()
}

/// Where the writable volumes of a container are.
fn volumes(container: &Container) -> impl Iterator<Item = &str> {
    let volumes = container.mounts.iter().filter(|mount| mount.kind == MountKind::Volume && mount.writable);
    volumes.map(|mount| mount.target.as_str())
}

/// Whether it matters who the users of a container are: it mounts the project, or a tool with a cache runs in it.
pub fn accounts_matter(container: &Container, project: &Project) -> bool {
    let root = project.root.as_str();
    let mounts = container.mounts.iter().filter(|mount| mount.kind == MountKind::Bind);
    let shows = |source: &str| is_below(source, root) || is_below(root, source);
    mounts.map(|mount| mount.source.as_str()).any(shows)
        || (!says_root(&container.user) && (volumes(container).next().is_some() || builds(container, project)))
        || !tools_of(container, project).is_empty()
        || !super::homes::uses(container, project, None).is_empty()
        || names_somebody(container, project)
}

/// Whether a user is named, and not numbered, who has to be in the container's files.
fn names_somebody(container: &Container, project: &Project) -> bool {
    let named = |user: &str| user.split(':').any(|part| part.starts_with(|first: char| first.is_ascii_alphabetic()));
    let service = container.service.as_deref();
    let mut lines = service.into_iter().flat_map(|service| exec_lines(project, service));
    (named(&container.user) && !container.running)
        || lines
            .any(|line| line.call.user.as_ref().is_some_and(|user| named(&user.resolved) && user.resolved != "root"))
}

/// Whether the project builds the image of a container.
fn builds(container: &Container, project: &Project) -> bool {
    let service = container.service.as_deref().and_then(|name| project.service(name));
    service.is_some_and(|service| service.build.is_some())
}

fn homes(container: &Container, line: Option<&CommandLine>, environment: &Environment) -> BTreeSet<String> {
    let user = match line.map(|line| (line, user_of_line(line, None))) {
        None | Some((_, None)) => None,
        Some((_, Some(Ok(user)))) => Some(user),
        Some((_, Some(Err(())))) => {
            if let Some(home) = environment.get_nonempty("HOME") {
                return BTreeSet::from([home.to_owned()]);
            }
            let logins = container.passwd.iter().flatten().filter(|entry| (1000..60_000).contains(&entry.uid));
            return logins.map(|entry| entry.home.clone()).chain(["/".to_owned()]).collect();
        }
    };
    let given = line.map_or(&[][..], |line| line.call.environment.as_slice());
    RunsAs::by_exec(container, user.as_deref(), given).ok().and_then(|runs| runs.home).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_are_found_in_words_and_in_scripts() {
        for (tool, words, expected) in [
            (Tool::Uv, &["uv"][..], true),
            (Tool::Uv, &["/usr/bin/uv", "run", "x"], true),
            (Tool::Uv, &["sh", "-c", "alembic upgrade head && uv run x"], true),
            (Tool::Uv, &["(uvx ruff)"], true),
            (Tool::Uv, &["uvicorn", "app/uv.py", "uv-cache"], false),
            (Tool::Uv, &["pip", "install", "uv"], false),
            (Tool::Uv, &["uv", "sync", "--no-cache"], false),
            (Tool::Ruff, &["uv", "run", "ruff", "check", "."], true),
            (Tool::Ruff, &["ruff", "check", "--no-cache", "."], false),
            (Tool::Ruff, &["ruff", "--version"], false),
            (Tool::Pip, &["python", "-m", "pip", "install", "six"], true),
            (Tool::Pip, &["uv", "pip", "install", "six"], false),
            (Tool::Poetry, &["poetry", "install", "--no-cache"], true),
            (Tool::Npm, &["npm", "run", "dev"], false),
            (Tool::Npm, &["sh", "-c", "npm ci && npm run dev"], true),
            (Tool::Yarn, &["yarn"], true),
            (Tool::Yarn, &["yarn", "dev"], false),
            (Tool::Pytest, &["pytest", "-p", "no:cacheprovider"], false),
            (Tool::Pytest, &["python", "-m", "pytest", "-q"], true),
            (Tool::Mypy, &["mypy", "--cache-dir=/tmp/m", "."], false),
            (Tool::GoBuild, &["sh", "-c", "go build ./... ; ./app"], true),
            (Tool::GoBuild, &["echo", "go"], false),
            (Tool::Playwright, &["playwright", "test"], false),
            (Tool::Matplotlib, &["matplotlib"], false),
        ] {
            assert_eq!(runs(tool, words), expected, "{tool:?} {words:?}");
        }
    }
}
