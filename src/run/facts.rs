//! `devdoctor facts`: everything that was gathered, as JSON, secrets masked.

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;

use super::Status;
use super::gather::gather;
use super::output::Output;
use crate::cli::FactsArgs;
use crate::error::Error;
use crate::facts::{Environment, Facts};
use crate::text::{Source, mask_setting, mask_text, mask_word};

/// Runs the command.
///
/// # Errors
/// When devdoctor cannot do its work.
pub fn run(arguments: &FactsArgs, environment: &Environment, output: &mut Output) -> Result<Status, Error> {
    let gathered = gather(&arguments.project, environment, output)?;
    let text = recorded(&gathered.facts);
    match &arguments.output {
        Some(path) => output.result_to(path, &text)?,
        None => output.result(&text),
    }
    Ok(Status::Clean)
}

/// Facts as JSON. Types that hold secrets mask them already; every other text is looked through once more, since the words of a
/// command line may hold a URL.
fn recorded(facts: &Facts) -> String {
    let mut value = serde_json::to_value(facts).unwrap_or_default();
    mask(&mut value);
    let mut pointed_at = BTreeMap::new();
    spans(&value, &mut pointed_at);
    blank_sources(&mut value, &pointed_at);
    let mut text = serde_json::to_string_pretty(&value).unwrap_or_default();
    text.push('\n');
    text
}

/// The byte ranges that facts point at, by path.
fn spans(value: &Value, found: &mut BTreeMap<String, Vec<Range<usize>>>) {
    // A block is where an edit goes; the lines in it matter only where something else points at them.
    all_spans(value, &|name| name != "block" && name != "environment_block", found);
}

/// The byte ranges in the fields whose names matter, by path.
fn all_spans(value: &Value, matters: &dyn Fn(&str) -> bool, found: &mut BTreeMap<String, Vec<Range<usize>>>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| all_spans(item, matters, found)),
        Value::Object(fields) => {
            let number = |name: &str| fields.get(name)?.as_u64().and_then(|number| usize::try_from(number).ok());
            if let (Some(Value::String(path)), Some(start), Some(end)) =
                (fields.get("path"), number("start"), number("end"))
            {
                found.entry(path.clone()).or_default().push(start..end);
            }
            fields.iter().filter(|(name, _)| matters(name)).for_each(|(_, field)| all_spans(field, matters, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What is wrong with recorded facts that point at places which their texts do not have; `None` when all is well.
pub fn pointing_nowhere(value: &Value, sources: &BTreeMap<String, Source>) -> Option<String> {
    let mut pointed_at = BTreeMap::new();
    all_spans(value, &|_| true, &mut pointed_at);
    pointed_at.into_iter().find_map(|(path, ranges)| {
        let text = sources.get(&path)?.text();
        let range = ranges.into_iter().find(|range| text.get(range.clone()).is_none())?;
        Some(format!("`{}` has no text from byte {} to {}", path.escape_debug(), range.start, range.end))
    })
}

/// Blanks every line of the sources that no fact points at: facts are shown to strangers, and a file may hold anything.
/// Lengths and line ends stay, so that all spans hold.
fn blank_sources(value: &mut Value, pointed_at: &BTreeMap<String, Vec<Range<usize>>>) {
    let Some(Value::Object(sources)) = value.pointer_mut("/project/sources") else { return };
    for (path, source) in sources.iter_mut() {
        let Some(Value::String(text)) = source.get_mut("text") else { continue };
        let ranges = pointed_at.get(path).map_or(&[][..], Vec::as_slice);
        let mut kept = String::with_capacity(text.len());
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let end = start + line.len();
            if ranges.iter().any(|range| range.start < end && start <= range.end) {
                kept.push_str(line);
            } else {
                kept.extend(line.bytes().map(|byte| if matches!(byte, b'\n' | b'\r') { byte as char } else { ' ' }));
            }
            start = end;
        }
        *text = kept;
    }
}

fn mask(value: &mut Value) {
    match value {
        Value::String(text) => *text = mask_text(text),
        // `["NAME", "value"]`, as `-e NAME=value` is kept.
        Value::Array(items) => {
            if let [Value::String(name), Value::String(setting)] = items.as_mut_slice() {
                *setting = mask_setting(name, setting);
            }
            // The words of a command line: an option tells what the next one is.
            let mut before = String::new();
            for item in items {
                let word = word_of(item).map(|word| (std::mem::replace(&mut before, word.clone()), word));
                if let Some((before, word)) = word {
                    *word = mask_word(&before, word);
                }
                mask(item);
            }
        }
        // The text of a source is masked byte for byte already, since spans point into it.
        Value::Object(fields) if fields.contains_key("path") && fields.contains_key("text") => {}
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                match field {
                    Value::String(setting) => *setting = mask_setting(name, setting),
                    other => mask(other),
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The text of a word, with its place or without.
fn word_of(item: &mut Value) -> Option<&mut String> {
    match item {
        Value::String(word) => Some(word),
        Value::Object(fields) if fields.contains_key("span") => match fields.get_mut("value") {
            Some(Value::String(word)) => Some(word),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let mut value = json!({
            "words": ["psql", "postgresql://a:s3cret@h/d"],
            "environment": [["PGPASSWORD", "s3cret"], ["HOME", "/root"]],
            "variables": { "DB_PASSWORD": "s3cret", "PATH": "/bin" },
            "options": ["app", "--token", "abc", "--password=abc", "--verbose"],
            "placed": [{ "value": "--token", "span": {} }, { "value": "abc", "span": {} }],
            "value": "MYSQL_PWD=abc docker run x",
        });
        mask(&mut value);
        assert_eq!(
            value,
            json!({
                "words": ["psql", "postgresql://a:***@h/d"],
                "environment": [["PGPASSWORD", "***"], ["HOME", "/root"]],
                "variables": { "DB_PASSWORD": "***", "PATH": "/bin" },
                "options": ["app", "--token", "***", "--password=***", "--verbose"],
                "placed": [{ "value": "--token", "span": {} }, { "value": "***", "span": {} }],
                "value": "MYSQL_PWD=*** docker run x",
            })
        );
    }
}
