//! Where a project runs commands of Alembic's that run `env.py`, and in which of its services.

use crate::access::run_scripts;
use crate::facts::Facts;
use crate::project::commands::{CommandLine, DockerVerb};
use crate::project::compose::Service;
use crate::text::{Source, Span, Spanned, shell};

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
        runs_env_py(&self.words)
    }

    /// Whether the line itself brings a variable.
    pub fn gives(&self, name: &str) -> bool {
        self.sets.contains(&name) || self.words.iter().any(|word| word.contains(name))
    }
}

fn runs_env_py(words: &[&str]) -> bool {
    let parts = || words.iter().flat_map(|word| word.split(|one: char| !one.is_alphanumeric() && one != '_'));
    parts().any(|part| part == "alembic") && parts().any(|part| RUN_ENV_PY.contains(&part))
}

/// The scripts among what a command of a service runs that run alembic, with all that their commands say.
fn in_scripts<'facts>(
    facts: &'facts Facts,
    run: &Run<'facts>,
    words: &[&str],
    directory: Option<&str>,
) -> Vec<Run<'facts>> {
    let scripts = run_scripts(&facts.project, run.service, words, directory);
    // What one of them sets, or reads from elsewhere, all after it have.
    let commands = |source: &'facts Source| -> Vec<&'facts str> {
        let text = source.text();
        shell::commands(text).iter().filter_map(|command| text.get(command.range())).collect()
    };
    let all: Vec<&str> = scripts.iter().flat_map(|script| commands(script.source)).collect();
    let reads = |command: &&str| ["source ", ". ", "eval ", "set -a"].iter().any(|one| command.starts_with(one));
    if all.iter().any(reads) || !all.iter().any(|command| runs_env_py(&[command])) {
        return vec![];
    }
    vec![Run { service: run.service, span: run.span, words: all, sets: run.sets.clone() }]
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
    let lines = facts.project.commands.iter().filter_map(|line| Some((line, run(facts, line)?)));
    let with_scripts = lines.flat_map(|(line, run)| {
        let mut found = in_scripts(facts, &run, &run.words, line.call.working_dir.as_deref());
        found.extend(Some(run).filter(Run::runs_env_py));
        found
    });
    with_scripts.collect()
}

/// What the containers of a service start with, where that runs alembic: `entrypoint:` and `command:`, or else those of its image.
pub(super) fn started<'facts>(facts: &'facts Facts, service: &'facts Service) -> Vec<Run<'facts>> {
    let target = service.build.as_ref().and_then(|build| build.target.as_deref());
    let stages = || facts.project.dockerfile_of(service).into_iter().flat_map(move |file| file.lineage(target));
    let in_image = |span: &'facts Span| {
        let source = facts.source(&span.path)?;
        let text = source.slice(span);
        let listed: Option<Vec<String>> = text.trim().strip_prefix('[').and(serde_json::from_str(text.trim()).ok());
        let shell = || ["sh", "-c", text].map(str::to_owned).to_vec();
        Some((span, vec![text], listed.unwrap_or_else(shell)))
    };
    let written = |words: &'facts Option<Spanned<Vec<String>>>| {
        words.as_ref().map(|words| {
            let texts: Vec<&str> = words.value.iter().map(String::as_str).collect();
            (&words.span, texts, words.value.clone())
        })
    };
    let entrypoint =
        written(&service.entrypoint).or_else(|| in_image(&stages().find_map(|stage| stage.entrypoint.as_ref())?.words));
    // `entrypoint:` takes the image's command away.
    let command = written(&service.command).or_else(|| {
        let stage = stages().find_map(|stage| stage.command.as_ref()).filter(|_| service.entrypoint.is_none())?;
        in_image(&stage.words)
    });
    let mut found = vec![];
    for (span, texts, words) in entrypoint.into_iter().chain(command) {
        let run = Run { service, span, words: texts, sets: vec![] };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        found.extend(in_scripts(facts, &run, &words, None));
        found.extend(Some(run).filter(Run::runs_env_py));
    }
    found
}
