//! What an expression begins with, by the names that are bound to something.

use ruff_python_ast::Expr;

use super::file::{DEEPEST, File};
use super::values::Values;
use crate::text::python::collect::dotted;

/// What an expression begins with.
pub(super) enum Origin {
    /// What is imported, by what it means.
    Imported(String),
    /// A name that nothing binds.
    Plain(String),
    /// A value.
    Literal,
}

impl<'tree> File<'tree> {
    /// What an expression may begin with: `sqlalchemy.Enum` for `role.create` after `role = sa.Enum("a")`; `None` where that
    /// cannot be told.
    pub fn origins(&self, expression: &'tree Expr, values: &Values<'tree>) -> Option<Vec<Origin>> {
        let mut found = vec![];
        self.find_origins(expression, values, 0, &mut found).then_some(found)
    }

    fn find_origins(
        &self,
        expression: &'tree Expr,
        values: &Values<'tree>,
        depth: usize,
        found: &mut Vec<Origin>,
    ) -> bool {
        let mut deeper =
            |one: &'tree Expr| depth < DEEPEST && self.step(1) && self.find_origins(one, values, depth + 1, found);
        match innermost(expression) {
            Expr::Name(name) => {
                let name = name.id.as_str();
                if let Some(meaning) = self.meaning(&first_name(expression)).or_else(|| self.meaning(name)) {
                    found.push(Origin::Imported(meaning));
                    return true;
                }
                let mut bound = values.bound(self, name).peekable();
                if bound.peek().is_some() {
                    return bound.all(deeper);
                }
                found.push(Origin::Plain(name.to_owned()));
                true
            }
            Expr::Tuple(several) => several.elts.iter().all(deeper),
            Expr::List(several) => several.elts.iter().all(&mut deeper),
            other => {
                found.push(Origin::Literal);
                other.is_literal_expr() || other.is_f_string_expr()
            }
        }
    }
}

/// What a chain of calls and attributes begins with.
fn innermost(expression: &Expr) -> &Expr {
    let mut at = expression;
    loop {
        at = match at {
            Expr::Attribute(attribute) => &attribute.value,
            Expr::Call(call) => &call.func,
            Expr::Subscript(of) => &of.value,
            Expr::Await(waiting) => &waiting.value,
            _ => return at,
        };
    }
}

/// The dotted name that a chain begins with, up to its first call: `sa.Enum` of `sa.Enum("a").create`.
fn first_name(expression: &Expr) -> String {
    let (mut first, mut at) = (expression, expression);
    loop {
        at = match at {
            Expr::Attribute(attribute) => &attribute.value,
            Expr::Call(call) => {
                first = &call.func;
                first
            }
            Expr::Subscript(of) => {
                first = &of.value;
                first
            }
            Expr::Await(waiting) => {
                first = &waiting.value;
                first
            }
            _ => return dotted(first),
        };
    }
}

/// The name that a chain begins with.
pub(super) fn base(expression: &Expr) -> Option<&str> {
    innermost(expression).as_name_expr().map(|name| name.id.as_str())
}
