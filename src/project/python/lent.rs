//! Which imports of a file another file of the project may take from it: what a module imports is an attribute of it, however
//! somebody comes to the module.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{PythonProject, ShapeImport};
use crate::project::files::{Files, ReadError};

/// Packages whose import does nothing but bind names. One of the project's own modules may make tables known.
const BINDING_ONLY: [&str; 6] = ["datetime", "pydantic", "sqlalchemy", "sqlmodel", "typing", "typing_extensions"];

/// What Python runs, or is told of types by.
const SPEAKING: [&str; 4] = [".py", ".pyi", ".ipynb", ".mako"];

/// The names that others may take, by the file that imports them.
pub type Lent = BTreeMap<String, BTreeSet<String>>;

impl ShapeImport {
    /// Whether the import only binds names, so that it may go when nobody uses them.
    pub fn only_binds(&self) -> bool {
        let module = if self.from.is_empty() { &self.name } else { &self.from };
        module.split('.').next().is_some_and(|package| BINDING_ONLY.contains(&package))
    }
}

/// The files that speak of something, as far as that matters.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Speakers {
    #[default]
    Nobody,
    Only(usize),
    Several,
}

impl Speakers {
    fn add(&mut self, file: usize) {
        *self = match *self {
            Self::Nobody => Self::Only(file),
            Self::Only(known) if known == file => Self::Only(known),
            _ => Self::Several,
        };
    }

    fn other_than(self, file: usize) -> bool {
        !matches!(self, Self::Nobody) && self != Self::Only(file)
    }
}

/// What some modules are called by, and who speaks of that and of names which they import.
#[derive(Default)]
struct Called {
    names: Vec<(usize, Speakers)>,
    /// Who takes all.
    all: Speakers,
}

/// What a word means here.
#[derive(Default)]
struct Meaning {
    name: Option<usize>,
    called: Option<usize>,
}

/// The words that are looked for.
#[derive(Default)]
struct Wanted<'a> {
    words: HashMap<&'a [u8], Meaning>,
    /// A first look at a word: whether one of its kind is looked for.
    kinds: Vec<bool>,
    names: Vec<&'a str>,
    called: Vec<Called>,
    /// By the folder of a package, what stands for it: files in it need not say its name.
    packages: HashMap<&'a str, usize>,
}

fn kind(word: &[u8]) -> usize {
    let at = |byte: Option<&u8>| usize::from(byte.copied().unwrap_or_default() & 0x3f);
    at(word.first()) << 10 | at(word.last()) << 4 | word.len() & 0xf
}

/// Which bytes are part of a word; names need not be of ASCII.
static IS_PART: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = byte >= 0x80 || byte == b'_' as usize || (byte as u8).is_ascii_alphanumeric();
        byte += 1;
    }
    table
};

/// The folder that a module stands for, when it is that of a package, and its last name.
fn module(path: &str) -> (Option<&str>, &str) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    match name {
        "__init__.py" => (Some(folder), folder.rsplit('/').next().unwrap_or(folder)),
        _ => (None, name.strip_suffix(".py").unwrap_or(name)),
    }
}

impl<'a> Wanted<'a> {
    fn learn(&mut self, word: &'a str) -> &mut Meaning {
        if self.kinds.is_empty() {
            self.kinds = vec![false; 1 << 16];
        }
        if let Some(known) = self.kinds.get_mut(kind(word.as_bytes())) {
            *known = true;
        }
        self.words.entry(word.as_bytes()).or_default()
    }

    fn want(&mut self, path: &'a str, names: &BTreeSet<&'a str>) {
        let (package, last) = module(path);
        let known = self.learn(last).called;
        let at = known.unwrap_or_else(|| self.one_more());
        self.learn(last).called = Some(at);
        let mut all = vec![at];
        if let Some(folder) = package {
            let known = self.packages.get(folder).copied();
            let at = known.unwrap_or_else(|| self.one_more());
            self.packages.insert(folder, at);
            all.push(at);
        }
        for name in names {
            let next = self.names.len();
            let number = *self.learn(name).name.get_or_insert(next);
            if number == next {
                self.names.push(name);
            }
            for at in &all {
                let Some(called) = self.called.get_mut(*at) else { continue };
                if !called.names.iter().any(|(known, _)| *known == number) {
                    called.names.push((number, Speakers::Nobody));
                }
            }
        }
    }

    fn one_more(&mut self) -> usize {
        self.called.push(Called::default());
        self.called.len() - 1
    }

    /// Notes what a file speaks of.
    fn hear(&mut self, file: usize, path: &str, bytes: &[u8], spoken: &mut [usize]) {
        let mut called: Vec<usize> = vec![];
        let mut takes_all = false;
        let mut start = None;
        for (at, byte) in bytes.iter().chain(b"\n").enumerate() {
            match (start, IS_PART.get(usize::from(*byte))) {
                (None, Some(true)) => start = Some(at),
                (Some(begun), Some(false)) => {
                    start = None;
                    let word = bytes.get(begun..at).unwrap_or_default();
                    if word == b"import" {
                        let is_between = |byte: &&u8| byte.is_ascii_whitespace() || **byte == b'\\';
                        let behind = bytes.get(at..).unwrap_or_default().iter().find(|byte| !is_between(byte));
                        takes_all |= behind == Some(&b'*');
                    }
                    if self.kinds.get(kind(word)) != Some(&true) {
                        continue;
                    }
                    let Some(meaning) = self.words.get(word) else { continue };
                    if let Some(last) = meaning.name.and_then(|name| spoken.get_mut(name)) {
                        *last = file;
                    }
                    called.extend(meaning.called.filter(|at| !called.contains(at)));
                }
                _ => {}
            }
        }
        let above = path.match_indices('/').filter_map(|(at, _)| self.packages.get(path.get(..at)?));
        let above = self.packages.get("").into_iter().chain(above);
        called.extend(above);
        for called in called {
            let Some(called) = self.called.get_mut(called) else { continue };
            if takes_all {
                called.all.add(file);
            }
            let names = called.names.iter_mut().filter(|(name, _)| spoken.get(*name) == Some(&file));
            names.for_each(|(_, speakers)| speakers.add(file));
        }
    }

    /// Whether a file other than this one may take a name from it.
    fn is_taken(&self, file: usize, path: &str, name: &str) -> bool {
        let (package, last) = module(path);
        let meaning = |word: &str| self.words.get(word.as_bytes());
        let (Some(called), Some(name)) = (meaning(last).and_then(|it| it.called), meaning(name).and_then(|it| it.name))
        else {
            return true;
        };
        let package = package.and_then(|folder| self.packages.get(folder).copied());
        [Some(called), package].into_iter().flatten().filter_map(|at| self.called.get(at)).any(|called| {
            let of_name = called.names.iter().filter(|(known, _)| *known == name).map(|(_, speakers)| *speakers);
            of_name.chain([called.all]).any(|speakers| speakers.other_than(file))
        })
    }
}

/// The imports that a fix may want to take away or to call otherwise: those that only bind names, and those by which a class
/// calls something else too.
fn asked_about(project: &PythonProject) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut found: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (path, shape) in &project.shapes {
        let names: BTreeSet<&str> =
            shape.imports.iter().filter(|import| import.only_binds()).map(|import| import.bound.as_str()).collect();
        if !names.is_empty() {
            found.insert(path, names);
        }
    }
    for class in project.classes.iter() {
        let path: &str = &class.name.span.path;
        let Some((path, shape)) = project.shapes.get_key_value(path) else { continue };
        let names = class.body.iter().map(|member| member.name.value.as_str());
        let hiding = names.filter(|name| shape.imports.iter().any(|import| import.bound == *name));
        for name in hiding {
            found.entry(path).or_default().insert(name);
        }
    }
    found
}

/// Says which imports of the project's modules others may take: where a file speaks of the module, or takes all of something,
/// and speaks of the name. A file that cannot be read may take anything.
pub(super) fn tell(project: &PythonProject, files: &dyn Files) -> Lent {
    let asked = asked_about(project);
    if asked.is_empty() {
        return Lent::new();
    }
    let mut wanted = Wanted::default();
    asked.iter().for_each(|(path, names)| wanted.want(path, names));
    let mut spoken = vec![usize::MAX; wanted.names.len()];
    let mut is_unknown = false;
    for (file, path) in files.list().iter().enumerate() {
        let Some(end) = SPEAKING.iter().find(|end| path.ends_with(*end)) else { continue };
        match files.bytes(path) {
            Ok(mut bytes) => {
                if *end == ".ipynb" {
                    unescape(&mut bytes);
                }
                wanted.hear(file, path, &bytes, &mut spoken);
            }
            Err(ReadError::NotFound) => {}
            Err(_) => {
                is_unknown = true;
                break;
            }
        }
    }
    let of = |path: &str| files.list().binary_search_by(|known| known.as_str().cmp(path)).unwrap_or(usize::MAX);
    let mut found = Lent::new();
    for (path, names) in &asked {
        let file = of(path);
        let taken = names.iter().filter(|name| is_unknown || wanted.is_taken(file, path, name));
        let taken: BTreeSet<String> = taken.map(|name| (*name).to_owned()).collect();
        if !taken.is_empty() {
            found.insert((*path).to_owned(), taken);
        }
    }
    found
}

/// Puts blanks where JSON has an escaped character, of which the letter would count as part of a word.
fn unescape(bytes: &mut [u8]) {
    let mut at = 0;
    while at < bytes.len() {
        let is_escape = bytes.get(at) == Some(&b'\\');
        if is_escape {
            bytes.iter_mut().skip(at).take(2).for_each(|byte| *byte = b' ');
        }
        at += if is_escape { 2 } else { 1 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Environment;
    use crate::project::files::MemoryFiles;
    use crate::project::read;

    const BASE: &str = "from datetime import date, datetime as time\nfrom sqlalchemy import Column, func\nfrom sqlmodel import SQLModel\n\nclass Base(SQLModel):\n    date: date\n";

    /// What may be taken from a file, beside another one.
    fn lent(path: &str, other: (&str, &str)) -> String {
        let files = MemoryFiles::new([(path, BASE), other]);
        let project = read::project(&files, &Environment::default(), None);
        let names = project.python.lent.get(path).cloned().unwrap_or_default();
        names.into_iter().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_files_may_take_is_seen_in_every_form() {
        for (path, text, expected) in [
            ("app/a.py", "from app.base import Base\n", ""),
            ("app/a.py", "from sqlalchemy import Column, func\nfrom datetime import date\n", ""),
            ("app/a.py", "from app.base import Columns, my_func\n", ""),
            ("app/a.py", "from app.base import Column as C\n", "Column"),
            ("app/a.py", "from app import base\nx = base.Column(base.func.now())\n", "Column func"),
            ("app/a.py", "import app.base as models\nx = models.date.today()\n", "date"),
            ("app/a.py", "import x; from app.base import Column\n", "Column"),
            ("app/a.py", "from app.base import (  # the base (and what it takes)\n    Column,\n)\n", "Column"),
            ("app/a.py", "from app.base import time, \\\n    func\n", "func time"),
            ("app/a.py", "from .base import *\n", "Column SQLModel date func time"),
            ("tests/test_a.py", "from app.base import Column\n", "Column"),
            ("tests/conftest.py", "patch('app.base.func')\n", "func"),
            ("docs/conf.py", "from app.base import \\\n    *\n", "Column SQLModel date func time"),
            ("migrations/script.py.mako", "from app.base import Column\n", "Column"),
            ("a.ipynb", "{\"source\": \"import app\\nfrom app.base import x\\n\\tfunc\"}", "func"),
            ("app/a.txt", "from app.base import Column\n", ""),
        ] {
            assert_eq!(lent("app/base.py", (path, text)), expected, "{text}");
        }
    }

    #[test]
    fn what_a_package_imports_is_taken_by_its_name_or_from_within() {
        for (path, text, expected) in [
            ("run.py", "from app import Column\n", "Column"),
            ("run.py", "from sqlalchemy import Column\n", ""),
            ("app/a/b.py", "from .. import func\n", "func"),
        ] {
            assert_eq!(lent("app/__init__.py", (path, text)), expected, "{text}");
        }
        assert_eq!(lent("__init__.py", ("a.py", "from . import func\n")), "func");
    }

    #[test]
    fn a_file_that_cannot_be_read_may_take_anything() {
        struct Closed(MemoryFiles);
        impl Files for Closed {
            fn root(&self) -> &str {
                self.0.root()
            }
            fn read(&self, path: &str) -> Result<crate::text::Source, ReadError> {
                if path == "b.py" { Err(ReadError::TooLarge) } else { self.0.read(path) }
            }
            fn list(&self) -> &[String] {
                self.0.list()
            }
            fn is_file(&self, path: &str) -> bool {
                self.0.is_file(path)
            }
            fn is_directory(&self, path: &str) -> bool {
                self.0.is_directory(path)
            }
        }
        let files = Closed(MemoryFiles::new([("a.py", BASE), ("b.py", "")]));
        let project = read::project(&files, &Environment::default(), None);
        assert_eq!(project.python.lent["a.py"].len(), 5);
    }
}
