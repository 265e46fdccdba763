//! Where commands of the project run alembic by itself in a container: in recipes, in Compose files, in Dockerfiles, and in the
//! scripts that these run.

use crate::access::interest::every_line;
use crate::access::{behind_starters, hands_over, run_scripts};
use crate::facts::Facts;
use crate::project::alembic::words;
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

/// Words that are run in a service.
struct Started<'facts> {
    source: &'facts Source,
    /// Where they stand.
    span: Span,
    words: Vec<String>,
    /// Where they run, when that is not where the service does.
    directory: Option<&'facts str>,
    occasion: Occasion,
}

/// Every place, in the order of the files. What an entrypoint runs is left out: that may set things right.
pub(super) fn all(facts: &Facts) -> Vec<Bare> {
    let mut found = vec![];
    for service in facts.project.services() {
        let lines = every_line(&facts.project, service).filter_map(|line| {
            let call = &line.call;
            let source = facts.source(&line.span.path).filter(|_| !is_wrapped(facts, service, call))?;
            let (first, last) = (call.command.first()?, call.command.last()?);
            let span = match in_variable(source, call, first) {
                Some(place) => place,
                None => source.span(first.span.start..last.span.end.max(first.span.end)),
            };
            let words = call.command.iter().map(|word| word.value.clone()).collect();
            Some(Started { source, span, words, directory: call.working_dir.as_deref(), occasion: line.occasion })
        });
        for started in lines.chain(starts(facts, service)) {
            let words: Vec<&str> = started.words.iter().map(String::as_str).collect();
            found.extend(within(started.source, &started.span, &words, service, started.occasion));
            let scripts = run_scripts(&facts.project, service, &words, started.directory);
            for script in scripts.into_iter().filter(|script| !script.sets_path) {
                let text = script.source.text();
                let span = script.source.span(0..text.len());
                found.extend(within(script.source, &span, &["sh", "-c", text], service, started.occasion));
            }
        }
    }
    found.sort_by(|one, other| (&one.span, one.occasion).cmp(&(&other.span, other.occasion)));
    found.dedup_by(|one, other| one.span == other.span);
    found
}

/// What builds of a service's image run, and what its containers start with.
fn starts<'facts>(facts: &'facts Facts, service: &'facts Service) -> Vec<Started<'facts>> {
    let started = |source, span: &Span, words| {
        let span = span.clone();
        Started { source, span, words, directory: None, occasion: Occasion::Called }
    };
    let mut found = vec![];
    let wrapped = has_entrypoint(facts, service);
    for (words, wrapped) in [(&service.command, wrapped), (&service.entrypoint, false)] {
        let Some(words) = words.as_ref().filter(|_| !wrapped) else { continue };
        found.extend(facts.source(&words.span.path).map(|source| started(source, &words.span, words.value.clone())));
    }
    let target = service.build.as_ref().and_then(|build| build.target.as_deref());
    let Some(dockerfile) = facts.project.dockerfile_of(service) else { return found };
    let mut spans: Vec<&Span> =
        dockerfile.stages.iter().flat_map(|stage| stage.runs()).map(|run| &run.command).collect();
    if service.entrypoint.is_none() {
        let command = || dockerfile.lineage(target).find_map(|stage| stage.command.as_ref());
        let entrypoint = dockerfile.lineage(target).find_map(|stage| stage.entrypoint.as_ref());
        let not_wrapped = service.command.is_none() && !wrapped;
        spans.extend(entrypoint.into_iter().chain(not_wrapped.then(command).flatten()).map(|started| &started.words));
    }
    found.extend(spans.into_iter().filter_map(|span| {
        let source = facts.source(&span.path)?;
        Some(started(source, span, words_at(source, span)))
    }));
    found
}

/// The words of an instruction of a Dockerfile.
fn words_at(source: &Source, span: &Span) -> Vec<String> {
    let text = source.slice(span);
    if text.trim_start().starts_with('[') {
        serde_json::from_str(text.trim()).unwrap_or_default()
    } else {
        vec!["sh".to_owned(), "-c".to_owned(), text.to_owned()]
    }
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

/// Whether an entrypoint comes before the command, and does more than start it.
fn has_entrypoint(facts: &Facts, service: &Service) -> bool {
    match &service.entrypoint {
        Some(words) => wraps(facts, service, &words.value),
        None => image_has_entrypoint(facts, service),
    }
}

fn image_has_entrypoint(facts: &Facts, service: &Service) -> bool {
    let target = service.build.as_ref().and_then(|build| build.target.as_deref());
    let dockerfile = facts.project.dockerfile_of(service);
    let started = dockerfile.and_then(|file| file.lineage(target).find_map(|stage| stage.entrypoint.as_ref()));
    started.is_some_and(|started| {
        let words = facts.source(&started.words.path).map(|source| words_at(source, &started.words));
        words.is_none_or(|words| wraps(facts, service, &words))
    })
}

/// Whether the words of an entrypoint are more than what starts the command as it is: one such as `tini --`, or a script that
/// ends with it.
fn wraps(facts: &Facts, service: &Service, words: &[String]) -> bool {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if behind_starters(&words).is_empty() {
        return false;
    }
    let scripts = run_scripts(&facts.project, service, &words, None);
    // What `sh -c` starts gets no command.
    let is_script =
        !words.contains(&"-c") && words.iter().any(|word| scripts.first().is_some_and(|one| one.is_named(word)));
    !(is_script && scripts.first().is_some_and(|script| hands_over(*script)))
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
