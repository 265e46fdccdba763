//! A script, or variables that a shell reads, have Windows line ends: the CR is taken for a part of the line.

use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::line_ends::{Crlf, Reader};
use crate::text::Source;

/// Where git is told which line ends a file has in the work tree.
const ATTRIBUTES: &str = ".gitattributes";

pub(super) fn check(facts: &Facts) -> Checked {
    let found = &facts.project.line_ends;
    let attributes = facts.source(ATTRIBUTES);
    let kept = |ending: &str| attributes.is_some_and(|source| keeps_lf(source.text(), ending));
    let shell = |crlf: &&Crlf| crlf.line.path.ends_with(".sh");
    let mut findings: Vec<Finding> = found.iter().filter_map(|crlf| finding(facts, crlf, kept("*.sh"))).collect();
    if let (Some(source), Some(first)) = (attributes, found.iter().find(shell))
        && !kept("*.sh")
    {
        let message = format!("`{ATTRIBUTES}` lets git write `*.sh` with the line ends of Windows");
        let finding = Finding::at_path(ATTRIBUTES, ATTRIBUTES, message).related(&first.line, "has been written so");
        findings.push(finding.seen("read", ATTRIBUTES, "no `eol=lf` for `*.sh`").fix(keep_lf(source)));
    }
    Ok(findings)
}

fn finding(facts: &Facts, crlf: &Crlf, kept: bool) -> Option<Finding> {
    let source = facts.source(&crlf.line.path)?;
    let path = source.path().escape_debug().to_string();
    let is_script = source.text().starts_with("#!");
    let what = match &crlf.reader {
        Reader::Kernel(program) => format!(r"`{program}\r` is looked for to run it"),
        Reader::Program(word) => format!(r"its interpreter is given `{word}\r`"),
        Reader::Shell if is_script => "the shell takes a CR for a part of each line".to_owned(),
        Reader::Shell => "the script that reads it gets a CR at the end of each value".to_owned(),
    };
    let (message, label) = (format!("`{path}` has Windows line ends: {what}"), "ends in CR LF");
    let count = source.text().matches("\r\n").count();
    let lines = if count == 1 { "1 line ends in CR LF".to_owned() } else { format!("{count} lines end in CR LF") };
    let mut finding = Finding::at(&crlf.line, path.clone(), message).label(label).seen("read", &path, lines);
    for used in &crlf.used_at {
        let words = if is_script { "starts it" } else { "reads it" };
        finding = finding.related(&used.span, words);
    }
    if path.ends_with(".sh") && !kept && facts.source(ATTRIBUTES).is_none() {
        finding =
            finding.help(format!("write `*.sh text eol=lf` into `{ATTRIBUTES}`, or git brings them back on Windows"));
    }
    Some(finding.fix(Fix::safe(format!("end the lines of `{path}` as Unix does"), vec![unix(source)?])))
}

/// The text between the first CR LF and the last, with LF alone. Everything else stays, a lone CR too.
fn unix(source: &Source) -> Option<Step> {
    let text = source.text();
    let (start, end) = (text.find("\r\n")?, text.rfind("\r\n")? + 1);
    let text = text.get(start..end + 1)?.replace("\r\n", "\n");
    Some(Step::Edit(Edit { span: source.span(start..end + 1), text }))
}

/// Whether attributes give every file of a pattern LF in the work tree.
fn keeps_lf(attributes: &str, pattern: &str) -> bool {
    attributes.lines().map(|line| line.split_whitespace().collect::<Vec<_>>()).any(|words| {
        let names = words.first().is_some_and(|first| [pattern, "*"].contains(first));
        names && words.iter().skip(1).any(|word| ["eol=lf", "-text", "binary"].contains(word))
    })
}

/// One more line at the end of the attributes: the last that fits counts.
fn keep_lf(source: &Source) -> Fix {
    let (text, end) = (source.text(), source.line_end());
    let before = if text.is_empty() || text.ends_with('\n') { "" } else { end };
    let span = source.span(text.len()..text.len());
    let step = Step::Edit(Edit { span, text: format!("{before}*.sh text eol=lf{end}") });
    Fix::risky(format!("let git write `*.sh` with LF everywhere: one line in `{ATTRIBUTES}`"), vec![step])
}
