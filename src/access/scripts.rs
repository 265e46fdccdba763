//! Scripts of the project that containers start as their program, by a bind mount or as the image copied them.

use std::path::Path;

use crate::project::Project;
use crate::project::compose::{Service, is_below};
use crate::project::dockerfile::steps::{BuildStep, Started};
use crate::project::dockerfile::{Dockerfile, Stage};
use crate::text::{Span, Spanned};

use super::layout::{Layout, absolute, normal};
use super::writers::working_directory;

/// A file of the project that a service's container starts.
#[derive(Clone, Debug, PartialEq)]
pub struct Script<'a> {
    /// The service.
    pub service: &'a Service,
    /// Its path in the container.
    pub inside: String,
    /// Its absolute path on the host.
    pub path: String,
    /// Where it is named.
    pub span: &'a Span,
    /// How it gets there: the mount's entry, or the `COPY`.
    pub comes: &'a Span,
    /// Whether it is copied into the image when that is built.
    pub copied: bool,
}

/// The scripts of all services that are certain to keep the mode that they have on the host.
pub fn scripts(project: &Project) -> Vec<Script<'_>> {
    project.services().flat_map(|service| of_service(service, project)).collect()
}

fn of_service<'a>(service: &'a Service, project: &'a Project) -> Vec<Script<'a>> {
    let build = service.build.as_ref();
    let dockerfile = build.and_then(|build| project.dockerfiles.get(&build.dockerfile));
    let target = build.and_then(|build| build.target.as_deref());
    let of_image = |started: fn(&Stage) -> Option<&Started>| dockerfile?.lineage(target).find_map(started);
    let first = |words: &'a Option<Spanned<Vec<String>>>| {
        words.as_ref().and_then(|words| Some((words.value.first()?.clone(), &words.span)))
    };
    let of = |started: &'a Started| (started.program.value.clone(), &started.program.span);
    let entrypoint = first(&service.entrypoint).or(of_image(|stage| stage.entrypoint.as_ref()).map(of));
    let command = first(&service.command).or_else(|| {
        // An entrypoint of the Compose file turns the image's command off.
        let own = service.entrypoint.is_none();
        of_image(|stage| stage.command.as_ref()).filter(|_| own).map(of)
    });
    let directory = working_directory(service, None, project);
    let layout = Layout::of_service(service, None);
    let mut found = vec![];
    for (program, span) in entrypoint.into_iter().chain(command) {
        // A name without a slash is looked for elsewhere.
        let inside = match &directory {
            Some(directory) if program.contains('/') => absolute(&program, directory),
            None if program.starts_with('/') => normal(&program),
            _ => continue,
        };
        let Some((path, comes, Some(copied))) = lies_at(project, service, &layout, &inside) else { continue };
        if path != project.root && is_below(&path, &project.root) {
            found.push(Script { service, inside, path, span, comes, copied });
        }
    }
    found
}

/// The absolute path on the host of what lies at a path of a service's container, what brings it there, and whether that is a
/// copy; `None` for the last where its mode is changed on the way.
pub(super) fn lies_at<'a>(
    project: &'a Project,
    service: &'a Service,
    layout: &Layout,
    inside: &str,
) -> Option<(String, &'a Span, Option<bool>)> {
    let spot = layout.spot(inside);
    let mount = spot.mount.and_then(|index| service.mounts.get(index));
    match (mount, spot.host_path) {
        (Some(mount), Some(path)) => Some((path, &mount.span, Some(false))),
        (None, None) => {
            let build = service.build.as_ref()?;
            let dockerfile = project.dockerfiles.get(&build.dockerfile)?;
            let (source, comes, keeps_mode) = copied_from(project, dockerfile, build.target.as_deref(), inside)?;
            let path = normal(&format!("{}/{}/{source}", project.root, build.context.value));
            Some((path, comes, keeps_mode.then_some(true)))
        }
        _ => None,
    }
}

/// What of the context lies at a path of the image, and whether nothing changes its mode on the way.
fn copied_from<'a>(
    project: &Project,
    dockerfile: &'a Dockerfile,
    target: Option<&str>,
    inside: &str,
) -> Option<(String, &'a Span, bool)> {
    let stages: Vec<&Stage> = dockerfile.lineage(target).collect();
    let mut found = None;
    for step in stages.into_iter().rev().flat_map(|stage| &stage.steps) {
        match step {
            BuildStep::Copy(copied) => {
                if let Some(source) =
                    copied.sources.iter().find_map(|source| lands(source, &copied.destination, inside))
                {
                    found = copied.from.is_none().then_some((source, &copied.span, copied.mode.is_none()));
                }
            }
            BuildStep::Run(run) => {
                let source = project.sources.get(&*run.command.path);
                let text = source.map_or("", |source| source.slice(&run.command));
                if ["chmod", "install -"].iter().any(|word| text.contains(word)) {
                    found = found.map(|(source, span, _)| (source, span, false));
                }
            }
            BuildStep::Workdir(_) => {}
        }
    }
    found
}

/// The path in the context that a copy of `source` to `destination` puts at `inside`.
fn lands(source: &str, destination: &str, inside: &str) -> Option<String> {
    if source.contains(['*', '?', '[', '$']) || !destination.starts_with('/') {
        return None;
    }
    // A folder has no name here: `.`, `docker/`.
    let name = Path::new(source).file_name().and_then(|name| name.to_str());
    let name = name.filter(|_| !source.ends_with('/') && !source.ends_with('.'));
    let file = match name {
        Some(name) if destination.ends_with('/') => normal(&format!("{destination}{name}")) == inside,
        Some(_) => normal(destination) == inside,
        None => false,
    };
    if file {
        return Some(source.to_owned());
    }
    // A folder's content goes into the destination.
    let rest = inside.strip_prefix(normal(destination).trim_end_matches('/'))?.strip_prefix('/')?;
    (name.is_none_or(|name| !name.contains('.'))).then(|| format!("{source}/{rest}"))
}
