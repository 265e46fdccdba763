//! Lines of a file with what stands under them, on a screen of limited width.

use annotate_snippets::{AnnotationKind, Element, Snippet};

use super::{Annotations, Page, clean, shown_path};
use crate::text::Source;

/// What the renderer puts in the place of a tab.
const TAB: &str = "    ";

/// How long a text may be that a note names in the place of an underline.
const LONGEST_SUBJECT: usize = 50;

/// The lines that annotations point at. A label that would leave the screen becomes a note, and one that says on the same line
/// what is said there already is left out; their underlines stay.
pub(super) fn snippet<'report>(
    source: &Source,
    path: &'report str,
    annotations: Annotations<'report>,
    page: Page,
    notes: &mut Vec<String>,
) -> Element<'report> {
    // Only the lines in question are handed over: a file may have 100,000 of them.
    let text = source.text();
    let bom = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let first = annotations.iter().map(|(_, range, _)| range.start).min().unwrap_or(0).min(text.len());
    let last = annotations.iter().map(|(_, range, _)| range.end).max().unwrap_or(0).min(text.len());
    let start = text.get(..first).and_then(|before| before.rfind('\n')).map_or(bom, |newline| newline + 1);
    let end = text.get(last..).and_then(|after| after.find('\n')).map_or(text.len(), |newline| last + newline);
    let line = source.position(start).line;
    let gutter = page.digits + " | ".len();
    let window = source.masked_part(start..end);
    let mut snippet = Snippet::source(window.clone()).path(shown_path(path)).line_start(line);
    let mut said: Vec<(usize, &str)> = vec![];
    for (kind, range, label) in annotations {
        let line = source.position(range.end).line;
        let range = range.start.clamp(start, end) - start..range.end.clamp(start, end) - start;
        let before = window.get(..range.end).unwrap_or("");
        let before = before.rsplit('\n').next().unwrap_or("").replace('\t', TAB);
        // An empty place at the end of a line is still shown as one column.
        let column = gutter + console::measure_text_width(&before).max(1) + 1;
        let underlined = window.get(range.clone()).filter(|text| text.len() <= LONGEST_SUBJECT && !text.contains('\n'));
        let mut annotation = kind.span(range.clone());
        let is_new = !label.is_empty() && !said.contains(&(line, label));
        said.push((line, label));
        if is_new && column + console::measure_text_width(label) <= page.width {
            annotation = annotation.label(clean(label));
        } else if is_new && matches!(kind, AnnotationKind::Primary) {
            let subject = underlined.filter(|text| !text.trim().is_empty() && !text.contains('`'));
            notes.push(clean(&subject.map_or(label.to_owned(), |subject| format!("`{subject}`: {label}"))));
        } else if is_new {
            notes.push(format!("{}:{line}: {}", shown_path(path), clean(label)));
        }
        snippet = snippet.annotation(annotation);
    }
    snippet.into()
}
