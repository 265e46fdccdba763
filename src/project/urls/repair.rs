//! Writes a URL as its readers need it, in the form its holder needs, and touches nothing that is right already.

use std::ops::Range;

use super::intent;
use super::mapped::Mapped;
use super::sqlalchemy::escape;
use super::{DatabaseUrl, Holder, UrlDefectKind};

/// Replaces a part of a URL's raw text, counted from its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The bytes that go.
    pub range: Range<usize>,
    /// The text that comes.
    pub text: String,
}

/// What has to change in the raw text of a URL so that every reader reads its password as it is meant: sorted, without
/// overlap. Characters that a variable brings cannot be changed here and are left out.
pub fn password_replacements(url: &DatabaseUrl, raw: &str) -> Vec<Replacement> {
    let mapped = opaque(url.holder, raw);
    let Some(password) = intent::read(&mapped.value).and_then(|intent| intent.password) else {
        return vec![];
    };
    let percent = if doubles_percent(url.holder) { "%%" } else { "%" };
    let mut found = vec![];
    for (offset, character) in mapped.value[password.clone()].char_indices() {
        let at = password.start + offset;
        let place = mapped.place(&(at..at + character.len_utf8()));
        let is_escape = character == '%' && escape(&mapped.value[at..]).is_some_and(|byte| byte != 0);
        let text = if mapped.variable(at).is_some() {
            continue;
        } else if is_escape {
            // A good escape: only the sign itself may have to be doubled.
            if raw.get(place.clone()) == Some(percent) {
                continue;
            }
            percent.to_owned()
        } else if must_be_encoded(character) {
            let mut bytes = [0; 4];
            character.encode_utf8(&mut bytes).bytes().map(|byte| format!("{percent}{byte:02X}")).collect()
        } else {
            continue;
        };
        found.push(Replacement { range: place, text });
    }
    found
}

/// Whether a character cannot stand in a password as it is.
fn must_be_encoded(character: char) -> bool {
    matches!(character, '@' | '/' | '?' | '#' | '%' | '[' | ']') || character.is_whitespace()
}

/// The characters in the password of a URL's real text that must be encoded, each once, in the order they stand.
pub fn characters_to_encode(text: &str) -> Vec<char> {
    let password = intent::read(text).and_then(|intent| text.get(intent.password?));
    let mut found = vec![];
    for (at, character) in password.unwrap_or("").char_indices() {
        let is_escape = character == '%' && password.and_then(|password| escape(password.get(at..)?)).is_some();
        if must_be_encoded(character) && !is_escape && !found.contains(&character) {
            found.push(character);
        }
    }
    found
}

/// What has to change so that SQLAlchemy finds a dialect, when it finds none.
pub fn scheme_replacement(url: &DatabaseUrl, raw: &str) -> Option<Replacement> {
    let meant = url.parts.defects.iter().find_map(|defect| match &defect.kind {
        UrlDefectKind::UnknownScheme { meant } if defect.from_variable.is_none() => Some(meant.clone()),
        _ => None,
    })?;
    let mapped = opaque(url.holder, raw);
    let scheme = intent::read(&mapped.value)?.scheme;
    Some(Replacement { range: mapped.place(&scheme), text: meant })
}

/// The whole raw text with everything repaired that can be repaired in it: scheme, password, percent signs. `None` when there
/// is nothing to do.
pub fn repaired(url: &DatabaseUrl, raw: &str) -> Option<String> {
    let mut replacements = password_replacements(url, raw);
    replacements.extend(scheme_replacement(url, raw));
    (!replacements.is_empty()).then(|| apply(raw, replacements))
}

/// `raw` with parts of it replaced.
pub fn apply(raw: &str, mut replacements: Vec<Replacement>) -> String {
    replacements.sort_by_key(|replacement| replacement.range.start);
    let mut text = raw.to_owned();
    for replacement in replacements.into_iter().rev() {
        if raw.get(replacement.range.clone()).is_some() {
            text.replace_range(replacement.range, &replacement.text);
        }
    }
    text
}

/// Whether a holder takes a single `%` for the start of something: ini files, and `[tool.alembic]`, whose strings Alembic
/// formats with `%`.
fn doubles_percent(holder: Holder) -> bool {
    matches!(holder, Holder::Ini | Holder::Toml)
}

/// The raw text as its holder means it, with references hidden.
pub(super) fn opaque(holder: Holder, raw: &str) -> Mapped {
    match holder {
        Holder::Ini | Holder::Toml => Mapped::ini(raw, |_| None),
        Holder::Dotenv | Holder::Compose => Mapped::opaque(raw),
        Holder::Python | Holder::Process => Mapped::plain(raw),
    }
}

/// Whether the password holds percent-encoded characters already. Together with a raw `@` it cannot be known which was meant.
pub fn has_escapes_in_password(url: &DatabaseUrl, raw: &str) -> bool {
    let mapped = opaque(url.holder, raw);
    let Some(password) = intent::read(&mapped.value).and_then(|intent| intent.password) else {
        return false;
    };
    let text = &mapped.value[password];
    text.match_indices('%').any(|(at, _)| escape(&text[at..]).is_some())
}
