//! What keeps a hook from running, as far as that is certain.

use std::ops::Range;

use super::hooks::Hook;
use super::knows_modules;
use crate::project::alembic::revisions::FORMATTERS;

/// What a hook runs in.
pub(super) struct Surroundings<'facts> {
    pub version: Option<&'facts str>,
    /// The formatters that are installed, and where that is said.
    pub formatters: Option<&'facts (Vec<String>, String)>,
    /// Whether functions may be registered as hooks.
    pub registers: bool,
    /// The texts of the Dockerfiles, which may install more.
    pub images: Vec<&'facts str>,
    pub is_ini: bool,
}

/// What is wrong with a hook.
pub(super) struct Judged {
    pub place: Range<usize>,
    pub message: String,
    pub error: String,
    pub cure: Cure,
}

/// What makes it run.
pub(super) enum Cure {
    /// A line with the type that its settings mean, before the setting of this key.
    Type(&'static str, &'static str),
    /// Its name in lower case.
    LowerCase,
    /// The value of `executable` without its quotes.
    Unquoted,
    /// The program instead of the package: the setting that holds its name becomes `executable`.
    Program(&'static str),
    /// Words.
    Words(String),
}

/// The types, each with the setting that it needs.
const TYPES: [(&str, &str); 3] = [("exec", "executable"), ("console_scripts", "entrypoint"), ("module", "module")];

/// What people write for one of them, and no function is registered as.
const MEANT: [&str; 9] =
    ["", "console_script", "command", "entrypoint", "entry_point", "executable", "modules", "script", "shell"];

pub(super) fn judge(hook: &Hook, around: &Surroundings<'_>) -> Option<Judged> {
    let name = hook.name.as_str();
    let knows = around.version.is_none_or(knows_modules);
    let Some(kind) = hook.setting("type") else { return Some(without_type(hook, around)) };
    let judged = |place: &Range<usize>, message: String, error: String, cure: Cure| {
        Some(Judged { place: place.clone(), message, error, cure })
    };
    let unknown = format!("FAILED: No formatter with name '{}' registered", kind.value);
    if kind.value == "module" && !knows {
        let version = around.version.unwrap_or_default();
        let message = format!("the hook `{name}` has the type `module`, which Alembic {version} does not know");
        let is_program = hook.setting("module").is_some_and(|module| FORMATTERS.contains(&module.value.as_str()));
        let upgrade = || Cure::Words("upgrade Alembic to 1.16.3 or newer".to_owned());
        return judged(&kind.range, message, unknown, if is_program { Cure::Program("module") } else { upgrade() });
    }
    let Some((_, needs)) = TYPES.iter().find(|(known, _)| *known == kind.value) else {
        let plain = kind.value.trim_matches(['"', '\'']).to_lowercase();
        let is_known = TYPES.iter().any(|(known, _)| *known == plain);
        let is_meant = (is_known || MEANT.contains(&kind.value.as_str())) && !around.registers;
        let cure = Cure::Words("write the type `exec`, `console_scripts` or `module`".to_owned());
        let message = format!("the hook `{name}` has the type `{}`, which Alembic does not know", kind.value);
        let place = if kind.value.is_empty() { &kind.key_range } else { &kind.range };
        return is_meant.then(|| judged(place, message, unknown, cure))?;
    };
    let Some(needed) = hook.setting(needs) else {
        let error = format!("FAILED: Key {name}.{needs} is required for post write hook '{name}'");
        let cure = Cure::Words(format!("give this hook its `{needs}`, which the type `{}` needs", kind.value));
        let message = format!("the hook `{name}` of the type `{}` has no `{needs}`", kind.value);
        return judged(&kind.range, message, error, cure);
    };
    let value = needed.value.as_str();
    if kind.value == "exec" {
        let error = format!("FileNotFoundError: [Errno 2] No such file or directory: '{value}'");
        let is_quoted =
            ['"', '\''].iter().any(|quote| value.len() > 2 && value.starts_with(*quote) && value.ends_with(*quote));
        if is_quoted && (around.is_ini || needed.range.len() == value.len()) {
            let message = format!("the quotes are a part of the name of the program that the hook `{name}` runs");
            return judged(&needed.range, message, error, Cure::Unquoted);
        }
        // A program's name has no blanks, which a path may have.
        let message = format!("the `executable` of the hook `{name}` holds more than the name of a program");
        let cure = Cure::Words("write the words behind the program's name into `options`".to_owned());
        let is_line = value.contains(' ') && !value.contains(['/', '\\']);
        return is_line.then(|| judged(&needed.range, message, error, cure))?;
    }
    let (what, error) = match kind.value.as_str() {
        "module" => ("module", format!("FAILED: Could not find module {value}")),
        _ => ("entry point", format!("FAILED: Could not find entrypoint console_scripts.{value}")),
    };
    if kind.value == "console_scripts" && value == "ruff" {
        let message = format!("the hook `{name}` asks for an entry point of Ruff, which has none");
        return judged(&needed.range, message, error, Cure::Program("entrypoint"));
    }
    let (there, from) = around.formatters?;
    let is_absent = FORMATTERS.contains(&value) && !there.iter().any(|one| one == value);
    if !is_absent || around.images.iter().any(|image| image.contains(value)) {
        return None;
    }
    let message = format!("the hook `{name}` runs the {what} `{value}`, and `{from}` has no such package");
    judged(&needed.range, message, error, Cure::Words(format!("add `{value}` to the dependencies for development")))
}

fn without_type(hook: &Hook, around: &Surroundings<'_>) -> Judged {
    let name = hook.name.as_str();
    let shown = name.replace('\n', "\\n");
    let error = format!("FAILED: Key '{shown}.type' (or 'type' in toml) is required for post write hook '{shown}'");
    let judged = |message: String, cure: Cure| Judged { place: hook.place.clone(), message, error, cure };
    if name.contains('\n') {
        let cure = Cure::Words("name the hooks in one line, with commas between them".to_owned());
        return judged("`hooks` names its hooks in several lines, which are one name for Alembic".to_owned(), cure);
    }
    if hook.is_known_in_lower_case {
        let message = format!("`hooks` names `{name}`, whose options an ini file keeps in lower case");
        return judged(message, Cure::LowerCase);
    }
    let knows = around.version.is_some_and(knows_modules);
    let mut meant = TYPES.iter().filter(|(_, needs)| hook.setting(needs).is_some());
    let cure = match (meant.next(), meant.next()) {
        (Some((kind, key)), None) if *kind != "module" || knows => Cure::Type(kind, key),
        _ => Cure::Words("give this hook a `type`: `exec`, `console_scripts` or `module`".to_owned()),
    };
    judged(format!("the hook `{name}` has no `type`"), cure)
}
