//! `docker run` that mounts the project itself and runs as root in it: a container without a service.

use super::as_root::repaired;
use super::caller::runs;
use super::reads::only_reads;
use super::variables::compiles;
use crate::access::service::changes_user_itself;
use crate::access::{Decides, IdMaps, ServiceUser};
use crate::facts::Facts;
use crate::finding::Finding;
use crate::project::commands::{CommandLine, DockerCall, DockerVerb};
use crate::project::compose::is_below;

/// The finding about a line, if it is one. A line that names any user is somebody's decision.
pub(super) fn judged(facts: &Facts, line: &CommandLine) -> Option<Finding> {
    let call = &line.call;
    if call.verb != DockerVerb::Run || call.user.is_some() || call.other_engine || line.strayed {
        return None;
    }
    let docker = facts.docker.as_ref().ok();
    let image = call.target.as_ref()?.value.as_str();
    let identity = docker.is_none_or(|docker| IdMaps::of(docker, "").is_ok_and(|maps| maps.is_identity()));
    let user = ServiceUser::of_image(image, docker).filter(ServiceUser::is_root)?;
    if !identity || changes_user_itself(image) || call.environment.iter().any(|(name, _)| name == "PUID") {
        return None;
    }
    let home = docker.and_then(|docker| docker.images.get(image)).map(|image| image.working_dir.as_str());
    let target = written_below(call, home)?;
    let program = call.entrypoint.as_deref().or(call.command.first().map(|word| word.value.as_str()))?;
    if only_reads(call, compiles(facts, None, line)) {
        return None;
    }
    let subject = format!("{}: {image}", line.holder.as_deref().unwrap_or(program));
    let message = format!("{} as root in `{image}`, which mounts the project", runs(line, program));
    let label = format!("says no user, so what it writes in `{target}` belongs to root here");
    let command = call.command.iter().map(|word| word.value.as_str()).collect::<Vec<_>>().join(" ");
    let mut finding = Finding::at(&call.head, subject, message).label(label);
    finding = finding.seen(line.span.path.to_string(), "command in the container", command);
    finding = match &user.decides {
        Decides::Image(image) => finding.seen("docker image inspect", image, "no user"),
        _ => finding.seen("known base", image, "runs as root unless it is told otherwise"),
    };
    Some(repaired(finding, facts, None, line))
}

/// Where the project is mounted writable, when the command runs there or its words name the place.
fn written_below<'a>(call: &'a DockerCall, home: Option<&str>) -> Option<&'a str> {
    const MANAGERS: [&str; 14] = [
        "bun", "bundle", "cargo", "composer", "go", "gradle", "make", "mvn", "npm", "pnpm", "poetry", "uv", "yarn",
        "pdm",
    ];
    let directory = call.working_dir.as_deref().or(home.filter(|home| !home.is_empty())).unwrap_or("/");
    // They work on the project in their directory: whoever mounts it for one of them means that place. An image that is not
    // here may have it as its own.
    let program = call.command.first().map_or("", |word| word.value.as_str());
    let means_it = call.working_dir.is_none() && home.is_none() && MANAGERS.contains(&program);
    call.volumes.iter().filter_map(|volume| project_at(volume)).find(|target| {
        // A directory that a variable names is most likely the one that is mounted.
        is_below(directory, target)
            || directory.starts_with('$')
            || means_it
            || call.command.iter().any(|word| word.value.contains(target))
    })
}

/// Where `-v PROJECT:TARGET` puts the project, if it can be written there.
fn project_at(volume: &str) -> Option<&str> {
    const HERE: [&str; 15] = [
        "$PWD",
        "${PWD}",
        "$(PWD)",
        "$(pwd)",
        "`pwd`",
        "$(CURDIR)",
        "${CURDIR}",
        "$(shell pwd)",
        "${workspaceFolder}",
        "$GITHUB_WORKSPACE",
        "$CI_PROJECT_DIR",
        "{{justfile_directory}}",
        "{{invocation_directory}}",
        "{{.ROOT_DIR}}",
        "{{.TASKFILE_DIR}}",
    ];
    let rest = match HERE.iter().find_map(|here| volume.strip_prefix(here)) {
        Some(rest) => rest,
        None => volume.strip_prefix('.').filter(|rest| rest.starts_with([':', '/']))?,
    };
    // A folder of it, without a way out of it.
    let (folder, rest) = rest.split_once(':')?;
    let (target, mode) = rest.split_once(':').unwrap_or((rest, ""));
    let inside = (folder.is_empty() || folder.starts_with('/')) && !folder.split('/').any(|part| part == "..");
    let writable = !mode.split(',').any(|option| option == "ro");
    (inside && writable && target.starts_with('/')).then_some(target)
}
