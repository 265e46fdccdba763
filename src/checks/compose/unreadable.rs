//! A Compose file, or something that it names, cannot be read, so that `docker compose` refuses the project.

use crate::checks::files::unreadable::finding;
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::project::files::DANGLING;
use crate::project::{Format, Unreadable};

pub(crate) fn check(facts: &Facts) -> Checked {
    Ok(facts.project.unreadable.iter().filter(|entry| is_compose(facts, entry)).map(described).collect())
}

fn described(entry: &Unreadable) -> Finding {
    let remedy = "correct the file; `docker compose config --quiet` says when Compose takes it";
    finding(entry).help(remedy)
}

/// Whether Compose refuses the project for it: a Compose file, or an environment file that Compose reads.
pub(crate) fn is_compose(facts: &Facts, entry: &Unreadable) -> bool {
    let named = || {
        facts.project.services().flat_map(|service| &service.env_files).any(|file| file.value == entry.path)
            || facts
                .project
                .compose
                .as_ref()
                .is_some_and(|compose| entry.path == ".env" || entry.path == format!("{}/.env", compose.directory))
    };
    // Nothing is wrong with a file that was only not looked at.
    if entry.is_late() {
        return false;
    }
    // A `.env` that leads nowhere is for Compose one that is not there.
    entry.format == Format::Compose || (entry.format == Format::Dotenv && entry.message != DANGLING && named())
}
