//! What single calls of a revision do.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::{Found, Reading, in_schema};
use crate::project::alembic::revisions::{Operation, statements};
use crate::text::python::bindings::Literal;
use crate::text::python::executed::{Done, UNKNOWN, is_outside, told};
use crate::text::python::{Call, Module, Value};

/// How a connection or a session is called by almost everybody.
const HANDS: [&str; 5] = ["bind", "conn", "connection", "engine", "session"];

/// How statements end that SQLAlchemy builds for rows.
const ROWS: [&str; 6] = ["values", "where", "insert", "update", "delete", "select"];

/// Operations of Alembic whose arguments are values: what is called for them is called for what it returns.
const TAKE_VALUES: [&str; 13] = [
    "add_column",
    "alter_column",
    "batch_alter_table",
    "bulk_insert",
    "create_check_constraint",
    "create_exclude_constraint",
    "create_foreign_key",
    "create_index",
    "create_primary_key",
    "create_table",
    "create_table_comment",
    "create_unique_constraint",
    "drop_column",
];

/// What more than a call by itself tells of it.
pub(super) struct Told {
    /// The outermost calls of operations that take values, by where they begin.
    operations: Vec<Range<usize>>,
    /// What calls are whose names do not say it, by their places; looked up where one of them matters.
    calls: OnceCell<BTreeMap<(usize, usize), Vec<Done>>>,
}

impl Told {
    pub fn new(module: &Module) -> Self {
        let mut operations: Vec<Range<usize>> = vec![];
        for call in module.calls.iter().filter(|call| TAKE_VALUES.contains(&call.function())) {
            if operations.last().is_none_or(|last| last.end <= call.range.start) {
                operations.push(call.range.clone());
            }
        }
        Self { operations, calls: OnceCell::new() }
    }

    /// Whether something stands among the arguments of an operation.
    fn is_argument(&self, place: &Range<usize>) -> bool {
        let before = self.operations.partition_point(|one| one.start < place.start);
        let around = before.checked_sub(1).and_then(|at| self.operations.get(at));
        around.is_some_and(|around| place.end < around.end)
    }
}

impl Reading<'_> {
    /// What a call does that is no call of a function of the same file.
    pub(super) fn operations(&self, call: &Call) -> Vec<Operation> {
        let operation = self.operation(call);
        let mut found: Vec<Operation> = dropped(call).into_iter().collect();
        if matches!(operation, Operation::Other(_)) && self.is_value(call) {
            return found;
        }
        if call.function() == "create" {
            let meant = self.told(call).iter().filter_map(|done| match done {
                Done::Calls(meant) => Some(Operation::Other(meant.clone())),
                _ => None,
            });
            let meant: Vec<Operation> = meant.collect();
            found.extend(if meant.is_empty() { vec![operation] } else { meant });
        } else {
            found.push(operation);
        }
        // By no name can be told what that does.
        found.extend(self.is_untold(call).then(|| Operation::Other(String::new())));
        found
    }

    /// The tables that texts make which are put together, as far as nothing else within a range is known to make them.
    pub(super) fn put_together(&self, body: &Range<usize>, known: &Found) -> Found {
        let made = |operation: &Operation| match operation {
            Operation::CreateTable(table) | Operation::EnsureTable(table) => Some(table.clone()),
            _ => None,
        };
        let mut tables: BTreeSet<String> = known.iter().filter_map(|(operation, _)| made(operation)).collect();
        let mut found: Found = vec![];
        for ((start, end), done) in self.told.calls.get().into_iter().flatten() {
            if *start < body.start || body.end < *end {
                continue;
            }
            for operation in texts(done).flat_map(|text| statements::read(text)) {
                // Which of several texts it is, and how often, is not known.
                let operation = match made(&operation) {
                    Some(table) => tables.insert(table.clone()).then_some(Operation::EnsureTable(table)),
                    None => matches!(operation, Operation::RenameTable(..) | Operation::Execute(_))
                        .then(|| Operation::Execute(String::new())),
                };
                found.extend(operation.map(|operation| (operation, *start..*end)));
            }
        }
        found
    }

    /// What is told of a call by what its names are bound to.
    fn told(&self, call: &Call) -> &[Done] {
        let calls = self.told.calls.get_or_init(|| {
            let mut calls: BTreeMap<(usize, usize), Vec<Done>> = BTreeMap::new();
            for (done, range) in told(self.file.text()) {
                calls.entry((range.start, range.end)).or_default().push(done);
            }
            calls
        });
        calls.get(&(call.range.start, call.range.end)).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether a call is of another module that is no known package, or hands the database to what nobody knows.
    fn is_untold(&self, call: &Call) -> bool {
        let root = call.callee.split('.').next().unwrap_or("");
        let is_class = call.function().starts_with(|first: char| first.is_ascii_uppercase());
        let mut imports = self.module.imports.iter().filter(|import| import.binds.iter().any(|bound| bound == root));
        let gets_hand = self.gets_hand(call);
        match imports.next() {
            Some(import) => !is_outside(&import.module) && (gets_hand || !is_class),
            None => gets_hand && (is_class || !call.callee.contains('.')) && root != "print",
        }
    }

    /// Whether a call is made for the value it returns: `op.add_column("hero", sa.Column("a", server_default=default()))`.
    fn is_value(&self, call: &Call) -> bool {
        self.told.is_argument(&call.range) && !self.gets_hand(call)
    }

    /// Whether a call has the operations or the database handed over.
    fn gets_hand(&self, call: &Call) -> bool {
        let operations = self.script.operations_name.as_deref().unwrap_or("op");
        let mut written = call.arguments.iter().map(|one| self.written(&one.range));
        written.any(|one| one == operations || HANDS.contains(&one) || one.ends_with(".get_bind()"))
    }

    fn operation(&self, call: &Call) -> Operation {
        let text = |index: usize, keyword: &str| {
            let value = call.positional(index).or_else(|| call.keyword(keyword));
            value.and_then(Value::as_text).map(|text| text.value.clone())
        };
        let table = |index: usize| in_schema(call, text(index, "table_name").unwrap_or_default());
        match call.function() {
            "create_table" if call.keyword("if_not_exists").is_some() => Operation::EnsureTable(table(0)),
            "create_table" => Operation::CreateTable(table(0)),
            "drop_table" => Operation::DropTable(table(0)),
            "rename_table" => Operation::RenameTable(
                in_schema(call, text(0, "old_table_name").unwrap_or_default()),
                in_schema(call, text(1, "new_table_name").unwrap_or_default()),
            ),
            "add_column" => Operation::AddColumn(table(0)),
            "create_index" => Operation::CreateIndex(self.index(call, text(1, "table_name"))),
            "execute" | "exec_driver_sql" => self.execution(call),
            _ => Operation::Other(call.callee.clone()),
        }
    }

    /// What is executed: a text, a constant of the file, or a statement that only changes rows.
    fn execution(&self, call: &Call) -> Operation {
        let given = ["sqltext", "statement"].iter().find_map(|keyword| call.keyword(keyword));
        let given = match call.positional(0).or(given) {
            Some(Value::Call(made)) if made.function() == "text" => made.positional(0),
            given => given,
        };
        match given {
            Some(Value::Text(text)) => return Operation::Execute(text.value.clone()),
            Some(Value::Name(name)) => {
                let constant = self.script.variables.iter().find(|variable| variable.name == *name);
                if let Some(Literal::Text(text)) = constant.map(|variable| &variable.value) {
                    return Operation::Execute(text.value.clone());
                }
            }
            Some(Value::Call(made)) if ROWS.contains(&made.function()) => {
                return Operation::Other(format!(".{}", made.function()));
            }
            _ => {}
        }
        // A text that is put together, or a statement by another name; where a part is not known, anything.
        let texts = texts(self.told(call));
        let texts: Vec<&str> = texts.map(String::as_str).collect();
        let is_known = !texts.iter().any(|text| text.contains(UNKNOWN));
        Operation::Execute(if is_known { texts.join(";\n") } else { String::new() })
    }
}

/// The texts that something runs.
fn texts(done: &[Done]) -> impl Iterator<Item = &String> {
    done.iter().flat_map(|done| if let Done::Runs(texts) = done { texts.as_slice() } else { &[] })
}

/// What `op.drop_schema`, `DropSchema` and the like drop, whoever brings them along.
fn dropped(call: &Call) -> Option<Operation> {
    let bare = call.function().replace('_', "").to_lowercase();
    let what = ["extension", "schema", "database"].into_iter().find(|what| bare.starts_with(&format!("drop{what}")))?;
    Some(Operation::Drop(what.to_owned()))
}
