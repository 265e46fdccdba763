//! Reads one revision file.

use std::ops::Range;

use super::{Index, Operation, Revision, Revisions, Upgrade};
use crate::project::vector;
use crate::text::python::bindings::{self, Literal, Script};
use crate::text::python::{Call, Module, Value};
use crate::text::{Source, Spanned};

/// How far helpers that `upgrade()` calls are followed.
const DEEPEST: usize = 4;

/// Reads a file that Alembic takes for a revision.
pub(super) fn read(file: &Source, revisions: &mut Revisions) {
    let (module, script) = bindings::read(file.text());
    if let Some(error) = module.errors.first() {
        let at = error.offset.min(file.text().len());
        let span = file.span(at..at + 1);
        revisions.strays.push(Spanned::new(format!("is no Python: {}", error.message), span));
        revisions.uncertain = true;
        return;
    }
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
        None if !binds(&script, &module, "revision") => match legacy_id(file.path()) {
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
    let upgrade = upgrade(file, &module, &script);
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
        half_imported: half_imported(&module).map(|range| file.span(range)),
        may_create_vector: may_create && !upgrade.as_ref().is_some_and(creates),
        upgrade,
        operations_name: script.operations_name.clone(),
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
    let reading = Reading { module, script };
    reading.collect(&function.body, 0, &mut found);
    let operations = found.into_iter().map(|(operation, range)| Spanned::new(operation, file.span(range))).collect();
    Some(Upgrade { body: file.span(function.body.clone()), does_nothing: function.does_nothing, operations })
}

struct Reading<'a> {
    module: &'a Module,
    script: &'a Script,
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
                None => here.push((operation(call), call.range.clone())),
            }
        }
        for (text, range) in self.script.texts.iter().filter(|(_, range)| inside(range)) {
            here.extend(of_statement(text).map(|operation| (operation, range.clone())));
        }
        for (name, range) in self.module.names.iter().filter(|(_, range)| inside(range)) {
            if self.is_vector(name) {
                let kind = name.rsplit('.').next().unwrap_or(name).to_ascii_uppercase();
                here.push((Operation::UsesVector(kind), range.clone()));
            }
            let constant = self.script.variables.iter().find(|variable| variable.name == *name);
            match constant.map(|variable| &variable.value) {
                Some(Literal::Text(text)) => {
                    here.extend(of_statement(&text.value).map(|operation| (operation, range.clone())));
                }
                Some(Literal::Texts(texts)) => {
                    let operations = texts.iter().filter_map(|text| of_statement(&text.value));
                    here.extend(operations.map(|operation| (operation, range.clone())));
                }
                _ => {}
            }
        }
        here.sort_by_key(|(_, range)| range.start);
        found.extend(here);
    }

    /// Whether a name is a type of pgvector.
    fn is_vector(&self, name: &str) -> bool {
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
}

fn of_statement(text: &str) -> Option<Operation> {
    if vector::creates(text) {
        return Some(Operation::CreatesVector);
    }
    vector::has_column(text).then(|| Operation::UsesVector("vector".to_owned()))
}

fn operation(call: &Call) -> Operation {
    let text = |index: usize, keyword: &str| {
        let value = call.positional(index).or_else(|| call.keyword(keyword));
        value.and_then(Value::as_text).map(|text| text.value.clone())
    };
    let table = |index: usize| text(index, "table_name").unwrap_or_default();
    match call.function() {
        "create_table" => Operation::CreateTable(table(0)),
        "drop_table" => Operation::DropTable(table(0)),
        "rename_table" => Operation::RenameTable(
            text(0, "old_table_name").unwrap_or_default(),
            text(1, "new_table_name").unwrap_or_default(),
        ),
        "add_column" => Operation::AddColumn(table(0)),
        "create_index" => Operation::CreateIndex(Index {
            table: text(1, "table_name"),
            method: call.keyword("postgresql_using").and_then(Value::as_text).map(|text| text.value.clone()),
            has_operators: call.keyword("postgresql_ops").is_some()
                || call.arguments.iter().any(|argument| argument.keyword.as_deref() == Some("**")),
        }),
        "execute" => Operation::Execute(text(0, "sqltext").unwrap_or_default()),
        _ => Operation::Other(call.callee.clone()),
    }
}
