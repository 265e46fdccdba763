//! Runs the checks over facts. A check that panics is an outcome, not the end.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};
use std::sync::mpsc::channel;
use std::sync::{Arc, Once};
use std::time::Duration;

use super::gather::Stopwatch;
use super::output::Output;
use crate::access::service::{is_application, service_changes_user};
use crate::checks::{Check, reads};
use crate::facts::{Facts, Missing, Need};
use crate::finding::Checked;
use crate::fix::withhold::withheld;
use crate::probe::files::TIME_IS_UP;
use crate::project::Format;
use crate::project::compose::{Service, is_below};
use crate::report::{CheckResult, Outcome, Report, wrapped};

/// Runs `checks` over `facts` and puts the results into a report.
pub fn judge(checks: &[&'static Check], facts: &Facts, offline: bool) -> Report {
    let results = checks.iter().map(|check| judged(check, facts)).collect();
    let mut report = Report::new(&facts.project.root, offline, results, &facts.project.sources);
    report.scene = scene(facts);
    report
}

/// Seconds that the checks have in any case.
const TO_JUDGE: f64 = 1.0;

/// What is said of a check whose turn did not come.
fn late() -> String {
    format!("{TIME_IS_UP} before this was judged")
}

/// How long the checks may be waited for, when `whole` seconds are the limit and the look at the project began with `started`.
/// Where a probe waited until the end there must be time left to say what was seen.
pub fn time_left(started: &Stopwatch, whole: f64) -> impl Fn() -> Duration {
    let end = whole.max(started.seconds() + TO_JUDGE.max(whole * 0.2));
    move || Duration::try_from_secs_f64(end - started.seconds()).unwrap_or_default()
}

/// The checks whose turn did not come within the time limit.
fn not_judged(report: &Report) -> Vec<&str> {
    let late = late();
    let is_late = |outcome: &Outcome| matches!(outcome, Outcome::Skipped { reason } if *reason == late);
    report.checks.iter().filter(|(_, outcome)| is_late(outcome)).map(|(id, _)| id.as_str()).collect()
}

/// Names the checks whose turn did not come, where nothing else does.
pub fn tell_not_judged(report: &Report, output: &mut Output) {
    let late = not_judged(report);
    if !late.is_empty() {
        let text = format!("not judged, since {TIME_IS_UP}: {}", late.join(", "));
        output.talk(&(wrapped(&text, output.style().width, "  ") + "\n"));
    }
}

/// The same within a time limit: `left` tells how long may still be waited. What is not judged by then is skipped.
pub fn judge_until(
    checks: &[&'static Check],
    facts: &Arc<Facts>,
    offline: bool,
    left: &dyn Fn() -> Duration,
) -> Report {
    let (sender, receiver) = channel();
    let (theirs, worked) = (facts.clone(), checks.to_vec());
    let started = std::thread::Builder::new().name("checks".to_owned()).spawn(move || {
        for check in worked {
            if sender.send(judged(check, &theirs)).is_err() {
                // Nobody waits any more.
                return;
            }
        }
    });
    if started.is_err() {
        return judge(checks, facts, offline);
    }
    let mut results: Vec<CheckResult> = vec![];
    while results.len() < checks.len()
        && let Ok(result) = receiver.recv_timeout(left())
    {
        results.push(result);
    }
    let late = checks.iter().skip(results.len()).map(|check| CheckResult {
        id: check.id(),
        severity: check.words().severity,
        result: Ok(Err(Missing::new(Need::Files, late()))),
    });
    let late: Vec<CheckResult> = late.collect();
    results.extend(late);
    let mut report = Report::new(&facts.project.root, offline, results, &facts.project.sources);
    report.scene = scene(facts);
    report
}

/// Runs one check.
pub fn judged(check: &Check, facts: &Facts) -> CheckResult {
    let result = guarded(|| {
        let checked =
            (check.run)(facts).map(|findings| findings.into_iter().map(|finding| withheld(finding, facts)).collect());
        let checked = sure(check.path, checked, facts);
        match &facts.host {
            Ok(host) if check.needs().contains(&Need::Host) => answered(checked, &host.unanswered),
            _ => checked,
        }
    });
    CheckResult { id: check.id(), severity: check.severity(), result }
}

/// What was found stands; that nothing is there can only be said of files that were read.
fn sure(path: &str, checked: Checked, facts: &Facts) -> Checked {
    let project = &facts.project;
    if !checked.as_ref().is_ok_and(Vec::is_empty) {
        return checked;
    }
    let unlisted = not_listed(facts);
    let cut_short = project.unreadable.iter().find(|entry| entry.format == Format::Folder);
    let reason = match (cut_short, project.not_entered.as_slice()) {
        (Some(entry), _) => entry.message.clone(),
        (None, []) if !unlisted.is_empty() => {
            const NAMED: usize = 3;
            let more = unlisted.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let named =
                unlisted.iter().take(NAMED).map(|(path, reason)| format!("`{}` ({reason})", path.escape_debug()));
            format!("could not look into {}{more}", named.collect::<Vec<_>>().join(", "))
        }
        (None, []) => {
            return match reads::unknown(path, facts) {
                Some(reason) => Err(Missing::new(Need::Files, reason)),
                None => checked,
            };
        }
        (None, folders) => {
            let folders: Vec<String> =
                folders.iter().map(|(path, kind)| format!("`{}` ({kind})", path.escape_debug())).collect();
            format!("another kind of file system is not entered: {}", folders.join(", "))
        }
    };
    Err(Missing::new(Need::Files, format!("not every file was read: {reason}")))
}

/// What was found stands; that nothing is there can only be said where every path of this machine answered.
fn answered(checked: Checked, unanswered: &BTreeMap<String, String>) -> Checked {
    match unanswered.first_key_value().filter(|_| checked.as_ref().is_ok_and(Vec::is_empty)) {
        Some((path, reason)) => {
            Err(Missing::new(Need::Host, format!("could not look at `{}`: {reason}", path.escape_debug())))
        }
        None => checked,
    }
}

/// The folders that could not be listed and may hold files of the project: not those that services keep data of their own in.
fn not_listed(facts: &Facts) -> Vec<&(String, String)> {
    let project = &facts.project;
    let kept = |path: &str| {
        let path = format!("{}/{path}", project.root);
        project
            .services()
            .any(|service| changes_user(facts, service) && service.binds().any(|(_, source)| is_below(&path, source)))
    };
    project.not_listed.iter().filter(|(path, _)| !kept(path)).collect()
}

/// Whether a service keeps its data as a user of its own.
fn changes_user(facts: &Facts, service: &Service) -> bool {
    let container = facts.docker.as_ref().ok().and_then(|docker| docker.container_of(&service.name));
    service_changes_user(service, &facts.project, container) || is_application(service, &facts.project)
}

thread_local! {
    static LAST_PANIC: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Runs `work`; a panic in it becomes an error with its message and place, and prints nothing.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        panic::set_hook(Box::new(|info| {
            let message = info.payload_as_str().unwrap_or("no message").to_owned();
            let place =
                info.location().map(|place| format!(" ({}:{})", place.file(), place.line())).unwrap_or_default();
            LAST_PANIC.with(|last| *last.borrow_mut() = Some(message + &place));
        }));
    });
    panic::catch_unwind(AssertUnwindSafe(work))
        .map_err(|_| LAST_PANIC.with(|last| last.borrow_mut().take()).unwrap_or_else(|| "no message".to_owned()))
}

/// What was looked at, for the report's first line.
fn scene(facts: &Facts) -> Vec<String> {
    let mut scene = vec![facts.project.name().to_owned()];
    if let Ok(docker) = &facts.docker {
        let kind = match docker.kind {
            crate::facts::EngineKind::Rootful => "rootful",
            crate::facts::EngineKind::Rootless => "rootless",
            crate::facts::EngineKind::UsernsRemap => "with userns-remap",
            crate::facts::EngineKind::Desktop => "Desktop",
            crate::facts::EngineKind::Podman if docker.uid_map.as_ref().is_ok_and(Vec::is_empty) => "rootful",
            crate::facts::EngineKind::Podman => "rootless",
        };
        let engine = if docker.kind == crate::facts::EngineKind::Podman { "Podman" } else { "Docker" };
        scene.push(format!("{engine} {}, {kind}", docker.version));
    }
    scene.extend(servers(facts));
    if let Ok(host) = &facts.host {
        scene.extend(host.wsl.kind.name().map(str::to_owned));
        scene.push(format!("you are {}", host.person.owner));
    }
    scene
}

/// The Postgres servers that answered: each once, however many names and databases it has, and no more than fit into a line.
fn servers(facts: &Facts) -> Vec<String> {
    const SHOWN: usize = 3;
    let mut servers: Vec<(&str, &str, Vec<&str>)> = vec![];
    for database in facts.postgres.iter().flat_map(|postgres| &postgres.databases) {
        let Some(server) = database.answered() else { continue };
        match servers.iter_mut().find(|(_, contacted, _)| *contacted == database.contacted) {
            Some((_, _, names)) if names.contains(&database.named.as_str()) => {}
            Some((_, _, names)) => names.push(&database.named),
            None => servers.push((&server.version, &database.contacted, vec![&database.named])),
        }
    }
    let words = |(version, contacted, names): &(&str, &str, Vec<&str>)| {
        let named = format!("Postgres {version} at {}", names.join(" and "));
        if names == &[*contacted] { named } else { format!("{named} ({contacted})") }
    };
    let mut shown: Vec<String> = servers.iter().take(SHOWN).map(words).collect();
    if servers.len() > SHOWN {
        shown.push(format!("{} more", servers.len() - SHOWN));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Database, Postgres, Server};
    use crate::finding::Finding;

    #[test]
    fn where_files_were_not_read_nothing_is_clean_and_what_was_found_stands() {
        let mut facts = Facts::default();
        let sure = |checked, facts: &Facts| super::sure("exec/as-root", checked, facts);
        assert_eq!(sure(Ok(vec![]), &facts), Ok(vec![]));
        facts.project.not_entered = vec![("share".to_owned(), "nfs4".to_owned())];
        let reason = sure(Ok(vec![]), &facts).unwrap_err().reason;
        assert_eq!(reason, "not every file was read: another kind of file system is not entered: `share` (nfs4)");
        let found = vec![Finding::nowhere("a", "b")];
        assert_eq!(sure(Ok(found.clone()), &facts), Ok(found));
    }

    #[test]
    fn where_a_path_of_this_machine_gave_no_answer_nothing_is_clean_and_what_was_found_stands() {
        let silent = BTreeMap::from([("/venv/bin/python".to_owned(), "is silent".to_owned())]);
        let reason = answered(Ok(vec![]), &silent).unwrap_err().reason;
        assert_eq!(reason, "could not look at `/venv/bin/python`: is silent");
        let found = vec![Finding::nowhere("a", "b")];
        assert_eq!(answered(Ok(found.clone()), &silent), Ok(found));
        assert_eq!(answered(Ok(vec![]), &BTreeMap::new()), Ok(vec![]));
    }

    fn server() -> Server {
        serde_json::from_str(
            r#"{"version": "", "address": null, "started_at": "", "is_the_service": null, "superuser": false,
                "owns_database": false, "search_path": [], "vector": {"usable": false, "created": null,
                "available": null, "trusted": false, "elsewhere": []}}"#,
        )
        .unwrap()
    }

    #[test]
    fn the_scene_names_each_server_once_and_few_of_many() {
        let database = |named: &str, contacted: &str, name: &str| Database {
            urls: vec![],
            role: "app".to_owned(),
            name: name.to_owned(),
            named: named.to_owned(),
            contacted: contacted.to_owned(),
            service: None,
            server: Ok(Ok(Server { version: "16.4".to_owned(), ..server() })),
        };
        let scene = |databases| {
            let facts = Facts { postgres: Ok(Postgres { databases }), ..Facts::default() };
            servers(&facts)
        };
        let one = vec![
            database("db:5432", "127.0.0.1:15432", "app"),
            database("db:5432", "127.0.0.1:15432", "test"),
            database("localhost:15432", "127.0.0.1:15432", "app"),
        ];
        assert_eq!(scene(one), ["Postgres 16.4 at db:5432 and localhost:15432 (127.0.0.1:15432)"]);
        assert_eq!(scene(vec![database("[::1]:1", "[::1]:1", "a")]), ["Postgres 16.4 at [::1]:1"]);
        let many = (1..9).map(|port| database(&format!("h:{port}"), &format!("127.0.0.1:{port}"), "a")).collect();
        assert_eq!(scene(many).last().unwrap(), "5 more");
    }

    #[test]
    fn checks_whose_turn_does_not_come_are_told_from_those_that_cannot_look() {
        let checks: Vec<&'static Check> = crate::checks::all().collect();
        let facts = Arc::new(Facts::default());
        let with_endless: Vec<&'static Check> =
            [&crate::checks::ENDLESS].into_iter().chain(checks.iter().copied()).collect();
        let late = judge_until(&with_endless, &facts, true, &|| Duration::ZERO);
        assert_eq!(not_judged(&late).len(), with_endless.len());
        assert_eq!(not_judged(&judge(&checks, &facts, true)), [""; 0]);
        let watch = Stopwatch::start();
        let left = time_left(&watch, 0.001)().as_secs_f64();
        assert!(left <= TO_JUDGE && left >= TO_JUDGE - watch.seconds(), "{left}");
    }

    #[test]
    fn a_panic_becomes_its_message() {
        let error = guarded(|| -> () { panic!("index {} of 3", 7) }).unwrap_err();
        assert!(error.starts_with("index 7 of 3 (src/run/judge.rs:"), "{error}");
        assert_eq!(guarded(|| 1), Ok(1));
    }
}
