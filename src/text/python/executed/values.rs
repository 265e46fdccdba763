//! Which texts an expression may be.

use std::collections::BTreeMap;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprCall, Operator, Stmt};

use super::File;
use crate::text::python::collect::dotted;

/// Stands for a part of a text that cannot be told.
pub const UNKNOWN: &str = "\u{fffc}";

/// How many texts one expression may be before it counts as unknown.
const MOST: usize = 64;

/// How deep expressions are looked into.
const DEEPEST: usize = 20;

/// Statements that SQLAlchemy builds for rows.
const ROWS: [&str; 6] = ["values", "where", "insert", "update", "delete", "select"];

/// What the names of a body are bound to.
#[derive(Default)]
pub(super) struct Values<'tree> {
    /// Texts of parameters.
    given: BTreeMap<String, Vec<String>>,
    /// Expressions that are assigned, or whose elements are.
    bound: BTreeMap<String, Vec<&'tree Expr>>,
}

impl<'tree> Values<'tree> {
    /// The names of a body, and those of its file.
    pub(super) fn of(file: &File<'tree>, body: &'tree [Stmt], given: Vec<(String, Vec<String>)>) -> Self {
        let mut binder = Binder::default();
        // What functions of the file bind for themselves is not seen here.
        for statement in file.suite.iter().filter(|one| !one.is_function_def_stmt() && !one.is_class_def_stmt()) {
            binder.visit_stmt(statement);
        }
        let mut own = Binder::default();
        own.visit_body(body);
        binder.0.extend(own.0);
        Values { given: given.into_iter().collect(), bound: binder.0 }
    }

    /// Each text that an expression may be; nothing where it is a statement that only changes rows.
    pub(super) fn texts(&self, file: &File<'tree>, expression: &'tree Expr) -> Vec<String> {
        self.at(file, expression, 0)
    }

    fn at(&self, file: &File<'tree>, expression: &'tree Expr, depth: usize) -> Vec<String> {
        let unknown = || vec![UNKNOWN.to_owned()];
        if depth > DEEPEST || !file.step(1) {
            return unknown();
        }
        let deeper = |one: &'tree Expr| self.at(file, one, depth + 1);
        let found = match expression {
            Expr::StringLiteral(text) => vec![text.value.to_str().to_owned()],
            Expr::FString(text) => {
                let elements = text.value.elements().map(|element| match element.as_literal() {
                    Some(literal) => vec![literal.value.to_string()],
                    None => element.as_interpolation().map_or_else(unknown, |one| deeper(&one.expression)),
                });
                joined(elements)
            }
            Expr::BinOp(both) if both.op == Operator::Add => joined([deeper(&both.left), deeper(&both.right)]),
            Expr::BinOp(both) if both.op == Operator::Mod => {
                let (left, right) = (deeper(&both.left), both.right.as_ref());
                match right {
                    Expr::Tuple(tuple) => {
                        let values: Vec<_> = tuple.elts.iter().map(deeper).collect();
                        let values = values.into_iter().enumerate().map(|(at, value)| (at.to_string(), value));
                        filled(left, "%", &values.collect::<Vec<_>>())
                    }
                    Expr::Dict(dict) => {
                        let pairs = dict.items.iter().filter_map(|item| {
                            let key = item.key.as_ref()?.as_string_literal_expr()?;
                            Some((key.value.to_str().to_owned(), deeper(&item.value)))
                        });
                        filled(left, "%", &pairs.collect::<Vec<_>>())
                    }
                    one => filled(left, "%", &[("0".to_owned(), deeper(one))]),
                }
            }
            Expr::Tuple(several) => several.elts.iter().flat_map(deeper).collect(),
            Expr::List(several) => several.elts.iter().flat_map(deeper).collect(),
            Expr::Set(several) => several.elts.iter().flat_map(deeper).collect(),
            Expr::BoolOp(choice) => choice.values.iter().flat_map(deeper).collect(),
            Expr::If(choice) => [&choice.body, &choice.orelse].into_iter().flat_map(|one| deeper(one)).collect(),
            Expr::Await(waiting) => deeper(&waiting.value),
            Expr::Starred(starred) => deeper(&starred.value),
            Expr::Name(name) => match (self.given.get(name.id.as_str()), self.bound.get(name.id.as_str())) {
                (None, None) => unknown(),
                (given, bound) => {
                    let assigned = bound.into_iter().flatten().flat_map(|one| deeper(one));
                    given.into_iter().flatten().cloned().chain(assigned).collect()
                }
            },
            Expr::Call(call) => self.of_call(file, call, depth),
            _ => unknown(),
        };
        if found.len() > MOST { unknown() } else { found }
    }

    fn of_call(&self, file: &File<'tree>, call: &'tree ExprCall, depth: usize) -> Vec<String> {
        let deeper = |one: &'tree Expr| self.at(file, one, depth + 1);
        let unknown = || vec![UNKNOWN.to_owned()];
        let name = dotted(&call.func);
        let last = name.rsplit('.').next().unwrap_or_default();
        let first = call.arguments.args.first();
        let receiver = call.func.as_attribute_expr().map(|attribute| attribute.value.as_ref());
        match (last, receiver, first) {
            ("read_text", Some(path), _) => self.read(file, path),
            ("read", Some(Expr::Call(opened)), _) if dotted(&opened.func) == "open" => {
                opened.arguments.args.first().map_or_else(unknown, |path| self.read(file, path))
            }
            ("format", Some(text), _) => {
                let given = call.arguments.args.iter().enumerate().map(|(at, one)| (at.to_string(), deeper(one)));
                let named = call.arguments.keywords.iter();
                let named = named.filter_map(|one| Some((one.arg.as_ref()?.to_string(), deeper(&one.value))));
                filled(deeper(text), "{", &given.chain(named).collect::<Vec<_>>())
            }
            ("join", Some(between), Some(parts)) => match parts {
                Expr::Tuple(several) => with_between(deeper(between), several.elts.iter().map(deeper)),
                Expr::List(several) => with_between(deeper(between), several.elts.iter().map(deeper)),
                _ => unknown(),
            },
            // What they change is no word.
            ("strip" | "lstrip" | "rstrip" | "lower" | "upper" | "split" | "splitlines", Some(text), _)
            | ("bindparams" | "execution_options" | "columns", Some(text), _)
            | ("text" | "DDL" | "dedent" | "cleandoc" | "str" | "sorted" | "list" | "tuple" | "set", _, Some(text)) => {
                deeper(text)
            }
            (built, ..) if ROWS.contains(&built) => vec![],
            // `insert(table).values(…).returning(…)`.
            (_, Some(inner @ Expr::Call(_)), _) => deeper(inner),
            _ => match file.definition(&name) {
                Some(function) => {
                    let mut returned = Returned::default();
                    returned.visit_body(&function.body);
                    let inside = Values::of(file, &function.body, vec![]);
                    let texts = returned.0.into_iter().flat_map(|one| inside.at(file, one, depth + 1));
                    texts.collect()
                }
                None => unknown(),
            },
        }
    }

    /// The text of the file that an expression names.
    fn read(&self, file: &File<'tree>, path: &'tree Expr) -> Vec<String> {
        let text = self.path(file, path, 0).and_then(|path| file.library.file(&path));
        vec![text.unwrap_or_else(|| UNKNOWN.to_owned())]
    }

    /// A path of constants, from the file it stands in.
    fn path(&self, file: &File<'tree>, expression: &'tree Expr, depth: usize) -> Option<String> {
        let deeper = |one: &'tree Expr| self.path(file, one, depth + 1);
        let parent = |path: String| Some(path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned()));
        match expression {
            _ if depth > DEEPEST => None,
            Expr::StringLiteral(text) => Some(text.value.to_str().to_owned()),
            Expr::BinOp(both) if both.op == Operator::Div => {
                file.library.inside(&deeper(&both.left)?, &deeper(&both.right)?)
            }
            Expr::Attribute(attribute) if attribute.attr.as_str() == "parent" => parent(deeper(&attribute.value)?),
            // `parents[1]` is the parent of the parent.
            Expr::Subscript(of) => {
                let attribute = of.value.as_attribute_expr().filter(|one| one.attr.as_str() == "parents")?;
                let level = of.slice.as_number_literal_expr()?.value.as_int()?.as_usize()?;
                (0..=level.min(DEEPEST)).try_fold(deeper(&attribute.value)?, |path, _| parent(path))
            }
            Expr::Name(name) if name.id.as_str() == "__file__" => Some(file.path.to_owned()),
            Expr::Name(name) => match self.bound.get(name.id.as_str())?.as_slice() {
                [one] => deeper(one),
                _ => None,
            },
            Expr::Call(call) => {
                let called = dotted(&call.func);
                let arguments = &call.arguments.args;
                match called.rsplit('.').next()? {
                    "resolve" | "absolute" => deeper(&call.func.as_attribute_expr()?.value),
                    "dirname" => parent(deeper(arguments.first()?)?),
                    "abspath" | "realpath" => deeper(arguments.first()?),
                    "Path" | "join" => {
                        let (first, rest) = arguments.split_first()?;
                        rest.iter().try_fold(deeper(first)?, |path, part| file.library.inside(&path, &deeper(part)?))
                    }
                    "joinpath" => {
                        let path = deeper(&call.func.as_attribute_expr()?.value)?;
                        arguments.iter().try_fold(path, |path, part| file.library.inside(&path, &deeper(part)?))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// Every text that one of each part makes, one behind the other.
fn joined(parts: impl IntoIterator<Item = Vec<String>>) -> Vec<String> {
    let mut made = vec![String::new()];
    for part in parts {
        if made.len() * part.len() > MOST {
            return vec![UNKNOWN.to_owned()];
        }
        made = made.iter().flat_map(|start| part.iter().map(move |end| format!("{start}{end}"))).collect();
    }
    made
}

fn with_between(between: Vec<String>, parts: impl Iterator<Item = Vec<String>>) -> Vec<String> {
    let mut all = vec![];
    for part in parts {
        if !all.is_empty() {
            all.push(between.clone());
        }
        all.push(part);
    }
    joined(all)
}

/// Texts whose places (`%s`, `%(name)s`, `{}`, `{name}`) are taken by values.
fn filled(texts: Vec<String>, mark: &str, values: &[(String, Vec<String>)]) -> Vec<String> {
    let fill = |text: &String| {
        let mut parts = vec![];
        let mut next = 0;
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once(mark) {
            parts.push(vec![before.to_owned()]);
            // A mark twice is the mark itself.
            if let Some(behind) = after.strip_prefix(mark) {
                parts.push(vec![mark.to_owned()]);
                rest = behind;
                continue;
            }
            let place = match mark {
                "{" => after.split_once('}'),
                _ => after
                    .strip_prefix('(')
                    .and_then(|named| named.split_once(')'))
                    .or(Some(("", after)))
                    .map(|(name, behind)| (name, behind.get(1..).unwrap_or_default())),
            };
            let Some((name, behind)) = place else { return vec![UNKNOWN.to_owned()] };
            let name = name.split(['!', ':']).next().unwrap_or_default();
            let name = if name.is_empty() { next.to_string() } else { name.to_owned() };
            next += 1;
            let value = values.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
            parts.push(value.unwrap_or_else(|| vec![UNKNOWN.to_owned()]));
            rest = behind;
        }
        parts.push(vec![rest.to_owned()]);
        joined(parts)
    };
    texts.iter().flat_map(fill).collect()
}

/// What names are bound to, one name as often as it is bound.
#[derive(Default)]
struct Binder<'tree>(BTreeMap<String, Vec<&'tree Expr>>);

impl<'tree> Binder<'tree> {
    fn bind(&mut self, target: &Expr, value: &'tree Expr) {
        match target {
            Expr::Name(name) => self.0.entry(name.id.to_string()).or_default().push(value),
            // Which of them is which does not matter: each is one of the texts.
            Expr::Tuple(several) => several.elts.iter().for_each(|one| self.bind(one, value)),
            _ => {}
        }
    }
}

impl<'tree> Visitor<'tree> for Binder<'tree> {
    fn visit_stmt(&mut self, statement: &'tree Stmt) {
        match statement {
            Stmt::Assign(assign) => assign.targets.iter().for_each(|target| self.bind(target, &assign.value)),
            Stmt::AnnAssign(assign) => assign.value.iter().for_each(|value| self.bind(&assign.target, value)),
            Stmt::AugAssign(assign) => self.bind(&assign.target, &assign.value),
            Stmt::For(each) => self.bind(&each.target, &each.iter),
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'tree Expr) {
        if let Expr::Named(named) = expression {
            self.bind(&named.target, &named.value);
        }
        visitor::walk_expr(self, expression);
    }

    fn visit_comprehension(&mut self, each: &'tree ruff_python_ast::Comprehension) {
        self.bind(&each.target, &each.iter);
        visitor::walk_comprehension(self, each);
    }
}

/// What a body returns.
#[derive(Default)]
struct Returned<'tree>(Vec<&'tree Expr>);

impl<'tree> Visitor<'tree> for Returned<'tree> {
    fn visit_stmt(&mut self, statement: &'tree Stmt) {
        if let Stmt::Return(back) = statement {
            self.0.extend(back.value.as_deref());
        }
        visitor::walk_stmt(self, statement);
    }
}
