//! Variables of the environment in a Python file: those that it surely reads when it is run, and those that it may set or do
//! without.

mod bound;
mod spoken;
mod surely;

use ruff_python_ast::Expr;

use super::collect::dotted;
use super::{Text, parse_with};
use bound::Bound;

pub use spoken::Spoken;

/// The variables that `env.py` cannot do without when Alembic runs it with a database: `os.environ["NAME"]` at its top level
/// or in functions of its own that surely are called. What stands under a condition, in a `try`, a `with` or a loop, or behind
/// what may end the run, is none of them; nor is anything behind a call of what `is_harmless` does not hold for, which may
/// set variables: it is asked for modules as imports write them.
pub fn surely_read(text: &str, is_harmless: &dyn Fn(&str) -> bool) -> Vec<Text> {
    parse_with(text, |parsed| surely::read(text, parsed.suite(), is_harmless)).1
}

/// What a file may do to variables of the environment, anywhere in it. A file that is nested too deeply says nothing.
pub fn spoken_of(text: &str) -> Option<Spoken> {
    parse_with(text, |parsed| Some(spoken::read(parsed.suite()))).1
}

/// Whether an expression is `os.environ`.
fn is_environ(bound: &Bound<'_>, expression: &Expr) -> bool {
    let is_name = matches!(expression, Expr::Attribute(_) | Expr::Name(_));
    is_name && bound.environ.contains(&dotted(expression))
}

#[cfg(test)]
mod tests;
