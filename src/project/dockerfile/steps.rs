//! What a stage does in order, as far as owners, modes, environments and caches hang on it, and what its containers start.

use parse_dockerfile::{Command, Flag, RunInstruction, Source as CopySource, UnescapedString};
use serde::{Deserialize, Serialize};

use super::{Dockerfile, Reader, Stage, below};
use crate::text::{Source, Span, Spanned, shell};

/// One step of a stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BuildStep {
    /// `COPY` or `ADD`.
    Copy(Copied),
    /// `RUN`.
    Run(Run),
    /// `WORKDIR`, which makes the folder when it is not there.
    Workdir(Entered),
}

/// One `WORKDIR`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    /// The folder; relative where it depends on that of an image that the files do not tell.
    pub folder: Spanned<String>,
    /// The `USER` of this stage that holds here.
    pub user: Option<Spanned<String>>,
}

/// One `RUN`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The command. Its text stays in the file: it may hold secrets.
    pub command: Span,
    /// `--mount=type=cache`, in order.
    pub caches: Vec<CacheMount>,
    /// The values of all other `--mount`, in order.
    #[serde(default)]
    pub mounts: Vec<String>,
    /// The `USER` of this stage that holds here.
    pub user: Option<Spanned<String>>,
    /// The working directory, as far as the files tell.
    pub working_dir: Option<String>,
}

impl Run {
    /// The command on one line, or the lines of its here-document.
    pub fn text(&self, source: &Source) -> String {
        source.slice(&self.command).replace("\\\r\n", " ").replace("\\\n", " ").replace('\r', "")
    }

    /// Each simple command of it, without comments: `X=1 uv sync`, as it stands.
    pub fn commands(&self, source: &Source) -> Vec<String> {
        let text = self.text(source);
        if let Some(words) = text.trim().strip_prefix('[').and(serde_json::from_str::<Vec<String>>(text.trim()).ok()) {
            return vec![words.join(" ")];
        }
        // What a here-document holds is the script when nothing, or a shell, stands before it.
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let is_script = first.split_once("<<").is_some_and(|(before, _)| !before.trim().contains(' '));
        let script = if is_script { rest } else { text.as_str() };
        let of = |command: &shell::Command| script.get(command.range()).map(str::to_owned);
        shell::commands(script).iter().filter_map(of).collect()
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

/// One `COPY` or `ADD`. A variable whose value is not known stays as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copied {
    /// What is copied, as written; relative to the context, or to the stage or image of `--from`.
    pub sources: Vec<String>,
    /// Where it goes, seen from the `WORKDIR` before; a slash at the end stays.
    pub destination: String,
    /// `--chown`.
    pub owner: Option<String>,
    /// `--chmod`.
    pub mode: Option<String>,
    /// `--from`: a stage or an image.
    pub from: Option<String>,
    /// The destination, as the place of the instruction.
    pub span: Span,
    /// The empty range behind the instruction's name, where an option can be put in.
    #[serde(default)]
    pub insert_at: Option<Span>,
}

/// An `ENTRYPOINT` or a `CMD`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The program; a shell in the form without brackets.
    pub program: Spanned<String>,
    /// All words. Their text stays in the file: it may hold secrets.
    pub words: Span,
}

impl Started {
    /// Its words without brackets and quotes.
    pub fn words<'a>(&self, source: &'a Source) -> impl Iterator<Item = &'a str> {
        let words = source.slice(&self.words).split([' ', '\t', '\r', '\n', '"', '\'', '[', ']', ',']);
        words.filter(|word| !["", "\\"].contains(word))
    }
}

impl Stage {
    /// What it runs, in order.
    pub fn runs(&self) -> impl Iterator<Item = &Run> {
        self.steps.iter().filter_map(|step| match step {
            BuildStep::Run(run) => Some(run),
            BuildStep::Copy(_) | BuildStep::Workdir(_) => None,
        })
    }

    /// What it copies, in order.
    pub fn copies(&self) -> impl Iterator<Item = &Copied> {
        self.steps.iter().filter_map(|step| match step {
            BuildStep::Copy(copied) => Some(copied),
            BuildStep::Run(_) | BuildStep::Workdir(_) => None,
        })
    }
}

impl Dockerfile {
    /// The user that a step of a stage runs as, when a `USER` says so.
    pub fn user_at<'a>(&'a self, stage: &'a Stage, run: &'a Run) -> Option<&'a Spanned<String>> {
        run.user.as_ref().or_else(|| self.user_below(stage))
    }

    /// The user that a stage begins with, when a `USER` of what it is built from says so.
    pub fn user_below(&self, stage: &Stage) -> Option<&Spanned<String>> {
        let index = self.stages.iter().position(|other| std::ptr::eq(other, stage))?;
        let earlier = self.stages.get(..index)?;
        super::find(earlier, &stage.base).and_then(|base| self.user_of(Some(&base.to_string())))
    }

    /// The names of the files that the containers of any stage start with, without their folders.
    pub fn starting_names<'a>(&self, source: &'a Source) -> Vec<&'a str> {
        let started = self.stages.iter().flat_map(|stage| [&stage.entrypoint, &stage.command]).flatten();
        let names = started.flat_map(|started| started.words(source)).filter_map(|word| word.rsplit('/').next());
        names.filter(|name| name.chars().any(char::is_alphanumeric) && !name.starts_with('-')).collect()
    }
}

impl Reader<'_> {
    pub(super) fn run(&mut self, run: &RunInstruction<'_>) {
        let Some(span) = span_of(&run.arguments) else { return };
        let (start, end) = (self.mark + span.start, self.mark + span.end);
        let end = document_end(self.source.text(), start, end).unwrap_or(end);
        let command = self.source.span(start..end);
        let (mut caches, mut mounts) = (vec![], vec![]);
        for option in run.options.iter().filter(|option| option.name.value == "mount") {
            let Some(value) = &option.value else { continue };
            let expanded = self.in_stage(&value.value);
            let value = self.spanned(value, expanded);
            match cache_mount(&value) {
                Some(cache) => caches.push(cache),
                None => mounts.push(value.value),
            }
        }
        let working_dir = self.legacies.last().and_then(|legacy| legacy.working_dir.clone());
        let working_dir = working_dir.filter(|path| self.spend(path.len()));
        if let Some(stage) = self.stages.last_mut() {
            let user = stage.user.clone();
            stage.steps.push(BuildStep::Run(Run { command, caches, mounts, user, working_dir }));
        }
    }

    pub(super) fn copy(
        &mut self,
        keyword: usize,
        sources: &[CopySource<'_>],
        to: &UnescapedString<'_>,
        options: &[Flag<'_>],
    ) {
        let value = |text: &UnescapedString<'_>| self.in_stage(&text.value).unwrap_or_else(|| text.value.to_string());
        let option = |name: &str| {
            let flag = options.iter().find(|flag| flag.name.value == name)?;
            flag.value.as_ref().map(value)
        };
        let sources = sources.iter().filter_map(|source| match source {
            CopySource::Path(path) => Some(value(path)),
            _ => None,
        });
        let sources: Vec<String> = sources.collect();
        let (owner, mode, from, written) = (option("chown"), option("chmod"), option("from"), value(to));
        let former = self.legacies.last().and_then(|legacy| legacy.working_dir.as_deref());
        let folder = written.ends_with('/') || written == "." || written.ends_with("/.");
        let mut destination = below(former, written);
        if folder && !destination.ends_with('/') {
            destination.push('/');
        }
        let span = self.source.span(self.mark + to.span.start..self.mark + to.span.end);
        let insert_at = Some(self.source.span(self.mark + keyword..self.mark + keyword));
        let size = sources.iter().chain([&destination]).chain([&owner, &mode, &from].into_iter().flatten());
        let size = size.map(String::len).sum();
        if self.spend(size)
            && let Some(stage) = self.stages.last_mut()
        {
            stage.steps.push(BuildStep::Copy(Copied { sources, destination, owner, mode, from, span, insert_at }));
        }
    }

    pub(super) fn started(&self, command: &Command<'_>) -> Option<Started> {
        let place = |span: std::ops::Range<usize>| self.source.span(self.mark + span.start..self.mark + span.end);
        let words = place(span_of(command)?);
        let program = match command {
            Command::Exec(words) => {
                let first = words.value.first()?;
                Spanned::new(first.value.to_string(), place(first.span.clone()))
            }
            _ => Spanned::new("/bin/sh".to_owned(), words.clone()),
        };
        Some(Started { program, words })
    }
}

fn span_of(command: &Command<'_>) -> Option<std::ops::Range<usize>> {
    match command {
        Command::Exec(words) => Some(words.span.clone()),
        Command::Shell(text) => Some(text.span.clone()),
        _ => None,
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
        let text = "FROM python:3.12 AS base\nUSER app\nWORKDIR /srv\nFROM base\nWORKDIR app\nRUN --mount=type=cache,target=/c/ \\\n  --mount=type=bind,source=x,target=/x uv \\\n  sync\nUSER root\nRUN --mount=type=cache,uid=1000,dst=/d true\nRUN <<EOF\nuv sync\nEOF\nCOPY --from=base /srv/.venv .venv\nCOPY --chown=1000 . .\n";
        let source = Source::new("Dockerfile", text);
        let dockerfile = read(&source).unwrap();
        let stage = &dockerfile.stages[1];
        let runs: Vec<&Run> = stage.runs().collect();
        let [first, second, third] = runs[..] else { panic!("{runs:?}") };
        assert_eq!(first.text(&source).split_whitespace().collect::<Vec<_>>(), ["uv", "sync"]);
        assert_eq!(first.working_dir.as_deref(), Some("/srv/app"));
        assert_eq!(dockerfile.user_at(stage, first).map(|user| user.value.as_str()), Some("app"));
        assert_eq!(dockerfile.user_at(stage, second).map(|user| user.value.as_str()), Some("root"));
        assert_eq!((first.caches[0].target.as_str(), first.caches[0].owned, first.caches.len()), ("/c", false, 1));
        assert_eq!(source.slice(&first.caches[0].span), "type=cache,target=/c/");
        assert!(second.caches[0].owned);
        assert!(third.text(&source).contains("uv sync"));
        assert_eq!(third.commands(&source)[..1], ["uv sync"]);
        assert_eq!(
            (first.mounts.as_slice(), second.mounts.len()),
            (&["type=bind,source=x,target=/x".to_owned()][..], 0)
        );
        let copies: Vec<&Copied> = stage.copies().collect();
        let [environment, project] = copies[..] else { panic!("{copies:?}") };
        assert_eq!((&*environment.sources[0], &*environment.destination), ("/srv/.venv", "/srv/app/.venv"));
        assert_eq!(environment.from.as_deref(), Some("base"));
        assert_eq!((&*project.destination, project.owner.as_deref()), ("/srv/app/", Some("1000")));
    }

    #[test]
    fn single_commands_have_no_comments() {
        let text = "FROM x\nRUN a && \\\n  # pip install x\n  X=1 b -c 'd; e' # f\nRUN [\"uv\", \"sync\"]\nRUN bash <<END\n# g\nh i\nEND\n";
        let source = Source::new("Dockerfile", text);
        let dockerfile = read(&source).unwrap();
        let found: Vec<Vec<String>> = dockerfile.stages[0].runs().map(|run| run.commands(&source)).collect();
        assert_eq!(found[..2], [vec!["a", "X=1 b -c 'd; e'"], vec!["uv sync"]]);
        assert_eq!(found[2][0], "h i");
    }

    #[test]
    fn only_what_containers_start_with_is_named() {
        let text = "FROM x\nCOPY a.sh /b.sh\nEntrypoint [\"/usr/bin/tini\", \"--\", \\\n \"/docker/entry.sh\"]\r\nCMD ./run -x\n# CMD no\n";
        let source = Source::new("Dockerfile", text);
        let dockerfile = read(&source).unwrap();
        assert_eq!(dockerfile.starting_names(&source), ["tini", "entry.sh", "run"]);
        let programs = [&dockerfile.stages[0].entrypoint, &dockerfile.stages[0].command]
            .map(|started| started.as_ref().map(|started| started.program.value.as_str()));
        assert_eq!(programs, [Some("/usr/bin/tini"), Some("/bin/sh")]);
    }
}
