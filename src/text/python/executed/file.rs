//! One file whose functions are followed into others.

use std::collections::BTreeSet;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprCall, Keyword, Stmt, StmtFunctionDef};
use ruff_text_size::Ranged;

use super::names::{Names, is_outside};
use super::origins::{Origin, base};
use super::values::Values;
use super::{Done, Found, Run};
use crate::text::python::collect::{bytes, dotted};

/// How far calls of functions are followed; into another module counts as one more.
pub(super) const DEEPEST: usize = 8;

/// How much one function may do before it counts as untold.
const MOST: usize = 200;

/// What it costs to open another module, and how many bytes of it cost a step more.
const MODULE: usize = 20;
const BYTES: usize = 64;

/// Methods that run the statement they are given first.
const RUNS: [&str; 6] = ["execute", "exec_driver_sql", "executemany", "scalar", "scalars", "execute_async"];

/// How a hand to the database is called by almost everybody.
const HANDS: [&str; 8] = ["batch_op", "bind", "conn", "connection", "cursor", "engine", "op", "session"];

/// What gives such a hand.
const GIVES_HANDS: [&str; 7] = ["Operations", "Session", "begin", "connect", "connection", "get_bind", "get_context"];

/// What is called so without an import runs nothing.
const PLAIN: [&str; 14] = [
    "bool",
    "context",
    "getattr",
    "hasattr",
    "id",
    "isinstance",
    "len",
    "op",
    "print",
    "repr",
    "sa",
    "str",
    "type",
    "vars",
];

/// What is behind a name that is called.
enum Followed {
    /// This is done there.
    Does(BTreeSet<Done>),
    /// It lies in the project, and cannot be followed.
    Hidden,
    /// It lies nowhere in the project.
    Nowhere,
}

/// A file that is read.
pub(super) struct File<'tree> {
    pub run: &'tree Run<'tree>,
    pub path: &'tree str,
    pub names: Names<'tree>,
}

impl<'tree> File<'tree> {
    pub fn new(run: &'tree Run<'tree>, path: &'tree str, suite: &'tree [Stmt]) -> Self {
        File { run, path, names: Names::of(suite) }
    }

    /// Takes some steps; false when there are none left.
    pub fn step(&self, steps: usize) -> bool {
        self.run.step(steps)
    }

    pub fn definition(&self, name: &str) -> Option<&'tree StmtFunctionDef> {
        self.names.functions.get(name).copied()
    }

    /// What a function or a class of this file does with these arguments; all methods count as called.
    pub fn function(&self, name: &str, arguments: Vec<Vec<String>>, depth: usize, found: &mut Found) {
        let Some(function) = self.definition(name) else {
            if let Some(class) = self.names.classes.get(name) {
                self.collect(&class.body, &Values::of(&class.body, vec![]), depth, found);
            }
            return;
        };
        let defaults = function.parameters.iter_non_variadic_params().enumerate().filter_map(|(at, one)| {
            let given = arguments.get(at).cloned();
            let default = || one.default.as_deref().map(|default| Values::default().texts(self, default));
            Some((one.parameter.name.to_string(), given.or_else(default)?))
        });
        let values = Values::of_function(function, defaults.collect());
        self.collect(&function.body, &values, depth, found);
    }

    /// What a body does; from where the steps end, that cannot be told.
    pub fn collect(&self, body: &'tree [Stmt], values: &Values<'tree>, depth: usize, found: &mut Found) {
        let mut calls = Calls::default();
        calls.visit_body(body);
        for call in calls.0 {
            let range = bytes(call.range());
            if !self.step(1) {
                found.push((Done::Untold, range));
                return;
            }
            found.extend(self.call(call, values, depth).into_iter().map(|done| (done, range.clone())));
        }
    }

    /// What the calls of a function are by themselves: what they run, and of which class they create a value.
    pub fn tell(&self, function: &'tree StmtFunctionDef, found: &mut Found) {
        let values = Values::of_function(function, vec![]);
        let mut calls = Calls::default();
        calls.visit_body(&function.body);
        for call in calls.0 {
            let range = bytes(call.range());
            if let Some(given) = statement(call) {
                found.push((Done::Runs(values.texts(self, given)), range));
            } else if let Expr::Attribute(method) = &*call.func
                && method.attr.as_str() == "create"
                && let Some(origins) = self.origins(&method.value, &values)
            {
                let calls = origins.into_iter().map(|origin| match origin {
                    Origin::Imported(meaning) => format!("{meaning}.create"),
                    Origin::Plain(name) => format!("{name}.create"),
                    Origin::Literal => ".create".to_owned(),
                });
                let calls = calls.map(|meant| (Done::Calls(meant), range.clone()));
                found.extend(calls);
            }
        }
    }

    fn call(&self, call: &'tree ExprCall, values: &Values<'tree>, depth: usize) -> BTreeSet<Done> {
        let name = dotted(&call.func);
        let last = name.rsplit('.').next().unwrap_or_default();
        if RUNS.contains(&last) && name.contains('.') {
            return statement(call).map(|given| Done::Runs(values.texts(self, given))).into_iter().collect();
        }
        let arguments = || call.arguments.args.iter().map(|one| values.texts(self, one)).collect();
        let mut done = match self.followed(&name, &arguments, true, depth) {
            Followed::Does(deeper) => deeper,
            followed if self.is_untold(call, &name, &followed, values) => BTreeSet::from([Done::Untold]),
            _ => {
                let meant = self.imported(&name).map_or(name, |(module, function)| format!("{module}.{function}"));
                BTreeSet::from([Done::Calls(meant)])
            }
        };
        // `op.run_async(prepare)` calls what it is given.
        for given in call.arguments.args.iter().filter(|one| one.is_name_expr() || one.is_attribute_expr()) {
            if let Followed::Does(deeper) = self.followed(&dotted(given), &Vec::new, false, depth) {
                done.extend(deeper);
            }
        }
        done
    }

    /// Whether a call that could not be followed may run anything: it has the database in its hands.
    fn is_untold(&self, call: &'tree ExprCall, name: &str, followed: &Followed, values: &Values<'tree>) -> bool {
        if self.is_harmless(&call.func, values) {
            return false;
        }
        let keywords = call.arguments.keywords.iter().map(|one| &one.value);
        if call.arguments.args.iter().chain(keywords).any(|one| self.is_hand(one, values, 0)) {
            return true;
        }
        // To make a value of a class runs nothing.
        let is_class = name.rsplit('.').next().is_some_and(|last| last.starts_with(char::is_uppercase));
        matches!(followed, Followed::Hidden) && !is_class
            || base(&call.func).is_some_and(|base| base != name && self.speaks_of_statements(base))
    }

    /// Whether an expression leads to the database: `op`, a connection, a session.
    fn is_hand(&self, expression: &'tree Expr, values: &Values<'tree>, depth: usize) -> bool {
        if !self.step(1) {
            return true;
        }
        match expression {
            Expr::Name(_) | Expr::Attribute(_) => {
                let name = dotted(expression);
                let last = name.rsplit('.').next().unwrap_or_default();
                let is_imported = |(module, function): (String, String)| {
                    module == "alembic" && matches!(function.as_str(), "op" | "context") || module == "alembic.op"
                };
                HANDS.contains(&last)
                    || self.imported(&name).is_some_and(is_imported)
                    || depth < DEEPEST && values.bound(self, &name).any(|one| self.is_hand(one, values, depth + 1))
            }
            Expr::Call(call) => dotted(&call.func).rsplit('.').next().is_some_and(|last| GIVES_HANDS.contains(&last)),
            Expr::Starred(starred) => depth < DEEPEST && self.is_hand(&starred.value, values, depth + 1),
            _ => false,
        }
    }

    /// Whether what is called belongs to a package that runs nothing by itself: `sa.Enum(…).create`.
    fn is_harmless(&self, called: &'tree Expr, values: &Values<'tree>) -> bool {
        let is_harmless = |origin: &Origin| match origin {
            Origin::Imported(meaning) => is_outside(meaning),
            Origin::Plain(name) => PLAIN.contains(&name.as_str()),
            Origin::Literal => true,
        };
        self.origins(called, values).is_some_and(|all| all.iter().all(is_harmless))
    }

    /// Whether the module of the project that a name is imported from may run statements.
    fn speaks_of_statements(&self, name: &str) -> bool {
        let Some((module, _)) = self.imported(name).filter(|(module, _)| !is_outside(module)) else { return false };
        let Some(opened) = self.run.library.module(&module) else { return false };
        !self.step(1 + opened.text.len() / BYTES) || opened.speaks_of_statements()
    }

    /// What a function does that lies in this file or in another of the project.
    fn followed(
        &self,
        name: &str,
        arguments: &dyn Fn() -> Vec<Vec<String>>,
        classes_too: bool,
        depth: usize,
    ) -> Followed {
        let names = &self.names;
        if names.functions.contains_key(name) || classes_too && names.classes.contains_key(name) {
            if depth >= DEEPEST {
                return Followed::Does(BTreeSet::from([Done::Untold]));
            }
            return Followed::Does(self.remembered(name, arguments(), depth));
        }
        let Some((module, function)) = self.imported(name) else { return Followed::Nowhere };
        if is_outside(&module) {
            return Followed::Nowhere;
        }
        let library = self.run.library;
        let Some(opened) = library.module(&module) else {
            // A method of a class that is imported.
            let around = module.rsplit_once('.').and_then(|(around, _)| library.module(around));
            return if around.is_some_and(|_| self.speaks_of_statements(&module)) {
                Followed::Hidden
            } else {
                Followed::Nowhere
            };
        };
        if depth >= DEEPEST || !self.step(MODULE + opened.text.len() / BYTES) {
            return Followed::Does(BTreeSet::from([Done::Untold]));
        }
        let Some(suite) = opened.suite() else { return Followed::Hidden };
        let file = File::new(self.run, &opened.path, suite);
        match file.followed(&function, arguments, classes_too, depth + 1) {
            Followed::Nowhere => Followed::Hidden,
            known => known,
        }
    }

    /// What a function of this file does, which is found only once for the same arguments.
    fn remembered(&self, name: &str, arguments: Vec<Vec<String>>, depth: usize) -> BTreeSet<Done> {
        let called = (self.path.to_owned(), name.to_owned(), depth, arguments);
        if let Some(known) = self.run.known.borrow().get(&called) {
            return if self.step(known.len()) { known.clone() } else { BTreeSet::from([Done::Untold]) };
        }
        let mut found = vec![];
        self.function(name, called.3.clone(), depth + 1, &mut found);
        let mut done: BTreeSet<Done> = found.into_iter().map(|(done, _)| done).collect();
        if done.len() > MOST {
            done = BTreeSet::from([Done::Untold]);
        }
        self.run.known.borrow_mut().insert(called, done.clone());
        done
    }

    /// The module that a dotted name lies in by the imports of this file, and its name there.
    pub fn imported(&self, name: &str) -> Option<(String, String)> {
        let meaning = self.meaning(name)?;
        meaning.rsplit_once('.').map(|(module, function)| (module.to_owned(), function.to_owned()))
    }

    /// What a dotted name means by the imports of this file.
    pub fn meaning(&self, name: &str) -> Option<String> {
        // The longest module first: `import app.core.migrate`, and then `app.core.migrate.ensure()`.
        let starts = std::iter::successors(Some(name), |start| Some(start.rsplit_once('.')?.0));
        let known = starts.filter_map(|start| Some((self.names.imports.get(start)?, name.get(start.len()..)?))).next();
        let whole = match known {
            Some((meaning, rest)) => format!("{meaning}{rest}"),
            None => {
                let is_own = self.names.bound.values.contains_key(name) || PLAIN.contains(&name) || name.contains('.');
                let star = self.names.stars.iter().find(|module| !is_own && !is_outside(module))?;
                format!("{star}.{name}")
            }
        };
        Some(self.absolute(&whole))
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

/// The statement that a call runs.
fn statement(call: &ExprCall) -> Option<&Expr> {
    let method = call.func.as_attribute_expr().filter(|method| RUNS.contains(&method.attr.as_str()));
    let is_statement =
        |one: &&Keyword| one.arg.as_ref().is_some_and(|name| matches!(name.as_str(), "sqltext" | "statement" | "text"));
    let keyword = || call.arguments.keywords.iter().find(is_statement).map(|one| &one.value);
    method.and_then(|_| call.arguments.args.first().or_else(keyword))
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
