//! Where commands of the project run a bare `alembic`: in recipes, in Compose files, in Dockerfiles.

use crate::facts::Facts;
use crate::project::commands::DockerVerb;
use crate::text::{Source, Span, shell};

/// A place that runs alembic.
pub(super) struct Bare {
    /// The word.
    pub span: Span,
    /// The service it runs in.
    pub service: String,
    /// Whether an entrypoint runs before it, which may set things right.
    pub behind_entrypoint: bool,
    /// Whether it is `python -m alembic`, which a folder of that name shadows.
    pub as_module: bool,
}

/// Every place, in the order of the files.
pub(super) fn all(facts: &Facts) -> Vec<Bare> {
    let mut found = vec![];
    for line in &facts.project.commands {
        let (call, entrypoint) = (&line.call, line.call.verb == DockerVerb::ComposeRun);
        let of_compose = matches!(call.verb, DockerVerb::ComposeExec | DockerVerb::ComposeRun);
        let (Some(target), Some(source), true) = (&call.target, facts.source(&line.span.path), of_compose) else {
            continue;
        };
        let words: Vec<&str> = call.command.iter().map(|word| word.value.as_str()).collect();
        let (Some(first), Some(last)) = (call.command.first(), call.command.last()) else { continue };
        let range = first.span.start..last.span.end.max(first.span.end);
        found.extend(within(source, source.span(range), &words, &target.value, entrypoint));
    }
    for service in facts.project.services() {
        for (words, is_command) in [(&service.command, true), (&service.entrypoint, false)] {
            let Some(words) = words else { continue };
            let Some(source) = facts.source(&words.span.path) else { continue };
            let behind = is_command && service.entrypoint.is_some();
            let texts: Vec<&str> = words.value.iter().map(String::as_str).collect();
            found.extend(within(source, words.span.clone(), &texts, &service.name.value, behind));
        }
        let dockerfile = service.build.as_ref().and_then(|build| facts.source(&build.dockerfile));
        if let Some(source) = dockerfile.filter(|_| service.command.is_none() && service.entrypoint.is_none()) {
            found.extend(in_dockerfile(source, &service.name.value));
        }
    }
    found.sort_by(|one, other| one.span.cmp(&other.span));
    found.dedup_by(|one, other| one.span == other.span);
    found
}

/// `CMD` and `RUN` of a Dockerfile, as far as each is one line.
fn in_dockerfile(source: &Source, service: &str) -> Vec<Bare> {
    let (mut found, mut start) = (vec![], 0);
    for line in source.text().split_inclusive('\n') {
        let text = line.trim_end();
        let instruction = text.split_whitespace().next().unwrap_or("").to_ascii_uppercase();
        if matches!(instruction.as_str(), "CMD" | "ENTRYPOINT" | "RUN") {
            let rest = text.get(instruction.len()..).unwrap_or("");
            let words: Vec<String> = if rest.trim_start().starts_with('[') {
                serde_json::from_str(rest.trim()).unwrap_or_default()
            } else {
                vec!["sh".to_owned(), "-c".to_owned(), rest.to_owned()]
            };
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let span = source.span(start + instruction.len()..start + text.len());
            found.extend(within(source, span, &words, service, false));
        }
        start += line.len();
    }
    found
}

/// The words `alembic` in a text that runs `words`.
fn within(source: &Source, span: Span, words: &[&str], service: &str, behind_entrypoint: bool) -> Vec<Bare> {
    let places = occurrences(source.slice(&span));
    let mut found = vec![];
    for (as_module, before) in runs(words) {
        if let Some(at) = before.and_then(|nth| places.get(nth)) {
            let span = source.span(span.start + at..span.start + at + "alembic".len());
            found.push(Bare { span, service: service.to_owned(), behind_entrypoint, as_module });
        }
    }
    found
}

/// For each simple command: whether it is `python -m alembic`, and how many words `alembic` stand before the one that runs;
/// `None` when it does not run alembic.
fn runs(words: &[&str]) -> Vec<(bool, Option<usize>)> {
    let is_shell = |word: &str| matches!(word.rsplit('/').next(), Some("sh" | "bash" | "ash" | "dash"));
    match words {
        [shell, flag, script, ..] if is_shell(shell) && flag.starts_with('-') && flag.ends_with('c') => {
            let mut before = 0;
            let mut found = vec![];
            for command in shell::commands(script) {
                let words: Vec<&str> = command
                    .words
                    .iter()
                    .filter_map(|range| script.get(range.clone()))
                    .skip_while(|word| *word == "exec")
                    .collect();
                let (as_module, at) = simple(&words);
                found.push((as_module, at.map(|at| before + at)));
                before += words.iter().filter(|word| **word == "alembic").count();
            }
            found
        }
        words => vec![simple(words)],
    }
}

fn simple(words: &[&str]) -> (bool, Option<usize>) {
    match words {
        ["alembic", ..] => (false, Some(0)),
        [python, "-m", "alembic", ..] if python.rsplit('/').next().is_some_and(|name| name.starts_with("python")) => {
            (true, Some(0))
        }
        ["uv" | "poetry", "run", rest @ ..] if rest.windows(2).any(|pair| pair == ["-m", "alembic"]) => (true, Some(0)),
        _ => (false, None),
    }
}

/// Where the word `alembic` stands by itself in a text.
fn occurrences(text: &str) -> Vec<usize> {
    let edge =
        |byte: Option<u8>| byte.is_none_or(|byte| byte.is_ascii_whitespace() || b"\"'[](){},;&|`".contains(&byte));
    let bytes = text.as_bytes();
    let starts = text.match_indices("alembic").map(|(at, _)| at);
    starts
        .filter(|at| {
            edge(at.checked_sub(1).and_then(|before| bytes.get(before).copied()))
                && edge(bytes.get(at + "alembic".len()).copied())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_that_runs_is_found() {
        let at = |text: &str, words: &[&str]| -> Vec<usize> {
            let source = Source::new("a", text);
            within(&source, source.span(0..text.len()), words, "api", false)
                .iter()
                .map(|bare| bare.span.start)
                .collect()
        };
        assert_eq!(at("alembic upgrade head", &["alembic", "upgrade", "head"]), [0]);
        assert_eq!(at("[\"alembic\", \"upgrade\"]", &["alembic", "upgrade"]), [2]);
        assert_eq!(
            at("sh -c \"cd alembic && alembic upgrade head\"", &["sh", "-c", "cd alembic && alembic upgrade head"]),
            [21]
        );
        assert_eq!(at("uv run alembic upgrade head", &["uv", "run", "alembic", "upgrade"]), [0; 0]);
        assert_eq!(at("python -m alembic heads", &["python", "-m", "alembic", "heads"]), [10]);
        assert_eq!(at("/app/.venv/bin/alembic heads", &["/app/.venv/bin/alembic", "heads"]), [0; 0]);
    }
}
