//! A bind mount lies over the virtual environment that the image brought, so that the service does not find it.

mod cure;

use crate::access::Layout;
use crate::access::environments::syncs;
use crate::facts::{Facts, MountKind};
use crate::finding::{Checked, Finding};
use crate::project::compose::{Mount, Service};
use crate::project::dockerfile::Stage;
use crate::project::dockerfile::steps::Started;
use crate::project::python_environment::VirtualEnvironment;

use super::installed::{Installed, installed};

use cure::cure;

pub(super) fn check(facts: &Facts) -> Checked {
    Ok(facts.project.services().flat_map(|service| judged(facts, service)).collect())
}

/// The environments of a service's image that a bind mount hides, each with the mount.
pub(super) fn hidden<'a>(facts: &Facts, service: &'a Service) -> Vec<(Installed, &'a Mount, String)> {
    let Some(build) = &service.build else { return vec![] };
    let (Some(dockerfile), Some(source)) =
        (facts.project.dockerfiles.get(&build.dockerfile), facts.source(&build.dockerfile))
    else {
        return vec![];
    };
    if service.environment.contains_key("UV_PROJECT_ENVIRONMENT") {
        return vec![];
    }
    let layout = Layout::of_service(service, None);
    let all = installed(dockerfile, source, build.target.as_deref()).into_iter();
    all.filter_map(|one| {
        let spot = layout.spot(&one.path);
        let mount = service.mounts.get(spot.mount?).filter(|_| spot.kind == Some(MountKind::Bind))?;
        // Somebody who mounts the environment itself wants that one.
        let is_over = mount.target.trim_end_matches('/') != one.path;
        is_over.then_some((one, mount, spot.host_path?))
    })
    .collect()
}

fn judged(facts: &Facts, service: &Service) -> Vec<Finding> {
    let name = &service.name.value;
    let words = words_of(facts, service);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut findings = vec![];
    for (one, mount, on_host) in hidden(facts, service) {
        let relative = on_host.strip_prefix(&format!("{}/", facts.project.root)).unwrap_or(&on_host);
        let instead = facts.project.virtual_environments.get(relative);
        // Python's own images keep it in `/usr/local`: that environment was made in the container, which has made its peace.
        let is_containers = |environment: &VirtualEnvironment| environment.home.starts_with("/usr/local/");
        // A script may well make the environment first.
        let script = words.first().is_some_and(|word| word.ends_with(".sh"));
        if instead.is_some_and(is_containers) || (instead.is_none() && (script || syncs(&words))) {
            continue;
        }
        let seen = match instead {
            Some(environment) => {
                format!(
                    "`{name}` finds the host's `{relative}`, which was made for the Python in `{}`",
                    environment.home
                )
            }
            None => format!("`{name}` finds no environment there"),
        };
        findings.push(
            Finding::at(
                &mount.span,
                format!("{name}: {}", one.path),
                format!("the image's `{}` is hidden by this mount: {seen}", one.path),
            )
            .label(format!("lies over `{}`", one.path))
            .related(&one.step, "makes the environment in the image")
            .seen("Dockerfile", &one.path, "made by the image")
            .seen(
                "pyvenv.cfg",
                relative,
                instead.map_or("not there".to_owned(), |environment| environment.home.clone()),
            )
            .service(name)
            .fix(cure(facts, service, mount, &one.path, &on_host)),
        );
    }
    findings
}

/// What the service runs: Compose's words, else the last `CMD` and `ENTRYPOINT` of the Dockerfile.
fn words_of(facts: &Facts, service: &Service) -> Vec<String> {
    let written: Vec<String> =
        [&service.entrypoint, &service.command].into_iter().flatten().flat_map(|words| words.value.clone()).collect();
    let of_image = |started: fn(&Stage) -> Option<&Started>| {
        let build = service.build.as_ref()?;
        let dockerfile = facts.project.dockerfiles.get(&build.dockerfile)?;
        let started = dockerfile.lineage(build.target.as_deref()).find_map(started)?;
        Some(started.words(facts.source(&started.words.path)?).map(str::to_owned).collect::<Vec<_>>())
    };
    let own = service.entrypoint.is_some();
    let entrypoint = of_image(|stage| stage.entrypoint.as_ref()).filter(|_| !own);
    let command = of_image(|stage| stage.command.as_ref()).filter(|_| service.command.is_none() && !own);
    [entrypoint, Some(written), command].into_iter().flatten().flatten().collect()
}
