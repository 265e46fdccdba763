//! Compares what was found before a fix with what is found after it.

use crate::report::{Outcome, Report};

/// What became of the findings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Findings that are gone, by message.
    pub cured: Vec<String>,
    /// Findings that were to be cured and are still there.
    pub still_there: Vec<String>,
    /// Findings that were not there before: a fix made them.
    pub new: Vec<String>,
    /// Checks that found something before and cannot look any more, with the reason: their findings are neither cured nor there.
    pub unseen: Vec<(String, String)>,
}

/// Compares two reports. `treated` are the fingerprints whose fixes were applied.
pub fn compare(before: &Report, after: &Report, treated: &[String]) -> Verdict {
    let mut verdict = Verdict::default();
    for judged in &before.findings {
        let there = after.findings.iter().any(|other| other.fingerprint == judged.fingerprint);
        let outcome = after.checks.iter().find(|(id, _)| *id == judged.id).map(|(_, outcome)| outcome);
        match outcome {
            Some(Outcome::Skipped { reason } | Outcome::Crashed { reason }) => {
                verdict.unseen.push((judged.id.clone(), reason.clone()));
            }
            _ if !there => verdict.cured.push(judged.finding.message.clone()),
            _ if treated.contains(&judged.fingerprint) => verdict.still_there.push(judged.finding.message.clone()),
            _ => {}
        }
    }
    // A check that could not look before may well find something now; that was no fix's doing.
    let looked_before = |id: &str| {
        before.checks.iter().any(|(other, outcome)| other == id && matches!(outcome, Outcome::Clean | Outcome::Found))
    };
    for judged in &after.findings {
        let known = before.findings.iter().any(|other| other.fingerprint == judged.fingerprint);
        // What is left of a thing that was treated, now seen as another one, is not of the fix's making.
        let left = before.findings.iter().any(|other| {
            treated.contains(&other.fingerprint)
                && other.finding.place.is_some()
                && (&other.finding.place, &other.finding.subject) == (&judged.finding.place, &judged.finding.subject)
        });
        if !known && left {
            verdict.still_there.push(judged.finding.message.clone());
        } else if !known && looked_before(&judged.id) {
            verdict.new.push(judged.finding.message.clone());
        }
    }
    verdict.unseen.sort();
    verdict.unseen.dedup();
    verdict
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::checks::Severity;
    use crate::facts::{Missing, Need};
    use crate::finding::Finding;
    use crate::report::CheckResult;

    fn report(results: &[(&str, Result<&[&str], &str>)]) -> Report {
        let results = results.iter().map(|(id, result)| CheckResult {
            id: (*id).to_owned(),
            severity: Severity::Error,
            result: Ok(match result {
                Ok(subjects) => {
                    Ok(subjects.iter().map(|subject| Finding::nowhere(*subject, format!("{id} {subject}"))).collect())
                }
                Err(reason) => Err(Missing::new(Need::Docker, *reason)),
            }),
        });
        Report::new("/p", false, results.collect(), &BTreeMap::new())
    }

    #[test]
    fn what_cannot_be_seen_any_more_is_not_cured() {
        let before = report(&[("a", Ok(&["1", "2"])), ("b", Ok(&["1"])), ("c", Err("no")), ("d", Ok(&[]))]);
        let after = report(&[("a", Ok(&["2"])), ("b", Err("gone")), ("c", Ok(&["1"])), ("d", Ok(&["1"]))]);
        let treated: Vec<String> = before.findings.iter().map(|judged| judged.fingerprint.clone()).collect();
        assert_eq!(
            compare(&before, &after, &treated),
            Verdict {
                cured: vec!["a 1".into()],
                still_there: vec!["a 2".into()],
                new: vec!["d 1".into()],
                unseen: vec![("b".into(), "gone".into())],
            }
        );
    }
}
