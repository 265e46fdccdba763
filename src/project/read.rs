//! Reads all files of a project into one [`Project`]. Pure but for [`Files`]: the same files give the same project.

use std::collections::BTreeMap;

use super::files::Files;
use super::{Format, Project, Unreadable, alembic, commands, compose, dockerfile, urls, vector};
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
    ignore_files(files, &project, &mut sources);
    project.commands = commands::read(files, &mut sources, &mut unreadable);
    project.alembic = alembic::read(files, &mut sources, &mut unreadable);
    project.wants_vector = vector::read(files, &mut sources);
    let given = urls::Given { environment: environment.get_nonempty("DATABASE_URL"), option: database_url };
    project.urls = urls::read(files, &mut sources, &mut unreadable, project.compose.as_ref(), &project.alembic, given);
    project.sources = sources;
    project.unreadable = unreadable;
    project.unreadable.sort();
    project.unreadable.dedup();
    project.wants_vector.sort_by(|one, other| one.span.cmp(&other.span));
    project
}

/// What says which files of a build's folder are left out.
fn ignore_files(files: &dyn Files, project: &Project, sources: &mut BTreeMap<String, Source>) {
    for build in project.services().filter_map(|service| service.build.as_ref()) {
        for path in build.ignore_files() {
            if let (false, Ok(source)) = (sources.contains_key(&path), files.read(&path)) {
                sources.insert(path, source);
            }
        }
    }
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
