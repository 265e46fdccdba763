//! Journals are written whole, kept private, and found again.

use super::*;
use crate::fix::journal::{Change, StepState, sha256};

#[test]
fn journals_are_private_and_read_back_newest_first() {
    let state = tempfile::tempdir().unwrap();
    let records = Records::new(state.path());
    for id in ["1", "2"] {
        let run =
            RunEntry { id: id.into(), root: "/p".into(), devdoctor: "0".into(), titles: vec![], afterwards: vec![] };
        let mut record = records.begin(run).unwrap();
        let before = record.keep(b"old").unwrap();
        let sha = sha256(b"old");
        let step = record
            .step(Change::Edit {
                path: "a".into(),
                before,
                before_sha256: sha.clone(),
                after_sha256: sha,
                in_place: false,
            })
            .unwrap();
        record.append(&Entry::Done { step }).unwrap();
    }
    let run = RunEntry { id: "3".into(), root: "/p".into(), devdoctor: "0".into(), titles: vec![], afterwards: vec![] };
    drop(records.begin(run).unwrap());
    let Runs { journals, unusable, elsewhere } = records.of_project("/p").unwrap();
    assert_eq!((unusable, elsewhere), (vec![], vec![]), "a run that did nothing left nothing");
    assert_eq!(journals.iter().map(|journal| journal.run.id.as_str()).collect::<Vec<_>>(), ["2", "1"]);
    assert_eq!(journals[0].steps[0].1, StepState::Done);
    assert_eq!(records.before("2", "before-0").unwrap(), b"old");
    let directory = state.path().join("devdoctor");
    assert_eq!(std::fs::metadata(&directory).unwrap().mode() & 0o777, 0o700);
    assert_eq!(std::fs::metadata(directory.join("runs/1/before-0")).unwrap().mode() & 0o777, 0o600);
    records.lock(PATIENCE).unwrap();
}

#[test]
fn a_journal_of_the_same_name_is_left_alone() {
    let state = tempfile::tempdir().unwrap();
    let records = Records::new(state.path());
    let run = |root: &str| RunEntry {
        id: "1".into(),
        root: root.into(),
        devdoctor: "0".into(),
        titles: vec![],
        afterwards: vec![],
    };
    let mut record = records.begin(run("/p")).unwrap();
    let sha = sha256(b"old");
    let before = record.keep(b"old").unwrap();
    record
        .step(Change::Edit { path: "a".into(), before, before_sha256: sha.clone(), after_sha256: sha, in_place: false })
        .unwrap();
    assert!(records.begin(run("/q")).is_err());
    assert_eq!(records.of_project("/p").unwrap().journals.len(), 1);
    assert_eq!(records.before("1", "before-0").unwrap(), b"old");
}

#[test]
fn a_run_waits_a_moment_for_another_one() {
    let state = tempfile::tempdir().unwrap();
    let records = Records::new(state.path());
    let lock = records.lock(Duration::ZERO).unwrap();
    assert!(matches!(records.lock(BETWEEN_TRIES), Err(RecordError::Busy)));
    let waiting = std::thread::spawn({
        let records = records.clone();
        move || records.lock(PATIENCE).is_ok()
    });
    std::thread::sleep(BETWEEN_TRIES);
    drop(lock);
    assert!(waiting.join().unwrap());
}
