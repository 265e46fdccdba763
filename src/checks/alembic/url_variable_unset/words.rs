//! The words that the containers of a service start with.

use super::runs::told;
use crate::access::{behind_starters, hands_over, run_scripts};
use crate::facts::Facts;
use crate::project::compose::Service;
use crate::project::dockerfile::Stage;
use crate::text::{Span, Spanned};

/// Words that are run, and where they stand.
pub(super) struct Words<'facts> {
    pub span: &'facts Span,
    pub words: Vec<String>,
    /// The texts of what hands over to them.
    pub before: Vec<String>,
}

/// `command:`, or else that of the image.
pub(super) fn command<'facts>(facts: &'facts Facts, service: &'facts Service) -> Option<Words<'facts>> {
    written(&service.command).or_else(|| {
        // `entrypoint:` takes the image's command away.
        let mut stages = stages(facts, service).filter(|_| service.entrypoint.is_none());
        in_image(facts, &stages.find_map(|stage| stage.command.as_ref())?.words)
    })
}

/// `entrypoint:`, or else that of the image.
pub(super) fn entrypoint<'facts>(facts: &'facts Facts, service: &'facts Service) -> Option<Words<'facts>> {
    written(&service.entrypoint)
        .or_else(|| in_image(facts, &stages(facts, service).find_map(|stage| stage.entrypoint.as_ref())?.words))
}

/// What a command is with the entrypoint before it, where that can be told.
pub(super) fn entered<'facts>(
    facts: &'facts Facts,
    service: &'facts Service,
    command: Words<'facts>,
) -> Option<Words<'facts>> {
    let Some(entrypoint) = entrypoint(facts, service) else { return Some(command) };
    let plain: Vec<&str> = entrypoint.words.iter().map(String::as_str).collect();
    if behind_starters(&plain).is_empty() {
        return Some(command);
    }
    let scripts = run_scripts(&facts.project, service, &plain, None);
    if scripts.is_empty() {
        return Some(Words { words: [entrypoint.words, command.words].concat(), ..command });
    }
    let (told, before) = told(facts, service, &entrypoint.words, None);
    let is_same = !told.is_untold && scripts.iter().all(|script| hands_over(*script));
    is_same.then_some(Words { before, ..command })
}

fn stages<'facts>(facts: &'facts Facts, service: &'facts Service) -> impl Iterator<Item = &'facts Stage> {
    let target = service.build.as_ref().and_then(|build| build.target.as_deref());
    facts.project.dockerfile_of(service).into_iter().flat_map(move |file| file.lineage(target))
}

fn in_image<'facts>(facts: &'facts Facts, span: &'facts Span) -> Option<Words<'facts>> {
    let text = facts.source(&span.path)?.slice(span);
    let listed: Option<Vec<String>> = text.trim().strip_prefix('[').and(serde_json::from_str(text.trim()).ok());
    let shell = || ["sh", "-c", text].map(str::to_owned).to_vec();
    Some(Words { span, words: listed.unwrap_or_else(shell), before: vec![] })
}

fn written(words: &Option<Spanned<Vec<String>>>) -> Option<Words<'_>> {
    words.as_ref().map(|words| Words { span: &words.span, words: words.value.clone(), before: vec![] })
}
