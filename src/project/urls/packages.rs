//! The Python packages that a project asks for, from every file that can say so: what else brings dialects to SQLAlchemy?

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::project::alembic::join;
use crate::project::files::{Files, source};
use crate::project::requirements::is_list;
use crate::text::{Source, Span, ini, toml};

/// What a project depends on.
#[derive(Debug, Default)]
pub(super) struct Packages {
    /// The names, in lower case, with `-` between their words.
    names: BTreeSet<String>,
    /// Whether these are all: a file was read, and none of them hands on to something that is not here.
    complete: bool,
    /// Files were read.
    any: bool,
    /// The first place that asks for what reads URLs as SQLAlchemy does.
    pub sqlalchemy: Option<Span>,
    /// SQLAlchemy is held below 1.4, which still knows `postgres`.
    pub knows_postgres: bool,
    /// The project registers dialects of its own.
    pub registers: bool,
}

/// Packages that read URLs as SQLAlchemy does.
const READERS: [&str; 5] = ["sqlalchemy", "sqlmodel", "alembic", "flask-sqlalchemy", "sqlalchemy2-stubs"];

/// Packages with SQLAlchemy in their name that bring no dialect of Postgres.
const NO_DIALECTS: [&str; 20] = [
    "sqlalchemy",
    "flask-sqlalchemy",
    "flask-sqlalchemy-lite",
    "graphene-sqlalchemy",
    "marshmallow-sqlalchemy",
    "opentelemetry-instrumentation-sqlalchemy",
    "pytest-flask-sqlalchemy",
    "pytest-sqlalchemy",
    "sqlalchemy-bigquery",
    "sqlalchemy-continuum",
    "sqlalchemy-file",
    "sqlalchemy-i18n",
    "sqlalchemy-json",
    "sqlalchemy-mixins",
    "sqlalchemy-searchable",
    "sqlalchemy-stubs",
    "sqlalchemy-utils",
    "sqlalchemy2-stubs",
    "types-sqlalchemy",
    "zope-sqlalchemy",
];

/// Drivers of Postgres that SQLAlchemy 1.4 had and 2.0 has not.
const FORMER_DRIVERS: [&str; 2] = ["pygresql", "pypostgresql"];

impl Packages {
    /// Whether the project asks for a package.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether the project asks for a package whose name starts so.
    pub fn has_any(&self, start: &str) -> bool {
        self.names.iter().any(|name| name.starts_with(start))
    }

    /// Whether something may bring a driver: a package of its name, one that is known for dialects, one that cannot be seen.
    pub fn may_bring(&self, driver: &str) -> bool {
        let plain = |name: &str| name.replace(['-', '_', '.'], "");
        let driver = plain(driver);
        let of_its_name = |name: &String| plain(name).contains(&driver);
        let of_dialects = |name: &String| name.contains("sqlalchemy") && !NO_DIALECTS.contains(&name.as_str());
        !self.any
            || !self.complete
            || self.registers
            || FORMER_DRIVERS.contains(&driver.as_str())
            || self.names.iter().any(|name| of_its_name(name) || of_dialects(name))
    }

    /// Takes the requirements of a file.
    fn take(&mut self, file: &Source, requirements: impl IntoIterator<Item = (String, Range<usize>)>) {
        self.any = true;
        for (text, range) in requirements {
            self.requirement(&text, || file.span(range));
        }
    }

    fn requirement(&mut self, text: &str, place: impl FnOnce() -> Span) {
        let text = text.trim();
        let egg = text.split_once("#egg=").map(|(_, name)| name);
        let is_name = |character: char| character.is_ascii_alphanumeric() || "-_.".contains(character);
        let named = egg.unwrap_or(text);
        let name = &named[..named.find(|character| !is_name(character)).unwrap_or(named.len())];
        let behind = named[name.len()..].trim_start();
        // An archive, a repository or a folder: what it is called is not said.
        if egg.is_none() && (behind.starts_with(['/', ':', '+']) || text.starts_with(['.', '/'])) || name.is_empty() {
            self.complete = self.complete && matches!(text.split('[').next(), Some("" | "."));
            return;
        }
        let name = name.to_lowercase().replace(['_', '.'], "-");
        if name == "sqlalchemy" {
            let old = |version: &str| ["0.", "1.0", "1.1", "1.2", "1.3"].iter().any(|start| version.starts_with(start));
            self.knows_postgres |= behind.split([',', ';']).map(str::trim).any(|bound| {
                let version = bound.trim_start_matches(['=', '<', '~', ' ']);
                version.len() < bound.len() && old(version) || bound.starts_with('<') && version == "1.4"
            });
        }
        if self.sqlalchemy.is_none() && READERS.contains(&name.as_str()) {
            self.sqlalchemy = Some(place());
        }
        self.names.insert(name);
    }
}

/// Reads the packages of a project.
pub(super) fn read(files: &dyn Files, sources: &mut BTreeMap<String, Source>) -> Packages {
    let mut packages = Packages { complete: true, ..Packages::default() };
    let mut waiting: Vec<String> = files.list().iter().filter(|path| reader_of(path).is_some()).cloned().collect();
    waiting.reverse();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    while let Some(path) = waiting.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let known = sources.contains_key(&path);
        let Ok(file) = source(files, sources, &path) else {
            packages.complete = false;
            continue;
        };
        let pointed_at = packages.sqlalchemy.is_none();
        // What a list of requirements includes is one too, whatever its name.
        let read = reader_of(&path).unwrap_or(requirements);
        read(&file, &mut packages, &mut waiting);
        packages.registers |= file.text().contains("sqlalchemy.dialects");
        let used = pointed_at && packages.sqlalchemy.as_ref().is_some_and(|span| *span.path == *path);
        if !known && !used {
            // Sources are recorded; a file that nothing points at need not be.
            sources.remove(&path);
        }
    }
    packages
}

/// Whether the project asks for a package that may bring a module of this name.
pub(in crate::project) fn asks_for(files: &dyn Files, module: &str) -> bool {
    let plain = |name: &str| name.to_lowercase().replace(['_', '.'], "-");
    let name = plain(module);
    let is_itself = |path: &String| {
        let Ok(source) = files.read(path) else { return false };
        let Ok(toml) = toml::parse(source.text()) else { return false };
        let written =
            [&["project", "name"][..], &["tool", "poetry", "name"]].into_iter().find_map(|key| toml.text(key));
        written.is_some_and(|text| plain(&text.value) == name)
    };
    // A lock file names the project itself, too.
    let is_pyproject = |path: &&String| path.rsplit('/').next() == Some("pyproject.toml");
    read(files, &mut BTreeMap::new()).has(&name) && !files.list().iter().filter(is_pyproject).any(is_itself)
}

type Read = fn(&Source, &mut Packages, &mut Vec<String>);

fn reader_of(path: &str) -> Option<Read> {
    let name = path.rsplit('/').next().unwrap_or(path);
    Some(match name {
        "pyproject.toml" => pyproject,
        "uv.lock" | "poetry.lock" | "pdm.lock" | "pylock.toml" => lock,
        "Pipfile" => pipfile,
        "Pipfile.lock" => pipfile_lock,
        "setup.cfg" => setup_cfg,
        "setup.py" => setup_py,
        "environment.yml" | "environment.yaml" => conda,
        _ if is_list(path) => requirements,
        _ => return None,
    })
}

fn pyproject(file: &Source, packages: &mut Packages, _: &mut Vec<String>) {
    let Ok(toml) = toml::parse(file.text()) else {
        packages.complete = false;
        return;
    };
    let mut lists: Vec<Vec<String>> = vec![vec!["project".into(), "dependencies".into()]];
    lists.push(["tool", "uv", "dev-dependencies"].map(str::to_owned).into());
    let mut tables: Vec<Vec<String>> = vec![];
    for table in
        [&["project", "optional-dependencies"][..], &["dependency-groups"], &["tool", "pdm", "dev-dependencies"]]
    {
        for group in toml.keys(table) {
            lists.push(table.iter().map(|key| (*key).to_owned()).chain([group]).collect());
        }
    }
    tables.push(["tool", "poetry", "dependencies"].map(str::to_owned).into());
    tables.push(["tool", "poetry", "dev-dependencies"].map(str::to_owned).into());
    for group in toml.keys(&["tool", "poetry", "group"]) {
        tables.push(vec!["tool".into(), "poetry".into(), "group".into(), group, "dependencies".into()]);
    }
    for list in lists {
        let path: Vec<&str> = list.iter().map(String::as_str).collect();
        packages.take(file, toml.texts(&path).into_iter().map(|text| (text.value, text.range)));
    }
    for table in tables {
        let path: Vec<&str> = table.iter().map(String::as_str).collect();
        for name in toml.keys(&path) {
            let text = toml.text(&[&path[..], &[name.as_str()]].concat());
            let version = text.as_ref().map_or("", |text| text.value.as_str());
            let range = text.as_ref().map_or(0..0, |text| text.range.clone());
            packages.take(file, [(format!("{name} =={}", version.trim_start_matches('^')), range)]);
        }
    }
    // What is dynamic stands in files that are read too, or is made by code that is not run.
    let dynamic = toml.texts(&["project", "dynamic"]).iter().any(|text| text.value == "dependencies");
    packages.complete &= !dynamic || toml.has(&["tool", "setuptools", "dynamic", "dependencies"]);
}

/// The locks of uv, Poetry, PDM and PEP 751 are TOML of one form; line by line they are read in no time.
fn lock(file: &Source, packages: &mut Packages, _: &mut Vec<String>) {
    let mut start = 0;
    let (mut in_package, mut name) = (false, String::new());
    let value = |line: &str, key: &str| {
        let value = line.strip_prefix(key)?.trim_start().strip_prefix('=')?.trim();
        Some(value.trim_matches('"').to_owned())
    };
    for line in file.text().split_inclusive('\n') {
        let written = line.trim();
        if written.starts_with('[') {
            in_package = matches!(written, "[[package]]" | "[[packages]]");
        } else if in_package && let Some(found) = value(written, "name") {
            packages.take(file, [(found.clone(), start..start + line.trim_end().len())]);
            name = found;
        } else if in_package
            && name.eq_ignore_ascii_case("sqlalchemy")
            && let Some(version) = value(written, "version")
        {
            packages.take(file, [(format!("sqlalchemy=={version}"), start..start)]);
        }
        start += line.len();
    }
}

fn pipfile(file: &Source, packages: &mut Packages, _: &mut Vec<String>) {
    let Ok(toml) = toml::parse(file.text()) else {
        packages.complete = false;
        return;
    };
    for table in toml
        .keys(&[])
        .into_iter()
        .filter(|table| !matches!(table.as_str(), "source" | "requires" | "scripts" | "pipenv"))
    {
        for name in toml.keys(&[&table]) {
            let text = toml.text(&[&table, &name]);
            let range = text.as_ref().map_or(0..0, |text| text.range.clone());
            packages.take(file, [(format!("{name}{}", text.map_or(String::new(), |text| text.value)), range)]);
        }
    }
}

fn pipfile_lock(file: &Source, packages: &mut Packages, _: &mut Vec<String>) {
    let read: Option<serde_json::Value> = serde_json::from_str(file.text()).ok();
    let Some(groups) = read.as_ref().and_then(serde_json::Value::as_object) else {
        packages.complete = false;
        return;
    };
    for group in groups.iter().filter(|(name, _)| *name != "_meta").filter_map(|(_, group)| group.as_object()) {
        packages.take(file, group.keys().map(|name| (name.clone(), 0..0)));
    }
}

fn requirements(file: &Source, packages: &mut Packages, waiting: &mut Vec<String>) {
    let directory = file.path().rsplit_once('/').map_or("", |(directory, _)| directory);
    let mut start = 0;
    packages.any = true;
    for line in file.text().split_inclusive('\n') {
        let written = line.split(" #").next().unwrap_or("").trim();
        let option = |names: [&str; 2]| {
            names
                .iter()
                .find_map(|name| written.strip_prefix(name))
                .map(|rest| rest.trim_start_matches(['=', ' ', '\t']))
        };
        if let Some(path) = option(["--requirement", "-r"]) {
            match join(directory, path).filter(|_| !path.contains("://")) {
                Some(path) => waiting.push(path),
                None => packages.complete = false,
            }
        } else if let Some(path) = option(["--editable", "-e"]) {
            packages.take(file, [(path.to_owned(), start..start + line.trim_end().len())]);
        } else if !written.is_empty() && !written.starts_with(['#', '-']) {
            packages.take(file, [(written.to_owned(), start..start + line.trim_end().len())]);
        }
        start += line.len();
    }
}

fn setup_cfg(file: &Source, packages: &mut Packages, _: &mut Vec<String>) {
    let Ok(read) = ini::parse(file.text()) else {
        packages.complete = false;
        return;
    };
    let mut lists: Vec<Range<usize>> = vec![];
    lists.extend(read.entry("options", "install_requires").map(|entry| entry.range.clone()));
    for (name, section) in &read.sections {
        if name == "options.extras_require" {
            lists.extend(section.entries.values().map(|entry| entry.range.clone()));
        }
    }
    for list in lists {
        let text = file.text().get(list.clone()).unwrap_or("");
        packages.complete &= !text.trim_start().starts_with("file:");
        let lines = text
            .split(['\n', ';'])
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#') && !line.starts_with("file:"));
        packages.take(file, lines.map(|line| (line.to_owned(), list.clone())).collect::<Vec<_>>());
    }
}

/// `setup.py` is not run: its lists are read where they are written out.
fn setup_py(file: &Source, packages: &mut Packages, _: &mut Vec<String>) {
    let text = file.text();
    packages.any = true;
    for name in ["install_requires", "extras_require", "tests_require"] {
        for (at, _) in text.match_indices(name) {
            let behind = &text[at + name.len()..];
            let Some(value) = behind.trim_start_matches(['"', '\'', ']', ' ']).strip_prefix(['=', ':']) else {
                continue;
            };
            let start = text.len() - value.trim_start().len();
            let (strings, all) = strings(text, start);
            packages.complete &= all;
            packages.take(file, strings.into_iter().map(|range| (text[range.clone()].to_owned(), range)));
        }
    }
    // `**options` may hold any of them.
    packages.complete &= !text.contains("**");
}

/// The strings in the brackets that open at a byte; `false` where they hold anything else, or there are none.
fn strings(text: &str, start: usize) -> (Vec<Range<usize>>, bool) {
    let (mut found, mut depth, mut all) = (vec![], 0_usize, true);
    let mut rest = text[start..].char_indices();
    while let Some((offset, character)) = rest.next() {
        match character {
            '[' | '{' | '(' => depth += 1,
            ']' | '}' | ')' => depth = depth.saturating_sub(1),
            '"' | '\'' => {
                let from = start + offset + 1;
                let end = rest.by_ref().find(|(_, next)| *next == character).map_or(text.len(), |(end, _)| start + end);
                found.push(from.min(end)..end);
            }
            '#' => drop(rest.by_ref().find(|(_, next)| *next == '\n')),
            _ if character.is_alphanumeric() => all = false,
            _ => {}
        }
        if depth == 0 {
            return (found, all && matches!(character, ']' | '}' | ')'));
        }
    }
    (found, false)
}

fn conda(file: &Source, packages: &mut Packages, _: &mut Vec<String>) {
    let mut start = 0;
    for line in file.text().split_inclusive('\n') {
        if let Some(item) = line.trim().strip_prefix("- ").filter(|item| !item.ends_with(':')) {
            let item = item.trim_matches(['"', '\'']);
            packages.take(file, [(item.to_owned(), start..start + line.trim_end().len())]);
        }
        start += line.len();
    }
}

#[cfg(test)]
mod tests;
