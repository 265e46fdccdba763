//! What Alembic environments lack: the key that says where one lies, its folder, or a file or folder in it.

mod unread;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Alembic, join, mentioned};
use crate::project::files::{Files, ReadError, source};
use crate::text::{Source, Span, Spanned, ini, toml};

const KEY: &str = "script_location";

/// What is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lack {
    /// The key `script_location`, or the section it belongs to.
    Key,
    /// Any configuration at all.
    Configuration,
    /// The folder that the key names.
    Folder,
    /// `env.py` in it.
    EnvPy,
    /// `script.py.mako` in it.
    Template,
    /// `versions` in it.
    Versions,
}

/// Something that an Alembic environment cannot be without.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incomplete {
    /// What is not there.
    pub lacks: Lack,
    /// The configuration, relative to the root; that of the environment's `env.py` when there is none.
    pub configuration: String,
    /// Where it says it, or should.
    pub span: Span,
    /// The path that is not there, relative to the root; for a key the section.
    pub path: String,
    /// Whether the value does not stand in the line of its key: Alembic takes the line end as a part of the path.
    #[serde(default)]
    pub over_lines: bool,
    /// The one folder of the project that holds an environment nobody names, as the configuration would name it; for a missing
    /// `versions` the one that holds revisions instead.
    pub only: Option<String>,
    /// For a missing `versions`: folders with revisions that nothing reads.
    #[serde(default)]
    pub unread: Vec<String>,
}

/// Whether there is nothing at a path, for certain.
fn is_absent(files: &dyn Files, path: &str) -> bool {
    !files.is_passed_over(path) && !files.exists(path) && matches!(files.bytes(path), Err(ReadError::NotFound))
}

/// Folders that hold an environment and that no configuration names.
fn unnamed(files: &dyn Files, environments: &[Alembic]) -> Vec<String> {
    let known = |folder: &str| {
        environments.iter().filter_map(|it| it.script_location.as_ref()).any(|location| location.value == folder)
    };
    let folders = files.list().iter().filter_map(|path| path.strip_suffix("/script.py.mako"));
    let is_environment = |folder: &&str| {
        files.bytes(&format!("{folder}/env.py")).is_ok_and(|bytes| {
            let text = String::from_utf8_lossy(&bytes);
            text.contains("alembic") && text.contains("run_migrations")
        })
    };
    let is_example = |folder: &&str| {
        folder
            .split('/')
            .any(|part| ["test", "fixture", "example", "template"].iter().any(|word| part.starts_with(word)))
    };
    let found = folders.filter(|folder| !known(folder) && !is_example(folder)).filter(is_environment);
    found.map(str::to_owned).collect()
}

/// Looks at every configuration.
pub fn read(files: &dyn Files, sources: &mut BTreeMap<String, Source>, environments: &[Alembic]) -> Vec<Incomplete> {
    let mut found = vec![];
    for environment in environments {
        let Some(location) = &environment.script_location else { continue };
        let Ok(configuration) = source(files, sources, &environment.configuration) else { continue };
        found.extend(lacking(files, environments, environment, location, &configuration));
    }
    let inis: Vec<&String> =
        files.list().iter().filter(|path| path.rsplit('/').next() == Some("alembic.ini")).collect();
    for path in &inis {
        found.extend(keyless(files, sources, environments, path));
    }
    if environments.is_empty() && inis.is_empty() {
        found.extend(unconfigured(files, sources));
    }
    found
}

/// What a configuration with the key lacks.
fn lacking(
    files: &dyn Files,
    environments: &[Alembic],
    environment: &Alembic,
    location: &Spanned<String>,
    configuration: &Source,
) -> Option<Incomplete> {
    let folder = &location.value;
    let lack = |lacks: Lack, path: &str| Incomplete {
        lacks,
        configuration: environment.configuration.clone(),
        span: location.span.clone(),
        path: path.to_owned(),
        over_lines: false,
        only: None,
        unread: vec![],
    };
    if !files.is_directory(folder) {
        let written = configuration.slice(&location.span);
        if !is_absent(files, folder) || may_lie_elsewhere(files, written) {
            return None;
        }
        if !stands_in_line(configuration, location) {
            let lines: Vec<&str> = folder.split_whitespace().collect();
            return Some(Incomplete { over_lines: true, ..lack(Lack::Folder, &lines.join(" ")) });
        }
        let here = written.strip_prefix("%(here)s/").map_or("", |_| "%(here)s/");
        let only = only(files, environments, &environment.configuration).map(|only| format!("{here}{only}"));
        return Some(Incomplete { only, ..lack(Lack::Folder, folder) });
    }
    let inside = |name: &str| format!("{folder}/{name}").trim_start_matches('/').to_owned();
    let (env_py, template, versions) = (inside("env.py"), inside("script.py.mako"), inside("versions"));
    if is_absent(files, &env_py) {
        return Some(lack(Lack::EnvPy, &env_py));
    }
    if is_absent(files, &template) {
        return Some(lack(Lack::Template, &template));
    }
    if names_versions(files, environment) || !is_absent(files, &versions) {
        return None;
    }
    let unread = unread::folders(files, environments, folder);
    let only = unread.first().filter(|_| unread.len() == 1);
    let only = only.and_then(|only| unread::written(configuration.slice(&location.span), folder, only));
    Some(Incomplete { unread, only, ..lack(Lack::Versions, &versions) })
}

/// Whether a value stands in the line of its key, and ends there.
fn stands_in_line(configuration: &Source, location: &Spanned<String>) -> bool {
    let before = configuration.text().get(..location.span.start).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or(before);
    line.contains(['=', ':']) && !configuration.slice(&location.span).contains('\n')
}

/// Whether a configuration beside this one names folders of revisions by itself; Alembic makes these.
fn names_versions(files: &dyn Files, environment: &Alembic) -> bool {
    let option = "version_locations";
    let folder = environment.configuration.rsplit_once('/').map_or("", |(folder, _)| folder);
    let beside = ["pyproject.toml", "alembic.ini"].into_iter().filter_map(|name| join(folder, name));
    let all = beside.chain([environment.configuration.clone()]).chain(environment.ini.clone());
    all.filter_map(|path| files.read(&path).ok()).any(|source| {
        if source.path().ends_with(".toml") {
            return toml::parse(source.text()).is_ok_and(|toml| toml.has(&["tool", "alembic", option]));
        }
        let Ok(ini) = ini::parse(source.text()) else { return false };
        ini.entry(&environment.section, option).is_some() || ini.entry("alembic", option).is_some()
    })
}

/// Whether a folder that is not there may be meant in a package from outside, be found from another directory, or be put there
/// by an image.
fn may_lie_elsewhere(files: &dyn Files, written: &str) -> bool {
    let (place, is_here) = match written.strip_prefix("%(here)s") {
        Some(rest) => (rest.trim_start_matches('/'), true),
        None => (written, false),
    };
    let place = place.trim_start_matches("./").trim_end_matches('/');
    if place.is_empty() || place.contains(['%', '$', '{', '<', '\\', ':']) || place.starts_with(['/', '~']) {
        return true;
    }
    let inner = format!("/{place}/");
    let is_there = |path: &String| !is_here && format!("/{path}").contains(&inner);
    let last = place.rsplit('/').next().unwrap_or(place);
    files.list().iter().any(is_there) || mentioned::in_images(files, last)
}

/// The only folder with an environment that nobody names, as a configuration would.
fn only(files: &dyn Files, environments: &[Alembic], configuration: &str) -> Option<String> {
    let found = unnamed(files, environments);
    let [one] = found.as_slice() else { return None };
    let folder = configuration.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
    one.strip_prefix(folder.as_str()).filter(|rest| !rest.contains([' ', '%', ':'])).map(str::to_owned)
}

/// An ini file whose section `[alembic]` has no key, or that has no such section.
fn keyless(
    files: &dyn Files,
    sources: &mut BTreeMap<String, Source>,
    environments: &[Alembic],
    path: &str,
) -> Option<Incomplete> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    // Flask-Migrate keeps the file beside `env.py`, and names the folder itself.
    let beside = join(folder, "env.py").is_some_and(|env_py| files.exists(&env_py));
    let file = source(files, sources, path).ok()?;
    let ini = ini::parse(file.text()).ok()?;
    let misnamed = ini.sections.iter().find(|(name, section)| {
        *name != "alembic" && name.trim().eq_ignore_ascii_case("alembic") && section.entries.contains_key(KEY)
    });
    if let Some((name, section)) = misnamed.filter(|_| !ini.sections.contains_key("alembic")) {
        let (span, configuration) = (file.span(section.header.clone()), file.path().to_owned());
        return Some(Incomplete {
            lacks: Lack::Key,
            configuration,
            span,
            path: name.clone(),
            over_lines: false,
            only: None,
            unread: vec![],
        });
    }
    // `alembic -n other` reads another section, and `pyproject.toml` may have the key.
    let named = environments.iter().any(|it| it.configuration == path || it.configuration.ends_with(".toml"));
    if beside || named {
        return None;
    }
    let section = ini.sections.get("alembic");
    if section.is_some() && ini.entry("alembic", KEY).is_some()
        || mentioned::in_python(files, &[KEY])
        || mentioned::runs_in_program(files)
    {
        return None;
    }
    let only = only(files, environments, path);
    if section.is_none() && only.is_none() {
        return None;
    }
    let header = section.or_else(|| ini.sections.values().min_by_key(|section| section.header.start));
    let span = file.span(header.map_or(0..0, |section| section.header.clone()));
    let only = only.filter(|_| section.is_some());
    let (lacks, path) = (Lack::Key, "alembic".to_owned());
    Some(Incomplete {
        lacks,
        configuration: file.path().to_owned(),
        span,
        path,
        over_lines: false,
        only,
        unread: vec![],
    })
}

/// An environment without any configuration.
fn unconfigured(files: &dyn Files, sources: &mut BTreeMap<String, Source>) -> Option<Incomplete> {
    let found = unnamed(files, &[]);
    let [folder] = found.as_slice() else { return None };
    let above: Vec<&str> = std::iter::successors(folder.rsplit_once('/'), |(above, _)| above.rsplit_once('/'))
        .map(|(above, _)| above)
        .chain([""])
        .collect();
    // One that git ignores, one for `-c`, or one that is still to be copied.
    let is_configuration = |path: &String| {
        let name = path.rsplit('/').next().unwrap_or(path);
        name.contains("alembic") && !path.starts_with(&format!("{folder}/")) && !name.ends_with(".py")
            || name.ends_with(".ini.example")
    };
    let ignored = above.iter().flat_map(|folder| files.present(folder, false)).any(|path| is_configuration(&path));
    // Flask-Migrate keeps its configuration beside `env.py`.
    let ends = [".ini", ".cfg", ".toml"];
    let beside = files.present(folder, false).iter().any(|path| ends.iter().any(|end| path.ends_with(end)));
    if ignored
        || beside
        || mentioned::runs_in_program(files)
        || !mentioned::configurations_given(files).is_empty()
        || files.list().iter().any(is_configuration)
        || mentioned::in_python(files, &[KEY])
        || mentioned::in_starters(files, &[KEY, "ALEMBIC_CONFIG"])
    {
        return None;
    }
    let env_py = source(files, sources, &format!("{folder}/env.py")).ok()?;
    Some(Incomplete {
        lacks: Lack::Configuration,
        configuration: env_py.path().to_owned(),
        span: env_py.span(0..0),
        path: folder.clone(),
        over_lines: false,
        only: None,
        unread: vec![],
    })
}
