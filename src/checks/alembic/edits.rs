//! Lines put into Python files, which must still be Python then.

use std::collections::BTreeMap;

use crate::checks::python_fix::placed;
use crate::facts::Facts;
use crate::fix::plan::file_changes;
use crate::fix::{Edit, Step};
use crate::text::{Source, Span, python};

/// A line behind the statement at `after` (or at the top), in the line ends of the file.
pub(super) fn line_behind(source: &Source, after: Option<&Span>, line: &str) -> Edit {
    let (text, end) = (source.text(), source.line_end());
    let Some(after) = after else {
        let mark = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        return Edit { span: source.span(mark..mark), text: format!("{line}{end}") };
    };
    match text.get(after.end..).and_then(|rest| rest.find('\n')) {
        Some(newline) => {
            let at = after.end + newline + 1;
            Edit { span: source.span(at..at), text: format!("{line}{end}") }
        }
        None => Edit { span: source.span(text.len()..text.len()), text: format!("{end}{line}") },
    }
}

/// Lines of imports where isort would put them, or behind the statement at `after`.
pub(super) fn imports(facts: &Facts, source: &Source, after: Option<&Span>, lines: &[&str]) -> Vec<Edit> {
    let wanted: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    placed(facts, source, &wanted).unwrap_or_else(|| vec![line_behind(source, after, &lines.join(source.line_end()))])
}

/// A statement before the one at `before`, in its indentation, or on its line where it stands beside others.
pub(super) fn statement_before(source: &Source, before: &Span, statement: &str) -> Edit {
    let text = source.text();
    let line_start = text.get(..before.start).and_then(|head| head.rfind('\n')).map_or(0, |newline| newline + 1);
    let indent = text.get(line_start..before.start).unwrap_or("");
    if indent.trim().is_empty() {
        let text = format!("{indent}{statement}{}", source.line_end());
        return Edit { span: source.span(line_start..line_start), text };
    }
    Edit { span: source.span(before.start..before.start), text: format!("{statement}; ") }
}

/// The edits of a file as steps, when Python can read what comes of them.
pub(super) fn if_python(source: &Source, edits: Vec<Edit>) -> Option<Vec<Step>> {
    let sources = BTreeMap::from([(source.path().to_owned(), source.clone())]);
    let changes = file_changes(edits.iter(), &sources).ok()?;
    let is_python = changes.iter().all(|change| python::parse(&change.after).errors.is_empty());
    (is_python && !changes.is_empty()).then(|| edits.into_iter().map(Step::Edit).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edited(text: &str, edit: Edit) -> String {
        let mut text = text.to_owned();
        text.replace_range(edit.span.range(), &edit.text);
        text
    }

    #[test]
    fn lines_keep_what_is_around_them() {
        let table = [
            ("import a\r\nx = 1\r\n", Some(0..8), "import a\r\nimport b\r\nx = 1\r\n"),
            ("import a  # why\nx = 1\n", Some(0..8), "import a  # why\nimport b\nx = 1\n"),
            ("import a", Some(0..8), "import a\nimport b"),
            ("\u{feff}x = 1\n", None, "\u{feff}import b\nx = 1\n"),
        ];
        for (text, after, expected) in table {
            let source = Source::new("a.py", text);
            let after = after.map(|range| source.span(range));
            assert_eq!(edited(text, line_behind(&source, after.as_ref(), "import b")), expected);
        }
        for (text, expected) in
            [("def f():\r\n\tg()\r\n", "def f():\r\n\th()\r\n\tg()\r\n"), ("def f(): g()\n", "def f(): h(); g()\n")]
        {
            let source = Source::new("a.py", text);
            let before = source.span(text.find('g').unwrap()..text.len());
            assert_eq!(edited(text, statement_before(&source, &before, "h()")), expected);
        }
    }

    #[test]
    fn what_would_be_no_python_is_not_offered() {
        let source = Source::new("a.py", "import a; x = (\n1)\n");
        let edit = line_behind(&source, Some(&source.span(0..8)), "import b");
        assert_eq!(if_python(&source, vec![edit]), None);
    }
}
