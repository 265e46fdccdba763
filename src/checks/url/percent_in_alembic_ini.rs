//! A `%` in a section of `alembic.ini` that configparser takes for an interpolation: reading the section fails as a whole.

use std::collections::BTreeSet;

use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::text::ini::{self, Entry, Ini, Piece};
use crate::text::{Source, Span};

/// What Alembic puts into the names of files; in the ini file their `%` are doubled.
const OF_FILE_NAMES: [&str; 9] = ["day", "epoch", "hour", "minute", "month", "rev", "second", "slug", "year"];

/// The section of hooks.
const HOOKS: &str = "post_write_hooks";

/// The option of the URL.
const URL: &str = "sqlalchemy.url";

/// What a `%` stands before that configparser does not take.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stray {
    /// A character: `50%`.
    Character,
    /// A part of a file's name, such as `%(rev)s` or `%(month).2d`, for Alembic to put in.
    PartOfName,
    /// The name of an option that is not there.
    Reference,
}

pub(super) fn check(facts: &Facts) -> Checked {
    let (mut findings, mut seen) = (vec![], BTreeSet::new());
    for environment in &facts.project.alembic {
        let Some(source) = environment.ini.as_ref().and_then(|path| facts.source(path)) else { continue };
        let Ok(ini) = ini::parse(source.text()) else { continue };
        // Both are read as a whole, by `env.py` and before any command, with the defaults of every section among theirs.
        for name in [environment.section.as_str(), HOOKS] {
            let Some(section) = ini.sections.get(name) else { continue };
            let defaults = ini.sections.get(ini::DEFAULT).into_iter().flat_map(|defaults| &defaults.entries);
            let inherited = defaults.filter(|(option, _)| !section.entries.contains_key(*option));
            // The URL has checks of its own.
            for (option, entry) in section.entries.iter().chain(inherited).filter(|(option, _)| *option != URL) {
                if seen.insert((source.path(), entry.range.start)) {
                    findings.extend(of_entry(name, source, &ini, option, entry));
                }
            }
        }
    }
    Ok(findings)
}

/// The value as it may be shown.
fn shown(source: &Source, entry: &Entry) -> String {
    source.masked().get(entry.range.clone()).unwrap_or_default().to_owned()
}

/// Whether a text begins with a part of a file's name whose conversion is not `s`, such as `%(month).2d`.
fn is_part_of_name(text: &str) -> bool {
    text.strip_prefix("%(").and_then(|rest| rest.split_once(')')).is_some_and(|(name, _)| OF_FILE_NAMES.contains(&name))
}

fn of_entry(section: &str, source: &Source, ini: &Ini, option: &str, entry: &Entry) -> Option<Finding> {
    let wrong = |piece: &Piece<'_>| match piece {
        Piece::Wrong(range) => {
            let of_name = option == "file_template" && is_part_of_name(entry.raw().get(range.start..).unwrap_or(""));
            Some((range.clone(), if of_name { Stray::PartOfName } else { Stray::Character }))
        }
        Piece::Reference(range, name) => {
            let there = &**name == "here" || ini.entry(section, name).is_some();
            let of_name = option == "file_template" && OF_FILE_NAMES.contains(&&**name);
            (!there).then(|| (range.clone(), if of_name { Stray::PartOfName } else { Stray::Reference }))
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
    if !is_plain || found.iter().any(|(_, stray)| *stray == Stray::Reference) {
        return Some(finding.help(format!(
            "write `%%`, or the value itself: `{option}` cannot name what the section `[{section}]` lacks"
        )));
    }
    // Alembic puts the parts of a file's name into what has come out of the ini file.
    let more = if option == "file_template" { "%%%" } else { "%" };
    let double = |(range, stray): &(std::ops::Range<usize>, Stray)| {
        let span = at(range);
        let text = if *stray == Stray::PartOfName { "%" } else { more };
        Step::Edit(Edit { span: Span { end: span.start, ..span }, text: text.to_owned() })
    };
    let steps = found.iter().map(double).collect();
    Some(finding.fix(Fix::safe(format!("double the `%` in `{option}`"), steps)))
}
