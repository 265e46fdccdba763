//! The text of a scalar with the place of every byte, block scalars included.

use super::{Node, ScalarStyle};
use crate::text::{Mapped, Source, Span};

/// A scalar's text, every byte with its place. One piece without places of its own where they cannot be told: escapes in
/// quotes, plain text over several lines, and what aliases share.
pub fn mapped(source: &Source, node: &Node) -> Option<Mapped> {
    let value = node.as_str()?;
    let block = || {
        block(source, node, value).filter(|_| node.scalar().is_some_and(|scalar| scalar.style == ScalarStyle::Block))
    };
    if !node.is_editable() {
    } else if source.slice(&node.span) == value {
        return Some(Mapped::literal(value, node.span.clone()));
    } else if let Some(text) = block() {
        return Some(text);
    }
    let mut text = Mapped::default();
    text.push_decoded(value, node.span.clone());
    Some(text)
}

/// The text of the scalar at a place, every byte with its own; `None` where no scalar stands there.
pub fn mapped_at(source: &Source, span: &Span) -> Option<Mapped> {
    let mut open = super::parse_all(source).ok()?;
    while let Some(node) = open.pop() {
        if node.span == *span && node.as_str().is_some() {
            return mapped(source, &node);
        }
        open.extend(node.entries().iter().map(|entry| entry.value.clone()));
        open.extend(node.items().iter().cloned());
    }
    None
}

/// How far block scalars are indented at most by what is tried.
const DEEPEST: usize = 200;

/// A block scalar (`|`, `>`), held against the value that the parser gives, so that a wrong guess is none.
fn block(source: &Source, node: &Node, value: &str) -> Option<Mapped> {
    // Up to the end of the line: blanks there belong to the text.
    let line_end = source.text().get(node.whole.end..)?.split('\n').next()?.trim_end_matches('\r').len();
    let end = node.whole.end + line_end;
    let written = source.text().get(node.whole.start..end)?;
    // A tag or an anchor may come first; neither holds these.
    let header = written.find(['|', '>'])?;
    let folded = written.as_bytes().get(header) == Some(&b'>');
    let first = written.get(header..)?.find('\n')? + header + 1;
    let lines: Vec<(usize, &str)> = written
        .get(first..)?
        .split_inclusive('\n')
        .scan(node.whole.start + first, |at, line| {
            let start = *at;
            *at += line.len();
            Some((start, line))
        })
        .collect();
    let indent = |line: &str| line.len() - line.trim_start_matches(' ').len();
    let deepest = lines.iter().map(|(_, line)| *line).find(|line| !line.trim().is_empty()).map(indent)?;
    // With an indentation in the header (`|2`) the first line may be deeper than the rest.
    (0..=deepest.min(DEEPEST)).rev().find_map(|indent| {
        let mut text = if folded { unfolded(source, &lines, indent) } else { stripped(source, &lines, indent) };
        // What ends the last line, as the header has it (cut, one, or all), and lines of blanks.
        let ends = value.get(text.text().len()..)?;
        if !value.starts_with(text.text()) || !ends.trim().is_empty() {
            return None;
        }
        text.push_decoded(ends, source.span(end..end));
        Some(text)
    })
}

/// A line's own text without its indentation and its end, and where it stands.
fn body(start: usize, line: &str, indent: usize) -> (usize, &str) {
    let whole = line.trim_end_matches('\n');
    let whole = whole.strip_suffix('\r').unwrap_or(whole);
    let spaces = (whole.len() - whole.trim_start_matches(' ').len()).min(indent);
    (start + spaces, whole.get(spaces..).unwrap_or(""))
}

/// `|`: lines without their indentation.
fn stripped(source: &Source, lines: &[(usize, &str)], indent: usize) -> Mapped {
    let mut text = Mapped::default();
    for (index, (start, line)) in lines.iter().enumerate() {
        let (at, body) = body(*start, line, indent);
        text.push_literal(body, source.span(at..at + body.len()));
        if index + 1 < lines.len() {
            let end = source.span(at + body.len()..start + line.len());
            if line.ends_with("\r\n") { text.push_decoded("\n", end) } else { text.push_literal("\n", end) }
        }
    }
    text
}

/// `>`: lines next to each other are joined by a blank, empty lines are line ends, deeper lines stay as they are.
fn unfolded(source: &Source, lines: &[(usize, &str)], indent: usize) -> Mapped {
    let mut text = Mapped::default();
    // End of the last line that was put in, whether it is deeper, and how many empty lines came since.
    let mut last: Option<(usize, bool)> = None;
    let mut empty = 0;
    for (start, line) in lines {
        let (at, body) = body(*start, line, indent);
        if body.is_empty() {
            empty += 1;
            continue;
        }
        let deeper = body.starts_with([' ', '\t']);
        let between = match last {
            None => "\n".repeat(empty),
            Some((_, false)) if !deeper && empty == 0 => " ".to_owned(),
            Some((_, false)) if !deeper => "\n".repeat(empty),
            Some(_) => "\n".repeat(empty + 1),
        };
        text.push_decoded(&between, source.span(last.map_or(at, |(end, _)| end)..at));
        text.push_literal(body, source.span(at..at + body.len()));
        last = Some((at + body.len(), deeper));
        empty = 0;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::yaml::parse;

    fn text_of(source: &Source) -> Option<Mapped> {
        mapped(source, parse(source).ok()?.get("a")?)
    }

    /// The bytes of a text that stand in the file as they are, as (made, written).
    fn standing<'a>(source: &'a Source, text: &'a Mapped) -> Vec<(&'a str, &'a str)> {
        let characters = text.text().char_indices();
        let ranges = characters.map(|(at, character)| at..at + character.len_utf8());
        ranges.filter_map(|range| Some((&text.text()[range.clone()], source.slice(&text.stands(range)?)))).collect()
    }

    #[test]
    fn every_byte_of_a_block_has_its_place() {
        for (written, expected) in [
            ("a: |\n  one\n    two\n\n  three\nb: 1\n", "one\n  two\n\nthree\n"),
            ("a: |-\r\n  é\r\n  y\r\nb: 1\r\n", "é\ny"),
            ("a: !!str &x |+ # why | not\n  x\n\n\nb: 1\n", "x\n\n\n"),
            ("a: |1-\n   x\n  y\nb: 1\n", "  x\n y"),
            (
                "a: >\n  one\n  two\n\n  three\n    deeper\n  four\nb: 1\n",
                "one two\n\nthree\n  deeper\nfour\n".replacen("\n\n", "\n", 1).as_str(),
            ),
            ("a: >-\n\n  x\n\n\n  y\n", "\nx\n\ny"),
        ] {
            let source = Source::new("a.yaml", written);
            let text = text_of(&source).unwrap();
            assert_eq!(text.text(), expected);
            let x = expected.find(['y', 'x', 't']).unwrap();
            let place = text.stands(x..x + 1).unwrap();
            assert_eq!(source.slice(&place), &expected[x..x + 1], "{written}");
        }
    }

    #[test]
    fn what_an_alias_shares_and_what_is_escaped_has_one_place_in_all() {
        for written in ["b: &x |\n  docker\na: *x\n", "a: \"x\\ty\"\n", "a: 'it''s'\n", "a: one\n  two\n"] {
            let source = Source::new("a.yaml", written);
            assert_eq!(text_of(&source).unwrap().stands(1..2), None, "{written}");
        }
    }

    proptest::proptest! {
        #[test]
        fn blocks_read_as_another_parser_reads_them(
            header in "[|>][-+]?[1-4]?[-+]? ?(# é)?",
            lines in proptest::collection::vec("( {0,5}|\t)([ab#é:-] ?){0,3}", 0..7),
            end in "\n|\r\n",
            rest in "(b: 1)?"
        ) {
            let body: String = lines.iter().map(|line| format!("  {line}{end}")).collect();
            let written = format!("a: {header}{end}{body}{rest}");
            let source = Source::new("a.yaml", &written);
            let oracle: Option<serde_yaml::Value> = serde_yaml::from_str(&written).ok();
            if let (Some(oracle), Some(text)) = (oracle.as_ref().and_then(|tree| tree.get("a")?.as_str()), text_of(&source)) {
                proptest::prop_assert_eq!(text.text(), oracle);
                for (made, stands) in standing(&source, &text) {
                    proptest::prop_assert!(made == stands || made.trim().is_empty(), "{:?} {:?}", made, stands);
                }
                // Where there is text, it has places: nothing falls back to one piece.
                let first = text.text().find(|character: char| character.is_alphanumeric());
                let places = first.is_none_or(|at| text.text().len() == at + 1 || text.stands(at..at + text.text()[at..].chars().next().unwrap().len_utf8()).is_some());
                proptest::prop_assert!(places, "{written:?}");
            }
        }
    }
}
