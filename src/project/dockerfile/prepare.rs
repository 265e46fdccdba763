//! Blanks what the parser misreads, so that all places hold.

use super::words::{expand, words};
use crate::text::SyntaxError;

/// A text that the parser reads as Docker does.
pub(super) struct Prepared {
    /// The text, as long as the file's.
    pub(super) text: String,
    /// The escape character.
    pub(super) escape: char,
}

/// Blanks what the parser misreads, so that all places hold: it knows here-documents only at the start of a `RUN`, and
/// takes two escapes at the end of a line for a continuation, which Docker does not.
pub(super) fn prepare(text: &str) -> Result<Prepared, SyntaxError> {
    let escape = escape_of(text);
    let mut bytes = text.as_bytes().to_vec();
    let (mut offset, mut continued, mut takes_documents) = (0, false, false);
    let mut instruction = 0..0;
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        let start = offset;
        offset += line.len();
        let content = line.trim();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if !continued {
            let mut keywords = content.split_ascii_whitespace().map(str::to_ascii_lowercase);
            let keyword = keywords.next().filter(|keyword| keyword != "onbuild").or_else(|| keywords.next());
            takes_documents = keyword.is_some_and(|keyword| ["run", "copy", "add"].contains(&keyword.as_str()));
            instruction.start = start;
        }
        let end = start + line.trim_end().len();
        let escapes = content.chars().rev().take_while(|character| *character == escape).count();
        continued = escapes == 1;
        if escapes > 1 {
            bytes[end - escapes..end].fill(b'x');
        }
        instruction.end = end;
        if continued || !takes_documents {
            continue;
        }
        for (name, indented) in documents(text.get(instruction.clone()).unwrap_or(""), escape) {
            let unended = || SyntaxError::new(instruction.start, "a here-document has no end");
            loop {
                let line = lines.next().ok_or_else(unended)?;
                let blank = bytes[offset..offset + line.len()].iter_mut().filter(|byte| !b"\r\n".contains(byte));
                blank.for_each(|byte| *byte = b' ');
                offset += line.len();
                let line = line.trim_end_matches(['\r', '\n']);
                if name == if indented { line.trim_start_matches('\t') } else { line } {
                    break;
                }
            }
        }
        let operators = text.get(instruction.clone()).unwrap_or("").match_indices("<<");
        operators.for_each(|(at, _)| bytes[instruction.start + at..instruction.start + at + 2].fill(b'x'));
    }
    Ok(Prepared { text: String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned()), escape })
}

/// The ends of the here-documents that an instruction opens, and whether tabs may stand before them.
fn documents(instruction: &str, escape: char) -> Vec<(String, bool)> {
    let lines = instruction.lines().filter(|line| !line.trim_start().starts_with('#'));
    let joined: Vec<_> = lines.map(|line| line.trim_end().strip_suffix(escape).unwrap_or(line)).collect();
    let joined = joined.join(" ");
    let document = |word: &str| {
        let name = word.trim_start_matches(|first: char| first.is_ascii_digit()).strip_prefix("<<")?;
        let (name, indented) = name.strip_prefix('-').map_or((name, false), |name| (name, true));
        let name = Some(name).filter(|name| !name.is_empty() && !name.contains('<'))?;
        Some((expand(name, escape, &|_| None)?, indented))
    };
    words(&joined, escape).into_iter().filter_map(document).collect()
}

/// The character of the directive `# escape=` at the top, `\` without one.
fn escape_of(text: &str) -> char {
    for line in text.lines() {
        let Some((name, value)) = line.strip_prefix('#').and_then(|line| line.split_once('=')) else { break };
        match name.trim().to_ascii_lowercase().as_str() {
            "escape" => return if value.trim() == "`" { '`' } else { '\\' },
            "syntax" | "check" => {}
            _ => break,
        }
    }
    '\\'
}
