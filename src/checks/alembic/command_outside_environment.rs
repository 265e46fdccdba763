//! A command runs bare `alembic`, which lives only in the environment of uv or Poetry; or a folder shadows the package.

use super::bare_commands::{self, Bare};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::compose::Service;

pub(super) fn check(facts: &Facts) -> Checked {
    let shadow = facts.project.alembic.iter().find_map(|environment| environment.revisions.shadowed_by.as_deref());
    let manager =
        [("uv.lock", "uv"), ("poetry.lock", "poetry")].into_iter().find(|(marker, _)| facts.project.has_marker(marker));
    let mut findings = vec![];
    for bare in bare_commands::all(facts) {
        if bare.as_module {
            findings.extend(shadow.map(|path| shadowed(&bare, path)));
            continue;
        }
        let (Some((lock, manager)), Some(service)) = (manager, facts.project.service(&bare.service)) else { continue };
        if !bare.behind_entrypoint && lives_there_alone(facts, service) {
            findings.push(outside(facts, &bare, lock, manager, shadow));
        }
    }
    Ok(findings)
}

fn shadowed(bare: &Bare, path: &str) -> Finding {
    let message = format!("`python -m alembic` finds `{path}` of the project in place of Alembic");
    Finding::at(&bare.span, format!("{path}: {}", bare.service), message)
        .label("the folder Alembic runs in comes first")
        .seen("files", path, "is there")
        .service(bare.service.clone())
        .fix(Fix::manual(format!("delete `{path}`: a folder of revisions needs none")))
}

fn outside(facts: &Facts, bare: &Bare, lock: &str, manager: &str, shadow: Option<&str>) -> Finding {
    let message =
        format!("`alembic` is run in `{}`, where it lives only in the environment of {manager}", bare.service);
    let finding = Finding::at(&bare.span, format!("{}: alembic", bare.service), message)
        .label("not in PATH: executable file not found")
        .seen("files", lock, format!("{manager} installs the packages, and nothing puts its environment into PATH"))
        .service(bare.service.clone());
    let words: &[&str] = if shadow.is_some() { &["run", "alembic"] } else { &["run", "python", "-m", "alembic"] };
    let words: Vec<&str> = std::iter::once(manager).chain(words.iter().copied()).collect();
    let line = words.join(" ");
    let text = facts.source(&bare.span.path).map_or("", |source| source.text());
    let before = text.get(..bare.span.start).unwrap_or("");
    let behind = text.get(bare.span.end..).and_then(|rest| rest.chars().next());
    let quote = before.chars().next_back().filter(|one| matches!(one, '"' | '\'') && behind == Some(*one));
    let item = before.rsplit('\n').next().is_some_and(|line| line.trim() == "-");
    if item || text.get(bare.span.start..bare.span.end) != Some("alembic") {
        return finding.help(format!("run it as `{line}`"));
    }
    let new = match quote {
        Some(quote) => words.join(&format!("{quote}, {quote}")),
        None => line.clone(),
    };
    let steps = vec![Step::Edit(Edit { span: bare.span.clone(), text: new })];
    finding.fix(Fix::safe(format!("run it as `{line}`"), steps))
}

/// Whether nothing puts alembic into the PATH of a service. What cannot be seen counts as if it did.
fn lives_there_alone(facts: &Facts, service: &Service) -> bool {
    let is_environment = |path: &str| path.split(':').any(|part| part.contains("venv") || part.contains("VIRTUAL_ENV"));
    let live = facts.docker.as_ref().ok().and_then(|docker| docker.container_of(&service.name.value));
    if live.and_then(|container| container.environment.get("PATH")).is_some_and(is_environment) {
        return false;
    }
    if service.environment.get("PATH").is_some() {
        return false;
    }
    let Some(build) = &service.build else {
        let image = service.image.as_ref().map_or("", |image| image.value.as_str());
        let name = image.rsplit('/').next().unwrap_or(image).split([':', '@']).next().unwrap_or("");
        return matches!(name, "python" | "uv");
    };
    let Some(source) = facts.source(&build.dockerfile) else { return false };
    let text = source.text();
    let sets_right = [
        "--system",
        "UV_SYSTEM_PYTHON",
        "UV_PROJECT_ENVIRONMENT",
        "UV_NO_MANAGED",
        "virtualenvs.create false",
        "POETRY_VIRTUALENVS_CREATE",
        "uv export",
        "poetry export",
        "uv tool install",
        "activate",
    ];
    let installs = |line: &str| {
        line.contains("pip install")
            && [" -r", " .", "alembic", "--requirement", " -e"].iter().any(|one| line.contains(one))
    };
    let path = |line: &str| {
        let own = [".local/bin", ".cargo/bin"];
        line.contains("PATH") && line.contains("/bin") && !own.iter().any(|own| line.contains(own))
    };
    let into_environment = ["uv sync", "poetry install", "uv run"].iter().any(|one| text.contains(one));
    into_environment
        && !sets_right.iter().any(|one| text.contains(one))
        && !text.lines().any(|line| {
            installs(line) || path(line) || line.trim_start().to_ascii_uppercase().starts_with("ENTRYPOINT")
        })
}
