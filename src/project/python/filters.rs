//! The functions that `env.py` hands to autogenerate to leave things out, and the tables that they leave out for certain.

mod untold;

use std::rc::Rc;

pub(super) use untold::body;

use serde::{Deserialize, Serialize};

use super::PythonProject;
use super::modules::{File, Modules};
use super::names::bound;
use crate::text::Span;
use crate::text::python::Call;
use crate::text::python::functions::{Function, Functions, Given, Known, Verdict};

/// Which of the two functions it is, and what it is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hides {
    /// `include_object`: the tables of the models.
    Models,
    /// `include_name`: the tables of the database.
    Names,
    /// `include_name` together with `include_schemas`: the database's own schema.
    Schema,
}

/// A function that leaves tables of the models out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// What it hides.
    pub hides: Hides,
    /// The argument of `context.configure`.
    pub span: Span,
    /// The name of the function, or the lambda.
    pub function: Span,
    /// The tables that it leaves out, by their place among the classes, with their names.
    pub tables: Vec<(usize, String)>,
    /// Of how many.
    pub of: usize,
    /// Whether it cannot be told if it leaves them out.
    #[serde(default)]
    pub is_untold: bool,
}

/// A function with the file it is written in.
struct Found {
    file: Rc<Functions>,
    function: Rc<Function>,
    place: Span,
}

impl Found {
    fn says(&self, arguments: &[Known]) -> Verdict {
        self.file.verdict(&self.function, arguments)
    }
}

fn text(text: &str) -> Known {
    Known::Text(text.into())
}

/// Says of each environment which tables its functions leave out.
pub(super) fn judge(modules: &mut Modules<'_>, project: &mut PythonProject) {
    let mut environments = std::mem::take(&mut project.environments);
    for environment in &mut environments {
        let unreached = |class: &usize| environment.unreached.iter().any(|(other, _)| other == class);
        let tables = project.tables.iter().filter(|table| environment.tables.contains(&table.class));
        let tables: Vec<(usize, String)> = tables
            .filter(|table| !unreached(&table.class))
            .filter_map(|table| Some((table.class, table.name.clone()?)))
            .collect();
        let Some(env) = modules.file(&environment.env_py) else { continue };
        if tables.is_empty() || !env.source.text().contains("include_") || !env.module.errors.is_empty() {
            continue;
        }
        environment.filters = filters(modules, &env, &tables);
    }
    project.environments = environments;
}

/// Whether a call is that of `context.configure` that autogenerate uses: the other one has a URL only.
fn configures(call: &Call) -> bool {
    call.callee.ends_with("context.configure")
        && (call.keyword("connection").is_some() || call.keyword("url").is_none())
}

fn filters(modules: &mut Modules<'_>, env: &File, tables: &[(usize, String)]) -> Vec<Filter> {
    let file = env.functions().clone();
    let (mut found, mut untold) = (vec![], None);
    for call in env.module.calls.iter().filter(|call| configures(call)) {
        let Some(given) = file.given.get(&call.range.start) else { continue };
        // `**options` may bring another one.
        if call.keyword("**").is_some() {
            continue;
        }
        let mut take = |hides: Hides, keyword: &str, function: &Found, says: &dyn Fn(&str) -> Vec<Known>, own: bool| {
            let argument = call.arguments.iter().find(|one| one.keyword.as_deref() == Some(keyword));
            let refused = |name: &str| !(own && name.contains('.')) && function.says(&says(name)) == Verdict::No;
            let refused: Vec<_> = tables.iter().filter(|(_, name)| refused(name)).cloned().collect();
            if let Some(argument) = argument.filter(|_| !refused.is_empty()) {
                found.push(Filter {
                    hides,
                    span: env.source.span(argument.whole.clone()),
                    function: function.place.clone(),
                    tables: refused,
                    of: tables.len(),
                    is_untold: false,
                });
            }
        };
        let bare = |name: &str| text(name.rsplit('.').next().unwrap_or(name));
        let object = given.get("include_object").and_then(|given| function(modules, env, &file, given));
        if let Some(function) = &object {
            let asked = |name: &str| vec![Known::Untold, bare(name), text("table"), Known::Flag(false), Known::None];
            take(Hides::Models, "include_object", function, &asked, false);
        }
        if let Some(argument) = call.arguments.iter().find(|one| one.keyword.as_deref() == Some("include_object")) {
            let asked = |name: &str| vec![Known::Untold, bare(name), text("table"), Known::Flag(false), Known::None];
            let unread = |name: &str| object.as_ref().is_none_or(|it| it.says(&asked(name)) == Verdict::Untold);
            let unread: Vec<_> = tables.iter().filter(|(_, name)| unread(name)).cloned().collect();
            let (place, of) = (object.as_ref().map(|function| &function.place), tables.len());
            let filter = untold::filter(modules, env, argument, place, unread);
            untold = untold.or(filter.map(|filter| Filter { of, ..filter }));
        }
        let name = given.get("include_name").and_then(|given| function(modules, env, &file, given));
        // Who leaves a model's table out leaves out the one in the database as well.
        if let Some(function) = name.filter(|_| !given.contains_key("include_object")) {
            let asked = |name: &str| vec![bare(name), text("table"), Known::Untold];
            take(Hides::Names, "include_name", &function, &asked, false);
            // Which schema a metadata has may be said anywhere.
            if given.get("include_schemas") == Some(&Given::True)
                && !modules.speak_of_schemas(&env.path)
                && !env.module.names.iter().any(|(name, _)| name.ends_with("metadata.schema"))
            {
                let asked = |_: &str| vec![Known::None, text("schema"), Known::Untold];
                take(Hides::Schema, "include_name", &function, &asked, true);
            }
        }
    }
    // What is refused for certain is the better message.
    untold = untold.filter(|_| !found.iter().any(|filter: &Filter| filter.hides == Hides::Models));
    found.extend(untold);
    found
}

/// The function that is handed over, when it can be read: written there, in this file, or in one that it is imported from.
fn function(modules: &mut Modules<'_>, env: &File, file: &Rc<Functions>, given: &Given) -> Option<Found> {
    let found = |of: &File, file: &Rc<Functions>, function: &Rc<Function>| {
        let place = of.source.span(function.range.clone());
        Some(Found { file: file.clone(), function: function.clone(), place })
    };
    let name = match given {
        Given::Here(function) => return found(env, file, function),
        Given::Named(name) => name,
        Given::True | Given::Other => return None,
    };
    if let Some(function) = file.named.get(name) {
        return found(env, file, function);
    }
    let mut imports = env.structure.imports.iter().filter(|import| import.is_from).flat_map(|import| {
        import.names.iter().filter(|one| bound(import, one) == *name).map(|one| (import.clone(), one.name.clone()))
    });
    let (import, imported) = imports.next()?;
    if imports.next().is_some() {
        return None;
    }
    let target = modules.resolve(&env.path, &import.from)?;
    let parts = import.from.split('.').filter(|part| !part.is_empty()).count();
    let path = target.files.last().filter(|_| target.parts == parts)?.clone();
    let other = modules.file(&path)?;
    found(&other, other.functions(), other.functions().named.get(&imported)?)
}
