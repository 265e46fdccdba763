//! How a file uses its names: how often each is bound, and which lists may be changed by somebody who has got hold of them.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Alias, Comprehension, Expr, ExprCall, Parameter, Stmt, StmtFunctionDef};

/// Functions that only read what they are given, as long as nothing else has their name.
const READING_FUNCTIONS: [&str; 13] =
    ["all", "any", "bool", "enumerate", "frozenset", "len", "list", "print", "repr", "set", "sorted", "str", "tuple"];

/// Methods that only read what they are called on.
const READING_METHODS: [&str; 7] = ["copy", "count", "get", "index", "items", "keys", "values"];

/// Methods that only read what they are called on and what they are given.
const COMPARING_METHODS: [&str; 9] =
    ["difference", "endswith", "intersection", "isdisjoint", "issubset", "issuperset", "join", "startswith", "union"];

/// What a file does with its names.
#[derive(Default)]
pub(super) struct Uses<'tree> {
    /// How often each name is bound, anywhere.
    pub bound: BTreeMap<&'tree str, usize>,
    /// Names that are read otherwise than to look at what they hold: handed to a function, given another name, returned.
    handed_on: BTreeSet<&'tree str>,
    /// What functions that only read are given: their names, and those of the arguments.
    given: BTreeSet<(&'tree str, &'tree str)>,
    /// Whether names are changed by other means than statements.
    pub is_dynamic: bool,
    /// The functions, in order.
    pub functions: Vec<&'tree StmtFunctionDef>,
    /// The calls, in order.
    pub calls: Vec<&'tree ExprCall>,
}

impl<'tree> Uses<'tree> {
    fn bind(&mut self, name: &'tree str) {
        *self.bound.entry(name).or_default() += 1;
    }

    fn import(&mut self, names: &'tree [Alias]) {
        names.iter().for_each(|alias| self.bind(alias.asname.as_ref().unwrap_or(&alias.name).as_str()));
    }

    /// Visits an expression that is only looked at: a name there lets nobody change what it means.
    fn look_at(&mut self, expression: &'tree Expr) {
        match expression {
            Expr::Name(name) if name.ctx.is_load() => self.name(name.id.as_str()),
            Expr::BoolOp(operation) => operation.values.iter().for_each(|value| self.look_at(value)),
            Expr::Starred(starred) => self.look_at(&starred.value),
            _ => self.visit_expr(expression),
        }
    }

    fn name(&mut self, name: &'tree str) {
        self.is_dynamic |= matches!(name, "exec" | "globals" | "locals" | "setattr" | "vars");
    }

    fn call(&mut self, call: &'tree ExprCall) {
        self.calls.push(call);
        let mut only_reads = false;
        match &*call.func {
            Expr::Attribute(method) => {
                let method_name = method.attr.as_str();
                only_reads = COMPARING_METHODS.contains(&method_name);
                if only_reads || READING_METHODS.contains(&method_name) {
                    self.look_at(&method.value);
                } else {
                    self.visit_expr(&method.value);
                }
            }
            Expr::Name(name) => {
                let name = name.id.as_str();
                self.name(name);
                only_reads = READING_FUNCTIONS.contains(&name);
                let arguments = call.arguments.args.iter().filter_map(|argument| argument.as_name_expr());
                self.given.extend(arguments.filter(|_| only_reads).map(|argument| (name, argument.id.as_str())));
            }
            function => self.visit_expr(function),
        }
        for argument in &call.arguments.args {
            if only_reads { self.look_at(argument) } else { self.visit_expr(argument) }
        }
        call.arguments.keywords.iter().for_each(|keyword| self.visit_keyword(keyword));
    }

    /// Whether a list of this name stays as it was written down.
    pub fn is_kept(&self, name: &str) -> bool {
        let is_renamed = |function: &str| self.bound.contains_key(function);
        !self.handed_on.contains(name)
            && !self.given.iter().any(|(function, given)| *given == name && is_renamed(function))
    }
}

impl<'tree> Visitor<'tree> for Uses<'tree> {
    fn visit_stmt(&mut self, statement: &'tree Stmt) {
        match statement {
            Stmt::FunctionDef(function) => {
                self.bind(function.name.as_str());
                self.functions.push(function);
            }
            Stmt::ClassDef(class) => self.bind(class.name.as_str()),
            Stmt::AugAssign(assign) => {
                if let Expr::Name(name) = &*assign.target {
                    self.handed_on.insert(name.id.as_str());
                }
            }
            Stmt::Import(import) => self.import(&import.names),
            Stmt::ImportFrom(import) => self.import(&import.names),
            Stmt::For(each) => {
                self.visit_expr(&each.target);
                self.look_at(&each.iter);
                self.visit_body(&each.body);
                self.visit_body(&each.orelse);
                return;
            }
            Stmt::If(choice) => {
                self.look_at(&choice.test);
                self.visit_body(&choice.body);
                for clause in &choice.elif_else_clauses {
                    clause.test.iter().for_each(|test| self.look_at(test));
                    self.visit_body(&clause.body);
                }
                return;
            }
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'tree Expr) {
        match expression {
            Expr::Name(name) if !name.ctx.is_load() => self.bind(name.id.as_str()),
            Expr::Name(name) => {
                self.name(name.id.as_str());
                self.handed_on.insert(name.id.as_str());
            }
            Expr::Call(call) => return self.call(call),
            Expr::Compare(compared) => {
                self.look_at(&compared.left);
                compared.comparators.iter().for_each(|other| self.look_at(other));
                return;
            }
            Expr::Subscript(subscript) if subscript.ctx.is_load() => {
                self.look_at(&subscript.value);
                self.visit_expr(&subscript.slice);
                return;
            }
            Expr::UnaryOp(operation) => return self.look_at(&operation.operand),
            // What is put together is new.
            Expr::BinOp(operation) => {
                self.look_at(&operation.left);
                self.look_at(&operation.right);
                return;
            }
            Expr::Starred(starred) if starred.ctx.is_load() => return self.look_at(&starred.value),
            Expr::If(choice) => {
                self.look_at(&choice.test);
                self.visit_expr(&choice.body);
                self.visit_expr(&choice.orelse);
                return;
            }
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }

    fn visit_comprehension(&mut self, comprehension: &'tree Comprehension) {
        self.visit_expr(&comprehension.target);
        self.look_at(&comprehension.iter);
        comprehension.ifs.iter().for_each(|test| self.look_at(test));
    }

    fn visit_parameter(&mut self, parameter: &'tree Parameter) {
        self.bind(parameter.name.as_str());
        visitor::walk_parameter(self, parameter);
    }
}
