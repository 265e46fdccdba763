//! Where a Dockerfile puts a virtual environment: made by a step, or copied from the stage that made it.

use crate::access::normal;
use crate::project::compose::is_below;
use crate::project::dockerfile::{Dockerfile, Stage};
use crate::text::{Source, Span};

/// A virtual environment in an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Installed {
    /// Absolute path.
    pub(super) path: String,
    /// The step that makes it.
    pub(super) step: Span,
}

/// The environments in the image that a target makes.
pub(super) fn installed(dockerfile: &Dockerfile, source: &Source, target: Option<&str>) -> Vec<Installed> {
    in_lineage(dockerfile, source, target, 0)
}

fn in_lineage(dockerfile: &Dockerfile, source: &Source, target: Option<&str>, depth: usize) -> Vec<Installed> {
    let stages: Vec<&Stage> = dockerfile.lineage(target).collect();
    let variable = |name: &str| stages.iter().find_map(|stage| stage.environment.get(name)).map(String::as_str);
    let mut found = vec![];
    for stage in &stages {
        for run in stage.runs() {
            let Some(directory) = run.working_dir.as_deref().filter(|path| path.starts_with('/')) else { continue };
            let made = made_by(&run.text(source), &variable);
            let paths = made.into_iter().filter(|path| !path.contains('$'));
            let paths = paths.map(|path| if path.starts_with('/') { path } else { format!("{directory}/{path}") });
            found.extend(paths.map(|path| Installed { path: normal(&path), step: run.command.clone() }));
        }
        // Stages only copy from earlier ones, but a file may say otherwise.
        if depth > 8 {
            continue;
        }
        for copy in stage.copies() {
            let Some(from) = copy.from.as_deref().filter(|_| !copy.destination.contains('$')) else { continue };
            if dockerfile.stage(Some(from)).is_none_or(|from| std::ptr::eq(from, *stage)) {
                continue;
            }
            for installed in in_lineage(dockerfile, source, Some(from), depth + 1) {
                let whole = copy.sources.iter().map(|path| normal(&format!("/{path}")));
                let whole = whole.into_iter().find(|path| is_below(&installed.path, path));
                let rest =
                    whole.and_then(|path| installed.path.strip_prefix(path.trim_end_matches('/')).map(str::to_owned));
                let moved = rest.map(|rest| normal(&format!("{}{rest}", copy.destination)));
                found.extend(moved.map(|path| Installed { path, step: installed.step.clone() }));
            }
        }
    }
    found.sort_by(|one, other| (&one.path, &one.step).cmp(&(&other.path, &other.step)));
    found.dedup_by(|one, other| one.path == other.path);
    found
}

/// The environments that a command makes, relative to the working directory.
fn made_by<'a>(text: &str, variable: &dyn Fn(&str) -> Option<&'a str>) -> Vec<String> {
    let text = text.replace([';', '&', '|', '(', ')', '\n'], " ; ");
    let words: Vec<&str> = text.split_whitespace().collect();
    let project = || variable("UV_PROJECT_ENVIRONMENT").unwrap_or(".venv").to_owned();
    let place = |rest: &[&str]| {
        rest.iter().take_while(|word| **word != ";").find(|word| !word.starts_with('-')).map(|word| (*word).to_owned())
    };
    let mut made = vec![];
    for (at, pair) in words.windows(2).enumerate() {
        let rest = words.get(at + 2..).unwrap_or_default();
        match (pair[0].rsplit('/').next().unwrap_or_default(), pair[1]) {
            ("uv", "sync") => made.push(project()),
            ("uv", "venv") => made.push(place(rest).unwrap_or_else(|| ".venv".to_owned())),
            ("poetry", "install" | "sync") if variable("POETRY_VIRTUALENVS_IN_PROJECT").is_some_and(is_yes) => {
                made.push(".venv".to_owned());
            }
            ("-m", "venv" | "virtualenv") => made.extend(place(rest)),
            _ => {}
        }
    }
    made
}

/// What Poetry takes for a yes: `yes` and `on` are none.
fn is_yes(value: &str) -> bool {
    ["1", "true"].contains(&value.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::dockerfile::read;

    #[test]
    fn environments_are_found_where_steps_and_copies_put_them() {
        for (text, expected) in [
            ("FROM p\nWORKDIR /app\nRUN uv sync --locked\n", &["/app/.venv"][..]),
            ("FROM p\nWORKDIR /app\nENV UV_PROJECT_ENVIRONMENT=/opt/venv\nRUN uv sync\n", &["/opt/venv"]),
            ("FROM p\nWORKDIR /app\nRUN python -m venv env && env/bin/pip install x\n", &["/app/env"]),
            ("FROM p\nWORKDIR /app\nRUN uv venv --seed /v\n", &["/v"]),
            ("FROM p\nWORKDIR /app\nENV POETRY_VIRTUALENVS_IN_PROJECT=1\nRUN poetry install\n", &["/app/.venv"]),
            ("FROM p\nWORKDIR /app\nENV POETRY_VIRTUALENVS_IN_PROJECT=True\nRUN poetry install\n", &["/app/.venv"]),
            ("FROM p\nWORKDIR /app\nENV POETRY_VIRTUALENVS_IN_PROJECT=yes\nRUN poetry install\n", &[]),
            ("FROM p\nWORKDIR /app\nRUN poetry install\n", &[]),
            ("FROM p AS b\nWORKDIR /app\nRUN uv sync\nFROM s\nCOPY --from=b /app/.venv /app/.venv\n", &["/app/.venv"]),
            ("FROM p AS b\nWORKDIR /src\nRUN uv sync\nFROM s\nCOPY --from=b /src /app\n", &["/app/.venv"]),
            ("FROM p AS b\nWORKDIR /src\nRUN uv sync\nFROM s\nCOPY --from=b /src/dist /app\n", &[]),
            ("FROM p AS b\nWORKDIR /a\nRUN uv sync\nCOPY --from=b /a /a\n", &["/a/.venv"]),
            ("FROM p\nRUN uv sync\n", &[]),
        ] {
            let source = Source::new("Dockerfile", text);
            let found = installed(&read(&source).unwrap(), &source, None);
            assert_eq!(found.iter().map(|one| one.path.as_str()).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
