//! What a file may do to variables of the environment besides reading them.

use std::collections::BTreeSet;

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{CmpOp, Expr, ExprCall, ExprSubscript, Stmt};

use super::bound::Bound;
use super::is_environ;
use crate::text::python::collect::dotted;

/// Packages that read `.env` files or other stores of settings.
const LOADERS: [&str; 9] =
    ["confz", "decouple", "dotenv", "dotenv_vault", "dynaconf", "environ", "environs", "envparse", "honcho"];

/// Functions of such packages.
const LOADING: [&str; 5] = ["load_dotenv", "dotenv_values", "find_dotenv", "read_env", "read_envfile"];

/// What a file may do to variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spoken {
    /// Whether it may set any variable there is.
    pub sets_any: bool,
    /// The texts and keywords in it, but for those that are only read as `os.environ["NAME"]`: it may set these variables, or do
    /// without them.
    pub names: BTreeSet<String>,
}

pub(super) fn read(suite: &[Stmt]) -> Spoken {
    let bound = Bound::of(suite);
    let mut modules = bound.imported.values().flatten();
    let loads = modules.any(|module| module.split('.').next().is_some_and(|first| LOADERS.contains(&first)));
    let mut looking = Looking { bound, spoken: Spoken { sets_any: loads, ..Spoken::default() } };
    looking.visit_body(suite);
    looking.spoken
}

struct Looking<'tree> {
    bound: Bound<'tree>,
    spoken: Spoken,
}

impl<'tree> Looking<'tree> {
    /// `os.environ[…]`.
    fn subscript(&mut self, subscript: &'tree ExprSubscript) {
        let is_literal = subscript.slice.is_string_literal_expr();
        self.spoken.sets_any |= !subscript.ctx.is_load() && !is_literal;
        if !(subscript.ctx.is_load() && is_literal) {
            self.visit_expr(&subscript.slice);
        }
    }

    /// `os.environ.update(…)` and the like; what is given to it is looked at like everything.
    fn method(&mut self, method: &str, call: &'tree ExprCall) {
        let is_literal = |expression: &Expr| match expression {
            Expr::Dict(dictionary) => {
                dictionary.items.iter().all(|item| item.key.as_ref().is_some_and(Expr::is_string_literal_expr))
            }
            _ => false,
        };
        let is_told = match method {
            "get" | "copy" | "items" | "keys" | "values" => true,
            "setdefault" | "pop" => call.arguments.args.first().is_some_and(Expr::is_string_literal_expr),
            "update" => {
                call.arguments.args.iter().all(is_literal) && call.arguments.keywords.iter().all(|it| it.arg.is_some())
            }
            _ => false,
        };
        self.spoken.sets_any |= !is_told;
    }

    fn call(&mut self, call: &'tree ExprCall) {
        let callee = dotted(&call.func);
        self.spoken.sets_any |= callee.rsplit('.').next().is_some_and(|name| LOADING.contains(&name));
        match &*call.func {
            Expr::Attribute(attribute) if is_environ(&self.bound, &attribute.value) => {
                self.method(&attribute.attr, call);
            }
            function => self.visit_expr(function),
        }
        for keyword in &call.arguments.keywords {
            self.spoken.names.extend(keyword.arg.as_ref().map(ToString::to_string));
        }
        // `dict(os.environ)` is another mapping.
        if !(callee == "dict" && call.arguments.args.iter().all(|it| is_environ(&self.bound, it))) {
            self.visit_arguments(&call.arguments);
        }
    }
}

impl<'tree> Visitor<'tree> for Looking<'tree> {
    fn visit_expr(&mut self, expression: &'tree Expr) {
        match expression {
            Expr::Subscript(subscript) if is_environ(&self.bound, &subscript.value) => self.subscript(subscript),
            Expr::Call(call) => self.call(call),
            Expr::Compare(compare) if compare.ops.iter().all(|it| matches!(it, CmpOp::In | CmpOp::NotIn)) => {
                self.visit_expr(&compare.left);
                let others = compare.comparators.iter().filter(|it| !is_environ(&self.bound, it)).collect::<Vec<_>>();
                others.into_iter().for_each(|other| self.visit_expr(other));
            }
            Expr::Dict(dictionary) => {
                for item in dictionary.items.iter() {
                    // `{**os.environ}` is another mapping.
                    if item.key.is_some() || !is_environ(&self.bound, &item.value) {
                        item.key.iter().for_each(|key| self.visit_expr(key));
                        self.visit_expr(&item.value);
                    }
                }
            }
            Expr::StringLiteral(text) => {
                self.spoken.names.insert(text.value.to_str().to_owned());
            }
            // Whoever gets the mapping itself may change it.
            other if is_environ(&self.bound, other) => self.spoken.sets_any = true,
            _ => visitor::walk_expr(self, expression),
        }
    }
}
