//! Walks ruff's tree for how a module is built.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Alias, ExceptHandler, Expr, Operator, Stmt, StmtClassDef, StmtIf, UnaryOp};
use ruff_python_parser::{Parsed, parse_expression};
use ruff_text_size::Ranged;

use super::super::collect::{bytes, dotted, value_of};
use super::{Base, Class, ImportStatement, Imported, Member, MemberKind, Place, Structure};

/// Reads how a module is built. The tree must have been walked whole before: this goes as deep as it is.
pub(in crate::text::python) fn structure(text: &str, parsed: &Parsed<ruff_python_ast::ModModule>) -> Structure {
    let mut structure = Structure {
        comments: parsed
            .tokens()
            .iter()
            .filter(|token| token.kind() == TokenKind::Comment)
            .map(|token| bytes(token.range()))
            .collect(),
        statements: parsed.suite().iter().map(|statement| bytes(statement.range())).collect(),
        ..Structure::default()
    };
    for (index, statement) in parsed.suite().iter().enumerate() {
        let docstring = index == 0 && matches!(statement, Stmt::Expr(it) if it.value.is_string_literal_expr());
        let future =
            matches!(statement, Stmt::ImportFrom(it) if it.module.as_ref().is_some_and(|name| name == "__future__"));
        if docstring || future {
            structure.prologue = bytes(statement.range()).end;
        }
    }
    let mut walk = Walk { text, structure, place: Place::default() };
    walk.visit_body(parsed.suite());
    walk.structure
}

struct Walk<'text> {
    text: &'text str,
    structure: Structure,
    place: Place,
}

fn imported(alias: &Alias) -> Imported {
    let rename = alias.asname.as_ref().map(ToString::to_string);
    Imported { name: alias.name.to_string(), rename, range: bytes(alias.range) }
}

/// The dotted name of a base or a decorator, without call and subscript.
fn bare(expression: &Expr) -> String {
    match expression {
        Expr::Subscript(subscript) => dotted(&subscript.value),
        Expr::Call(call) => dotted(&call.func),
        _ => dotted(expression),
    }
}

/// Whether an annotation has `None` among its types.
fn is_optional(annotation: &Expr) -> bool {
    match annotation {
        Expr::NoneLiteral(_) => true,
        Expr::BinOp(operation) if operation.op == Operator::BitOr => {
            is_optional(&operation.left) || is_optional(&operation.right)
        }
        Expr::Subscript(subscript) => match dotted(&subscript.value).rsplit('.').next() {
            Some("Optional") => true,
            Some("Union") => subscript.slice.as_tuple_expr().is_some_and(|tuple| tuple.elts.iter().any(is_optional)),
            Some("Annotated") => {
                subscript.slice.as_tuple_expr().and_then(|tuple| tuple.elts.first()).is_some_and(is_optional)
            }
            _ => false,
        },
        Expr::StringLiteral(string) => parse_expression(string.value.to_str()).is_ok_and(|inner| match inner.expr() {
            Expr::StringLiteral(_) => false,
            inner => is_optional(inner),
        }),
        _ => false,
    }
}

fn is_literal(value: &Expr) -> bool {
    matches!(
        value,
        Expr::StringLiteral(_)
            | Expr::BytesLiteral(_)
            | Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::FString(_)
            | Expr::List(_)
            | Expr::Dict(_)
            | Expr::Set(_)
            | Expr::Tuple(_)
    )
}

/// Whether the handlers of a `try` take an import that fails.
fn takes_import_errors(handlers: &[ExceptHandler]) -> bool {
    let takes = |expression: &Expr| {
        let name = dotted(expression);
        matches!(name.as_str(), "ImportError" | "ModuleNotFoundError" | "Exception" | "BaseException")
    };
    handlers.iter().any(|handler| {
        let ExceptHandler::ExceptHandler(handler) = handler;
        match handler.type_.as_deref() {
            None => true,
            Some(Expr::Tuple(tuple)) => tuple.elts.iter().any(takes),
            Some(expression) => takes(expression),
        }
    })
}

/// Whether a test holds in every run; `None` when that cannot be told.
fn holds(test: &Expr) -> Option<bool> {
    match test {
        Expr::BooleanLiteral(literal) => Some(literal.value),
        Expr::NumberLiteral(literal) => literal.value.as_int().map(|number| number.as_u64() != Some(0)),
        Expr::UnaryOp(operation) if operation.op == UnaryOp::Not => holds(&operation.operand).map(|holds| !holds),
        // Only type checkers set it.
        _ => (dotted(test).rsplit('.').next() == Some("TYPE_CHECKING")).then_some(false),
    }
}

/// The branch of an `if` that every run takes.
fn always_run(choice: &StmtIf) -> Option<&[Stmt]> {
    if holds(&choice.test)? {
        return Some(&choice.body);
    }
    choice.elif_else_clauses.first().filter(|clause| clause.test.is_none()).map(|clause| &*clause.body)
}

/// The names that a statement takes away: `del json`.
fn deleted(statement: &Stmt) -> Vec<&str> {
    let targets = statement.as_delete_stmt().map_or(&[][..], |delete| &delete.targets);
    targets.iter().filter_map(Expr::as_name_expr).map(|name| name.id.as_str()).collect()
}

/// The names that an import or a plain assignment binds.
fn bound(member: &Member) -> Vec<String> {
    let first = |name: &str| name.split('.').next().unwrap_or(name).to_owned();
    match &member.kind {
        MemberKind::Assigned => vec![member.name.clone()],
        MemberKind::Import(import) => {
            import.names.iter().map(|it| first(it.rename.as_deref().unwrap_or(&it.name))).collect()
        }
        _ => vec![],
    }
}

impl Walk<'_> {
    fn import(&self, statement: &Stmt) -> Option<ImportStatement> {
        let (from, is_from, names) = match statement {
            Stmt::Import(import) => (String::new(), false, import.names.iter().map(imported).collect()),
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", |name| name.as_str());
                (".".repeat(import.level as usize) + module, true, import.names.iter().map(imported).collect())
            }
            _ => return None,
        };
        Some(ImportStatement { from, is_from, names, range: bytes(statement.range()), place: self.place.clone() })
    }

    /// An assignment to one name.
    fn assignment(&self, statement: &Stmt) -> Option<Member> {
        let (target, value, kind) = match statement {
            Stmt::Assign(assign) => match assign.targets.as_slice() {
                [target] => (target, Some(&*assign.value), MemberKind::Assigned),
                _ => return None,
            },
            Stmt::AnnAssign(assign) => {
                let kind = MemberKind::Annotated {
                    annotation: bytes(assign.annotation.range()),
                    optional: is_optional(&assign.annotation),
                    class_variable: bare(&assign.annotation).rsplit('.').next() == Some("ClassVar"),
                };
                (&*assign.target, assign.value.as_deref(), kind)
            }
            _ => return None,
        };
        let Expr::Name(name) = target else { return None };
        Some(Member {
            name: name.id.to_string(),
            name_range: bytes(name.range),
            range: bytes(statement.range()),
            kind,
            literal: value.is_some_and(is_literal),
            value: value.map(|value| (value_of(self.text, value), bytes(value.range()))),
        })
    }

    fn member(&self, statement: &Stmt) -> Member {
        let range = bytes(statement.range());
        let other = |name: &str, name_range: Range<usize>, kind: MemberKind| Member {
            name: name.to_owned(),
            name_range,
            range: range.clone(),
            kind,
            value: None,
            literal: false,
        };
        if let Some(member) = self.assignment(statement) {
            return member;
        }
        match statement {
            Stmt::FunctionDef(function) => {
                let decorators = function.decorator_list.iter().map(|it| bare(&it.expression)).collect();
                other(&function.name, bytes(function.name.range), MemberKind::Function(decorators))
            }
            Stmt::ClassDef(class) => other(&class.name, bytes(class.name.range), MemberKind::Other),
            _ => match self.import(statement) {
                Some(import) => other("", range.clone(), MemberKind::Import(import)),
                None => other("", range.clone(), MemberKind::Other),
            },
        }
    }

    /// What a statement of a class says; behind an `if` that always holds, also what is imported and assigned in it.
    fn members(&self, statement: &Stmt) -> Vec<Member> {
        let mut found = vec![self.member(statement)];
        let run = statement.as_if_stmt().and_then(always_run).unwrap_or_default();
        let inner = run.iter().flat_map(|statement| self.members(statement));
        found.extend(inner.filter(|it| matches!(it.kind, MemberKind::Import(_) | MemberKind::Assigned)));
        found
    }

    fn class(&mut self, class: &StmtClassDef) {
        let base = |base: &Expr| Base { name: bare(base), range: bytes(base.range()) };
        let keywords = class.arguments.iter().flat_map(|arguments| &arguments.keywords).map(|keyword| {
            (keyword.arg.as_ref().map_or("**", |name| name.as_str()).to_owned(), bytes(keyword.value.range()))
        });
        let entry = Class {
            name: class.name.to_string(),
            name_range: bytes(class.name.range),
            range: bytes(class.range),
            bases: class.bases().iter().map(base).collect(),
            keywords: keywords.collect(),
            decorators: class.decorator_list.iter().map(|it| bare(&it.expression)).collect(),
            body: vec![],
            place: self.place.clone(),
        };
        let index = self.structure.classes.len();
        self.structure.classes.push(entry);
        let before = self.place.clone();
        self.place.class = true;
        let mut body: Vec<Member> = vec![];
        let mut binding: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for statement in &class.body {
            // What is taken out of the body again is not there when the class is made.
            for at in deleted(statement).into_iter().filter_map(|name| binding.remove(name)).flatten() {
                if let Some(member) = body.get_mut(at) {
                    (member.name, member.kind, member.value) = (String::new(), MemberKind::Other, None);
                }
            }
            for member in self.members(statement) {
                bound(&member).into_iter().for_each(|name| binding.entry(name).or_default().push(body.len()));
                body.push(member);
            }
        }
        if let Some(entry) = self.structure.classes.get_mut(index) {
            entry.body = body;
        }
        for decorator in &class.decorator_list {
            self.visit_decorator(decorator);
        }
        if let Some(arguments) = &class.arguments {
            self.visit_arguments(arguments);
        }
        self.visit_body(&class.body);
        self.place = before;
    }

    fn within(&mut self, change: impl FnOnce(&mut Place), go: impl FnOnce(&mut Self)) {
        let before = self.place.clone();
        change(&mut self.place);
        go(self);
        self.place = before;
    }

    /// The strings of `__all__ = […]`, `__all__ += […]`.
    fn exports(&mut self, target: &Expr, value: &Expr) {
        if !matches!(target, Expr::Name(name) if name.id == "__all__") {
            return;
        }
        let elements = match value {
            Expr::List(list) => &list.elts,
            Expr::Tuple(tuple) => &tuple.elts,
            _ => return,
        };
        let names = elements.iter().filter_map(Expr::as_string_literal_expr).map(|it| it.value.to_str().to_owned());
        self.structure.exported.extend(names);
    }
}

impl<'tree> Visitor<'tree> for Walk<'_> {
    fn visit_stmt(&mut self, statement: &'tree Stmt) {
        if let Some(import) = self.import(statement) {
            self.structure.imports.push(import);
            return;
        }
        match statement {
            Stmt::Assign(assign) => assign.targets.iter().for_each(|target| self.exports(target, &assign.value)),
            Stmt::AugAssign(assign) => self.exports(&assign.target, &assign.value),
            Stmt::AnnAssign(assign) => {
                if let Some(value) = &assign.value {
                    self.exports(&assign.target, value);
                }
            }
            _ => {}
        }
        if self.place.is_top()
            && let Some(member) = self.assignment(statement)
        {
            self.structure.assigned.push(member);
        }
        match statement {
            Stmt::ClassDef(class) => self.class(class),
            Stmt::FunctionDef(function) => {
                if self.place.is_top() {
                    self.structure.functions.push(function.name.to_string());
                }
                self.within(|place| place.function = true, |walk| visitor::walk_stmt(walk, statement));
            }
            Stmt::If(choice) => {
                let checking = dotted(&choice.test).rsplit('.').next() == Some("TYPE_CHECKING");
                self.visit_expr(&choice.test);
                self.within(
                    |place| (place.block, place.type_checking) = (true, checking || place.type_checking),
                    |walk| walk.visit_body(&choice.body),
                );
                for clause in &choice.elif_else_clauses {
                    self.within(|place| place.block = true, |walk| visitor::walk_elif_else_clause(walk, clause));
                }
            }
            Stmt::Try(attempt) => {
                let guarded = takes_import_errors(&attempt.handlers);
                self.within(
                    |place| (place.block, place.guarded) = (true, guarded || place.guarded),
                    |walk| visitor::walk_stmt(walk, statement),
                );
            }
            Stmt::For(_) | Stmt::While(_) | Stmt::With(_) | Stmt::Match(_) => {
                self.within(|place| place.block = true, |walk| visitor::walk_stmt(walk, statement));
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'tree Expr) {
        if let Expr::Name(name) = expression
            && !name.ctx.is_store()
        {
            self.structure.loaded.insert(name.id.to_string());
        }
        visitor::walk_expr(self, expression);
    }

    fn visit_annotation(&mut self, annotation: &'tree Expr) {
        // Whoever looks for unused imports reads annotations that are strings too.
        let mut names = StringNames(&mut self.structure.loaded);
        names.visit_expr(annotation);
        self.visit_expr(annotation);
    }
}

struct StringNames<'a>(&'a mut BTreeSet<String>);

impl<'tree> Visitor<'tree> for StringNames<'_> {
    fn visit_expr(&mut self, expression: &'tree Expr) {
        if let Expr::StringLiteral(string) = expression {
            let text = string.value.to_str();
            let words = text.split(|character: char| !(character.is_alphanumeric() || character == '_'));
            self.0.extend(words.filter(|word| !word.is_empty()).map(str::to_owned));
        }
        visitor::walk_expr(self, expression);
    }
}
