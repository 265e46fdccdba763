//! Moves statements from the body of a class to the top of its module.

use crate::checks::python_fix::{edit, import, range, text};
use crate::facts::Facts;
use crate::fix::{Fix, Step};
use crate::project::python::{Class, Member, Shape};
use crate::text::Source;

/// The fix that moves statements of a class; `None` where that would change what a name means.
pub(super) fn fix(facts: &Facts, class: &Class, members: &[&Member]) -> Option<Fix> {
    let source = facts.source(&class.statement.path)?;
    let shape = facts.project.python.shapes.get(source.path())?;
    if shape.imports_at.start > class.statement.start {
        return None;
    }
    let mut steps: Vec<Step> = vec![];
    let mut lines: Vec<String> = vec![];
    let mut relative = false;
    let mut statements: Vec<&Member> = vec![];
    for member in members {
        if statements.iter().any(|known| known.statement == member.statement) {
            continue;
        }
        statements.push(member);
        let names = class.body.iter().filter(|it| it.statement == member.statement);
        let names: Vec<&Member> = names.collect();
        let known: Vec<bool> = names.iter().map(|name| is_known(facts, shape, name)).collect();
        let other = names.iter().zip(&known).any(|(name, known)| !known && shape.bound.contains(&name.name.value));
        if other {
            return None;
        }
        let (line, alone) = whole_lines(source, member)?;
        relative |= names.iter().any(|name| name.outside.as_deref().is_some_and(|it| it.starts_with('.')));
        if !known.iter().all(|known| *known) && !lines.contains(&alone) {
            lines.push(alone);
        }
        steps.push(edit(&line, ""));
    }
    let left = class.body.iter().filter(|it| !statements.iter().any(|gone| gone.statement == it.statement)).count();
    if left == 0 {
        // A class needs something in its body.
        let first = statements.first()?;
        steps.remove(0);
        steps.push(edit(&first.statement, "pass"));
    }
    if !lines.is_empty() {
        steps.extend(import(facts, source, shape, &lines));
    }
    let title =
        if lines.is_empty() { "take out what the module has already" } else { "move it to the top of the module" };
    // What is imported from the project may import this module in its turn.
    Some(if relative { Fix::risky(title, steps) } else { Fix::safe(title, steps) })
}

/// Whether the module binds the name to the very same thing already.
fn is_known(facts: &Facts, shape: &Shape, member: &Member) -> bool {
    let same = |wanted: &str| {
        shape.imports.iter().any(|import| {
            let dot = if import.from.is_empty() || import.from.ends_with('.') { "" } else { "." };
            import.bound == member.name.value && format!("{}{dot}{}", import.from, import.name) == wanted
        })
    };
    match &member.outside {
        Some(outside) => same(outside),
        None => {
            // `import typing`, with the same words.
            let words = text(facts, &member.name.span);
            shape.imports.iter().any(|it| it.from.is_empty() && it.bound == member.name.value && it.name == words)
        }
    }
}

/// The lines that a statement fills, and what stands in them without the indentation; `None` when others stand there too.
fn whole_lines(source: &Source, member: &Member) -> Option<(crate::text::Span, String)> {
    let text = source.text();
    let (start, end) = (member.statement.start, member.statement.end);
    let line_start = text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
    let rest = text.get(end..)?;
    let line = rest.find('\n').map_or(rest, |at| &rest[..=at]);
    let after = line.trim();
    let is_alone = text.get(line_start..start)?.trim().is_empty() && (after.is_empty() || after.starts_with('#'));
    let code = text.get(start..end + line.trim_end().len())?;
    let mut gone = end + line.len();
    // The blank lines behind it go too, where they would begin the body or come double.
    let before = text.get(..line_start)?.trim_end_matches(['\n', '\r']).rsplit('\n').next()?.trim_end();
    let blank_before = text.get(..line_start)?.lines().next_back().is_some_and(|line| line.trim().is_empty());
    if before.ends_with(':') || blank_before {
        let blank = |line: &&str| line.ends_with('\n') && line.trim().is_empty();
        gone += text.get(gone..)?.split_inclusive('\n').take_while(blank).map(str::len).sum::<usize>();
    }
    is_alone.then(|| (range(&member.statement, line_start, gone), code.to_owned()))
}
