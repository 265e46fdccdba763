//! Tools that fail where they cannot write into the directory they run in, and what they write there.

use crate::facts::{Container, Environment};
use crate::project::Project;
use crate::project::compose::Service;
use crate::text::Span;

use super::interest::exec_lines;

/// Something that a tool writes below its working directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The command as people call it, such as `uv sync`.
    pub command: String,
    /// What it writes, relative to the working directory.
    pub path: &'static str,
    /// The variable that moves it elsewhere, if there is one.
    pub variable: Option<&'static str>,
    /// The line that runs it; `None`: the service's own command.
    pub line: Option<Span>,
}

struct Rule {
    program: &'static str,
    /// First words after the options; none: any.
    verbs: &'static [&'static str],
    path: &'static str,
    variable: Option<&'static str>,
    /// Options that make it write nothing there.
    harmless: &'static [&'static str],
}

/// Each was seen to fail on a read-only directory (`tests/ownership_real.rs`), but for npm and Poetry, whose documentation
/// says where they write. pytest is not here: it only warns.
const RULES: [Rule; 6] = [
    Rule {
        program: "ruff",
        verbs: &["check", "format"],
        path: ".ruff_cache",
        variable: Some("RUFF_CACHE_DIR"),
        harmless: &["--no-cache", "-n", "--cache-dir"],
    },
    Rule {
        program: "uv",
        verbs: &["sync", "venv"],
        path: ".venv",
        variable: Some("UV_PROJECT_ENVIRONMENT"),
        harmless: &["--help", "--dry-run"],
    },
    Rule {
        program: "uv",
        verbs: &["lock", "add", "remove"],
        path: "uv.lock",
        variable: None,
        harmless: &["--help", "--dry-run", "--check", "--locked", "--frozen"],
    },
    Rule { program: "alembic", verbs: &["revision", "merge"], path: "", variable: None, harmless: &["--help"] },
    Rule {
        program: "npm",
        verbs: &["install", "ci", "i", "add"],
        path: "node_modules",
        variable: None,
        harmless: &["--help", "-g", "--global", "--dry-run"],
    },
    Rule {
        program: "poetry",
        verbs: &["lock", "add", "remove"],
        path: "poetry.lock",
        variable: None,
        harmless: &["--help"],
    },
];

/// What a service's own command, and command lines that run in it as its own user, write below the working directory.
pub fn written_by(service: &Service, container: Option<&Container>, project: &Project) -> Vec<Written> {
    let own = container.map(|container| &container.command).into_iter().flatten();
    let said = [&service.entrypoint, &service.command].into_iter().flatten().flat_map(|words| &words.value);
    let empty = Environment::default();
    let environment = container.map_or(&empty, |container| &container.environment);
    let is_set = |name: &str| environment.get(name).is_some() || service.environment.contains_key(name);
    let mut found = written(own.chain(said).map(String::as_str), None, &is_set);
    for line in exec_lines(project, &service.name).filter(|line| line.call.user.is_none()) {
        let given = |name: &str| is_set(name) || line.call.environment.iter().any(|(other, _)| other == name);
        found.extend(written(line.call.command.iter().map(|word| word.as_str()), Some(&line.span), &given));
    }
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|written| seen.insert(written.path));
    found
}

/// The directory in which a service's processes start, as far as it is known.
pub fn working_directory(service: &Service, container: Option<&Container>, project: &Project) -> Option<String> {
    let of_file = || {
        let build = service.build.as_ref()?;
        let stage = project.dockerfiles.get(&build.dockerfile)?.stage(build.target.as_deref())?;
        stage.working_dir.as_ref().map(|directory| directory.value.clone())
    };
    service
        .working_dir
        .as_ref()
        .map(|directory| directory.value.clone())
        .or(container.map(|container| container.working_dir.clone()).filter(|directory| !directory.is_empty()))
        .or_else(of_file)
        .filter(|directory| directory.starts_with('/'))
}

fn written<'a>(
    words: impl Iterator<Item = &'a str>,
    line: Option<&Span>,
    is_set: &dyn Fn(&str) -> bool,
) -> Vec<Written> {
    let parts: Vec<&str> = words
        .flat_map(|word| word.split(|c: char| c.is_whitespace() || ";&|()".contains(c)))
        .filter(|part| !part.is_empty())
        .collect();
    let mut found = vec![];
    for (at, part) in parts.iter().enumerate() {
        let program = part.rsplit('/').next().unwrap_or(part);
        let rest = parts.get(at + 1..).unwrap_or_default();
        let Some(verb) = rest.iter().find(|word| !word.starts_with('-')) else { continue };
        for rule in RULES.iter().filter(|rule| rule.program == program && rule.verbs.contains(verb)) {
            let harmless = |word: &&str| rule.harmless.iter().any(|option| word.split('=').next() == Some(option));
            if !rest.iter().any(harmless) && !rule.variable.is_some_and(is_set) {
                found.push(Written {
                    command: format!("{program} {verb}"),
                    path: rule.path,
                    variable: rule.variable,
                    line: line.cloned(),
                });
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_that_write_are_told_from_those_that_do_not() {
        let paths = |command: &str| -> Vec<&str> {
            written([command].into_iter(), None, &|name| name == "SET")
                .into_iter()
                .map(|written| written.path)
                .collect()
        };
        assert_eq!(paths("uv sync && uvicorn app:app"), [".venv"]);
        assert_eq!(paths("uv run ruff check ."), [".ruff_cache"]);
        assert_eq!(
            paths("/opt/venv/bin/alembic -x a revision --autogenerate"),
            Vec::<&str>::new(),
            "a value of an option"
        );
        assert_eq!(paths("alembic revision --autogenerate"), [""]);
        for command in [
            "alembic upgrade head",
            "ruff check --no-cache",
            "uv run pytest",
            "npm start",
            "uv lock --check",
            "ruff",
            "",
        ] {
            assert!(paths(command).is_empty(), "{command}");
        }
    }
}
