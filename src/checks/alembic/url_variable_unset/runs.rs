//! Where a project runs commands of Alembic's that run `env.py`, and in which of its services.

use crate::facts::Facts;
use crate::project::commands::{CommandLine, DockerVerb};
use crate::project::compose::Service;
use crate::text::{Span, Spanned};

/// What runs `env.py`, of Alembic's commands and options.
const RUN_ENV_PY: [&str; 7] = ["autogenerate", "check", "current", "downgrade", "ensure_version", "stamp", "upgrade"];

/// A place that runs alembic in a service.
pub(super) struct Run<'facts> {
    /// The service.
    pub service: &'facts Service,
    /// The line or the words.
    pub span: &'facts Span,
    /// Words that are run, and the names of variables that the line sets.
    words: Vec<&'facts str>,
    sets: Vec<&'facts str>,
}

impl Run<'_> {
    /// Whether it runs alembic, and a command of it that runs `env.py`: `heads` and `history` only read the revisions.
    fn runs_env_py(&self) -> bool {
        let parts = || self.words.iter().flat_map(|word| word.split(|one: char| !one.is_alphanumeric() && one != '_'));
        parts().any(|part| part == "alembic") && parts().any(|part| RUN_ENV_PY.contains(&part))
    }

    /// Whether the line itself brings a variable.
    pub fn gives(&self, name: &str) -> bool {
        self.sets.contains(&name) || self.words.iter().any(|word| word.contains(name))
    }
}

/// The command lines that run alembic in a service.
pub(super) fn called(facts: &Facts) -> Vec<Run<'_>> {
    fn run<'facts>(facts: &'facts Facts, line: &'facts CommandLine) -> Option<Run<'facts>> {
        let call = &line.call;
        let of_compose = matches!(call.verb, DockerVerb::ComposeExec | DockerVerb::ComposeRun);
        let target = call.target.as_ref().filter(|_| of_compose)?;
        Some(Run {
            service: facts.project.service(&target.value)?,
            span: &line.span,
            words: call.command.iter().map(|word| word.value.as_str()).collect(),
            sets: call.environment.iter().map(|(name, _)| name.as_str()).collect(),
        })
    }
    facts.project.commands.iter().filter_map(|line| run(facts, line)).filter(Run::runs_env_py).collect()
}

/// What the containers of a service start with, where that runs alembic: `entrypoint:` and `command:`, or else those of its image.
pub(super) fn started<'facts>(facts: &'facts Facts, service: &'facts Service) -> Vec<Run<'facts>> {
    let target = service.build.as_ref().and_then(|build| build.target.as_deref());
    let stages = || facts.project.dockerfile_of(service).into_iter().flat_map(move |file| file.lineage(target));
    let in_image = |span: &'facts Span| {
        let source = facts.source(&span.path)?;
        Some((span, vec![source.slice(span)]))
    };
    let written = |words: &'facts Option<Spanned<Vec<String>>>| {
        words.as_ref().map(|words| (&words.span, words.value.iter().map(String::as_str).collect()))
    };
    let entrypoint =
        written(&service.entrypoint).or_else(|| in_image(&stages().find_map(|stage| stage.entrypoint.as_ref())?.words));
    // `entrypoint:` takes the image's command away.
    let command = written(&service.command).or_else(|| {
        let stage = stages().find_map(|stage| stage.command.as_ref()).filter(|_| service.entrypoint.is_none())?;
        in_image(&stage.words)
    });
    let run = |(span, words): (&'facts Span, Vec<&'facts str>)| Run { service, span, words, sets: vec![] };
    entrypoint.into_iter().chain(command).map(run).filter(Run::runs_env_py).collect()
}
