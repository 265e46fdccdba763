//! Reads the functions of a file from ruff's tree.

use std::collections::BTreeMap;
use std::rc::Rc;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{
    BoolOp, CmpOp, Expr, ExprCall, ExprLambda, Number, Parameters, Stmt, StmtFunctionDef, StmtIf, UnaryOp,
};
use ruff_text_size::Ranged;

use super::super::collect::bytes;
use super::uses::Uses;
use super::{Expression, Function, Functions, Given, Known, Relation, Statement};

/// How deep statements and expressions are read within each other. What lies deeper is not told.
const MAX_DEPTH: usize = 60;

/// Reads the functions of a file. The tree must have been walked whole before.
pub(in crate::text::python) fn functions(suite: &[Stmt]) -> Functions {
    let mut uses = Uses::default();
    uses.visit_body(suite);
    let reading = Reading { uses: &uses };
    let (mut named, mut constants) = (BTreeMap::new(), BTreeMap::new());
    for function in uses.functions.iter().filter(|function| function.decorator_list.is_empty()) {
        named.insert(function.name.to_string(), reading.function(function));
    }
    for (name, value) in suite.iter().filter_map(assignment) {
        if let Expr::Lambda(lambda) = value {
            named.insert(name.to_owned(), reading.lambda(lambda));
        } else if uses.bound.get(name) == Some(&1) && !uses.is_dynamic {
            let value = constant(&reading.bound(name, value));
            // What is empty is there to be filled by somebody.
            let is_empty = matches!(&value, Known::Several(values) if values.is_empty());
            constants.extend((!is_empty).then(|| (name.to_owned(), value)));
        }
    }
    // A name that is also assigned, or defined twice, means several things.
    named.retain(|name, _| uses.bound.get(name.as_str()) == Some(&1));
    let named = named.into_iter().map(|(name, function)| (name, Rc::new(function))).collect();
    let given = uses.calls.iter().map(|call| (bytes(call.range()).start, reading.given(call))).collect();
    Functions { named, given, constants }
}

/// The name of an assignment, and what is assigned.
fn assignment(statement: &Stmt) -> Option<(&str, &Expr)> {
    let (target, value) = match statement {
        Stmt::Assign(assign) => match assign.targets.as_slice() {
            [target] => (target, &*assign.value),
            _ => return None,
        },
        Stmt::AnnAssign(assign) => (&*assign.target, assign.value.as_deref()?),
        _ => return None,
    };
    Some((target.as_name_expr()?.id.as_str(), value))
}

/// The value of a constant, which is built from no names.
fn constant(expression: &Expression) -> Known {
    match expression {
        Expression::Known(known) => known.clone(),
        Expression::Several(inner) => Known::several(inner.iter().map(constant)),
        _ => Known::Untold,
    }
}

/// Whether names are bound within expressions.
#[derive(Default)]
struct Rebinds {
    found: bool,
}

impl<'tree> Visitor<'tree> for Rebinds {
    fn visit_expr(&mut self, expression: &'tree Expr) {
        self.found |= expression.is_named_expr();
        visitor::walk_expr(self, expression);
    }
}

/// What a function of these parameters takes by position.
fn of_parameters(parameters: Option<&Parameters>) -> Function {
    let Some(parameters) = parameters else {
        return Function { parameters: vec![], takes: Some(0..1), body: vec![], range: 0..0 };
    };
    let all: Vec<_> = parameters.posonlyargs.iter().chain(&parameters.args).collect();
    let needed = all.iter().filter(|one| one.default.is_none()).count();
    let named = parameters.kwonlyargs.iter().any(|one| one.default.is_none());
    let takes = match &parameters.vararg {
        _ if named => Some(0..0),
        Some(_) => None,
        None => Some(needed..all.len() + 1),
    };
    let parameters = all.iter().map(|one| one.parameter.name.to_string()).collect();
    Function { parameters, takes, body: vec![], range: 0..0 }
}

/// Reads functions with what is known of the names of their file.
struct Reading<'a> {
    uses: &'a Uses<'a>,
}

impl Reading<'_> {
    fn function(&self, function: &StmtFunctionDef) -> Function {
        let mut rebinds = Rebinds::default();
        rebinds.visit_body(&function.body);
        let is_simple = !function.is_async && !rebinds.found;
        let body = if is_simple { self.statements(&function.body, 0) } else { vec![Statement::Untold] };
        Function { body, range: bytes(function.name.range()), ..of_parameters(Some(&function.parameters)) }
    }

    fn lambda(&self, lambda: &ExprLambda) -> Function {
        let body = vec![Statement::Return(self.expression(&lambda.body, 0))];
        Function { body, range: bytes(lambda.range()), ..of_parameters(lambda.parameters.as_deref()) }
    }

    /// The keywords of a call.
    fn given(&self, call: &ExprCall) -> BTreeMap<String, Given> {
        let keywords = call.arguments.keywords.iter().filter_map(|keyword| {
            let given = match &keyword.value {
                Expr::Lambda(lambda) => Given::Here(Rc::new(self.lambda(lambda))),
                Expr::Name(name) => Given::Named(name.id.to_string()),
                Expr::BooleanLiteral(flag) if flag.value => Given::True,
                _ => Given::Other,
            };
            Some((keyword.arg.as_ref()?.to_string(), given))
        });
        keywords.collect()
    }

    fn statements(&self, body: &[Stmt], depth: usize) -> Vec<Statement> {
        if depth > MAX_DEPTH {
            return vec![Statement::Untold];
        }
        body.iter().map(|statement| self.statement(statement, depth)).collect()
    }

    fn statement(&self, statement: &Stmt, depth: usize) -> Statement {
        match statement {
            Stmt::Return(returned) => Statement::Return(match returned.value.as_deref() {
                Some(value) => self.expression(value, depth),
                None => Expression::Known(Known::None),
            }),
            Stmt::If(choice) => self.choice(choice, depth),
            Stmt::Assign(_) | Stmt::AnnAssign(_) => match assignment(statement) {
                Some((name, value)) => Statement::Bind(name.to_owned(), self.bound(name, value)),
                None => Statement::Untold,
            },
            Stmt::Pass(_) => Statement::Nothing,
            Stmt::Expr(expression) => match &*expression.value {
                // What a call may do to the lists of names is known of the names.
                Expr::StringLiteral(_) | Expr::Call(_) => Statement::Nothing,
                _ => Statement::Untold,
            },
            Stmt::Raise(_) => Statement::Raise,
            _ => Statement::Untold,
        }
    }

    fn choice(&self, choice: &StmtIf, depth: usize) -> Statement {
        let first = (self.expression(&choice.test, depth), self.statements(&choice.body, depth + 1));
        let others = choice.elif_else_clauses.iter().map(|clause| {
            let always = Expression::Known(Known::Flag(true));
            let condition = clause.test.as_ref().map_or(always, |test| self.expression(test, depth));
            (condition, self.statements(&clause.body, depth + 1))
        });
        Statement::Choice(std::iter::once(first).chain(others).collect())
    }

    /// What is assigned to a name: a list only when nobody can change it.
    fn bound(&self, name: &str, value: &Expr) -> Expression {
        let is_fixed = match value {
            Expr::Tuple(_) => true,
            Expr::Call(call) => call.func.as_name_expr().is_some_and(|it| matches!(&*it.id, "tuple" | "frozenset")),
            _ => false,
        };
        match self.expression(value, 0) {
            Expression::Several(_) if !is_fixed && !self.uses.is_kept(name) => Expression::Untold,
            expression => expression,
        }
    }

    fn expressions(&self, expressions: &[Expr], depth: usize) -> Vec<Expression> {
        expressions.iter().map(|one| self.expression(one, depth)).collect()
    }

    fn expression(&self, expression: &Expr, depth: usize) -> Expression {
        let depth = depth + 1;
        if depth > MAX_DEPTH {
            return Expression::Untold;
        }
        let inner = |expression: &Expr| self.expression(expression, depth);
        match expression {
            Expr::NoneLiteral(_) => Expression::Known(Known::None),
            Expr::BooleanLiteral(flag) => Expression::Known(Known::Flag(flag.value)),
            Expr::StringLiteral(text) => Expression::Known(Known::Text(text.value.to_str().into())),
            Expr::NumberLiteral(number) => match &number.value {
                Number::Int(value) => {
                    value.as_i64().map_or(Expression::Untold, |value| Expression::Known(Known::Number(value)))
                }
                _ => Expression::Untold,
            },
            Expr::Name(name) => Expression::Name(name.id.to_string()),
            Expr::List(list) => Expression::Several(self.expressions(&list.elts, depth)),
            Expr::Tuple(tuple) => Expression::Several(self.expressions(&tuple.elts, depth)),
            Expr::Set(set) => Expression::Several(self.expressions(&set.elts, depth)),
            Expr::Dict(dictionary) => {
                let keys = dictionary.items.iter().map(|item| item.key.as_ref().map_or(Expression::Untold, inner));
                Expression::Several(keys.collect())
            }
            Expr::UnaryOp(operation) if operation.op == UnaryOp::Not => {
                Expression::Not(Box::new(inner(&operation.operand)))
            }
            Expr::BoolOp(operation) => {
                let values = self.expressions(&operation.values, depth);
                if operation.op == BoolOp::And { Expression::All(values) } else { Expression::Any(values) }
            }
            Expr::If(choice) => {
                Expression::Choice(Box::new([inner(&choice.body), inner(&choice.test), inner(&choice.orelse)]))
            }
            Expr::Compare(compared) => {
                let relation = match &*compared.ops {
                    [CmpOp::Eq] => Relation::Equal,
                    [CmpOp::NotEq] => Relation::Unequal,
                    [CmpOp::Is] => Relation::Is,
                    [CmpOp::IsNot] => Relation::IsNot,
                    [CmpOp::In] => Relation::In,
                    [CmpOp::NotIn] => Relation::NotIn,
                    _ => return Expression::Untold,
                };
                let [other] = &*compared.comparators else { return Expression::Untold };
                Expression::Compared(Box::new(inner(&compared.left)), relation, Box::new(inner(other)))
            }
            Expr::Call(call) if call.arguments.keywords.is_empty() => self.call(call, depth),
            _ => Expression::Untold,
        }
    }

    fn call(&self, call: &ExprCall, depth: usize) -> Expression {
        match (&*call.func, &*call.arguments.args) {
            (Expr::Attribute(method), arguments) => Expression::Method(
                Box::new(self.expression(&method.value, depth)),
                method.attr.to_string(),
                self.expressions(arguments, depth),
            ),
            (Expr::Name(name), [argument]) if !self.uses.bound.contains_key(name.id.as_str()) => {
                match (name.id.as_str(), self.expression(argument, depth)) {
                    ("set" | "frozenset" | "tuple" | "list", Expression::Several(inner)) => Expression::Several(inner),
                    ("bool", inner) => Expression::Not(Box::new(Expression::Not(Box::new(inner)))),
                    _ => Expression::Untold,
                }
            }
            _ => Expression::Untold,
        }
    }
}
