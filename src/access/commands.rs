//! Which programs the words of a command run: one way of reading them for all who have to know.

use crate::text::shell;

/// Programs, each with the words of which one must follow (none: whatever follows; an empty word: the bare program).
pub type Programs = &'static [(&'static str, &'static [&'static str])];

/// A program that a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ran {
    /// Its name.
    pub program: &'static str,
    /// What it is told to do, where that was asked for.
    pub deed: &'static str,
}

/// Words after which a program's name is only a name, anywhere in the command.
const NAMES_ONLY: [&str; 16] = [
    "install",
    "add",
    "remove",
    "uninstall",
    "echo",
    "which",
    "sync",
    "command",
    "printf",
    "type",
    "man",
    "grep",
    "mkdir",
    "rm",
    "ls",
    "cat",
];

/// First words by which a program does nothing but tell of itself.
const TELLS: [&str; 3] = ["--help", "--version", "-V"];

/// The first of some programs that a command (scripts given to `sh -c` among its words) runs, without any of these options.
pub fn ran<W: AsRef<str>>(words: &[W], programs: Programs, options: &[&str]) -> Option<Ran> {
    first(words, programs, options, &|after, deeds| if deeds.is_empty() { Some("") } else { deed_of(after, deeds) })
}

/// The first of some programs that a command runs, whatever it tells it to do.
pub fn started<W: AsRef<str>>(words: &[W], programs: Programs, options: &[&str]) -> Option<Ran> {
    first(words, programs, options, &|_, _| Some(""))
}

type Deeds = &'static [&'static str];

fn first<W: AsRef<str>>(
    words: &[W],
    programs: Programs,
    options: &[&str],
    deed: &dyn Fn(&[&str], Deeds) -> Option<&'static str>,
) -> Option<Ran> {
    if programs.is_empty() {
        return None;
    }
    command_lines(words).iter().find_map(|command| {
        let command: Vec<&str> = command.iter().map(String::as_str).collect();
        (0..command.len()).find_map(|at| {
            let name = name_of(command.get(at)?)?;
            let (program, deeds) = programs.iter().find(|(program, _)| *program == name)?;
            let (before, after) = (command.get(..at)?, command.get(at + 1..)?);
            // `pip install ruff` does not run ruff.
            // What follows `uv` is a command of its own, so that `uv pip` is no pip.
            let is_told = before.split_last().is_some_and(|(last, rest)| {
                *last == "--with" || (name_of(last) == Some("uv") && rest.last() != Some(&"--with"))
            });
            let is_named_only = is_told || before.iter().any(|word| NAMES_ONLY.contains(word));
            let is_off = |word: &&str| {
                let is = |option: &&&str| {
                    word.strip_prefix(**option).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
                };
                options.iter().any(|option| is(&option))
            };
            if is_named_only || after.iter().any(is_off) || after.first().is_some_and(|word| TELLS.contains(word)) {
                return None;
            }
            deed(after, deeds).map(|deed| Ran { program, deed })
        })
    })
}

/// The words of each single command among what a shell is given, and in the scripts that are words of them.
pub(super) fn command_lines<W: AsRef<str>>(words: &[W]) -> Vec<Vec<String>> {
    let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
    let mut found = vec![];
    collect(&words.join(" "), 0, &mut found);
    found
}

/// How deep scripts are looked for in scripts.
const DEEPEST: usize = 8;

fn collect(text: &str, depth: usize, found: &mut Vec<Vec<String>>) {
    for command in shell::commands(text) {
        let parts = command.assignments.iter().chain(&command.words).filter_map(|word| text.get(word.clone()));
        let words: Vec<&str> = parts.collect();
        let mut plain = vec![];
        for word in &words {
            let inner = word.strip_prefix(['"', '\'']).map_or(*word, |word| word.trim_end_matches(['"', '\'']));
            let is_script = inner.len() < word.len() && inner.contains([' ', ';', '\n', '\t']);
            // What is only named is not run.
            if !is_script || words.iter().any(|word| NAMES_ONLY.contains(word)) {
                plain.push((*word).to_owned());
            } else if depth < DEEPEST {
                collect(inner, depth + 1, found);
            }
        }
        found.push(plain);
    }
}

/// The name of the program that a word may be: by itself, or in a folder of programs.
fn name_of(word: &str) -> Option<&str> {
    match word.trim_matches(['"', '\'', '`', '$']).rsplit_once('/') {
        Some((folder, name)) => (["", ".", "~"].contains(&folder) || folder.ends_with("bin")).then_some(name),
        None => Some(word.trim_matches(['"', '\'', '`', '$'])),
    }
}

/// What a program is told to do: the first word that is neither an option nor its value.
fn deed_of(after: &[&str], deeds: Deeds) -> Option<&'static str> {
    let known =
        |word: &str| deeds.iter().find(|deed| !deed.is_empty() && **deed == word.trim_matches(['"', '\''])).copied();
    let is_option = |word: &str| word.starts_with(['-', '+']);
    for (at, word) in after.iter().enumerate() {
        if let Some(deed) = known(word) {
            return Some(deed);
        }
        let is_value = at.checked_sub(1).and_then(|before| after.get(before)).is_some_and(|before| is_option(before));
        if !is_option(word) && !is_value {
            return None;
        }
    }
    deeds.iter().find(|deed| deed.is_empty() && after.is_empty()).copied()
}

/// Whether a command runs a script, or what it is handed, which may do anything.
pub fn runs_unknown(command: &str) -> bool {
    let text = command.replace(['"', '\'', '[', ']', ',', '{', '}'], " ");
    text.split([';', '&', '|', '(', ')', '\n', '`']).any(|one| {
        let words: Vec<&str> = one.split_whitespace().collect();
        is_unknown(&words)
    })
}

fn is_unknown(words: &[&str]) -> bool {
    const SHELLS: [&str; 6] = ["sh", "bash", "ash", "dash", "zsh", "ksh"];
    const OTHERS: [&str; 8] = ["python", "pypy", "node", "ruby", "perl", "php", "deno", "bun"];
    const BEFORE: [&str; 14] =
        ["sudo", "exec", "env", "time", "nice", "then", "do", "else", "if", "while", "!", "$", "eval", "nohup"];
    // What is installed by these, and nothing of the project's runs.
    const MODULES: [&str; 9] =
        ["pip", "venv", "virtualenv", "ensurepip", "compileall", "uv", "poetry", "pipx", "playwright"];
    let Some((first, rest)) = words.split_first() else { return false };
    let name = first.rsplit('/').next().unwrap_or_default();
    let plain = name.trim_end_matches(|character: char| character.is_ascii_digit() || character == '.');
    let next = rest.iter().position(|word| !word.starts_with('-'));
    if BEFORE.contains(&name) || name.contains('=') && !name.starts_with('-') {
        return is_unknown(rest);
    }
    if ["uv", "poetry", "pdm", "pipenv", "rye"].contains(&name) && rest.first() == Some(&"run") {
        let program = rest.iter().skip(1).position(|word| !word.starts_with('-'));
        return program.and_then(|at| rest.get(at + 1..)).is_some_and(is_unknown);
    }
    if SHELLS.contains(&name) {
        let told = |word: &&str| word.starts_with('-') && !word.starts_with("--") && word.contains('c');
        let at = rest.iter().position(told).filter(|at| next.is_none_or(|next| *at < next || rest.contains(&"-o")));
        return at.and_then(|at| rest.get(at + 1..)).is_none_or(is_unknown);
    }
    if OTHERS.contains(&plain) {
        return match rest.first() {
            Some(&"-m") => rest.get(1).is_none_or(|module| !MODULES.contains(module)),
            Some(option) => !["--version", "-V", "--help", "install", "add"].contains(option),
            None => true,
        };
    }
    let is_script = [".py", ".sh", ".js", ".mjs", ".rb", ".pl", ".bash"].iter().any(|end| name.ends_with(end));
    is_script || first.starts_with("./") || [".", "source", "make", "just", "task"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_from_names_paths_and_what_others_are_told_to_do() {
        const PROGRAMS: Programs =
            &[("uv", &[]), ("npm", &["install", "ci"]), ("alembic", &["revision"]), ("yarn", &[""])];
        for (command, expected) in [
            ("uv sync", Some("uv ")),
            ("/usr/local/bin/uv run x", Some("uv ")),
            ("/uv sync", Some("uv ")),
            ("sh -c 'set -e; exec uv sync'", Some("uv ")),
            ("gosu app npm --prefix web ci", Some("npm ci")),
            ("alembic -x a=b -c x.ini revision -m x", Some("alembic revision")),
            ("yarn", Some("yarn ")),
            ("uvx --with uv uv", Some("uv ")),
            ("uv alembic revision", Some("uv ")),
            ("echo uv", None),
            ("command -v uv", None),
            ("ls /root/.cache/uv", None),
            ("chown -R app /home/app/.cache/uv", None),
            ("pip install uv", None),
            ("uv --version", None),
            ("uv sync --no-cache", None),
            ("uv sync --no-cache=1", None),
            ("true # uv sync", None),
            ("# once: uv sync\ntrue", None),
            ("echo 'then: uv sync; uv run x'", None),
            ("bash -c \"sh -c 'cd x && uv sync'\"", Some("uv ")),
            ("if test -f x; then $(uv sync); fi", Some("uv ")),
            ("npm run install", None),
            ("yarn dev", None),
            ("uvicorn app.uv:app", None),
            ("", None),
        ] {
            let ran = ran(&[command], PROGRAMS, &["--no-cache"]).map(|ran| format!("{} {}", ran.program, ran.deed));
            assert_eq!(ran.as_deref(), expected, "{command}");
        }
    }

    #[test]
    fn scripts_and_what_is_handed_to_an_interpreter_may_do_anything() {
        for (command, expected) in [
            ("python scripts/install.py", true),
            ("cd /app && python3.12 -u install", true),
            (r#"["python", "scripts/install.py"]"#, true),
            ("bash -euo pipefail -c 'python install.py'", true),
            ("curl -sSf https://example.org/install | sh", true),
            ("curl -sSL https://example.org | python3 -", true),
            ("sh scripts/setup", true),
            ("/bin/bash /setup", true),
            ("A=b uv run --frozen python manage.py collectstatic", true),
            ("node build.js", true),
            ("make install", true),
            ("python -m scripts.install", true),
            ("if true; then perl x; fi", true),
            ("python -m pip install .", false),
            ("python -m venv .venv && .venv/bin/pip install .", false),
            ("useradd -m -s /bin/bash app", false),
            ("apt-get update && apt-get install -y python3 bash nodejs", false),
            ("sh -c 'pip install .'", false),
            ("bash -o pipefail -c 'pip install .'", false),
            ("python --version", false),
            ("uv sync --locked", false),
            ("npm ci", false),
            ("", false),
        ] {
            assert_eq!(runs_unknown(command), expected, "{command}");
        }
    }
}
