//! Folds findings into stories: one cause, and under it what follows from it.

use std::cmp::Reverse;

use super::Judged;
use crate::finding::Place;
use crate::project::compose::is_below;

/// Checks that see root at work in a service, the strongest cause first.
const ROOT_AT_WORK: [&str; 3] = ["exec-user-blank", "ownership-service-writes-as-root", "exec-as-root"];

/// Checks that see what root left behind.
const LEFT_BEHIND: [&str; 4] =
    ["ownership-foreign-files", "ownership-git-objects-foreign", "ownership-home-foreign", "cache-not-writable"];

/// Checks that see a process whose home cannot be written, which is why its caches cannot.
const HOMELESS: [&str; 3] = ["exec-home-is-root-directory", "exec-home-of-someone-else", "exec-home-missing"];

/// Checks that see a mount that cannot be written, the strongest cause first, and checks that see what cannot be written in it.
const OF_THE_MOUNT: [&str; 3] =
    ["ownership-bind-not-writable", "ownership-volume-not-writable", "ownership-mount-read-only"];
const IN_THE_MOUNT: [&str; 3] = ["cache-not-writable", "cache-disabled", "cache-venv-is-volume"];

/// Checks of a URL's text, which explain why its server cannot be reached.
const URL_TROUBLE: [&str; 6] = [
    "url-host-unknown",
    "url-published-port-in-container",
    "url-localhost-in-container",
    "url-placeholder",
    "url-scheme-unknown",
    "url-password-not-encoded",
];

/// What Alembic does wrong, each with what it follows from when both saw the same `env.py` or database.
const OF_ALEMBIC: [(&str, &str); 6] = [
    ("alembic-revision-empty", "alembic-target-metadata-missing"),
    ("alembic-revision-empty", "alembic-models-not-imported"),
    ("alembic-revision-empty", "alembic-tables-without-revision"),
    ("alembic-revision-drops-living-table", "alembic-target-metadata-missing"),
    ("alembic-revision-drops-living-table", "alembic-models-not-imported"),
    ("alembic-database-behind", "alembic-tables-without-revision"),
];

/// The check that sees the project on a Windows drive, and checks that see what such a drive does not do.
const ON_WINDOWS_DRIVE: &str = "wsl-project-on-windows-drive";
const OF_THE_DRIVE: [&str; 2] = ["wsl-drive-without-metadata", "wsl-no-file-events"];

/// Marks consequences and sorts: stories by severity, then by the order of checks, then by place; in a story the cause first.
pub(super) fn told(mut findings: Vec<Judged>) -> Vec<Judged> {
    let heads: Vec<usize> = (0..findings.len()).map(|index| head_of(index, &findings)).collect();
    for (index, head) in heads.iter().enumerate() {
        findings[index].follows_from = (*head != index).then(|| findings[*head].fingerprint.clone());
    }
    let severity_of_story = |head: usize| {
        let members = heads.iter().enumerate().filter(|(_, other)| **other == head);
        members.map(|(member, _)| findings[member].severity).max()
    };
    // Findings come in the table's order, so that the first finding of a check has that check's rank.
    let rank_of_check = |id: &str| findings.iter().position(|judged| judged.id == id);
    let mut order: Vec<_> = (0..findings.len())
        .map(|index| {
            let head = heads[index];
            let story =
                (Reverse(severity_of_story(head)), rank_of_check(&findings[head].id), place_of(&findings[head]));
            (story, head, index != head, rank_of_check(&findings[index].id), place_of(&findings[index]), index)
        })
        .collect();
    order.sort();
    let order: Vec<usize> = order.into_iter().map(|key| key.5).collect();
    let mut taken: Vec<Option<Judged>> = findings.into_iter().map(Some).collect();
    order.into_iter().filter_map(|index| taken[index].take()).collect()
}

fn place_of(judged: &Judged) -> (String, usize) {
    match &judged.finding.place {
        Some(Place::Span(span)) => (span.path.to_string(), span.start),
        Some(Place::Path(path)) => (path.clone(), 0),
        None => (String::new(), 0),
    }
}

/// The finding that heads the story of `index`: itself, unless it follows from another. Each step goes to a stronger cause,
/// so it ends.
fn head_of(index: usize, findings: &[Judged]) -> usize {
    let mut head = index;
    while let Some(cause) = cause_of(head, findings) {
        head = cause;
    }
    head
}

fn cause_of(index: usize, findings: &[Judged]) -> Option<usize> {
    let judged = &findings[index];
    let shares_service =
        |other: &Judged| other.finding.services.iter().any(|service| judged.finding.services.contains(service));
    let homeless = |other: &Judged| HOMELESS.contains(&other.id.as_str()) && shares_service(other);
    let mount =
        |id: &str| findings.iter().position(|other| other.id == id && shares_service(other) && holds(other, judged));
    let is_in_mount = IN_THE_MOUNT.contains(&judged.id.as_str()) || HOMELESS.contains(&judged.id.as_str());
    if is_in_mount && let Some(cause) = OF_THE_MOUNT.iter().find_map(|id| mount(id)) {
        return Some(cause);
    }
    if matches!(judged.id.as_str(), "cache-not-writable" | "cache-disabled" | "exec-no-passwd-entry")
        && let Some(cause) = findings.iter().position(homeless)
    {
        return Some(cause);
    }
    let strength = |judged: &Judged| ROOT_AT_WORK.iter().position(|id| *id == judged.id);
    if strength(judged).is_some() || LEFT_BEHIND.contains(&judged.id.as_str()) {
        let mine = (strength(judged).unwrap_or(usize::MAX), index);
        let stronger = findings
            .iter()
            .enumerate()
            .filter(|(_, other)| shares_service(other))
            .filter_map(|(cause, other)| Some((strength(other)?, cause)))
            .min()
            .filter(|stronger| *stronger < mine)
            .map(|(_, cause)| cause);
        // What nobody is known to have made was made by the same somebody.
        let beside = |other: &Judged| {
            other.id == "ownership-foreign-files" && (shares_service(other) || of_nobody(other) && of_nobody(judged))
        };
        let is_gits = judged.id == "ownership-git-objects-foreign";
        return stronger.or_else(|| is_gits.then(|| findings.iter().position(beside)).flatten());
    }
    if OF_THE_DRIVE.contains(&judged.id.as_str()) {
        let drive = |judged: &Judged| judged.finding.evidence.iter().find(|seen| seen.source == "mountinfo").cloned();
        return findings.iter().position(|other| other.id == ON_WINDOWS_DRIVE && drive(other) == drive(judged));
    }
    let saw_the_same = |other: &Judged| {
        let subjects = || other.finding.evidence.iter().map(|seen| &seen.subject);
        judged.finding.evidence.iter().any(|seen| subjects().any(|subject| *subject == seen.subject))
    };
    let causes = OF_ALEMBIC.iter().filter(|(follower, _)| *follower == judged.id).map(|(_, cause)| cause);
    for cause in causes {
        let found = findings.iter().position(|other| other.id == *cause && saw_the_same(other));
        if found.is_some() {
            return found;
        }
    }
    if judged.id == "postgres-unreachable" {
        let explains = |other: &Judged| URL_TROUBLE.contains(&other.id.as_str()) && meet(other, judged);
        return findings.iter().position(explains);
    }
    None
}

/// Whether what a finding is about lies in the mount that another is about: it points at the same entry, or saw a path in it.
fn holds(mount: &Judged, judged: &Judged) -> bool {
    let same_place = mount.finding.place.is_some() && mount.finding.place == judged.finding.place;
    let seen = |judged: &Judged| -> Vec<(String, String)> {
        let archives = judged.finding.evidence.iter().filter(|seen| seen.source.starts_with("archive of "));
        archives.map(|seen| (seen.source.clone(), seen.subject.clone())).collect()
    };
    let (above, below) = (seen(mount), seen(judged));
    same_place || below.iter().any(|(of, path)| above.iter().any(|(other, top)| of == other && is_below(path, top)))
}

fn of_nobody(judged: &Judged) -> bool {
    judged.finding.services.is_empty()
}

/// Whether two findings are about the same text: one points at a URL, the other at a part of it.
fn meet(one: &Judged, other: &Judged) -> bool {
    match (&one.finding.place, &other.finding.place) {
        (Some(Place::Span(one)), Some(Place::Span(other))) => {
            one.path == other.path && one.start <= other.end && other.start <= one.end
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::Severity;
    use crate::finding::Finding;

    fn judged(id: &str, severity: Severity, services: &[&str]) -> Judged {
        let mut finding = Finding::at_path("Makefile", id, id);
        finding.services = services.iter().map(|service| (*service).to_owned()).collect();
        Judged {
            id: id.into(),
            severity,
            fingerprint: format!("{id}-{}", services.join("+")),
            follows_from: None,
            finding,
        }
    }

    fn told_ids(findings: Vec<Judged>) -> Vec<(String, Option<String>)> {
        told(findings).into_iter().map(|judged| (judged.fingerprint, judged.follows_from)).collect()
    }

    #[test]
    fn what_root_left_behind_follows_from_the_root_that_made_it() {
        let story = told_ids(vec![
            judged("ownership-foreign-files", Severity::Error, &["api"]),
            judged("exec-as-root", Severity::Warning, &["api"]),
            judged("exec-as-root", Severity::Warning, &["worker"]),
            judged("cache-not-writable", Severity::Error, &["api"]),
        ]);
        let cause = Some("exec-as-root-api".to_owned());
        assert_eq!(
            story,
            [
                ("exec-as-root-api".to_owned(), None),
                ("ownership-foreign-files-api".to_owned(), cause.clone()),
                ("cache-not-writable-api".to_owned(), cause),
                ("exec-as-root-worker".to_owned(), None),
            ]
        );
    }

    #[test]
    fn a_cache_in_a_home_that_cannot_be_written_follows_from_it() {
        let story = told_ids(vec![
            judged("exec-as-root", Severity::Warning, &["api"]),
            judged("exec-home-missing", Severity::Error, &["api"]),
            judged("cache-not-writable", Severity::Error, &["api"]),
            judged("ownership-foreign-files", Severity::Error, &[]),
            judged("ownership-git-objects-foreign", Severity::Error, &[]),
        ]);
        let cause = |id: &str| story.iter().find(|(name, _)| name.starts_with(id)).unwrap().1.clone();
        assert_eq!(cause("cache-not-writable"), Some("exec-home-missing-api".to_owned()));
        assert_eq!(cause("ownership-git"), Some("ownership-foreign-files-".to_owned()));
        assert_eq!(cause("exec-home-missing"), None);
    }

    #[test]
    fn a_finding_about_two_services_makes_no_circle() {
        let story = told_ids(vec![
            judged("exec-as-root", Severity::Warning, &["a", "b"]),
            judged("ownership-service-writes-as-root", Severity::Warning, &["b"]),
            judged("ownership-foreign-files", Severity::Error, &["a"]),
        ]);
        let head = Some("ownership-service-writes-as-root-b".to_owned());
        assert_eq!(story[0], ("ownership-service-writes-as-root-b".to_owned(), None));
        assert!(story[1..].iter().all(|(_, follows)| *follows == head), "{story:?}");
    }

    #[test]
    fn a_server_out_of_reach_follows_from_the_trouble_in_its_url() {
        let source = crate::text::Source::new(".env", "A=postgres://a:b@c@d/e\nB=postgres://a:b@c/e\n");
        let at = |id: &str, name: &str, range: std::ops::Range<usize>| Judged {
            fingerprint: name.into(),
            finding: Finding::at(&source.span(range), id, id),
            ..judged(id, Severity::Error, &[])
        };
        let story = told_ids(vec![
            at("postgres-unreachable", "first", 2..22),
            at("postgres-unreachable", "second", 25..43),
            at("url-password-not-encoded", "at-sign", 16..17),
        ]);
        let expected = [("second", None), ("at-sign", None), ("first", Some("at-sign"))];
        let mut story: Vec<_> = story.iter().map(|(name, cause)| (name.as_str(), cause.as_deref())).collect();
        story.sort_by_key(|(name, _)| expected.iter().position(|(other, _)| other == name));
        assert_eq!(story, expected);
    }

    #[test]
    fn foreign_files_without_a_cause_stand_alone() {
        let story = told_ids(vec![
            judged("ownership-foreign-files", Severity::Error, &[]),
            judged("exec-as-root", Severity::Warning, &["api"]),
        ]);
        assert!(story.iter().all(|(_, follows)| follows.is_none()), "{story:?}");
    }
}
