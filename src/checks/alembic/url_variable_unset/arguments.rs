//! Whether a command surely is one of Alembic's that runs `env.py`, and with which arguments.

use crate::text::shell;

/// Commands of Alembic's that run `env.py`: `heads` and `history` only read the revisions.
const RUN_ENV_PY: [&str; 6] = ["check", "current", "downgrade", "ensure_version", "stamp", "upgrade"];

/// Whether words surely run alembic, and a command of it that runs `env.py`.
pub(super) fn runs_env_py(words: &[&str]) -> bool {
    arguments(words).is_some_and(run_env_py)
}

/// The arguments of alembic, where this surely is what is run.
fn arguments<'w, 't>(words: &'w [&'t str]) -> Option<&'w [&'t str]> {
    const PLAIN: [&str; 9] =
        ["--no-sync", "--frozen", "--locked", "--no-dev", "--dev", "--all-extras", "--quiet", "-q", "--"];
    const VALUED: [&str; 7] = ["--directory", "--project", "--package", "--extra", "--group", "--python", "-p"];
    let name = |word: &'t str| word.rsplit('/').next().unwrap_or(word);
    let (mut words, mut is_managed) = (words, false);
    loop {
        words = match words {
            ["uv", "run", rest @ ..] => {
                is_managed = true;
                rest
            }
            ["poetry", "run", rest @ ..] => rest,
            [option, _, rest @ ..] if is_managed && VALUED.contains(option) => rest,
            [option, rest @ ..] if is_managed && PLAIN.contains(option) => rest,
            ["-m" | "--module", "alembic", rest @ ..] if is_managed => return Some(rest),
            ["env", rest @ ..] => {
                let sets = |word: &&&str| shell::assignment(word).is_some_and(|set| set.name != "UV_ENV_FILE");
                rest.get(rest.iter().take_while(sets).count()..)?
            }
            [python, "-m", "alembic", rest @ ..] if name(python).starts_with("python") => return Some(rest),
            [alembic, rest @ ..] if name(alembic) == "alembic" => return Some(rest),
            _ => return None,
        };
    }
}

/// Whether alembic runs `env.py` with these arguments.
fn run_env_py(arguments: &[&str]) -> bool {
    let mut rest = arguments;
    while let [option, after @ ..] = rest {
        rest = match *option {
            "-c" | "--config" | "-n" | "--name" | "-x" => after.get(1..).unwrap_or_default(),
            option if option.starts_with('-') => after,
            _ => break,
        };
    }
    // `--sql` asks no database, and runs what is for that.
    let is_shown = arguments.iter().any(|word| matches!(*word, "-h" | "--help" | "--sql" | "--version"));
    rest.first().is_some_and(|command| match *command {
        "revision" => rest.contains(&"--autogenerate"),
        command => RUN_ENV_PY.contains(&command),
    }) && !is_shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_alembic_itself_is_a_run_of_it() {
        let runs = |line: &str| runs_env_py(&line.split(' ').collect::<Vec<_>>());
        for sure in [
            "alembic upgrade head",
            "alembic -c a.ini -x data=1 upgrade head",
            "/app/.venv/bin/alembic check",
            "python3.12 -m alembic current",
            "uv run --frozen --directory api -- python -m alembic stamp head",
            "uv run -m alembic downgrade -1",
            "poetry run alembic revision --autogenerate -m x",
            "env PYTHONPATH=. alembic upgrade head",
        ] {
            assert!(runs(sure), "{sure}");
        }
        for other in [
            "echo alembic upgrade head",
            "uv run --env-file .env alembic upgrade head",
            "uv run --env-file=.env alembic upgrade head",
            "env UV_ENV_FILE=.env uv run alembic upgrade head",
            "env $(cat .env) alembic upgrade head",
            "env -S alembic upgrade head",
            "dotenv run -- alembic upgrade head",
            "op run -- alembic upgrade head",
            "$RUN alembic upgrade head",
            "alembic heads",
            "alembic history",
            "alembic revision -m upgrade",
            "alembic upgrade --help",
            "alembic upgrade head --sql",
            "alembic --version",
        ] {
            assert!(!runs(other), "{other}");
        }
    }
}
