//! Which checks an error text is a symptom of, by the regular expressions in their words.

use std::sync::LazyLock;

use regex::{Regex, RegexSet};

use super::{Check, all};
use crate::text::log::Line;

/// A check that a text speaks of.
pub struct Named {
    /// The check.
    pub check: &'static Check,
    /// Line of the text, from 1.
    pub line: usize,
    /// What was recognised of it.
    pub text: String,
    /// The symptom that recognised it.
    pub symptom: String,
}

/// Every symptom with its check, and all of them as one expression; made once, at the first text.
static SYMPTOMS: LazyLock<(Vec<(&'static Check, &'static str)>, RegexSet)> = LazyLock::new(|| {
    let of = |check: &'static Check| check.words().symptoms.iter().map(move |symptom| (check, symptom.as_str()));
    let symptoms: Vec<(&'static Check, &'static str)> = all().flat_map(of).collect();
    let set = RegexSet::new(symptoms.iter().map(|(_, symptom)| symptom)).unwrap_or_default();
    (symptoms, set)
});

/// The checks that have a symptom among `lines`, the surest first: who recognises the most characters says most; of equals
/// the one whose line comes last, since what ends a run stands at its end.
pub fn named(lines: &[Line]) -> Vec<Named> {
    let (symptoms, set) = &*SYMPTOMS;
    let mut found: Vec<Named> = vec![];
    for (index, Line { number, text: line }) in lines.iter().enumerate().filter(|(_, line)| !line.text.is_empty()) {
        // Some tools break their message: Python's method resolution order, psycopg's DETAIL.
        let next = lines.get(index + 1).map(|line| line.text.as_str()).unwrap_or_default();
        let both = format!("{line}\n{next}");
        for matched in set.matches(&both) {
            let Some((check, symptom)) = symptoms.get(matched) else { continue };
            let Some(range) = Regex::new(symptom).ok().and_then(|regex| regex.find(&both).map(|found| found.range()))
            else {
                continue;
            };
            // What begins in the next line is found there.
            if range.start > line.len() || range.is_empty() {
                continue;
            }
            let text = both.get(range).unwrap_or_default().to_owned();
            let other = Named { check, line: *number, text, symptom: (*symptom).to_owned() };
            match found.iter_mut().find(|known| std::ptr::eq(known.check, *check)) {
                Some(known) if known.text.len() <= other.text.len() => *known = other,
                Some(_) => {}
                None => found.push(other),
            }
        }
    }
    found.sort_by_key(|one| std::cmp::Reverse((one.text.len(), one.line)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> Vec<String> {
        named(&crate::text::log::lines(text)).iter().map(|named| named.check.id()).collect()
    }

    #[test]
    fn every_symptom_is_a_regular_expression_and_matches_no_empty_line() {
        for check in all() {
            for symptom in &check.words().symptoms {
                let regex = Regex::new(symptom).unwrap_or_else(|error| panic!("{}: {error}", check.id()));
                assert!(!regex.is_match(""), "{}: {symptom}", check.id());
            }
        }
    }

    #[test]
    fn a_text_names_its_problems_and_an_ordinary_one_none() {
        let log = "\x1b[31m#9 1.2 error\x1b[0m: Failed to initialize cache at `/.cache/uv`\n#9 1.2   Caused by: x";
        assert_eq!(ids(log).first().map(String::as_str), Some("cache-not-writable"));
        let vector = ids("api-1  | type \"vector\" does not exist");
        assert!(vector.iter().any(|id| id == "postgres-vector-not-created"), "{vector:?}");
        assert_eq!(ids("Listening on http://localhost:8000\nGET / 200 OK\n"), [] as [&str; 0]);
    }

    #[test]
    fn long_logs_are_read_in_time_and_the_line_is_told() {
        let mut log = "an ordinary line of a build that tells nothing at all\n".repeat(10_000);
        log.push_str("error: Failed to initialize cache at `/.cache/uv`\n");
        let found = named(&crate::text::log::lines(&log));
        assert_eq!(found[0].line, 10_001);
    }
}
