//! Modules of the project that `env.py` imports and that the command `alembic` does not find: it does not look into the
//! folder it is run in, as `python -m alembic` does.

use serde::{Deserialize, Serialize};

use super::environments::Environment;
use super::modules::{File, Modules};
use crate::project::alembic::{Alembic, mentioned};
use crate::project::files::{Files, inside, source};
use crate::project::python_environment;
use crate::project::requirements::is_list;
use crate::project::urls::asks_for;
use crate::text::python::imports::is_of_python;
use crate::text::{Source, Span, Spanned, ini, toml};

const KEY: &str = "prepend_sys_path";

/// Packages whose name a folder of migrations often has.
const OF_OTHERS: [&str; 5] = ["alembic", "sqlalchemy", "sqlmodel", "pydantic", "dotenv"];

/// What shows that the project comes into Python's path in another way.
const OTHER_WAYS: [&str; 3] = ["site-packages", "editable = true", "setup.py develop"];

/// What the project imports without being able to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfound {
    /// The modules, each with its import.
    pub modules: Vec<Spanned<String>>,
    /// The folder that they lie in, relative to the root.
    pub folder: String,
    /// What `prepend_sys_path` has to name, seen from the folder that alembic is run in.
    pub written: String,
    /// Whether it names other folders.
    pub leads_elsewhere: bool,
    /// What the configuration says when it is cured, in a line.
    pub line: String,
    /// The bytes to replace so that it says so, and by what; `None` where that is not simple.
    pub cure: Option<Spanned<String>>,
    /// Whether all recipes run `python -m alembic`, or a program of the project runs Alembic itself.
    pub only_by_command: bool,
}

/// Looks for them in every environment.
pub(super) fn judge(
    modules: &mut Modules<'_>,
    files: &dyn Files,
    environments: &mut [Environment],
    alembic: &[Alembic],
) {
    for environment in environments {
        let mut of = alembic.iter().filter(|it| it.env_py.as_ref() == Some(&environment.env_py));
        // Of two sections or files that share the script, one may find what the other does not.
        let (Some(configured), None) = (of.next(), of.next()) else { continue };
        let Some(env) = modules.file(&environment.env_py) else { continue };
        environment.unfound = unfound(modules, files, &env, configured);
    }
}

/// A folder as seen from another one.
fn seen_from(base: &str, folder: &str) -> String {
    let parts = |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (base, folder) = (parts(base), parts(folder));
    let shared = base.iter().zip(&folder).take_while(|(one, other)| one == other).count();
    let up = std::iter::repeat_n("..", base.len() - shared);
    let down = folder.iter().skip(shared).map(String::as_str);
    let written: Vec<&str> = up.chain(down).collect();
    if written.is_empty() { ".".to_owned() } else { written.join("/") }
}

/// What makes a folder a part of the path.
type Cure = Box<dyn Fn(&Source, &str) -> Option<Change>>;

/// The bytes to replace, by what, and the line that comes of it.
type Change = (Span, String, String);

/// What a configuration says of the path.
struct Prepended {
    source: Source,
    /// The values, or `None` where they cannot be told.
    folders: Option<Vec<String>>,
    cure: Cure,
}

/// Whether a key behind this text stands in the table `[tool.alembic]` by a header of its own, and at the start of its line.
fn is_under_header(before: &str) -> bool {
    let plain = |line: &str| line.split('#').next().unwrap_or(line).replace([' ', '\t', '\r', '"', '\''], "");
    let (above, line) = before.rsplit_once('\n').unwrap_or(("", before));
    let header = above.lines().rev().map(plain).find(|line| line.starts_with('['));
    header.as_deref() == Some("[tool.alembic]") && plain(line) == "script_location="
}

fn prepended(files: &dyn Files, alembic: &Alembic) -> Option<Prepended> {
    let folder = alembic.configuration.rsplit_once('/').map_or("", |(folder, _)| folder);
    let location = alembic.script_location.as_ref()?.span.clone();
    let location_start = location.start;
    let source = files.read(&alembic.configuration).ok()?;
    let of_toml = inside(folder, "pyproject.toml").and_then(|path| files.read(&path).ok());
    let toml = of_toml.as_ref().and_then(|source| toml::parse(source.text()).ok());
    let path = ["tool", "alembic", KEY];
    let written = toml.as_ref().map(|toml| {
        let texts = toml.texts(&path).into_iter().chain(toml.text(&path));
        texts.map(|text| text.value).collect::<Vec<String>>()
    });
    let in_toml = toml.is_some_and(|toml| toml.has(&path));
    let line_behind = move |source: &Source, line: &str| {
        let (before, rest) = (source.text().get(..location.start)?, source.text().get(location.end..)?);
        let before = before.rsplit('\n').next().unwrap_or(before);
        let in_line = before.contains(['=', ':']) && !before.contains("\"\"\"") && !before.contains("'''");
        let at = location.end + rest.find('\n')? + 1;
        let is_plain = in_line && !source.slice(&location).contains('\n');
        is_plain.then(|| (source.span(at..at), format!("{line}{}", source.line_end()), line.to_owned()))
    };
    if alembic.configuration.ends_with(".toml") {
        let under_header = is_under_header(source.text().get(..location_start).unwrap_or_default());
        let cure = move |source: &Source, folder: &str| {
            (!in_toml && under_header).then(|| line_behind(source, &format!("{KEY} = [\"{folder}\"]")))?
        };
        return Some(Prepended { source, folders: written, cure: Box::new(cure) });
    }
    let parsed = ini::parse(source.text()).ok()?;
    let value = |option: &str| parsed.get(&alembic.section, option, &[("here", ".")])?.ok();
    let entry = parsed.entry(&alembic.section, KEY).cloned();
    let separator = match value("path_separator").or_else(|| value("version_path_separator")).as_deref() {
        None | Some("space") => " ",
        Some("os" | ":") => ":",
        Some(_) => "",
    };
    let text = value(KEY).unwrap_or_default();
    let own = text.split([' ', ',', ':', ';', '\n']).filter(|it| !it.is_empty()).map(str::to_owned);
    let folders = if entry.is_some() { Some(own.collect()) } else { Some(written.unwrap_or_default()) };
    let (span, key) = match &entry {
        Some(entry) => (Some(source.span(entry.range.clone())), Some(source.span(entry.key_range.clone()))),
        None => (None, None),
    };
    let cure = move |source: &Source, folder: &str| match (&span, &key) {
        (None, _) => line_behind(source, &format!("{KEY} = {folder}")),
        (Some(span), Some(key)) if source.slice(span).trim().is_empty() => {
            let rest = source.text().get(key.end..)?;
            let at = key.end + rest.find(['=', ':'])? + 1;
            Some((source.span(at..at), format!(" {folder}"), format!("{KEY} = {folder}")))
        }
        (Some(span), _) => (!separator.is_empty() && !source.slice(span).contains('\n')).then(|| {
            let added = format!("{separator}{folder}");
            let line = format!("{KEY} = {}{added}", source.slice(span));
            (source.span(span.end..span.end), added, line)
        }),
    };
    Some(Prepended { source, folders, cure: Box::new(cure) })
}

/// Whether `env.py` changes where imports look, or its folder. In what cannot be read to its end anything may.
fn changes_paths(env: &File) -> bool {
    let module = &env.module;
    let imports = env.structure.imports.iter();
    let mut sys: Vec<String> = vec!["sys".to_owned()];
    for import in imports.filter(|import| !import.is_from) {
        sys.extend(import.names.iter().filter(|it| it.name == "sys").filter_map(|it| it.rename.clone()));
    }
    let is_path = |name: &str| {
        let rest = sys.iter().find_map(|sys| name.strip_prefix(sys.as_str())?.strip_prefix(".path"));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    !module.errors.is_empty()
        || module.names.iter().any(|(name, _)| is_path(name))
        || module.assignments.iter().any(|assignment| is_path(&assignment.target))
        || module.calls.iter().any(|call| is_path(&call.callee) || ["addsitedir", "chdir"].contains(&call.function()))
        || module.imports.iter().any(|import| import.module == "sys" && !import.names.is_empty())
}

fn unfound(modules: &mut Modules<'_>, files: &dyn Files, env: &File, alembic: &Alembic) -> Option<Unfound> {
    if changes_paths(env) {
        return None;
    }
    let configuration = alembic.configuration.rsplit_once('/').map_or("", |(folder, _)| folder);
    let prepended = prepended(files, alembic)?;
    let mut found: Vec<String> = vec![];
    for written in prepended.folders.as_ref()? {
        let here = written.replace("%(here)s", ".").replace("%%", "%");
        let at: Vec<String> = ["", configuration].iter().filter_map(|base| inside(base, &here)).collect();
        if at.is_empty() || here.contains(['$', '~', '%']) {
            return None;
        }
        found.extend(at);
    }
    let mut unfound: Vec<(Spanned<String>, String)> = vec![];
    for import in env.structure.imports.iter().filter(|import| import.place.is_top() && !import.from.starts_with('.')) {
        for imported in &import.names {
            let (name, range) =
                if import.is_from { (&import.from, &import.range) } else { (&imported.name, &imported.range) };
            let first = name.split('.').next().unwrap_or_default();
            if is_of_python(first) || OF_OTHERS.contains(&first) {
                continue;
            }
            let Some(lead) = modules.resolve(&env.path, name) else { continue };
            let is_known = unfound.iter().any(|(known, _)| known.value == *name);
            if lead.parts < name.split('.').count() || found.contains(&lead.root) || is_known {
                continue;
            }
            unfound.push((Spanned::new(name.clone(), env.source.span(range.clone())), lead.root));
        }
    }
    let folder = unfound.first()?.1.clone();
    let first = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
    let names: Vec<String> = unfound.iter().map(|(name, _)| first(&name.value)).collect();
    // Of a folder beside it nobody knows how it is brought together with this one.
    let is_near = |one: &str, other: &str| one.is_empty() || one == other || other.starts_with(&format!("{one}/"));
    let is_moved = !found.is_empty() && !folder.is_empty() && mentioned::is_moved(files, &folder);
    if unfound.iter().any(|(_, other)| *other != folder)
        || !(is_near(&folder, configuration) || is_near(configuration, &folder))
        || is_moved
        || comes_otherwise(files, &folder)
        || is_installed(files, &names)
        || names.iter().any(|name| asks_for(files, name))
    {
        return None;
    }
    let location = alembic.script_location.as_ref()?;
    let written = prepended.source.slice(&location.span);
    let from_top = !written.contains("%(here)s")
        && inside(configuration, written).as_ref() != Some(&location.value)
        && inside("", written).as_ref() == Some(&location.value);
    let written = seen_from(if from_top { "" } else { configuration }, &folder);
    let written = if written.starts_with("..") { format!("%(here)s/{written}") } else { written };
    let is_plain = !written.contains([' ', ',', ':', ';', '"', '\\']) && !written.replace("%(here)s", "").contains('%');
    let cure = (prepended.cure)(&prepended.source, &written).filter(|_| is_plain);
    let runs = mentioned::runs(files);
    let line = cure.as_ref().map_or_else(|| format!("{KEY} = {written}"), |(_, _, line)| line.clone());
    Some(Unfound {
        modules: unfound.into_iter().map(|(name, _)| name).collect(),
        folder,
        written,
        leads_elsewhere: prepended.folders.is_some_and(|folders| !folders.is_empty()),
        line,
        cure: cure.map(|(span, text, _)| Spanned::new(text, span)),
        only_by_command: runs.as_module && !runs.by_command || mentioned::runs_in_program(files),
    })
}

/// Whether something may bring a folder into Python's path: the project is a package that is installed, or a recipe does.
fn comes_otherwise(files: &dyn Files, folder: &str) -> bool {
    let above = std::iter::successors(Some(folder), |folder| folder.rsplit_once('/').map(|(above, _)| above));
    let above: Vec<&str> = above.chain([""]).collect();
    let at = |folder: &str, name: &str| inside(folder, name).unwrap_or_default();
    let is_package = |folder: &&str| {
        if files.exists(&at(folder, "setup.py")) || files.exists(&at(folder, "setup.cfg")) {
            return true;
        }
        let path = at(folder, "pyproject.toml");
        let Ok(source) = files.read(&path) else { return files.exists(&path) };
        let Ok(toml) = toml::parse(source.text()) else { return true };
        if toml.has(&["tool", "uv", "package"]) {
            return toml.flag(&["tool", "uv", "package"]);
        }
        let mode = ["tool", "poetry", "package-mode"];
        let poetry = toml.has(&["tool", "poetry"]) && (!toml.has(&mode) || toml.flag(&mode));
        let others = ["flit", "pixi", "hatch", "setuptools", "pdm", "rye"];
        toml.has(&["build-system"]) || poetry || others.iter().any(|tool| toml.has(&["tool", tool]))
    };
    let lists = |path: &&String| {
        let name = path.rsplit('/').next().unwrap_or(path);
        is_list(path) || name.contains("requirements") && name.ends_with(".txt") || name == "Pipfile"
    };
    let installs_itself = |path: &String| {
        files.bytes(path).map_or(true, |bytes| {
            let text = String::from_utf8_lossy(&bytes);
            text.lines().any(|line| {
                let line = line.trim();
                line.starts_with("-e")
                    || line.starts_with("--editable")
                    || line.starts_with('.')
                    || line.contains("editable")
            })
        })
    };
    above.iter().any(is_package)
        || files.list().iter().filter(lists).any(installs_itself)
        || mentioned::in_starters(files, &OTHER_WAYS)
        || mentioned::anywhere(files, &["PYTHONPATH", "ALEMBIC_CONFIG"])
        || mentioned::installs_folder(files)
        // Run with a file from elsewhere, alembic may run in any folder.
        || mentioned::configurations_given(files).iter().any(|path| path.trim_start_matches("./").contains(['/', '\\', '$']))
}

/// Whether an environment of the project has a module of one of these names, or leads to folders outside of it.
fn is_installed(files: &dyn Files, names: &[String]) -> bool {
    let leads_out = |path: &String| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_path = |line: &str| {
            let line = line.trim();
            !line.is_empty() && !line.starts_with('#') && !line.starts_with("import ") && !line.starts_with("import\t")
        };
        name.starts_with("__editable__")
            || name.ends_with(".pth")
                && files.bytes(path).map_or(true, |bytes| String::from_utf8_lossy(&bytes).lines().any(is_path))
    };
    python_environment::read(files).iter().any(|(path, environment)| {
        let Some(packages) = environment.packages(path) else { return true };
        let has = |name: &String| {
            files.exists(&format!("{packages}/{name}")) || files.exists(&format!("{packages}/{name}.py"))
        };
        names.iter().any(has) || files.present(&packages, false).iter().any(leads_out)
    })
}

/// Keeps the text of the configuration that is to be changed.
pub(super) fn keep(
    files: &dyn Files,
    environments: &[Environment],
    sources: &mut std::collections::BTreeMap<String, Source>,
) {
    for cure in environments.iter().filter_map(|it| it.unfound.as_ref()?.cure.as_ref()) {
        // It was read before.
        _ = source(files, sources, &cure.span.path);
    }
}
