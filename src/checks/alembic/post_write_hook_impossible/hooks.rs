//! The hooks of an ini file and of `pyproject.toml`, as Alembic takes them.

use std::ops::Range;

use crate::text::toml::hooks::Setting;
use crate::text::{Source, ini, toml};

use super::super::post_write_hooks_nested::HOOKS;

const SECTION: &str = "post_write_hooks";

/// A hook.
pub(super) struct Hook {
    pub name: String,
    /// Where it is named.
    pub place: Range<usize>,
    /// Its settings, without its name before them.
    pub settings: Vec<Setting>,
    /// Whether it stands in an ini file.
    pub is_ini: bool,
    /// In an ini file: a hook of this name in lower case has settings.
    pub is_known_in_lower_case: bool,
}

impl Hook {
    pub fn setting(&self, key: &str) -> Option<&Setting> {
        self.settings.iter().find(|setting| setting.key == key)
    }
}

/// Those of the array in `pyproject.toml` that have a name, and no setting that is no text.
pub(super) fn of_toml(toml: &toml::Toml) -> Vec<Hook> {
    let whole = toml.entries_of_hooks(&HOOKS).into_iter();
    let hook = |(place, mut settings): (Range<usize>, Vec<Setting>)| {
        let name = settings.remove(settings.iter().position(|setting| setting.key == "name")?).value;
        Some(Hook { name, place, settings, is_ini: false, is_known_in_lower_case: false })
    };
    whole.filter_map(hook).collect()
}

/// Those that `hooks` names, which is split at commas and blanks, and at no line end.
pub(super) fn of_ini(source: &Source, ini: &ini::Ini) -> Vec<Hook> {
    let (Some(Ok(named)), Some(entry)) = (ini.get(SECTION, "hooks", &[("here", ".")]), ini.entry(SECTION, "hooks"))
    else {
        return vec![];
    };
    let written = source.text().get(entry.range.clone()).unwrap_or("");
    let names = named.split([',', ' ']).filter(|name| !name.is_empty());
    let mut found = vec![];
    for name in names {
        // What stands in several lines is one name for Alembic.
        let at = if name.contains('\n') { None } else { place_of(written, name) };
        let place = at.map_or(entry.range.clone(), |at| entry.range.start + at..entry.range.start + at + name.len());
        let lower = name.to_lowercase();
        // Names of options are kept in lower case.
        let is_known_in_lower_case = lower != name && ini.entry(SECTION, &format!("{lower}.type")).is_some();
        found.push(Hook {
            name: name.to_owned(),
            place,
            settings: settings(ini, name),
            is_ini: true,
            is_known_in_lower_case,
        });
    }
    found
}

/// Where a name stands as a word.
fn place_of(text: &str, name: &str) -> Option<usize> {
    let ends = |character: Option<char>| character.is_none_or(|character| ", \n\r".contains(character));
    text.match_indices(name).map(|(at, _)| at).find(|at| {
        let (before, after) = (text.get(..*at), text.get(at + name.len()..));
        ends(before.and_then(|before| before.chars().next_back())) && ends(after.and_then(|after| after.chars().next()))
    })
}

fn settings(ini: &ini::Ini, hook: &str) -> Vec<Setting> {
    let start = format!("{hook}.");
    let sections = [ini.sections.get(SECTION), ini.sections.get(ini::DEFAULT)];
    let entries = sections.into_iter().flatten().flat_map(|section| &section.entries);
    let setting = |(option, entry): (&String, &ini::Entry)| {
        let value = ini.get(SECTION, option, &[("here", ".")])?.ok()?;
        let key = option.strip_prefix(&start)?.to_owned();
        Some(Setting { key, key_range: entry.key_range.clone(), value, range: entry.range.clone() })
    };
    entries.filter_map(setting).collect()
}
