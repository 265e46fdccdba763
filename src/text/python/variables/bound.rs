//! What the names of a file are bound to.

use std::collections::{BTreeMap, BTreeSet};

use ruff_python_ast::visitor::{self, Visitor};
use ruff_python_ast::{Expr, Stmt, StmtFunctionDef};

/// The names that a file binds anywhere.
#[derive(Default)]
pub(super) struct Bound<'tree> {
    /// The modules that each imported name is taken from.
    pub imported: BTreeMap<&'tree str, Vec<String>>,
    /// Whether names come by `from x import *`.
    pub has_star: bool,
    /// `os.environ`, under each of its names.
    pub environ: BTreeSet<String>,
    /// What is assigned to, and parameters.
    pub variables: BTreeSet<&'tree str>,
    /// Its classes.
    pub classes: BTreeSet<&'tree str>,
    /// How often functions of a name are defined.
    functions: BTreeMap<&'tree str, usize>,
    /// Functions whose call runs nothing yet.
    generators: BTreeSet<&'tree str>,
    /// The functions around what is looked at.
    around: Vec<&'tree str>,
}

impl<'tree> Bound<'tree> {
    pub fn of(suite: &'tree [Stmt]) -> Self {
        let mut bound = Self::default();
        bound.visit_body(suite);
        bound
    }

    /// The functions of the top level that a call of their name surely runs.
    pub fn functions(&self, suite: &'tree [Stmt]) -> BTreeMap<&'tree str, &'tree StmtFunctionDef> {
        let is_told = |name: &str| {
            let is_other = self.variables.contains(name) || self.classes.contains(name);
            self.functions.get(name) == Some(&1) && !is_other && !self.imported.contains_key(name)
        };
        let functions = suite.iter().filter_map(Stmt::as_function_def_stmt).filter(|it| it.decorator_list.is_empty());
        let named = functions.map(|function| (function.name.as_str(), function));
        named.filter(|(name, _)| is_told(name) && !self.generators.contains(name)).collect()
    }

    fn import(&mut self, name: &'tree str, module: String) {
        self.imported.entry(name).or_default().push(module);
    }
}

impl<'tree> Visitor<'tree> for Bound<'tree> {
    fn visit_stmt(&mut self, statement: &'tree Stmt) {
        match statement {
            Stmt::Import(import) => {
                for alias in &import.names {
                    let module = alias.name.as_str();
                    let root = module.split('.').next().unwrap_or("");
                    let name = alias.asname.as_ref().map_or(root, |name| name.as_str());
                    if root == "os" && (alias.asname.is_none() || module == "os") {
                        self.environ.insert(format!("{name}.environ"));
                    }
                    self.import(name, module.to_owned());
                }
            }
            Stmt::ImportFrom(import) => {
                let module = import.module.as_ref().map_or("", |module| module.as_str());
                for alias in &import.names {
                    let name = alias.asname.as_ref().unwrap_or(&alias.name).as_str();
                    self.has_star |= name == "*";
                    if module == "os" && import.level == 0 && alias.name.as_str() == "environ" {
                        self.environ.insert(name.to_owned());
                    }
                    self.import(name, ".".repeat(import.level as usize) + module);
                }
            }
            Stmt::ClassDef(class) => {
                self.classes.insert(&class.name);
                visitor::walk_stmt(self, statement);
            }
            Stmt::FunctionDef(function) => {
                *self.functions.entry(&function.name).or_default() += 1;
                self.variables.extend(function.parameters.iter().map(|parameter| parameter.name().as_str()));
                self.around.push(&function.name);
                visitor::walk_stmt(self, statement);
                self.around.pop();
            }
            _ => visitor::walk_stmt(self, statement),
        }
    }

    fn visit_expr(&mut self, expression: &'tree Expr) {
        match expression {
            Expr::Name(name) if !name.ctx.is_load() => {
                self.variables.insert(&name.id);
            }
            Expr::Yield(_) | Expr::YieldFrom(_) => self.generators.extend(self.around.last()),
            _ => {}
        }
        visitor::walk_expr(self, expression);
    }
}
