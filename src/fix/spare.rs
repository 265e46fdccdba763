//! Imports that go with the last use of what they bind.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::plan::{Item, edited};
use super::{Edit, Step};
use crate::text::Source;
use crate::text::python::{ImportStatement, Imported};

/// The edits that take out of the imports what nothing uses any more when these fixes are made, each with the fix that it goes
/// with.
pub(super) fn spare(items: &[Item], sources: &BTreeMap<String, Source>) -> Vec<(usize, Edit)> {
    let mut by_statement: BTreeMap<(&str, usize), BTreeMap<&str, usize>> = BTreeMap::new();
    for (at, item) in items.iter().enumerate() {
        for name in &item.fix.last_uses {
            let names = by_statement.entry((&name.span.path, name.span.start)).or_default();
            names.insert(&name.value, at);
        }
    }
    let mut found = vec![];
    let mut texts: BTreeMap<&str, Option<String>> = BTreeMap::new();
    for ((path, start), names) in by_statement {
        let Some(source) = sources.get(path) else { continue };
        let edits = || {
            items.iter().flat_map(|item| &item.fix.steps).filter_map(|step| match step {
                Step::Edit(edit) if edit.span.path.as_ref() == path => Some(edit),
                _ => None,
            })
        };
        // Where a fix fails at another file, what it has for this one is not done.
        let is_in = |step: &Step| matches!(step, Step::Edit(edit) if edit.span.path.as_ref() == path);
        if items.iter().any(|item| item.fix.steps.iter().any(is_in) && !item.fix.steps.iter().all(is_in)) {
            continue;
        }
        let after = texts.entry(path).or_insert_with(|| edited(source.text(), &edits().collect::<Vec<_>>()));
        let imports = &source.python().1.imports;
        let (Some(after), Some(statement)) = (after, imports.iter().find(|it| it.range.start == start)) else {
            continue;
        };
        let Some(lines) = lines(source.text(), statement) else { continue };
        if edits().any(|edit| edit.span.start <= lines.end && lines.start <= edit.span.end) {
            continue;
        }
        let own = source.text().get(statement.range.clone()).unwrap_or("");
        let is_unused =
            |name: &Imported| names.contains_key(bound(name)) && uses(after, bound(name)) == uses(own, bound(name));
        let unused: BTreeSet<usize> =
            (0..statement.names.len()).filter(|at| is_unused(&statement.names[*at])).collect();
        let Some(item) = names.values().max() else { continue };
        let gone = if unused.len() == statement.names.len() { vec![lines] } else { parts(&statement.names, &unused) };
        found.extend(gone.into_iter().map(|range| (*item, Edit { span: source.span(range), text: String::new() })));
    }
    found
}

/// What an import binds for a name.
fn bound(name: &Imported) -> &str {
    name.rename.as_deref().unwrap_or(&name.name)
}

/// How often a text has a word.
pub(crate) fn uses(text: &str, word: &str) -> usize {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let stands_alone = |at: usize| {
        !text.get(..at).is_some_and(|before| before.ends_with(is_part))
            && !text.get(at + word.len()..).is_some_and(|rest| rest.starts_with(is_part))
    };
    text.match_indices(word).filter(|(at, _)| stands_alone(*at)).count()
}

/// The lines of a statement that stands alone in them at the top level, without a comment; with the blank lines that would
/// come double.
fn lines(text: &str, statement: &ImportStatement) -> Option<Range<usize>> {
    let place = &statement.place;
    let own = text.get(statement.range.clone())?;
    let before = text.get(..statement.range.start)?;
    let rest = text.get(statement.range.end..)?;
    let (line, behind) = rest.split_once('\n')?;
    let starts = before.is_empty() || before.ends_with('\n');
    let is_apart = place.block || place.guarded || place.type_checking || place.function || place.class;
    if !starts || is_apart || !line.trim().is_empty() || own.contains(['#', '\\', '*']) {
        return None;
    }
    let is_blank = |line: &str| line.trim().is_empty();
    let after_blank = before.lines().next_back().is_none_or(is_blank);
    let most = if before.is_empty() { usize::MAX } else { usize::from(after_blank) };
    let blank: usize = behind.split_inclusive('\n').take_while(|line| is_blank(line)).take(most).map(str::len).sum();
    Some(statement.range.start..statement.range.end + line.len() + 1 + blank)
}

/// What to take out for some names, of which not all go: each with the comma behind it, the last ones with that before.
fn parts(names: &[Imported], gone: &BTreeSet<usize>) -> Vec<Range<usize>> {
    let mut found = vec![];
    let mut at = 0;
    while let Some(first) = names.get(at) {
        let run = (at..names.len()).take_while(|one| gone.contains(one)).count();
        let before = at.checked_sub(1).and_then(|before| names.get(before));
        match (names.get(at + run), before, names.get((at + run).saturating_sub(1))) {
            _ if run == 0 => {}
            (Some(next), ..) => found.push(first.range.start..next.range.start),
            (None, Some(before), Some(last)) => found.push(before.range.end..last.range.end),
            _ => {}
        }
        at += run + 1;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fix::Fix;
    use crate::text::Spanned;

    /// What is replaced, what comes there, and the names with their imports.
    type Given<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)]);

    /// A fix that replaces the first `from` of a file, with names and their imports.
    fn item(source: &Source, from: &str, text: &str, names: &[(&str, &str)]) -> Item {
        let at = source.text().find(from).unwrap();
        let step = Step::Edit(Edit { span: source.span(at..at + from.len()), text: text.into() });
        let mut fix = Fix::safe("a", vec![step]);
        for (name, statement) in names {
            let at = source.text().find(statement).unwrap();
            fix.last_uses.push(Spanned::new((*name).to_owned(), source.span(at..at + statement.len())));
        }
        Item { id: "a".into(), fingerprint: from.into(), place: String::new(), fix }
    }

    fn after(text: &str, fixes: &[Given<'_>]) -> String {
        let source = Source::new("a.py", text);
        let mut items: Vec<Item> = fixes.iter().map(|(from, to, names)| item(&source, from, to, names)).collect();
        let sources = BTreeMap::from([("a.py".to_owned(), source)]);
        for (at, edit) in spare(&items, &sources) {
            items[at].fix.steps.push(Step::Edit(edit));
        }
        let edits: Vec<&Edit> = items
            .iter()
            .flat_map(|item| &item.fix.steps)
            .filter_map(|step| match step {
                Step::Edit(edit) => Some(edit),
                _ => None,
            })
            .collect();
        edited(sources["a.py"].text(), &edits).unwrap()
    }

    #[test]
    fn an_import_goes_with_the_last_use_and_not_before() {
        const SA: &[(&str, &str)] = &[("sa", "import sqlalchemy as sa")];
        let text = "import sqlalchemy as sa\n\n\na = sa.one()\nb = sa.two()\n";
        assert_eq!(after(text, &[("sa.one()", "1", SA)]), text.replace("sa.one()", "1"));
        assert_eq!(after(text, &[("sa.one()", "1", SA), ("sa.two()", "2", SA)]), "a = 1\nb = 2\n");
        for kept in [
            "import sqlalchemy as sa  # noqa\n",
            "if x:\n    import sqlalchemy as sa\n",
            "'sa'\nimport sqlalchemy as sa\n",
        ] {
            let text = format!("{kept}a = sa.one()\n");
            assert_eq!(after(&text, &[("sa.one()", "1", SA)]), text.replace("sa.one()", "1"));
        }
        let grouped = "import os\n\nimport sqlalchemy as sa\n\nfrom app import x\na = sa.one()\n";
        assert_eq!(after(grouped, &[("sa.one()", "1", SA)]), "import os\n\nfrom app import x\na = 1\n");
    }

    #[test]
    fn a_name_goes_with_its_comma() {
        for (names, gone, expected) in [
            ("A, B, C", "A", "B, C"),
            ("A, B, C", "B", "A, C"),
            ("A, B as C", "C", "A"),
            ("(A, B)", "B", "(A)"),
            ("(\n    A,\n    B,\n)", "A", "(\n    B,\n)"),
            ("(\n    A,\n    B,\n)", "B", "(\n    A,\n)"),
        ] {
            let (statement, rest) = (format!("from x import {names}"), "\nq = GONE()\n");
            let names = [(gone, statement.as_str())];
            let text = format!("{statement}{}", rest.replace("GONE", gone));
            let expected = format!("from x import {expected}\nq = 1\n");
            assert_eq!(after(&text, &[(&format!("{gone}()"), "1", &names)]), expected);
        }
        let both: &[(&str, &str)] = &[("B", "from x import A, B, C"), ("C", "from x import A, B, C")];
        let text = "from x import A, B, C\nq = B(C)\n";
        assert_eq!(after(text, &[("B(C)", "1", both)]), "from x import A\nq = 1\n");
    }

    #[test]
    fn an_import_that_something_is_put_behind_stays() {
        const SA: &[(&str, &str)] = &[("sa", "import sqlalchemy as sa")];
        let text = "import sqlalchemy as sa\na = sa.one()\n";
        let changed = after(text, &[("sa.one()", "1", SA), ("\na", "\nimport b\na", &[])]);
        assert_eq!(changed, "import sqlalchemy as sa\nimport b\na = 1\n");
    }
}
