//! The words of the checks are true: every example reports what it says, needs are needs, fixes cure and are done once.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

#[path = "styles/cases.rs"]
#[allow(dead_code, reason = "each test program uses its own share of this")]
mod cases;
#[path = "support/given.rs"]
mod given;

use std::collections::BTreeSet;
use std::path::Path;

use devdoctor::checks::{self, Check, FixKind, Words};
use devdoctor::facts::{Facts, Missing, Need};
use devdoctor::finding::{Finding, Place};
use devdoctor::fix::plan::file_changes;
use devdoctor::fix::{Applicability, Step};
use devdoctor::project::files::{Files, MemoryFiles};
use devdoctor::project::read;
use regex::Regex;

fn words_of(check: &Check) -> Words {
    serde_yaml::from_str(check.yaml).unwrap_or_else(|error| panic!("checks/{}.yaml: {error}", check.path))
}

/// How an example names a finding: `path:line - text under the underline`, or `path - message`, or `- message`.
fn reported(facts: &Facts, finding: &Finding) -> String {
    match &finding.place {
        Some(Place::Span(span)) => {
            let source = facts.source(&span.path).unwrap_or_else(|| panic!("{} was not read", span.path));
            let line = source.position(span.start).line;
            let text = source.slice(span).lines().next().unwrap_or_default();
            format!("{}:{line} - {text}", span.path)
        }
        Some(Place::Path(path)) => format!("{path} - {}", finding.message),
        None => format!("- {}", finding.message),
    }
}

fn matches(expected: &str, actual: &str) -> bool {
    // A place with a line names the exact text; without one the message may go on.
    let exact = expected
        .split(" - ")
        .next()
        .is_some_and(|place| place.rsplit(':').next().is_some_and(|line| line.parse::<u32>().is_ok()));
    if exact { expected == actual } else { actual.starts_with(expected) }
}

#[test]
fn ids_are_paths_and_no_words_lie_about_unused() {
    let known: BTreeSet<String> = checks::all().map(|check| check.path.to_owned()).collect();
    for check in checks::all() {
        assert_eq!(words_of(check).id, check.id(), "checks/{}.yaml", check.path);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("checks");
    let mut found = BTreeSet::new();
    for family in std::fs::read_dir(&root).unwrap() {
        let family = family.unwrap().path();
        for file in std::fs::read_dir(&family).unwrap() {
            let file = file.unwrap().path();
            let path = file.strip_prefix(&root).unwrap().with_extension("");
            found.insert(path.to_str().unwrap().to_owned());
        }
    }
    assert_eq!(found, known, "files below checks/ and lines of the table");
}

#[test]
fn ids_name_the_defect_never_the_remedy() {
    for check in checks::all() {
        let name = check.path.split('/').nth(1).unwrap();
        for remedy in [
            "prefer-", "avoid-", "use-", "do-not-", "install-", "add-", "set-", "missing-", "enable-", "create-",
            "run-",
        ] {
            assert!(!name.starts_with(remedy), "`{}` sounds like a remedy", check.id());
        }
    }
}

#[test]
fn words_are_whole() {
    for check in checks::all() {
        let words = words_of(check);
        let id = &words.id;
        assert!(
            words.title.chars().next().is_some_and(char::is_uppercase) && !words.title.ends_with('.'),
            "{id}: title"
        );
        assert!(words.needs.first() == Some(&Need::Files), "{id}: needs begins with files");
        assert!(words.needs.is_sorted(), "{id}: needs are in the order files, host, docker, postgres");
        assert!(words.why.split_whitespace().count() > 15, "{id}: why is too short");
        assert!(!words.see_by_hand.trim().is_empty() && !words.fix_by_hand.trim().is_empty(), "{id}: by hand");
        assert!(words.examples.iter().any(|example| !example.reports.is_empty()), "{id}: an example that reports");
        assert!(words.examples.iter().any(|example| example.reports.is_empty()), "{id}: an example that is silent");
        for symptom in &words.symptoms {
            Regex::new(symptom).unwrap_or_else(|error| panic!("{id}: symptom: {error}"));
        }
    }
}

#[test]
fn every_example_reports_what_it_says() {
    let mut wrong = vec![];
    for check in checks::all() {
        let words = words_of(check);
        for example in &words.examples {
            let facts = given::facts(&words, example);
            let findings = match (check.run)(&facts) {
                Ok(findings) => findings,
                Err(missing) => {
                    wrong.push(format!("{}: `{}`: skipped: {missing}", words.id, example.name));
                    continue;
                }
            };
            let mut actual: Vec<String> = findings.iter().map(|finding| reported(&facts, finding)).collect();
            let mut expected = example.reports.clone();
            actual.sort();
            expected.sort();
            let same = actual.len() == expected.len()
                && expected.iter().zip(&actual).all(|(expected, actual)| matches(expected, actual));
            if !same {
                wrong.push(format!(
                    "{}: `{}`:\n  expected {expected:#?}\n  reported {actual:#?}",
                    words.id, example.name
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn without(need: Need, facts: &Facts) -> Facts {
    let missing = || Missing::new(need, "taken away");
    let mut facts = facts.clone();
    match need {
        Need::Files => {}
        Need::Host => facts.host = Err(missing()),
        Need::Docker => facts.docker = Err(missing()),
        Need::Postgres => facts.postgres = Err(missing()),
    }
    facts
}

#[test]
fn needs_are_true() {
    for check in checks::all() {
        let words = words_of(check);
        for example in words.examples.iter().filter(|example| !example.reports.is_empty()) {
            let facts = given::facts(&words, example);
            for need in [Need::Host, Need::Docker, Need::Postgres] {
                let result = (check.run)(&without(need, &facts));
                let declared = words.needs.contains(&need);
                assert_eq!(result.is_err(), declared, "{}: `{}` without {need}", words.id, example.name);
            }
        }
    }
}

#[test]
fn messages_keep_the_manner() {
    for check in checks::all() {
        let words = words_of(check);
        for example in &words.examples {
            let facts = given::facts(&words, example);
            for finding in (check.run)(&facts).unwrap_or_default() {
                let message = &finding.message;
                let name = format!("{}: `{message}`", words.id);
                assert!(!message.ends_with('.') && !message.contains('\n'), "{name} is one line without a full stop");
                let first = message.chars().next().unwrap();
                assert!(
                    !first.is_uppercase()
                        || ["Docker", "Postgres", "SQLAlchemy"].iter().any(|name| message.starts_with(name))
                        || message.starts_with("Docker"),
                    "{name} begins lower case"
                );
                assert!(
                    finding
                        .help
                        .iter()
                        .chain(finding.fix.iter().map(|fix| &fix.title))
                        .all(|line| !line.ends_with('.')),
                    "{name}: help"
                );
                assert!(!finding.evidence.is_empty(), "{name} has no evidence");
                assert!(finding.fix.is_some() || !finding.help.is_empty(), "{name} helps nobody");
            }
        }
    }
}

#[test]
fn the_best_fix_is_the_one_the_words_promise() {
    for check in checks::all() {
        let words = words_of(check);
        let findings =
            words.examples.iter().flat_map(|example| (check.run)(&given::facts(&words, example)).unwrap_or_default());
        let best = findings
            .filter_map(|finding| finding.fix.map(|fix| fix.applicability))
            .max()
            .unwrap_or(Applicability::Manual);
        let promised = match words.fix {
            FixKind::Safe => Applicability::Safe,
            FixKind::Unsafe => Applicability::Unsafe,
            FixKind::Manual => Applicability::Manual,
        };
        assert_eq!(best, promised, "{}", words.id);
    }
}

/// A fix of files cures its example, finds nothing new in any other check, and has nothing to do the second time.
#[test]
fn fixes_of_files_cure_their_examples() {
    for check in checks::all() {
        let words = words_of(check);
        for example in &words.examples {
            let facts = given::facts(&words, example);
            let findings = (check.run)(&facts).unwrap_or_default();
            for finding in &findings {
                let Some(fix) = finding.fix.as_ref().filter(|fix| fix.applicability > Applicability::Manual) else {
                    continue;
                };
                let edits: Vec<_> = fix
                    .steps
                    .iter()
                    .filter_map(|step| if let Step::Edit(edit) = step { Some(edit) } else { None })
                    .collect();
                if edits.len() < fix.steps.len() {
                    continue; // owners and databases are cured in the tests with the real parts
                }
                let name = format!("{}: `{}`", words.id, example.name);
                let changes = file_changes(edits.into_iter(), &facts.project.sources)
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                let mut changed = example.clone();
                for change in &changes {
                    assert_ne!(change.before, change.after, "{name}");
                    changed.files.insert(change.path.clone(), change.after.clone());
                }
                let after = given::facts(&words, &changed);
                let again = (check.run)(&after).unwrap_or_else(|missing| panic!("{name}: after the fix: {missing}"));
                assert!(again.len() < findings.len(), "{name} is not cured: {again:#?}\n{changes:#?}");
                assert!(
                    after.project.unreadable.len() <= facts.project.unreadable.len(),
                    "{name}: a file cannot be read after the fix: {:#?}",
                    after.project.unreadable
                );
                for other in checks::all() {
                    let count = |facts: &Facts| (other.run)(facts).map_or(0, |findings| findings.len());
                    assert!(
                        count(&after) <= count(&facts),
                        "{name}: the fix makes `{}` find something\n{changes:#?}",
                        other.id()
                    );
                }
            }
        }
    }
}

/// What is promised of the fixes of Python (`tests/styles.rs`, `tests/import_order.rs`) is promised of every check that has one.
#[test]
fn every_fix_of_python_meets_the_ways_in_which_people_write_it() {
    // These change letters within a line, whatever stands around them.
    let within_lines = ["alembic-driver-mismatch", "files-crlf-in-script", "url-password-not-encoded"];
    let cases: BTreeSet<&str> = cases::CASES.iter().map(|case| case.check).chain(within_lines).collect();
    let edits_python = |finding: &Finding| {
        let mut steps = finding.fix.iter().flat_map(|fix| &fix.steps);
        steps.any(|step| matches!(step, Step::Edit(edit) if edit.span.path.ends_with(".py")))
    };
    let mut without = BTreeSet::new();
    for check in checks::all().filter(|check| !cases.contains(check.id().as_str())) {
        let words = words_of(check);
        let mut findings =
            words.examples.iter().flat_map(|example| (check.run)(&given::facts(&words, example)).unwrap_or_default());
        if words.fix != FixKind::Manual && findings.any(|finding| edits_python(&finding)) {
            without.insert(check.id());
        }
    }
    assert!(without.is_empty(), "no case in tests/styles/cases.rs: {without:?}");
}

/// No check panics on what users have on their disks: every example with each file cut off at every 7th byte.
#[test]
fn half_written_files_never_make_a_check_panic() {
    for check in checks::all() {
        let words = words_of(check);
        for example in &words.examples {
            for (path, text) in &example.files {
                for cut in (0..text.len()).step_by(7).filter(|cut| text.is_char_boundary(*cut)) {
                    let mut broken = example.clone();
                    broken.files.insert(path.clone(), text[..cut].to_owned());
                    let facts = given::facts(&words, &broken);
                    let _ = (check.run)(&facts);
                }
            }
        }
    }
}

#[test]
fn files_in_memory_are_files() {
    let files = MemoryFiles::at(given::ROOT, [("a/b", "x")]);
    assert!(files.is_file("a/b") && files.is_directory("a") && !files.is_file("a"));
    assert_eq!(read::project(&files, &Default::default(), None).sources.len(), 0);
}
