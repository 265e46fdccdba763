//! Variables that decide: of the caller's environment, and those a tool needs when it runs as a number without login.

use crate::facts::{Facts, Owner};
use crate::project::commands::user::names_a_group;
use crate::project::commands::{CommandLine, UserOption};
use crate::project::compose::Service;

/// Programs whose caches and settings lie in the home directory.
const NEED_HOME: [&str; 12] =
    ["cargo", "composer", "go", "npm", "npx", "pdm", "pip", "pip3", "pnpm", "poetry", "pre-commit", "yarn"];

/// The option that a number without login needs to have a cache: `HOME` is `/` for it. Empty when nothing is needed.
pub(super) fn variable(facts: &Facts, service: &Service, line: &CommandLine, uid: &str) -> String {
    let person = facts.host.as_ref().map_or(Owner { uid: 1000, gid: 1000 }, |host| host.root_owner);
    let docker = facts.docker.as_ref().ok();
    let passwd = docker.and_then(|docker| docker.container_of(&service.name)).map(|container| &container.passwd);
    let has_login = passwd
        .is_some_and(|passwd| passwd.as_ref().is_ok_and(|entries| entries.iter().any(|entry| entry.uid == person.uid)));
    let has = |name: &str| {
        service.environment.contains_key(name) || line.call.environment.iter().any(|(given, _)| given == name)
    };
    let runs = |programs: &[&str]| {
        let words = line.call.command.iter().flat_map(|word| word.value.split([' ', ';', '&', '|']));
        words.filter_map(|word| word.rsplit('/').next()).any(|word| programs.contains(&word))
    };
    if has_login || has("HOME") {
        String::new()
    } else if runs(&["uv", "uvx"]) {
        if has("UV_CACHE_DIR") || has("XDG_CACHE_HOME") {
            String::new()
        } else {
            format!(" -e UV_CACHE_DIR=/tmp/uv-cache-{uid}")
        }
    } else if runs(&NEED_HOME) {
        " -e HOME=/tmp".to_owned()
    } else {
        String::new()
    }
}

/// Whether the person's own environment sets the user number that the file leaves blank.
pub(super) fn is_exported(facts: &Facts, option: &UserOption) -> bool {
    let Ok(host) = &facts.host else { return false };
    let set = |name: &str| host.environment.get_nonempty(name).is_some();
    option.blank.iter().any(|blank| !names_a_group(&blank.value) && set(&blank.value))
}
