//! The report for people: each story with its places underlined, what was seen, and what helps.

mod labels;
mod wrapping;

use wrapping::hanging;
pub use wrapping::wrapped;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use annotate_snippets::{AnnotationKind, Element, Group, Level, Origin, Renderer};

use super::{Judged, Outcome, Report};
use crate::checks::Severity;
use crate::finding::{Evidence, Finding, Place};
use crate::fix::Applicability;

/// How the report is dressed.
#[derive(Clone, Copy, Debug)]
pub struct HumanStyle {
    /// Whether colours may be used.
    pub colour: bool,
    /// Columns of the terminal; lines of words are wrapped there.
    pub width: usize,
    /// Whether every check is named, the clean ones too.
    pub verbose: bool,
    /// Whether only findings are shown.
    pub quiet: bool,
}

impl Default for HumanStyle {
    fn default() -> Self {
        Self { colour: false, width: 80, verbose: false, quiet: false }
    }
}

/// How many pieces of evidence are shown unless `-v` asks for all.
const EVIDENCE_SHOWN: usize = 3;

/// What stands before the further lines of a message. The renderer would indent them by what stands before the first one: with
/// a long id no path would fit into what is left.
const HANGS: &str = "    ";

/// Where a message goes on in another line, as long as the renderer has it: a character that nothing else uses.
const BREAK: &str = "\u{f8ff}";

/// The report as text.
pub fn human(report: &Report, style: HumanStyle) -> String {
    let renderer = if style.colour { Renderer::styled() } else { Renderer::plain() }.term_width(style.width);
    let mut text = String::new();
    if !style.quiet && !report.scene.is_empty() {
        text.push_str(&wrapped(&report.scene.join(" · "), style.width, ""));
        text.push_str("\n\n");
    }
    for story in report.stories() {
        let page = Page { width: style.width, digits: digits(report, story) };
        let groups: Vec<Group<'_>> = story
            .iter()
            .enumerate()
            .map(|(position, judged)| group(report, judged, story, position, style, page))
            .collect();
        text.push_str(&renderer.render(&groups).replace(BREAK, &format!("\n{HANGS}")));
        text.push_str("\n\n");
    }
    if !style.quiet {
        let _ = write!(text, "{}", closing(report, style));
    }
    text
}

/// The room that a story has: all its parts are indented by its longest line number.
#[derive(Clone, Copy)]
struct Page {
    width: usize,
    digits: usize,
}

impl Page {
    /// A message behind `warning[id]: `, with marks where it would leave the screen.
    fn headline(self, message: &str, id: &str) -> String {
        hanging(message, self.width, "warning[]: ".len() + id.len(), HANGS.len()).join(BREAK)
    }

    /// A line of words behind ` = help: ` and its likes, broken where it would leave the screen.
    fn line(self, words: &str) -> String {
        wrapped(words, self.width, &" ".repeat(self.digits + " = help: ".len()))
    }
}

/// Digits of the longest line number in a story; 0 when it shows no line.
fn digits(report: &Report, story: &[Judged]) -> usize {
    let places = story.iter().flat_map(|judged| {
        judged.finding.place.iter().chain(judged.finding.related.iter().map(|related| &related.place))
    });
    let lines = places.filter(|place| matches!(place, Place::Span(_))).map(|place| report.location(place).end_line);
    lines.max().map_or(0, |line| line.to_string().len())
}

fn group<'report>(
    report: &'report Report,
    judged: &'report Judged,
    story: &[Judged],
    position: usize,
    style: HumanStyle,
    page: Page,
) -> Group<'report> {
    let finding = &judged.finding;
    // What heads a story is as bad as the worst that follows from it: the story is counted as that. Under it stands what follows
    // from it, and what is of the same kind.
    let severity = if position == 0 { story.iter().map(|judged| judged.severity).max() } else { None };
    let level = match severity.unwrap_or(judged.severity) {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let level = match story.first().filter(|_| position > 0) {
        None => level,
        Some(cause) => level.with_name(if cause.id == judged.id { "also" } else { "hence" }),
    };
    let headline = page.headline(&finding.message, &judged.id);
    let title = level.primary_title(headline).id(&judged.id);
    let mut notes = vec![];
    let mut elements: Vec<Element<'report>> = snippets(report, finding, page, &mut notes);
    for note in notes {
        elements.push(Level::NOTE.message(page.line(&note)).into());
    }
    // What a parser said stands in the message and under the line already.
    let is_new = |value: &str| value.is_empty() || !(finding.label == value || finding.message.contains(value));
    let evidence: Vec<&Evidence> =
        finding.evidence.iter().filter(|evidence| style.verbose || is_new(&evidence.value)).collect();
    let shown = if style.verbose { evidence.len() } else { EVIDENCE_SHOWN };
    for evidence in evidence.iter().take(shown) {
        let value = clean(&evidence.value);
        let line = format!(
            "{}: {}{}{value}",
            clean(&evidence.source),
            clean(&evidence.subject),
            if value.is_empty() { "" } else { ": " }
        );
        elements.push(Level::NOTE.with_name("seen").message(page.line(&line)).into());
    }
    if evidence.len() > shown {
        let more = format!("{}, shown with -v", counted(evidence.len() - shown, "more line"));
        elements.push(Level::NOTE.with_name("seen").message(more).into());
    }
    for help in &finding.help {
        elements.push(Level::HELP.message(page.line(&clean(help))).into());
    }
    if let Some(fix) = &finding.fix {
        elements.push(Level::HELP.message(page.line(&fix_line(fix))).into());
        for words in &fix.afterwards {
            let words = format!("then {}", clean(words));
            elements.push(Level::HELP.message(page.line(&words)).into());
        }
    }
    title.elements(elements)
}

/// A fix in one line: what, how daring, by whose power, whether it can be taken back.
fn fix_line(fix: &crate::fix::Fix) -> String {
    let mut words = clean(&fix.title);
    if fix.applicability > Applicability::Manual {
        let _ = write!(words, " · {}", fix.applicability);
        match fix.privilege() {
            crate::fix::Privilege::Engine => words.push_str(", through the engine"),
            crate::fix::Privilege::Database => words.push_str(", in the database"),
            crate::fix::Privilege::Root => words.push_str(", needs root"),
            crate::fix::Privilege::None => {}
        }
        words.push_str(if fix.undoable() { ", can be undone" } else { ", cannot be undone" });
    }
    words
}

/// Places in one file with what stands under their underline.
type Annotations<'label> = Vec<(AnnotationKind, std::ops::Range<usize>, &'label str)>;

/// One snippet for each file that the finding points at, the primary one first. Labels that would leave the screen become
/// notes.
fn snippets<'report>(
    report: &'report Report,
    finding: &'report Finding,
    page: Page,
    notes: &mut Vec<String>,
) -> Vec<Element<'report>> {
    let mut by_file: Vec<(&str, Annotations<'_>)> = vec![];
    let mut elements = vec![];
    let primary = finding.place.iter().map(|place| (AnnotationKind::Primary, place, finding.label.as_str()));
    let others =
        finding.related.iter().map(|related| (AnnotationKind::Context, &related.place, related.message.as_str()));
    for (kind, place, label) in primary.chain(others) {
        match place {
            Place::Span(span) if report.sources.contains_key(span.path.as_ref()) => {
                let entry = (kind, span.range(), label);
                match by_file.iter_mut().find(|(path, _)| *path == span.path.as_ref()) {
                    Some((_, annotations)) => annotations.push(entry),
                    None => by_file.push((span.path.as_ref(), vec![entry])),
                }
            }
            Place::Span(span) => elements.push(Element::from(Origin::path(shown_path(&span.path)))),
            Place::Path(path) => elements.push(Element::from(Origin::path(shown_path(path)))),
        }
    }
    let mut files: Vec<Element<'_>> = by_file
        .into_iter()
        .filter_map(|(path, annotations)| {
            Some(labels::snippet(report.sources.get(path)?, path, annotations, page, notes))
        })
        .collect();
    files.append(&mut elements);
    files
}

/// The last lines: what could not be looked at, and the numbers.
fn closing(report: &Report, style: HumanStyle) -> String {
    let mut text = String::new();
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (id, outcome) in &report.checks {
        match outcome {
            Outcome::Skipped { reason } => reasons.entry(reason).or_default().push(id),
            Outcome::Crashed { reason } => {
                let line = format!("crashed: {id}: {}; please report it", clean(reason));
                let _ = writeln!(text, "{}", wrapped(&line, style.width, "  "));
            }
            Outcome::Clean if style.verbose => {
                let _ = writeln!(text, "clean: {id}");
            }
            Outcome::Clean | Outcome::Found => {}
        }
    }
    for (reason, ids) in &reasons {
        let line = format!("could not look: {}: {}", ids.join(", "), clean(reason));
        let _ = writeln!(text, "{}", wrapped(&line, style.width, "  "));
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let summary = &report.summary;
    let mut parts = vec![];
    for (count, name) in [(summary.error, "error"), (summary.warning, "warning"), (summary.info, "info")] {
        if count > 0 {
            parts.push(counted(count, name));
        }
    }
    let found = if parts.is_empty() { "nothing found".to_owned() } else { parts.join(", ") };
    let mut line = format!("{found} · {} clean", counted(summary.clean, "check"));
    if summary.skipped > 0 {
        let _ = write!(line, ", {} could not look", summary.skipped);
    }
    if summary.crashed > 0 {
        let _ = write!(line, ", {} crashed", summary.crashed);
    }
    if summary.fixable > 0 {
        let _ = write!(line, " · {}", repairs(report));
    }
    let _ = writeln!(text, "{}", wrapped(&line, style.width, ""));
    for (part, seconds) in &report.timings {
        let _ = writeln!(text, "{:>8.1} ms  {part}", seconds * 1000.0);
    }
    text
}

/// Which command repairs how many stories: safe fixes first, then what `--unsafe` releases.
fn repairs(report: &Report) -> String {
    let best = |story: &[Judged]| {
        story
            .iter()
            .filter(|judged| judged.fixable())
            .filter_map(|judged| judged.finding.fix.as_ref())
            .map(|fix| fix.applicability)
            .max()
    };
    let stories = report.stories();
    let safe = stories.iter().filter(|story| best(story) == Some(Applicability::Safe)).count();
    let risky = stories.iter().filter(|story| best(story) == Some(Applicability::Unsafe)).count();
    match (safe, risky) {
        (0, risky) => format!("`devdoctor fix --unsafe` repairs {risky}"),
        (safe, 0) => format!("`devdoctor fix` repairs {safe}"),
        (safe, risky) => format!("`devdoctor fix` repairs {safe}, with --unsafe {risky} more"),
    }
}

fn counted(count: usize, name: &str) -> String {
    if count == 1 || name == "info" { format!("{count} {name}") } else { format!("{count} {name}s") }
}

/// A path on one line, whatever its name holds.
fn shown_path(path: &str) -> String {
    crate::facts::SeenPath(path.into()).display()
}

/// Text from outside without control characters: a file name with an escape sequence must not drive the terminal.
fn clean(text: &str) -> String {
    text.chars()
        .map(|character| if character.is_control() && character != '\n' { '\u{fffd}' } else { character })
        .collect()
}

#[cfg(test)]
mod tests;
