//! Where a project runs commands of Alembic's that run `env.py`, and in which of its services.

use super::surely::Told;
use super::words::{self, Words, entered};
use crate::access::run_scripts;
use crate::facts::Facts;
use crate::project::commands::{CommandLine, DockerVerb, Meant};
use crate::project::compose::Service;
use crate::text::Span;

/// A place that runs alembic in a service.
pub(super) struct Run<'facts> {
    /// The service.
    pub service: &'facts Service,
    /// The line or the words.
    pub span: &'facts Span,
    /// All texts of what is run there, and the names of variables that the line sets.
    texts: Vec<String>,
    sets: Vec<&'facts str>,
}

impl Run<'_> {
    /// Whether the line itself brings a variable.
    pub fn gives(&self, name: &str) -> bool {
        self.sets.contains(&name) || self.texts.iter().any(|text| text.contains(name))
    }
}

/// The run that words in a service are, where they or the scripts that they run surely are one.
fn run<'facts>(
    facts: &'facts Facts,
    service: &'facts Service,
    words: &Words<'facts>,
    directory: Option<&str>,
) -> Option<Run<'facts>> {
    let (told, mut texts) = told(facts, service, &words.words, directory);
    texts.extend_from_slice(&words.before);
    let is_sure = told.runs && !told.is_untold;
    is_sure.then(|| Run { service, span: words.span, texts, sets: vec![] })
}

/// What is told of words and of the scripts that they run: what one of them sets, all after it have.
pub(super) fn told(facts: &Facts, service: &Service, words: &[String], directory: Option<&str>) -> (Told, Vec<String>) {
    let plain: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut told = Told::default();
    told.words(&plain, 0);
    let mut texts = words.to_vec();
    for script in run_scripts(&facts.project, service, &plain, directory) {
        told.script(script.source);
        texts.push(script.source.text().to_owned());
    }
    (told, texts)
}

/// The command lines that run alembic in a service.
pub(super) fn called(facts: &Facts) -> Vec<Run<'_>> {
    fn called<'facts>(facts: &'facts Facts, line: &'facts CommandLine) -> Option<Run<'facts>> {
        let call = &line.call;
        // What other files make of the services is not judged here.
        if line.meant != Meant::Own {
            return None;
        }
        let service = facts.project.service(&call.target.as_ref()?.value)?;
        let words = call.command.iter().map(|word| word.value.clone()).collect();
        let mut words = Words { span: &line.span, words, before: vec![] };
        match call.verb {
            DockerVerb::ComposeExec => {}
            DockerVerb::ComposeRun if call.entrypoint.is_none() => words = entered(facts, service, words)?,
            _ => return None,
        }
        let brings = facts.source(&line.span.path)?.slice(&line.span).contains("env-from-file");
        let sets = call.environment.iter().map(|(name, _)| name.as_str()).collect();
        run(facts, service, &words, call.working_dir.as_deref()).filter(|_| !brings).map(|run| Run { sets, ..run })
    }
    facts.project.commands.iter().filter_map(|line| called(facts, line)).collect()
}

/// What the containers of a service start with, where that runs alembic: `entrypoint:` and `command:`, or else those of its image.
pub(super) fn started<'facts>(facts: &'facts Facts, service: &'facts Service) -> Option<Run<'facts>> {
    let of_entrypoint = || run(facts, service, &words::entrypoint(facts, service)?, None);
    let of_command = || run(facts, service, &entered(facts, service, words::command(facts, service)?)?, None);
    of_entrypoint().or_else(of_command)
}
