//! What a stage runs and copies: the steps that make an environment or use a cache mount.

use parse_dockerfile::{Command, CopyInstruction, RunInstruction, Source as CopySource};
use serde::{Deserialize, Serialize};

use super::{Dockerfile, Reader, below};
use crate::text::{Source, Span, Spanned};

/// One `RUN`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The command. Its text stays in the file: it may hold secrets.
    pub command: Span,
    /// `--mount=type=cache`, in order.
    pub caches: Vec<CacheMount>,
    /// The `USER` of this stage that holds here.
    pub user: Option<Spanned<String>>,
    /// The working directory, as far as the files tell.
    pub working_dir: Option<String>,
}

impl Run {
    /// The command on one line.
    pub fn text(&self, source: &Source) -> String {
        source.slice(&self.command).replace("\\\r\n", " ").replace("\\\n", " ").replace('\r', "")
    }
}

/// A cache mount of a `RUN`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheMount {
    /// Where it is mounted.
    pub target: String,
    /// Whether `uid=`, `gid=`, `mode=` or `from=` say who may write it.
    pub owned: bool,
    /// The value of the option, `type=cache,…`.
    pub span: Span,
}

/// One `COPY` from a stage or an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// Stage or image.
    pub from: String,
    /// Paths there.
    pub sources: Vec<String>,
    /// Path here.
    pub destination: String,
}

impl Dockerfile {
    /// The user that a step of a stage runs as, when a `USER` says so.
    pub fn user_at<'a>(&'a self, stage: &'a super::Stage, run: &'a Run) -> Option<&'a Spanned<String>> {
        let index = self.stages.iter().position(|other| std::ptr::eq(other, stage))?;
        let earlier = self.stages.get(..index)?;
        let below = || super::find(earlier, &stage.base).and_then(|base| self.user_of(Some(&base.to_string())));
        run.user.as_ref().or_else(below)
    }
}

impl Reader<'_> {
    pub(super) fn run(&mut self, run: &RunInstruction<'_>) {
        let span = match &run.arguments {
            Command::Exec(words) => words.span.clone(),
            Command::Shell(text) => text.span.clone(),
            _ => return,
        };
        let (start, end) = (self.mark + span.start, self.mark + span.end);
        let end = document_end(self.source.text(), start, end).unwrap_or(end);
        let command = self.source.span(start..end);
        let mut caches = vec![];
        for option in run.options.iter().filter(|option| option.name.value == "mount") {
            let Some(value) = &option.value else { continue };
            let expanded = self.in_stage(&value.value);
            let value = self.spanned(value, expanded);
            caches.extend(cache_mount(&value));
        }
        let working_dir = self.legacies.last().and_then(|legacy| legacy.working_dir.clone());
        let working_dir = working_dir.filter(|path| self.spend(path.len()));
        if let Some(stage) = self.stages.last_mut() {
            stage.runs.push(Run { command, caches, user: stage.user.clone(), working_dir });
        }
    }

    pub(super) fn copy(&mut self, copy: &CopyInstruction<'_>) {
        let from = copy.options.iter().find(|option| option.name.value == "from").and_then(|from| from.value.as_ref());
        let Some(from) = from.and_then(|from| self.in_stage(&from.value)) else { return };
        let mut sources = vec![];
        for path in &copy.src {
            let CopySource::Path(path) = path else { continue };
            sources.extend(self.in_stage(&path.value).map(|path| below(Some("/"), path)));
        }
        let Some(destination) = self.in_stage(&copy.dest.value) else { return };
        let former = self.legacies.last().and_then(|legacy| legacy.working_dir.clone());
        let destination = below(former.as_deref(), destination);
        let size = destination.len() + sources.iter().map(String::len).sum::<usize>();
        if self.spend(size)
            && let Some(stage) = self.stages.last_mut()
        {
            stage.copies.push(Copied { from, sources, destination });
        }
    }
}

/// The end of the here-document that a command begins with; the parser was not shown its lines.
fn document_end(text: &str, start: usize, end: usize) -> Option<usize> {
    let (_, word) = text.get(start..end)?.split_once("<<")?;
    let word = word.trim_start_matches('-').split_whitespace().next()?.trim_matches(['"', '\'']);
    let mut at = end + text.get(end..)?.find('\n')? + 1;
    for line in text.get(at..)?.split_inclusive('\n') {
        at += line.len();
        if line.trim() == word {
            return Some(at);
        }
    }
    None
}

fn cache_mount(value: &Spanned<String>) -> Option<CacheMount> {
    let options: Vec<(&str, &str)> =
        value.value.split(',').map(|option| option.split_once('=').unwrap_or((option, ""))).collect();
    let get = |names: &[&str]| options.iter().find(|(name, _)| names.contains(name)).map(|(_, value)| *value);
    if get(&["type"]) != Some("cache") {
        return None;
    }
    Some(CacheMount {
        target: get(&["target", "dst", "destination"])?.trim_end_matches('/').to_owned(),
        owned: get(&["uid"]).is_some_and(|uid| uid != "0")
            || ["gid", "mode", "from"].iter().any(|name| get(&[name]).is_some()),
        span: value.span.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    #[test]
    fn steps_know_their_user_directory_and_cache_mounts() {
        let text = "FROM python:3.12 AS base\nUSER app\nWORKDIR /srv\nFROM base\nWORKDIR app\nRUN --mount=type=cache,target=/c/ \\\n  --mount=type=bind,source=x,target=/x uv \\\n  sync\nUSER root\nRUN --mount=type=cache,uid=1000,dst=/d true\nRUN <<EOF\nuv sync\nEOF\nCOPY --from=base /srv/.venv .venv\nCOPY . .\n";
        let source = Source::new("Dockerfile", text);
        let dockerfile = read(&source).unwrap();
        let stage = &dockerfile.stages[1];
        let [first, second, third] = &stage.runs[..] else { panic!("{:?}", stage.runs) };
        assert_eq!(first.text(&source).split_whitespace().collect::<Vec<_>>(), ["uv", "sync"]);
        assert_eq!(first.working_dir.as_deref(), Some("/srv/app"));
        assert_eq!(dockerfile.user_at(stage, first).map(|user| user.value.as_str()), Some("app"));
        assert_eq!(dockerfile.user_at(stage, second).map(|user| user.value.as_str()), Some("root"));
        assert_eq!((first.caches[0].target.as_str(), first.caches[0].owned, first.caches.len()), ("/c", false, 1));
        assert_eq!(source.slice(&first.caches[0].span), "type=cache,target=/c/");
        assert!(second.caches[0].owned);
        assert!(third.text(&source).contains("uv sync"));
        assert_eq!(stage.copies.len(), 1);
        assert_eq!((&*stage.copies[0].sources[0], &*stage.copies[0].destination), ("/srv/.venv", "/srv/app/.venv"));
    }
}
