//! What tools write below the directory that they run in, where they fail when they cannot.

use std::collections::BTreeSet;

use crate::facts::{Container, Environment};
use crate::project::Project;
use crate::project::compose::Service;
use crate::text::Span;

use super::caches::others::HERE;
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
    let own = container.map(|container| &container.command).into_iter().flatten();
    let said = [&service.entrypoint, &service.command].into_iter().flatten().flat_map(|words| &words.value);
    let mut environment = container.map(|container| container.environment.clone()).unwrap_or_default();
    let values = service.environment.iter().map(|(name, value)| (name.clone(), value.value.clone()));
    extend(&mut environment, values);
    let words: Vec<&str> = own.chain(said).map(String::as_str).collect();
    let mut found = written(&words, None, &environment, project);
    for line in exec_lines(project, &service.name).filter(|line| line.call.user.is_none()) {
        let mut environment = environment.clone();
        extend(&mut environment, line.call.environment.iter().cloned());
        let words: Vec<&str> = line.call.command.iter().map(|word| word.as_str()).collect();
        found.extend(written(&words, Some(&line.span), &environment, project));
    }
    let mut seen = BTreeSet::new();
    found.retain(|written| seen.insert(written.path));
    found
}

/// Puts variables in; one whose value is not known is set all the same.
fn extend(environment: &mut Environment, values: impl Iterator<Item = (String, Option<String>)>) {
    environment.0.extend(values.map(|(name, value)| (name, value.unwrap_or_else(|| "?".to_owned()))));
}

/// The directory in which a service's processes start, as far as it is known.
pub fn working_directory(service: &Service, container: Option<&Container>, project: &Project) -> Option<String> {
    let of_file = || {
        let build = service.build.as_ref()?;
        let stage = project.dockerfiles.get(&build.dockerfile)?.stage(build.target.as_deref())?;
        stage.working_dir.as_ref().map(|directory| directory.value.clone())
    };
    service
        .working_dir
        .as_ref()
        .map(|directory| directory.value.clone())
        .or(container.map(|container| container.working_dir.clone()).filter(|directory| !directory.is_empty()))
        .or_else(of_file)
        .filter(|directory| directory.starts_with('/'))
}

fn written(words: &[&str], line: Option<&Span>, environment: &Environment, project: &Project) -> Vec<Written> {
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
    let others = HERE
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
            written(&[command], None, &environment, &Project::default())
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
