//! Variables that decide: of the caller's environment, and those a tool needs when it runs as a number without login.

use crate::access::homes::at_home;
use crate::access::service::image_of;
use crate::facts::{Environment, Facts, Owner};
use crate::project::commands::user::names_a_group;
use crate::project::commands::{CommandLine, UserOption};
use crate::project::compose::Service;

/// The option that a number without login needs to have a cache: `HOME` is `/` for it. Empty when nothing is needed.
pub(super) fn variable(facts: &Facts, service: Option<&Service>, line: &CommandLine, uid: &str) -> String {
    let person = facts.host.as_ref().map_or(Owner { uid: 1000, gid: 1000 }, |host| host.root_owner);
    let docker = facts.docker.as_ref().ok();
    let passwd = docker.and_then(|docker| docker.container_of(&service?.name)).map(|container| &container.passwd);
    let has_login = passwd
        .is_some_and(|passwd| passwd.as_ref().is_ok_and(|entries| entries.iter().any(|entry| entry.uid == person.uid)));
    let own = service
        .into_iter()
        .flat_map(|service| &service.environment)
        .map(|(name, value)| (name.clone(), value.value.clone()));
    // A variable whose value is not known is set all the same.
    let set = own.chain(line.call.environment.iter().cloned());
    let environment = Environment(set.map(|(name, value)| (name, value.unwrap_or_else(|| "?".to_owned()))).collect());
    let words: Vec<&str> = line.call.command.iter().map(|word| word.value.as_str()).collect();
    let programs = at_home(&words, &environment, &facts.project);
    if has_login || environment.get("HOME").is_some() || programs.is_empty() {
        String::new()
    } else if programs.iter().all(|program| ["uv", "uvx"].contains(program)) {
        format!(" -e UV_CACHE_DIR=/tmp/uv-cache-{uid}")
    } else {
        " -e HOME=/tmp".to_owned()
    }
}

/// Whether the person's own environment sets the user number that the file leaves blank.
pub(super) fn is_exported(facts: &Facts, option: &UserOption) -> bool {
    let Ok(host) = &facts.host else { return false };
    let set = |name: &str| host.environment.get_nonempty(name).is_some();
    option.blank.iter().any(|blank| !names_a_group(&blank.value) && set(&blank.value))
}

/// Whether Python leaves compiled files beside what it imports: not where a variable forbids it or puts them elsewhere.
pub(super) fn compiles(facts: &Facts, service: Option<&Service>, line: &CommandLine) -> bool {
    let docker = facts.docker.as_ref().ok();
    let container =
        docker.and_then(|docker| docker.container_of(&service?.name)).map(|container| &container.environment);
    let image = match service {
        Some(service) => image_of(service, &facts.project, docker).map(|(_, image)| image),
        None => docker.and_then(|docker| docker.images.get(&line.call.target.as_ref()?.value)),
    };
    let image = image.map(|image| &image.environment);
    let build = service.and_then(|service| service.build.as_ref());
    let dockerfile = service.and_then(|service| facts.project.dockerfile_of(service));
    !["PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX"].into_iter().any(|name| {
        let given =
            line.call.environment.iter().rev().find(|(given, _)| given == name).map(|(_, value)| value.as_deref());
        let value = given.flatten().map(str::to_owned);
        let of_service = || service?.environment.get(name).map(|variable| variable.value.clone().unwrap_or_default());
        let of_engine = || container.or(image).and_then(|environment| environment.get(name)).map(str::to_owned);
        let of_build = || dockerfile?.variable_of(build?.target.as_deref(), name).map(str::to_owned);
        value.or_else(of_service).or_else(of_engine).or_else(of_build).is_some_and(|value| !value.is_empty())
    })
}
