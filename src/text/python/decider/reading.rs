//! Takes the functions that decide from ruff's tree.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{BoolOp, CmpOp, Expr, ExprCall, Number, Parameter, Parameters, Stmt, UnaryOp};
use ruff_text_size::Ranged;

use super::super::collect::bytes;
use super::{Decider, Deciders, Given, Known, Relation, Step, Term};

/// Methods that change what they are called on.
const CHANGING: [&str; 10] =
    ["add", "append", "extend", "update", "remove", "discard", "insert", "clear", "pop", "difference_update"];

/// Reads what a file says of functions that decide. The tree must have been walked whole before.
pub(in crate::text::python) fn deciders(suite: &[Stmt]) -> Deciders {
    let mut walk = Walk::default();
    walk.visit_body(suite);
    let mut constants: BTreeMap<String, Term> = BTreeMap::new();
    for statement in suite {
        let (target, value) = match statement {
            Stmt::Assign(assign) => match assign.targets.as_slice() {
                [target] => (target, &assign.value),
                _ => continue,
            },
            Stmt::AnnAssign(assign) => match &assign.value {
                Some(value) => (&*assign.target, value),
                None => continue,
            },
            _ => continue,
        };
        let Expr::Name(name) = target else { continue };
        if let Expr::Lambda(lambda) = &**value {
            walk.function(name.id.as_str(), of_lambda(lambda));
        } else {
            constants.insert(name.id.to_string(), term(value));
        }
    }
    // What is empty is there to be filled by somebody.
    let is_empty = |term: &Term| matches!(term, Term::Several(terms) if terms.is_empty());
    constants.retain(|name, term| {
        walk.bound.get(name) == Some(&1) && !walk.changed.contains(name) && !walk.is_dynamic && !is_empty(term)
    });
    // A name that is also assigned, or defined twice, means several things.
    let (bound, functions) = (walk.bound, walk.functions);
    let one = |(name, found): (String, Option<Decider>)| {
        let found = found.filter(|_| bound.get(&name) == Some(&1))?;
        Some((name, found))
    };
    Deciders { functions: functions.into_iter().filter_map(one).collect(), given: walk.given, constants }
}

#[derive(Default)]
struct Walk {
    functions: BTreeMap<String, Option<Decider>>,
    /// How often each name is bound, anywhere.
    bound: BTreeMap<String, usize>,
    changed: BTreeSet<String>,
    /// Whether names are changed by other means than assignments.
    is_dynamic: bool,
    given: BTreeMap<usize, BTreeMap<String, Given>>,
}

impl Walk {
    fn function(&mut self, name: &str, decider: Decider) {
        self.functions.insert(name.to_owned(), Some(decider));
    }

    fn bind(&mut self, name: &str) {
        *self.bound.entry(name.to_owned()).or_default() += 1;
    }
}

impl<'tree> Visitor<'tree> for Walk {
    fn visit_stmt(&mut self, statement: &'tree Stmt) {
        match statement {
            Stmt::FunctionDef(function) => {
                self.bind(function.name.as_str());
                let mut rebinds = Rebinds::default();
                rebinds.visit_body(&function.body);
                let decider = Decider {
                    steps: if function.is_async || !function.decorator_list.is_empty() || rebinds.found {
                        vec![Step::Untold]
                    } else {
                        steps(&function.body)
                    },
                    range: bytes(function.name.range()),
                    ..of_parameters(Some(&function.parameters))
                };
                self.function(function.name.as_str(), decider);
            }
            Stmt::ClassDef(class) => self.bind(class.name.as_str()),
            Stmt::AugAssign(assign) => {
                if let Expr::Name(name) = &*assign.target {
                    self.changed.insert(name.id.to_string());
                }
            }
            Stmt::Import(import) => import.names.iter().for_each(|alias| {
                self.bind(alias.asname.as_ref().unwrap_or(&alias.name).as_str());
            }),
            Stmt::ImportFrom(import) => import.names.iter().for_each(|alias| {
                self.bind(alias.asname.as_ref().unwrap_or(&alias.name).as_str());
            }),
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'tree Expr) {
        match expression {
            Expr::Name(name) if !name.ctx.is_load() => self.bind(name.id.as_str()),
            Expr::Name(name) => {
                self.is_dynamic |= matches!(name.id.as_str(), "exec" | "globals" | "setattr" | "vars");
            }
            Expr::Subscript(subscript) if !subscript.ctx.is_load() => {
                if let Expr::Name(name) = &*subscript.value {
                    self.changed.insert(name.id.to_string());
                }
            }
            Expr::Call(call) => {
                if let Expr::Attribute(method) = &*call.func
                    && let Expr::Name(name) = &*method.value
                    && CHANGING.contains(&method.attr.as_str())
                {
                    self.changed.insert(name.id.to_string());
                }
                let given = call.arguments.keywords.iter().filter_map(|keyword| {
                    let given = match &keyword.value {
                        Expr::Lambda(lambda) => Given::Here(of_lambda(lambda)),
                        Expr::Name(name) => Given::Named(name.id.to_string()),
                        Expr::BooleanLiteral(flag) if flag.value => Given::True,
                        _ => Given::Other,
                    };
                    Some((keyword.arg.as_ref()?.to_string(), given))
                });
                self.given.insert(bytes(call.range()).start, given.collect());
            }
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }

    fn visit_parameter(&mut self, parameter: &'tree Parameter) {
        self.bind(parameter.name.as_str());
        visitor::walk_parameter(self, parameter);
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

fn of_lambda(lambda: &ruff_python_ast::ExprLambda) -> Decider {
    Decider {
        steps: vec![Step::Return(term(&lambda.body))],
        range: bytes(lambda.range()),
        ..of_parameters(lambda.parameters.as_deref())
    }
}

/// What a function of these parameters takes by position.
fn of_parameters(parameters: Option<&Parameters>) -> Decider {
    let Some(parameters) = parameters else {
        return Decider { parameters: vec![], takes: Some(0..1), steps: vec![], range: 0..0 };
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
    Decider { parameters, takes, steps: vec![], range: 0..0 }
}

fn steps(body: &[Stmt]) -> Vec<Step> {
    body.iter().map(step).collect()
}

fn step(statement: &Stmt) -> Step {
    match statement {
        Stmt::Return(returned) => Step::Return(returned.value.as_deref().map_or(Term::Known(Known::None), term)),
        Stmt::If(choice) => {
            let mut otherwise = vec![];
            for clause in choice.elif_else_clauses.iter().rev() {
                let body = steps(&clause.body);
                otherwise = match &clause.test {
                    Some(test) => vec![Step::Branch(term(test), body, otherwise)],
                    None => body,
                };
            }
            Step::Branch(term(&choice.test), steps(&choice.body), otherwise)
        }
        Stmt::Assign(assign) => match assign.targets.as_slice() {
            [Expr::Name(name)] => Step::Bind(name.id.to_string(), term(&assign.value)),
            _ => Step::Untold,
        },
        Stmt::AnnAssign(assign) => match (&*assign.target, &assign.value) {
            (Expr::Name(name), Some(value)) => Step::Bind(name.id.to_string(), term(value)),
            _ => Step::Untold,
        },
        Stmt::Pass(_) => Step::Nothing,
        Stmt::Expr(expression) => match &*expression.value {
            Expr::StringLiteral(_) => Step::Nothing,
            Expr::Call(call) => Step::Fill(touched(call)),
            _ => Step::Untold,
        },
        Stmt::Raise(_) => Step::Raise,
        _ => Step::Untold,
    }
}

/// The names that a call may put something into: what it is a method of, and its arguments.
fn touched(call: &ExprCall) -> Vec<String> {
    let object = match &*call.func {
        Expr::Attribute(method) => Some(&*method.value),
        _ => None,
    };
    let keywords = call.arguments.keywords.iter().map(|keyword| &keyword.value);
    let all = object.into_iter().chain(&call.arguments.args).chain(keywords);
    all.filter_map(|one| Some(one.as_name_expr()?.id.to_string())).collect()
}

fn terms(expressions: &[Expr]) -> Vec<Term> {
    expressions.iter().map(term).collect()
}

fn term(expression: &Expr) -> Term {
    match expression {
        Expr::NoneLiteral(_) => Term::Known(Known::None),
        Expr::BooleanLiteral(flag) => Term::Known(Known::Flag(flag.value)),
        Expr::StringLiteral(text) => Term::Known(Known::Text(text.value.to_str().to_owned())),
        Expr::NumberLiteral(number) => match &number.value {
            Number::Int(value) => value.as_i64().map_or(Term::Untold, |value| Term::Known(Known::Number(value))),
            _ => Term::Untold,
        },
        Expr::Name(name) => Term::Name(name.id.to_string()),
        Expr::List(list) => Term::Several(terms(&list.elts)),
        Expr::Tuple(tuple) => Term::Several(terms(&tuple.elts)),
        Expr::Set(set) => Term::Several(terms(&set.elts)),
        Expr::Dict(dictionary) => {
            Term::Several(dictionary.items.iter().map(|item| item.key.as_ref().map_or(Term::Untold, term)).collect())
        }
        Expr::UnaryOp(operation) if operation.op == UnaryOp::Not => Term::Not(Box::new(term(&operation.operand))),
        Expr::BoolOp(operation) => {
            let terms = terms(&operation.values);
            if operation.op == BoolOp::And { Term::All(terms) } else { Term::Any(terms) }
        }
        Expr::If(choice) => Term::Choice(Box::new([term(&choice.body), term(&choice.test), term(&choice.orelse)])),
        Expr::Compare(compared) => {
            let relation = match &*compared.ops {
                [CmpOp::Eq] => Relation::Equal,
                [CmpOp::NotEq] => Relation::Unequal,
                [CmpOp::Is] => Relation::Is,
                [CmpOp::IsNot] => Relation::IsNot,
                [CmpOp::In] => Relation::In,
                [CmpOp::NotIn] => Relation::NotIn,
                _ => return Term::Untold,
            };
            let [other] = &*compared.comparators else { return Term::Untold };
            Term::Compared(Box::new(term(&compared.left)), relation, Box::new(term(other)))
        }
        Expr::Call(call) if call.arguments.keywords.is_empty() => match (&*call.func, &*call.arguments.args) {
            (Expr::Attribute(method), arguments) => {
                Term::Method(Box::new(term(&method.value)), method.attr.to_string(), terms(arguments))
            }
            (Expr::Name(name), [argument]) => match (name.id.as_str(), term(argument)) {
                ("set" | "frozenset" | "tuple" | "list", Term::Several(terms)) => Term::Several(terms),
                ("bool", inner) => Term::Not(Box::new(Term::Not(Box::new(inner)))),
                _ => Term::Untold,
            },
            _ => Term::Untold,
        },
        _ => Term::Untold,
    }
}
