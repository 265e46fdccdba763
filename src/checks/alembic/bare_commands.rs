//! Where commands of the project run alembic by itself: in recipes, in Compose files, in Dockerfiles.

mod words;

use crate::access::interest::every_line;
use crate::facts::Facts;
use crate::project::commands::{DockerCall, DockerVerb, Occasion};
use crate::project::compose::Service;
use crate::text::{Source, Span, Spanned};

pub(super) use words::How;

/// A place that runs alembic.
pub(super) struct Bare {
    /// The word.
    pub span: Span,
    /// From the first word that runs it, such as `python`, to that word.
    pub whole: Span,
    /// How it runs it.
    pub how: How,
    /// The service it runs in.
    pub service: String,
    /// Who runs it.
    pub occasion: Occasion,
}

/// Every place, in the order of the files. What an entrypoint runs is left out: that may set things right.
pub(super) fn all(facts: &Facts) -> Vec<Bare> {
    let mut found = vec![];
    for service in facts.project.services() {
        for line in every_line(&facts.project, service) {
            let call = &line.call;
            let source = facts.source(&line.span.path).filter(|_| !is_wrapped(facts, service, call));
            let (Some(source), Some(first), Some(last)) = (source, call.command.first(), call.command.last()) else {
                continue;
            };
            let words: Vec<&str> = call.command.iter().map(|word| word.value.as_str()).collect();
            let place = match in_variable(source, call, first) {
                Some(place) => place,
                None => source.span(first.span.start..last.span.end.max(first.span.end)),
            };
            found.extend(within(source, &place, &words, service, line.occasion));
        }
        let wrapped = has_entrypoint(facts, service);
        for (words, wrapped) in [(&service.command, wrapped), (&service.entrypoint, false)] {
            let Some(words) = words.as_ref().filter(|_| !wrapped) else { continue };
            let Some(source) = facts.source(&words.span.path) else { continue };
            let texts: Vec<&str> = words.value.iter().map(String::as_str).collect();
            found.extend(within(source, &words.span, &texts, service, Occasion::Called));
        }
        found.extend(in_dockerfile(facts, service));
    }
    found.sort_by(|one, other| one.span.cmp(&other.span));
    found.dedup_by(|one, other| one.span == other.span);
    found
}

/// The rest of the line of a variable that the first word of the command comes from, together with `docker` itself.
fn in_variable(source: &Source, call: &DockerCall, first: &Spanned<String>) -> Option<Span> {
    let stands = |span: &Span| source.slice(span).contains(&*first.value);
    let at = call.insert_at.as_ref().filter(|at| call.inserts_into_variable && at.path == first.span.path)?;
    let rest = source.text().get(at.end..)?.split('\n').next()?;
    (!stands(&first.span)).then(|| source.span(at.end..at.end + rest.len()))
}

/// Whether a call sets the PATH, or runs its command by an entrypoint.
fn is_wrapped(facts: &Facts, service: &Service, call: &DockerCall) -> bool {
    let given = call.entrypoint.as_ref().map(|entrypoint| !entrypoint.is_empty());
    let by = match call.verb {
        DockerVerb::ComposeRun => given.unwrap_or_else(|| has_entrypoint(facts, service)),
        DockerVerb::Run => given.unwrap_or_else(|| image_has_entrypoint(facts, service)),
        DockerVerb::Exec | DockerVerb::ComposeExec | DockerVerb::ComposeOther => false,
    };
    by || call.environment.iter().any(|(name, _)| name == "PATH")
}

/// Programs that only start the rest of their words.
fn only_starts(program: &str) -> bool {
    matches!(program.rsplit('/').next(), Some("tini" | "dumb-init" | "catatonit"))
}

fn has_entrypoint(facts: &Facts, service: &Service) -> bool {
    match &service.entrypoint {
        Some(words) => words.value.first().is_some_and(|first| !only_starts(first)),
        None => image_has_entrypoint(facts, service),
    }
}

fn image_has_entrypoint(facts: &Facts, service: &Service) -> bool {
    let target = service.build.as_ref().and_then(|build| build.target.as_deref());
    let written = facts.project.dockerfile_of(service).into_iter().flat_map(|dockerfile| dockerfile.lineage(target));
    let mut written = written.filter_map(|stage| stage.entrypoint.as_ref());
    written.any(|started| !only_starts(&started.program.value))
}

/// `RUN`, and what containers start with, of the Dockerfile of a service.
fn in_dockerfile(facts: &Facts, service: &Service) -> Vec<Bare> {
    let target = service.build.as_ref().and_then(|build| build.target.as_deref());
    let Some(dockerfile) = facts.project.dockerfile_of(service) else { return vec![] };
    let mut spans: Vec<&Span> =
        dockerfile.stages.iter().flat_map(|stage| stage.runs()).map(|run| &run.command).collect();
    if service.entrypoint.is_none() {
        let command = || dockerfile.lineage(target).find_map(|stage| stage.command.as_ref());
        let entrypoint = dockerfile.lineage(target).find_map(|stage| stage.entrypoint.as_ref());
        let not_wrapped = service.command.is_none() && !image_has_entrypoint(facts, service);
        spans.extend(entrypoint.into_iter().chain(not_wrapped.then(command).flatten()).map(|started| &started.words));
    }
    let mut found = vec![];
    for span in spans {
        let Some(source) = facts.source(&span.path) else { continue };
        let text = source.slice(span);
        let words: Vec<String> = if text.trim_start().starts_with('[') {
            serde_json::from_str(text.trim()).unwrap_or_default()
        } else {
            vec!["sh".to_owned(), "-c".to_owned(), text.to_owned()]
        };
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        found.extend(within(source, span, &words, service, Occasion::Called));
    }
    found
}

/// The runs of alembic in a text that holds `words`.
fn within(source: &Source, span: &Span, words: &[&str], service: &Service, occasion: Occasion) -> Vec<Bare> {
    let place = |range: std::ops::Range<usize>| source.span(span.start + range.start..span.start + range.end);
    let runs = words::runs(source.slice(span), words).into_iter();
    let service = service.name.value.clone();
    runs.map(|run| Bare {
        span: place(run.word),
        whole: place(run.whole),
        how: run.how,
        service: service.clone(),
        occasion,
    })
    .collect()
}
