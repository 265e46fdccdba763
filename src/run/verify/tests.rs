//! Reports of two rounds, and what is said of them.

use std::collections::BTreeMap;

use super::*;
use crate::checks::Severity;
use crate::facts::{FileKind, Host, Identity, Missing, Need, PathStat};
use crate::finding::Finding;
use crate::report::CheckResult;

const ME: Owner = Owner { uid: 1000, gid: 1000 };
const ROOT: Owner = Owner { uid: 0, gid: 0 };

fn result(id: &str, result: Result<Vec<Finding>, &str>) -> CheckResult {
    let result = result.map_err(|reason| Missing::new(Need::Docker, reason));
    CheckResult { id: id.to_owned(), severity: Severity::Error, result: Ok(result) }
}

fn report(results: Vec<CheckResult>) -> Report {
    Report::new("/p", false, results, &BTreeMap::new())
}

fn names(id: &str, subjects: &[&str]) -> Vec<Finding> {
    subjects.iter().map(|subject| Finding::nowhere(*subject, format!("{id} {subject}"))).collect()
}

fn seen(path: &str) -> SeenPath {
    SeenPath(path.into())
}

/// A finding about files that its fix gives away, and about others that it leaves.
fn group(message: &str, given: &[&str], kept: &[(&str, &str)]) -> Finding {
    let mut finding = Finding::nowhere(message, message);
    for (path, reason) in kept {
        finding = finding.untouched(seen(path), *reason);
    }
    let paths = given.iter().map(|path| (seen(path), ROOT)).collect();
    let step = Step::Chown(Chown { place: ChownPlace::Project, paths, to: ME, direct: false });
    if given.is_empty() { finding } else { finding.fix(Fix::safe("give", vec![step])) }
}

fn facts(foreign: &[&str], closed: &[&str]) -> Facts {
    let stat = PathStat { owner: ROOT, mode: 0o644, kind: FileKind::File, links: 1 };
    let foreign = foreign.iter().map(|path| ForeignFile { path: seen(path), stat, capabilities: false }).collect();
    let mut walk = Walk { foreign, ..Walk::default() };
    walk.foreign_count = walk.foreign.len() as u64;
    walk.unreadable = closed.iter().map(|path| (seen(path), "permission denied".to_owned())).collect();
    let host = Host {
        person: Identity { owner: ME, groups: vec![], name: None },
        home: None,
        effective_uid: 1000,
        through_sudo: false,
        root_owner: ME,
        filesystem: None,
        filesystems: BTreeMap::new(),
        wsl: crate::facts::Wsl::default(),
        git: None,
        home_foreign: vec![],
        walk,
        paths: BTreeMap::new(),
        unanswered: BTreeMap::new(),
        environment: crate::facts::Environment::default(),
    };
    Facts { host: Ok(host), ..Facts::default() }
}

fn try_all(watch: &mut Watch, findings: &[Judged]) {
    for judged in findings {
        let fix = judged.finding.fix.clone().unwrap_or_else(|| Fix::manual("x"));
        let (id, fingerprint) = (judged.id.clone(), judged.fingerprint.clone());
        watch.tries(&Item { id, fingerprint, place: String::new(), fix });
    }
}

#[test]
fn what_cannot_be_seen_any_more_is_not_cured() {
    let before = report(vec![
        result("a", Ok(names("a", &["1", "2"]))),
        result("b", Ok(names("b", &["1"]))),
        result("c", Err("no")),
        result("d", Ok(vec![])),
    ]);
    let after = report(vec![
        result("a", Ok(names("a", &["2"]))),
        result("b", Err("gone")),
        result("c", Ok(names("c", &["1"]))),
        result("d", Ok(names("d", &["1"]))),
    ]);
    let mut watch = Watch::new(&before);
    try_all(&mut watch, &before.findings);
    assert_eq!(
        watch.verdict(&before, &after, &facts(&[], &[])),
        Verdict {
            cured: vec!["a 1".into()],
            still_there: vec!["a 2".into()],
            new: vec!["d 1".into()],
            unseen: vec![("b".into(), "gone".into())],
            ..Verdict::default()
        }
    );
}

#[test]
fn a_group_is_cured_when_every_path_of_it_is() {
    let before = report(vec![result("f", Ok(vec![group("three", &["a", "b"], &[("tool", "is set-user-id")])]))]);
    let mut watch = Watch::new(&before);
    try_all(&mut watch, &before.findings);
    let left = |paths: &[&str]| {
        let finding = group("other words", &[], &[("tool", "is set-user-id")]);
        watch.verdict(&before, &report(vec![result("f", Ok(vec![finding]))]), &facts(paths, &[]))
    };
    let part = left(&["b", "tool"]);
    assert_eq!(part.in_part, [("three".to_owned(), 1, 3)]);
    assert_eq!(part.left, ["`b`: belongs to 0:0", "`tool`: is set-user-id"]);
    assert_eq!((part.cured.len(), part.new.len()), (0, 0), "another group is nothing new");
    let clean = watch.verdict(&before, &report(vec![result("f", Ok(vec![]))]), &facts(&[], &[]));
    assert_eq!(clean, Verdict { cured: vec!["three".into()], ..Verdict::default() });
    assert_eq!(left(&["a", "b", "tool"]).still_there, ["three"]);
    // A path in a folder that is closed now is neither right nor wrong.
    let closed = watch.verdict(&before, &report(vec![result("f", Ok(vec![]))]), &facts(&[], &["a"]));
    assert_eq!(closed.unseen, [("f".to_owned(), "`a` cannot be looked at".to_owned())]);
}

#[test]
fn what_was_hidden_is_taken_up_and_what_a_fix_or_somebody_made_is_told_apart() {
    let before = report(vec![result("f", Ok(vec![group("folder", &["in"], &[])]))]);
    let mut watch = Watch::new(&before);
    try_all(&mut watch, &before.findings);
    // `kept` was seen and was right then; `log` was not there; `in/a` could not be seen.
    let last = facts(&["in", "kept"], &["in"]);
    let all = || group("many", &["in/a", "kept", "log"], &[("in/tool", "is set-user-id")]);
    let now = report(vec![result("f", Ok(vec![all()]))]);
    let further = watch.further(&now, &last);
    assert_eq!(further.len(), 1);
    assert_eq!(further[0].finding.message, "2 of these: many");
    let fix = further[0].finding.fix.as_ref().unwrap();
    assert_eq!(fix.title, "give 1 path back to 1000:1000");
    assert_eq!(chowns(fix).flat_map(|chown| &chown.paths).collect::<Vec<_>>(), [&(seen("in/a"), ROOT)]);
    try_all(&mut watch, &further);
    assert_eq!(watch.further(&now, &last).len(), 0, "nothing is taken up twice");
    let after = report(vec![result("f", Ok(vec![group("rest", &["kept", "log"], &[("in/tool", "is set-user-id")])]))]);
    let verdict = watch.verdict(&before, &after, &facts(&["in/tool", "kept", "log"], &[]));
    assert_eq!(
        verdict,
        Verdict {
            cured: vec!["folder".into()],
            in_part: vec![("2 of these: many".into(), 1, 2)],
            left: vec!["`in/tool`: is set-user-id".into()],
            new: vec!["`kept` in: rest".into()],
            meanwhile: vec!["`log` in: rest".into()],
            ..Verdict::default()
        }
    );
}

#[test]
fn what_was_too_much_for_one_list_is_taken_up_and_counted() {
    let before = report(vec![result("f", Ok(vec![group("many", &["a"], &[])]))]);
    let mut watch = Watch::new(&before);
    try_all(&mut watch, &before.findings);
    let mut capped = facts(&["a"], &[]);
    capped.host.as_mut().unwrap().walk.foreign_count = 3;
    let now = report(vec![result("f", Ok(vec![group("others", &["b"], &[])]))]);
    assert_eq!(watch.further(&now, &capped).len(), 1);
    let mut after = facts(&["b"], &[]);
    after.host.as_mut().unwrap().walk.foreign_count = 2;
    let verdict = watch.verdict(&before, &now, &after);
    assert_eq!(
        verdict.left,
        [
            "others: seen only after others were given back",
            "1 more file or folder of somebody else, too many for one run: run `devdoctor fix` again"
        ]
    );
    // The list is not whole, and the path is not there to be looked at.
    assert_eq!(verdict.unseen.len(), 1);
}
