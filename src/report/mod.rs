//! One report for all renderers: per check an outcome, the findings, and a summary.

mod fingerprint;
mod human;
mod json;
mod stories;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::checks::Severity;
use crate::facts::Missing;
use crate::finding::{Finding, Place};
use crate::fix::{Applicability, Fix};
use crate::text::Source;

pub use human::{HumanStyle, human, wrapped};
pub use json::json;

/// What became of one check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "outcome")]
pub enum Outcome {
    /// It looked and found nothing.
    Clean,
    /// It found something.
    Found,
    /// It could not look.
    Skipped {
        /// Why.
        reason: String,
    },
    /// It broke.
    Crashed {
        /// What the panic said.
        reason: String,
    },
}

/// A finding with what the table of checks adds to it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Id of the check.
    pub id: String,
    /// Severity by the check's words.
    pub severity: Severity,
    /// Stable name of this finding: made of id, subject and place by name, never of prose or line numbers.
    pub fingerprint: String,
    /// Fingerprint of the finding that this one is a consequence of.
    pub follows_from: Option<String>,
    /// What the check said.
    pub finding: Finding,
}

impl Judged {
    /// Whether `devdoctor fix` can do something about it.
    pub fn fixable(&self) -> bool {
        self.finding.fix.as_ref().is_some_and(|fix| fix.applicability > Applicability::Manual && !fix.steps.is_empty())
    }
}

/// The numbers at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Stories whose worst finding is an error. A finding and its consequences count once.
    pub error: usize,
    /// Stories whose worst finding is a warning.
    pub warning: usize,
    /// Stories that are only worth knowing.
    pub info: usize,
    /// Checks that looked and found nothing.
    pub clean: usize,
    /// Checks that could not look.
    pub skipped: usize,
    /// Checks that broke.
    pub crashed: usize,
    /// Stories that `devdoctor fix` can do something about.
    pub fixable: usize,
    /// How long it took.
    pub seconds: f64,
}

/// Everything that one run found out.
#[derive(Clone, Debug)]
pub struct Report {
    /// Absolute path of the project's root.
    pub root: String,
    /// Whether engine and databases were left out on purpose.
    pub offline: bool,
    /// What was looked at, for the first line: project, engine, database, person.
    pub scene: Vec<String>,
    /// Every check that was asked for, with its outcome, in the table's order.
    pub checks: Vec<(String, Outcome)>,
    /// The findings: each story's cause first, then its consequences; stories by severity, then table order, then place.
    pub findings: Vec<Judged>,
    /// The files that findings point at.
    pub sources: BTreeMap<String, Source>,
    /// The numbers.
    pub summary: Summary,
    /// How long each part took, in the order it began; only shown with `--timings`.
    pub timings: Vec<(String, f64)>,
}

/// What one check returned.
pub struct CheckResult {
    /// Its id.
    pub id: String,
    /// Its severity; findings that are only worth knowing are info.
    pub severity: Severity,
    /// Findings, why it could not look, or what its panic said.
    pub result: Result<Result<Vec<Finding>, Missing>, String>,
}

impl Report {
    /// Puts the results of checks into one report: names findings, folds consequences under their causes, sorts, counts.
    pub fn new(root: &str, offline: bool, results: Vec<CheckResult>, sources: &BTreeMap<String, Source>) -> Self {
        let mut checks = vec![];
        let mut judged = vec![];
        for CheckResult { id, severity, result } in results {
            let outcome = match result {
                Ok(Ok(findings)) if findings.is_empty() => Outcome::Clean,
                Ok(Ok(findings)) => {
                    judged.extend(findings.into_iter().map(|finding| Judged {
                        id: id.clone(),
                        severity: if finding.only_info { Severity::Info } else { severity },
                        fingerprint: String::new(),
                        follows_from: None,
                        finding,
                    }));
                    Outcome::Found
                }
                Ok(Err(missing)) => Outcome::Skipped { reason: missing.reason },
                Err(reason) => Outcome::Crashed { reason },
            };
            checks.push((id, outcome));
        }
        fingerprint::name(&mut judged);
        let findings = stories::told(judged);
        let sources = referenced(&findings, sources);
        let mut report = Self {
            root: root.to_owned(),
            offline,
            scene: vec![],
            checks,
            findings,
            sources,
            summary: Summary::default(),
            timings: vec![],
        };
        report.count();
        report
    }

    fn count(&mut self) {
        let outcomes = |wanted: fn(&Outcome) -> bool| self.checks.iter().filter(|(_, outcome)| wanted(outcome)).count();
        let mut summary = Summary {
            clean: outcomes(|outcome| matches!(outcome, Outcome::Clean)),
            skipped: outcomes(|outcome| matches!(outcome, Outcome::Skipped { .. })),
            crashed: outcomes(|outcome| matches!(outcome, Outcome::Crashed { .. })),
            ..Summary::default()
        };
        for story in self.stories() {
            match story.iter().map(|judged| judged.severity).max() {
                Some(Severity::Error) => summary.error += 1,
                Some(Severity::Warning) => summary.warning += 1,
                Some(Severity::Info) => summary.info += 1,
                None => {}
            }
            summary.fixable += usize::from(story.iter().any(|judged| judged.fixable()));
        }
        self.summary = summary;
    }

    /// Keeps the findings that `wanted` wants, and counts again. A consequence whose cause goes stands alone.
    pub fn keep(&mut self, wanted: impl Fn(&Judged) -> bool) {
        self.findings.retain(wanted);
        let names: Vec<String> = self.findings.iter().map(|judged| judged.fingerprint.clone()).collect();
        for judged in &mut self.findings {
            judged.follows_from = judged.follows_from.take().filter(|cause| names.contains(cause));
        }
        self.count();
    }

    /// The findings by story: a cause and the consequences that follow from it.
    pub fn stories(&self) -> Vec<&[Judged]> {
        let mut stories = vec![];
        let mut rest = self.findings.as_slice();
        while !rest.is_empty() {
            let length = 1 + rest.iter().skip(1).take_while(|judged| judged.follows_from.is_some()).count();
            let (story, others) = rest.split_at(length.min(rest.len()));
            stories.push(story);
            rest = others;
        }
        stories
    }

    /// The worst severity among the findings.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|judged| judged.severity).max()
    }

    /// The fixes of all findings, in the report's order.
    pub fn fixes(&self) -> impl Iterator<Item = (&Judged, &Fix)> {
        self.findings.iter().filter_map(|judged| Some((judged, judged.finding.fix.as_ref()?)))
    }

    /// Line and column where a place begins and ends, both counted from 1; a file as a whole is its first character.
    pub fn location(&self, place: &Place) -> Location {
        match place {
            Place::Path(path) => Location { path: path.clone(), line: 1, column: 1, end_line: 1, end_column: 1 },
            Place::Span(span) => {
                let path = span.path.to_string();
                let Some(source) = self.sources.get(&path) else {
                    return Location { path, line: 1, column: 1, end_line: 1, end_column: 1 };
                };
                let (start, end) = (source.position(span.start), source.position(span.end));
                Location { path, line: start.line, column: start.column, end_line: end.line, end_column: end.column }
            }
        }
    }
}

/// A range in a file, lines and columns counted from 1, columns in characters, the end exclusive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Path relative to the root.
    pub path: String,
    /// First line.
    pub line: usize,
    /// First column.
    pub column: usize,
    /// Last line.
    pub end_line: usize,
    /// One past the last column.
    pub end_column: usize,
}

fn referenced(findings: &[Judged], sources: &BTreeMap<String, Source>) -> BTreeMap<String, Source> {
    let places = findings.iter().flat_map(|judged| {
        judged.finding.place.iter().chain(judged.finding.related.iter().map(|related| &related.place))
    });
    let paths = places.filter_map(|place| match place {
        Place::Span(span) => Some(span.path.to_string()),
        Place::Path(_) => None,
    });
    paths.filter_map(|path| Some((path.clone(), sources.get(&path)?.clone()))).collect()
}
