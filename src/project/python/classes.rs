//! The project's classes across files: what they inherit from, and the order Python would look them up in.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::body::{members, metadata_member};
use super::fields::CallSite;
use super::modules::{File, Modules};
use super::names::{Meaning, meaning};
use crate::text::python::{self, Value};
use crate::text::{Span, Spanned};

/// One class of the project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// Its name.
    pub name: Spanned<String>,
    /// The whole statement.
    pub statement: Span,
    /// Its bases, in order.
    pub bases: Vec<Base>,
    /// The values of its keywords, such as `table`.
    pub keywords: Vec<(String, Spanned<String>)>,
    /// The statements of its body.
    pub body: Vec<Member>,
    /// Whether it stands in a function, so that nothing says whether it is ever made.
    pub in_function: bool,
}

/// One base of a class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Base {
    /// As it is written.
    pub written: Spanned<String>,
    /// What it leads to.
    pub leads_to: Ancestor,
}

/// What a base leads to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ancestor {
    /// A class of the project, by its place among them.
    Class(usize),
    /// A class from outside, by its dotted name.
    Outside(String),
    /// It cannot be told.
    Unknown,
}

/// One statement of a class body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// The name that is assigned, imported or defined; empty when it is none.
    pub name: Spanned<String>,
    /// The whole statement.
    pub statement: Span,
    /// What it is.
    pub kind: MemberSort,
    /// The annotation, when there is one.
    #[serde(default)]
    pub annotation: Option<Span>,
    /// The value, when there is one.
    pub value: Option<Span>,
    /// Whether the value is written down: a number, a string, a list or the like.
    pub literal: bool,
    /// The dotted name outside the project that the value, or what is imported, leads to.
    pub outside: Option<String>,
    /// The objects of the project that value and annotation name: path and name.
    pub objects: Vec<(String, String)>,
    /// The outermost calls in value and annotation.
    pub calls: Vec<CallSite>,
}

/// What a statement of a class body is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MemberSort {
    /// `name: T`, and whether `None` is among the types.
    Field {
        /// Whether `None` is among its types.
        optional: bool,
    },
    /// `name: ClassVar[T]`.
    ClassVariable,
    /// `name = value`.
    Assigned,
    /// An import of a module.
    ImportedModule,
    /// An import of a name.
    ImportedName,
    /// A function, with the dotted names of its decorators.
    Function(Vec<String>),
    /// Anything else.
    Other,
}

/// SQLModel's base of all models.
pub const SQLMODEL: &str = "sqlmodel.SQLModel";
/// Pydantic's base of all models.
pub const PYDANTIC: &str = "pydantic.BaseModel";
/// SQLAlchemy's base of all declarative classes.
pub const DECLARATIVE: &str = "sqlalchemy.orm.DeclarativeBase";

/// Classes under one name, whatever module of their package they are taken from.
fn canonical(name: String) -> String {
    match name.as_str() {
        "sqlmodel.main.SQLModel" => SQLMODEL.to_owned(),
        "pydantic.main.BaseModel" => PYDANTIC.to_owned(),
        "sqlalchemy.orm.decl_api.DeclarativeBase" | "sqlalchemy.orm.DeclarativeBaseNoMeta" => DECLARATIVE.to_owned(),
        _ => name,
    }
}

/// The lookup order of a class from outside; `None` when it is not known.
fn outside_order(name: &str) -> Option<Vec<Ancestor>> {
    let order: &[&str] = match name {
        SQLMODEL => &[SQLMODEL, PYDANTIC, "object"],
        "pydantic_settings.BaseSettings" => &["pydantic_settings.BaseSettings", PYDANTIC, "object"],
        "object" => &["object"],
        PYDANTIC
        | DECLARATIVE
        | "abc.ABC"
        | "sqlalchemy.orm.MappedAsDataclass"
        | "sqlalchemy.ext.asyncio.AsyncAttrs" => return Some(vec![Ancestor::Outside(name.to_owned()), object()]),
        _ => return None,
    };
    Some(order.iter().map(|name| Ancestor::Outside((*name).to_owned())).collect())
}

fn object() -> Ancestor {
    Ancestor::Outside("object".to_owned())
}

/// Why Python cannot make a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disorder {
    /// The same base twice: the place of the second.
    Twice(usize),
    /// No order keeps what each base and the list itself demand.
    Inconsistent,
}

/// The order Python looks up the attributes of a class with these bases in, by its own rule (C3).
/// `None`: some ancestor is not known, or one of them cannot be made itself.
pub fn order(classes: &[Class], bases: &[Ancestor]) -> Option<Result<Vec<Ancestor>, Disorder>> {
    order_within(classes, bases, 0)
}

fn order_within(classes: &[Class], bases: &[Ancestor], depth: usize) -> Option<Result<Vec<Ancestor>, Disorder>> {
    if depth > 40 {
        return None;
    }
    // `Generic[T]` steps aside by rules of its own.
    let bases: Vec<&Ancestor> = bases.iter().filter(|base| !is_generic(base)).collect();
    let mut lists: Vec<Vec<Ancestor>> = vec![];
    for base in &bases {
        lists.push(match base {
            Ancestor::Unknown => return None,
            Ancestor::Outside(name) => outside_order(name)?,
            Ancestor::Class(index) => {
                let class = classes.get(*index)?;
                let own: Vec<Ancestor> = class.bases.iter().map(|base| base.leads_to.clone()).collect();
                let rest = order_within(classes, &own, depth + 1)?.ok()?;
                [vec![Ancestor::Class(*index)], rest].concat()
            }
        });
    }
    for (place, base) in bases.iter().enumerate() {
        if bases.iter().take(place).any(|other| other == base) {
            return Some(Err(Disorder::Twice(place)));
        }
    }
    lists.push(bases.into_iter().cloned().collect());
    Some(merged(lists))
}

fn is_generic(base: &Ancestor) -> bool {
    matches!(base, Ancestor::Outside(name) if matches!(name.as_str(), "typing.Generic" | "typing_extensions.Generic" | "typing.Protocol" | "typing_extensions.Protocol"))
}

fn merged(mut lists: Vec<Vec<Ancestor>>) -> Result<Vec<Ancestor>, Disorder> {
    let mut order = vec![];
    loop {
        lists.retain(|list| !list.is_empty());
        if lists.is_empty() {
            if order.is_empty() {
                order.push(object());
            }
            return Ok(order);
        }
        let is_free = |head: &Ancestor| !lists.iter().any(|list| list.iter().skip(1).any(|other| other == head));
        let Some(next) = lists.iter().filter_map(|list| list.first()).find(|head| is_free(head)).cloned() else {
            return Err(Disorder::Inconsistent);
        };
        lists.iter_mut().for_each(|list| list.retain(|other| *other != next));
        order.push(next);
    }
}

/// Every ancestor of a class, near ones first as far as that is easily told, whether Python could make it or not.
pub fn ancestors(classes: &[Class], index: usize) -> Vec<Ancestor> {
    let mut found: Vec<Ancestor> = vec![];
    let mut open: Vec<Ancestor> = vec![Ancestor::Class(index)];
    while let Some(next) = open.pop() {
        if found.contains(&next) {
            continue;
        }
        match &next {
            Ancestor::Class(at) => {
                let bases = classes.get(*at).map(|class| class.bases.as_slice()).unwrap_or_default();
                open.extend(bases.iter().rev().map(|base| base.leads_to.clone()));
            }
            Ancestor::Outside(name) => open.extend(outside_order(name).unwrap_or_default().into_iter().skip(1)),
            Ancestor::Unknown => {}
        }
        found.push(next);
    }
    found
}

/// Collects classes, and those they inherit from.
#[derive(Default)]
pub(super) struct Collector {
    pub classes: Vec<Class>,
    places: BTreeMap<(String, usize), usize>,
}

impl Collector {
    /// Takes every class of a file.
    pub fn take(&mut self, modules: &mut Modules<'_>, file: &File) {
        for class in &file.structure.classes {
            self.class(modules, file, class);
        }
    }

    /// The class of a file's name.
    pub fn named(&mut self, modules: &mut Modules<'_>, path: &str, name: &str) -> Ancestor {
        let Some(file) = modules.file(path) else { return Ancestor::Unknown };
        let found = file.structure.classes.iter().find(|it| it.name == name && !it.place.function && !it.place.class);
        found.map_or(Ancestor::Unknown, |class| Ancestor::Class(self.class(modules, &file, class)))
    }

    fn class(&mut self, modules: &mut Modules<'_>, file: &File, class: &python::Class) -> usize {
        let key = (file.path.clone(), class.range.start);
        if let Some(known) = self.places.get(&key) {
            return *known;
        }
        let index = self.classes.len();
        let span = |range: &std::ops::Range<usize>| file.source.span(range.clone());
        let text = |range: &std::ops::Range<usize>| file.source.text().get(range.clone()).unwrap_or("").to_owned();
        self.places.insert(key, index);
        self.classes.push(Class {
            name: Spanned::new(class.name.clone(), span(&class.name_range)),
            statement: span(&class.range),
            bases: vec![],
            keywords: class
                .keywords
                .iter()
                .map(|(name, range)| (name.clone(), Spanned::new(text(range), span(range))))
                .collect(),
            body: vec![],
            in_function: class.place.function,
        });
        let body = class.body.iter().flat_map(|member| members(modules, file, member)).collect();
        let bases = class
            .bases
            .iter()
            .map(|base| Base {
                written: Spanned::new(text(&base.range), span(&base.range)),
                leads_to: self.ancestor(modules, file, &base.name),
            })
            .collect();
        if let Some(entry) = self.classes.get_mut(index) {
            (entry.bases, entry.body) = (bases, body);
        }
        index
    }

    pub fn ancestor(&mut self, modules: &mut Modules<'_>, file: &File, name: &str) -> Ancestor {
        let meaning = meaning(modules, file, name);
        self.leads_to(modules, meaning)
    }

    /// The class that a name means.
    pub fn leads_to(&mut self, modules: &mut Modules<'_>, meaning: Meaning) -> Ancestor {
        match meaning {
            Meaning::Class(path, name) => self.named(modules, &path, &name),
            Meaning::Outside(name) => Ancestor::Outside(canonical(name)),
            // `Base = declarative_base()` makes a class.
            Meaning::Object(path, name) => {
                let Some(file) = modules.file(&path) else { return Ancestor::Unknown };
                let Some(member) = file.structure.assigned.iter().find(|it| it.name == name) else {
                    return Ancestor::Unknown;
                };
                self.made(modules, &file, member)
            }
            Meaning::Module(_) | Meaning::Unknown => Ancestor::Unknown,
        }
    }

    fn made(&mut self, modules: &mut Modules<'_>, file: &File, member: &python::Member) -> Ancestor {
        let Some((Value::Call(call), range)) = &member.value else { return Ancestor::Unknown };
        let Meaning::Outside(callee) = meaning(modules, file, &call.callee) else { return Ancestor::Unknown };
        let is_base = callee.starts_with("sqlalchemy.") && callee.ends_with(".declarative_base");
        if !is_base || call.keyword("cls").is_some() {
            return Ancestor::Unknown;
        }
        let key = (file.path.clone(), member.range.start);
        if let Some(known) = self.places.get(&key) {
            return Ancestor::Class(*known);
        }
        let index = self.classes.len();
        self.places.insert(key, index);
        let name = Spanned::new(member.name.clone(), file.source.span(member.name_range.clone()));
        let written = Spanned::new(call.callee.clone(), file.source.span(range.clone()));
        let base = Base { written, leads_to: Ancestor::Outside(DECLARATIVE.to_owned()) };
        let metadata = call.keyword("metadata").is_some();
        let body = if metadata { metadata_member(modules, file, call) } else { vec![] };
        self.classes.push(Class {
            name,
            statement: file.source.span(member.range.clone()),
            bases: vec![base],
            keywords: vec![],
            body,
            in_function: false,
        });
        Ancestor::Class(index)
    }
}
