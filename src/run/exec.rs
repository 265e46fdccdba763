//! `devdoctor exec`: a command in a service's container, as the person, with a home and caches that work.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::Status;
use super::gather::{Stopwatch, learn_secrets, place, project_root};
use super::output::Output;
use super::reading::{Limits, watched};
use crate::access::RunsAs;
use crate::checks::reads;
use crate::cli::ExecArgs;
use crate::error::Error;
use crate::exec::session::{self, Ended};
use crate::exec::{Asked, ExecPlan, Place, Refusal, Variable, Who, home, plan, print, user};
use crate::facts::{Environment, Missing, Owner};
use crate::fix::show::quoted;
use crate::probe::docker::{EngineOptions, Found, Listed, Services, services};
use crate::probe::files::DiskFiles;
use crate::probe::{self, attention::Attention, host::Person};
use crate::project::{Project, commands, compose};

/// The status when devdoctor itself failed, as `docker exec` has it.
pub const FAILED: u8 = 125;

/// Runs the command.
///
/// # Errors
/// When there is no such container, or no user of it is the person.
pub fn run(arguments: &ExecArgs, environment: &Environment, output: &mut Output) -> Result<Status, Error> {
    let watch = Stopwatch::start();
    let deadline = watch.after(Duration::from_secs_f64(arguments.timeout));
    let project = project(arguments, environment, &watch, output)?;
    let runtime = probe::runtime().map_err(|reason| failed(reason, None))?;
    let done: Result<_, Error> = runtime.block_on(async {
        let person = probe::host::person(environment);
        let options = EngineOptions {
            docker_host: arguments.docker_host.clone(),
            context: arguments.context.clone(),
            allow_remote: arguments.allow_remote,
            environment: environment.clone(),
        };
        let home = person.home.as_ref().map(|home| home.as_path());
        let services =
            services(&options, &project, &person.identity, home, deadline.into()).await.map_err(no_engine)?;
        let listed = chosen(arguments, &project, &services.containers)?;
        let mut found = services.find(&listed.id, deadline.into()).await.map_err(no_engine)?;
        let plan = planned(arguments, environment, &project, &person, &services, &mut found, deadline).await?;
        if arguments.print {
            return Ok((None, plan));
        }
        output.explain(&told(&plan));
        let ended = session::run(&services.engine, &plan, found.docker.local).await;
        let ended = ended.map_err(|error| failed(format!("`{}` could not be used: {error}", plan.name), None))?;
        Ok((Some(ended), plan))
    });
    // A read of standard input that nobody waits for any more must not hold the program.
    runtime.shutdown_background();
    let (ended, plan) = done?;
    Ok(match ended {
        None => {
            let cli = engine_options(arguments);
            output.explain(&told(&plan));
            output.result(&format!("{}\n", print::command_line(&plan, &cli)));
            Status::Clean
        }
        Some(Ended::Status(status)) => Status::Ended(status),
        Some(Ended::NotStarted { words, status }) => {
            output.talk(&format!(
                "error: `{}` does not run in `{}`: {}\n",
                program(&plan),
                plan.name,
                shortened(&words)
            ));
            Status::Ended(status)
        }
        Some(Ended::Left { reason, status }) => {
            output.talk(&format!("warning: `{}` goes on in `{}`: {reason}\n", program(&plan), plan.name));
            Status::Ended(status)
        }
        Some(Ended::ReaderGone) => Status::Ended(128 + 13),
    })
}

fn program(plan: &ExecPlan) -> &str {
    plan.command.first().map_or("", String::as_str)
}

/// The engine's words without those that say nothing to a person.
fn shortened(words: &str) -> &str {
    let begins =
        ["Error: ", "OCI runtime exec failed: ", "runc: ", "exec failed: ", "unable to start container process: "];
    let words = begins.iter().fold(words, |words, begin| words.strip_prefix(begin).unwrap_or(words));
    let ends =
        [": unknown", ": OCI runtime attempted to invoke a command that was not found", ": OCI permission denied"];
    ends.iter().fold(words, |words, end| words.strip_suffix(end).unwrap_or(words))
}

fn failed(reason: impl Into<String>, help: Option<String>) -> Error {
    Error::Exec { reason: reason.into(), help }
}

fn no_engine(missing: Missing) -> Error {
    failed(missing.reason, Some("see what is in the way with `devdoctor check --only engine`".to_owned()))
}

/// The project as far as it names containers: its Compose files alone.
fn project(
    arguments: &ExecArgs,
    environment: &Environment,
    watch: &Stopwatch,
    output: &mut Output,
) -> Result<Project, Error> {
    let (whole, theirs, given) = (arguments.timeout, environment.clone(), arguments.clone());
    let (root, chosen) = place(arguments.project.as_deref(), watch, whole, move |path, _| {
        Ok((project_root(path, &theirs)?, chosen_by(&given, &theirs)?))
    })?;
    let after = |part: f64| watch.after(Duration::from_secs_f64(whole * part));
    let limits = Limits { after: &after, seconds: &|| watch.seconds(), whole };
    let (top, until) = (root.clone(), limits.for_files());
    let work = move |attention: &Arc<Attention>| {
        let files = DiskFiles::until(&top, until).noting(attention.clone());
        let mut read = compose::read(&files, &chosen);
        if read.compose.is_none() && read.unreadable.is_empty() {
            // Which Compose files are meant may stand in the project's own command lines.
            let (_, named) = commands::read(&files, &mut BTreeMap::new(), &mut vec![]);
            read = compose::read_named(&files, &chosen, &named);
        }
        read
    };
    let (read, passed_over) = watched(&limits, &Arc::new(work)).map_err(Error::NotRead)?;
    for (path, reason) in passed_over {
        output.talk(&format!("warning: `{}` is not read: {reason}\n", path.escape_debug()));
    }
    let sources = read.sources.into_iter().map(|source| (source.path().to_owned(), source)).collect();
    let root = root.display().to_string();
    let project = Project { root, compose: read.compose, sources, ..Project::default() };
    learn_secrets(&project, environment, None, &mut output.redactor);
    for given in &arguments.environment {
        if let Some((name, value)) = given.split_once('=') {
            output.redactor.learn_setting(name, value);
        }
    }
    if project.compose.is_none() {
        return Err(match read.unreadable.first() {
            Some(unreadable) => failed(format!("`{}` cannot be read: {}", unreadable.path, unreadable.message), None),
            None if !read.unchosen.is_empty() => {
                let reason = reads::unchosen_files(&read.unchosen).unwrap_or_default();
                let first = read.unchosen.first().map(|file| quoted(&beside_here(&project.root, file)));
                let service = quoted(&arguments.service);
                failed(reason, first.map(|file| format!("name one: devdoctor exec -f {file} {service} …")))
            }
            None => failed(
                format!("there is no Compose file in `{}` or above", project.root.escape_debug()),
                Some("name the project with `--project PATH`".to_owned()),
            ),
        });
    }
    Ok(project)
}

/// The environment with the files of `-f` as `COMPOSE_FILE`, which is how Compose reads both.
fn chosen_by(arguments: &ExecArgs, environment: &Environment) -> Result<Environment, Error> {
    let mut environment = environment.clone();
    if arguments.files.is_empty() {
        return Ok(environment);
    }
    let here = probe::files::working_directory().unwrap_or_default();
    let mut named: Vec<String> = vec![];
    for file in &arguments.files {
        let path = Path::new(&here).join(file);
        match path.to_str().filter(|path| probe::files::exists(path)) {
            Some(path) => named.push(path.to_owned()),
            None => return Err(failed(format!("there is no file `{}`", file.to_string_lossy().escape_debug()), None)),
        }
    }
    environment.0.insert("COMPOSE_FILE".to_owned(), named.join("\u{1}"));
    environment.0.insert("COMPOSE_PATH_SEPARATOR".to_owned(), "\u{1}".to_owned());
    Ok(environment)
}

/// A path of the project as seen from the working directory, as far as it lies below it; else whole.
fn beside_here(root: &str, path: &str) -> String {
    let whole = Path::new(root).join(path);
    let here = probe::files::working_directory().unwrap_or_default();
    whole.strip_prefix(&here).unwrap_or(&whole).display().to_string()
}

/// The container that is meant: it must run.
fn chosen<'a>(arguments: &ExecArgs, project: &Project, containers: &'a [Listed]) -> Result<&'a Listed, Error> {
    let service = arguments.service.as_str();
    let ours: Vec<&Listed> = containers.iter().filter(|listed| listed.service == service).collect();
    let files: String = arguments.files.iter().map(|file| format!(" -f {}", quoted(&file.to_string_lossy()))).collect();
    let start = || Some(format!("start it with `docker compose{files} up -d {}`", quoted(service)));
    if ours.is_empty() && project.service(service).is_none() {
        return Err(unknown(service, project, containers));
    }
    let listed = match arguments.index {
        // As Compose has it.
        Some(index) => ours.iter().find(|listed| listed.number == index),
        None => ours.iter().find(|listed| listed.state == "running").or(ours.first()),
    };
    let Some(listed) = listed else {
        return Err(match (arguments.index, ours.as_slice()) {
            (Some(index), [_, ..]) => {
                let numbers: Vec<String> = ours.iter().map(|listed| listed.number.to_string()).collect();
                failed(
                    format!("`{service}` has no container {index}"),
                    Some(format!("choose from {}", numbers.join(", "))),
                )
            }
            _ => failed(format!("`{service}` has no container"), start()),
        });
    };
    let is = |words: &str| format!("`{}` {words}", listed.name);
    match listed.state.as_str() {
        // An engine that does not say will tell.
        "running" | "" => Ok(listed),
        "paused" => Err(failed(
            is("is paused"),
            Some(format!("let it go on with `docker compose unpause {}`", quoted(service))),
        )),
        "restarting" => Err(failed(
            is("does not stay up: the engine is starting it again"),
            Some(format!("see why with `docker compose logs {}`", quoted(service))),
        )),
        "created" => Err(failed(is("is not running: it was never started"), start())),
        _ => {
            let status = listed.status.to_lowercase();
            Err(failed(is(&format!("is not running: {status}").replace(": exited", ": it exited")), start()))
        }
    }
}

fn unknown(service: &str, project: &Project, containers: &[Listed]) -> Error {
    let mut known: Vec<&str> = project.services().map(|service| service.name.value.as_str()).collect();
    known.extend(containers.iter().map(|listed| listed.service.as_str()));
    known.sort_unstable();
    known.dedup();
    let list = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let reason = match known.as_slice() {
        [] => format!("there is no service `{}`, nor any other", service.escape_debug()),
        _ => format!("there is no service `{}`; there is {list}", service.escape_debug()),
    };
    failed(
        reason,
        similar::get_close_matches(service, &known, 1, 0.6).first().map(|near| format!("did you mean `{near}`?")),
    )
}

/// Decides everything, looking at no more of the container than it takes.
async fn planned(
    arguments: &ExecArgs,
    environment: &Environment,
    project: &Project,
    person: &Person,
    services: &Services,
    found: &mut Found,
    deadline: std::time::Instant,
) -> Result<ExecPlan, Error> {
    let here = probe::files::working_directory();
    let owner = person.identity.owner;
    // Root, without sudo to say for whom, works for the owner of the project.
    let owner_of = |path: &str| probe::files::owner_of_directory(path);
    let developer = if owner.uid == 0 { owner_of(&project.root).unwrap_or(owner) } else { owner };
    let asked = asked(arguments, environment, person, developer, here);
    let place = Place {
        container: &found.container,
        kind: found.docker.kind,
        local: found.docker.local,
        maps: found.maps.clone(),
        root: &project.root,
        here: asked.here.as_deref().unwrap_or_default(),
        developer,
        owner_of: &owner_of,
    };
    let who = place.who(arguments.user.as_deref()).map_err(|refusal| refused(&refusal))?;
    let maps = found.maps.clone().unwrap_or_default();
    let container = &mut found.container;
    if container.read_only || !user::is_plainly_root(&who, container) {
        let named = arguments.user.as_deref().unwrap_or_default();
        services.look_at_accounts(container, named, deadline.into()).await;
        let (_, user) = user::settled(who.clone(), container);
        let given = plan::pairs(&asked.environment);
        if let Ok(runs) = RunsAs::by_exec(container, user.as_deref(), &given) {
            let wishes = home::wishes(&runs, container, &given, &asked.command);
            services.look_at_paths(&found.docker, container, &wishes, deadline.into()).await;
        }
    }
    Ok(ExecPlan::new(who, asked, container, &maps))
}

fn asked(
    arguments: &ExecArgs,
    environment: &Environment,
    person: &Person,
    developer: Owner,
    here: Option<String>,
) -> Asked {
    let variable = |given: &String| match given.split_once('=') {
        Some((name, value)) => Some(Variable { name: name.to_owned(), value: value.to_owned(), inherited: false }),
        None => {
            let value = environment.get(given)?.to_owned();
            Some(Variable { name: given.clone(), value, inherited: true })
        }
    };
    Asked {
        command: arguments.command.clone(),
        environment: arguments.environment.iter().filter_map(variable).collect(),
        working_dir: arguments.workdir.clone(),
        tty: !arguments.no_tty && session::are_terminals(),
        here,
        login: person.identity.name.clone().filter(|_| developer == person.identity.owner),
    }
}

fn refused(refusal: &Refusal) -> Error {
    failed(refusal.to_string(), Some("name a user of the container with `--user`; its files will be theirs".to_owned()))
}

/// The options of the docker CLI that name the same engine.
fn engine_options(arguments: &ExecArgs) -> Vec<String> {
    let option = |name: &str, value: &Option<String>| {
        value.iter().flat_map(|value| [name.to_owned(), value.clone()]).collect::<Vec<_>>()
    };
    [option("--host", &arguments.docker_host), option("--context", &arguments.context)].concat()
}

/// As whom and where a command runs, for people.
fn told(plan: &ExecPlan) -> String {
    let user = plan.user.as_deref().unwrap_or("its own user");
    let why = match &plan.who {
        Who::Own(why) => why.words().to_owned(),
        Who::Named(_) => "named by --user".to_owned(),
        Who::Person(owner) if user.contains(':') => format!("{owner} there is you here, without further groups"),
        Who::Person(owner) => format!("{owner} there is you here"),
    };
    let set: Vec<String> = plan
        .environment
        .iter()
        .map(|set| format!(", {}={}", set.name, crate::text::mask_setting(&set.name, &set.value)))
        .collect();
    let directory = plan.working_dir.as_deref().unwrap_or("its working directory");
    format!("`{}` as {user} ({why}) in {directory}{}\n", plan.name, set.concat())
}
