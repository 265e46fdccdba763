//! What the functions of a Python file run as SQL, as far as that can be told without running them: constants, in loops and
//! in formats too, files that constants name, and functions of other modules of the project.

mod values;

use std::cell::Cell;
use std::ops::Range;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprCall, Stmt, StmtFunctionDef};
use ruff_text_size::Ranged;

use super::collect::{bytes, dotted};
use super::parse_with;
use values::Values;

pub use values::UNKNOWN;

/// How far calls of functions are followed.
const DEEPEST: usize = 4;

/// How many steps are taken for one function: names may be bound to each other without an end.
const STEPS: usize = 20_000;

/// What it costs to open another module.
const MODULE: usize = 200;

/// Methods that run the statement they are given first.
const RUNS: [&str; 6] = ["execute", "exec_driver_sql", "executemany", "scalar", "scalars", "execute_async"];

/// Where modules and files are found.
pub trait Library {
    /// The path and the text of a module of the project.
    fn module(&self, name: &str) -> Option<(String, String)>;
    /// A path seen from a folder of the project.
    fn inside(&self, folder: &str, path: &str) -> Option<String>;
    /// The text of a file.
    fn file(&self, path: &str) -> Option<String>;
}

/// Something that a function does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done {
    /// Runs one of these texts, or all; `UNKNOWN` stands where a part cannot be told.
    Runs(Vec<String>),
    /// Calls what lies nowhere in the project, by its name as it is imported.
    Calls(String),
}

/// What a function does, in the order of its text, each with the place in this file that leads there; of the whole file
/// with `None`.
pub fn executed(library: &dyn Library, path: &str, text: &str, function: Option<&str>) -> Vec<(Done, Range<usize>)> {
    let mut found = vec![];
    let steps = Cell::new(STEPS);
    parse_with(text, |parsed| {
        let file = File { library, path, suite: parsed.suite(), steps: &steps };
        match function {
            None => file.collect(parsed.suite(), &mut Values::of(&file, parsed.suite(), vec![]), 0, &mut found),
            Some(name) => file.function(name, vec![], 0, &mut found),
        }
    });
    found
}

type Found = Vec<(Done, Range<usize>)>;

/// A file that is read.
struct File<'tree> {
    library: &'tree dyn Library,
    path: &'tree str,
    suite: &'tree [Stmt],
    steps: &'tree Cell<usize>,
}

impl<'tree> File<'tree> {
    /// Takes some steps; false when there are none left.
    fn step(&self, steps: usize) -> bool {
        let left = self.steps.get().checked_sub(steps);
        self.steps.set(left.unwrap_or(0));
        left.is_some()
    }

    fn definition(&self, name: &str) -> Option<&'tree StmtFunctionDef> {
        self.suite.iter().find_map(|one| one.as_function_def_stmt().filter(|one| one.name.as_str() == name))
    }

    /// What a function of this file does with these arguments.
    fn function(&self, name: &str, arguments: Vec<Vec<String>>, depth: usize, found: &mut Found) {
        let Some(function) = self.definition(name) else { return };
        let defaults = function.parameters.iter_non_variadic_params().enumerate().filter_map(|(at, one)| {
            let given = arguments.get(at).cloned();
            let default = || one.default.as_deref().map(|default| Values::default().texts(self, default));
            Some((one.parameter.name.to_string(), given.or_else(default)?))
        });
        let mut values = Values::of(self, &function.body, defaults.collect());
        self.collect(&function.body, &mut values, depth, found);
    }

    fn collect(&self, body: &'tree [Stmt], values: &mut Values<'tree>, depth: usize, found: &mut Found) {
        let mut calls = Calls::default();
        calls.visit_body(body);
        for call in calls.0 {
            for done in self.call(call, values, depth) {
                found.push((done, bytes(call.range())));
            }
        }
    }

    fn call(&self, call: &'tree ExprCall, values: &Values<'tree>, depth: usize) -> Vec<Done> {
        let name = dotted(&call.func);
        let last = name.rsplit('.').next().unwrap_or_default();
        if RUNS.contains(&last) && name.contains('.') {
            let keyword = |one: &&ruff_python_ast::Keyword| {
                one.arg.as_ref().is_some_and(|name| matches!(name.as_str(), "sqltext" | "statement" | "text"))
            };
            let given = call.arguments.args.first();
            let given = given.or_else(|| call.arguments.keywords.iter().find(keyword).map(|one| &one.value));
            return given.map(|given| Done::Runs(values.texts(self, given))).into_iter().collect();
        }
        let arguments: Vec<Vec<String>> = call.arguments.args.iter().map(|one| values.texts(self, one)).collect();
        let mut done = match self.followed(&name, arguments, depth) {
            Some(deeper) => deeper,
            None => {
                let meant = self.imported(&name).map(|(module, function)| format!("{module}.{function}"));
                vec![Done::Calls(meant.unwrap_or(name))]
            }
        };
        // `op.run_async(prepare)` calls what it is given.
        for given in call.arguments.args.iter().filter(|one| one.is_name_expr() || one.is_attribute_expr()) {
            done.extend(self.followed(&dotted(given), vec![], depth).unwrap_or_default());
        }
        done
    }

    /// What a function does that lies in this file or in another of the project.
    fn followed(&self, name: &str, arguments: Vec<Vec<String>>, depth: usize) -> Option<Vec<Done>> {
        if depth >= DEEPEST || !self.step(1) {
            return None;
        }
        let mut found = vec![];
        if self.definition(name).is_some() {
            self.function(name, arguments, depth + 1, &mut found);
        } else {
            let (module, function) = self.imported(name)?;
            let (path, text) = self.step(MODULE).then(|| self.library.module(&module))??;
            let look = |suite: &[Stmt], found: &mut Found| {
                let file = File { library: self.library, path: &path, suite, steps: self.steps };
                if file.definition(&function).is_some() {
                    file.function(&function, arguments, depth + 1, found);
                    return true;
                }
                let deeper = file.followed(&function, arguments, depth + 1);
                let is_there = deeper.is_some();
                found.extend(deeper.unwrap_or_default().into_iter().map(|done| (done, 0..0)));
                is_there
            };
            if !parse_with(&text, |parsed| look(parsed.suite(), &mut found)).1 {
                return None;
            }
        }
        Some(found.into_iter().map(|(done, _)| done).collect())
    }

    /// The module that a dotted name lies in by the imports of this file, and its name there.
    fn imported(&self, name: &str) -> Option<(String, String)> {
        let mut imports = Imports::default();
        imports.visit_body(self.suite);
        let (root, rest) = name.split_once('.').unwrap_or((name, ""));
        // The longest module first: `import app.core.migrate`, and then `app.core.migrate.ensure()`.
        let (bound, meaning) =
            imports.0.into_iter().filter(|(bound, _)| bound == root || name.starts_with(&format!("{bound}."))).max()?;
        let rest = if bound == root { rest } else { name.get(bound.len() + 1..)? };
        let whole = if rest.is_empty() { meaning } else { format!("{meaning}.{rest}") };
        let whole = self.absolute(&whole);
        whole.rsplit_once('.').map(|(module, function)| (module.to_owned(), function.to_owned()))
    }

    /// A name that begins with dots, from the folder of this file.
    fn absolute(&self, name: &str) -> String {
        let level = name.bytes().take_while(|byte| *byte == b'.').count();
        if level == 0 {
            return name.to_owned();
        }
        let mut folders: Vec<&str> = self.path.split('/').collect();
        folders.truncate(folders.len().saturating_sub(level));
        folders.extend(name.get(level..).into_iter().filter(|rest| !rest.is_empty()));
        folders.join(".")
    }
}

/// Every call that is made when a body runs; of functions and classes within it those too.
#[derive(Default)]
struct Calls<'tree>(Vec<&'tree ExprCall>);

impl<'tree> Visitor<'tree> for Calls<'tree> {
    fn visit_expr(&mut self, expression: &'tree Expr) {
        visitor::walk_expr(self, expression);
        if let Expr::Call(call) = expression {
            self.0.push(call);
        }
    }
}

/// Each bound name with what it means.
#[derive(Default)]
struct Imports(Vec<(String, String)>);

impl<'tree> Visitor<'tree> for Imports {
    fn visit_stmt(&mut self, statement: &'tree Stmt) {
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    let bound = alias.asname.as_ref().unwrap_or(&alias.name);
                    self.0.push((bound.to_string(), alias.name.to_string()));
                }
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", |name| name.as_str());
                let dots = ".".repeat(usize::try_from(import.level).unwrap_or(0));
                let between = if module.is_empty() { "" } else { "." };
                for alias in &import.names {
                    let bound = alias.asname.as_ref().unwrap_or(&alias.name);
                    self.0.push((bound.to_string(), format!("{dots}{module}{between}{}", alias.name)));
                }
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }
}
