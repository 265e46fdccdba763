//! Which checks run: by id or family, from the command line and the project's configuration.

use std::collections::BTreeSet;

use crate::checks::{self, Check};
use crate::cli::SelectArgs;
use crate::config::Configuration;
use crate::error::Error;
use crate::facts::Need;

/// The checks of a run, in the table's order.
///
/// # Errors
/// When one is named that does not exist, or none is left.
pub fn selected(arguments: &SelectArgs, configuration: &Configuration) -> Result<Vec<&'static Check>, Error> {
    let only = ids(&arguments.only)?;
    let mut skip = ids(&arguments.skip)?;
    let configured: Vec<String> = configuration.skip.keys().cloned().collect();
    // What is asked for by name on the command line runs even if the configuration leaves it out.
    skip.extend(ids(&configured)?.into_iter().filter(|id| !only.contains(id)));
    let chosen: Vec<&'static Check> = checks::all()
        .filter(|check| arguments.only.is_empty() || only.contains(&check.id()))
        .filter(|check| !skip.contains(&check.id()))
        .collect();
    // Where nothing is looked at, nothing found would say nothing.
    if chosen.is_empty() { Err(Error::NoChecks) } else { Ok(chosen) }
}

/// The checks that need files alone: those of the hook.
pub fn files_only(checks: Vec<&'static Check>) -> Vec<&'static Check> {
    checks.into_iter().filter(|check| check.needs() == [Need::Files]).collect()
}

fn ids(names: &[String]) -> Result<BTreeSet<String>, Error> {
    let mut found = BTreeSet::new();
    for name in names {
        let before = found.len();
        found.extend(checks::all().filter(|check| check.id() == *name || check.family() == name).map(Check::id));
        if found.len() == before && !found.contains(name) {
            return Err(unknown(name));
        }
    }
    Ok(found)
}

/// The check of an id.
///
/// # Errors
/// When there is none, with the nearest that is one, or the checks of the family that was named.
pub fn one(name: &str) -> Result<&'static Check, Error> {
    let family: Vec<String> = checks::all().filter(|check| check.family() == name).map(Check::id).collect();
    match checks::by_id(name) {
        Some(check) => Ok(check),
        None if family.is_empty() => Err(unknown(name)),
        None => Err(Error::Family { name: name.to_owned(), checks: family }),
    }
}

/// The error for a name that is no check and no family, with the nearest that is one.
fn unknown(name: &str) -> Error {
    let names: BTreeSet<String> = checks::all().flat_map(|check| [check.id(), check.family().to_owned()]).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let nearest = similar::get_close_matches(name, &names, 1, 0.6).first().map(|near| (*near).to_owned());
    Error::UnknownCheck { name: name.to_owned(), nearest }
}
