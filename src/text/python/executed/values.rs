//! Which texts an expression may be.

use std::borrow::Cow;
use std::collections::BTreeMap;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, ExprCall, ExprDict, Operator, Stmt, StmtFunctionDef};

use super::file::File;
use super::names::Bound;
use crate::text::python::collect::dotted;

/// Stands for a part of a text that cannot be told.
pub const UNKNOWN: &str = "\u{fffc}";

/// How many texts one expression may be before it counts as unknown.
const MOST: usize = 64;

/// How deep expressions are looked into.
const DEEPEST: usize = 20;

/// How long a text may be that is put together, and several texts in all, before they count as unknown (bytes).
const LONGEST: usize = 64_000;
const LONGEST_OF_ALL: usize = 1_000_000;

/// What may follow on a statement for rows.
const BUILDS: [&str; 12] = [
    "filter",
    "filter_by",
    "from_select",
    "group_by",
    "limit",
    "on_conflict_do_nothing",
    "on_conflict_do_update",
    "order_by",
    "outerjoin",
    "returning",
    "select_from",
    "with_only_columns",
];

/// Statements that SQLAlchemy builds for rows.
const ROWS: [&str; 6] = ["values", "where", "insert", "update", "delete", "select"];

/// What the names of a body are bound to.
#[derive(Default)]
pub(super) struct Values<'tree> {
    /// Texts of parameters.
    given: BTreeMap<String, Vec<String>>,
    /// What the body binds.
    bound: Bound<'tree>,
}

impl<'tree> Values<'tree> {
    /// The names of a body.
    pub(super) fn of(body: &'tree [Stmt], given: Vec<(String, Vec<String>)>) -> Self {
        let mut bound = Bound::default();
        bound.visit_body(body);
        Values { given: given.into_iter().collect(), bound }
    }

    /// The names of a function, of which parameters hide what the file binds.
    pub(super) fn of_function(function: &'tree StmtFunctionDef, given: Vec<(String, Vec<String>)>) -> Self {
        let mut values = Self::of(&function.body, given);
        values.bound.parameters(function);
        values
    }

    /// What a name is bound to, in the body or else in its file.
    pub(super) fn bound<'a>(&'a self, file: &'a File<'tree>, name: &str) -> impl Iterator<Item = &'tree Expr> + 'a {
        let (own, outer) = (&self.bound.values, &file.names.bound.values);
        own.get(name).or_else(|| outer.get(name)).into_iter().flatten().copied()
    }

    /// Whether a name is bound to something else too, or to several of them put together.
    fn is_grown(&self, file: &File<'tree>, name: &str) -> bool {
        self.bound.grown.contains(name) || file.names.bound.grown.contains(name)
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
        match expression {
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
                    Expr::Dict(dict) => filled(left, "%", &of_dict(dict, &deeper)),
                    one => filled(left, "%", &[("0".to_owned(), deeper(one))]),
                }
            }
            Expr::Tuple(several) => gathered(several.elts.iter().map(deeper)),
            Expr::List(several) => gathered(several.elts.iter().map(deeper)),
            Expr::Set(several) => gathered(several.elts.iter().map(deeper)),
            Expr::BoolOp(choice) => gathered(choice.values.iter().map(deeper)),
            Expr::If(choice) => gathered([&choice.body, &choice.orelse].into_iter().map(|one| deeper(one))),
            Expr::Await(waiting) => deeper(&waiting.value),
            Expr::Starred(starred) => deeper(&starred.value),
            Expr::Name(name) => {
                let name = name.id.as_str();
                let given = self.given.get(name);
                let mut bound = self.bound(file, name).peekable();
                match given {
                    None if bound.peek().is_none() => unknown(),
                    given => {
                        let grown = self.is_grown(file, name).then(unknown);
                        gathered(given.into_iter().cloned().chain(bound.map(deeper)).chain(grown))
                    }
                }
            }
            Expr::Call(call) => self.of_call(file, call, depth),
            _ => unknown(),
        }
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
            | ("text" | "dedent" | "cleandoc" | "str" | "sorted" | "list" | "tuple" | "set", _, Some(text)) => {
                deeper(text)
            }
            // `DDL` formats what it is given, with `context` too.
            ("DDL", _, Some(text)) => {
                let context = call.arguments.keywords.iter().find(|one| one.arg.as_deref() == Some("context"));
                let pairs = context.and_then(|one| one.value.as_dict_expr()).map(|dict| of_dict(dict, &deeper));
                filled(deeper(text), "%", &pairs.unwrap_or_default())
            }
            (built, ..) if ROWS.contains(&built) => vec![],
            // `insert(table).values(…).returning(…)`.
            (built, Some(inner @ Expr::Call(_)), _) if BUILDS.contains(&built) => deeper(inner),
            _ => match file.definition(&name) {
                Some(function) => {
                    let mut returned = Returned::default();
                    returned.visit_body(&function.body);
                    let inside = Values::of_function(function, vec![]);
                    // It may yield them.
                    if returned.0.is_empty() {
                        return unknown();
                    }
                    gathered(returned.0.into_iter().map(|one| inside.at(file, one, depth + 1)))
                }
                None => unknown(),
            },
        }
    }

    /// The text of the file that an expression names.
    fn read(&self, file: &File<'tree>, path: &'tree Expr) -> Vec<String> {
        let text = self.path(file, path, 0).and_then(|path| file.run.library.file(&path));
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
                file.run.library.inside(&deeper(&both.left)?, &deeper(&both.right)?)
            }
            Expr::Attribute(attribute) if attribute.attr.as_str() == "parent" => parent(deeper(&attribute.value)?),
            // `parents[1]` is the parent of the parent.
            Expr::Subscript(of) => {
                let attribute = of.value.as_attribute_expr().filter(|one| one.attr.as_str() == "parents")?;
                let level = of.slice.as_number_literal_expr()?.value.as_int()?.as_usize()?;
                (0..=level.min(DEEPEST)).try_fold(deeper(&attribute.value)?, |path, _| parent(path))
            }
            Expr::Name(name) if name.id.as_str() == "__file__" => Some(file.path.to_owned()),
            Expr::Name(name) => {
                let mut bound = self.bound(file, name.id.as_str());
                bound.next().filter(|_| bound.next().is_none()).and_then(deeper)
            }
            Expr::Call(call) => {
                let called = dotted(&call.func);
                let arguments = &call.arguments.args;
                match called.rsplit('.').next()? {
                    "resolve" | "absolute" => deeper(&call.func.as_attribute_expr()?.value),
                    "dirname" => parent(deeper(arguments.first()?)?),
                    "abspath" | "realpath" => deeper(arguments.first()?),
                    "Path" | "join" => {
                        let (first, rest) = arguments.split_first()?;
                        rest.iter()
                            .try_fold(deeper(first)?, |path, part| file.run.library.inside(&path, &deeper(part)?))
                    }
                    "joinpath" => {
                        let path = deeper(&call.func.as_attribute_expr()?.value)?;
                        arguments.iter().try_fold(path, |path, part| file.run.library.inside(&path, &deeper(part)?))
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// All texts of several parts, unless they are too many.
fn gathered(parts: impl IntoIterator<Item = Vec<String>>) -> Vec<String> {
    let (mut all, mut length) = (vec![], 0);
    for part in parts {
        length += part.iter().map(String::len).sum::<usize>();
        all.extend(part);
        if all.len() > MOST || all.len() > 1 && length > LONGEST_OF_ALL {
            return vec![UNKNOWN.to_owned()];
        }
    }
    all
}

/// The keys and values of a dictionary, as far as the keys are constants.
fn of_dict<'tree>(dict: &'tree ExprDict, value: &dyn Fn(&'tree Expr) -> Vec<String>) -> Vec<(String, Vec<String>)> {
    let pairs = dict.items.iter().filter_map(|item| {
        let key = item.key.as_ref()?.as_string_literal_expr()?;
        Some((key.value.to_str().to_owned(), value(&item.value)))
    });
    pairs.collect()
}

/// Every text that one of each part makes, one behind the other.
fn joined<Part: AsRef<[Text]>, Text: AsRef<str>>(parts: impl IntoIterator<Item = Part>) -> Vec<String> {
    let mut made = vec![String::new()];
    for part in parts {
        let part = part.as_ref();
        let longest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or(0);
        let length =
            longest(&mut made.iter().map(String::len)) + longest(&mut part.iter().map(|one| one.as_ref().len()));
        let several = made.len() * part.len();
        if several > MOST || length > LONGEST || several > 1 && several * length > LONGEST_OF_ALL {
            return vec![UNKNOWN.to_owned()];
        }
        made = made.iter().flat_map(|start| part.iter().map(move |end| format!("{start}{}", end.as_ref()))).collect();
    }
    made
}

fn with_between(between: Vec<String>, parts: impl Iterator<Item = Vec<String>>) -> Vec<String> {
    let nothing = || vec![String::new()];
    let mut is_first = true;
    joined(parts.flat_map(|part| {
        let between = if std::mem::take(&mut is_first) { nothing() } else { between.clone() };
        [between, part]
    }))
}

/// Texts whose places (`%s`, `%(name)s`, `{}`, `{name}`) are taken by values.
fn filled(texts: Vec<String>, mark: &str, values: &[(String, Vec<String>)]) -> Vec<String> {
    let fill = |text: &String| {
        let unknown = [UNKNOWN.to_owned()];
        let mut parts: Vec<Cow<'_, [String]>> = vec![];
        let mut next = 0;
        let mut rest = text.as_str();
        while let Some((before, after)) = rest.split_once(mark) {
            parts.push(Cow::Owned(vec![before.to_owned()]));
            // A mark twice is the mark itself.
            if let Some(behind) = after.strip_prefix(mark) {
                parts.push(Cow::Owned(vec![mark.to_owned()]));
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
            let value = values.iter().find(|(key, _)| *key == name);
            parts.push(Cow::Borrowed(value.map_or(unknown.as_slice(), |(_, value)| value.as_slice())));
            rest = behind;
        }
        parts.push(Cow::Owned(vec![rest.to_owned()]));
        joined(parts)
    };
    // What has no places is no text that is put together.
    gathered(texts.iter().map(|text| if text.contains(mark) { fill(text) } else { vec![text.clone()] }))
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
