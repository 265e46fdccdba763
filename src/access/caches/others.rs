//! What tools write besides a cache: below the directory that they run in, and, by programs whose caches are not judged, in
//! the home of their user.

use crate::access::commands::{Programs, ran};

/// Something that a program writes below its working directory, and fails without.
#[derive(Debug)]
pub struct Here {
    /// The programs, with the words of which one must follow.
    pub programs: Programs,
    /// What is written, relative to the working directory; empty: anything in it.
    pub path: &'static str,
    /// The variable that moves it elsewhere, if there is one.
    pub variable: Option<&'static str>,
    /// Options that make it write nothing there.
    pub options: &'static [&'static str],
}

/// Beside the caches that lie in the project ([`Rule::project`](super::rules::Rule::project)). Each was seen to fail on a
/// read-only directory (`tests/ownership_real.rs`), but for npm and Poetry, whose documentation says where they write.
pub static HERE: [Here; 5] = [
    Here {
        programs: &[("uv", &["sync", "venv"])],
        path: ".venv",
        variable: Some("UV_PROJECT_ENVIRONMENT"),
        options: &["--help", "--dry-run"],
    },
    Here {
        programs: &[("uv", &["lock", "add", "remove"])],
        path: "uv.lock",
        variable: None,
        options: &["--help", "--dry-run", "--check", "--locked", "--frozen"],
    },
    Here { programs: &[("alembic", &["revision", "merge"])], path: "", variable: None, options: &["--help"] },
    Here {
        programs: &[("npm", &["install", "ci", "i", "add"])],
        path: "node_modules",
        variable: None,
        options: &["--help", "-g", "--global", "--dry-run"],
    },
    Here {
        programs: &[("poetry", &["lock", "add", "remove"])],
        path: "poetry.lock",
        variable: None,
        options: &["--help"],
    },
];

/// What is written where there is no environment yet, and only then.
pub static FIRST: Here = Here {
    programs: &[("uv", &["run"])],
    path: ".venv",
    variable: Some("UV_PROJECT_ENVIRONMENT"),
    options: &["--help", "--no-project", "--active", "--isolated", "--script"],
};

/// A program that makes folders in the home of its user.
#[derive(Debug)]
pub struct AtHome {
    /// It, with the words of which one must follow.
    pub programs: Programs,
    /// The variables that put its folders elsewhere.
    pub variables: &'static [&'static str],
}

/// No rows among the caches: what these lose without theirs was not measured, so that no check of caches may speak of them.
/// From their documentation.
pub static AT_HOME: [AtHome; 5] = [
    AtHome { programs: &[("composer", &[])], variables: &["COMPOSER_HOME", "COMPOSER_CACHE_DIR"] },
    AtHome { programs: &[("dotnet", &[])], variables: &["DOTNET_CLI_HOME"] },
    AtHome { programs: &[("gradle", &[])], variables: &["GRADLE_USER_HOME"] },
    AtHome { programs: &[("mvn", &[])], variables: &["MAVEN_USER_HOME"] },
    AtHome { programs: &[("pdm", &[])], variables: &["PDM_CACHE_DIR", "XDG_CACHE_HOME"] },
];

/// Programs that make an environment where they are told to.
pub static ENVIRONMENTS_AT: Programs = &[("venv", &[]), ("virtualenv", &[])];

/// Programs that may make `.venv`, by their settings. uv runs in an environment of theirs without writing when it is told to
/// leave it alone (`--no-sync`), or finds in it what its lock asks for: seen with a folder that is root's.
pub static ENVIRONMENTS_HERE: Programs =
    &[("pdm", &[]), ("poetry", &[]), ("pipenv", &[]), ("rye", &[]), ("hatch", &[]), ("uv", &["venv", "sync", "run"])];

/// Whether a command may make the `.venv` of a project.
pub fn may_make_environment(command: &str) -> bool {
    let elsewhere = |program: &str| {
        let words: Vec<&str> = command.split_whitespace().collect();
        let is_it = |word: &&str| word.rsplit('/').next() == Some(program);
        let mut after = words.iter().skip_while(|word| !is_it(word)).skip(1).filter(|word| !word.starts_with('-'));
        after.next().is_some_and(|target| target.starts_with('/'))
    };
    command.contains(".venv")
        || ran(&[command], ENVIRONMENTS_HERE, &["--help"]).is_some()
        || ran(&[command], ENVIRONMENTS_AT, &["--help"]).is_some_and(|ran| !elsewhere(ran.program))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_may_make_an_environment_is_told_from_what_makes_another() {
        for (command, expected) in [
            ("python -m venv .venv && .venv/bin/pip install .", true),
            ("python3 -m venv $VIRTUAL_ENV", true),
            ("pip install virtualenv && virtualenv env", true),
            ("virtualenv /app/.venv", true),
            ("pip install pdm && pdm install", true),
            ("poetry install --no-root", true),
            ("uv venv", true),
            ("ln -s /opt/venv .venv", true),
            ("python -m venv /opt/venv && /opt/venv/bin/pip install uv", false),
            ("pip install virtualenv pdm", false),
            ("apt-get install -y python3-venv", false),
            ("uv pip install --system .", false),
        ] {
            assert_eq!(may_make_environment(command), expected, "{command}");
        }
    }
}
