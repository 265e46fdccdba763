//! Which variables a service has.

use crate::access::image_of;
use crate::facts::Facts;
use crate::project::compose::Service;
use crate::project::dockerfile::Dockerfile;

/// Registries that hold images of others under the names of these.
const REGISTRIES: [&str; 5] = ["docker.io", "ghcr.io", "mcr.microsoft.com", "public.ecr.aws", "quay.io"];

/// Images that set no variables that a project reads.
const PLAIN: [&str; 6] = ["alpine", "buildpack-deps", "debian", "python", "ubuntu", "uv"];

/// Whether a service has a variable, by its files or as it runs. What cannot be seen counts as if it did.
pub(super) fn has(facts: &Facts, service: &Service, name: &str) -> bool {
    if service.environment.get(name).is_some() {
        return true;
    }
    if let Some(container) = facts.docker.as_ref().ok().and_then(|docker| docker.container_of(&service.name.value)) {
        return container.environment.get(name).is_some();
    }
    // Other Compose files may be used with these.
    if service.environment_unseen || service.given_elsewhere.iter().any(|given| given == name) {
        return true;
    }
    let Some(build) = &service.build else {
        // What an image of the project's own brings cannot be seen.
        return !service.image.as_ref().is_some_and(|image| is_plain(&image.value));
    };
    let Some(file) = facts.project.dockerfile_of(service) else { return true };
    let (target, built) = (build.target.as_deref(), image_of(service, &facts.project, facts.docker.as_ref().ok()));
    let mut stages = file.lineage(target);
    if stages.any(|stage| stage.environment.contains_key(name) || stage.settings.contains_key(name)) {
        return true;
    }
    match built {
        // An entrypoint of what it is built from may set variables, too.
        Some((_, image)) => {
            image.environment.get(name).is_some() || !(image.entrypoint.is_empty() || enters(file, target))
        }
        None => !file.base_image_of(target).is_some_and(|image| is_plain(&image.value)),
    }
}

/// Whether an image starts with an entrypoint that its Dockerfile names.
fn enters(file: &Dockerfile, target: Option<&str>) -> bool {
    file.lineage(target).any(|stage| stage.entrypoint.is_some())
}

/// Whether an image has Python or uv and nothing of a project.
fn is_plain(image: &str) -> bool {
    let host = image.split_once('/').map(|(host, _)| host).filter(|host| host.contains(['.', ':']));
    let name = image.rsplit('/').next().unwrap_or(image).split([':', '@']).next().unwrap_or("");
    PLAIN.contains(&name) && host.is_none_or(|host| REGISTRIES.contains(&host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_images_that_everybody_knows_are_plain() {
        for plain in
            ["python:3.12-slim", "docker.io/library/python", "ghcr.io/astral-sh/uv:python3.12", "debian@sha256:0", "uv"]
        {
            assert!(is_plain(plain), "{plain}");
        }
        for other in ["registry.corp.example/py-base:3", "registry.corp.example:5000/python:3", "shop", "${BASE}", ""] {
            assert!(!is_plain(other), "{other}");
        }
    }
}
