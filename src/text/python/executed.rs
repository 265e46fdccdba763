//! What the functions of a Python file run as SQL, as far as that can be told without running them: constants, in loops and
//! in formats too, files that constants name, and functions of other modules of the project.

mod file;
mod names;
mod origins;
mod values;

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::rc::Rc;

use ruff_python_ast::{ModModule, Stmt};
use ruff_python_parser::Parsed;

use super::{parse_tree, parse_with};
use file::File;
use values::Values;

pub use names::is_outside;
pub use values::UNKNOWN;

/// How many steps are taken for one function: names may be bound to each other without an end.
const STEPS: usize = 20_000;

/// Where modules and files are found.
pub trait Library {
    /// A module of the project, the same one each time: it is read only once.
    fn module(&self, name: &str) -> Option<Rc<Opened>>;
    /// A path seen from a folder of the project.
    fn inside(&self, folder: &str, path: &str) -> Option<String>;
    /// The text of a file.
    fn file(&self, path: &str) -> Option<String>;
}

/// A module of the project, read as far as somebody asks.
pub struct Opened {
    path: String,
    text: String,
    tree: OnceCell<Option<Parsed<ModModule>>>,
    speaks_of_statements: OnceCell<bool>,
}

impl Opened {
    /// A module by the path of its file and its text.
    pub fn new(path: String, text: String) -> Self {
        Self { path, text, tree: OnceCell::new(), speaks_of_statements: OnceCell::new() }
    }

    /// Its statements, when it can be walked.
    fn suite(&self) -> Option<&[Stmt]> {
        self.tree.get_or_init(|| parse_tree(&self.text).1).as_ref().map(|parsed| parsed.suite().as_slice())
    }

    /// Whether it may run statements of migrations.
    fn speaks_of_statements(&self) -> bool {
        *self.speaks_of_statements.get_or_init(|| {
            let lower = self.text.to_ascii_lowercase();
            lower.contains("alembic") || lower.contains("extension")
        })
    }
}

/// Something that a function does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Done {
    /// Runs one of these texts, or all; `UNKNOWN` stands where a part cannot be told.
    Runs(Vec<String>),
    /// Calls what lies nowhere in the project, by its name as it is imported.
    Calls(String),
    /// Does what cannot be told: it gets the database handed over, or is too much to be followed.
    Untold,
}

/// What a function does, in the order of its text, each with the place in this file that leads there; of the whole file
/// with `None`. What packages do that are known to run nothing by themselves is left out.
pub fn executed(library: &dyn Library, path: &str, text: &str, function: Option<&str>) -> Vec<(Done, Range<usize>)> {
    let mut found = vec![];
    let run = Run { library, steps: Cell::new(STEPS), known: RefCell::default() };
    parse_with(text, |parsed| {
        let file = File::new(&run, path, parsed.suite());
        match function {
            None => file.collect(parsed.suite(), &Values::of(parsed.suite(), vec![]), 0, &mut found),
            Some(name) => file.function(name, vec![], 0, &mut found),
        }
    });
    found
}

/// What the calls in the functions of a file are by themselves, where their names alone do not say it: `Runs` for what runs a
/// statement, and `Calls` for `role.create()` with what `role` is: `sqlalchemy.Enum.create`.
pub fn told(text: &str) -> Vec<(Done, Range<usize>)> {
    let mut found = vec![];
    let run = Run { library: &Nowhere, steps: Cell::new(STEPS), known: RefCell::default() };
    parse_with(text, |parsed| {
        let file = File::new(&run, "", parsed.suite());
        parsed.suite().iter().filter_map(Stmt::as_function_def_stmt).for_each(|one| file.tell(one, &mut found));
    });
    found
}

/// Where no other file is found.
struct Nowhere;

impl Library for Nowhere {
    fn module(&self, _: &str) -> Option<Rc<Opened>> {
        None
    }

    fn inside(&self, _: &str, _: &str) -> Option<String> {
        None
    }

    fn file(&self, _: &str) -> Option<String> {
        None
    }
}

type Found = Vec<(Done, Range<usize>)>;

/// What a function is called with: its file, its name, how deep it is called, and each text of its arguments.
type Called = (String, String, usize, Vec<Vec<String>>);

/// What is shared by all files that are followed from one function.
struct Run<'tree> {
    library: &'tree dyn Library,
    steps: Cell<usize>,
    /// What functions were found to do.
    known: RefCell<BTreeMap<Called, BTreeSet<Done>>>,
}

impl Run<'_> {
    /// Takes some steps; false when there are none left.
    fn step(&self, steps: usize) -> bool {
        let left = self.steps.get().checked_sub(steps);
        self.steps.set(left.unwrap_or(0));
        left.is_some()
    }
}
