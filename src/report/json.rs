//! The report as JSON, schema `devdoctor.report.v1`: additive changes only.

use serde::Serialize;

use super::{Judged, Location, Outcome, Report, Summary};
use crate::checks::Severity;
use crate::finding::{Evidence, Place};
use crate::fix::{Applicability, Fix, Privilege};
use crate::project::urls::is_in_no_file;

#[derive(Serialize)]
struct Document<'report> {
    schema: &'static str,
    devdoctor: &'static str,
    root: &'report str,
    offline: bool,
    summary: &'report Summary,
    checks: Vec<CheckEntry<'report>>,
    findings: Vec<FindingEntry<'report>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    timings: Vec<TimingEntry<'report>>,
}

#[derive(Serialize)]
struct CheckEntry<'report> {
    id: &'report str,
    #[serde(flatten)]
    outcome: &'report Outcome,
}

#[derive(Serialize)]
struct TimingEntry<'report> {
    part: &'report str,
    seconds: f64,
}

#[derive(Serialize)]
struct FindingEntry<'report> {
    id: &'report str,
    severity: Severity,
    subject: &'report str,
    message: &'report str,
    location: Option<Location>,
    related: Vec<RelatedEntry<'report>>,
    evidence: &'report [Evidence],
    help: &'report [String],
    fix: Option<FixEntry<'report>>,
    follows_from: Option<&'report str>,
    fingerprint: &'report str,
}

#[derive(Serialize)]
struct RelatedEntry<'report> {
    #[serde(flatten)]
    location: Option<Location>,
    message: &'report str,
}

#[derive(Serialize)]
struct FixEntry<'report> {
    title: &'report str,
    applicability: Applicability,
    privilege: Privilege,
    undoable: bool,
    steps: Vec<String>,
    afterwards: &'report [String],
}

/// The report as one JSON document, ending in a newline. The same report gives the same bytes.
pub fn json(report: &Report) -> String {
    let document = Document {
        schema: "devdoctor.report.v1",
        devdoctor: env!("CARGO_PKG_VERSION"),
        root: &report.root,
        offline: report.offline,
        summary: &report.summary,
        checks: report.checks.iter().map(|(id, outcome)| CheckEntry { id, outcome }).collect(),
        findings: report.findings.iter().map(|judged| finding(report, judged)).collect(),
        timings: report.timings.iter().map(|(part, seconds)| TimingEntry { part, seconds: *seconds }).collect(),
    };
    // Serialising plain data with text keys cannot fail; an empty document would be seen at once by every reader.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}

fn finding<'report>(report: &'report Report, judged: &'report Judged) -> FindingEntry<'report> {
    let finding = &judged.finding;
    FindingEntry {
        id: &judged.id,
        severity: judged.severity,
        subject: &finding.subject,
        message: &finding.message,
        location: finding.place.as_ref().and_then(|place| location(report, place)),
        related: finding
            .related
            .iter()
            .map(|related| RelatedEntry { location: location(report, &related.place), message: &related.message })
            .collect(),
        evidence: &finding.evidence,
        help: &finding.help,
        fix: finding.fix.as_ref().map(fix),
        follows_from: judged.follows_from.as_deref(),
        fingerprint: &judged.fingerprint,
    }
}

/// Where in a file something is; what a variable or the command line gives is in none.
fn location(report: &Report, place: &Place) -> Option<Location> {
    let is_file = !matches!(place, Place::Span(span) if is_in_no_file(span));
    is_file.then(|| report.location(place))
}

fn fix(fix: &Fix) -> FixEntry<'_> {
    FixEntry {
        title: &fix.title,
        applicability: fix.applicability,
        privilege: fix.privilege(),
        undoable: fix.undoable(),
        steps: fix.steps.iter().flat_map(crate::fix::show::lines).collect(),
        afterwards: &fix.afterwards,
    }
}
