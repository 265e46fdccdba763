//! `devdoctor.yaml`: which checks a project leaves out, with the reason, and from which severity on a run fails.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::checks::Severity;
use crate::text::Source;

/// Where the configuration lies, relative to the root.
pub const PATH: &str = "devdoctor.yaml";

/// No configuration that a person writes is larger, in bytes.
const LARGEST: usize = 100_000;

/// The configuration of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Configuration {
    /// Checks or families that are left out, each with the reason.
    #[serde(default)]
    pub skip: BTreeMap<String, String>,
    /// From which severity on `check` fails.
    pub fail_on: Option<Severity>,
}

impl Configuration {
    /// Reads the configuration.
    ///
    /// # Errors
    /// What is wrong, with line and column.
    pub fn parse(source: &Source) -> Result<Self, String> {
        // The parser takes minutes for a large file of brackets.
        if source.text().len() > LARGEST {
            return Err(format!("is larger than {} kB", LARGEST / 1000));
        }
        // A file of comments is an empty document.
        let document: Option<Self> = serde_yaml::from_str(source.text()).map_err(|error| error.to_string())?;
        let configuration = document.unwrap_or_default();
        match configuration.skip.iter().find(|(_, reason)| reason.trim().is_empty()) {
            Some((check, _)) => Err(format!("skip.{check}: the reason is empty")),
            None => Ok(configuration),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Configuration, String> {
        Configuration::parse(&Source::new(PATH, text))
    }

    #[test]
    fn a_reason_is_asked_for_and_unknown_keys_are_refused() {
        let configuration = parse("skip:\n  exec-as-root: our image drops by itself\nfail-on: error\n").unwrap();
        assert_eq!(configuration.fail_on, Some(Severity::Error));
        assert_eq!(parse("# nothing\n").unwrap(), Configuration::default());
        assert!(parse("skip:\n  exec-as-root: ''\n").unwrap_err().contains("reason"));
        assert!(parse("skips: {}\n").unwrap_err().contains("skips"));
        assert!(parse("skip: [").is_err());
        assert!(parse(&"[".repeat(1_000_000)).unwrap_err().contains("larger than 100 kB"));
        assert!(parse(&"[".repeat(20_000)).is_err());
    }
}
