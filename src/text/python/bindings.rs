//! Which names a Python file uses without binding them, and its variables and functions as far as a revision has them.

mod scopes;

use std::collections::BTreeSet;
use std::ops::Range;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{ExceptHandler, Expr, Parameters, Pattern, Stmt};
use ruff_text_size::Ranged;

use super::builtins::is_builtin;
use super::collect::{bytes, dotted, string};
use super::{Module, Text, parse_with};

pub use scopes::may_be_bound;

/// What a file binds and what it does not.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    /// Names that are read and that nothing binds, with all that is dotted behind them, in order.
    pub unbound: Vec<Unbound>,
    /// The variables of the module, in order.
    pub variables: Vec<Variable>,
    /// The functions of the module, in order.
    pub functions: Vec<Function>,
    /// Every string and every text between the braces of an f-string, in order.
    pub texts: Vec<(String, Range<usize>)>,
    /// The statement of the module behind which an import may be put: `import sqlalchemy as sa`, else the last import before
    /// other code, else the docstring.
    pub import_after: Option<Range<usize>>,
    /// The name that `alembic.op` is bound to.
    pub operations_name: Option<String>,
}

/// A name that nothing binds where it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unbound {
    /// The name with all that is dotted behind it: `sqlmodel.sql.sqltypes.AutoString`.
    pub name: String,
    /// Where it stands.
    pub range: Range<usize>,
}

/// What is assigned to a variable of the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Literal {
    /// `None`.
    None,
    /// A string.
    Text(Text),
    /// A tuple, list or set of strings.
    Texts(Vec<Text>),
    /// What cannot be told without running it.
    Unknown,
}

/// A variable of the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// What is assigned.
    pub value: Literal,
    /// Where the value stands.
    pub range: Range<usize>,
}

/// A function of the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The whole definition.
    pub range: Range<usize>,
    /// Its statements, the docstring excepted; an empty range at the end when there are no others.
    pub body: Range<usize>,
    /// Whether it holds nothing but `pass`, `...` and its docstring.
    pub does_nothing: bool,
}

/// Reads a file and tells its names apart. A file that is nested too deeply has none.
pub fn read(text: &str) -> (Module, Script) {
    parse_with(text, |parsed| script(text, parsed.suite()))
}

fn script(text: &str, suite: &[Stmt]) -> Script {
    let mut found = Script::default();
    let mut top = Binder::default();
    top.visit_body(suite);
    let uncertain = top.star;
    let mut uses = Uses { text, scopes: vec![top.names], found: &mut found, guarded: 0 };
    uses.visit_body(suite);
    if uncertain {
        // `from x import *` may bind anything.
        found.unbound.clear();
    }
    found.operations_name = suite.iter().find_map(operations_name);
    found.import_after = import_after(suite);
    for statement in suite {
        top_statement(text, statement, &mut found);
    }
    found
}

fn operations_name(statement: &Stmt) -> Option<String> {
    let (names, module) = match statement {
        Stmt::ImportFrom(import) => (&import.names, import.module.as_ref().map_or("", |name| name.as_str())),
        _ => return None,
    };
    let alias = names.iter().find(|alias| module == "alembic" && alias.name.as_str() == "op")?;
    Some(alias.asname.as_ref().unwrap_or(&alias.name).to_string())
}

fn import_after(suite: &[Stmt]) -> Option<Range<usize>> {
    let is_sqlalchemy = |statement: &&Stmt| match statement {
        Stmt::Import(import) => import.names.iter().any(|alias| alias.name.as_str() == "sqlalchemy"),
        _ => false,
    };
    let is_import = |statement: &&Stmt| matches!(statement, Stmt::Import(_) | Stmt::ImportFrom(_));
    let leading = suite
        .iter()
        .enumerate()
        .take_while(|(index, statement)| is_import(statement) || (*index == 0 && is_text(statement)));
    let found = suite.iter().find(is_sqlalchemy).or_else(|| leading.last().map(|(_, statement)| statement));
    found.map(|statement| bytes(statement.range()))
}

fn is_text(statement: &Stmt) -> bool {
    matches!(statement, Stmt::Expr(expression) if expression.value.is_string_literal_expr())
}

fn top_statement(text: &str, statement: &Stmt, found: &mut Script) {
    match statement {
        Stmt::Assign(assign) => {
            for target in assign.targets.iter().filter_map(Expr::as_name_expr) {
                let (value, range) = (literal(text, &assign.value), bytes(assign.value.range()));
                found.variables.push(Variable { name: target.id.to_string(), value, range });
            }
        }
        Stmt::AnnAssign(assign) => {
            if let (Some(target), Some(value)) = (assign.target.as_name_expr(), &assign.value) {
                let (name, range) = (target.id.to_string(), bytes(value.range()));
                found.variables.push(Variable { name, value: literal(text, value), range });
            }
        }
        Stmt::FunctionDef(function) => {
            let body = match function.body.split_first() {
                Some((first, rest)) if is_text(first) => rest,
                _ => &function.body,
            };
            let end = bytes(function.range()).end;
            let start = body.first().map_or(end, |first| bytes(first.range()).start);
            let is_nothing = |statement: &Stmt| {
                matches!(statement, Stmt::Pass(_))
                    || matches!(statement, Stmt::Expr(expression) if expression.value.is_ellipsis_literal_expr())
            };
            found.functions.push(Function {
                name: function.name.to_string(),
                range: bytes(function.range()),
                body: start..end,
                does_nothing: body.iter().all(is_nothing),
            });
        }
        _ => {}
    }
}

fn literal(text: &str, expression: &Expr) -> Literal {
    let several = |elements: &[Expr]| {
        let texts: Option<Vec<Text>> = elements.iter().map(|element| string(text, element)).collect();
        texts.map_or(Literal::Unknown, Literal::Texts)
    };
    match expression {
        Expr::NoneLiteral(_) => Literal::None,
        Expr::StringLiteral(_) => string(text, expression).map_or(Literal::Unknown, Literal::Text),
        Expr::Tuple(tuple) => several(&tuple.elts),
        Expr::List(list) => several(&list.elts),
        Expr::Set(set) => several(&set.elts),
        _ => Literal::Unknown,
    }
}

/// Whether a statement is `if TYPE_CHECKING:`, whose body never runs.
fn is_for_types(test: &Expr) -> bool {
    dotted(test).rsplit('.').next() == Some("TYPE_CHECKING")
}

/// Collects what a scope binds. Comprehensions and lambdas count as part of the scope around them: what they bind beyond
/// themselves is never taken for unbound by mistake.
#[derive(Default)]
struct Binder {
    names: BTreeSet<String>,
    star: bool,
}

impl Binder {
    fn bind(&mut self, name: &str) {
        self.names.insert(name.to_owned());
    }

    fn parameters(&mut self, parameters: &Parameters) {
        for parameter in parameters.iter() {
            self.bind(parameter.name().as_str());
        }
    }
}

impl<'tree> Visitor<'tree> for Binder {
    fn visit_stmt(&mut self, statement: &'tree Stmt) {
        match statement {
            Stmt::FunctionDef(function) => self.bind(&function.name),
            Stmt::ClassDef(class) => self.bind(&class.name),
            Stmt::Import(import) => {
                for alias in &import.names {
                    let root = alias.name.split('.').next().unwrap_or("");
                    self.bind(alias.asname.as_ref().map_or(root, |name| name.as_str()));
                }
            }
            Stmt::ImportFrom(import) => {
                for alias in &import.names {
                    self.star |= alias.name.as_str() == "*";
                    self.bind(alias.asname.as_ref().unwrap_or(&alias.name));
                }
            }
            Stmt::If(choice) if is_for_types(&choice.test) => {
                choice.elif_else_clauses.iter().for_each(|clause| self.visit_elif_else_clause(clause));
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_annotation(&mut self, _: &'tree Expr) {}

    fn visit_except_handler(&mut self, handler: &'tree ExceptHandler) {
        let ExceptHandler::ExceptHandler(inner) = handler;
        if let Some(name) = &inner.name {
            self.bind(name);
        }
        visitor::walk_except_handler(self, handler);
    }

    fn visit_pattern(&mut self, pattern: &'tree Pattern) {
        let name = match pattern {
            Pattern::MatchAs(pattern) => pattern.name.as_ref(),
            Pattern::MatchStar(pattern) => pattern.name.as_ref(),
            Pattern::MatchMapping(pattern) => pattern.rest.as_ref(),
            _ => None,
        };
        if let Some(name) = name {
            self.bind(name);
        }
        visitor::walk_pattern(self, pattern);
    }

    fn visit_expr(&mut self, expression: &'tree Expr) {
        match expression {
            Expr::Name(name) if !name.ctx.is_load() => self.bind(&name.id),
            Expr::Lambda(lambda) => {
                if let Some(parameters) = &lambda.parameters {
                    self.parameters(parameters);
                }
            }
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}

/// Looks for names that no scope around them binds.
struct Uses<'text, 'found> {
    text: &'text str,
    scopes: Vec<BTreeSet<String>>,
    found: &'found mut Script,
    /// How many `try` are around that catch a `NameError`.
    guarded: usize,
}

impl Uses<'_, '_> {
    fn name(&mut self, name: String, range: Range<usize>) {
        let root = name.split('.').next().unwrap_or("");
        let bound = is_builtin(root) || self.scopes.iter().any(|scope| scope.contains(root));
        if !bound && self.guarded == 0 {
            self.found.unbound.push(Unbound { name, range });
        }
    }

    fn within(&mut self, body: &[Stmt], parameters: Option<&Parameters>) {
        let mut binder = Binder::default();
        if let Some(parameters) = parameters {
            binder.parameters(parameters);
        }
        binder.visit_body(body);
        self.scopes.push(binder.names);
        self.visit_body(body);
        self.scopes.pop();
    }
}

fn catches_name_errors(handler: &ExceptHandler) -> bool {
    let ExceptHandler::ExceptHandler(handler) = handler;
    let catches = |name: String| matches!(name.as_str(), "NameError" | "Exception" | "BaseException");
    match handler.type_.as_deref() {
        None => true,
        Some(Expr::Tuple(types)) => types.elts.iter().any(|one| catches(dotted(one))),
        Some(one) => catches(dotted(one)),
    }
}

impl<'tree> Visitor<'tree> for Uses<'_, '_> {
    fn visit_stmt(&mut self, statement: &'tree Stmt) {
        match statement {
            Stmt::FunctionDef(function) => {
                function.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                let defaults = function.parameters.iter_non_variadic_params().filter_map(|one| one.default.as_deref());
                defaults.for_each(|default| self.visit_expr(default));
                self.within(&function.body, Some(&function.parameters));
            }
            Stmt::ClassDef(class) => {
                class.decorator_list.iter().for_each(|decorator| self.visit_decorator(decorator));
                if let Some(arguments) = &class.arguments {
                    self.visit_arguments(arguments);
                }
                self.within(&class.body, None);
            }
            Stmt::If(choice) if is_for_types(&choice.test) => {
                choice.elif_else_clauses.iter().for_each(|clause| self.visit_elif_else_clause(clause));
            }
            Stmt::Try(attempt) if attempt.handlers.iter().any(catches_name_errors) => {
                self.guarded += 1;
                self.visit_body(&attempt.body);
                self.guarded -= 1;
                attempt.handlers.iter().for_each(|handler| self.visit_except_handler(handler));
                self.visit_body(&attempt.orelse);
                self.visit_body(&attempt.finalbody);
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    // Annotations are not evaluated everywhere, and never in Python 3.14.
    fn visit_annotation(&mut self, _: &'tree Expr) {}

    fn visit_expr(&mut self, expression: &'tree Expr) {
        match expression {
            Expr::Name(name) if !name.ctx.is_load() => {}
            Expr::Attribute(_) | Expr::Name(_) => {
                let name = dotted(expression);
                if name.starts_with('.') {
                    visitor::walk_expr(self, expression);
                } else {
                    self.name(name, bytes(expression.range()));
                }
            }
            Expr::StringLiteral(_) => {
                let text = string(self.text, expression);
                self.found.texts.extend(text.map(|text| (text.value, text.range)));
            }
            Expr::FString(string) => {
                let literal: String = string
                    .value
                    .elements()
                    .filter_map(|element| Some(element.as_literal()?.value.to_string()))
                    .collect();
                self.found.texts.push((literal, bytes(expression.range())));
                visitor::walk_expr(self, expression);
            }
            _ => visitor::walk_expr(self, expression),
        }
    }
}

#[cfg(test)]
mod tests;
