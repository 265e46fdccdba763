//! Modules and their files: where imports look, which file a name leads to, and what an import statement runs.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use crate::project::files::{Files, inside};
use crate::text::python::functions::Functions;
use crate::text::python::{self, Call, Entry, ImportStatement, Module, Structure, Value};
use crate::text::{Source, ini, toml};

/// What gives tables another place in the database.
const SCHEMA: &str = "schema";

/// One Python file that was read.
pub(super) struct File {
    pub path: String,
    pub source: Source,
    pub module: Module,
    pub structure: Structure,
    /// The places of the classes of each name that stand in no function and in no other class.
    classes: HashMap<String, Vec<usize>>,
    functions: OnceCell<Rc<Functions>>,
}

impl File {
    fn new(path: &str, source: Source) -> Self {
        let (module, structure) = python::parse_structured(source.text());
        let mut classes: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, class) in structure.classes.iter().enumerate() {
            if !class.place.function && !class.place.class {
                classes.entry(class.name.clone()).or_default().push(at);
            }
        }
        Self { path: path.to_owned(), source, module, structure, classes, functions: OnceCell::new() }
    }

    /// Its functions, read when somebody asks for them the first time.
    pub fn functions(&self) -> &Rc<Functions> {
        self.functions.get_or_init(|| Rc::new(python::parse_functions(self.source.text())))
    }

    /// The classes of a name that stand in no function and in no other class.
    pub fn classes_named(&self, name: &str) -> impl Iterator<Item = &python::Class> {
        self.classes.get(name).into_iter().flatten().filter_map(|at| self.structure.classes.get(*at))
    }
}

/// The project's Python files, read when they are needed, and the folders that imports look in.
pub(super) struct Modules<'a> {
    files: &'a dyn Files,
    roots: Vec<String>,
    read: BTreeMap<String, Option<Rc<File>>>,
}

/// What a dotted name of an import leads to.
pub(super) struct Found {
    /// The files that are run on the way, packages first; the last is the module itself, unless that is a folder without
    /// `__init__.py`.
    pub files: Vec<String>,
    /// How many parts of the name were found.
    pub parts: usize,
    /// The folder that the import looked in.
    pub root: String,
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

/// How many folders two paths share.
fn shared(one: &str, other: &str) -> usize {
    one.split('/').zip(other.split('/')).take_while(|(one, other)| one == other && !one.is_empty()).count()
}

impl<'a> Modules<'a> {
    pub fn new(files: &'a dyn Files) -> Self {
        let mut modules = Self { files, roots: vec![], read: BTreeMap::new() };
        modules.roots = modules.find_roots();
        modules
    }

    /// The folders that imports may look in: those that `prepend_sys_path` names, that projects lie in, and their `src`.
    fn find_roots(&self) -> Vec<String> {
        let mut roots: Vec<String> = vec![];
        let mut add = |root: Option<String>| {
            if let Some(root) = root
                && !roots.contains(&root)
                && self.files.is_directory(if root.is_empty() { "." } else { &root })
            {
                roots.push(root);
            }
        };
        let mut projects: BTreeSet<&str> = BTreeSet::from([""]);
        for path in self.files.list() {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            match name {
                "alembic.ini" => {
                    projects.insert(folder);
                    self.prepended(path).iter().for_each(|written| add(inside(folder, written)));
                }
                "pyproject.toml" => {
                    projects.insert(folder);
                    self.packaged(path).iter().for_each(|written| add(inside(folder, written)));
                }
                "setup.py" | "setup.cfg" => {
                    projects.insert(folder);
                }
                _ => {}
            }
        }
        for project in projects {
            add(Some(project.to_owned()));
            add(Some(joined(project, "src")));
        }
        roots
    }

    /// What `prepend_sys_path` of an ini file names.
    fn prepended(&self, path: &str) -> Vec<String> {
        let Ok(source) = self.files.read(path) else { return vec![] };
        let Ok(ini) = ini::parse(source.text()) else { return vec![] };
        let mut found = vec![];
        for section in ini.sections.keys() {
            if let Some(Ok(value)) = ini.get(section, "prepend_sys_path", &[("here", ".")]) {
                // The separator is an option too; no folder of Python has one of these characters.
                found.extend(value.split([' ', ',', ':', ';', '\n']).filter(|it| !it.is_empty()).map(str::to_owned));
            }
        }
        found
    }

    /// The folders that a `pyproject.toml` keeps its packages in.
    fn packaged(&self, path: &str) -> Vec<String> {
        let Ok(source) = self.files.read(path) else { return vec![] };
        let Ok(toml) = toml::parse(source.text()) else { return vec![] };
        let texts = |path: &[&str]| toml.texts(path).into_iter().map(|text| text.value).collect::<Vec<String>>();
        let text = |path: &[&str]| toml.text(path).map(|text| text.value);
        let here = |text: String| text.replace("%(here)s", ".");
        let mut found: Vec<String> = texts(&["tool", "alembic", "prepend_sys_path"]).into_iter().map(here).collect();
        found.extend(texts(&["tool", "setuptools", "packages", "find", "where"]));
        for key in toml.keys(&["tool", "setuptools", "package-dir"]) {
            found.extend(text(&["tool", "setuptools", "package-dir", &key]).filter(|_| key.is_empty()));
        }
        for package in texts(&["tool", "hatch", "build", "targets", "wheel", "packages"]) {
            found.push(package.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned());
        }
        found.extend(texts(&["tool", "hatch", "build", "targets", "wheel", "sources"]));
        found.extend(text(&["tool", "uv", "build-backend", "module-root"]));
        found
    }

    /// Whether a file that was read, other than this one, gives something a schema of the database.
    pub fn speak_of_schemas(&self, but: &str) -> bool {
        let files = self.read.iter().filter(|(path, _)| *path != but).filter_map(|(_, file)| file.as_ref());
        files.into_iter().any(|file| {
            let is_word = |value: &Value| value.as_text().is_some_and(|text| text.value == SCHEMA);
            let given = |call: &Call| {
                call.arguments.iter().any(|one| one.keyword.as_deref() == Some(SCHEMA) || is_word(&one.value))
            };
            let is_key = |entry: &Entry| entry.key.as_ref().is_some_and(|key| key.value == SCHEMA);
            file.module.calls.iter().any(given)
                || file.module.entries.iter().any(is_key)
                || file
                    .module
                    .names
                    .iter()
                    .any(|(name, _)| name.rsplit_once('.').is_some_and(|(_, last)| last == SCHEMA))
        })
    }

    /// Whether a file that was read, other than this one, holds one of these words.
    pub fn speak_of(&self, but: &str, words: &[&str]) -> bool {
        let files = self.read.iter().filter(|(path, _)| *path != but).filter_map(|(_, file)| file.as_ref());
        files.into_iter().any(|file| words.iter().any(|word| file.source.text().contains(word)))
    }

    /// Whether a configuration of Alembic names something by this word.
    pub fn configurations_name(&self, word: &str) -> bool {
        let is_configuration = |path: &&String| {
            matches!(path.rsplit('/').next(), Some("pyproject.toml" | "setup.cfg")) || path.ends_with(".ini")
        };
        let is_part = |character: char| !character.is_alphanumeric() && character != '_';
        let mut texts = self.files.list().iter().filter(is_configuration).filter_map(|path| self.files.read(path).ok());
        texts.any(|source| source.text().split(is_part).any(|part| part == word))
    }

    /// Whether there is a file; only those that git would not ignore.
    pub fn is_file(&self, path: &str) -> bool {
        self.files.list().binary_search_by(|known| known.as_str().cmp(path)).is_ok()
    }

    /// Whether a module of this name lies anywhere, where imports look or not.
    pub fn may_hold(&self, name: &str) -> bool {
        let (module, package) = (format!("{name}.py"), format!("{name}/__init__.py"));
        let is_it = |path: &String, end: &str| {
            path.strip_suffix(end).is_some_and(|folder| folder.is_empty() || folder.ends_with('/'))
        };
        self.files.list().iter().any(|path| is_it(path, &module) || is_it(path, &package))
    }

    fn is_folder(&self, path: &str) -> bool {
        let inside = format!("{path}/");
        let list = self.files.list();
        let at = list.partition_point(|known| known.as_str() < inside.as_str());
        list.get(at).is_some_and(|known| known.starts_with(&inside))
    }

    /// The file of a path, read once. `None` when it is no text, or nested too deeply.
    pub fn file(&mut self, path: &str) -> Option<Rc<File>> {
        if let Some(known) = self.read.get(path) {
            return known.clone();
        }
        let file = self.files.read(path).ok().map(|source| Rc::new(File::new(path, source)));
        self.read.insert(path.to_owned(), file.clone());
        file
    }

    /// The folders that imports of a file look in, the nearest first.
    fn roots_for(&self, from: &str) -> Vec<String> {
        let mut roots: Vec<&String> = self.roots.iter().collect();
        roots.sort_by_key(|root| std::cmp::Reverse(shared(root, from)));
        roots.into_iter().cloned().collect()
    }

    /// Goes down from a folder by the parts of a name.
    fn descend(&self, root: &str, name: &str) -> Found {
        let mut found = Found { files: vec![], parts: 0, root: root.to_owned() };
        let mut at = root.to_owned();
        for part in name.split('.').filter(|part| !part.is_empty()) {
            at = joined(&at, part);
            let (package, module) = (format!("{at}/__init__.py"), format!("{at}.py"));
            let file = if self.is_file(&package) {
                Some(package)
            } else if self.is_file(&module) {
                Some(module)
            } else if self.is_folder(&at) {
                None
            } else {
                return found;
            };
            found.parts += 1;
            found.files.extend(file);
        }
        found
    }

    /// What a dotted name leads to, asked from a file; `None` when not even its first part is of the project.
    pub fn resolve(&self, from: &str, name: &str) -> Option<Found> {
        let dots = name.len() - name.trim_start_matches('.').len();
        let rest = name.get(dots..)?;
        if dots > 0 {
            let mut folder = from.rsplit_once('/')?.0;
            for _ in 1..dots {
                folder = folder.rsplit_once('/').map_or("", |(folder, _)| folder);
            }
            let mut found = self.descend(folder, rest);
            let package = joined(folder, "__init__.py");
            if self.is_file(&package) {
                found.files.insert(0, package);
            }
            return Some(found);
        }
        let first = rest.split('.').next()?;
        for root in self.roots_for(from) {
            let found = self.descend(&root, rest);
            let at = joined(&root, first);
            // A folder that only holds other things than Python is no package, such as `alembic/` beside the package's name.
            let is_module = found.parts > 0 && (!found.files.is_empty() || self.holds_python(&at));
            if is_module && !(found.files.is_empty() && found.parts == 1 && self.holds_environment(&at)) {
                return Some(found);
            }
        }
        None
    }

    /// `alembic/` is the folder of the environment far more often than it shadows the package.
    fn holds_environment(&self, folder: &str) -> bool {
        self.is_file(&format!("{folder}/env.py")) && self.is_folder(&format!("{folder}/versions"))
    }

    fn holds_python(&self, folder: &str) -> bool {
        let inside = format!("{folder}/");
        let list = self.files.list();
        let at = list.partition_point(|known| known.as_str() < inside.as_str());
        list.iter().skip(at).take_while(|known| known.starts_with(&inside)).any(|known| known.ends_with(".py"))
    }

    /// The files that an import statement runs, for each of its names; and the names of the project that lead nowhere.
    pub fn targets(&mut self, from: &str, import: &ImportStatement) -> Vec<Target> {
        let mut targets = vec![];
        for (index, imported) in import.names.iter().enumerate() {
            let mut target = Target { index, files: vec![], missing: None };
            if !import.is_from {
                if let Some(found) = self.resolve(from, &imported.name) {
                    let parts = imported.name.split('.').count();
                    target.missing = (found.parts < parts).then(|| imported.name.clone());
                    target.files = if target.missing.is_some() { vec![] } else { found.files };
                }
            } else if let Some(found) = self.resolve(from, &import.from) {
                let name = import.from.trim_start_matches('.');
                if found.parts < name.split('.').filter(|part| !part.is_empty()).count() {
                    target.missing = Some(import.from.clone());
                } else {
                    let dot = if import.from.ends_with('.') { "" } else { "." };
                    let wanted = found.parts + 1;
                    target.files = found.files;
                    // `from package import module` runs the module too, and `*` those that the package lists.
                    for name in self.named(target.files.last(), &imported.name) {
                        let submodule = self.resolve(from, &format!("{}{dot}{name}", import.from));
                        let submodule = submodule.filter(|it| it.parts == wanted).into_iter();
                        target.files.extend(submodule.flat_map(|it| it.files));
                    }
                    target.files.dedup();
                }
            }
            targets.push(target);
        }
        targets
    }

    /// What a name after `from package import` stands for: `*` is every name of the package's `__all__` that it does not bind
    /// itself, which Python then looks for among its modules.
    fn named(&mut self, package: Option<&String>, name: &str) -> Vec<String> {
        if name != "*" {
            return vec![name.to_owned()];
        }
        let package = package.filter(|path| path.ends_with("__init__.py")).cloned();
        let Some(file) = package.and_then(|path| self.file(&path)) else { return vec![] };
        let structure = &file.structure;
        let assigned = |name: &String| structure.assigned.iter().any(|member| member.name == *name);
        let binds = |name: &String| {
            assigned(name) || structure.functions.contains(name) || file.classes_named(name).next().is_some()
        };
        structure.exported.iter().filter(|name| !binds(name)).cloned().collect()
    }

    /// The dotted name of a file's module, as imports of `from` would write it.
    pub fn name_of(&self, path: &str, from: &str, used: &[String]) -> Option<String> {
        let below = |root: &String| root.is_empty() || path.starts_with(&format!("{root}/"));
        let mut roots: Vec<String> = self.roots_for(from).into_iter().filter(below).collect();
        roots.sort_by_key(|root| (!used.contains(root), std::cmp::Reverse(root.len())));
        let root = roots.first()?;
        let inner = path.get(if root.is_empty() { 0 } else { root.len() + 1 }..)?.strip_suffix(".py")?;
        let inner = inner.strip_suffix("/__init__").unwrap_or(inner);
        let is_name = |part: &str| {
            part.starts_with(|first: char| first.is_alphabetic() || first == '_')
                && part.chars().all(|character| character.is_alphanumeric() || character == '_')
        };
        inner.split('/').all(is_name).then(|| inner.replace('/', "."))
    }
}

/// What one name of an import statement runs.
pub(super) struct Target {
    /// Its place in the statement.
    pub index: usize,
    /// The files that are run.
    pub files: Vec<String>,
    /// The module of the project that is named and is not there.
    pub missing: Option<String>,
}
