//! Reads the project's Compose files into the model.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::facts::Environment;
use crate::project::files::Files;
use crate::project::{Format, Unreadable};
use crate::text::{Source, Spanned};

use super::load::{Reader, Scope};
use super::locate::Location;
use super::tree::{Data, Tree};
use super::{Compose, Named};

/// What the Compose files of a project say, and what of them could not be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ComposeRead {
    /// The model; `None` when there is no Compose file or none that could be read.
    pub compose: Option<Compose>,
    /// Compose files that are there, where none is read since nothing says which is meant.
    pub unchosen: Vec<String>,
    /// The files that were read: Compose files, `.env` and `env_file`s, sorted by path.
    pub sources: Vec<Source>,
    /// What could not be read, sorted.
    pub unreadable: Vec<Unreadable>,
}

/// Reads the project's Compose files. `environment` is that of devdoctor itself, which Compose would have too.
///
/// The files are those that `COMPOSE_FILE` names; else the usual names in the root; else, when exactly one folder directly
/// below has one of these names, those in that folder.
pub fn read(files: &dyn Files, environment: &Environment) -> ComposeRead {
    read_named(files, environment, &[])
}

/// Reads as [`read`] does; where the root has no usual name, the files are those that the project's own command lines name,
/// when they all name the same (`named` holds each set once).
pub fn read_named(files: &dyn Files, environment: &Environment, named: &[Vec<String>]) -> ComposeRead {
    let mut reader = reader(files, environment);
    let compose = reader.locate(&environment.0, named).and_then(|location| compose(&mut reader, location));
    let Reader { sources, mut unreadable, unchosen, .. } = reader;
    unreadable.sort();
    unreadable.dedup();
    ComposeRead { compose, unchosen, sources: sources.into_values().collect(), unreadable }
}

/// Reads the files that a command line means. `None` when they are the project's own, as `own` has them.
pub fn read_set(
    files: &dyn Files,
    environment: &Environment,
    named: &Named,
    own: Option<&Compose>,
) -> Option<ComposeRead> {
    let mut reader = reader(files, environment);
    let location = reader.locate_named(&environment.0, named);
    let is_own = |location: &Location| {
        own.is_some_and(|own| {
            own.chosen == location.files
                && own.directory == location.directory
                && named.env_files.is_empty()
                && named.project.as_ref().is_none_or(|name| *name == own.name)
        })
    };
    // Where nothing is found nothing speaks against the project's own.
    if location.as_ref().map_or(named.files.is_empty(), is_own) {
        return None;
    }
    let compose = location.and_then(|location| compose(&mut reader, location));
    let Reader { sources, unreadable, .. } = reader;
    Some(ComposeRead { compose, unchosen: vec![], sources: sources.into_values().collect(), unreadable })
}

fn reader<'run>(files: &'run dyn Files, environment: &Environment) -> Reader<'run> {
    Reader {
        files,
        root: files.root(),
        home: environment.0.get("HOME").cloned(),
        sources: BTreeMap::new(),
        unreadable: vec![],
        unset: vec![],
        merged: vec![],
        parsed: BTreeMap::new(),
        extends: vec![],
        unchosen: vec![],
    }
}

fn compose(reader: &mut Reader<'_>, location: Location) -> Option<Compose> {
    let name = reader.project_name(&location);
    let mut environment = location.environment.clone();
    environment.insert("COMPOSE_PROJECT_NAME".to_owned(), name.clone());
    let scope =
        Scope { environment: Rc::new(environment), directory: location.directory.as_str().into(), open: vec![] };
    let before = reader.unreadable.len();
    let loaded = reader.load(&location.files, &scope, None);
    // What was not looked at may change whatever the other files say: as whom a service runs, and what it mounts.
    if reader.unreadable.iter().any(decides_services) {
        return None;
    }
    let Some(tree) = loaded else {
        if let Some(source) = location.files.first().and_then(|path| reader.source(path).ok())
            && reader.unreadable.len() == before
        {
            reader.refuse(&source.span(0..0), "is an empty Compose file", "its services");
        }
        return None;
    };
    if let Some(Tree { data: Data::Text { typed: true, .. } | Data::Sequence(_) | Data::Mapping(_), span, .. }) =
        tree.get("name")
    {
        reader.refuse(span, "name must be a string", "the project's name on the engine");
    }
    let mut services = reader.services(&tree, &scope);
    for (name, file, base) in std::mem::take(&mut reader.extends) {
        // One of another file is no service of the project, whatever its name.
        let is_ours = services.get(&base).is_some_and(|base| *base.block.span.path == *file);
        if let Some(service) = services.get_mut(&name).filter(|service| is_ours && !service.extends.contains(&base)) {
            service.extends.push(base);
        }
    }
    let volumes = reader.volumes(&tree, &name);
    reader.references(&tree, &services, &volumes);
    let profiles = location.environment.get("COMPOSE_PROFILES").map_or("", String::as_str);
    let mut unset_variables = std::mem::take(&mut reader.unset);
    unset_variables.sort_by(|one: &Spanned<String>, two| (&one.span, &one.value).cmp(&(&two.span, &two.value)));
    unset_variables.dedup();
    let named_elsewhere = named_elsewhere(reader, &reader.merged);
    Some(Compose {
        name,
        named_elsewhere,
        files: std::mem::take(&mut reader.merged),
        chosen: location.files,
        directory: location.directory,
        services,
        volumes,
        active_profiles: profiles
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect(),
        unset_variables,
    })
}

/// Whether services may be other ones than those that are seen, since something was not looked at. The environment file of
/// a service decides nothing but its variables.
fn decides_services(entry: &Unreadable) -> bool {
    entry.is_late() && (entry.format == Format::Dotenv || entry.unseen != "its variables")
}

/// Other Compose files of the project, as far as their names tell.
pub(super) fn others<'files>(files: &'files dyn Files, merged: &[String]) -> impl Iterator<Item = &'files String> {
    files.list().iter().filter(|path| {
        let name = path.rsplit('/').next().unwrap_or(path);
        name.contains("compose") && (name.ends_with(".yml") || name.ends_with(".yaml")) && !merged.contains(path)
    })
}

/// What other Compose files name: every key of theirs, since they are not understood.
fn named_elsewhere(reader: &Reader<'_>, merged: &[String]) -> Vec<String> {
    let mut names = vec![];
    for path in others(reader.files, merged) {
        let Ok(source) = reader.files.read(path) else { continue };
        let keys = source.text().lines().filter_map(|line| line.trim().split_once(':').map(|(key, _)| key.to_owned()));
        names.extend(keys.filter(|key| !key.is_empty() && !key.contains(' ')));
    }
    names.sort();
    names.dedup();
    names
}
