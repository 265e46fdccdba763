//! The functions of a file that are simple enough to be evaluated, such as `include_object`: what they say to arguments of
//! which a part is known. Whatever is not simple, or too much, is not told.

mod evaluator;
mod reading;
mod uses;

use std::collections::BTreeMap;
use std::ops::Range;
use std::rc::Rc;

pub(super) use reading::functions;

/// What a function says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Something true.
    Yes,
    /// Something false, or nothing.
    No,
    /// It cannot be told.
    Untold,
}

/// What is known of a value. Texts and lists are shared, not copied.
#[derive(Clone, Debug, PartialEq)]
pub enum Known {
    /// `None`.
    None,
    /// `True` or `False`; of a value that was built from unknown ones only this.
    Flag(bool),
    /// A whole number.
    Number(i64),
    /// A string.
    Text(Rc<str>),
    /// A list, a tuple, a set or the keys of a dictionary. What a list within it holds is asked by nobody and not kept, so
    /// that no value is deeper than this.
    Several(Rc<[Known]>),
    /// Nothing.
    Untold,
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    Known(Known),
    Name(String),
    Several(Vec<Expression>),
    Not(Box<Expression>),
    All(Vec<Expression>),
    Any(Vec<Expression>),
    Choice(Box<[Expression; 3]>),
    Compared(Box<Expression>, Relation, Box<Expression>),
    Method(Box<Expression>, String, Vec<Expression>),
    Untold,
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    Unequal,
    Is,
    IsNot,
    In,
    NotIn,
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Statement {
    Return(Expression),
    /// `if`, each `elif`, and `else` as one whose condition is true: the first that holds is run.
    Choice(Vec<(Expression, Vec<Statement>)>),
    Bind(String, Expression),
    Nothing,
    Raise,
    Untold,
}

/// A function or a lambda.
#[derive(Clone, Debug, PartialEq)]
pub struct Function {
    pub(super) parameters: Vec<String>,
    /// How many arguments it takes; `None`: any number.
    pub(super) takes: Option<Range<usize>>,
    pub(super) body: Vec<Statement>,
    /// Its name, or the whole lambda.
    pub range: Range<usize>,
}

/// An argument of a call that is a function.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// It is written down there.
    Here(Rc<Function>),
    /// It is named.
    Named(String),
    /// It is `True`.
    True,
    /// Anything else.
    Other,
}

/// The functions of a file, and what they need to be evaluated.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Functions {
    /// Functions by name, those in functions too; not those whose name means several things, nor those that a decorator may
    /// have made something else of.
    pub named: BTreeMap<String, Rc<Function>>,
    /// The keywords of each call, by where the call starts.
    pub given: BTreeMap<usize, BTreeMap<String, Given>>,
    /// What the names of the module mean that nothing changes.
    pub(super) constants: BTreeMap<String, Known>,
}

impl Functions {
    /// What a function of this file says to these arguments.
    pub fn verdict(&self, function: &Function, arguments: &[Known]) -> Verdict {
        evaluator::verdict(&self.constants, function, arguments)
    }
}

#[cfg(test)]
mod tests;
