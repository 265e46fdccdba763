//! Follows what surely happens when `env.py` is run.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    ArgOrKeyword, Decorator, ElifElseClause, Expr, ExprCall, Stmt, StmtFunctionDef, StmtIf, UnaryOp,
};

use super::bound::Bound;
use super::is_environ;
use crate::text::python::builtins::is_builtin;
use crate::text::python::collect::{dotted, string};
use crate::text::python::{LEAVES, Text};

/// What runs the coroutine that it is given.
const RUNNERS: [&str; 2] = ["run", "run_until_complete"];

pub(super) fn read(text: &str, suite: &[Stmt], is_harmless: &dyn Fn(&str) -> bool) -> Vec<Text> {
    let bound = Bound::of(suite);
    let functions = bound.functions(suite);
    let known = Known { bound, functions, is_harmless };
    let mut run = Run { text, known: &known, entered: BTreeSet::new(), reads: vec![], is_over: false };
    run.body(suite);
    run.reads
}

/// What is known of the file.
struct Known<'tree, 'run> {
    bound: Bound<'tree>,
    functions: BTreeMap<&'tree str, &'tree StmtFunctionDef>,
    is_harmless: &'run dyn Fn(&str) -> bool,
}

/// What a call does.
enum Effect<'tree> {
    /// Nothing to variables.
    None,
    /// It runs a function of the file.
    Runs(&'tree StmtFunctionDef),
    /// It may set variables, or end the run.
    Untold,
}

impl<'tree> Known<'tree, '_> {
    fn effect(&self, callee: &str) -> Effect<'tree> {
        let root = callee.split('.').next().unwrap_or("");
        let last = callee.rsplit('.').next().unwrap_or("");
        let is_name = root == callee;
        let harmless = if LEAVES.contains(&last) || matches!(callee, "exec" | "eval" | "__import__") {
            false
        } else if let Some(modules) = self.bound.imported.get(root) {
            modules.iter().all(|module| (self.is_harmless)(module))
        } else if let Some(function) = self.functions.get(root).filter(|_| is_name) {
            return Effect::Runs(function);
        } else if self.bound.classes.contains(root) {
            false
        } else {
            // A method of what was made before; what `*` brings may be anything.
            let is_variable = self.bound.variables.contains(root);
            match is_name {
                true => is_builtin(root) && !is_variable && !self.bound.has_star,
                false => root.is_empty() || is_variable || is_builtin(root),
            }
        };
        if harmless { Effect::None } else { Effect::Untold }
    }
}

struct Run<'tree, 'run> {
    text: &'run str,
    known: &'run Known<'tree, 'run>,
    /// The functions that were run.
    entered: BTreeSet<&'tree str>,
    reads: Vec<Text>,
    /// Whether nothing is sure any more.
    is_over: bool,
}

impl<'tree> Run<'tree, '_> {
    /// Runs statements; whether what comes behind them in the same function is run too.
    fn body(&mut self, body: &'tree [Stmt]) -> bool {
        body.iter().all(|statement| !self.is_over && self.statement(statement))
    }

    fn statement(&mut self, statement: &'tree Stmt) -> bool {
        match statement {
            Stmt::Return(it) => {
                it.value.iter().for_each(|value| self.visit_expr(value));
                return false;
            }
            Stmt::Raise(_) | Stmt::Assert(_) => self.is_over = true,
            Stmt::Expr(it) => self.visit_expr(&it.value),
            Stmt::Assign(it) => self.visit_expr(&it.value),
            Stmt::AugAssign(it) => self.visit_expr(&it.value),
            Stmt::AnnAssign(it) => it.value.iter().for_each(|value| self.visit_expr(value)),
            Stmt::If(choice) => {
                self.visit_expr(&choice.test);
                if let Some(online) = online(choice) {
                    return self.body(online);
                }
                let others = choice.elif_else_clauses.iter();
                let tests = others.clone().filter_map(|clause| clause.test.as_ref());
                return self.passes_over(others.flat_map(|clause| &clause.body).chain(&choice.body), tests);
            }
            Stmt::For(it) => {
                self.visit_expr(&it.iter);
                return self.passes_over(it.body.iter().chain(&it.orelse), []);
            }
            Stmt::While(it) => {
                self.visit_expr(&it.test);
                return self.passes_over(it.body.iter().chain(&it.orelse), []);
            }
            Stmt::With(it) => {
                it.items.iter().for_each(|item| self.visit_expr(&item.context_expr));
                return self.passes_over(&it.body, []);
            }
            Stmt::Match(it) => {
                self.visit_expr(&it.subject);
                return self.passes_over(it.cases.iter().flat_map(|case| &case.body), []);
            }
            Stmt::Try(_) => return self.passes_over([statement], []),
            Stmt::FunctionDef(it) => {
                it.decorator_list.iter().for_each(|decorator| self.decorator(decorator));
                let parameters = it.parameters.iter_non_variadic_params();
                parameters.filter_map(|one| one.default.as_deref()).for_each(|default| self.visit_expr(default));
            }
            Stmt::ClassDef(it) => {
                it.decorator_list.iter().for_each(|decorator| self.decorator(decorator));
                it.arguments.iter().for_each(|arguments| self.visit_arguments(arguments));
                return self.body(&it.body);
            }
            _ => {}
        }
        true
    }

    /// Takes note of what may or may not be run; whether what comes behind it in the same function is run for certain.
    fn passes_over(
        &mut self,
        body: impl IntoIterator<Item = &'tree Stmt>,
        expressions: impl IntoIterator<Item = &'tree Expr>,
    ) -> bool {
        let mut passed = Passed { known: self.known, entered: BTreeSet::new(), leaves: false, is_untold: false };
        body.into_iter().for_each(|statement| passed.visit_stmt(statement));
        expressions.into_iter().for_each(|expression| passed.visit_expr(expression));
        self.is_over |= passed.is_untold;
        !passed.leaves
    }

    /// A decorator is called with what it stands above.
    fn decorator(&mut self, decorator: &'tree Decorator) {
        self.visit_expr(&decorator.expression);
        let name = dotted(&decorator.expression);
        self.is_over |= !name.is_empty() && !matches!(self.known.effect(&name), Effect::None);
    }

    fn call(&mut self, call: &'tree ExprCall, is_awaited: bool) {
        let callee = dotted(&call.func);
        self.visit_expr(&call.func);
        let is_runner = callee.rsplit('.').next().is_some_and(|last| RUNNERS.contains(&last));
        for argument in call.arguments.iter_source_order() {
            let value = match argument {
                ArgOrKeyword::Arg(value) => value,
                ArgOrKeyword::Keyword(keyword) => &keyword.value,
            };
            match value {
                Expr::Call(inner) if is_runner => self.call(inner, true),
                value => self.visit_expr(value),
            }
        }
        if self.is_over {
            return;
        }
        match self.known.effect(&callee) {
            Effect::None => {}
            Effect::Runs(function) if is_awaited || !function.is_async => {
                if self.entered.insert(&function.name) {
                    self.body(&function.body);
                }
            }
            Effect::Runs(_) | Effect::Untold => self.is_over = true,
        }
    }
}

impl<'tree> Visitor<'tree> for Run<'tree, '_> {
    fn visit_expr(&mut self, expression: &'tree Expr) {
        if self.is_over {
            return;
        }
        match expression {
            Expr::Lambda(_) => {}
            Expr::BoolOp(it) => {
                it.values.iter().take(1).for_each(|first| self.visit_expr(first));
                self.passes_over([], it.values.iter().skip(1));
            }
            Expr::If(it) => {
                self.visit_expr(&it.test);
                self.passes_over([], [&*it.body, &*it.orelse]);
            }
            Expr::Compare(it) => {
                self.visit_expr(&it.left);
                it.comparators.iter().take(1).for_each(|first| self.visit_expr(first));
                self.passes_over([], it.comparators.iter().skip(1));
            }
            Expr::ListComp(_) | Expr::SetComp(_) | Expr::DictComp(_) | Expr::Generator(_) => {
                self.passes_over([], [expression]);
            }
            Expr::Await(it) => match &*it.value {
                Expr::Call(call) => self.call(call, true),
                value => self.visit_expr(value),
            },
            Expr::Call(call) => self.call(call, false),
            Expr::Subscript(it) if it.ctx.is_load() && is_environ(&self.known.bound, &it.value) => {
                match string(self.text, &it.slice) {
                    Some(name) => self.reads.push(name),
                    None => self.visit_expr(&it.slice),
                }
            }
            _ => visitor::walk_expr(self, expression),
        }
    }
}

/// What a choice runs with a database where it asks Alembic for that: `if context.is_offline_mode(): … else: …`.
fn online(choice: &StmtIf) -> Option<&[Stmt]> {
    let is_offline = |test: &Expr| {
        test.as_call_expr().is_some_and(|call| dotted(&call.func).rsplit('.').next() == Some("is_offline_mode"))
    };
    match (&*choice.test, choice.elif_else_clauses.as_slice()) {
        (test, []) if is_offline(test) => Some(&[]),
        (test, [ElifElseClause { test: None, body, .. }]) if is_offline(test) => Some(body),
        (Expr::UnaryOp(it), _) if it.op == UnaryOp::Not && is_offline(&it.operand) => Some(&choice.body),
        _ => None,
    }
}

/// What may or may not be run.
struct Passed<'tree, 'run> {
    known: &'run Known<'tree, 'run>,
    entered: BTreeSet<&'tree str>,
    /// Whether the function around it may be left there.
    leaves: bool,
    /// Whether it may set variables or end the run.
    is_untold: bool,
}

impl<'tree> Visitor<'tree> for Passed<'tree, '_> {
    fn visit_stmt(&mut self, statement: &'tree Stmt) {
        match statement {
            Stmt::Return(_) => self.leaves = true,
            Stmt::Raise(_) | Stmt::Assert(_) => self.is_untold = true,
            // Not run before they are called.
            Stmt::FunctionDef(_) => return,
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_annotation(&mut self, _: &'tree Expr) {}

    fn visit_expr(&mut self, expression: &'tree Expr) {
        if let Expr::Call(call) = expression {
            match self.known.effect(&dotted(&call.func)) {
                Effect::None => {}
                Effect::Runs(function) if self.entered.insert(&function.name) => {
                    let leaves = self.leaves;
                    self.visit_body(&function.body);
                    self.leaves = leaves;
                }
                Effect::Runs(_) => {}
                Effect::Untold => self.is_untold = true,
            }
        }
        visitor::walk_expr(self, expression);
    }
}
