//! What the commands of a job do to the PATH of those after them, as far as each of them is understood.

use super::pipelines::installs_tools;
use crate::text::shell;

/// Programs that put no environment into the PATH of others and install no packages.
const HARMLESS: [&str; 30] = [
    "alembic",
    "cat",
    "cd",
    "coverage",
    "createdb",
    "curl",
    "date",
    "docker",
    "docker-compose",
    "echo",
    "false",
    "git",
    "grep",
    "head",
    "isort",
    "ls",
    "mkdir",
    "mypy",
    "pg_isready",
    "printf",
    "psql",
    "pwd",
    "pyright",
    "pytest",
    "rm",
    "ruff",
    "set",
    "sleep",
    "tail",
    "true",
];

/// What uv does besides.
const OF_UV: [&str; 7] = ["sync", "run", "lock", "python", "cache", "version", "--version"];

/// What Poetry does besides.
const OF_POETRY: [&str; 8] = ["install", "sync", "run", "lock", "check", "show", "version", "--version"];

/// Variables that move the environment of a manager, or name it to it.
const SET_RIGHT: [&str; 8] = [
    "PATH",
    "VIRTUAL_ENV",
    "UV_SYSTEM_PYTHON",
    "UV_PROJECT_ENVIRONMENT",
    "UV_ENV_FILE",
    "UV_CONFIG_FILE",
    "CONDA_PREFIX",
    "BASH_ENV",
];

/// Whether a variable may decide where packages are put, or where commands are looked for.
pub(super) fn decides(name: &str) -> bool {
    SET_RIGHT.contains(&name)
        || name.starts_with("POETRY_VIRTUALENVS")
        || name.starts_with("PIP_") && name != "PIP_CACHE_DIR"
}

/// Whether all that a shell runs is understood: none of it may put an environment into the PATH, but by what the text says
/// for itself and for nothing after it.
pub(super) fn is_understood(text: &str) -> bool {
    shell::commands(text).iter().all(|command| {
        let plain = |range: &std::ops::Range<usize>| text.get(range.clone()).map(|it| it.trim_matches(['"', '\'']));
        let words: Vec<&str> = command.words.iter().filter_map(plain).collect();
        let sets = |range| plain(range).and_then(shell::assignment).is_none_or(|set| decides(set.name));
        let brings = !words.is_empty() && command.assignments.iter().any(sets);
        let whole = text.get(command.range()).unwrap_or("");
        // A file of settings may say where packages are put.
        let writes = command.redirections.iter().any(|(_, to)| plain(to).is_some_and(|to| to.contains("toml")));
        command.function.is_none() && !brings && !writes && (installs_tools(whole) || is_known(&words))
    })
}

fn is_known(words: &[&str]) -> bool {
    let is_python = |word: &str| matches!(word, "python" | "python3");
    let mut words = words.strip_prefix(&["sudo"]).unwrap_or(words);
    // `uv run` and `poetry run` start what is known by itself too: what they start may be a recipe.
    while let ["uv" | "poetry", "run", rest @ ..] = words {
        let options =
            rest.iter().take_while(|word| matches!(**word, "--frozen" | "--locked" | "--no-sync" | "--")).count();
        words = rest.get(options..).unwrap_or_default();
    }
    match words {
        [] => true,
        ["apt" | "apt-get", "update" | "install", rest @ ..] => {
            !rest.iter().any(|word| ["alembic", "python", "uv", "poetry"].iter().any(|one| word.contains(one)))
        }
        ["uv", verb, rest @ ..] => OF_UV.contains(verb) && !rest.contains(&"--active"),
        ["poetry", "config", rest @ ..] => rest.iter().any(|word| word.ends_with("virtualenvs.in-project")),
        ["poetry", verb, ..] => OF_POETRY.contains(verb),
        [python, "-m", module, ..] if is_python(python) => {
            matches!(*module, "alembic" | "pytest" | "coverage" | "mypy")
        }
        [python, "--version" | "-V", ..] => is_python(python),
        // What these read is another matter for the text that does, and for nothing after it.
        ["." | "source", path, ..] => path.ends_with("/activate"),
        ["export", rest @ ..] => rest.iter().all(|word| {
            let name = word.split('=').next().unwrap_or("");
            name == "PATH" || !decides(name) && shell::assignment(word).is_some()
        }),
        [program, ..] => HARMLESS.contains(program),
    }
}
