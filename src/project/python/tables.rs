//! Which classes are tables, and in which metadata each of them is written down.

use serde::{Deserialize, Serialize};

use super::classes::{Ancestor, Class, Classes, DECLARATIVE, Member, MemberSort, SQLMODEL};
use super::lineage::Lineage;

/// One class that is a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its class, by its place among the classes.
    pub class: usize,
    /// The collection of tables that it is written down in.
    pub metadata: Metadata,
    /// Its name in the database, its schema and a dot before it when it has one; `None` when it cannot be told.
    #[serde(default)]
    pub name: Option<String>,
}

/// A collection of tables.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Metadata {
    /// `SQLModel.metadata`.
    Sqlmodel,
    /// That of a class of the project, by its place.
    Class(usize),
    /// What is assigned to a name of the project: path and name.
    Object(String, String),
    /// It cannot be told.
    Unknown,
}

/// The classes that are tables.
pub(super) fn tables(classes: &Classes) -> Vec<Table> {
    let declarative = classes.with_heirs_of(|it| matches!(it, Ancestor::Outside(name) if name == DECLARATIVE));
    // A base may name the tables of all its classes by a function.
    let by_function = classes.with_heirs_of(|it| match it {
        Ancestor::Class(at) => classes.get(*at).is_some_and(names_by_function),
        _ => false,
    });
    let holds = |all: &[bool], index: usize| all.get(index).copied().unwrap_or_default();
    let is_table = |index: &usize| match classes.get(*index).filter(|class| !class.in_function) {
        Some(class) if classes.is_sqlmodel(*index) => {
            class.keywords.iter().any(|(name, value)| name == "table" && value.value == "True")
        }
        Some(class) => holds(&declarative, *index) && is_declarative_table(class, holds(&by_function, *index)),
        None => false,
    };
    (0..classes.len())
        .filter(is_table)
        .map(|class| Table { class, metadata: metadata_of(classes, classes.lineage(), class), name: None })
        .collect()
}

fn member<'a>(class: &'a Class, name: &str) -> Option<&'a Member> {
    class.body.iter().find(|member| member.name.value == name)
}

/// Whether the name of the table is what a function makes.
fn names_by_function(class: &Class) -> bool {
    member(class, "__tablename__").is_some_and(|member| {
        matches!(member.kind, MemberSort::Function(_)) || member.calls.iter().any(|call| call.is("declared_attr"))
    })
}

/// Whether a class of SQLAlchemy's own is a table.
fn is_declarative_table(class: &Class, by_function: bool) -> bool {
    let is_base = class.bases.iter().any(|base| base.leads_to == Ancestor::Outside(DECLARATIVE.to_owned()));
    let named = |name| member(class, name).is_some();
    !is_base && !named("__abstract__") && (named("__tablename__") || named("__table__") || by_function)
}

/// The collection that the tables of a class are written down in.
pub(super) fn metadata_of(classes: &[Class], lineage: &Lineage, index: usize) -> Metadata {
    for ancestor in lineage.ancestors(index) {
        match ancestor {
            Ancestor::Class(at) => {
                let Some(class) = classes.get(*at) else { return Metadata::Unknown };
                if let Some(own) = member(class, "metadata").filter(|member| member.value.is_some()) {
                    return own_metadata(own, *at);
                }
                if class.bases.iter().any(|base| base.leads_to == Ancestor::Outside(DECLARATIVE.to_owned())) {
                    return Metadata::Class(*at);
                }
            }
            Ancestor::Outside(name) if name == SQLMODEL => return Metadata::Sqlmodel,
            Ancestor::Outside(_) => {}
            Ancestor::Unknown => return Metadata::Unknown,
        }
    }
    Metadata::Unknown
}

/// What `metadata = …` in the body of a class says.
fn own_metadata(member: &Member, class: usize) -> Metadata {
    let made = member.calls.iter().find(|call| member.value.as_ref() == Some(&call.span));
    match (&member.outside, made, member.objects.first()) {
        // What a call is given (a naming convention, a schema) is no metadata.
        (_, Some(call), _) if call.is("MetaData") => Metadata::Class(class),
        (_, Some(_), _) => Metadata::Unknown,
        (Some(name), None, _) if is_sqlmodels(name) => Metadata::Sqlmodel,
        (None, None, Some((path, name))) => Metadata::Object(path.clone(), name.clone()),
        _ => Metadata::Unknown,
    }
}

/// Whether a dotted name from outside is `SQLModel.metadata`.
pub(super) fn is_sqlmodels(name: &str) -> bool {
    matches!(name, "sqlmodel.SQLModel.metadata" | "sqlmodel.main.SQLModel.metadata")
}
