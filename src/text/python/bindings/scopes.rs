//! Whether something in a file may bind a name where it is used.

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Parameters, Stmt, TypeParams};
use ruff_text_size::Ranged;

use super::Binder;
use crate::text::python::builtins::is_builtin;
use crate::text::python::parse_with;

/// Whether a name may be bound at an offset: by Python, by the module or a scope around the offset, or by what only shows
/// when it runs. Comments, and annotations that name it too, bind nothing.
pub fn may_be_bound(text: &str, name: &str, at: usize) -> bool {
    let (_, found) = parse_with(text, |parsed| {
        let mut scopes = Scopes { name, at, found: is_builtin(name) };
        scopes.scope(parsed.suite(), None, None);
        scopes.visit_body(parsed.suite());
        Some(scopes.found)
    });
    // In a file that is nested too deeply anything may be.
    found.unwrap_or(true)
}

struct Scopes<'text> {
    name: &'text str,
    at: usize,
    found: bool,
}

impl Scopes<'_> {
    fn scope(&mut self, body: &[Stmt], parameters: Option<&Parameters>, types: Option<&TypeParams>) {
        let mut binder = Binder::default();
        if let Some(parameters) = parameters {
            binder.parameters(parameters);
        }
        binder.visit_body(body);
        let is_type = |types: &TypeParams| types.iter().any(|one| one.name().as_str() == self.name);
        self.found |= binder.star || binder.names.contains(self.name) || types.is_some_and(is_type);
    }
}

impl<'tree> Visitor<'tree> for Scopes<'_> {
    fn visit_stmt(&mut self, statement: &'tree Stmt) {
        let is_around = statement.range().start().to_usize() <= self.at && self.at < statement.range().end().to_usize();
        match statement {
            Stmt::FunctionDef(it) if is_around => {
                self.scope(&it.body, Some(&it.parameters), it.type_params.as_deref());
            }
            Stmt::ClassDef(it) if is_around => self.scope(&it.body, None, it.type_params.as_deref()),
            Stmt::Global(it) => self.found |= it.names.iter().any(|name| name.as_str() == self.name),
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_annotation(&mut self, _: &'tree Expr) {}

    fn visit_expr(&mut self, expression: &'tree Expr) {
        // `setattr(module, "Kind", …)` may bind what it says.
        if let Expr::StringLiteral(literal) = expression {
            self.found |= literal.value.to_str() == self.name;
        }
        visitor::walk_expr(self, expression);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_bound_by_what_runs_and_not_by_what_speaks_of_it() {
        for (text, expected) in [
            ("class A:\n    at: 'Kind'\n", false),
            ("# Kind is explained elsewhere\nclass A:\n    at: 'Kind'\n", false),
            ("\"\"\"Every Kind of thing.\"\"\"\nclass A:\n    at: 'Kind'\n    b: list['Kind']\n", false),
            ("def f(kind: 'Kind') -> 'Kind':\n    Kind = 1\nclass A:\n    at: 'Kind'\n", false),
            ("if TYPE_CHECKING:\n    from a import Kind\nclass A:\n    at: 'Kind'\n", false),
            ("class A:\n    at: 'Kind'\nclass Kind: ...\n", true),
            ("class A:\n    at: 'Kind'\n    class Kind: ...\n", true),
            ("class A[Kind]:\n    at: 'Kind'\n", true),
            ("def f(Kind):\n    class A:\n        at: 'Kind'\n", true),
            ("def f():\n    global Kind\n    Kind = 1\nclass A:\n    at: 'Kind'\n", true),
            ("setattr(module, 'Kind', 1)\nclass A:\n    at: 'Kind'\n", true),
            ("from kinds import *\nclass A:\n    at: 'Kind'\n", true),
            ("type Kind = int\nclass A:\n    at: 'Kind'\n", true),
        ] {
            let at = text.find("class A").unwrap() + 6;
            assert_eq!(may_be_bound(text, "Kind", at), expected, "{text}");
        }
        assert!(may_be_bound("", "KeyError", 0));
    }
}
