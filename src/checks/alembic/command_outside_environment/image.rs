//! Where alembic lives in the image of a service, as far as its Dockerfile tells.

use crate::facts::Facts;
use crate::project::compose::Service;
use crate::project::dockerfile::steps::BuildStep;
use crate::text::Source;

/// An environment that nothing puts into the PATH.
pub(super) struct Home {
    /// Its manager.
    pub manager: &'static str,
    /// The manager's lock file.
    pub lock: &'static str,
    /// Whether the manager is in the image too.
    pub has_manager: bool,
    /// Where the environment's programs are, when the files tell.
    pub programs: Option<String>,
}

/// The managers with their lock files, and the commands of a Dockerfile that fill an environment.
const MANAGERS: [(&str, &str, &[&str]); 2] =
    [("uv", "uv.lock", &["uv sync", "uv run"]), ("poetry", "poetry.lock", &["poetry install", "poetry sync"])];

/// What puts packages where every Python of the image finds them, or an environment into the PATH.
const SETS_RIGHT: [&str; 9] = [
    "--system",
    "UV_SYSTEM_PYTHON",
    "UV_NO_MANAGED",
    "virtualenvs.create false",
    "POETRY_VIRTUALENVS_CREATE",
    "uv export",
    "poetry export",
    "uv tool install",
    "activate",
];

/// The only environment of a service that alembic lives in. What cannot be seen counts as if it were in the PATH.
pub(super) fn home(facts: &Facts, service: &Service) -> Option<Home> {
    let is_environment = |path: &str| path.split(':').any(|part| part.contains("venv") || part.contains("VIRTUAL_ENV"));
    let live = facts.docker.as_ref().ok().and_then(|docker| docker.container_of(&service.name.value));
    let in_path = live.and_then(|container| container.environment.get("PATH"));
    if in_path.is_some_and(is_environment) || service.environment.get("PATH").is_some() {
        return None;
    }
    let mut started = service.command.iter().chain(&service.entrypoint).flat_map(|words| &words.value);
    if started.any(|word| ["pip install", "--system", "activate"].iter().any(|one| word.contains(one))) {
        return None;
    }
    let locked = || MANAGERS.iter().filter(|(_, lock, _)| facts.project.has_marker(lock));
    let Some(build) = &service.build else {
        let (manager, lock, _) = locked().next()?;
        let image = service.image.as_ref().map_or("", |image| image.value.as_str());
        let started = service.command.iter().chain(&service.entrypoint).flat_map(|words| &words.value);
        let has_manager = name_of(image) == *manager || started.into_iter().any(|word| word.contains(manager));
        return matches!(name_of(image), "python" | "uv").then_some(Home {
            manager,
            lock,
            has_manager,
            programs: None,
        });
    };
    let source = facts.source(&build.dockerfile)?;
    let text = source.text();
    let (manager, lock, _) = locked().find(|(_, _, fill)| fill.iter().any(|one| text.contains(one)))?;
    let apart = !SETS_RIGHT.iter().any(|one| text.contains(one))
        && !text.lines().any(|line| installs(line) || puts_into_path(line) || is_the_systems(line) || links(line));
    let has_manager = has_manager(facts, service, source, manager);
    apart.then(|| Home { manager, lock, has_manager, programs: programs(facts, service, manager) })
}

fn installs(line: &str) -> bool {
    line.contains("pip install")
        && [" -r", " .", "alembic", "--requirement", " -e"].iter().any(|one| line.contains(one))
}

fn puts_into_path(line: &str) -> bool {
    let own = [".local/bin", ".cargo/bin"];
    line.contains("PATH") && line.contains("/bin") && !own.iter().any(|own| line.contains(own))
}

/// Whether programs of the environment are put to those of the system.
fn links(line: &str) -> bool {
    line.contains("venv/") && (line.contains("ln -") || line.contains(" /usr/") || line.contains("\"/usr/"))
}

/// Whether the packages go to the Python of the image, or to where the files do not tell.
fn is_the_systems(line: &str) -> bool {
    let value = line.split_once("UV_PROJECT_ENVIRONMENT").map(|(_, value)| value.trim_matches(['=', ' ', '"', '\'']));
    value.is_some_and(|value| value.starts_with("/usr") || value.contains('$') || !value.starts_with('/'))
}

/// Whether the image has the manager, and not only a step of its build.
fn has_manager(facts: &Facts, service: &Service, source: &Source, manager: &str) -> bool {
    let target = service.build.as_ref().and_then(|build| build.target.as_deref());
    let Some(dockerfile) = facts.project.dockerfile_of(service) else { return false };
    let mut stages = dockerfile.lineage(target);
    stages.any(|stage| {
        name_of(&stage.base.value) == manager
            || stage.steps.iter().any(|step| match step {
                BuildStep::Copy(copied) => {
                    copied.from.is_some() && copied.sources.iter().any(|path| path.rsplit('/').next() == Some(manager))
                }
                BuildStep::Run(run) => {
                    let text = run.text(source);
                    let options = source.text().get(..run.command.start).and_then(|before| before.rsplit("RUN").next());
                    let lends = |option: &str| {
                        option.starts_with("--mount=")
                            && !option.contains("type=cache")
                            && option.contains(&format!("/{manager}"))
                    };
                    !options.is_some_and(|options| options.split_whitespace().any(lends)) && text.contains(manager)
                }
                BuildStep::Workdir(_) => false,
            })
    })
}

/// Where uv puts the programs of an environment, seen from the last `WORKDIR`.
fn programs(facts: &Facts, service: &Service, manager: &str) -> Option<String> {
    let target = service.build.as_ref().and_then(|build| build.target.as_deref());
    let mut stages = facts.project.dockerfile_of(service)?.lineage(target);
    let folder = stages.find_map(|stage| stage.working_dir.as_ref())?;
    let known = manager == "uv" && folder.value.starts_with('/') && !folder.value.contains('$');
    known.then(|| format!("{}/.venv/bin", folder.value.trim_end_matches('/')))
}

/// The last part of an image's name, without its tag.
fn name_of(image: &str) -> &str {
    image.rsplit('/').next().unwrap_or(image).split([':', '@']).next().unwrap_or("")
}
