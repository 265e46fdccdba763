//! Where alembic lives in the image of a service, as far as its Dockerfile tells.

use crate::access::run_scripts;
use crate::facts::Facts;
use crate::project::compose::Service;
use crate::project::dockerfile::Stage;
use crate::project::dockerfile::steps::{BuildStep, Copied, Run};

/// An environment that nothing puts into the PATH.
pub(super) struct Home {
    /// Its manager.
    pub manager: &'static str,
    /// The manager's lock file, relative to the root.
    pub lock: String,
    /// Whether the manager is in the image too.
    pub has_manager: bool,
    /// Where the environment's programs are, when the files tell.
    pub programs: Option<String>,
}

/// The managers with their lock files, and the commands of a Dockerfile that fill an environment.
const MANAGERS: [(&str, &str, &[&str]); 2] =
    [("uv", "uv.lock", &["uv sync", "uv run"]), ("poetry", "poetry.lock", &["poetry install", "poetry sync"])];

/// What commands put packages by where every Python of the image finds them.
const SETS_RIGHT: [&str; 6] =
    ["--system", "virtualenvs.create false", "uv export", "poetry export", "uv tool install", "activate"];

/// The variables that say the same.
const SET_RIGHT: [&str; 3] = ["UV_SYSTEM_PYTHON", "UV_NO_MANAGED_PYTHON", "POETRY_VIRTUALENVS_CREATE"];

/// The only environment of a service that alembic lives in. What cannot be seen counts as if it were in the PATH.
pub(super) fn home(facts: &Facts, service: &Service) -> Option<Home> {
    let is_environment = |path: &str| path.split(':').any(|part| part.contains("venv") || part.contains("VIRTUAL_ENV"));
    let live = facts.docker.as_ref().ok().and_then(|docker| docker.container_of(&service.name.value));
    let in_path = live.and_then(|container| container.environment.get("PATH"));
    if in_path.is_some_and(is_environment) || service.environment.get("PATH").is_some() {
        return None;
    }
    const INSTALLS: [&str; 3] = ["pip install", "--system", "activate"];
    let words = [&service.entrypoint, &service.command].into_iter().flatten().map(|words| &words.value);
    let words: Vec<Vec<&str>> = words.map(|words| words.iter().map(String::as_str).collect()).collect();
    let scripts = words.iter().flat_map(|words| run_scripts(&facts.project, service, words, None));
    let texts = scripts.map(|script| script.source.text()).chain(words.iter().flatten().copied());
    if texts.into_iter().any(|text| INSTALLS.iter().any(|one| text.contains(one))) {
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
            lock: lock_file(facts, service, lock),
            has_manager,
            programs: None,
        });
    };
    let dockerfile = facts.project.dockerfile_of(service)?;
    let target = build.target.as_deref();
    let stages = dockerfile.made_of(target);
    let runs = stages.iter().flat_map(|stage| stage.runs());
    let commands: Vec<String> = runs.flat_map(|run| commands(facts, run)).collect();
    let started = dockerfile.lineage(target).flat_map(|stage| stage.entrypoint.iter().chain(&stage.command));
    let started = started.filter_map(|it| Some(it.words(facts.source(&it.words.path)?).collect::<Vec<_>>().join(" ")));
    let all: Vec<String> = started.chain(commands.iter().cloned()).collect();
    let says = |one: &str| all.iter().any(|command| command.contains(one));
    let (manager, lock, _) = locked().find(|(_, _, fill)| fill.iter().any(|one| says(one)))?;
    let apart = !SETS_RIGHT.iter().any(|one| says(one))
        && !commands.iter().any(|one| installs(one) || sets_path(one) || moves_environment(one) || links(one))
        && !stages.iter().any(|stage| is_set_right(stage) || stage.copies().any(brings_programs))
        && !dockerfile.lineage(target).filter_map(|stage| stage.settings.get("PATH")).any(|path| has_environment(path));
    let has_manager = dockerfile.lineage(target).any(|stage| has_manager(facts, stage, manager));
    let lock = lock_file(facts, service, lock);
    apart.then(|| Home { manager, lock, has_manager, programs: programs(facts, service, manager) })
}

/// The lock file of this name that lies nearest to what the service is built from.
fn lock_file(facts: &Facts, service: &Service, name: &str) -> String {
    let dockerfile = service.build.as_ref().map_or("", |build| build.dockerfile.as_str());
    let shared = |path: &str| {
        let folder = path.strip_suffix(name).unwrap_or("");
        dockerfile.starts_with(folder).then_some(folder.len())
    };
    let all = facts.project.markers.iter().filter(|path| path.rsplit('/').next() == Some(name));
    all.max_by_key(|path| (shared(path), std::cmp::Reverse(path.len()))).map_or(name, String::as_str).to_owned()
}

/// The simple commands of a step.
fn commands(facts: &Facts, run: &Run) -> Vec<String> {
    facts.source(&run.command.path).map(|source| run.commands(source)).unwrap_or_default()
}

fn installs(command: &str) -> bool {
    command.contains("pip install")
        && [" -r", " .", "alembic", "--requirement", " -e"].iter().any(|one| command.contains(one))
}

/// Whether a command puts a folder into the PATH, such as that of a shell.
fn sets_path(command: &str) -> bool {
    command.split_once("PATH=").is_some_and(|(_, path)| has_environment(path))
}

/// Whether a PATH holds a folder of programs that is neither the image's nor the manager's own. What a variable holds cannot
/// be told, unless that is the PATH of the image.
fn has_environment(path: &str) -> bool {
    const OTHERS: [&str; 6] = ["/usr/local/bin", "/usr/local/sbin", "/usr/bin", "/usr/sbin", "/bin", "/sbin"];
    let parts = path.split([':', '"', '\'', ' ']).map(|part| part.trim_end_matches('/'));
    parts.filter(|part| !OTHERS.contains(part) && !["$PATH", "${PATH}"].contains(part)).any(|part| {
        let own = [".local/bin", ".cargo/bin"].iter().any(|own| part.ends_with(own));
        !own && (part.contains("/bin") || part.contains('$'))
    })
}

/// Whether programs of the environment are put to those of the system.
fn links(command: &str) -> bool {
    command.contains("venv/") && (command.contains("ln -") || command.contains(" /usr/") || command.contains("\"/usr/"))
}

/// The same by a copy.
fn brings_programs(copied: &Copied) -> bool {
    copied.destination.starts_with("/usr/") && copied.sources.iter().any(|path| path.contains("venv/"))
}

/// Whether a variable before a command puts the packages to the Python of the image.
fn moves_environment(command: &str) -> bool {
    let value = |name: &str| command.split_once(name)?.1.strip_prefix('=');
    SET_RIGHT.iter().any(|name| value(name).is_some())
        || value("UV_PROJECT_ENVIRONMENT").is_some_and(|value| is_the_systems(value.trim_matches(['"', '\''])))
}

/// Whether the variables of a stage do.
fn is_set_right(stage: &Stage) -> bool {
    SET_RIGHT.iter().any(|name| stage.settings.contains_key(*name))
        || stage.settings.get("UV_PROJECT_ENVIRONMENT").is_some_and(|value| is_the_systems(value))
}

/// Whether the packages go to the Python of the image, or to where the files do not tell.
fn is_the_systems(folder: &str) -> bool {
    folder.starts_with("/usr") || folder.contains('$') || !folder.starts_with('/')
}

/// Whether a stage brings the manager into the image, and does not only lend it to a step.
fn has_manager(facts: &Facts, stage: &Stage, manager: &str) -> bool {
    name_of(&stage.base.value) == manager
        || stage.steps.iter().any(|step| match step {
            BuildStep::Copy(copied) => {
                copied.from.is_some() && copied.sources.iter().any(|path| path.rsplit('/').next() == Some(manager))
            }
            BuildStep::Run(run) => {
                let is_lent = run.mounts.iter().any(|mount| mount.contains(&format!("/{manager}")));
                !is_lent && commands(facts, run).iter().any(|command| command.contains(manager))
            }
            BuildStep::Workdir(_) => false,
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
