//! What tools write below the directory that they run in, where they fail when they cannot.

use std::collections::BTreeSet;

use crate::facts::{Container, Environment};
use crate::project::Project;
use crate::project::compose::Service;
use crate::project::dockerfile::Stage;
use crate::project::dockerfile::steps::Started;
use crate::text::Span;

use super::caches::others::{FIRST, HERE, Here};
use super::caches::{Loss, Tool, WORKING_DIRECTORY};
use super::commands::{Ran, ran};
use super::interest::{exec_lines, moved_by_configuration};

/// Something that a tool writes below its working directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The command as people call it, such as `uv sync`.
    pub command: String,
    /// What it writes, relative to the working directory.
    pub path: &'static str,
    /// The variable that moves it elsewhere, if there is one.
    pub variable: Option<&'static str>,
    /// The line that runs it; `None`: the service's own command.
    pub line: Option<Span>,
}

/// What a service's own command, and command lines that run in it as its own user, write below the working directory.
pub fn written_by(service: &Service, container: Option<&Container>, project: &Project) -> Vec<Written> {
    all_written(service, container, project, &HERE.iter().collect::<Vec<_>>())
}

/// The same where no environment is there yet, so that `uv run` makes one.
pub fn written_at_first(service: &Service, container: Option<&Container>, project: &Project) -> Vec<Written> {
    all_written(service, container, project, &HERE.iter().chain([&FIRST]).collect::<Vec<_>>())
}

/// Whether a command makes what `other` writes.
pub fn makes(words: &str, other: &Written, project: &Project) -> bool {
    let here: Vec<&Here> = HERE.iter().chain([&FIRST]).collect();
    written(&[words], None, &Environment::default(), project, &here).iter().any(|one| one.path == other.path)
}

fn all_written(service: &Service, container: Option<&Container>, project: &Project, here: &[&Here]) -> Vec<Written> {
    let own = container.map(|container| &container.command).into_iter().flatten();
    let said = [&service.entrypoint, &service.command].into_iter().flatten().flat_map(|words| &words.value);
    let of_image = of_image(service, project).filter(|_| container.is_none());
    let mut environment = container.map(|container| container.environment.clone()).unwrap_or_default();
    if let Some(image) = &of_image {
        environment.0.extend(image.environment.clone());
    }
    let values = service.environment.iter().map(|(name, value)| (name.clone(), value.value.clone()));
    extend(&mut environment, values);
    let started = of_image.iter().flat_map(|image| &image.words);
    let words: Vec<&str> = own.chain(said).chain(started).map(String::as_str).collect();
    let mut found = written(&words, None, &environment, project, here);
    for line in exec_lines(project, &service.name).filter(|line| line.call.user.is_none()) {
        let mut environment = environment.clone();
        extend(&mut environment, line.call.environment.iter().cloned());
        let words: Vec<&str> = line.call.command.iter().map(|word| word.as_str()).collect();
        found.extend(written(&words, Some(&line.span), &environment, project, here));
    }
    let mut seen = BTreeSet::new();
    found.retain(|written| seen.insert(written.path));
    found
}

/// What a Dockerfile says of the containers of its image.
struct OfImage {
    words: Vec<String>,
    environment: std::collections::BTreeMap<String, String>,
}

fn of_image(service: &Service, project: &Project) -> Option<OfImage> {
    let build = service.build.as_ref()?;
    let (dockerfile, source) = (project.dockerfile_of(service)?, project.sources.get(&build.dockerfile)?);
    let target = build.target.as_deref();
    let started = |of: fn(&Stage) -> Option<&Started>| {
        let started = dockerfile.lineage(target).find_map(of);
        started.into_iter().flat_map(|started| started.words(source)).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut words = vec![];
    // An entrypoint of the Compose file turns both off, a command the command.
    if service.entrypoint.is_none() {
        words.extend(started(|stage| stage.entrypoint.as_ref()));
        words.extend(started(|stage| stage.command.as_ref()).into_iter().filter(|_| service.command.is_none()));
    }
    let mut stages: Vec<&Stage> = dockerfile.lineage(target).collect();
    stages.reverse();
    Some(OfImage { words, environment: stages.into_iter().flat_map(|stage| stage.environment.clone()).collect() })
}

/// Puts variables in; one whose value is not known is set all the same.
fn extend(environment: &mut Environment, values: impl Iterator<Item = (String, Option<String>)>) {
    environment.0.extend(values.map(|(name, value)| (name, value.unwrap_or_else(|| "?".to_owned()))));
}

/// The directory in which a service's processes start, as far as it is known.
pub fn working_directory(service: &Service, container: Option<&Container>, project: &Project) -> Option<String> {
    let of_file = || {
        let build = service.build.as_ref()?;
        let mut stages = project.dockerfile_of(service)?.lineage(build.target.as_deref());
        stages.find_map(|stage| stage.working_dir.as_ref()).map(|directory| directory.value.clone())
    };
    service
        .working_dir
        .as_ref()
        .map(|directory| directory.value.clone())
        .or(container.map(|container| container.working_dir.clone()).filter(|directory| !directory.is_empty()))
        .or_else(of_file)
        .filter(|directory| directory.starts_with('/'))
}

fn written(
    words: &[&str],
    line: Option<&Span>,
    environment: &Environment,
    project: &Project,
    here: &[&Here],
) -> Vec<Written> {
    let told = |Ran { program, deed }: Ran, path, variable| Written {
        command: [program, deed].join(" ").trim_end().to_owned(),
        path,
        variable,
        line: line.cloned(),
    };
    let caches = Tool::ALL.into_iter().filter_map(|tool| {
        let (rule, path) = (tool.rule(), tool.rule().project?);
        let ran = ran(words, rule.programs, rule.options).filter(|_| rule.default == Loss::Fails)?;
        let stays = tool.cache(environment, "/", "/").is_some_and(|cache| cache.variable == WORKING_DIRECTORY);
        (stays && !moved_by_configuration(tool, project))
            .then(|| told(ran, path.trim_start_matches('/'), tool.variable()))
    });
    let is_set = |name: &str| environment.get_nonempty(name).is_some();
    let others = here
        .iter()
        .filter(|here| !here.variable.is_some_and(is_set))
        .filter_map(|here| ran(words, here.programs, here.options).map(|ran| told(ran, here.path, here.variable)));
    caches.chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_write_are_told_from_those_that_do_not() {
        let paths = |command: &str, variable: &str| -> Vec<&str> {
            let environment = Environment([(variable.to_owned(), "x".to_owned())].into());
            written(&[command], None, &environment, &Project::default(), &HERE.iter().collect::<Vec<_>>())
                .into_iter()
                .map(|written| written.path)
                .collect()
        };
        for (command, variable, expected) in [
            ("uv sync && uvicorn app:app", "", &[".venv"][..]),
            ("uv sync", "UV_PROJECT_ENVIRONMENT", &[]),
            ("uv run ruff check .", "", &[".ruff_cache"]),
            ("ruff check .", "RUFF_CACHE_DIR", &[]),
            ("ruff check .", "RUFF_NO_CACHE", &[]),
            ("mypy .", "", &[".mypy_cache"]),
            ("/opt/venv/bin/alembic -x a revision --autogenerate", "", &[""]),
            ("alembic upgrade head", "", &[]),
            ("ruff check --no-cache", "", &[]),
            ("echo uv sync", "", &[]),
            ("uv run pytest", "", &[]),
            ("npm start", "", &[]),
            ("uv lock --check", "", &[]),
            ("ruff", "", &[]),
            ("", "", &[]),
        ] {
            assert_eq!(paths(command, variable), expected, "{command}");
        }
    }
}
