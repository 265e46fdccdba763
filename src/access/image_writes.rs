//! What a service's commands write into its own image, outside of all mounts: where, and whether that comes with the image.

use crate::facts::Container;
use crate::project::Project;
use crate::project::compose::{Build, Service, is_below};
use crate::project::dockerfile::steps::Copied;
use crate::project::dockerfile::{Dockerfile, Stage};
use crate::text::dockerignore::Ignored;

use super::caches::others::may_make_environment;
use super::image_folders::is_folder;
use super::layout::{Layout, normal};
use super::writers::{Written, makes, working_directory, written_at_first};

/// A path in an image that a command writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// The command.
    pub written: Written,
    /// What it makes, or writes.
    pub path: String,
    /// Whether the folder that it lies in comes with what is copied.
    pub copied: bool,
}

/// What the commands of a service make in its image, as far as they are certain to have to make it.
pub fn writes_into_image(service: &Service, container: Option<&Container>, project: &Project) -> Vec<Write> {
    let found = || {
        let build = service.build.as_ref()?;
        let dockerfile = project.dockerfile_of(service)?;
        let source = project.sources.get(&build.dockerfile)?;
        let directory = working_directory(service, container, project)?;
        let stages: Vec<&Stage> = dockerfile.lineage(build.target.as_deref()).collect();
        let in_image = |written: Written| {
            // What the Dockerfile sets it to may not be plain.
            let moved = written.variable.is_some_and(|variable| source.text().contains(variable));
            let makes =
                |text: &str| makes(text, &written, project) || written.path == ".venv" && may_make_environment(text);
            let built = stages.iter().flat_map(|stage| stage.runs()).any(|run| makes(&run.text(source)));
            if moved || strays(service, &written, project) || is_done(&written, project) {
                return None;
            }
            if written.path.is_empty() {
                let path = revisions(build, dockerfile, project)?;
                return Some(Write { written, path, copied: true });
            }
            let path = normal(&format!("{directory}/{}", written.path));
            let comes =
                built || stages.iter().flat_map(|stage| stage.copies()).any(|copy| brings(copy, &path, build, project));
            let write = Write { written, path, copied: false };
            (!comes).then_some(write)
        };
        let layout = Layout::of_service(service, None);
        let all = written_at_first(service, container, project).into_iter().filter_map(in_image);
        Some(all.filter(|write| layout.spot(&write.path).mount.is_none()).collect())
    };
    found().unwrap_or_default()
}

/// Whether the command goes somewhere else before it writes.
fn strays(service: &Service, written: &Written, project: &Project) -> bool {
    let line = written.line.as_ref().and_then(|span| Some(project.sources.get(&*span.path)?.slice(span).to_owned()));
    let own = || {
        let words = [&service.entrypoint, &service.command].into_iter().flatten().flat_map(|words| &words.value);
        words.map(String::as_str).collect::<Vec<_>>().join(" ")
    };
    let text = line.unwrap_or_else(own);
    text.split_whitespace().any(|word| {
        ["cd", "-C", "--prefix", "sudo", "--workdir", "-w"].contains(&word)
            || ["--directory", "--project", "--chdir", "--workdir="].iter().any(|option| word.starts_with(option))
    })
}

/// Whether a tool may find that nothing is left to do, or no project that it would do it for.
fn is_done(written: &Written, project: &Project) -> bool {
    match written.command.as_str() {
        "uv lock" => project.has_marker("uv.lock"),
        "poetry lock" => project.has_marker("poetry.lock"),
        "uv run" | "uv sync" => !project.sources.keys().any(|path| path.rsplit('/').next() == Some("pyproject.toml")),
        _ => false,
    }
}

/// Where a build puts the folder of the project's revisions.
fn revisions(build: &Build, dockerfile: &Dockerfile, project: &Project) -> Option<String> {
    let [alembic] = &project.alembic[..] else { return None };
    let [folder] = &alembic.version_directories[..] else { return None };
    let inside = in_context(build, folder)?;
    let stages: Vec<&Stage> = dockerfile.lineage(build.target.as_deref()).collect();
    let copies = stages.iter().flat_map(|stage| stage.copies());
    let path = copies.filter_map(|copy| lies_at(copy, &inside)).next()?;
    Some(format!("{path}/x"))
}

/// A path of the project as the build sees it.
fn in_context(build: &Build, path: &str) -> Option<String> {
    let context = normal(&build.context.value);
    let outside = build.context.value.starts_with(['/', '$']) || build.context.value.contains("..");
    let path = normal(path);
    (!outside && is_below(&path, &context))
        .then(|| path.get(context.trim_end_matches('/').len() + 1..))?
        .map(str::to_owned)
}

/// Where a copy puts a path of the context, when it takes it.
fn lies_at(copy: &Copied, inside: &str) -> Option<String> {
    let takes = |source: &String| {
        let source = normal(source);
        let rest =
            is_below(&format!("/{inside}"), &source).then(|| inside.get(source.trim_end_matches('/').len()..))?;
        Some(normal(&format!("{}/{}", copy.destination, rest.unwrap_or_default())))
    };
    let plain = copy.from.is_none() && copy.destination.starts_with('/');
    copy.sources.iter().filter(|_| plain).find_map(takes)
}

/// Whether a copy may bring a path along.
fn brings(copy: &Copied, path: &str, build: &Build, project: &Project) -> bool {
    let Some(rest) = is_below(path, &normal(&copy.destination)).then(|| path.get(normal(&copy.destination).len()..))
    else {
        return false;
    };
    let rest = rest.unwrap_or_default().trim_start_matches('/');
    let name = path.rsplit('/').next().unwrap_or_default();
    if copy.from.is_some() || rest.is_empty() || ![".venv", "node_modules"].contains(&name) {
        return copy.from.is_some() || rest.is_empty();
    }
    let [own, common] = build.ignore_files();
    let file = project.sources.get(&own).or_else(|| project.sources.get(&common));
    let ignored = file.map(|file| Ignored::read(file.text())).unwrap_or_default();
    let folders = copy.sources.iter().filter(|source| is_folder(source));
    folders.into_iter().any(|source| {
        let inside = normal(&format!("/{source}/{rest}"));
        let inside = inside.trim_start_matches('/');
        let on_host = normal(&format!("/{}/{inside}", build.context.value));
        let there = name != ".venv" || project.virtual_environments.contains_key(on_host.trim_start_matches('/'));
        there && !ignored.leaves_out(inside)
    })
}
