//! Which word of a command is the one that runs alembic.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::text::shell::{self, is_shell};

/// How alembic is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// `alembic`.
    Script,
    /// `python -m alembic`.
    Module,
    /// `uv run python -m alembic`, `poetry run python -m alembic`.
    Managed,
}

/// A run of alembic in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// How.
    pub how: How,
    /// Where the word `alembic` stands in the text.
    pub word: Range<usize>,
    /// From the first word that runs it (`alembic`, `python`, or the `-m` of a manager) to that word.
    pub whole: Range<usize>,
}

/// The runs of alembic in a text that holds `words`.
pub fn runs(text: &str, words: &[&str]) -> Vec<Run> {
    let places = occurrences(text);
    let run = |how: How, before: usize, first: Option<&str>| {
        let start = *places.get(before)?;
        let begin = match first {
            Some(first) => text.get(..start)?.rfind(first).filter(|at| start - at < 100)?,
            None => start,
        };
        let end = start + "alembic".len();
        Some(Run { how, word: start..end, whole: begin..end })
    };
    match words {
        [shell, flag, script, ..] if is_shell(shell) && flag.starts_with('-') && flag.ends_with('c') => {
            // What a script does before may put it into the PATH.
            if puts_into_path(script) {
                return vec![];
            }
            let found = shell::commands(script).into_iter().filter_map(|command| {
                let ranges: Vec<&Range<usize>> = command.words.iter().collect();
                let words: Vec<&str> = ranges.iter().filter_map(|range| script.get((*range).clone())).collect();
                let (how, at, first) = simple(&words)?;
                let before = occurrences(script.get(..ranges.get(at)?.start)?).len();
                run(how, before, first)
            });
            found.collect()
        }
        words => {
            let found = simple(words).and_then(|(how, at, first)| {
                let before = words.iter().take(at).map(|word| occurrences(word).len()).sum();
                run(how, before, first)
            });
            found.into_iter().collect()
        }
    }
}

/// The run in one simple command of a shell text.
pub fn run_of(text: &str, command: &shell::Command) -> Option<Run> {
    let words: Vec<&str> = command.words.iter().map_while(|range| text.get(range.clone())).collect();
    let (how, at, first) = simple(&words)?;
    let word = command.words.get(at)?.clone();
    let begin = match first {
        Some(first) => command.range().start + text.get(command.range().start..word.start)?.rfind(first)?,
        None => word.start,
    };
    Some(Run { how, whole: begin..word.end, word })
}

/// Whether a shell text puts programs where the commands after it find them, or packages where every Python does.
pub fn puts_into_path(text: &str) -> bool {
    put_into_path(text, &shell::commands(text))
}

/// Whether commands of a text do that.
pub fn put_into_path(text: &str, commands: &[shell::Command]) -> bool {
    const SETS: [&str; 4] = ["activate", "pip install", "uv tool", "pipx install"];
    commands.iter().filter_map(|command| text.get(command.range())).any(|command| {
        let own = |before: &str| !before.ends_with(|one: char| one.is_ascii_alphanumeric() || one == '_');
        let sets_path = command.match_indices("PATH=").any(|(at, _)| command.get(..at).is_some_and(own));
        sets_path || SETS.iter().any(|one| command.contains(one))
    })
}

/// How a simple command runs alembic, by which of its words, and the word that this starts with when it is another.
fn simple<'a>(words: &[&'a str]) -> Option<(How, usize, Option<&'a str>)> {
    let wraps = |word: &&str| matches!(*word, "exec" | "time" | "nohup" | "command");
    let at = words.iter().take_while(|word| wraps(word)).count();
    let is_python =
        |word: &str| word.strip_prefix("python").is_some_and(|rest| rest.chars().all(|one| !one.is_alphabetic()));
    let words = words.get(at..)?;
    match words {
        ["alembic", ..] => Some((How::Script, at, None)),
        ["env", rest @ ..] if !rest.iter().any(|word| word.starts_with("PATH=")) => {
            let next = rest.iter().position(|word| !word.contains('='))?;
            let (how, inner, first) = simple(rest.get(next..)?)?;
            Some((how, at + 1 + next + inner, first))
        }
        [python, "-m", "alembic", ..] if is_python(python) => Some((How::Module, at + 2, Some(python))),
        [python, "-m", "alembic", ..] if python.rsplit('/').next().is_some_and(is_python) => {
            Some((How::Managed, at + 2, Some(python)))
        }
        ["uv" | "poetry", "run", rest @ ..] => {
            let module = rest.windows(2).position(|pair| pair == ["-m", "alembic"])?;
            let before = module.checked_sub(1).and_then(|before| rest.get(before)).filter(|word| is_python(word));
            Some((How::Managed, at + 2 + module + 1, Some(before.unwrap_or(&"-m"))))
        }
        _ => None,
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
        let found = |text: &str, words: &[&str]| -> Vec<(How, usize, usize)> {
            runs(text, words).into_iter().map(|run| (run.how, run.whole.start, run.word.start)).collect()
        };
        let script = |text: &str| found(text, &["sh", "-c", text]);
        assert_eq!(found("alembic upgrade head", &["alembic", "upgrade", "head"]), [(How::Script, 0, 0)]);
        assert_eq!(found("[\"alembic\", \"upgrade\"]", &["alembic", "upgrade"]), [(How::Script, 2, 2)]);
        assert_eq!(script("cd alembic && alembic upgrade head"), [(How::Script, 14, 14)]);
        assert_eq!(script("X=1 exec alembic heads; alembic check"), [(How::Script, 9, 9), (How::Script, 24, 24)]);
        assert_eq!(script("PYTHONPATH=. env A=b alembic heads"), [(How::Script, 21, 21)]);
        assert_eq!(found("python -m alembic heads", &["python", "-m", "alembic"]), [(How::Module, 0, 10)]);
        assert_eq!(found("[python3, -m, alembic]", &["python3", "-m", "alembic"]), [(How::Module, 1, 14)]);
        assert_eq!(script("uv run --no-sync python -m alembic heads"), [(How::Managed, 17, 27)]);
        assert_eq!(script("uv run -m alembic heads"), [(How::Managed, 7, 10)]);
        assert_eq!(script("/opt/venv/bin/python -m alembic heads"), [(How::Managed, 0, 24)]);
        for fine in [
            "uv run alembic upgrade head",
            "poetry run alembic heads",
            "/app/.venv/bin/alembic heads",
            ". .venv/bin/activate && alembic heads",
            "source .venv/bin/activate; alembic heads",
            "PATH=/app/.venv/bin:$PATH alembic heads",
            "export PATH=\"/app/.venv/bin:$PATH\" && alembic heads",
            "env PATH=/app/.venv/bin alembic heads",
            "pip install -r requirements.txt && alembic upgrade head",
            "echo alembic",
        ] {
            assert_eq!(script(fine), [], "{fine}");
        }
    }
}
