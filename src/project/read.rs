//! Reads all files of a project into one [`Project`]. Pure but for [`Files`]: the same files give the same project.

use std::collections::BTreeMap;

use super::files::{Files, source};
use super::{
    Format, Project, Unreadable, alembic, commands, compose, dockerfile, python_environment, stores, urls, vector,
};
use crate::facts::Environment;
use crate::text::Source;

/// Reads a project. `environment` is that of devdoctor itself, which Compose's interpolation uses; `database_url` is a URL that
/// the person named on the command line.
pub fn project(files: &dyn Files, environment: &Environment, database_url: Option<&str>) -> Project {
    let mut sources: BTreeMap<String, Source> = BTreeMap::new();
    let mut unreadable: Vec<Unreadable> = vec![];
    let read = compose::read(files, environment);
    for source in read.sources {
        sources.insert(source.path().to_owned(), source);
    }
    unreadable.extend(read.unreadable);
    let mut project = Project { root: files.root().to_owned(), compose: read.compose, ..Project::default() };
    project.dockerfiles = dockerfiles(files, &project, &mut sources, &mut unreadable);
    project.commands = commands::read(files, &mut sources, &mut unreadable);
    project.alembic = alembic::read(files, &mut sources, &mut unreadable);
    project.wants_vector = vector::read(files, &mut sources);
    let given = urls::Given { environment: environment.get_nonempty("DATABASE_URL"), option: database_url };
    project.urls = urls::read(files, &mut sources, &mut unreadable, project.compose.as_ref(), &project.alembic, given);
    project.markers = markers(files, &mut sources);
    project.virtual_environments = python_environment::read(files);
    project.stores = stores::read(files);
    project.sources = sources;
    project.unreadable = unreadable;
    project.unreadable.sort();
    project.unreadable.dedup();
    project.wants_vector.sort_by(|one, other| one.span.cmp(&other.span));
    project
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
fn dockerfiles(
    files: &dyn Files,
    project: &Project,
    sources: &mut BTreeMap<String, Source>,
    unreadable: &mut Vec<Unreadable>,
) -> BTreeMap<String, dockerfile::Dockerfile> {
    let mut found = BTreeMap::new();
    let paths = project.services().filter_map(|service| Some(service.build.as_ref()?.dockerfile.clone()));
    for path in paths {
        if found.contains_key(&path) {
            continue;
        }
        // A Dockerfile that is missing is told by the build itself, at once and clearly.
        let Ok(source) = files.read(&path) else { continue };
        match dockerfile::read(&source) {
            Ok(dockerfile) => {
                found.insert(path.clone(), dockerfile);
            }
            Err(error) => unreadable.push(Unreadable {
                path: path.clone(),
                format: Format::Dockerfile,
                span: Some(source.span(error.offset..error.offset)),
                message: error.message,
                unseen: "the user and the environment of the image".to_owned(),
            }),
        }
        sources.insert(path, source);
    }
    found
}
