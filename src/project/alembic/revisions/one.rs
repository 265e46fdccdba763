//! Reads one revision file.

mod calls;

use std::ops::Range;

use super::{Operation, Revision, Revisions, Upgrade, statements, untyped};
use crate::project::vector;
use crate::project::vector_index::{self, Dimensions, Index, VectorColumn, VectorType};
use crate::text::python::bindings::{self, Literal, Script};
use crate::text::python::{Call, Module, Value};
use crate::text::{Source, Spanned};
use calls::Told;

/// How far helpers that `upgrade()` calls are followed.
const DEEPEST: usize = 4;

/// Reads a file that Alembic takes for a revision.
///
/// # Errors
/// When it was not read: it may be a revision like any other.
pub(super) fn read(file: &Source, revisions: &mut Revisions) -> Result<(), String> {
    let (module, script) = bindings::read(file.text());
    if let Some(error) = module.errors.first() {
        if module.unread {
            return Err(error.message.clone());
        }
        let at = error.offset.min(file.text().len());
        let span = file.span(at..at + 1);
        revisions.strays.push(Spanned::new(format!("is no Python: {}", error.message), span));
        revisions.uncertain = true;
        return Ok(());
    }
    understand(file, &module, &script, revisions);
    Ok(())
}

/// What a revision says.
fn understand(file: &Source, module: &Module, script: &Script, revisions: &mut Revisions) {
    let variable = |name: &str| script.variables.iter().rev().find(|variable| variable.name == name);
    let text = |text: &crate::text::python::Text| Spanned::new(text.value.clone(), file.span(text.range.clone()));
    let texts = |name: &str| -> Option<Vec<Spanned<String>>> {
        match variable(name).map(|variable| &variable.value) {
            None | Some(Literal::None) => Some(vec![]),
            Some(Literal::Text(one)) => Some(vec![text(one)]),
            Some(Literal::Texts(several)) => Some(several.iter().map(text).collect()),
            Some(Literal::Unknown) => None,
        }
    };
    let id = match variable("revision").map(|variable| &variable.value) {
        Some(Literal::Text(one)) => text(one),
        None if !binds(script, module, "revision") => match legacy_id(file.path()) {
            Some(id) => Spanned::new(id, file.span(0..0)),
            None => {
                let first_line = file.line(1).unwrap_or(0..0);
                revisions.strays.push(Spanned::new("declares no `revision`".to_owned(), file.span(first_line)));
                return;
            }
        },
        _ => {
            revisions.uncertain = true;
            return;
        }
    };
    let (Some(parents), Some(depends_on)) = (texts("down_revision"), texts("depends_on")) else {
        revisions.uncertain = true;
        return;
    };
    let labels = texts("branch_labels").unwrap_or_default().into_iter().map(|label| label.value).collect();
    let upgrade = upgrade(file, module, script);
    let creates = |upgrade: &Upgrade| upgrade.operations.iter().any(|one| one.value == Operation::CreatesVector);
    let downgrade = script.functions.iter().find(|function| function.name == "downgrade").map(|one| one.range.clone());
    let outside = |range: &Range<usize>| downgrade.as_ref().is_none_or(|down| !down.contains(&range.start));
    let may_create = script.texts.iter().any(|(text, range)| outside(range) && vector::creates(text));
    revisions.files.push(Revision {
        path: file.path().to_owned(),
        id,
        parents,
        depends_on,
        labels,
        unbound: script
            .unbound
            .iter()
            .map(|one| Spanned::new(one.name.clone(), file.span(one.range.clone())))
            .collect(),
        import_after: script.import_after.clone().map(|range| file.span(range)),
        half_imported: half_imported(module).map(|range| file.span(range)),
        may_create_vector: may_create && !upgrade.as_ref().is_some_and(creates),
        upgrade,
        operations_name: script.operations_name.clone(),
        untyped: untyped::types(file, module),
    });
}

/// Whether a name comes from somewhere else: an import, or a condition around its assignment.
fn binds(script: &Script, module: &Module, name: &str) -> bool {
    let imported = module.imports.iter().any(|import| import.names.iter().any(|one| one == name || one == "*"));
    imported
        || module
            .assignments
            .iter()
            .any(|assignment| assignment.target == name && assignment.context.function.is_none())
        || script.functions.iter().any(|function| function.name == name)
}

/// The identifier that the name of an old file gives: `1975ea83b712.py`.
fn legacy_id(path: &str) -> Option<String> {
    let stem = path.rsplit('/').next()?.strip_suffix(".py")?;
    let is_id = !stem.is_empty() && stem.bytes().all(|byte| matches!(byte, b'a'..=b'f' | b'0'..=b'9'));
    is_id.then(|| stem.to_owned())
}

/// `import pgvector` alone, where `pgvector.sqlalchemy` is used.
fn half_imported(module: &Module) -> Option<Range<usize>> {
    let uses = module.names.iter().any(|(name, _)| name.starts_with("pgvector.sqlalchemy."));
    let whole = module.imports.iter().any(|import| {
        import.module.starts_with("pgvector.sqlalchemy")
            || import.module == "pgvector" && import.names.iter().any(|name| name == "sqlalchemy")
    });
    let half = module.imports.iter().find(|import| import.module == "pgvector" && import.names.is_empty())?;
    (uses && !whole).then(|| half.range.clone())
}

fn upgrade(file: &Source, module: &Module, script: &Script) -> Option<Upgrade> {
    let function = script.functions.iter().find(|function| function.name == "upgrade")?;
    let mut found = vec![];
    let reading = Reading { file, module, script, told: Told::new(module) };
    reading.collect(&function.body, 0, &mut found);
    let operations = found.into_iter().map(|(operation, range)| Spanned::new(operation, file.span(range))).collect();
    Some(Upgrade { body: file.span(function.body.clone()), does_nothing: function.does_nothing, operations })
}

struct Reading<'a> {
    file: &'a Source,
    module: &'a Module,
    script: &'a Script,
    told: Told,
}

type Found = Vec<(Operation, Range<usize>)>;

impl Reading<'_> {
    /// What is done within a range, in the order of its text; functions of the same file where they are called.
    fn collect(&self, body: &Range<usize>, depth: usize, found: &mut Found) {
        let inside = |range: &Range<usize>| body.start <= range.start && range.end <= body.end;
        let mut here: Found = vec![];
        for call in self.module.calls.iter().filter(|call| inside(&call.range)) {
            let helper = self.script.functions.iter().find(|function| function.name == call.callee);
            match helper.filter(|_| depth < DEEPEST) {
                Some(function) => {
                    let mut deeper = vec![];
                    self.collect(&function.body, depth + 1, &mut deeper);
                    here.extend(deeper.into_iter().map(|(operation, _)| (operation, call.range.clone())));
                }
                None => {
                    let operations = self.operations(call);
                    here.extend(operations.into_iter().map(|operation| (operation, call.range.clone())));
                    here.extend(self.vector_columns(call));
                }
            }
        }
        for (text, range) in self.script.texts.iter().filter(|(_, range)| inside(range)) {
            here.extend(statements::read(text).into_iter().map(|operation| (operation, range.clone())));
        }
        for (name, range) in self.module.names.iter().filter(|(_, range)| inside(range)) {
            if self.is_vector(name) {
                let meaning = self.module.meaning(name);
                let kind = meaning.rsplit('.').next().unwrap_or(name).to_ascii_uppercase();
                here.push((Operation::UsesVector(kind), range.clone()));
            }
            let constant = self.script.variables.iter().find(|variable| variable.name == *name);
            match constant.map(|variable| &variable.value) {
                Some(Literal::Text(text)) => {
                    let operations = statements::read(&text.value);
                    here.extend(operations.into_iter().map(|operation| (operation, range.clone())));
                }
                Some(Literal::Texts(texts)) => {
                    let operations = texts.iter().flat_map(|text| statements::read(&text.value));
                    here.extend(operations.map(|operation| (operation, range.clone())));
                }
                _ => {}
            }
        }
        here.extend(self.put_together(body, &here));
        for (operation, range) in &mut here {
            if let Operation::CreateTable(table) = operation
                && self.is_conditional(body, range)
            {
                *operation = Operation::EnsureTable(std::mem::take(table));
            }
        }
        here.sort_by_key(|(_, range)| range.start);
        found.extend(here);
    }

    /// Whether something within a function's body may not be reached: a condition is around it, or an end before it.
    fn is_conditional(&self, body: &Range<usize>, place: &Range<usize>) -> bool {
        let around = |range: &Range<usize>| range.start <= place.start && place.end <= range.end;
        let within = |range: &Range<usize>| body.start <= range.start && range.end <= body.end;
        let conditions = self.module.calls.iter().filter_map(|call| call.context.condition.as_ref());
        conditions.filter(|range| within(range)).any(around) || self.module.may_leave(&(body.start..place.start))
    }

    /// Whether a name is a type of pgvector.
    fn is_vector(&self, name: &str) -> bool {
        let name = self.module.meaning(name);
        let (root, last) = (name.split('.').next().unwrap_or(""), name.rsplit('.').next().unwrap_or(""));
        let is_type = ["vector", "halfvec", "sparsevec"].contains(&last.to_ascii_lowercase().as_str());
        let imported = || {
            self.module.imports.iter().any(|import| {
                let of_pgvector = import.module == "pgvector" || import.module.starts_with("pgvector.");
                of_pgvector && import.names.iter().any(|imported| imported == root)
            })
        };
        // `pgvector.sqlalchemy.vector` is a module.
        is_type && last.starts_with(char::is_uppercase) && (root == "pgvector" || imported())
    }

    fn written(&self, range: &Range<usize>) -> &str {
        self.file.text().get(range.clone()).unwrap_or("")
    }

    fn index(&self, call: &Call, table: Option<String>) -> Index {
        let argument = |keyword: &str| call.arguments.iter().find(|one| one.keyword.as_deref() == Some(keyword));
        let positional = call.arguments.iter().filter(|one| one.keyword.is_none()).nth(2);
        let columns = positional.or_else(|| argument("columns")).map_or("", |one| self.written(&one.range));
        let operators = match argument("postgresql_ops") {
            Some(given) => vector_index::operators(self.written(&given.range)),
            None if argument("**").is_some() => None,
            None => Some(std::collections::BTreeMap::new()),
        };
        Index {
            table: table.map(|table| in_schema(call, table)),
            method: call.keyword("postgresql_using").and_then(Value::as_text).map(|text| text.value.to_lowercase()),
            columns: plain_list(columns).unwrap_or_default(),
            operators,
        }
    }

    /// The columns of pgvector's types that a call makes or changes.
    fn vector_columns(&self, call: &Call) -> Found {
        let text = |index: usize| call.positional(index).and_then(Value::as_text).map(|text| text.value.clone());
        let Some(table) = text(0).map(|table| in_schema(call, table)) else { return vec![] };
        if call.function() == "alter_column" {
            let Some(name) = text(1).filter(|_| call.keyword("type_").is_some()) else { return vec![] };
            // Whatever it becomes: what was said of it before is not so any more.
            let column = VectorColumn { table, name, kind: None };
            return vec![(Operation::VectorColumn(column), call.range.clone())];
        }
        if !matches!(call.function(), "create_table" | "add_column") {
            return vec![];
        }
        let mut found = vec![];
        for argument in &call.arguments {
            let Value::Call(column) = &argument.value else { continue };
            let name = column.positional(0).and_then(Value::as_text);
            let (Some(name), "Column") = (name, column.function()) else { continue };
            let kind = match column.positional(1).or_else(|| column.keyword("type_")) {
                Some(Value::Name(name)) => self.vector_type(name).map(|sort| (sort, Dimensions::Free)),
                Some(Value::Call(made)) => self.vector_type(&made.callee).map(|sort| (sort, self.dimensions(made))),
                _ => None,
            };
            if kind.is_some() {
                let column = VectorColumn { table: table.clone(), name: name.value.clone(), kind };
                found.push((Operation::VectorColumn(column), argument.range.clone()));
            }
        }
        found
    }

    fn vector_type(&self, name: &str) -> Option<VectorType> {
        VectorType::of(self.module.meaning(name).rsplit('.').next()?).filter(|_| self.is_vector(name))
    }

    fn dimensions(&self, call: &Call) -> Dimensions {
        call.arguments.first().map_or(Dimensions::Free, |one| vector_index::dimensions(self.written(&one.range)))
    }
}

/// A table with its schema before it, when the call names one.
fn in_schema(call: &Call, table: String) -> String {
    match call.keyword("schema") {
        None => table,
        Some(Value::Text(schema)) if schema.value == "public" => table,
        Some(Value::Text(schema)) if !table.is_empty() => format!("{}.{table}", schema.value),
        Some(_) => String::new(),
    }
}

/// The strings of a list display that holds nothing else.
fn plain_list(written: &str) -> Option<Vec<String>> {
    let inner = written.trim().strip_prefix('[')?.strip_suffix(']')?;
    let parts = inner.split(',').map(str::trim).filter(|part| !part.is_empty());
    let plain = |part: &str| {
        let quote = part.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
        let text = part.strip_prefix(quote)?.strip_suffix(quote)?;
        (!text.contains([quote, '\\', '('])).then(|| text.to_owned())
    };
    parts.map(plain).collect()
}
