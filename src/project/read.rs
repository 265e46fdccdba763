//! Reads all files of a project into one [`Project`]. Pure but for [`Files`]: the same files give the same project.

use std::collections::{BTreeMap, BTreeSet};

use super::files::{Files, ReadError, ReadOnce, source};
use super::{
    Format, Project, Unreadable, alembic, commands, compose, dev_servers, devcontainers, dockerfile, line_ends,
    other_sets, python, python_environment, starts, stores, urls, vector,
};
use crate::facts::Environment;
use crate::text::{Mapped, Source, yaml};

/// Reads a project. `environment` is that of devdoctor itself, which Compose's interpolation uses; `database_url` is a URL that
/// the person named on the command line.
pub fn project(files: &dyn Files, environment: &Environment, database_url: Option<&str>) -> Project {
    let files: &dyn Files = &ReadOnce::new(files);
    let mut sources: BTreeMap<String, Source> = BTreeMap::new();
    let mut unreadable: Vec<Unreadable> = vec![];
    // Compose's files come first: where there is no time to read all, they say most.
    let mut read = compose::read(files, environment);
    sources.extend(read.sources.drain(..).map(|source| (source.path().to_owned(), source)));
    let (commands, named) = commands::read(files, &mut sources, &mut unreadable);
    if !read.unchosen.is_empty() && !named.is_empty() {
        read = compose::read_named(files, environment, &named);
        sources.extend(read.sources.drain(..).map(|source| (source.path().to_owned(), source)));
    }
    unreadable.extend(read.unreadable);
    let (compose, compose_unchosen) = (read.compose, read.unchosen);
    let root = files.root().to_owned();
    let mut project = Project { root, compose, compose_unchosen, commands, ..Project::default() };
    project.dockerfiles = dockerfiles(files, &project, &mut sources, &mut unreadable);
    other_sets::read_sets(files, environment, &mut project, &mut sources);
    ignore_files(files, &project, &mut sources);
    project.builds = builds(&project, &sources);
    project.builds.extend(inline_builds(&project, &sources, &mut unreadable));
    project.alembic = alembic::read(files, &mut sources, &mut unreadable);
    alembic::revisions::read(files, &mut sources, &mut unreadable, &mut project.alembic, project.compose.as_ref());
    project.alembic_incomplete = alembic::incomplete::read(files, &mut sources, &project.alembic);
    project.alembic_on_host = alembic::on_host::read(files, &mut sources);
    project.python = python::read(files, &mut sources, &project.alembic);
    if let Some(compose) = project.compose.as_mut().filter(|_| project.python.requires_variables()) {
        compose::elsewhere::tell(files, environment, &named, compose);
    }
    alembic::revisions::models::read(files, &mut sources, &mut project.alembic, &project.python);
    // An `env.py` that is broken is named as such.
    let is_named = |entry: &&Unreadable| unreadable.iter().any(|known| known.path == entry.path);
    let unread: Vec<Unreadable> = project.python.unread.iter().filter(|entry| !is_named(entry)).cloned().collect();
    unreadable.extend(unread);
    if environment.get_nonempty("PYTHONPATH").is_some() {
        // The person leads Python to the project in another way.
        project.python.environments.iter_mut().for_each(|environment| environment.unfound = None);
    }
    project.wants_vector = vector::read(files, &mut sources);
    let given = urls::Given { environment: environment.get_nonempty("DATABASE_URL"), option: database_url };
    project.urls = urls::read(files, &mut sources, &mut unreadable, project.compose.as_ref(), &project.alembic, given);
    starting_scripts(files, &project, &mut sources);
    dev_servers::keep(files, &project, &mut sources);
    project.line_ends = line_ends::read(files, &project, &mut sources);
    if !project.line_ends.is_empty() {
        // Where git is told about line ends.
        let _ = source(files, &mut sources, ".gitattributes");
    }
    project.markers = markers(files, &mut sources);
    project.virtual_environments = python_environment::read(files);
    project.poetry = super::poetry::read(files);
    project.stores = stores::read(files);
    project.devcontainers = devcontainers::read(files, &mut sources);
    project.sources = sources;
    no_files(files, &project, &mut unreadable);
    project.unreadable = told_once(unreadable);
    project.wants_vector.sort_by(|one, other| one.span.cmp(&other.span));
    project
}

/// What says which files of a build's folder are left out.
fn ignore_files(files: &dyn Files, project: &Project, sources: &mut BTreeMap<String, Source>) {
    for build in project.services().filter_map(|service| service.build.as_ref()) {
        for path in build.ignore_files() {
            // One that cannot be read leaves nothing out.
            _ = super::files::source(files, sources, &path);
        }
    }
}

/// Reads the scripts that the project's images and services start with, that command lines run in them, and that these run in
/// turn: they may leave root by themselves, and run what a check knows.
fn starting_scripts(files: &dyn Files, project: &Project, sources: &mut BTreeMap<String, Source>) {
    let dockerfiles = project.dockerfiles.iter().filter_map(|(path, read)| Some((read, sources.get(path)?.clone())));
    let dockerfiles: Vec<_> = dockerfiles.collect();
    let of_images = dockerfiles.iter().flat_map(|(read, source)| starts::starting_files(read, source));
    let written = project.services().flat_map(|service| [&service.entrypoint, &service.command]).flatten();
    let called = project.commands.iter().flat_map(|line| &line.call.command).map(|word| &word.value);
    let texts = written.flat_map(|words| &words.value).chain(called);
    let names = of_images.chain(texts.flat_map(|text| starts::script_names(text)));
    let mut names: BTreeSet<String> = names.map(str::to_owned).collect();
    let (mut looked_for, mut left) = (BTreeSet::new(), MOST_STARTING_SCRIPTS);
    while !names.is_empty() {
        let is_named = |path: &&String| path.rsplit('/').next().is_some_and(|name| names.contains(name));
        let mut inner = BTreeSet::new();
        for path in files.list().iter().filter(is_named) {
            // One that cannot be read tells nothing, and is copied into the image all the same.
            let script = sources.contains_key(path).then(|| sources.get(path).cloned()).flatten();
            let script = script.or_else(|| {
                left = usize::checked_sub(left, 1)?;
                super::files::source(files, sources, path).ok()
            });
            let script = script.filter(|script| script.text().starts_with("#!") || path.ends_with("sh"));
            inner.extend(script.iter().flat_map(|script| starts::script_names(script.text())).map(str::to_owned));
        }
        looked_for.append(&mut names);
        names = inner.difference(&looked_for).cloned().collect();
    }
}

/// So many scripts with the name of one that an image starts with are read.
const MOST_STARTING_SCRIPTS: usize = 40;

/// Files of the root that every tool looks for, and what is unknown without them.
const WELL_KNOWN: [(&str, Format, &str); 11] = [
    ("compose.yaml", Format::Compose, "its services, mounts, ports and variables"),
    ("compose.yml", Format::Compose, "its services, mounts, ports and variables"),
    ("docker-compose.yml", Format::Compose, "its services, mounts, ports and variables"),
    ("docker-compose.yaml", Format::Compose, "its services, mounts, ports and variables"),
    ("compose.override.yaml", Format::Compose, "what it changes"),
    (".env", Format::Dotenv, "its variables"),
    ("Makefile", Format::Make, "commands that run in containers"),
    ("alembic.ini", Format::Ini, "the migrations and their database URL"),
    ("pyproject.toml", Format::Toml, "the project's dependencies and Alembic settings"),
    ("package.json", Format::Json, "commands that run in containers"),
    ("Dockerfile", Format::Dockerfile, "the user and the environment of the image"),
];

/// Names what has a well-known name and is no file at all: a listing shows neither a socket nor a link that leads nowhere.
fn no_files(files: &dyn Files, project: &Project, unreadable: &mut Vec<Unreadable>) {
    for (path, format, unseen) in WELL_KNOWN {
        // Where another Compose file is read, Compose itself passes over this one.
        let settled = format == Format::Compose && project.compose.is_some();
        // A folder `.env` is an environment of Python's, which Compose passes over.
        let environment = format == Format::Dotenv && files.is_directory(path);
        let is_file = || files.is_file(path) && !files.is_passed_over(path);
        if settled || environment || is_file() || unreadable.iter().any(|entry| entry.path == path) {
            continue;
        }
        if let Err(error @ (ReadError::NotAFile | ReadError::Refused(_))) = files.read(path) {
            let (path, unseen) = (path.to_owned(), unseen.to_owned());
            unreadable.push(Unreadable { path, format, span: None, message: error.to_string(), unseen });
        }
    }
}

/// Each trouble once: a file that cannot be read is named by the line that wants it, when one does.
fn told_once(mut unreadable: Vec<Unreadable>) -> Vec<Unreadable> {
    let told: Vec<String> =
        unreadable.iter().filter(|entry| entry.span.is_some()).map(|entry| entry.message.clone()).collect();
    unreadable.retain(|entry| entry.span.is_some() || !told.contains(&format!("`{}` {}", entry.path, entry.message)));
    unreadable.sort();
    unreadable.dedup();
    unreadable
}

/// Files that show which tools are used. None of those whose text is kept holds logins, as `.npmrc` may.
fn markers(files: &dyn Files, sources: &mut BTreeMap<String, Source>) -> Vec<String> {
    const NAMES: [&str; 9] = [
        ".npmrc",
        ".yarnrc.yml",
        "package-lock.json",
        "pnpm-lock.yaml",
        "poetry.lock",
        "poetry.toml",
        "requirements.txt",
        "uv.lock",
        "yarn.lock",
    ];
    const SETTINGS: [&str; 9] = [
        ".gitignore",
        ".mypy.ini",
        ".pytest.ini",
        ".ruff.toml",
        "mypy.ini",
        "pytest.ini",
        "ruff.toml",
        "setup.cfg",
        "tox.ini",
    ];
    for path in files.list().iter().filter(|path| SETTINGS.contains(&path.as_str()) || *path == "pyproject.toml") {
        // What cannot be read has no say; who parses it says so.
        let _unread = source(files, sources, path);
    }
    let is_marker = |path: &&String| path.rsplit('/').next().is_some_and(|name| NAMES.contains(&name));
    files.list().iter().filter(is_marker).cloned().collect()
}

/// The Dockerfiles that services are built from.
pub(super) fn dockerfiles(
    files: &dyn Files,
    project: &Project,
    sources: &mut BTreeMap<String, Source>,
    unreadable: &mut Vec<Unreadable>,
) -> BTreeMap<String, dockerfile::Dockerfile> {
    let mut found = BTreeMap::new();
    let builds = project.services().filter_map(|service| service.build.as_ref());
    let paths = builds.filter(|build| build.inline.is_none()).map(|build| build.dockerfile.clone());
    for path in paths {
        if found.contains_key(&path) {
            continue;
        }
        let note = |span, message| Unreadable {
            path: path.clone(),
            format: Format::Dockerfile,
            span,
            message,
            unseen: "the user and the environment of the image".to_owned(),
        };
        let source = match files.read(&path) {
            Ok(source) => source,
            // A Dockerfile that is missing is told by the build itself, at once and clearly.
            Err(ReadError::NotFound) => continue,
            Err(error) => {
                unreadable.push(note(None, error.to_string()));
                continue;
            }
        };
        match dockerfile::read(&source) {
            Ok(dockerfile) => {
                found.insert(path.clone(), dockerfile);
            }
            Err(error) => unreadable.push(note(Some(source.span(error.offset..error.offset)), error.message)),
        }
        sources.insert(path, source);
    }
    found
}

/// What the services that give build arguments are built from. A build argument is part of what decides the user.
pub(super) fn builds(
    project: &Project,
    sources: &BTreeMap<String, Source>,
) -> BTreeMap<String, dockerfile::Dockerfile> {
    let built = |service: &compose::Service| {
        let build = service.build.as_ref().filter(|build| !build.arguments.is_empty())?;
        let dockerfile = dockerfile::read_with(sources.get(&build.dockerfile)?, &build.arguments).ok()?;
        Some((service.name.value.clone(), dockerfile))
    };
    project.services().filter_map(built).collect()
}

/// What the services are built from whose Dockerfile stands in the Compose file, each value with its place there.
pub(super) fn inline_builds(
    project: &Project,
    sources: &BTreeMap<String, Source>,
    unreadable: &mut Vec<Unreadable>,
) -> BTreeMap<String, dockerfile::Dockerfile> {
    let mut found = BTreeMap::new();
    for service in project.services() {
        let Some(build) = &service.build else { continue };
        let Some(inline) = &build.inline else { continue };
        let text = sources.get(inline.span.path.as_ref()).and_then(|source| yaml::mapped_at(source, &inline.span));
        // Where variables were put in, or the text is not found again, all of it has one place.
        let text = text.filter(|text| text.text() == inline.value).unwrap_or_else(|| {
            let mut whole = Mapped::default();
            whole.push_decoded(&inline.value, inline.span.clone());
            whole
        });
        match dockerfile::read_mapped(&text, &build.arguments) {
            Ok(dockerfile) => drop(found.insert(service.name.value.clone(), dockerfile)),
            Err(error) => {
                let span = text.place(error.offset..error.offset).unwrap_or_else(|| inline.span.clone());
                unreadable.push(Unreadable {
                    path: span.path.to_string(),
                    format: Format::Dockerfile,
                    message: format!("the Dockerfile of `{}`: {}", service.name.value, error.message),
                    unseen: "the user and the environment of the image".to_owned(),
                    span: Some(span),
                });
            }
        }
    }
    found
}
