//! The structure of a module: what its imports bind, its classes with their bodies, its comments and the names it reads.

mod walk;

use std::collections::BTreeSet;
use std::ops::Range;

use super::Value;

pub(super) use walk::structure;

/// How a module is built.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Structure {
    /// Every import statement, in order, those in blocks, functions and classes too.
    pub imports: Vec<ImportStatement>,
    /// Every class, in order, those in blocks and classes too.
    pub classes: Vec<Class>,
    /// Assignments of a name that stand at the top level of the module.
    pub assigned: Vec<Member>,
    /// The functions that stand at the top level of the module.
    pub functions: Vec<String>,
    /// The first part of every name that is read, also in annotations that are strings.
    pub loaded: BTreeSet<String>,
    /// The names of `__all__`.
    pub exported: BTreeSet<String>,
    /// Every comment.
    pub comments: Vec<Range<usize>>,
    /// The statements of the top level.
    pub statements: Vec<Range<usize>>,
    /// Where the docstring and the imports from `__future__` end: before it no other import may stand.
    pub prologue: usize,
}

/// One import statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportStatement {
    /// The module after `from`, with its dots; empty for a plain `import`.
    pub from: String,
    /// Whether it is `from … import`.
    pub is_from: bool,
    /// What is imported: modules for a plain `import`, names after `from`.
    pub names: Vec<Imported>,
    /// The whole statement.
    pub range: Range<usize>,
    /// Where it stands.
    pub place: Place,
}

/// One name of an import statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// The name, or the dotted module of a plain `import`.
    pub name: String,
    /// What comes after `as`.
    pub rename: Option<String>,
    /// Name and rename.
    pub range: Range<usize>,
}

/// Where a statement stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Under `if TYPE_CHECKING:`.
    pub type_checking: bool,
    /// In a `try` whose handlers take an import that fails.
    pub guarded: bool,
    /// In a function.
    pub function: bool,
    /// In a class.
    pub class: bool,
    /// In an `if`, `for`, `while`, `with`, `match` or `try`.
    pub block: bool,
}

impl Place {
    /// Whether it is the top level of the module.
    pub fn is_top(&self) -> bool {
        *self == Self::default()
    }
}

/// One class.
#[derive(Clone, Debug, PartialEq)]
pub struct Class {
    /// Its name.
    pub name: String,
    /// The bytes of its name.
    pub name_range: Range<usize>,
    /// The whole statement, decorators included.
    pub range: Range<usize>,
    /// Its bases.
    pub bases: Vec<Base>,
    /// Its keywords, such as `table=True`, with the bytes of their values.
    pub keywords: Vec<(String, Range<usize>)>,
    /// The dotted names of its decorators.
    pub decorators: Vec<String>,
    /// The statements of its body.
    pub body: Vec<Member>,
    /// Where it stands.
    pub place: Place,
}

/// One base of a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    /// Its dotted name without a subscript; begins with a dot, or is empty, when it is no name.
    pub name: String,
    /// The whole expression.
    pub range: Range<usize>,
}

/// One statement of a class body, or one assignment of a module.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// The name that is assigned or defined.
    pub name: String,
    /// The bytes of the name.
    pub name_range: Range<usize>,
    /// The whole statement.
    pub range: Range<usize>,
    /// What it is.
    pub kind: MemberKind,
    /// What is assigned, and its bytes.
    pub value: Option<(Value, Range<usize>)>,
    /// Whether what is assigned is written down: a number, a string, a list or the like.
    pub literal: bool,
}

/// What a statement of a class body is.
#[derive(Clone, Debug, PartialEq)]
pub enum MemberKind {
    /// `name: T` or `name: T = value`.
    Annotated {
        /// The annotation.
        annotation: Range<usize>,
        /// Whether `None` is among its types.
        optional: bool,
        /// Whether it is `ClassVar`.
        class_variable: bool,
    },
    /// `name = value`.
    Assigned,
    /// An import.
    Import(ImportStatement),
    /// A function, with the dotted names of its decorators.
    Function(Vec<String>),
    /// Anything else: a nested class, a docstring, a block.
    Other,
}
