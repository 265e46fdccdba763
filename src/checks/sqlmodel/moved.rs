//! Moves statements from the body of a class to the top of its module.

use crate::checks::python_fix::{edit, import, range, text};
use crate::facts::Facts;
use crate::fix::{Fix, Step};
use crate::project::python::{Class, Member, MemberSort, Shape, ShapeImport};
use crate::text::Source;

/// What to do by hand where nothing stands in the way.
const BY_HAND: &str = "move it to the top of the module";

/// The fix that moves statements of a class; what to do by hand where that would change what a name means.
pub(super) fn fix(facts: &Facts, class: &Class, members: &[&Member]) -> Result<Fix, String> {
    let source = facts.source(&class.statement.path).ok_or(BY_HAND)?;
    let shape = facts.project.python.shapes.get(source.path()).ok_or(BY_HAND)?;
    if shape.imports_at.start > class.statement.start {
        return Err("move it above the class, to the imports of the module".to_owned());
    }
    let is_block = |block: &Member, member: &Member| {
        let (outer, inner) = (&block.statement, &member.statement);
        block.kind == MemberSort::Other && outer.start < inner.start && inner.end <= outer.end
    };
    if members.iter().any(|member| class.body.iter().any(|block| is_block(block, member))) {
        return Err("move it to the top of the module, and take out what is left of its block".to_owned());
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
        let other = names.iter().zip(&known).find(|(name, known)| !**known && shape.bound.contains(&name.name.value));
        if let Some((name, _)) = other {
            let name = &name.name.value;
            return Err(format!(
                "import it at the top under another name, and say that one in the class: `{name}` is something else there"
            ));
        }
        let (line, alone) = whole_lines(source, member).ok_or(BY_HAND)?;
        relative |= names.iter().any(|name| name.outside.as_deref().is_some_and(|it| it.starts_with('.')));
        if !known.iter().all(|known| *known) && !lines.contains(&alone) {
            lines.push(alone);
        }
        steps.push(edit(&line, ""));
    }
    let left = class.body.iter().filter(|it| !statements.iter().any(|gone| gone.statement == it.statement)).count();
    if left == 0 {
        // A class needs something in its body.
        let first = statements.first().ok_or(BY_HAND)?;
        steps.remove(0);
        steps.push(edit(&first.statement, "pass"));
    }
    if !lines.is_empty() {
        steps.extend(import(facts, source, shape, &lines));
    }
    let title =
        if lines.is_empty() { "take out what the module has already" } else { "move it to the top of the module" };
    // What is imported from the project may import this module in its turn.
    Ok(if relative { Fix::risky(title, steps) } else { Fix::safe(title, steps) })
}

/// Whether the module binds the name to the very same thing already, and to nothing else.
fn is_known(facts: &Facts, shape: &Shape, member: &Member) -> bool {
    let name = &member.name.value;
    let is_same = |import: &ShapeImport| match &member.outside {
        Some(wanted) => {
            let dot = if import.from.is_empty() || import.from.ends_with('.') { "" } else { "." };
            format!("{}{dot}{}", import.from, import.name) == *wanted
        }
        // `import typing`, with the same words.
        None => import.from.is_empty() && import.name == text(facts, &member.name.span),
    };
    // `import os.path` binds what `import os` does.
    let is_package = |import: &ShapeImport| import.from.is_empty() && import.name.split('.').next() == Some(name);
    let imports: Vec<&ShapeImport> = shape.imports.iter().filter(|import| import.bound == *name).collect();
    let same = imports.iter().any(|import| is_same(import));
    let package = same && imports.iter().all(|import| is_package(import));
    let all_same = package || imports.iter().all(|import| is_same(import));
    same && all_same && shape.bound.iter().filter(|bound| *bound == name).count() == imports.len()
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
