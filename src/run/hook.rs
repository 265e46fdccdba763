//! `devdoctor hook`: the pre-commit entry. Judges the staged content, files only, and says nothing when all is well.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::check::status;
use super::gather::{Stopwatch, configuration, learn_secrets, place, project_root};
use super::output::Output;
use super::reading::{Limits, name_unanswered, watched};
use super::{Status, judge, selection};
use crate::checks::Severity;
use crate::checks::files::unreadable;
use crate::cli::HookArgs;
use crate::config::Configuration;
use crate::error::Error;
use crate::facts::{EngineHint, Environment, Facts, Missing, Need};
use crate::finding::{Finding, Place};
use crate::probe;
use crate::probe::attention::{Attention, PassedOver};
use crate::probe::docker::{EngineOptions, hint};
use crate::probe::files::TIME_IS_UP;
use crate::probe::index::{Index, IndexError, IndexFiles};
use crate::probe::patience;
use crate::project::{Project, read};
use crate::report::{self, HumanStyle};

/// Runs the command.
///
/// # Errors
/// When git cannot be asked for the staged files.
pub fn run(arguments: &HookArgs, environment: &Environment, output: &mut Output) -> Result<Status, Error> {
    let watch = Stopwatch::start();
    let (configuration, mut project, passed_over) = staged(arguments.timeout, environment, &watch)?;
    let checks = selection::files_only(selection::selected(&arguments.select, &configuration)?);
    if checks.is_empty() {
        return Err(Error::NoHookChecks);
    }
    name_unanswered(&mut project, &passed_over);
    let root = PathBuf::from(&project.root);
    learn_secrets(&project, environment, None, &mut output.redactor);
    for (path, reason) in BTreeMap::from_iter(passed_over) {
        output.talk(&format!("not looked at: `{}`: {reason}\n", path.escape_debug()));
    }
    // That is all there is to say of them: nothing is wrong with those files.
    let late: Vec<String> = project
        .unreadable
        .iter()
        .filter(|entry| entry.is_late())
        .map(|entry| unreadable::finding(entry).message)
        .collect();
    let not_asked = |need| Missing::new(need, "the hook reads files only");
    let facts = Facts {
        project,
        host: Err(not_asked(Need::Host)),
        docker: Err(not_asked(Need::Docker)),
        postgres: Err(not_asked(Need::Postgres)),
        endpoints_tried: vec![],
        engine_hint: Some(engine_hint(environment)),
        branches: None,
    };
    let left = judge::time_left(&watch, arguments.timeout);
    let mut report = judge::judge_until(&checks, &Arc::new(facts), true, &left);
    judge::tell_not_judged(&report, output);
    report.scene = vec![];
    let threshold = arguments.fail_on.map_or(Severity::Error, Severity::from);
    report.keep(|judged| {
        let finding = &judged.finding;
        judged.severity >= threshold && concerns(finding, &arguments.files, &root) && !late.contains(&finding.message)
    });
    if !report.findings.is_empty() || report.summary.crashed > 0 {
        output.result(&report::human(&report, HumanStyle { quiet: true, ..output.style() }));
        output.chat("see more with `devdoctor check`, repair with `devdoctor fix`\n");
    }
    Ok(status(&report, threshold, false))
}

/// The configuration and the project as they are staged, read within the time limit of `whole` seconds, and what was passed over.
fn staged(
    whole: f64,
    environment: &Environment,
    watch: &Stopwatch,
) -> Result<(Configuration, Project, PassedOver), Error> {
    let theirs = environment.clone();
    let root = place(None, watch, whole, move |path, _| project_root(path, &theirs))?;
    let after = |part: f64| watch.after(Duration::from_secs_f64(whole * part));
    let limits = Limits { after: &after, seconds: &|| watch.seconds(), whole };
    let (top, deadline) = (root.clone(), limits.for_git());
    let index = match patience::by(limits.for_all(), move || Index::open(&top, deadline)) {
        Some(Ok(index)) => Arc::new(index),
        Some(Err(error @ IndexError::Late { .. })) => return Err(Error::NotRead(error.to_string())),
        Some(Err(error)) => return Err(Error::Git(error.to_string())),
        None => return Err(Error::NotRead(format!("{TIME_IS_UP} at `.git`"))),
    };
    let theirs = environment.clone();
    let work = move |attention: &Arc<Attention>| {
        let files = IndexFiles::new(index.clone(), attention.clone());
        let configuration = configuration(&files)?;
        let mut project = read::project(&files, &theirs, None);
        project.root = root.display().to_string();
        Ok((configuration, project))
    };
    let (read, passed_over) = watched(&limits, &Arc::new(work)).map_err(Error::NotRead)?;
    read.map(|(configuration, project)| (configuration, project, passed_over))
}

/// What shows of the engine without asking it.
fn engine_hint(environment: &Environment) -> EngineHint {
    let person = probe::host::person(environment);
    let options =
        EngineOptions { docker_host: None, context: None, allow_remote: false, environment: environment.clone() };
    hint(&options, person.identity.owner.uid, person.home.as_ref().map(|home| home.as_path()))
}

/// Whether a finding is about one of the staged files: at its place, or at one of the places that belong to it, since a
/// staged line may make an old one wrong. When no file is named, all count.
fn concerns(finding: &Finding, files: &[PathBuf], root: &Path) -> bool {
    let places = finding.place.iter().chain(finding.related.iter().map(|related| &related.place));
    let mut paths = places.map(|place| match place {
        Place::Span(span) => span.path.as_ref(),
        Place::Path(path) => path.as_str(),
    });
    let is_staged = |path: &str| files.iter().any(|file| file == Path::new(path) || *file == root.join(path));
    files.is_empty() || finding.place.is_none() || paths.any(is_staged)
}
