//! What tables are called in the database: by their classes, and by the schemas these put them in.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use regex::Regex;

use super::PythonProject;
use super::classes::{Ancestor, Class, Member, MemberSort};
use crate::text::{Source, pattern};

/// A schema that is written down.
static SCHEMA: LazyLock<Regex> = LazyLock::new(|| pattern(r#"(?:"schema"|'schema')\s*:\s*(?:"(\w+)"|'(\w+)')"#));

/// Gives every table its name, as far as it can be told.
pub(super) fn tell(project: &mut PythonProject, sources: &BTreeMap<String, Source>) {
    let names: Vec<Option<String>> = project.tables.iter().map(|table| name(project, table.class, sources)).collect();
    for (table, name) in project.tables.iter_mut().zip(names) {
        table.name = name;
    }
}

fn name(project: &PythonProject, index: usize, sources: &BTreeMap<String, Source>) -> Option<String> {
    let classes = &project.classes;
    let class = classes.get(index)?;
    let text = |member: &Member| -> Option<&str> {
        let span = member.value.as_ref()?;
        sources.get(&*span.path).map(|source| source.slice(span))
    };
    let own: Vec<(usize, &Class)> = classes.line(index).collect();
    // A class below a table may share that one's.
    if own.iter().any(|(at, _)| *at != index && project.is_table(*at)) {
        return None;
    }
    let first = |name: &str| {
        let members = own.iter().flat_map(|(_, class)| &class.body);
        members.into_iter().find(|member| member.name.value == name)
    };
    let table = match first("__tablename__") {
        Some(member) if member.literal && member.kind != MemberSort::Other => literal(text(member)?)?.to_owned(),
        Some(_) => return None,
        None if first("__table__").is_some() || classes.ancestors(index).any(|it| *it == Ancestor::Unknown) => {
            return None;
        }
        None if classes.is_sqlmodel(index) => class.name.value.to_lowercase(),
        None => return None,
    };
    // What a collection of tables says of all of them is not looked for.
    if first("metadata").and_then(text).is_some_and(|text| text.contains("schema")) {
        return None;
    }
    match first("__table_args__") {
        None => Some(table),
        Some(arguments) => {
            let text = text(arguments)?;
            match SCHEMA.captures(text) {
                Some(found) => {
                    let schema = found.get(1).or_else(|| found.get(2))?.as_str();
                    Some(if schema == "public" { table } else { format!("{schema}.{table}") })
                }
                None if text.contains("schema") => None,
                None => Some(table),
            }
        }
    }
}

/// The text of a string without escapes.
fn literal(written: &str) -> Option<&str> {
    let quote = written.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    let inner = written.strip_prefix(quote)?.strip_suffix(quote)?;
    (!inner.is_empty() && !inner.contains([quote, '\\'])).then_some(inner)
}

#[cfg(test)]
mod tests {
    use crate::project::files::MemoryFiles;

    #[test]
    fn tables_are_called_as_sqlmodel_and_sqlalchemy_call_them() {
        let models = "from sqlalchemy import MetaData\nfrom sqlalchemy.orm import DeclarativeBase, declared_attr\nfrom sqlmodel import SQLModel\n\
            class HeroTeam(SQLModel, table=True): ...\n\
            class A(SQLModel, table=True):\n    __tablename__ = 'a_table'\n\
            class B(SQLModel, table=True):\n    __tablename__: str = \"b\"\n    __table_args__ = ({'schema': 'audit'},)\n\
            class C(SQLModel, table=True):\n    __table_args__ = {'schema': SCHEMA}\n\
            class D(A, table=True): ...\n\
            class Prefixed(SQLModel):\n    @declared_attr\n    def __tablename__(cls): return 'x_' + cls.__name__\n\
            class E(Prefixed, table=True): ...\n\
            class Base(DeclarativeBase):\n    metadata = MetaData(schema='s')\n\
            class F(Base):\n    __tablename__ = 'f'\n\
            class Plain(DeclarativeBase): ...\n\
            class G(Plain):\n    __tablename__ = f'{x}'\n\
            class H(Plain):\n    __tablename__ = 'h'\n    __table_args__ = {'schema': 'public'}\n";
        let files = MemoryFiles::new([("models.py", models)]);
        let project = super::super::read(&files, &mut std::collections::BTreeMap::new(), &[]);
        let names: Vec<(&str, Option<&str>)> = project
            .tables
            .iter()
            .map(|table| (project.classes[table.class].name.value.as_str(), table.name.as_deref()))
            .collect();
        let mut expected = vec![
            ("HeroTeam", Some("heroteam")),
            ("A", Some("a_table")),
            ("B", Some("audit.b")),
            ("C", None),
            ("D", None),
            ("E", None),
            ("F", None),
            ("G", None),
            ("H", Some("h")),
        ];
        expected.sort();
        let mut names = names;
        names.sort();
        assert_eq!(names, expected);
    }
}
