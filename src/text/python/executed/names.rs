//! What the names of a Python file mean: its imports, its functions and classes, and what it binds.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Stmt, StmtClassDef, StmtFunctionDef};

use crate::text::python::imports::is_of_python;

/// Packages whose functions run no statement but those that they are given.
const OUTSIDE: [&str; 7] =
    ["alembic", "geoalchemy2", "pgvector", "pydantic", "sqlalchemy", "sqlalchemy_utils", "sqlmodel"];

/// Whether what an import means begins with a package that runs nothing by itself, or with Python's own library.
pub fn is_outside(meaning: &str) -> bool {
    let root = meaning.split('.').next().unwrap_or("");
    OUTSIDE.contains(&root) || is_of_python(root)
}

/// What a body binds, and what is imported anywhere in it.
#[derive(Default)]
pub(super) struct Names<'tree> {
    /// Each bound name with what it means.
    pub imports: BTreeMap<String, String>,
    /// The modules that everything is imported from.
    pub stars: Vec<String>,
    pub functions: BTreeMap<&'tree str, &'tree StmtFunctionDef>,
    pub classes: BTreeMap<&'tree str, &'tree StmtClassDef>,
    /// What the statements outside of functions and classes bind.
    pub bound: Bound<'tree>,
}

impl<'tree> Names<'tree> {
    pub fn of(suite: &'tree [Stmt]) -> Self {
        let mut names = Self::default();
        for statement in suite {
            match statement {
                Stmt::FunctionDef(function) => {
                    names.functions.entry(function.name.as_str()).or_insert(function);
                }
                Stmt::ClassDef(class) => {
                    names.classes.entry(class.name.as_str()).or_insert(class);
                }
                // What functions of the file bind for themselves is not seen here.
                _ => names.bound.visit_stmt(statement),
            }
        }
        names.visit_body(suite);
        names
    }

    fn import(&mut self, bound: &str, meaning: String) {
        let known = self.imports.entry(bound.to_owned()).or_default();
        if *known < meaning {
            *known = meaning;
        }
    }
}

impl<'tree> Visitor<'tree> for Names<'tree> {
    fn visit_stmt(&mut self, statement: &'tree Stmt) {
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    let bound = alias.asname.as_ref().unwrap_or(&alias.name);
                    self.import(bound.as_str(), alias.name.to_string());
                    // `import a.b` binds `a`.
                    if let (None, Some((root, _))) = (&alias.asname, alias.name.split_once('.')) {
                        self.import(root, root.to_owned());
                    }
                }
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", |name| name.as_str());
                let dots = ".".repeat(usize::try_from(import.level).unwrap_or(0));
                let between = if module.is_empty() { "" } else { "." };
                for alias in &import.names {
                    let bound = alias.asname.as_ref().unwrap_or(&alias.name);
                    match bound.as_str() {
                        "*" => self.stars.push(format!("{dots}{module}")),
                        bound => self.import(bound, format!("{dots}{module}{between}{}", alias.name)),
                    }
                }
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    // No import stands within an expression.
    fn visit_expr(&mut self, _: &'tree Expr) {}
}

/// What names are bound to, one name as often as it is bound.
#[derive(Default)]
pub(super) struct Bound<'tree> {
    pub values: BTreeMap<String, Vec<&'tree Expr>>,
    /// Names that are bound to something else too, or to several of them put together.
    pub grown: BTreeSet<String>,
}

impl<'tree> Bound<'tree> {
    fn bind(&mut self, target: &Expr, value: &'tree Expr) {
        match target {
            Expr::Name(name) => self.values.entry(name.id.to_string()).or_default().push(value),
            // Which of them is which does not matter: each is one of the texts.
            Expr::Tuple(several) => several.elts.iter().for_each(|one| self.bind(one, value)),
            _ => {}
        }
    }

    /// Binds the parameters of a function to nothing that can be told.
    pub fn parameters(&mut self, function: &StmtFunctionDef) {
        for parameter in function.parameters.iter() {
            self.values.entry(parameter.name().to_string()).or_default();
        }
    }
}

impl<'tree> Visitor<'tree> for Bound<'tree> {
    fn visit_stmt(&mut self, statement: &'tree Stmt) {
        match statement {
            Stmt::Assign(assign) => assign.targets.iter().for_each(|target| self.bind(target, &assign.value)),
            Stmt::AnnAssign(assign) => assign.value.iter().for_each(|value| self.bind(&assign.target, value)),
            Stmt::AugAssign(assign) => {
                self.bind(&assign.target, &assign.value);
                // More of a list are more texts; more of a text is another one.
                if let (Expr::Name(name), false) = (&*assign.target, assign.value.is_list_expr()) {
                    self.grown.insert(name.id.to_string());
                }
            }
            Stmt::For(each) => self.bind(&each.target, &each.iter),
            // What these bind is something else than what is bound around them.
            Stmt::FunctionDef(function) => {
                self.grown.extend(function.parameters.iter().map(|one| one.name().to_string()));
            }
            Stmt::With(with) => {
                let names = with.items.iter().filter_map(|item| item.optional_vars.as_ref()?.as_name_expr());
                self.grown.extend(names.map(|name| name.id.to_string()));
            }
            _ => {}
        }
        visitor::walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'tree Expr) {
        match expression {
            Expr::Named(named) => self.bind(&named.target, &named.value),
            Expr::Call(call) => {
                if let Expr::Attribute(method) = &*call.func
                    && matches!(method.attr.as_str(), "append" | "extend")
                {
                    call.arguments.args.iter().for_each(|one| self.bind(&method.value, one));
                }
            }
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }

    fn visit_comprehension(&mut self, each: &'tree ruff_python_ast::Comprehension) {
        self.bind(&each.target, &each.iter);
        visitor::walk_comprehension(self, each);
    }
}
