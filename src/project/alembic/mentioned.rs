//! Whether some file of the project says a word: what runs Alembic in another way than by its command is found by that.

use std::ops::Range;

use memchr::memmem;

use crate::project::files::Files;
use crate::project::whose::is_own;

/// Kinds of files that say how programs are started, by the ends of their names.
const STARTERS: [&str; 14] = [
    ".sh", ".bash", ".zsh", ".fish", ".yaml", ".yml", ".toml", ".cfg", ".ini", ".mk", ".json", ".ps1", ".bat", ".just",
];

/// The same for files without an ending, by what their names hold.
const NAMES: [&str; 9] =
    ["dockerfile", "containerfile", "makefile", "justfile", "procfile", "taskfile", ".env", "brewfile", "vagrantfile"];

/// Larger files are written by programs, such as lock files.
const LARGEST: usize = 400_000;

/// Whether a file may say how programs are started.
fn starts_programs(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    STARTERS.iter().any(|end| name.ends_with(end)) || NAMES.iter().any(|part| name.contains(part))
}

fn any(files: &dyn Files, wanted: impl Fn(&str) -> bool, holds: impl Fn(&[u8]) -> bool) -> bool {
    let mut own = files.list().iter().filter(|path| wanted(path) && is_own(path));
    own.any(|path| match files.bytes(path) {
        Ok(bytes) => bytes.len() <= LARGEST && holds(&bytes),
        // Nobody knows what it says.
        Err(_) => files.exists(path),
    })
}

/// Whether a text says how to work with the project: what starts programs, scripts without an ending, and what people read.
fn tells_how(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    starts_programs(path)
        || !name.contains('.')
        || [".md", ".rst", ".txt", ".adoc"].iter().any(|end| name.ends_with(end))
}

/// The same for files of every kind, of which those that cannot be read matter only where they start programs.
fn any_text(files: &dyn Files, wanted: impl Fn(&str) -> bool, holds: impl Fn(&[u8]) -> bool) -> bool {
    any(files, |path| wanted(path) && (starts_programs(path) || files.bytes(path).is_ok()), holds)
}

/// Whether a file of any kind says one of these words.
pub(in crate::project) fn anywhere(files: &dyn Files, words: &[&str]) -> bool {
    any_text(files, |_| true, |bytes| words.iter().any(|word| holds(bytes, word)))
}

/// The words of a text that a shell or a list may hold, without quotes.
fn words_of(text: &str) -> Vec<&str> {
    let words = text.split(|at: char| at.is_whitespace() || "\"'`,[]".contains(at));
    words.filter(|word| !word.is_empty() && *word != "-" && *word != "\\").collect()
}

/// Whether some text installs a folder as a package: `pip install --no-cache-dir -e .`, `- -e .` in a list of conda.
pub(in crate::project) fn installs_folder(files: &dyn Files) -> bool {
    let is_folder = |word: &str| [".", "./"].contains(&word) || word.starts_with('/') || word.starts_with("file:");
    let is_editable = |word: &str| word == "-e" || word.starts_with("--editable");
    let is_list = |word: &str| word.ends_with(".txt") || word.ends_with(".in");
    any_text(files, tells_how, |bytes| {
        let text = String::from_utf8_lossy(bytes).replace("\\\r\n", " ").replace("\\\n", " ");
        text.lines().flat_map(|line| line.split([';', '&', '|'])).any(|command| {
            let words = words_of(command);
            let first = words.first().copied().unwrap_or_default();
            let rest = words.get(1..).unwrap_or_default();
            let is_entry = is_editable(first) && rest.first().is_some_and(|word| word.starts_with(['.', '/']));
            let at = words.iter().position(|word| ["install", "develop"].contains(word));
            let installed = at.and_then(|at| words.get(at + 1..)).unwrap_or_default();
            let by_pip = words.iter().any(|word| word.contains("pip"));
            is_entry
                || first.starts_with("--editable=")
                || by_pip && installed.iter().any(|word| (is_folder(word) || is_editable(word)) && !is_list(word))
        })
    })
}

/// The configurations that some text hands to Alembic's command by `-c`.
pub(in crate::project) fn configurations_given(files: &dyn Files) -> Vec<String> {
    let mut found = vec![];
    for path in files.list().iter().filter(|path| (tells_how(path) || path.ends_with(".py")) && is_own(path)) {
        let Some(bytes) = files.bytes(path).ok().filter(|bytes| bytes.len() <= LARGEST) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        let words = words_of(&text);
        for (at, _) in words.iter().enumerate().filter(|(_, word)| **word == "alembic" || word.ends_with("/alembic")) {
            // Its own options come before what it is to do.
            let own = words
                .get(at + 1..)
                .unwrap_or_default()
                .iter()
                .take(8)
                .take_while(|word| !word.contains([';', '&', '|']));
            let own: Vec<&str> = own.copied().collect();
            for (at, word) in own.iter().enumerate() {
                let next = || own.get(at + 1).copied();
                let joined =
                    word.strip_prefix("--config=").or_else(|| word.strip_prefix("-c").filter(|it| !it.is_empty()));
                let given = if ["-c", "--config"].contains(word) { next() } else { joined };
                found.extend(given.map(str::to_owned));
            }
        }
    }
    found
}

/// Whether a program of the project runs Alembic: a Python file besides `env.py` imports what that takes.
pub(in crate::project) fn runs_in_program(files: &dyn Files) -> bool {
    const PARTS: [&str; 4] = ["command", "config", "script", "runtime"];
    let other = |path: &str| path.ends_with(".py") && path.rsplit('/').next() != Some("env.py");
    any(files, other, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let words = ["import alembic as", "ScriptDirectory", "EnvironmentContext"];
        let is_named = words.iter().any(|word| text.contains(word))
            || PARTS.iter().any(|part| text.contains(&format!("alembic.{part}")));
        is_named
            || text.split("from alembic import").skip(1).any(|rest| {
                let rest = rest.trim_start_matches([' ', '\t', '\\', '\r', '\n']);
                let names = match rest.strip_prefix('(') {
                    Some(inner) => inner.split(')').next(),
                    None => rest.split('\n').next(),
                };
                let mut names = names.unwrap_or_default().split(|at: char| !at.is_alphanumeric() && at != '_');
                names.any(|name| PARTS.contains(&name))
            })
    })
}

fn holds(bytes: &[u8], word: &str) -> bool {
    memmem::find(bytes, word.as_bytes()).is_some()
}

/// Whether a Python file says one of these words.
pub(in crate::project) fn in_python(files: &dyn Files, words: &[&str]) -> bool {
    any(files, |path| path.ends_with(".py"), |bytes| words.iter().any(|word| holds(bytes, word)))
}

/// Whether a Python file that is no `env.py` says all of these words.
pub(in crate::project) fn in_a_program(files: &dyn Files, words: &[&str]) -> bool {
    let is_program = |path: &str| path.ends_with(".py") && !path.ends_with("env.py");
    any(files, is_program, |bytes| words.iter().all(|word| holds(bytes, word)))
}

/// Whether a file that says how programs are started says one of these words.
pub(in crate::project) fn in_starters(files: &dyn Files, words: &[&str]) -> bool {
    any(files, starts_programs, |bytes| words.iter().any(|word| holds(bytes, word)))
}

/// Whether a file makes images or mounts folders.
fn makes_images(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    ["dockerfile", "containerfile", "compose", "devcontainer"].iter().any(|part| name.contains(part))
}

/// Whether what makes images or mounts folders says a word.
pub(super) fn in_images(files: &dyn Files, word: &str) -> bool {
    any(files, makes_images, |bytes| holds(bytes, word))
}

/// Whether an image or a mount gives a folder of the project another name than it has here.
pub(in crate::project) fn is_moved(files: &dyn Files, folder: &str) -> bool {
    let plain = |path: &str| path.trim_start_matches("./").trim_end_matches(['/', '.']).to_owned();
    let last = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
    let moves = |from: &str, to: &str| {
        let (from, to) = (plain(from), plain(to));
        let is_it = !from.is_empty() && (from == folder || folder.ends_with(&format!("/{from}")));
        is_it && last(&to) != last(folder)
    };
    any(files, makes_images, |bytes| {
        String::from_utf8_lossy(bytes).lines().any(|line| {
            let words: Vec<&str> = line
                .split(|at: char| at.is_whitespace() || "\"',[]".contains(at))
                .filter(|word| !word.is_empty())
                .collect();
            let mounts = words
                .iter()
                .filter_map(|word| word.split_once(':'))
                .any(|(from, to)| moves(from, to.split(':').next().unwrap_or(to)));
            let copies = match words.as_slice() {
                [copy, from @ .., to] if copy.eq_ignore_ascii_case("copy") || copy.eq_ignore_ascii_case("add") => {
                    from.iter().any(|from| moves(from, to))
                }
                _ => false,
            };
            mounts || copies
        })
    })
}

/// A line up to its comment, in all the languages that recipes are written in.
fn without_comment(line: &str) -> &str {
    let is_start =
        |at: &usize| line.get(..*at).is_some_and(|before| before.is_empty() || before.ends_with([' ', '\t']));
    let end = line.match_indices('#').map(|(at, _)| at).find(is_start);
    end.and_then(|end| line.get(..end)).unwrap_or(line)
}

/// The first file that says how programs are started, or is a script without an ending, with a line of which something holds:
/// its path, and where the line stands. Comments do not count. What holds of a line must hold of the whole text.
pub(super) fn first_line(files: &dyn Files, holds: impl Fn(&str) -> bool) -> Option<(String, Range<usize>)> {
    let is_script = |path: &str| !path.rsplit('/').next().unwrap_or(path).contains('.');
    let mut own = files.list().iter().filter(|path| (starts_programs(path) || is_script(path)) && is_own(path));
    own.find_map(|path| {
        let bytes = files.bytes(path).ok().filter(|bytes| bytes.len() <= LARGEST)?;
        let text = std::str::from_utf8(&bytes).ok()?;
        if !holds(text) {
            return None;
        }
        let mut start = 0;
        text.split_inclusive('\n').find_map(|line| {
            let begins = start + (line.len() - line.trim_start().len());
            start += line.len();
            let code = without_comment(line).trim();
            holds(code).then(|| (path.clone(), begins..begins + code.len()))
        })
    })
}

/// How the recipes of the project run Alembic.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::project) struct Runs {
    /// By its command.
    pub by_command: bool,
    /// By `python -m alembic`.
    pub as_module: bool,
}

/// Looks at every recipe.
pub(in crate::project) fn runs(files: &dyn Files) -> Runs {
    let mut found = Runs::default();
    for path in files.list().iter().filter(|path| starts_programs(path) && is_own(path)) {
        let Ok(bytes) = files.bytes(path) else { continue };
        if bytes.len() > LARGEST {
            continue;
        }
        let text = String::from_utf8_lossy(&bytes);
        let words: Vec<&str> = text.lines().map(without_comment).flat_map(words_of).collect();
        for (at, word) in words.iter().enumerate() {
            let next = words.get(at + 1).copied().unwrap_or_default();
            let is_verb = ["upgrade", "revision", "check", "current", "downgrade", "stamp", "heads", "history", "-c"];
            if *word == "alembic" && is_verb.contains(&next) {
                match at.checked_sub(1).and_then(|before| words.get(before)) {
                    Some(&"-m") => found.as_module = true,
                    _ => found.by_command = true,
                }
            } else if word.ends_with("/alembic") && is_verb.contains(&next) {
                found.by_command = true;
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::files::MemoryFiles;

    #[test]
    fn recipes_tell_how_alembic_is_run() {
        for (path, text, expected) in [
            ("Makefile", "m:\n\talembic upgrade head\n", (true, false)),
            ("Makefile", "m:\n\tuv run python -m alembic upgrade head\n", (false, true)),
            ("compose.yaml", "command: [\"python\", \"-m\", \"alembic\", \"upgrade\", \"head\"]\n", (false, true)),
            ("Dockerfile", "CMD .venv/bin/alembic upgrade head && python -m alembic current\n", (true, true)),
            (
                "Makefile",
                "# or: alembic upgrade head\nm:\n\tpython -m alembic upgrade head # alembic check\n",
                (false, true),
            ),
            ("compose.yaml", "  # command: alembic upgrade head\n", (false, false)),
            ("compose.yaml", "command:\n  - alembic\n  - upgrade\n", (true, false)),
            ("pyproject.toml", "[tool.alembic]\nscript_location = \"alembic\"\n", (false, false)),
            ("app.py", "alembic upgrade head", (false, false)),
        ] {
            let found = runs(&MemoryFiles::new([(path, text)]));
            assert_eq!((found.by_command, found.as_module), expected, "{path}: {text}");
        }
    }

    #[test]
    fn folders_that_are_called_otherwise_in_an_image_are_moved() {
        for (path, text, expected) in [
            ("Dockerfile", "COPY src /app\n", true),
            ("Dockerfile", "COPY --chown=1000 ./src/ ./\n", true),
            ("Dockerfile", "COPY src/ ./src/\nCOPY tests /app\n", false),
            ("Dockerfile", "COPY . .\n", false),
            ("compose.yaml", "      - ./src:/app\n", true),
            ("compose.yaml", "      - \"./src:/app/src:ro\"\n", false),
            ("notes.txt", "COPY src /app\n", false),
        ] {
            assert_eq!(is_moved(&MemoryFiles::new([(path, text)]), "src"), expected, "{text}");
        }
    }

    #[test]
    fn folders_are_installed_whatever_options_stand_before_them() {
        for (path, text, expected) in [
            ("Dockerfile", "RUN pip install --no-cache-dir .\n", true),
            ("Dockerfile", "RUN pip install --no-cache-dir \\\n    -e .\n", true),
            ("Dockerfile", "RUN uv pip install --system -e .[dev]\n", true),
            ("Dockerfile", "RUN [\"pip\", \"install\", \"/app\"]\n", true),
            ("environment.yml", "dependencies:\n  - pip:\n    - -e .\n", true),
            ("README.md", "Run `pip install -e .` first\n", true),
            ("Dockerfile", "RUN pip install -r /app/requirements.txt\nCOPY . .\n", false),
            ("Dockerfile", "RUN apt-get install -y x && rm -rf /var/lib/apt && pip install alembic\n", false),
            ("compose.yaml", "    build: .\n    volumes:\n      - .:/app\n", false),
        ] {
            assert_eq!(installs_folder(&MemoryFiles::new([(path, text)])), expected, "{text}");
        }
    }

    #[test]
    fn configurations_are_read_from_every_text() {
        for (path, text, expected) in [
            ("Makefile", "m:\n\tcd src && alembic -c ../alembic.ini current\n", Some("../alembic.ini")),
            ("compose.yaml", "command: [alembic, --raiseerr, \"--config=../a.ini\", current]\n", Some("../a.ini")),
            ("compose.yaml", "command:\n  - alembic\n  - -c\n  - db/a.ini\n", Some("db/a.ini")),
            ("scripts/migrate", "#!/bin/sh\nalembic -c /x/a.ini current\n", Some("/x/a.ini")),
            ("Makefile", "m:\n\talembic current; sh -c x\n", None),
        ] {
            let found = configurations_given(&MemoryFiles::new([(path, text)]));
            assert_eq!(found.first().map(String::as_str), expected, "{text}");
        }
    }

    #[test]
    fn programs_that_run_alembic_are_known_by_their_imports() {
        for (path, text, expected) in [
            ("app/cli.py", "from alembic import config as c, command\n", true),
            ("app/cli.py", "from alembic import (\n    command,\n    config,\n)\n", true),
            ("app/cli.py", "from alembic.config import Config\n", true),
            ("app/cli.py", "script = ScriptDirectory(folder)\n", true),
            ("app/cli.py", "from alembic import op\ncommand = 1\n", false),
            ("migrations/env.py", "from alembic import context\nfrom alembic.script import ScriptDirectory\n", false),
        ] {
            assert_eq!(runs_in_program(&MemoryFiles::new([(path, text)])), expected, "{text}");
        }
    }

    #[test]
    fn words_are_found_where_they_matter() {
        let files =
            MemoryFiles::new([(".env", "PYTHONPATH=.\n"), ("app.py", "script_location\n"), ("a.csv", "PYTHONHOME")]);
        assert!(in_starters(&files, &["PYTHONPATH"]) && !in_starters(&files, &["script_location", "PYTHONHOME"]));
        assert!(in_python(&files, &["x", "script_location"]) && !in_python(&files, &["PYTHONPATH"]));
    }
}
