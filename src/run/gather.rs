//! Gathers the facts about one project: files, host, engine, database, each with its deadline.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::nowhere;
use super::output::Output;
use super::reading::{Limits, read_project};
use crate::access;
use crate::checks;
use crate::cli::ProjectArgs;
use crate::config::{self, Configuration};
use crate::error::Error;
use crate::facts::{Container, Docker, Environment, Facts, Missing, Need};
use crate::probe;
use crate::probe::files::TIME_IS_UP;
use crate::probe::patience::{self, Patience};
use crate::project::compose::is_below;
use crate::project::files::{Files, ReadError};
use crate::project::{Project, discover};
use crate::text::Redactor;

/// What was gathered, and how long each part took.
pub struct Gathered {
    /// The facts.
    pub facts: Facts,
    /// The project's configuration.
    pub configuration: Configuration,
    /// Seconds by part.
    pub timings: Vec<(String, f64)>,
}

/// A clock that was started. The only clock outside the probes.
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts it.
    #[expect(clippy::disallowed_methods, reason = "the one place where a run's time is taken")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Seconds since then.
    pub fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }

    /// The moment that lies `time` after the start.
    pub fn after(&self, time: Duration) -> Instant {
        self.0 + time
    }
}

/// Gathers everything about the project that `arguments` name.
///
/// # Errors
/// When the path is not there, there is no project, or the configuration cannot be used.
pub fn gather(arguments: &ProjectArgs, environment: &Environment, output: &mut Output) -> Result<Gathered, Error> {
    let watch = Stopwatch::start();
    let (theirs, whole) = (environment.clone(), arguments.outside.timeout);
    let place = place(arguments.path.as_deref(), &watch, whole, move |path, patience| {
        let root = project_root(path, &theirs)?;
        nowhere::refuse(&root, &theirs, patience)?;
        let configuration = configuration(&probe::files::DiskFiles::new(&root))?;
        Ok((root, configuration))
    });
    let (root, configuration) = place?;
    gather_at(root, configuration, arguments, environment, output, &watch)
}

/// Seconds in which a project is found or its file system does not answer, however short the time limit is.
const TO_FIND: f64 = 0.5;

/// Finds a project within the time limit of `whole` seconds.
///
/// # Errors
/// When `find` does not find it, or does not end.
pub fn place<Found: Send + 'static>(
    path: Option<&Path>,
    watch: &Stopwatch,
    whole: f64,
    find: impl FnOnce(Option<&Path>, Patience) -> Result<Found, Error> + Send + 'static,
) -> Result<Found, Error> {
    let deadline = watch.after(Duration::from_secs_f64(whole.max(TO_FIND)));
    let theirs = path.map(Path::to_owned);
    let found = patience::by(deadline, move || find(theirs.as_deref(), Patience::until(deadline)));
    let here = path.unwrap_or(Path::new("."));
    found.unwrap_or_else(|| Err(Error::Path { path: here.to_owned(), reason: patience::NO_ANSWER.to_owned() }))
}

/// Gathers everything with a configuration that is known already.
///
/// # Errors
/// When the path is not there.
pub fn gather_as(
    configuration: Configuration,
    arguments: &ProjectArgs,
    environment: &Environment,
    output: &mut Output,
) -> Result<Gathered, Error> {
    let (watch, theirs) = (Stopwatch::start(), environment.clone());
    let root = place(arguments.path.as_deref(), &watch, arguments.outside.timeout, move |path, _| {
        project_root(path, &theirs)
    })?;
    gather_at(root, configuration, arguments, environment, output, &watch)
}

fn gather_at(
    root: PathBuf,
    configuration: Configuration,
    arguments: &ProjectArgs,
    environment: &Environment,
    output: &mut Output,
    watch: &Stopwatch,
) -> Result<Gathered, Error> {
    let deadline = watch.after(Duration::from_secs_f64(arguments.outside.timeout));
    let whole = arguments.outside.timeout;
    // What the files say decides what is asked, so that they may take most of the time, but not all of it.
    let after = |part: f64| watch.after(Duration::from_secs_f64(whole * part));
    let limits = Limits { after: &after, seconds: &|| watch.seconds(), whole };
    let database_url = arguments.outside.database_url.as_deref();
    let read = read_project(&root, environment, database_url, &output.redactor, &limits);
    output.redactor = read.redactor;
    let project = read.project;
    let mut timings = vec![("files".to_owned(), watch.seconds())];

    let mut facts = Facts { project, ..Facts::default() };
    let person = probe::host::person(environment);
    let wishes = host_wishes(&facts.project);
    let (sender, host) = channel();
    let (theirs, asker, place) = (environment.clone(), person.clone(), root.clone());
    let started = std::thread::Builder::new().name("host".to_owned()).spawn(move || {
        let watch = Stopwatch::start();
        let host = probe::host::look(&place, asker, &theirs, &wishes, deadline);
        // Nobody waits any more where it took too long.
        _ = sender.send((host, watch.seconds()));
    });
    let outside = if arguments.offline {
        Outside::not_asked()
    } else {
        ask_outside(arguments, environment, &facts.project, &person, deadline)
    };
    let not_seen = |reason: String| Err(Missing::new(Need::Host, reason));
    // It keeps the deadline by itself, but where the kernel does not let it.
    let left = (whole - watch.seconds()).max(0.0) + TO_FIND;
    facts.host = match host.recv_timeout(Duration::from_secs_f64(left)) {
        Ok((Err(_), _)) if !probe::files::exists(&facts.project.root) => {
            // What is not there any more is not clean.
            let reason = "it is gone since it was found".to_owned();
            return Err(Error::Path { path: facts.project.root.into(), reason });
        }
        Ok((host, seconds)) => {
            timings.push(("host".to_owned(), seconds));
            host
        }
        Err(RecvTimeoutError::Timeout) => {
            let root = facts.project.root.escape_debug();
            not_seen(format!("{TIME_IS_UP} while the host was asked about `{root}`"))
        }
        Err(RecvTimeoutError::Disconnected) if started.is_err() => not_seen("no thread could be started".to_owned()),
        Err(RecvTimeoutError::Disconnected) => not_seen("looking at the host crashed".to_owned()),
    };
    timings.extend(outside.timings);
    facts.docker = outside.docker;
    facts.postgres = outside.postgres;
    facts.endpoints_tried = outside.tried;
    facts.branches = on_branches(&root, &facts, deadline);
    if facts.docker.is_err() {
        let home = person.home.as_ref().map(|home| home.as_path());
        let options = engine_options(arguments, environment);
        facts.engine_hint = Some(probe::docker::hint(&options, person.identity.owner.uid, home));
    }
    for container in facts.docker.iter().flat_map(|docker| &docker.containers) {
        container.environment.0.iter().for_each(|(name, value)| output.redactor.learn_setting(name, value));
    }
    Ok(Gathered { facts, configuration, timings })
}

/// The root of the project around `path` (or the working directory).
///
/// # Errors
/// When the path is not there.
pub fn project_root(path: Option<&Path>, environment: &Environment) -> Result<PathBuf, Error> {
    let start = path.unwrap_or(Path::new("."));
    let start = probe::files::directory_of(start).map_err(|reason| Error::Path { path: start.to_owned(), reason })?;
    // A path that the person names is the project itself when it looks like one, even inside a larger one.
    let find = if path.is_some() { discover::root_at } else { discover::root_of };
    let Some(text) = start.to_str() else {
        return Err(Error::Path { path: start.clone(), reason: "its path is no UTF-8 text".to_owned() });
    };
    // A repository that ignores this folder says nothing about it, nor does what lies beside or above that repository.
    let above = probe::files::ignoring_repository(&start);
    let exists = |path: &str| {
        let directory = Path::new(path).parent();
        !above.zip(directory).is_some_and(|(top, directory)| top.starts_with(directory)) && probe::files::exists(path)
    };
    let root = find(text, environment.get("HOME"), &exists);
    Ok(PathBuf::from(root))
}

/// The project's configuration, the default when there is none.
///
/// # Errors
/// When it is there and cannot be used.
pub fn configuration(files: &dyn Files) -> Result<Configuration, Error> {
    let unusable = |reason: String| Error::Configuration { path: config::PATH.to_owned(), reason };
    match files.read(config::PATH) {
        Ok(source) => Configuration::parse(&source).map_err(unusable),
        Err(ReadError::NotFound) => Ok(Configuration::default()),
        Err(error) => Err(unusable(error.to_string())),
    }
}

/// Teaches the output the secrets of a project, so that none is said.
pub fn learn_secrets(
    project: &Project,
    environment: &Environment,
    database_url: Option<&str>,
    redactor: &mut Redactor,
) {
    redactor.spare(project.name());
    redactor.spare(project.root.rsplit('/').next().unwrap_or(""));
    project.services().for_each(|service| redactor.spare(&service.name.value));
    project.python.classes.iter().for_each(|class| redactor.spare(&class.name.value));
    checks::all().for_each(|check| redactor.spare_words(check.yaml));
    project.sources.values().for_each(|source| redactor.learn(source));
    learn_given(environment, database_url, redactor);
}

/// Teaches the output the secrets that the person brought along, which may not be said whatever becomes of the files.
pub fn learn_given(environment: &Environment, database_url: Option<&str>, redactor: &mut Redactor) {
    environment.0.iter().for_each(|(name, value)| redactor.learn_setting(name, value));
    if let Some(url) = database_url {
        redactor.learn_setting("--database-url", url);
    }
}

/// Absolute paths on the host that checks ask about: the root itself, the sources of bind mounts, scripts that containers
/// start, the interpreters of virtual environments.
fn host_wishes(project: &Project) -> Vec<String> {
    let binds =
        project.services().flat_map(|service| service.binds().map(|(_, path)| path.to_owned()).collect::<Vec<_>>());
    let environments = project.virtual_environments.values();
    let interpreters = environments
        .flat_map(|environment| [environment.interpreter(), environment.alembic_interpreter.clone()])
        .flatten();
    let mut wishes: Vec<String> = binds.chain(interpreters).chain([project.root.clone()]).collect();
    // What a volume over an environment in the mounted project would lie on.
    wishes.extend(access::environments::hidden_environments(project));
    // What of the way to a source is there, so that the rest can be made.
    let above = wishes.iter().filter(|path| is_below(path, &project.root)).flat_map(|path| access::ancestors(path));
    let above: Vec<String> = above.filter(|path| is_below(path, &project.root)).collect();
    wishes.extend(above);
    wishes.extend(access::scripts(project).into_iter().map(|script| script.path));
    wishes.sort();
    wishes.dedup();
    wishes
}

/// What engine and databases answered.
pub(super) struct Outside {
    pub docker: Result<Docker, Missing>,
    pub postgres: Result<crate::facts::Postgres, Missing>,
    pub tried: Vec<crate::facts::EndpointTried>,
    timings: Vec<(String, f64)>,
}

impl Outside {
    pub fn not_asked() -> Self {
        Self {
            docker: Err(Missing::new(Need::Docker, "--offline: the engine is not asked")),
            postgres: Err(Missing::new(Need::Postgres, "--offline: no database is asked")),
            tried: vec![],
            timings: vec![],
        }
    }

    fn impossible(reason: &str) -> Self {
        Self {
            docker: Err(Missing::new(Need::Docker, reason)),
            postgres: Err(Missing::new(Need::Postgres, reason)),
            tried: vec![],
            timings: vec![],
        }
    }
}

/// Asks engine and databases.
pub(super) fn ask_outside(
    arguments: &ProjectArgs,
    environment: &Environment,
    project: &Project,
    person: &probe::host::Person,
    deadline: Instant,
) -> Outside {
    let runtime = match probe::runtime() {
        Ok(runtime) => runtime,
        Err(reason) => return Outside::impossible(&reason),
    };
    runtime.block_on(async {
        let watch = Stopwatch::start();
        let options = engine_options(arguments, environment);
        let home = person.home.as_ref().map(|home| home.as_path());
        let accounts = |container: &Container| access::accounts_matter(container, project);
        let paths = |container: &Container| access::paths_of_interest(container, project);
        let interest = probe::docker::Interest { accounts: &accounts, paths: &paths };
        let look = probe::docker::look(&options, project, &person.identity, home, interest, deadline.into()).await;
        let docker_seconds = watch.seconds();
        let watch = Stopwatch::start();
        let options = probe::postgres::PostgresOptions { allow_remote: arguments.outside.allow_remote };
        let postgres = probe::postgres::look(project, look.docker.as_ref().ok(), &options, deadline.into()).await;
        let timings = vec![("engine".to_owned(), docker_seconds), ("database".to_owned(), watch.seconds())];
        Outside { docker: look.docker, postgres, tried: look.tried, timings }
    })
}

/// What git's branches have of the revisions that databases are at and no file has. Without such a one git is not asked.
fn on_branches(root: &Path, facts: &Facts, deadline: Instant) -> Option<crate::facts::Branches> {
    facts.host.as_ref().ok()?.git.as_ref()?;
    let unknown = checks::alembic::unknown_revisions(facts).ok()?;
    let lost = unknown.iter().map(|one| probe::branches::Lost {
        id: one.id.to_owned(),
        directories: one.environment.version_directories.clone(),
        recursive: one.environment.recursive,
    });
    let lost: Vec<_> = lost.collect();
    (!lost.is_empty()).then(|| probe::branches::look(root, &lost, deadline))
}

/// How the engine is to be found.
pub fn engine_options(arguments: &ProjectArgs, environment: &Environment) -> probe::docker::EngineOptions {
    probe::docker::EngineOptions {
        docker_host: arguments.outside.docker_host.clone(),
        context: arguments.outside.context.clone(),
        allow_remote: arguments.outside.allow_remote,
        environment: environment.clone(),
    }
}
