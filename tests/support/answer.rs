//! What a program answered, and what its report says when it is devdoctor's.

use std::fmt;
use std::process::Output;

use serde_json::Value;

/// What a program wrote, and how it ended.
pub struct Answer {
    /// What was run, for messages.
    pub command: String,
    /// Exit status; a signal is its number plus 128, as a shell has it.
    pub status: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Answer {
    /// Takes what a program left.
    pub fn new(command: String, output: &Output) -> Self {
        use std::os::unix::process::ExitStatusExt;
        let status = output.status.code().or(output.status.signal().map(|signal| signal + 128)).unwrap();
        Self {
            command,
            status,
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Fails unless the program ended with this status.
    #[track_caller]
    pub fn ends_with(self, status: i32) -> Self {
        assert_eq!(self.status, status, "{self}");
        self
    }

    /// Both streams, for tools that do not care which they use.
    pub fn all(&self) -> String {
        format!("{}{}", self.out, self.err)
    }

    /// Standard output as devdoctor's JSON report.
    #[track_caller]
    pub fn report(&self) -> Report {
        let report: Value = serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("no JSON ({error}): {self}"));
        assert_eq!(report["schema"], "devdoctor.report.v1", "{self}");
        Report(report)
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ended with {}\n{}\n-- stderr\n{}", self.command, self.status, self.out, self.err)
    }
}

/// devdoctor's JSON report.
#[derive(Clone, Debug)]
pub struct Report(pub Value);

impl Report {
    /// The ids that found something, each once, sorted.
    pub fn found(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.findings().iter().map(|finding| text(&finding["id"])).collect();
        ids.sort();
        ids.dedup();
        ids
    }

    /// All findings.
    pub fn findings(&self) -> &Vec<Value> {
        self.0["findings"].as_array().unwrap()
    }

    /// The findings of a check.
    pub fn of(&self, id: &str) -> Vec<&Value> {
        self.findings().iter().filter(|finding| finding["id"] == id).collect()
    }

    /// Where a check found something: `path:line:column`, sorted.
    pub fn places(&self, id: &str) -> Vec<String> {
        let mut places: Vec<String> = self.of(id).iter().map(|finding| place(&finding["location"])).collect();
        places.sort();
        places
    }

    /// `clean`, `found`, `skipped` or `crashed`.
    #[track_caller]
    pub fn outcome(&self, id: &str) -> String {
        text(&self.check(id)["outcome"])
    }

    /// Why a check could not look.
    #[track_caller]
    pub fn reason(&self, id: &str) -> String {
        text(&self.check(id)["reason"])
    }

    #[track_caller]
    fn check(&self, id: &str) -> &Value {
        let checks = self.0["checks"].as_array().unwrap();
        checks
            .iter()
            .find(|check| check["id"] == id)
            .unwrap_or_else(|| panic!("no check `{id}` in {:#}", self.0["checks"]))
    }

    /// The checks with this outcome.
    pub fn with_outcome(&self, outcome: &str) -> Vec<String> {
        let checks = self.0["checks"].as_array().unwrap();
        checks.iter().filter(|check| check["outcome"] == outcome).map(|check| text(&check["id"])).collect()
    }

    /// Fails unless a check found something exactly at these places.
    #[track_caller]
    pub fn assert_places(&self, id: &str, places: &[&str]) {
        assert_eq!(self.places(id), places, "`{id}` points elsewhere: {:#}", self.0);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn place(location: &Value) -> String {
    if location.is_null() {
        return "-".to_owned();
    }
    format!("{}:{}:{}", text(&location["path"]), location["line"], location["column"])
}
