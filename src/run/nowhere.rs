//! Where there is no project: which directory is none, and what can be said there all the same.

use std::path::Path;

use super::gather::{Outside, Stopwatch, ask_outside, learn_secrets};
use super::judge;
use super::output::Output;
use crate::checks::Check;
use crate::cli::ProjectArgs;
use crate::error::Error;
use crate::facts::{Environment, Facts, Missing, Need};
use crate::probe;
use crate::probe::patience::Patience;
use crate::project::files::MemoryFiles;
use crate::project::{discover, read};
use crate::report::{CheckResult, Report};

/// Ends what needs a project where there is none.
///
/// # Errors
/// When `root` is no project.
pub fn refuse(root: &Path, environment: &Environment, patience: Patience) -> Result<(), Error> {
    let person = probe::host::person(environment);
    let named = environment.get_nonempty("HOME").map(str::to_owned);
    let known = person.home.as_ref().map(|home| home.as_path().to_string_lossy().into_owned());
    // A home may be named by way of a link, as where `/home` is one.
    let homes: Vec<String> = [named, known]
        .into_iter()
        .flatten()
        .map(|home| probe::files::directory_of(Path::new(&home)).map_or(home, |real| real.display().to_string()))
        .collect();
    let shown = root.display().to_string();
    let below = probe::files::directly_below(root, patience);
    let is_told = environment.get_nonempty("COMPOSE_FILE").is_some() && !discover::is_of_system(&shown);
    if is_told || discover::is_project(&shown, &homes, &below, &probe::files::exists) {
        return Ok(());
    }
    Err(if discover::is_of_system(&shown) {
        Error::NoPlaceForAProject { root: shown, what: "a folder of the system" }
    } else if homes.contains(&shown) {
        Error::NoPlaceForAProject { root: shown, what: "a home, without a Compose file or a devdoctor.yaml of its own" }
    } else {
        Error::NoProject { root: shown }
    })
}

/// Whether a check says something that concerns no files: the engine is anybody's, and so is a database that the person named.
pub fn may_speak(check: &Check, database_named: bool) -> bool {
    match (check.family(), check.path) {
        ("engine", _) => true,
        ("url", _) | (_, "postgres/unreachable") => database_named,
        _ => false,
    }
}

/// What the checks that may speak have to say; the others could not look.
pub fn report(
    checks: &[&'static Check],
    arguments: &ProjectArgs,
    environment: &Environment,
    output: &mut Output,
) -> Report {
    let deadline = Stopwatch::start().after(std::time::Duration::from_secs_f64(arguments.outside.timeout));
    let database_url = arguments.outside.database_url.as_deref();
    let nothing: [(&str, &str); 0] = [];
    let mut project = read::project(&MemoryFiles::at("/", nothing), &Environment::default(), database_url);
    project.is_nowhere = true;
    learn_secrets(&project, environment, database_url, &mut output.redactor);
    let person = probe::host::person(environment);
    let speaking: Vec<&'static Check> =
        checks.iter().copied().filter(|check| may_speak(check, database_url.is_some())).collect();
    let outside = match arguments.offline || speaking.is_empty() {
        true => Outside::not_asked(),
        false => ask_outside(arguments, environment, &project, &person, deadline),
    };
    let facts = Facts {
        project,
        host: Err(Missing::new(Need::Host, NOTHING)),
        docker: outside.docker,
        postgres: outside.postgres,
        endpoints_tried: outside.tried,
        engine_hint: None,
        branches: None,
    };
    let results = checks
        .iter()
        .map(|check| match may_speak(check, database_url.is_some()) {
            true => judge::judged(check, &facts),
            false => not_looked_at(check),
        })
        .collect();
    Report::new("", arguments.offline, results, &facts.project.sources)
}

/// Why nothing was looked at.
const NOTHING: &str = "no project found here";

/// The outcome of a check where there is no project.
pub fn not_looked_at(check: &Check) -> CheckResult {
    let missing = Missing::new(Need::Files, NOTHING);
    CheckResult { id: check.id(), severity: check.severity(), result: Ok(Err(missing)) }
}
