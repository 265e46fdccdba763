//! The project's classes across files: what they inherit from, and the order Python would look them up in.

use std::collections::{BTreeMap, HashMap};
use std::ops::Deref;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use super::body::{members, metadata_member};
use super::declarative::{is_declared, makes_base};
use super::fields::CallSite;
use super::lineage::{Disorder, Lineage};
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
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

/// The classes of a project, which do not change any more: what follows from all of them is worked out once, when somebody asks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Class>", into = "Vec<Class>")]
pub struct Classes {
    list: Vec<Class>,
    lineage: OnceLock<Lineage>,
    named: OnceLock<HashMap<String, Vec<usize>>>,
}

impl Deref for Classes {
    type Target = [Class];

    fn deref(&self) -> &[Class] {
        &self.list
    }
}

impl PartialEq for Classes {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl Eq for Classes {}

impl From<Vec<Class>> for Classes {
    fn from(list: Vec<Class>) -> Self {
        Self { list, ..Self::default() }
    }
}

impl From<Classes> for Vec<Class> {
    fn from(classes: Classes) -> Self {
        classes.list
    }
}

impl Classes {
    pub(super) fn lineage(&self) -> &Lineage {
        self.lineage.get_or_init(|| Lineage::of(&self.list))
    }

    /// Whether a class is one of pydantic's, SQLModel's among them, for certain.
    pub fn is_model(&self, class: usize) -> bool {
        self.lineage().is_model(class)
    }

    /// Whether a class is one of SQLModel's.
    pub fn is_sqlmodel(&self, class: usize) -> bool {
        self.lineage().is_sqlmodel(class)
    }

    /// Every ancestor of a class, itself first, near ones first as far as that is easily told, whether Python could make it
    /// or not.
    pub fn ancestors(&self, class: usize) -> impl Iterator<Item = &Ancestor> + Clone {
        self.lineage().ancestors(class)
    }

    /// Those of them that are classes of the project, each with its place among them.
    pub fn line(&self, class: usize) -> impl Iterator<Item = (usize, &Class)> + Clone {
        self.ancestors(class).filter_map(|ancestor| match ancestor {
            Ancestor::Class(at) => Some((*at, self.get(*at)?)),
            _ => None,
        })
    }

    /// The classes of which something holds, or of one that they inherit from, by their places.
    pub fn with_heirs_of(&self, holds: impl Fn(&Ancestor) -> bool) -> Vec<bool> {
        self.lineage().with_heirs_of(holds)
    }

    /// A class and those that inherit from it, by their places.
    pub fn with_heirs(&self, class: usize) -> Vec<bool> {
        self.lineage().with_heirs([class])
    }

    /// The order Python looks up the attributes of a class with these bases in, by its own rule (C3).
    /// `None`: some ancestor is not known, or one of them cannot be made itself.
    pub fn order(&self, bases: &[Ancestor]) -> Option<Result<Vec<&Ancestor>, Disorder>> {
        self.lineage().order(bases)
    }

    /// The order of a class, itself first; `None` where there is none, or none is known.
    pub fn order_of(&self, class: usize) -> Option<impl Iterator<Item = &Ancestor> + Clone> {
        self.lineage().order_of(class)
    }

    /// The places of the classes of a name.
    pub fn named(&self, name: &str) -> &[usize] {
        let named = self.named.get_or_init(|| {
            let mut named: HashMap<String, Vec<usize>> = HashMap::new();
            for (at, class) in self.list.iter().enumerate() {
                named.entry(class.name.value.clone()).or_default().push(at);
            }
            named
        });
        named.get(name).map(Vec::as_slice).unwrap_or_default()
    }
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
        file.classes_named(name)
            .next()
            .map_or(Ancestor::Unknown, |class| Ancestor::Class(self.class(modules, &file, class)))
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
        let mut bases: Vec<Base> = class
            .bases
            .iter()
            .map(|base| Base {
                written: Spanned::new(text(&base.range), span(&base.range)),
                leads_to: self.ancestor(modules, file, &base.name),
            })
            .collect();
        if is_declared(modules, file, class) {
            let written = Spanned::new(class.decorators.join(" "), span(&class.name_range));
            bases.push(Base { written, leads_to: Ancestor::Outside(DECLARATIVE.to_owned()) });
        }
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
        if !makes_base(modules, file, call, range) {
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
