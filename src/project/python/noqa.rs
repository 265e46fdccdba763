//! Ruff's comments that keep a rule away from a line or a file, read as Ruff reads them.

use std::ops::Range;

use super::modules::File;
use super::shape::line_end;
use crate::text::python::ImportStatement;

/// The rule that removes imports nothing uses.
pub(super) const RULE: &str = "F401";

/// What a comment says about the rule.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Noqa {
    /// It is of another kind.
    None,
    /// It keeps every rule away.
    All,
    /// It keeps these rules away.
    Codes(Vec<String>),
    /// It is meant to be one, and Ruff does not take it for one.
    Malformed,
}

/// Reads the `noqa` of a comment.
fn noqa(comment: &str) -> Noqa {
    let lower = comment.to_ascii_lowercase();
    let Some(at) = lower
        .match_indices("noqa")
        .map(|(at, _)| at)
        .find(|at| comment.get(..*at).is_some_and(|before| before.trim_end().ends_with('#')))
    else {
        return Noqa::None;
    };
    let rest = comment.get(at + "noqa".len()..).unwrap_or("");
    let Some(rest) = rest.trim_start().strip_prefix(':') else {
        return match rest.chars().next() {
            None | Some('#') => Noqa::All,
            Some(next) if next.is_whitespace() => Noqa::All,
            Some(_) => Noqa::Malformed,
        };
    };
    let codes = codes(rest);
    if codes.is_empty() { Noqa::Malformed } else { Noqa::Codes(codes) }
}

/// The codes at the beginning of a text: capital letters and digits, apart by commas or blanks.
fn codes(text: &str) -> Vec<String> {
    let words = text.split([',', ' ', '\t']).map(str::trim).filter(|word| !word.is_empty());
    words.take_while(|word| is_code(word)).map(str::to_owned).collect()
}

fn is_code(word: &str) -> bool {
    let digits = word.trim_start_matches(|letter: char| letter.is_ascii_uppercase());
    digits.len() < word.len() && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

/// Which forms of comments the project's Ruff knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Forms {
    /// Only `noqa`.
    Noqa,
    /// `ruff: ignore[…]` and `ruff: disable[…]` too.
    Suppressions,
}

/// Whether the whole file is kept away from the rule.
pub(super) fn keeps_file(file: &File) -> bool {
    let text = file.source.text();
    file.structure.comments.iter().any(|range| {
        let before = text.get(..range.start).unwrap_or("");
        let own_line = before.rsplit('\n').next().is_some_and(|line| line.trim().is_empty());
        let comment = text.get(range.clone()).unwrap_or("").trim_start_matches('#').trim_start();
        let lower = comment.to_ascii_lowercase();
        let rest = ["ruff:", "flake8:"]
            .into_iter()
            .find_map(|tool| lower.starts_with(tool).then(|| comment.get(tool.len()..).unwrap_or("").trim_start()));
        let Some(rest) = rest.filter(|_| own_line) else { return false };
        if rest.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("noqa")) {
            let rest = rest.get(4..).unwrap_or("").trim_start();
            return match rest.strip_prefix(':') {
                Some(rest) => codes(rest).iter().any(|code| code == RULE),
                None => rest.is_empty() || rest.starts_with('#'),
            };
        }
        names_rule(rest, "file-ignore")
    })
}

/// `word[CODE, …]` with the rule among the codes.
fn names_rule(text: &str, word: &str) -> bool {
    let Some(list) = text.strip_prefix(word).and_then(|rest| rest.trim_start().strip_prefix('[')) else { return false };
    list.split(']').next().is_some_and(|list| list.split(',').any(|code| code.trim() == RULE))
}

/// The comment on the line that an offset lies in.
fn comment_on_line(file: &File, offset: usize) -> Option<Range<usize>> {
    let text = file.source.text();
    let (start, end) = (text.get(..offset)?.rfind('\n').map_or(0, |at| at + 1), line_end(text, offset));
    file.structure.comments.iter().find(|range| range.start >= start && range.end <= end).cloned()
}

fn says(file: &File, offset: usize, forms: Forms) -> bool {
    let Some(range) = comment_on_line(file, offset) else { return false };
    let comment = file.source.text().get(range).unwrap_or("");
    match noqa(comment) {
        Noqa::All => return true,
        Noqa::Codes(codes) if codes.iter().any(|code| code == RULE) => return true,
        _ => {}
    }
    forms == Forms::Suppressions
        && comment.split('#').any(|part| {
            part.trim_start().strip_prefix("ruff:").is_some_and(|rest| names_rule(rest.trim_start(), "ignore"))
        })
}

/// The offset whose line a `noqa` for the statement stands on: the first line, or the last when backslashes join them.
fn line_of(file: &File, statement: &ImportStatement) -> usize {
    let text = file.source.text();
    let end = line_end(text, statement.range.start);
    let continued = end < statement.range.end && text.get(..end).is_some_and(|line| line.ends_with('\\'));
    if continued { statement.range.end } else { statement.range.start }
}

/// Whether a comment keeps the rule away from one name of an import.
pub(super) fn keeps(file: &File, statement: &ImportStatement, name: &Range<usize>, forms: Forms) -> bool {
    says(file, line_of(file, statement), forms)
        || says(file, name.start, forms)
        || forms == Forms::Suppressions && is_suppressed(file, statement)
}

/// Whether `# ruff: disable[…]` stands above, or `# ruff: ignore[…]` on the line before.
fn is_suppressed(file: &File, statement: &ImportStatement) -> bool {
    let text = file.source.text();
    let mut disabled = false;
    for range in file.structure.comments.iter().filter(|range| range.end <= statement.range.start) {
        let comment = text.get(range.clone()).unwrap_or("").trim_start_matches('#').trim_start();
        let Some(rest) = comment.strip_prefix("ruff:").map(str::trim_start) else { continue };
        let between = text.get(range.end..statement.range.start).unwrap_or("x");
        if names_rule(rest, "disable") {
            disabled = true;
        } else if names_rule(rest, "enable") {
            disabled = false;
        } else if names_rule(rest, "ignore") && between.trim().is_empty() {
            return true;
        }
    }
    disabled
}

/// The bytes to replace so that Ruff keeps the import, and what comes there.
pub(super) fn cure(file: &File, statement: &ImportStatement) -> (Range<usize>, String) {
    let text = file.source.text();
    let at = line_of(file, statement);
    let Some(range) = comment_on_line(file, at) else {
        let end = line_end(text, at);
        let code = text.get(..end).unwrap_or("").trim_end().len();
        return (code..end, format!("  # noqa: {RULE}"));
    };
    let comment = text.get(range.clone()).unwrap_or("");
    match noqa(comment) {
        Noqa::Codes(codes) => {
            // Behind the last code that Ruff reads.
            let last = codes.last().map_or("", String::as_str);
            let start = comment.to_ascii_lowercase().find("noqa").unwrap_or(0);
            let end = comment
                .get(start..)
                .and_then(|rest| rest.find(last))
                .map_or(comment.len(), |at| start + at + last.len());
            (range.start + end..range.start + end, format!(", {RULE}"))
        }
        Noqa::Malformed => (range.clone(), malformed(comment)),
        _ => (range.end..range.end, format!("  # noqa: {RULE}")),
    }
}

/// A comment that was meant to be a `noqa`, made one.
fn malformed(comment: &str) -> String {
    let start = comment.to_ascii_lowercase().find("noqa").unwrap_or(0);
    let before = comment.get(..start).unwrap_or("");
    let rest = comment.get(start + 4..).unwrap_or("").trim_start_matches([':', ';', ',', '.', ' ']);
    let words = rest.split_whitespace().skip_while(|word| {
        let word = word.trim_end_matches(',');
        // The letters and digits of a code that was written wrong.
        word.len() <= 7 && word.starts_with(['f', 'F']) && word[1..].bytes().all(|byte| byte.is_ascii_digit())
    });
    let kept: Vec<&str> = words.collect();
    let tail = if kept.is_empty() { String::new() } else { format!("  # {}", kept.join(" ")) };
    format!("{before}noqa: {RULE}{tail}")
}
