//! Which versions of Alembic, SQLAlchemy and the database drivers a project runs: by lock files, pins, and its environment.

mod places;

use serde::{Deserialize, Serialize};

use super::Alembic;
use crate::project::alembic::join;
use crate::project::files::Files;
use crate::project::python_environment::{VirtualEnvironment, installed, one};
use crate::project::requirements::{List, pinned};
use crate::text::{Version, toml};

/// Packages that bring a driver, with the module that SQLAlchemy imports.
const DRIVERS: [(&str, &str); 6] = [
    ("psycopg2", "psycopg2"),
    ("psycopg2-binary", "psycopg2"),
    ("psycopg", "psycopg"),
    ("asyncpg", "asyncpg"),
    ("pg8000", "pg8000"),
    ("psycopg2cffi", "psycopg2cffi"),
];

/// Packages that format code, whose modules and entry points have the package's name.
pub const FORMATTERS: [&str; 8] = ["autoflake", "autopep8", "black", "docformatter", "flake8", "isort", "ruff", "yapf"];

/// The packages that Alembic runs with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Packages {
    /// The version of Alembic that a lock file or a pinned requirement names, the one beside the configuration first.
    pub alembic: Option<String>,
    /// The version of SQLModel; `None` when nothing says it, or what is installed is another one than what is written.
    #[serde(default)]
    pub sqlmodel: Option<String>,
    /// SQLAlchemy's version.
    pub sqlalchemy: Option<String>,
    /// Where that is said.
    pub sqlalchemy_from: String,
    /// The modules of drivers that are there, and where that is said; `None` when nothing lists them all.
    pub drivers: Option<(Vec<String>, String)>,
    /// The formatters that are there, and where that is said; `None` when nothing lists them all.
    #[serde(default)]
    pub formatters: Option<(Vec<String>, String)>,
    /// The lock file that has SQLAlchemy and no greenlet, without which there is no asyncio.
    #[serde(default)]
    pub lacks_greenlet: Option<String>,
    /// Whether what is installed means another driver by `postgresql://` than what is written.
    #[serde(default)]
    pub disagrees: bool,
}

impl Packages {
    /// The driver that a bare `postgresql://` means: psycopg (3) from SQLAlchemy 2.1 on, psycopg2 before; `None` where the
    /// version cannot be read.
    pub fn default_driver(&self) -> Option<&'static str> {
        let version = Version::parse(self.sqlalchemy.as_deref().filter(|_| !self.disagrees)?)?;
        Some(if version >= Version::new(2, 1, 0) { "psycopg" } else { "psycopg2" })
    }
}

/// Looks for them: what other packages of the project have says nothing.
pub(super) fn read(files: &dyn Files, environment: &Alembic) -> Packages {
    let beside = environment.configuration.rsplit_once('/').map_or("", |(directory, _)| directory);
    let places = places::of(files, beside);
    let mut found = Packages::default();
    for name in places::LOCKS {
        let Some(path) = places.locked.as_deref().and_then(|folder| join(folder, name)) else { continue };
        let Ok(bytes) = files.bytes(&path) else { continue };
        found.take_lock(&String::from_utf8_lossy(&bytes), &path);
    }
    let (mut main, others) = places::lists(files, &places.home);
    let mut texts: Vec<String> =
        main.iter().chain(&others).filter(|list| !list.constrains).map(|list| list.text.clone()).collect();
    if let Some(path) = join(&places.home, "pyproject.toml")
        && let Ok(bytes) = files.bytes(&path)
    {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        main.extend(dependencies(&text).map(|text| List { path, text, constrains: false }));
        texts.push(text);
    }
    let mut named: Vec<String> = texts.iter().flat_map(|text| drivers_in(text)).collect();
    // Who runs a formatter there does not ask for it.
    if let Some(own) = texts.last_mut() {
        *own = without_hooks(own);
    }
    let pins = |lists: &[List], package: &str| -> Vec<(String, String)> {
        lists.iter().filter_map(|list| Some((pinned(&list.text, package)?, list.path.clone()))).collect()
    };
    // Which of several lists is installed cannot be told: what they disagree about says nothing.
    let agreed = |package: &str| {
        let first = pins(&main, package).into_iter().next();
        let others = pins(&others, package);
        let one = others.first().filter(|one| others.iter().all(|other| other.0 == one.0)).cloned();
        first.or(one)
    };
    found.alembic = found.alembic.or_else(|| Some(agreed("alembic")?.0));
    found.sqlmodel = found.sqlmodel.or_else(|| Some(agreed("sqlmodel")?.0));
    if let Some((version, path)) = agreed("sqlalchemy") {
        found.sqlalchemy_is(Some(version), &path);
    }
    let mut folders = vec![beside, &places.home, places.locked.as_deref().unwrap_or_default()];
    folders.dedup();
    for folder in folders {
        for name in [".venv", "venv"] {
            let Some(path) = join(folder, name) else { continue };
            if let Some(environment) = one(files, &path) {
                found.take_environment(files, &path, &environment);
            }
        }
    }
    // A driver that is asked for is there, or comes with the next installation.
    if let Some((there, _)) = &mut found.drivers {
        named.retain(|module| !there.contains(module));
        there.extend(named);
    }
    if texts
        .iter()
        .any(|text| text.to_lowercase().contains("sqlalchemy[") || words(text).any(|word| word == "greenlet"))
    {
        found.lacks_greenlet = None;
    }
    if let Some((there, _)) = &mut found.formatters {
        let is_named = |name: &&&str| texts.iter().any(|text| words(text).any(|word| word == **name));
        there.extend(FORMATTERS.iter().filter(is_named).map(|name| (*name).to_owned()));
    }
    found
}

/// The modules of the drivers that a list of requirements names.
fn drivers_in(text: &str) -> Vec<String> {
    let words: Vec<String> = words(text).collect();
    let named = DRIVERS.iter().filter(|(package, _)| words.iter().any(|word| word == package));
    let mut found: Vec<String> = named.map(|(_, module)| (*module).to_owned()).collect();
    found.dedup();
    found
}

/// What a `pyproject.toml` depends on, a line each.
fn dependencies(text: &str) -> Option<String> {
    let all = toml::parse(text).ok()?.texts(&["project", "dependencies"]);
    Some(all.into_iter().map(|text| text.value + "\n").collect())
}

/// A `pyproject.toml` without the settings of Alembic; other texts as they are.
fn without_hooks(text: &str) -> String {
    let Ok(mut document) = text.parse::<toml_edit::DocumentMut>() else { return text.to_owned() };
    if let Some(tools) = document.get_mut("tool").and_then(|tool| tool.as_table_like_mut()) {
        tools.remove("alembic");
    }
    document.to_string()
}

/// The names in a list of requirements, as an index writes them.
fn words(text: &str) -> impl Iterator<Item = String> {
    let is_name = |part: char| part.is_ascii_alphanumeric() || matches!(part, '-' | '_' | '.');
    text.split(move |part| !is_name(part)).map(|word| word.to_ascii_lowercase().replace(['_', '.'], "-"))
}

impl Packages {
    fn sqlalchemy_is(&mut self, version: Option<String>, path: &str) {
        if let (Some(version), None) = (version, &self.sqlalchemy) {
            (self.sqlalchemy, self.sqlalchemy_from) = (Some(version), path.to_owned());
        }
    }

    fn take_lock(&mut self, text: &str, path: &str) {
        let version = |package: &str| {
            let name = format!("name = \"{package}\"");
            let mut lines = text.lines().map(str::trim).skip_while(|line| *line != name);
            lines.nth(1).and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"')).map(str::to_owned)
        };
        // A lock file that has Alembic lists whatever is installed beside it.
        if version("alembic").is_some() && self.formatters.is_none() {
            let there = FORMATTERS.iter().filter(|package| version(package).is_some());
            self.formatters = Some((there.map(|name| (*name).to_owned()).collect(), path.to_owned()));
        }
        self.alembic = self.alembic.take().or_else(|| version("alembic"));
        self.sqlmodel = self.sqlmodel.take().or_else(|| version("sqlmodel"));
        let sqlalchemy = version("sqlalchemy");
        if sqlalchemy.is_some() && self.sqlalchemy.is_none() && version("greenlet").is_none() {
            self.lacks_greenlet = Some(path.to_owned());
        }
        // A lock file that has SQLAlchemy lists whatever is installed beside it.
        if sqlalchemy.is_some() && self.drivers.is_none() {
            let there = DRIVERS.iter().filter(|(package, _)| version(package).is_some());
            self.drivers = Some((there.map(|(_, module)| (*module).to_owned()).collect(), path.to_owned()));
        }
        self.sqlalchemy_is(sqlalchemy, path);
    }

    fn take_environment(&mut self, files: &dyn Files, path: &str, environment: &VirtualEnvironment) {
        let Some(packages) = environment.packages(path) else { return };
        if files.is_file(&format!("{packages}/greenlet/__init__.py")) {
            self.lacks_greenlet = None;
        }
        if let Some((known, _)) = &mut self.formatters {
            let there = FORMATTERS.iter().filter(|name| {
                files.is_file(&format!("{packages}/{name}/__init__.py"))
                    || files.is_file(&format!("{packages}/{name}.py"))
            });
            known.extend(there.map(|name| (*name).to_owned()));
        }
        if let Some(there) = installed(files, &packages, "sqlmodel") {
            let written = self.sqlmodel.as_ref();
            self.sqlmodel = written.is_none_or(|written| *written == there).then_some(there);
        }
        let Some(version) = installed(files, &packages, "sqlalchemy") else { return };
        let there = DRIVERS.iter().filter(|(_, module)| files.is_file(&format!("{packages}/{module}/__init__.py")));
        let mut there: Vec<String> = there.map(|(_, module)| (*module).to_owned()).collect();
        there.dedup();
        // What was installed otherwise than the lock file says is there all the same.
        match &mut self.drivers {
            Some((known, _)) => {
                there.retain(|module| !known.contains(module));
                known.extend(there);
            }
            None => self.drivers = Some((there, path.to_owned())),
        }
        let other = Self { sqlalchemy: Some(version.clone()), ..Self::default() };
        if self.sqlalchemy.is_some() && self.default_driver() != other.default_driver() {
            self.disagrees = true;
        }
        self.sqlalchemy_is(Some(version), path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::files::MemoryFiles;

    fn told(given: &[(&str, &str)]) -> (Option<&'static str>, Packages) {
        let files = MemoryFiles::new(given.iter().map(|(path, text)| (*path, *text)));
        let environment = Alembic { configuration: "backend/alembic.ini".into(), ..Alembic::default() };
        let packages = read(&files, &environment);
        (packages.default_driver(), packages)
    }

    #[test]
    fn versions_come_from_where_they_are_written() {
        let lock = "[[package]]\nname = \"psycopg\"\nversion = \"3.2.9\"\n\n[[package]]\nname = \"sqlalchemy\"\nversion = \"2.0.41\"\n";
        let (driver, packages) = told(&[("uv.lock", lock), ("requirements.txt", "SQLAlchemy==2.1.9\n")]);
        assert_eq!(driver, Some("psycopg2"));
        assert_eq!(packages.drivers, Some((vec!["psycopg".to_owned()], "uv.lock".to_owned())));
        let pins = "alembic==1.16.1\nSQLAlchemy[asyncio] == 2.1.0b1 ; x\n";
        let (driver, packages) = told(&[("backend/requirements.txt", pins)]);
        assert_eq!((driver, packages.alembic.as_deref(), &packages.drivers), (Some("psycopg"), Some("1.16.1"), &None));
        let (driver, _) = told(&[("backend/pyproject.toml", "[project]\ndependencies = [\"SQLAlchemy==2.1.0\"]\n")]);
        assert_eq!(driver, Some("psycopg"));
        let site = "backend/.venv/lib/python3.12/site-packages";
        let (driver, packages) = told(&[
            ("backend/.venv/pyvenv.cfg", "home = /usr/bin\nversion = 3.12.1\n"),
            (&format!("{site}/sqlalchemy/__init__.py"), "x = 1\n__version__ = \"2.1.9\"\n"),
            (&format!("{site}/psycopg2/__init__.py"), ""),
        ]);
        assert_eq!(driver, Some("psycopg"));
        assert_eq!(packages.drivers, Some((vec!["psycopg2".to_owned()], "backend/.venv".to_owned())));
        let (_, packages) = told(&[
            ("uv.lock", lock),
            ("backend/.venv/pyvenv.cfg", "home = /usr/bin\nversion = 3.12.1\n"),
            (&format!("{site}/sqlalchemy/__init__.py"), "__version__ = \"2.1.9\"\n"),
            (&format!("{site}/psycopg2/__init__.py"), ""),
        ]);
        let both = vec!["psycopg".to_owned(), "psycopg2".to_owned()];
        assert_eq!((packages.default_driver(), packages.drivers), (None, Some((both, "uv.lock".to_owned()))));
        let lists = [
            ("backend/requirements/base.txt", "sqlalchemy==2.1.0\npsycopg2-binary\n"),
            ("backend/requirements/dev.txt", "-r base.txt\nalembic==1.16.1\n"),
            ("requirements.txt", "SQLAlchemy==2.0.41\n"),
        ];
        let (driver, packages) = told(&lists);
        assert_eq!((driver, packages.alembic.as_deref()), (Some("psycopg"), Some("1.16.1")));
        assert_eq!(packages.sqlalchemy_from, "backend/requirements/base.txt");
        let constrained =
            [("requirements.txt", "-c constraints.txt\nsqlalchemy\n"), ("constraints.txt", "SQLAlchemy==2.0.41\n")];
        assert_eq!(told(&constrained).1.sqlalchemy_from, "constraints.txt");
        let both = [("requirements-old.txt", "sqlalchemy==1.4.5\n"), ("requirements-new.txt", "sqlalchemy==2.1.0\n")];
        assert_eq!(told(&both).1.sqlalchemy, None);
        let torn = [("uv.lock", "\0name = \"sqlalchemy\""), ("requirements.txt", "sqlalchemy>=2\n==")];
        assert_eq!(told(&torn).0, None);
    }
}
