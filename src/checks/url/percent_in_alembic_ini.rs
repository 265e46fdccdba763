//! A `%` in a section of `alembic.ini` that configparser takes for an interpolation: reading the section fails as a whole.

use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::alembic::Alembic;
use crate::text::ini::{self, Entry, Ini, Piece};
use crate::text::{Source, Span};

/// What Alembic puts into the names of files; in the ini file their `%` are doubled.
const OF_FILE_NAMES: [&str; 9] = ["day", "epoch", "hour", "minute", "month", "rev", "second", "slug", "year"];

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for environment in &facts.project.alembic {
        let Some(source) = environment.ini.as_ref().and_then(|path| facts.source(path)) else { continue };
        let Ok(ini) = ini::parse(source.text()) else { continue };
        let Some(section) = ini.sections.get(&environment.section) else { continue };
        // The URL has checks of its own.
        let entries = section.entries.iter().filter(|(option, _)| *option != "sqlalchemy.url");
        findings.extend(entries.filter_map(|(option, entry)| of_entry(environment, source, &ini, option, entry)));
    }
    Ok(findings)
}

/// The value as it may be shown.
fn shown(source: &Source, entry: &Entry) -> String {
    source.masked().get(entry.range.clone()).unwrap_or_default().to_owned()
}

fn of_entry(environment: &Alembic, source: &Source, ini: &Ini, option: &str, entry: &Entry) -> Option<Finding> {
    let wrong = |piece: &Piece<'_>| match piece {
        Piece::Wrong(range) => Some((range.clone(), true)),
        Piece::Reference(range, name) => {
            let there = &**name == "here" || ini.entry(&environment.section, name).is_some();
            (!there).then(|| (range.clone(), option == "file_template" && OF_FILE_NAMES.contains(&&**name)))
        }
        _ => None,
    };
    let pieces: Vec<Piece<'_>> = ini::pieces(entry.raw()).collect();
    let found: Vec<_> = pieces.iter().filter_map(wrong).collect();
    let (first, _) = found.first()?;
    // Only where the value is one line do its bytes count as in the file.
    let is_plain = source.text().get(entry.range.clone()) == Some(entry.raw());
    let at = |range: &std::ops::Range<usize>| -> Span {
        if is_plain {
            source.span(entry.range.start + range.start..entry.range.start + range.end)
        } else {
            source.span(entry.range.clone())
        }
    };
    let message = format!("`{option}` holds a `%` that an ini file takes for an interpolation");
    let finding = Finding::at(&at(first), format!("{}: {option}", source.path()), message)
        .label("is written `%%` in an ini file")
        .seen(source.path(), option, shown(source, entry));
    if !is_plain || found.iter().any(|(_, plain)| !plain) {
        return Some(finding.help(format!(
            "write `%%`, or the value itself: `{option}` cannot name what the section `[{}]` lacks",
            environment.section
        )));
    }
    let double = |range: &std::ops::Range<usize>| {
        let span = at(range);
        Step::Edit(Edit { span: Span { end: span.start, ..span }, text: "%".to_owned() })
    };
    let steps = found.iter().map(|(range, _)| double(range)).collect();
    Some(finding.fix(Fix::safe(format!("double the `%` in `{option}`"), steps)))
}
