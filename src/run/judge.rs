//! Runs the checks over facts. A check that panics is an outcome, not the end.

use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use crate::checks::Check;
use crate::facts::{Facts, Missing, Need};
use crate::finding::Checked;
use crate::fix::withhold::withheld;
use crate::project::{Format, Project};
use crate::report::{CheckResult, Report};

/// Runs `checks` over `facts` and puts the results into a report.
pub fn judge(checks: &[&'static Check], facts: &Facts, offline: bool) -> Report {
    let results = checks
        .iter()
        .map(|check| CheckResult {
            id: check.id(),
            severity: check.words().severity,
            result: guarded(|| {
                let checked = (check.run)(facts)
                    .map(|findings| findings.into_iter().map(|finding| withheld(finding, facts)).collect());
                sure(checked, &facts.project)
            }),
        })
        .collect();
    let mut report = Report::new(&facts.project.root, offline, results, &facts.project.sources);
    report.scene = scene(facts);
    report
}

/// What was found stands; that nothing is there can only be said of files that were read.
fn sure(checked: Checked, project: &Project) -> Checked {
    let cut_short = project.unreadable.iter().find(|entry| entry.format == Format::Folder);
    match (checked, cut_short) {
        (Ok(findings), Some(entry)) if findings.is_empty() => {
            Err(Missing::new(Need::Files, format!("not every file was read: {}", entry.message)))
        }
        (checked, _) => checked,
    }
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
            crate::facts::EngineKind::Podman => "Podman",
        };
        scene.push(format!("Docker {}, {kind}", docker.version));
    }
    let databases = facts.postgres.iter().flat_map(|postgres| &postgres.databases);
    for database in databases {
        if let Some(server) = database.answered() {
            let mut words = format!("Postgres {} at {}", server.version, database.named);
            if database.contacted != database.named {
                words.push_str(&format!(" ({})", database.contacted));
            }
            if !scene.contains(&words) {
                scene.push(words);
            }
        }
    }
    if let Ok(host) = &facts.host {
        scene.extend(host.wsl.kind.name().map(str::to_owned));
        scene.push(format!("you are {}", host.person.owner));
    }
    scene
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_message() {
        let error = guarded(|| -> () { panic!("index {} of 3", 7) }).unwrap_err();
        assert!(error.starts_with("index 7 of 3 (src/run/judge.rs:"), "{error}");
        assert_eq!(guarded(|| 1), Ok(1));
    }
}
