//! What classes say under each name, and the tables that end up with it.

use std::collections::{BTreeMap, HashSet};

use crate::project::python::{Ancestor, Class, Member, PythonProject};

/// The members of all classes, with the tables below each class looked up once: not every member asks all tables.
pub(super) struct Members<'a> {
    python: &'a PythonProject,
    /// The tables of SQLModel below each class that is none, and each table itself.
    heirs: BTreeMap<usize, Vec<usize>>,
    /// The names that each class says something under.
    names: Vec<HashSet<&'a str>>,
}

impl<'a> Members<'a> {
    pub(super) fn of(python: &'a PythonProject) -> Self {
        let mut heirs: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let tables = python.tables.iter().map(|table| table.class);
        for table in tables.filter(|table| python.classes.is_sqlmodel(*table)) {
            // What a table says is its own, whatever is below it.
            for (at, _) in python.classes.line(table).filter(|(at, _)| *at == table || !python.is_table(*at)) {
                heirs.entry(at).or_default().push(table);
            }
        }
        let names = |class: &'a Class| class.body.iter().map(|member| member.name.value.as_str()).collect();
        Self { python, heirs, names: python.classes.iter().map(names).collect() }
    }

    /// Each member of a class with the class and its place among all; without those of classes that a function makes anew.
    pub(super) fn all(&self) -> impl Iterator<Item = (usize, &'a Class, &'a Member)> {
        let classes = self.python.classes.iter().enumerate().filter(|(_, class)| !class.in_function);
        classes.flat_map(|(index, class)| class.body.iter().map(move |member| (index, class, member)))
    }

    /// Whether a class or one below it is a table of SQLModel.
    pub(super) fn reach_tables(&self, class: usize) -> bool {
        self.heirs.contains_key(&class)
    }

    /// The tables that get what a class says under a name: itself, or those of SQLModel below it that say nothing else.
    pub(super) fn tables(&self, class: usize, name: &str) -> Vec<usize> {
        if self.python.is_table(class) {
            // What inherits from a table is in the same table.
            return vec![class];
        }
        let below = self.heirs.get(&class).into_iter().flatten().copied();
        below.filter(|table| self.gets(*table, class, name)).collect()
    }

    /// Those of them that are SQLModel's.
    pub(super) fn tables_of_sqlmodel(&self, class: usize, name: &str) -> Vec<usize> {
        let mut tables = self.tables(class, name);
        tables.retain(|table| self.python.classes.is_sqlmodel(*table));
        tables
    }

    /// Whether what a table has under a name is what a class above it says.
    fn gets(&self, table: usize, class: usize, name: &str) -> bool {
        let classes = &self.python.classes;
        let says = |ancestor: &Ancestor| match ancestor {
            Ancestor::Class(at) => self.names.get(*at).is_some_and(|names| names.contains(name)),
            _ => false,
        };
        if classes.line(table).skip(1).any(|(at, _)| self.python.is_table(at)) {
            return false;
        }
        let first = match classes.order_of(table) {
            Some(mut order) => order.find(|ancestor| says(ancestor)),
            // With a base that is not known, its order is a guess, but whose name it is is not.
            None => classes.ancestors(table).find(|ancestor| says(ancestor)),
        };
        first == Some(&Ancestor::Class(class))
    }
}
