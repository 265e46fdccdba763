//! Walks ruff's tree and writes down what somebody asks for.

use std::ops::Range;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{DictItem, Expr, InterpolatedStringElement, Pattern, Stmt};
use ruff_text_size::{Ranged, TextRange};

use super::{Argument, Assignment, Call, Context, Entry, Import, Module, Text, Value};

/// How deep the tree is walked.
const MAX_DEPTH: usize = 150;

/// Writes down what `suite` says. False when the tree is deeper than it was walked.
pub(super) fn collect(text: &str, suite: &[Stmt], module: &mut Module) -> bool {
    let mut walk = Walk { text, module, context: Context::default(), depth: 0, whole: true };
    walk.visit_body(suite);
    walk.whole
}

/// What an expression means.
pub(super) fn value_of(text: &str, expression: &Expr) -> Value {
    let mut module = Module::default();
    let walk = Walk { text, module: &mut module, context: Context::default(), depth: 0, whole: true };
    walk.value(expression, 0)
}

struct Walk<'text, 'module> {
    text: &'text str,
    module: &'module mut Module,
    context: Context,
    depth: usize,
    whole: bool,
}

pub(super) fn bytes(range: TextRange) -> Range<usize> {
    range.start().to_usize()..range.end().to_usize()
}

/// The dotted name of an expression; what is no name becomes an empty first part.
pub(super) fn dotted(expression: &Expr) -> String {
    let (mut parts, mut at) = (vec![], expression);
    loop {
        match at {
            Expr::Attribute(attribute) => {
                parts.push(attribute.attr.as_str());
                at = &attribute.value;
            }
            Expr::Name(name) => {
                parts.push(name.id.as_str());
                break;
            }
            _ => {
                parts.push("");
                break;
            }
        }
        if parts.len() > MAX_DEPTH {
            parts.push(""); // so that the caller walks into it, and finds out how deep it is
            break;
        }
    }
    parts.reverse();
    parts.join(".")
}

/// A string literal in `text`.
pub(super) fn string(text: &str, expression: &Expr) -> Option<Text> {
    let Expr::StringLiteral(string) = expression else {
        return None;
    };
    let value = string.value.to_str().to_owned();
    let range = match string.as_single_part_string() {
        Some(part) => bytes(part.content_range()),
        None => bytes(string.range()),
    };
    let plain = text.get(range.clone()) == Some(value.as_str());
    Some(Text { value, range, plain })
}

impl Walk<'_, '_> {
    fn string(&self, expression: &Expr) -> Option<Text> {
        string(self.text, expression)
    }

    fn value(&self, expression: &Expr, depth: usize) -> Value {
        if depth > MAX_DEPTH / 4 {
            return Value::Other;
        }
        let inner = |expression: &Expr| self.value(expression, depth + 1);
        match expression {
            Expr::StringLiteral(_) => self.string(expression).map_or(Value::Other, Value::Text),
            Expr::Name(_) | Expr::Attribute(_) => Value::Name(dotted(expression)),
            Expr::Call(call) => Value::Call(Box::new(self.call(call, depth + 1))),
            Expr::Subscript(subscript) => match self.string(&subscript.slice) {
                Some(key) => Value::Item(dotted(&subscript.value), key),
                None => Value::Other,
            },
            Expr::BoolOp(operation) => Value::Several(operation.values.iter().map(inner).collect()),
            Expr::If(choice) => Value::Several(vec![inner(&choice.body), inner(&choice.orelse)]),
            Expr::BinOp(operation) => Value::Several(vec![inner(&operation.left), inner(&operation.right)]),
            Expr::Lambda(_) => Value::Lambda,
            Expr::Named(named) => inner(&named.value),
            Expr::Await(awaited) => inner(&awaited.value),
            Expr::FString(string) => Value::Several(
                string
                    .value
                    .elements()
                    .filter_map(|element| Some(inner(&element.as_interpolation()?.expression)))
                    .collect(),
            ),
            _ => Value::Other,
        }
    }

    fn call(&self, call: &ruff_python_ast::ExprCall, depth: usize) -> Call {
        let positional = call.arguments.args.iter().map(|value| (None, value, value.range()));
        let keywords = call.arguments.keywords.iter().map(|keyword| {
            // `**mapping` has no name; it must not be taken for a positional argument.
            (Some(keyword.arg.as_ref().map_or("**", |name| name.as_str())), &keyword.value, keyword.range)
        });
        let arguments = positional
            .chain(keywords)
            .map(|(keyword, value, whole)| Argument {
                keyword: keyword.map(str::to_owned),
                value: self.value(value, depth),
                range: bytes(value.range()),
                whole: bytes(whole),
            })
            .collect();
        Call { callee: dotted(&call.func), arguments, range: bytes(call.range()), context: self.context.clone() }
    }

    fn assign(&mut self, target: &Expr, value: &Expr, range: TextRange) {
        let (target, key) = match target {
            Expr::Subscript(subscript) => match self.string(&subscript.slice) {
                Some(key) => (dotted(&subscript.value), Some(key.value)),
                None => return,
            },
            Expr::Name(_) | Expr::Attribute(_) => (dotted(target), None),
            _ => return,
        };
        let value = self.value(value, 0);
        self.module.assignments.push(Assignment {
            target,
            key,
            value,
            range: bytes(range),
            context: self.context.clone(),
        });
    }

    fn deeper(&mut self, go: impl FnOnce(&mut Self)) {
        if self.depth >= MAX_DEPTH {
            self.whole = false;
            return;
        }
        self.depth += 1;
        go(self);
        self.depth -= 1;
    }

    fn within(&mut self, change: impl FnOnce(&mut Context), statement: &Stmt) {
        let before = self.context.clone();
        change(&mut self.context);
        visitor::walk_stmt(self, statement);
        self.context = before;
    }

    fn statement(&mut self, statement: &Stmt) {
        let range = bytes(statement.range());
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    self.module.imports.push(Import {
                        module: alias.name.to_string(),
                        names: vec![],
                        binds: vec![match &alias.asname {
                            Some(name) => name.to_string(),
                            None => alias.name.split('.').next().unwrap_or_default().to_owned(),
                        }],
                        range: range.clone(),
                    });
                }
            }
            Stmt::ImportFrom(import) => self.module.imports.push(Import {
                module: ".".repeat(import.level as usize) + import.module.as_ref().map_or("", |name| name.as_str()),
                names: import.names.iter().map(|alias| alias.name.to_string()).collect(),
                binds: import
                    .names
                    .iter()
                    .map(|alias| alias.asname.as_ref().unwrap_or(&alias.name).to_string())
                    .collect(),
                range,
            }),
            Stmt::Assign(assign) => {
                assign.targets.iter().for_each(|target| self.assign(target, &assign.value, statement.range()));
                visitor::walk_stmt(self, statement);
            }
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.assign(&assign.target, value, statement.range());
                }
                visitor::walk_stmt(self, statement);
            }
            Stmt::If(_) | Stmt::Try(_) | Stmt::For(_) | Stmt::While(_) | Stmt::Match(_) => {
                self.within(|context| context.condition = Some(range), statement);
            }
            Stmt::FunctionDef(function) => {
                self.within(|context| context.function = Some(function.name.to_string()), statement);
            }
            Stmt::ClassDef(class) => self.within(
                |context| {
                    context.class = Some(class.name.to_string());
                    context.bases = class.bases().iter().map(dotted).collect();
                },
                statement,
            ),
            Stmt::Return(_) | Stmt::Raise(_) | Stmt::Assert(_) => {
                self.module.leaves.push(range);
                visitor::walk_stmt(self, statement);
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn expression(&mut self, expression: &Expr) {
        match expression {
            Expr::Call(call) => {
                let call = self.call(call, 0);
                self.module.calls.push(call);
            }
            Expr::Dict(dictionary) => {
                let entry = |item: &DictItem| Entry {
                    key: item.key.as_ref().and_then(|key| self.string(key)),
                    unpacks: item.key.is_none(),
                    value: self.value(&item.value, 0),
                    range: bytes(item.value.range()),
                };
                let entries: Vec<Entry> = dictionary.items.iter().map(entry).collect();
                self.module.entries.extend(entries);
            }
            Expr::Yield(_) | Expr::YieldFrom(_) => self.module.leaves.push(bytes(expression.range())),
            Expr::Subscript(subscript) if subscript.ctx.is_load() => {
                if let Some(key) = self.string(&subscript.slice) {
                    self.module.reads.push((dotted(&subscript.value), key));
                }
            }
            Expr::Attribute(_) | Expr::Name(_) => {
                let name = dotted(expression);
                if !name.starts_with('.') {
                    self.module.names.push((name, bytes(expression.range())));
                    return;
                }
            }
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}

impl<'tree> Visitor<'tree> for Walk<'_, '_> {
    fn visit_stmt(&mut self, statement: &'tree Stmt) {
        self.deeper(|walk| walk.statement(statement));
    }

    fn visit_expr(&mut self, expression: &'tree Expr) {
        self.deeper(|walk| walk.expression(expression));
    }

    fn visit_pattern(&mut self, pattern: &'tree Pattern) {
        self.deeper(|walk| visitor::walk_pattern(walk, pattern));
    }

    fn visit_interpolated_string_element(&mut self, element: &'tree InterpolatedStringElement) {
        self.deeper(|walk| visitor::walk_interpolated_string_element(walk, element));
    }
}
